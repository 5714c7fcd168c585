/**
 * Talks in several sessions at once, each kept in files, until it is killed.
 * Says on stdout what was acknowledged: a session's id and its journal's length.
 *
 * Usage: node child.ts <directory> <sessions> <seed>
 */
import * as Claude from "@effect-claude/http/Claude"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { writeSync } from "node:fs"

const [directory = ".", sessions = "1", seed = "0"] = process.argv.slice(2)

const talk = Effect.fnUntraced(function*(id: string) {
  const store = yield* SessionStore.SessionStore
  const session = yield* Session.open({ id, model: "claude-sonnet-5-5", max_tokens: 100 })
  let length = (yield* store.read(id)).length
  while (true) {
    const words = `turn ${length} `.repeat(yield* Random.nextIntBetween(1, 200))
    const kind = yield* Random.nextIntBetween(0, 4)
    if (kind === 0) yield* Stream.runDrain(session.stream(words))
    else if (kind === 1) yield* session.edit(1, words)
    else if (kind === 2) yield* session.configure({ max_tokens: 100 + length })
    else yield* session.send(words)
    length++
    writeSync(1, `${id} ${length}\n`)
  }
})

Effect.forEach(Array.from({ length: Number(sessions) }, (_, n) => `s${n}`), talk, { concurrency: "unbounded" }).pipe(
  Random.withSeed(seed),
  Effect.provide(
    Layer.mergeAll(
      SessionStoreFile.layer({ directory }).pipe(Layer.provide([NodeFileSystem.layer, NodePath.layer])),
      Claude.layer({ apiKey: Redacted.make("sk-ant-test") }).pipe(
        Layer.provide(ClaudeTest.layer(Script.forever(Script.reply("Very well."))))
      )
    )
  ),
  Effect.runFork
)
