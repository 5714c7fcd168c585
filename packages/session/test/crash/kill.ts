/**
 * Kills processes that talk in sessions, and looks at what they leave.
 */
import * as Claude from "@effect-claude/http/Claude"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert } from "@effect/vitest"
import { Effect, FileSystem, Layer, Random, Redacted } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const child = fileURLToPath(new URL("./child.ts", import.meta.url))

/** What was found after all kills. */
export interface Found {
  /** How many journals were opened after a kill. */
  readonly opened: number
  /** How many of them had an entry that was written and not acknowledged. */
  readonly ahead: number
  /** How many entries were acknowledged. */
  readonly acknowledged: number
}

/** Kills a process so often, each time at a random moment, and checks after each kill that nothing is lost. */
export const crash = (options: {
  readonly kills: number
  /** How many sessions a process keeps. */
  readonly sessions: number
  readonly seed: string
}): Effect.Effect<Found> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const cache = yield* fs.makeTempDirectoryScoped()
    // One that ends by itself keeps what was compiled, so that the others begin sooner.
    yield* run(["", "0"], cache, 0)
    let directory = ""
    let [opened, ahead, total] = [0, 0, 0]
    for (let kill = 0; kill < options.kills; kill++) {
      // Killed, resumed and killed again, and begun anew before journals are long.
      if (kill % 4 === 0) directory = yield* fs.makeTempDirectoryScoped()
      const after = yield* Random.nextIntBetween(0, 60)
      const acknowledged = yield* run([directory, String(options.sessions), `${options.seed} ${kill}`], cache, after)
      yield* Effect.gen(function*() {
        const store = yield* SessionStore.SessionStore
        for (const id of yield* store.list) {
          const { length } = yield* store.read(id)
          const known = acknowledged.get(id)
          const session = yield* Session.open({ id, model: "claude-sonnet-5-5", max_tokens: 100 })

          assert.isAtLeast(length, known ?? 0, `${id} after kill ${kill}`)
          assert.isAtMost(length, (known ?? length) + 1)
          assert.deepStrictEqual(History.check(yield* session.history), [])
          yield* session.send("Are you still there?")
          opened++
          total += known ?? 0
          if (known !== undefined && length > known) ahead++
        }
      }).pipe(Effect.provide(Layer.mergeAll(
        SessionStoreFile.layer({ directory }),
        Claude.layer({ apiKey: Redacted.make("sk-ant-test") }).pipe(
          Layer.provide(ClaudeTest.layer(Script.forever(Script.reply("Yes."))))
        )
      )))
    }
    return { opened, ahead, acknowledged: total }
  }).pipe(
    Effect.scoped,
    Effect.orDie,
    Random.withSeed(options.seed),
    Effect.provide([NodeFileSystem.layer, NodePath.layer])
  )

/** Runs the child, kills it some time after it began to talk, and returns what it acknowledged. */
const run = (
  args: ReadonlyArray<string>,
  cache: string,
  after: number
): Effect.Effect<ReadonlyMap<string, number>> =>
  Effect.callback((resume) => {
    const process_ = spawn(process.execPath, [child, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: cache }
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
