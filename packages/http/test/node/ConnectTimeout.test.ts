import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import * as Net from "node:net"
import { question } from "../support.ts"

/** Listens with room for one connection, and then does nothing at all, so that the system takes a few and no more. */
const listener = `
const server = require("node:net").createServer()
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port) + "\\n")
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

const deafPort = Effect.acquireRelease(
  Effect.callback<{ readonly port: number; readonly stop: () => void }>((resume) => {
    const child = spawn(process.execPath, ["-e", listener], { stdio: ["ignore", "pipe", "inherit"] })
    child.stdout.once(
      "data",
      (data: Buffer) => resume(Effect.succeed({ port: Number(data.toString()), stop: () => child.kill("SIGKILL") }))
    )
  }),
  ({ stop }) => Effect.sync(stop)
)

/** Takes the places the system keeps for connections nobody accepts. */
const crowd = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      Array.from({ length: 8 }, () => {
        const socket = Net.connect(port, "127.0.0.1")
        socket.on("error", () => undefined)
        return socket
      })
    ),
    (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
  )

describe("Timeouts", () => {
  it.live(
    "connect ends a call that no connection is made for, and says that nothing was sent",
    () =>
      Effect.gen(function*() {
        const { port } = yield* deafPort
        yield* crowd(port)
        yield* Effect.sleep("300 millis")
        const layer = ClaudeNode.layer({
          apiKey: Redacted.make("sk-ant-test"),
          baseUrl: `http://127.0.0.1:${port}`,
          timeouts: { connect: "400 millis" }
        })
        const [took, error] = yield* Messages.create(question).pipe(
          Claude.withRetry(RetryPolicy.never),
          Effect.flip,
          Effect.timed,
          Effect.provide(layer)
        )

        assert.strictEqual(error._tag, "ClaudeTimeoutError")
        assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "connect")
        assert.strictEqual(error.outcome, "notSent")
        assert.isBelow(Duration.toMillis(took), 5_000)
      }).pipe(Effect.scoped),
    30_000
  )
})
