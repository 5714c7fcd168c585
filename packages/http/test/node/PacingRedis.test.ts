import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { execFile, spawn } from "node:child_process"
import { connect, createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect({ host: "127.0.0.1", port })
    const done = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.on("connect", () => done(true)).on("error", () => done(false))
  })

/** Starts a Redis of this test's own. */
const startRedis = async (): Promise<number | undefined> => {
  const port = await freePort()
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", ""], {
    stdio: "ignore"
  })
  const state = { ended: false }
  server.on("error", () => (state.ended = true)).on("exit", () => (state.ended = true))
  afterAll(() => void server.kill())
  for (let attempt = 0; attempt < 300 && !state.ended; attempt++) {
    if (await listens(port)) return port
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return undefined
}

const port = await startRedis()
if (port === undefined) {
  process.stderr.write("NOT RUN: two processes under one limit, since redis-server does not start\n")
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
    it.live.skipIf(port === undefined)(
      "keeps one limit for two processes at once",
      () =>
        Effect.gen(function*() {
          const prefix = `effect-claude-test-${process.pid}-${Date.now()}:`
          // A burst of 24, and then 18 a second: alone, each process would be done at once.
          const run = worker(String(port), prefix, "24", "1200", "0.02")
          const sent = (yield* Effect.all([run, run], { concurrency: 2 })).flat().toSorted((a, b) => a - b)

          assert.strictEqual(sent.length, 48)
          for (const [i, start] of sent.entries()) {
            for (const [j, end] of sent.entries()) {
              if (j < i) continue
              // On a loaded machine a request is seen up to a second after it was let go. Without a shared
              // limit, 48 go at once, which is above 24 + 18.
              const room = 24 + ((end - start + 1000) / 1000) * 18
              assert.isAtMost(j - i + 1, room, `from ${i} to ${j}, ${end - start} ms`)
            }
          }
        }),
      30_000
    )
  })
})
