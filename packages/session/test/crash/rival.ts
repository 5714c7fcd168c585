/**
 * Says a number of things in a session that another process talks in, too: what
 * meets a conflict is said again. Begins when it is told to, and then says how
 * many conflicts there were.
 *
 * Usage: node rival.ts <directory> <session> <name> <count>
 */
import * as Claude from "@effect-claude/http/Claude"
import * as Session from "@effect-claude/session/Session"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { writeSync } from "node:fs"

const [directory = ".", id = "s", name = "a", count = "1"] = process.argv.slice(2)

const talk = Effect.gen(function*() {
  const session = yield* Session.open({ id, model: "claude-sonnet-5-5", max_tokens: 100 })
  let conflicts = 0
  for (let n = 0; n < Number(count);) {
    yield* session.send(`${name} ${n};`).pipe(
      Effect.tap(() => Effect.sync(() => n++)),
      Effect.catchTag("SessionConflictError", () => {
        conflicts++
        return session.refresh
      })
    )
  }
  writeSync(1, `${conflicts}\n`)
})

const live = Layer.mergeAll(
  SessionStoreFile.layer({ directory }).pipe(Layer.provide([NodeFileSystem.layer, NodePath.layer])),
  Claude.layer({ apiKey: Redacted.make("sk-ant-test") }).pipe(
    Layer.provide(ClaudeTest.layer(Script.forever(Script.delay(Script.reply("Very well."), "2 millis"))))
  )
)

process.stdin.once("data", () => {
  process.stdin.pause()
  Effect.runFork(Effect.provide(talk, live))
})
writeSync(1, "ready\n")
