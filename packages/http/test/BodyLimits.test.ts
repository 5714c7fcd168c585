import * as Claude from "@effect-claude/http/Claude"
import * as Files from "@effect-claude/http/Files"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Raw from "@effect-claude/http/Raw"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { key, question } from "./support.ts"

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
}

const events = [
  { type: "message_start", message: { ...message, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
  { type: "message_stop" }
]

const line = (event: { readonly type: string }) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** `Claude` over a `fetch` that responds with `response` and counts its requests. */
const over = (response: () => Response, retry?: RetryPolicy.RetryPolicy) => {
  const sent = { count: 0 }
  const fetch: typeof globalThis.fetch = () => {
    sent.count++
    return Promise.resolve(response())
  }
  const layer = Claude.layerFetch({ apiKey: Redacted.make(key), baseUrl: "https://api.test", retry }).pipe(
    Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)),
    Layer.orDie
  )
  return { layer, sent }
}

/** A body that begins with `first`, and then repeats `filler` with each read, or sends nothing. */
const body = (first: string, filler?: string) => {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>({
    start: (controller) => first === "" ? undefined : controller.enqueue(encoder.encode(first)),
    pull: async (controller) => {
      if (filler === undefined) return new Promise(() => undefined)
      await new Promise((resolve) => setImmediate(resolve))
      controller.enqueue(encoder.encode(filler))
    }
  })
}

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Lets time pass in steps, with a turn of the event loop after each, until a call has ended. */
const settle = <A, E>(fiber: Fiber.Fiber<A, E>, step: number) =>
  Effect.gen(function*() {
    for (let i = 0; i < 400 && fiber.pollUnsafe() === undefined; i++) {
      yield* turn
      yield* turn
      yield* TestClock.adjust(step)
    }
    return [yield* Fiber.join(fiber), yield* Clock.currentTimeMillis] as const
  })

const readers = {
  "Files.download": Stream.runDrain(Files.download("file_1")),
  "Raw.bytes": Stream.runDrain(Raw.bytes({ method: "GET", path: "/v1/x" })),
  "Raw.text": Raw.text({ method: "GET", path: "/v1/x" }),
  "Messages.create": Messages.create(question, { wire: "json" }),
  "Messages.stream": Stream.runDrain(Messages.stream(question))
}

const typeOf = (name: string) => name === "Messages.stream" ? "text/event-stream" : "application/json"

describe("limits of a body", () => {
  for (const [name, call] of Object.entries(readers)) {
    it.effect(`end ${name} when nothing arrives`, () =>
      Effect.gen(function*() {
        const { layer } = over(() => new Response(body("{"), { headers: { "content-type": typeOf(name) } }))
        const fiber = yield* call.pipe(
          Claude.withRetry(RetryPolicy.never),
          Claude.withTimeouts({ idle: 2_000 }),
          Effect.provide(layer),
          Effect.flip,
          Effect.forkChild
        )
        const [error, at] = yield* settle(fiber, 500)

        assert.include(["ClaudeTimeoutError", "StreamIdleError"], error._tag)
        assert.isAtMost(at, 4_000)
      }))

    it.effect(`end ${name} at the total of the call`, () =>
      Effect.gen(function*() {
        const { layer } = over(() => new Response(body("{"), { headers: { "content-type": typeOf(name) } }))
        const fiber = yield* call.pipe(
          Claude.withRetry(RetryPolicy.never),
          Claude.withTimeouts({ total: 2_000 }),
          Effect.provide(layer),
          Effect.flip,
          Effect.forkChild
        )
        const [error, at] = yield* settle(fiber, 500)

        assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "total")
        assert.isAtMost(at, 4_000)
      }))
  }

  it.effect("end a stream that only pings after its first content", () =>
    Effect.gen(function*() {
      const first = events.slice(0, 3).map(line).join("")
      const { layer } = over(() =>
        new Response(body(first, line({ type: "ping" })), { headers: { "content-type": "text/event-stream" } })
      )
      const fiber = yield* MessageStream.final(Messages.stream(question)).pipe(
        Claude.withTimeouts({ idle: 2_000, nextContent: 5_000 }),
        Effect.provide(layer),
        Effect.flip,
        Effect.forkChild
      )
      const [error] = yield* settle(fiber, 500)

      assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "nextContent")
      assert.deepStrictEqual(error.partial?.content, [{ type: "text", text: "Hello" }])
    }))

  for (const [start, phase] of [["", "firstContent"], ["{", "nextContent"]] as const) {
    it.effect(`end a JSON response that sends white space after ${JSON.stringify(start)}`, () =>
      Effect.gen(function*() {
        const { layer } = over(() => new Response(body(start, " ")))
        const fiber = yield* Messages.create(question, { wire: "json" }).pipe(
          Claude.withRetry(RetryPolicy.never),
          Claude.withTimeouts({ idle: 2_000, firstContent: 5_000, nextContent: 5_000 }),
          Effect.provide(layer),
          Effect.flip,
          Effect.forkChild
        )
        const [error] = yield* settle(fiber, 500)

        assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, phase)
      }))
  }
})

describe("what cannot be read", () => {
  const broken = [...events.slice(0, 3).map(line), "data: {\"type\":\n\n"].join("")
  const calls = {
    stream: MessageStream.final(Messages.stream(question)),
    folded: Messages.create(question, { wire: "stream" })
  }
  for (const [name, call] of Object.entries(calls)) {
    it.effect(`fails once, with the partial message: ${name}`, () =>
      Effect.gen(function*() {
        const { layer, sent } = over(() => new Response(broken, { headers: { "content-type": "text/event-stream" } }))
        const error = yield* Effect.flip(Effect.provide(call, layer))

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.deepStrictEqual(error.partial?.content, [{ type: "text", text: "Hello" }])
        assert.strictEqual(sent.count, 1)
      }))
  }

  it.effect("is text without any event, once", () =>
    Effect.gen(function*() {
      const { layer, sent } = over(() => new Response("Welcome!", { headers: { "content-type": "text/plain" } }))
      const error = yield* Effect.flip(Effect.provide(calls.stream, layer))

      assert.strictEqual(error._tag, "ResponseDecodeError")
      assert.strictEqual(sent.count, 1)
    }))
})

describe("gateways that do not stream", () => {
  it.effect("send events as plain text", () =>
    Effect.gen(function*() {
      const { layer } = over(() =>
        new Response(events.map(line).join(""), { headers: { "content-type": "text/plain" } })
      )
      const received = yield* Effect.provide(MessageStream.final(Messages.stream(question)), layer)

      assert.deepStrictEqual(received.content, [{ type: "text", text: "Hello" }])
    }))

  it.effect("send the whole message in JSON, to streams and to create", () =>
    Effect.gen(function*() {
      const { layer } = over(() => Response.json(message))
      const streamed = yield* Effect.provide(MessageStream.final(Messages.stream(question)), layer)
      const [folded, meta] = yield* Effect.provide(Messages.createWithMeta(question, { wire: "stream" }), layer)

      assert.deepStrictEqual(streamed.content, [{ type: "text", text: "Hello" }])
      assert.deepStrictEqual(folded.content, [{ type: "text", text: "Hello" }])
      assert.strictEqual(meta.wire, "json")
    }))

  for (const type of ["text/event-stream", "text/plain"]) {
    const response = (body: unknown, retry?: RetryPolicy.RetryPolicy) =>
      over(() => new Response(`\n${JSON.stringify(body, null, 2)}`, { headers: { "content-type": type } }), retry)

    it.effect(`send the whole message in JSON as ${type}`, () =>
      Effect.gen(function*() {
        const { layer } = response(message)
        const streamed = yield* Effect.provide(MessageStream.final(Messages.stream(question)), layer)
        const folded = yield* Effect.provide(Messages.create(question, { wire: "stream" }), layer)

        assert.deepStrictEqual(streamed.content, [{ type: "text", text: "Hello" }])
        assert.deepStrictEqual(folded.content, [{ type: "text", text: "Hello" }])
      }))

    it.effect(`send an error in JSON as ${type}, in a shape of the API or of their own`, () =>
      Effect.gen(function*() {
        const failing = (body: unknown) =>
          Effect.flip(Stream.runDrain(Messages.stream(question))).pipe(
            Effect.provide(response(body, RetryPolicy.never).layer)
          )
        const api = yield* failing({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })
        const gateway = yield* failing({ detail: "no upstream" })

        assert.strictEqual(api._tag, "OverloadedError")
        assert.strictEqual(gateway._tag, "ApiError")
        assert.include(gateway.message, "no upstream")
      }))

    it.effect(`send JSON of another API as ${type}, which is read once`, () =>
      Effect.gen(function*() {
        const { layer, sent } = response({ ...message, content: null })
        const error = yield* Effect.flip(Effect.provide(Messages.stream(question).pipe(Stream.runDrain), layer))

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.include(error.message, "found null at content")
        assert.strictEqual(sent.count, 1)
      }))
  }
})
