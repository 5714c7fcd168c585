import * as Claude from "@effect-claude/http/Claude"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Redacted } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { crash } from "./crash/kill.ts"

const rival = fileURLToPath(new URL("./crash/rival.ts", import.meta.url))

/** Starts processes, lets them go all at once, and returns the last line of each. */
const race = (directory: string, names: ReadonlyArray<string>, count: number): Effect.Effect<ReadonlyArray<string>> =>
  Effect.callback((resume) => {
    const processes = names.map((name) =>
      spawn(process.execPath, [rival, directory, "s", name, String(count)], { stdio: ["pipe", "pipe", "inherit"] })
    )
    const outputs = names.map(() => "")
    let [ready, closed] = [0, 0]
    processes.forEach((each, n) => {
      each.stdout.on("data", (data: Buffer) => {
        if (outputs[n] === "" && ++ready === names.length) { for (const { stdin } of processes) stdin.end("go") }
        outputs[n] += data.toString()
      })
      each.on("close", () => {
        if (++closed === names.length) {
          resume(Effect.succeed(outputs.map((output) => output.trim().split("\n").at(-1) ?? "")))
        }
      })
    })
    return Effect.sync(() => processes.forEach((each) => each.kill("SIGKILL")))
  })

describe("processes that talk in one session", () => {
  it.live("are told of each other, and lose nothing that either said", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const conflicts = yield* race(directory, ["one", "other"], 30)
      const session = yield* Effect.provide(
        Session.open({ id: "s", model: "claude-sonnet-5-5", max_tokens: 100 }),
        [
          SessionStoreFile.layer({ directory }),
          Claude.layer({ apiKey: Redacted.make("sk-ant-test") }).pipe(Layer.provide(ClaudeTest.layer(Script.empty)))
        ]
      )
      const history = yield* session.history
      const said = JSON.stringify(History.toMessages(history)).match(/(?:one|other) \d+;/g) ?? []

      assert.deepStrictEqual(History.check(history), [])
      assert.strictEqual(history.exchanges, 60)
      assert.strictEqual(new Set(said).size, 60)
      for (const name of ["one", "other"]) {
        assert.deepStrictEqual(
          said.filter((words) => words.startsWith(name)),
          Array.from({ length: 30 }, (_, n) => `${name} ${n};`)
        )
      }
      assert.isAbove(conflicts.reduce((sum, count) => sum + Number(count), 0), 0)
    }).pipe(Effect.scoped, Effect.provide([NodeFileSystem.layer, NodePath.layer])), 180_000)
})

describe("a process that is killed", () => {
  it.live(
    "loses nothing it acknowledged, and leaves journals that open, 8 times 8",
    () =>
      Effect.gen(function*() {
        const found = yield* crash({ kills: 8, sessions: 8, seed: "few" })

        assert.isAtLeast(found.opened, 8)
        assert.isAbove(found.acknowledged, 0)
      }),
    180_000
  )
})
