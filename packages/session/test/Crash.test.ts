import * as Claude from "@effect-claude/http/Claude"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Random, Redacted } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const child = fileURLToPath(new URL("./crash/child.ts", import.meta.url))

/** How often a process is killed. `CRASHES=300` takes a few minutes. */
const kills = Number(process.env["CRASHES"] ?? 8)

/** How many sessions each of these processes keeps. */
const sessions = 8

describe("a process that is killed", () => {
  it.live(
    `loses nothing it acknowledged, and leaves journals that open, ${kills} times ${sessions}`,
    () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        let directory = ""
        let interrupted = 0
        for (let kill = 0; kill < kills; kill++) {
          // Killed, resumed and killed again, and begun anew before journals are long.
          if (kill % 4 === 0) directory = yield* fs.makeTempDirectoryScoped()
          const acknowledged = yield* run(directory, kill, yield* Random.nextIntBetween(0, 60))
          yield* Effect.gen(function*() {
            const store = yield* SessionStore.SessionStore
            for (const id of yield* store.list) {
              const { length } = yield* store.read(id)
              const session = yield* Session.open({ id, model: "claude-sonnet-5-5", max_tokens: 100 })

              assert.isAtLeast(length, acknowledged.get(id) ?? 0, `${id} after kill ${kill}`)
              assert.isAtMost(length, (acknowledged.get(id) ?? length) + 1)
              assert.deepStrictEqual(History.check(yield* session.history), [])
              yield* session.send("Are you still there?")
              interrupted++
            }
          }).pipe(Effect.provide(Layer.mergeAll(
            SessionStoreFile.layer({ directory }),
            Claude.layer({ apiKey: Redacted.make("sk-ant-test") }).pipe(
              Layer.provide(ClaudeTest.layer(Script.forever(Script.reply("Yes."))))
            )
          )))
        }
        assert.isAtLeast(interrupted, kills)
      }).pipe(Effect.scoped, Effect.provide([NodeFileSystem.layer, NodePath.layer])),
    kills * 6000
  )
})

/** Runs the child, kills it some time after it began to talk, and returns what it acknowledged. */
const run = (directory: string, seed: number, after: number): Effect.Effect<ReadonlyMap<string, number>> =>
  Effect.callback((resume) => {
    const process_ = spawn(process.execPath, [child, directory, String(sessions), String(seed)], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let output = ""
    process_.stdout.on("data", (data: Buffer) => {
      if (output === "") setTimeout(() => process_.kill("SIGKILL"), after)
      output += data.toString()
    })
    process_.on("close", () => {
      const lines = output.split("\n").slice(0, -1).map((line) => line.split(" "))
      resume(Effect.succeed(new Map(lines.map(([id = "", length]) => [id, Number(length)]))))
    })
    return Effect.sync(() => process_.kill("SIGKILL"))
  })
