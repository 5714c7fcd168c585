import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Redacted from "effect/Redacted"
import { key, question } from "../scripted.ts"

describe("TrafficLog", () => {
  describe("layerFiles", () => {
    it.live("writes whole lines to real files, however many calls end at once", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const path = yield* Path.Path
        const directory = path.join(yield* fs.makeTempDirectoryScoped(), "not", "there", "yet")
        const words = "word ".repeat(2000)
        const asking = Messages.create({ ...question, messages: [{ role: "user", content: words }] })
        yield* Effect.replicateEffect(asking, 100, { concurrency: "unbounded" }).pipe(
          Effect.provide(
            TrafficLog.layerFiles({ directory, content: "preview" }).pipe(
              Layer.provide(Claude.layer({ apiKey: Redacted.make(key) })),
              Layer.provide(ClaudeTest.layer(Script.forever(Script.reply(`Hi! ${key}`))))
            )
          )
        )

        const files = (yield* fs.readDirectory(directory)).toSorted()
        assert.deepStrictEqual(files.map((file) => path.extname(file)), [".jsonl", ".log"])
        const [json, log] = yield* Effect.forEach(files, (file) => fs.readFileString(path.join(directory, file)))
        const lines = json!.trimEnd().split("\n")
        assert.strictEqual(lines.length, 100)
        for (const line of lines) {
          assert.strictEqual(Option.getOrThrow(TrafficEntry.parse(line)).answer, "Hi! [key]")
        }
        assert.strictEqual(log!.trimEnd().split("\n").length, 100)
        assert.notInclude(`${json}${log}`, key)
      }).pipe(Effect.provide(NodeServices.layer)))
  })
})
