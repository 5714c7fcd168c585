import type { Message } from "@effect-claude/core/Message"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import type * as Timeouts from "@effect-claude/http/Timeouts"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/testing/TestClock"
import { key, question } from "../../support.ts"

const answer: Message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
}

const plainly = Messages.create(question, { wire: "json" })

type Answers = (signal: AbortSignal, init: RequestInit) => Promise<Response>

/**
 * A transport that is spoken to directly and has answered once, so that its key is known; and whether its latest
 * request was given up.
 */
const direct = Effect.fnUntraced(function*(answers: Answers, options?: ClaudeConfig.Options) {
  let signal: AbortSignal | undefined
  const fetch: typeof globalThis.fetch = (_url, init) => {
    const isFirst = signal === undefined
    signal = init!.signal!
    return isFirst ? whole(signal, init!) : answers(signal, init!)
  }
  const layer = Claude.layerFetch({
    apiKey: Redacted.make(key),
    baseUrl: "https://api.test",
    retry: RetryPolicy.never,
    ...options
  })
  const context = yield* Layer.build(Layer.provide(layer, Layer.succeed(FetchHttpClient.Fetch, fetch)))
  yield* Effect.provide(plainly, context)
  return { context, isGivenUp: () => signal?.aborted }
})

/** Never answers. */
const silent: Answers = () => new Promise(() => undefined)

/** Answers with a head whose body never comes. */
const bodiless = (status: number): Answers => () => Promise.resolve(new Response(new ReadableStream(), { status }))

/** Answers with a body of its own. */
const streaming = (source: UnderlyingDefaultSource<unknown>): Answers => () =>
  Promise.resolve(new Response(new ReadableStream(source)))

const whole: Answers = () => Promise.resolve(Response.json(answer))

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe("Messages", () => {
  describe("create, over a transport that is spoken to directly", () => {
    it.effect("closes the connection of a call that is interrupted, whatever it waits for", () =>
      Effect.gen(function*() {
        for (const answers of [silent, bodiless(200), bodiless(400)]) {
          const { context, isGivenUp } = yield* direct(answers)
          const call = yield* Effect.forkChild(Effect.provide(plainly, context))
          yield* turn
          yield* turn
          assert.isFalse(isGivenUp())
          yield* Fiber.interrupt(call)

          assert.isTrue(isGivenUp())
        }
      }))

    it.effect("closes the connection of a call that takes too long, and says what did", () =>
      Effect.gen(function*() {
        const timeouts: Timeouts.Options = { jsonHeaders: "20 seconds", idle: "10 seconds" }
        for (const [answers, after, phase] of [[silent, 20, "headers"], [bodiless(200), 10, "body"]] as const) {
          const { context, isGivenUp } = yield* direct(answers, { timeouts })
          const call = yield* Effect.forkChild(Effect.flip(Effect.provide(plainly, context)))
          yield* turn
          yield* turn
          yield* TestClock.adjust(after * 1000 - 1)
          assert.isFalse(isGivenUp())
          yield* TestClock.adjust(10)
          const error = yield* Fiber.join(call)

          assert.isTrue(error._tag === "ClaudeTimeoutError" && error.phase === phase, String(error))
          assert.isTrue(isGivenUp())
        }
      }))

    it.effect("closes the connection of a refusal whose text it does not wait for any longer", () =>
      Effect.gen(function*() {
        const { context, isGivenUp } = yield* direct(bodiless(400))
        const call = yield* Effect.forkChild(Effect.flip(Effect.provide(plainly, context)))
        yield* turn
        yield* turn
        yield* TestClock.adjust("10 seconds")

        assert.strictEqual((yield* Fiber.join(call))._tag, "InvalidRequestError")
        assert.isTrue(isGivenUp())
      }))

    it.effect("closes the connection of an answer that is larger than the limit", () =>
      Effect.gen(function*() {
        const endless = streaming({ pull: (controller) => controller.enqueue(new Uint8Array(1_000).fill(97)) })
        const { context, isGivenUp } = yield* direct(endless, { limits: { body: 5_000 } })
        const error = yield* Effect.flip(Effect.provide(plainly, context))

        assert.strictEqual(error._tag, "ResponseDecodeError")
        assert.match(error.message, /larger than 5000 characters/)
        assert.isTrue(isGivenUp())
      }))

    it.effect("gives up nothing of an answer that was received, and leaves no timer", () =>
      Effect.gen(function*() {
        let sleeping = 0
        let slept = 0
        const clock = yield* Clock.Clock
        const counting: Clock.Clock = {
          ...clock,
          sleep: (duration) =>
            Effect.suspend(() => {
              sleeping++
              slept++
              return Effect.ensuring(clock.sleep(duration), Effect.sync(() => sleeping--))
            })
        }
        const { context, isGivenUp } = yield* direct(whole)
        const received = yield* plainly.pipe(Effect.provide(context), Effect.provideService(Clock.Clock, counting))
        assert.deepStrictEqual(received, answer)
        assert.isFalse(isGivenUp())
        assert.strictEqual(slept, 1)
        assert.strictEqual(sleeping, 0)
      }))

    it.effect("dies of a body that is no bytes, and does not wait for it forever", () =>
      Effect.gen(function*() {
        const text = streaming({
          start: (controller) => {
            controller.enqueue("not bytes")
            controller.close()
          }
        })
        const { context } = yield* direct(text)
        const exit = yield* Effect.exit(Effect.provide(plainly, context))

        assert.isTrue(Exit.isFailure(exit) && Exit.hasDies(exit))
      }))

    it.effect("lets an interceptor go around its exchange, and tells of its attempts", () =>
      Effect.gen(function*() {
        const told = yield* Ref.make<ReadonlyArray<string>>([])
        const tell = (what: string) => Ref.update(told, (all) => [...all, what])
        const { context } = yield* direct(whole)
        const followed = Layer.provide(
          Interceptor.layer(Effect.succeed(() =>
            Effect.succeed({ exchange: (exchange) => Effect.tap(exchange, ({ status }) => tell(`answered ${status}`)) })
          )),
          Layer.succeedContext(context)
        )
        yield* Effect.provide(plainly, followed)
        yield* Messages.create(question, {
          wire: "json",
          onProgress: ({ _tag }) =>
            tell(_tag)
        }).pipe(
          Effect.provide(context)
        )

        assert.deepStrictEqual(yield* Ref.get(told), ["answered 200", "Attempt"])
      }))

    it.effect("signs anew with a credential that can be renewed", () =>
      Effect.gen(function*() {
        let renewed = 0
        const fresh = Effect.sync(() => Redacted.make(`sk-ant-fresh-${++renewed}`))
        const signed = (init: RequestInit) => new Headers(init.headers).get("x-api-key")
        const { context } = yield* direct(
          (_signal, init) =>
            signed(init) === "sk-ant-fresh-2"
              ? whole(_signal, init)
              : Promise.resolve(
                Response.json({ type: "error", error: { type: "authentication_error" } }, { status: 401 })
              ),
          { apiKey: fresh }
        )

        assert.deepStrictEqual(yield* Effect.provide(plainly, context), answer)
      }))

    it.effect("signs no other refusal anew", () =>
      Effect.gen(function*() {
        let sent = 0
        const refuses: Answers = () => {
          sent++
          return Promise.resolve(Response.json({ type: "error", error: { type: "api_error" } }, { status: 500 }))
        }
        const { context } = yield* direct(refuses, { apiKey: Effect.sync(() => Redacted.make(`sk-ant-fresh-${sent}`)) })

        assert.strictEqual((yield* Effect.flip(Effect.provide(plainly, context)))._tag, "ApiError")
        assert.strictEqual(sent, 1)
      }))

    it.effect("signs each request with the credential it was given, the second as the first", () =>
      Effect.gen(function*() {
        const keys: Array<string | null> = []
        const { context } = yield* direct((signal, init) => {
          keys.push(new Headers(init.headers).get("x-api-key"))
          return whole(signal, init)
        })
        yield* Effect.provide(Effect.andThen(plainly, plainly), context)

        assert.deepStrictEqual(keys, [key, key])
      }))
  })
})
