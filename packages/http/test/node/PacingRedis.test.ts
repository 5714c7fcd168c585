import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { execFile } from "node:child_process"
import { connect } from "node:net"
import { fileURLToPath } from "node:url"

const port = 6379

/** Whether a Redis answers where one usually does. */
const isThere = await new Promise<boolean>((resolve) => {
  const socket = connect({ host: "127.0.0.1", port }, () => socket.write("PING\r\n"))
  const answer = (there: boolean) => {
    socket.destroy()
    resolve(there)
  }
  socket.setTimeout(500, () => answer(false))
  socket.once("error", () => answer(false))
  socket.once("data", (data) => answer(String(data).startsWith("+PONG")))
})
if (!isThere) {
  process.stderr.write(`PacingRedis: no Redis answers on 127.0.0.1:${port}, so two processes were not paced together\n`)
}

const Times = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Array(Schema.Finite)))

/** Runs a process to its end, and returns when its messages went. */
const worker = (...args: ReadonlyArray<string>) =>
  Effect.callback<ReadonlyArray<number>, Error>((resume) => {
    const file = fileURLToPath(new URL("pacedWorker.ts", import.meta.url))
    const child = execFile(process.execPath, [file, ...args], { timeout: 30_000 }, (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(Times(stdout)) : Effect.fail(new Error(`${error.message}\n${stderr}`))))
    return Effect.sync(() =>
      child.kill()
    )
  })

describe("Pacing", () => {
  describe("layerStore over Redis", () => {
    it.live.skipIf(!isThere)(
      "keeps one limit for two processes at once",
      () =>
        Effect.gen(function*() {
          const prefix = `effect-claude-test-${process.pid}-${Date.now()}:`
          // A burst of 24, and then 18 a second: alone, each process would be done at once.
          const run = worker(prefix, "24", "1200", "0.02")
          const sent = (yield* Effect.all([run, run], { concurrency: 2 })).flat().toSorted((a, b) => a - b)

          assert.strictEqual(sent.length, 48)
          for (const [i, start] of sent.entries()) {
            for (const [j, end] of sent.entries()) {
              if (j < i) continue
              // Clocks of two processes tick apart, and what goes is seen a moment later.
              const room = 24 + ((end - start + 200) / 1000) * 18
              assert.isAtMost(j - i + 1, room, `from ${i} to ${j}, ${end - start} ms`)
            }
          }
        }),
      30_000
    )
  })
})
