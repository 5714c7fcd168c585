/** What hundreds of clients, well-behaved and not, leave behind: nothing. */
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Net from "node:net"

const payload = JSON.stringify({
  model: "claude-sonnet-5-5",
  max_tokens: 100,
  stream: true,
  messages: [{ role: "user", content: "Hi" }]
})

/** Sends a request and reads until the connection ends, or for as long as it is let. */
const client = Effect.flatMap(ClaudeServer.ClaudeServer, ({ port }) =>
  Effect.callback<void>((resume) => {
    const socket = Net.connect(port, "127.0.0.1")
    socket.resume()
    socket.on("error", () => socket.destroy())
    socket.once("close", () => resume(Effect.void))
    socket.write(
      "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: sk-ant-test\r\nanthropic-version: 2023-06-01\r\n" +
        `connection: close\r\ncontent-length: ${payload.length}\r\n\r\n${payload}`
    )
    return Effect.sync(() => socket.destroy())
  }))

const weather = Script.forever(Script.sequence(
  Script.reply("Hello!").pipe(Script.chunked({ seed: 1 })),
  Script.reply("Hello!").pipe(Script.stall({ after: { events: 3 } })),
  Script.resetConnection({ when: 100 }),
  Script.status(529),
  Script.silence,
  Script.reply("Hello!").pipe(Script.slow("1 millis"))
))

describe("ClaudeServer", () => {
  it.live("leaves no socket, no open response and no timer behind", () =>
    Effect.gen(function*() {
      const before = process.getActiveResourcesInfo().length
      yield* Effect.gen(function*() {
        const server = yield* ClaudeServer.ClaudeServer
        yield* Effect.forEach(
          Array.from({ length: 300 }),
          () => Effect.timeoutOption(client, "150 millis"),
          { concurrency: 50, discard: true }
        )
        yield* server.awaitSockets(0)

        assert.strictEqual(yield* server.acceptedSockets, 300)
        assert.strictEqual(yield* server.open, 0)
        assert.strictEqual((yield* server.requests).length, (yield* server.finished) + (yield* server.aborted))
        // Every stall and every silence was given up by the client.
        assert.isAtLeast(yield* server.aborted, 50)
      }).pipe(Effect.provide(ClaudeServer.layer(weather)))
      yield* Effect.sleep("20 millis")

      assert.isAtMost(process.getActiveResourcesInfo().length, before)
    }), 30_000)
})
