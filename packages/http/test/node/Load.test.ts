import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as V8 from "node:v8"
import * as Vm from "node:vm"
import { question } from "../support.ts"
import { client, delta, rawServer, start, type Transport } from "./support.ts"

const transports: ReadonlyArray<Transport> = ["undici", "fetch"]

/** Timers and sockets that keep the process alive. */
const held = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind.includes("TCPSocket"))

/** An answer that begins, and does not go on. */
const begun = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${start}${delta("Hello")}`

V8.setFlagsFromString("--expose-gc")
const gc: unknown = Vm.runInNewContext("gc")

/** The size of the heap once it was collected. */
const collected = Effect.gen(function*() {
  for (let i = 0; i < 3; i++) {
    if (typeof gc === "function") gc()
    yield* Effect.sleep("10 millis")
  }
  return process.memoryUsage().heapUsed
})

const quiet = (server: ClaudeServer.ClaudeServer["Service"]) =>
  Effect.sleep("10 millis").pipe(
    Effect.repeat({ until: () => Effect.map(server.open, (open) => open === 0), times: 300 }),
    Effect.andThen(server.open)
  )

// One after the other: they count what the process holds.
describe("Load", { concurrent: false }, () => {
  for (const transport of transports) {
    it.live(`carries 1,000 concurrent streams through 10 % of faults over ${transport}`, () =>
      Effect.gen(function*() {
        let n = 0
        const text = "One two three four five six seven eight nine ten"
        const server = yield* ClaudeServer.make(Script.forever(Script.respondWith(() => {
          n++
          if (n % 30 === 0) return Script.resetConnection()
          if (n % 30 === 10) return Script.status(529)
          if (n % 30 === 20) return Script.overloadedInStream()
          return Script.reply(text).pipe(Script.chunked("perEvent"))
        })))
        const policy = RetryPolicy.standard.pipe(RetryPolicy.budget(null))
        const messages = yield* Effect.forEach(
          Array.from({ length: 1_000 }),
          () => MessageStream.final(Messages.stream(question)),
          { concurrency: "unbounded" }
        ).pipe(Claude.withRetry(policy), Effect.provide(client(transport, server.url)))

        assert.strictEqual(messages.length, 1_000)
        assert.deepStrictEqual(new Set(messages.map(Message.text)), new Set([text]))
        assert.isAbove((yield* server.requests).length, 1_080)
        assert.strictEqual(yield* quiet(server), 0)
        if (transport === "undici") yield* server.awaitSockets(0)
      }).pipe(Effect.scoped), 60_000)

    const count = transport === "undici" ? 10_000 : 2_000
    it.live(`leaves nothing behind after ${count} interrupted streams over ${transport}`, () =>
      Effect.gen(function*() {
        const server = yield* ClaudeServer.make(Script.forever(
          Script.reply("One two three").pipe(Script.chunked("perEvent"), Script.stall({ after: { events: 4 } }))
        ))
        const before = held().length
        const interrupted = (i: number) =>
          i % 2 === 0
            // Left after the first event, or interrupted while a read is outstanding.
            ? Messages.stream(question).pipe(Stream.take(1), Stream.runDrain)
            : Messages.stream(question).pipe(Stream.runDrain, Effect.timeoutOption("20 millis"))
        const batch = (size: number) =>
          Effect.forEach(Array.from({ length: size }, (_, i) => i), interrupted, { concurrency: 50, discard: true })
        yield* Effect.gen(function*() {
          yield* batch(1_000)
          const heap = yield* collected
          yield* batch(count - 1_000)
          assert.strictEqual(yield* quiet(server), 0)
          // Some are interrupted before the server sees them, on a busy machine many.
          assert.isAbove((yield* server.requests).length, count * 0.5)
          yield* server.awaitSockets(0)
          // The server keeps every request it received; the client keeps nothing.
          assert.isBelow(((yield* collected) - heap) / (count - 1_000), 8_000)
        }).pipe(Effect.provide(client(transport, server.url)))
        yield* Effect.sleep("50 millis")
        assert.isAtMost(held().length, before + 1)
      }).pipe(Effect.scoped), 120_000)
  }

  it.live("keeps nothing of what was sent while the answer is read", () =>
    Effect.gen(function*() {
      const { url } = yield* rawServer(begun)
      const request = { ...question, messages: [MessageRequest.user("x".repeat(1_000_000))] }
      yield* Effect.gen(function*() {
        const open = Effect.gen(function*() {
          const seen = yield* Deferred.make<void>()
          yield* Effect.forkScoped(Stream.runForEach(Messages.stream(request), () => Deferred.succeed(seen, undefined)))
          yield* Deferred.await(seen)
        })
        yield* open
        const one = yield* collected
        for (let i = 0; i < 20; i++) yield* open
        // As text, what was sent is 20 MB; its bytes, which undici keeps, are not on the heap.
        assert.isBelow((yield* collected) - one, 4_000_000)
      }).pipe(Effect.provide(client("undici", url)))
    }).pipe(Effect.scoped), 30_000)
})
