import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import type * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ModelFallback from "@effect-claude/http/ModelFallback"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { anyError, ErrorSigns } from "./fixtures.ts"
import { patiently, question, scripted } from "./scripted.ts"

const [first, second, third] = [question.model, "claude-haiku-4-5", "claude-opus-5"] as const

const modelOf = (body: unknown): string =>
  typeof body === "object" && body !== null && "model" in body ? String(body.model) : ""

/** Each model answers with its script, again and again. */
const models = (scripts: { readonly [model: string]: Script.Script }) =>
  Script.forever(Script.respondWith(({ body }) => scripts[modelOf(body)] ?? Script.reply(modelOf(body))))

const asking = (
  script: Script.Script,
  options?: ClaudeConfig.Options
): Layer.Layer<Claude.Claude | ClaudeTest.ClaudeTest, ClaudeConfig.ClaudeConfigError> =>
  scripted(script, { retry: RetryPolicy.never, ...options })

const asked = Effect.gen(function*() {
  const { requests } = yield* ClaudeTest.ClaudeTest
  return (yield* requests).map(({ body }) => modelOf(body))
})

const ask = Effect.map(Messages.create(question), Message.text)

describe("ModelFallback", () => {
  describe("withFallback", () => {
    it.effect("asks nobody else while the model answers", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* ModelFallback.withFallback(ask, [second]), first)
        assert.deepStrictEqual(yield* asked, [first])
      }).pipe(Effect.provide(asking(models({})))))

    it.effect("asks the others in turn", () =>
      Effect.gen(function*() {
        const message = yield* Messages.create(question).pipe(ModelFallback.withFallback([second, third]))

        assert.strictEqual(Message.text(message), third)
        assert.strictEqual(message.model, third)
        assert.deepStrictEqual(yield* asked, [first, second, third])
      }).pipe(Effect.provide(asking(models({ [first]: Script.status(529), [second]: Script.status(500) })))))

    it.effect("fails as the last one did", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ModelFallback.withFallback(ask, [second]))

        assert.strictEqual(error._tag, "ApiError")
      }).pipe(Effect.provide(asking(models({ [first]: Script.status(529), [second]: Script.status(500) })))))

    it.effect("asks nobody else after an error that others would give as well", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ModelFallback.withFallback(ask, [second]))

        assert.strictEqual(error._tag, "AuthenticationError")
        assert.deepStrictEqual(yield* asked, [first])
      }).pipe(Effect.provide(asking(models({ [first]: Script.status(401) })))))

    it.effect("asks after the errors a function says", () =>
      Effect.gen(function*() {
        const when = ({ _tag }: ClaudeError.ClaudeError) => _tag === "AuthenticationError"

        assert.strictEqual(yield* ModelFallback.withFallback(ask, [second], { when }), second)
      }).pipe(Effect.provide(asking(models({ [first]: Script.status(401) })))))

    it.effect("asks each model under the whole retry policy", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* patiently(ModelFallback.withFallback(ask, [second])), second)
        assert.deepStrictEqual(yield* asked, [first, first, first, second])
      }).pipe(Effect.provide(
        asking(models({ [first]: Script.status(529) }), { retry: RetryPolicy.interactive })
      )))

    it.effect("changes what else is said for a model", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        yield* ModelFallback.withFallback(ask, [{
          model: second,
          change: (request) => ({ ...request, max_tokens: 10 })
        }])

        assert.deepStrictEqual((yield* requests).map(({ body }) => body), [
          { ...question },
          { ...question, model: second, max_tokens: 10 }
        ])
      }).pipe(Effect.provide(asking(models({ [first]: Script.status(529) })))))

    it.effect("tells of each other model, with the error of the one before", () =>
      Effect.gen(function*() {
        const told: Array<readonly [string, string]> = []
        const onFallback = ({ error, model }: ModelFallback.FallbackEvent) =>
          Effect.sync(() => {
            told.push([model, error._tag])
          })
        const robust = ModelFallback.withFallback(ask, [second, third], { onFallback })
        yield* robust
        yield* robust

        const once = [[second, "OverloadedError"], [third, "ApiError"]]
        assert.deepStrictEqual<unknown>(told, [...once, ...once])
      }).pipe(Effect.provide(asking(models({ [first]: Script.status(529), [second]: Script.status(500) })))))

    it.effect("goes on at once where a circuit is open", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)
        assert.strictEqual(yield* ModelFallback.withFallback(ask, [second]), second)
        assert.deepStrictEqual(yield* asked, [first, second])
      }).pipe(Effect.provide(Layer.provideMerge(
        CircuitBreaker.layer({ trip: { consecutive: 1 } }),
        asking(models({ [first]: Script.status(529) }))
      ))))

    it.effect("leaves the errors of the program alone", () =>
      Effect.gen(function*() {
        const mine = { _tag: "OverloadedError" } as const
        const failing = Effect.andThen(ask, Effect.fail(mine))

        assert.strictEqual(yield* Effect.flip(ModelFallback.withFallback(failing, [second])), mine)
        assert.deepStrictEqual(yield* asked, [first])
      }).pipe(Effect.provide(asking(models({})))))
  })

  describe("withFallback of a stream", () => {
    const text = Messages.stream(question).pipe(
      ModelFallback.withFallback([second]),
      MessageStream.text,
      Stream.mkString
    )

    it.effect("asks the others before anything was said", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* text, second)
        assert.deepStrictEqual(yield* asked, [first, second])
      }).pipe(Effect.provide(asking(models({ [first]: Script.overloadedInStream() })))))

    it.effect("does not begin again once something was said", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(text)

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.deepStrictEqual(yield* asked, [first])
      }).pipe(Effect.provide(asking(models({
        [first]: Script.reply("Hi! How are you?").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 4 }))
      })))))

    it.effect("tells of the other model", () =>
      Effect.gen(function*() {
        const told: Array<string> = []
        yield* Messages.stream(question).pipe(
          ModelFallback.withFallback([second], {
            onFallback: ({ error, model }) => Effect.sync(() => told.push(model, error._tag))
          }),
          Stream.runDrain
        )

        assert.deepStrictEqual(told, [second, "OverloadedError"])
      }).pipe(Effect.provide(asking(models({ [first]: Script.status(529) })))))
  })

  describe("mayHelp", () => {
    it.effect.prop(
      "is not for what was refused for its own sake, nor for what may have been done",
      [ErrorSigns],
      ([signs]) =>
        Effect.sync(() => {
          const error = anyError(signs)
          const attempts = { count: 1, elapsed: error.retryAfter!, gaveUp: "unknownOutcome" } as const

          assert.isFalse(ModelFallback.mayHelp(error.with({ attempts })))
          if (["InvalidRequestError", "AuthenticationError", "SpendLimitError", "BillingError"].includes(error._tag)) {
            assert.isFalse(ModelFallback.mayHelp(error))
          }
        })
    )

    it("knows which timeouts are the model's", () => {
      const late = (phase: "connect" | "headers" | "firstContent" | "total") =>
        ModelFallback.mayHelp(anyError({ ...plain, tag: "ClaudeTimeoutError" }).with({ phase } as never))

      assert.deepStrictEqual([late("connect"), late("headers"), late("firstContent"), late("total")], [
        false,
        true,
        true,
        false
      ])
    })
  })
})

const plain = { outcome: "unknown", errorCode: undefined, shouldRetry: undefined, retryAfter: undefined } as const
