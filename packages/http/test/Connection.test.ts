import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { key, question } from "./support.ts"

const encoder = new TextEncoder()

const answer = [
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 }
    }
  },
  { type: "message_stop" }
].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")

/** What became of the body of the one response. */
interface Body {
  taken: number
  cancelledAt: number | undefined
}

/** `Claude` over a client whose response is a body of our own. */
const over = (
  respond: (body: (first: string, rest: (n: number) => string | undefined) => ReadableStream<Uint8Array>) => Response
) =>
  Effect.map(Clock.Clock, (clock) => {
    const seen: Body = { taken: 0, cancelledAt: undefined }
    const body = (first: string, rest: (n: number) => string | undefined) => {
      let n = 0
      return new ReadableStream<Uint8Array>({
        pull: (controller) => {
          if (n++ === 0) return controller.enqueue(encoder.encode(first))
          const text = rest(n - 1)
          // A body that says nothing more hangs.
          if (text === undefined) return new Promise<void>(() => {})
          seen.taken += text.length
          controller.enqueue(encoder.encode(text))
        },
        cancel: () => {
          seen.cancelledAt = clock.currentTimeMillisUnsafe()
        }
      }, { highWaterMark: 0 })
    }
    const client = HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, respond(body))))
    return {
      seen,
      layer: Layer.provide(Claude.layer({ apiKey: Redacted.make(key) }), Layer.succeed(HttpClient.HttpClient, client))
    }
  })

const events = { headers: { "content-type": "text/event-stream" } }

const outcome = (exit: Exit.Exit<unknown, ClaudeError>) => Exit.isSuccess(exit)

describe("A connection after message_stop", () => {
  it.effect("is waited for a moment, and then given up", () =>
    Effect.gen(function*() {
      const { layer, seen } = yield* over((body) => new Response(body(answer, () => undefined), events))
      const fiber = yield* Messages.stream(question).pipe(
        Stream.runDrain,
        Effect.exit,
        Effect.provide(layer),
        Effect.forkChild
      )
      // The body is read by promises, which the test clock does not wait for.
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("99 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")

      assert.isTrue(outcome(yield* Fiber.join(fiber)))
      assert.strictEqual(seen.cancelledAt, 100)
    }))

  it.effect("is given up once it has brought 4 KB that nobody asked for", () =>
    Effect.gen(function*() {
      const { layer, seen } = yield* over((body) =>
        new Response(body(answer, () => ": still here ".repeat(80)), events)
      )
      yield* Messages.stream(question).pipe(Stream.runDrain, Effect.provide(layer))

      assert.isAbove(seen.taken, 4_096)
      assert.isBelow(seen.taken, 8_192)
      assert.strictEqual(seen.cancelledAt, 0)
    }))

  it.effect("is closed at once when the stream is interrupted", () =>
    Effect.gen(function*() {
      const { layer, seen } = yield* over((body) => new Response(body(answer, () => undefined), events))
      const fiber = yield* Messages.stream(question).pipe(
        Stream.runForEach((event) => event.type === "message_stop" ? Effect.never : Effect.void),
        Effect.provide(layer),
        Effect.forkChild
      )
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* Fiber.interrupt(fiber)

      assert.strictEqual(seen.cancelledAt, 0)
    }))
})

describe("The body of an error", () => {
  const overloaded = JSON.stringify({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })

  const failed = (layer: Layer.Layer<Claude.Claude, unknown>) =>
    Messages.create(question).pipe(Claude.withRetry(RetryPolicy.never), Effect.flip, Effect.provide(layer))

  it.effect("changes nothing when it is silent: the status says what happened", () =>
    Effect.gen(function*() {
      const { layer } = yield* over((body) => new Response(body(overloaded, () => undefined), { status: 529 }))
      const fiber = yield* Effect.forkChild(failed(layer))
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(fiber)

      assert.strictEqual("_tag" in Object(error) && Reflect.get(Object(error), "_tag"), "OverloadedError")
    }))

  it.effect("is read no further than a megabyte", () =>
    Effect.gen(function*() {
      const { layer, seen } = yield* over((body) => new Response(body("", () => "x".repeat(100_000)), { status: 500 }))
      const error = yield* failed(layer)

      assert.strictEqual(Reflect.get(Object(error), "_tag"), "ApiError")
      assert.isAbove(seen.taken, 1_000_000)
      assert.isBelow(seen.taken, 1_300_000)
    }))

  it.effect("may be cut", () =>
    Effect.gen(function*() {
      const { layer } = yield* over(() =>
        new Response(
          new ReadableStream({ start: (controller) => controller.error(new Error("reset")) }),
          { status: 503 }
        )
      )
      const error = yield* failed(layer)

      assert.strictEqual(Reflect.get(Object(error), "_tag"), "ApiError")
    }))
})
