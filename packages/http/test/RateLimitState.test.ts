import * as RateLimits from "@effect-claude/core/RateLimits"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RateLimitState from "@effect-claude/http/RateLimitState"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { question, scripted } from "./scripted.ts"

/** An answer that reports these limits, and no others. */
const reporting = (limits: RateLimits.RateLimits, script: Script.Script = Script.reply("Hi!")) =>
  script.pipe(Script.withHeaders(RateLimits.toHeaders(limits)))

const watching = (script: Script.Script) =>
  Layer.provideMerge(RateLimitState.layer, scripted(script, { retry: RetryPolicy.never }))

const remaining = Effect.map(
  RateLimitState.latest,
  Option.map(({ limits }) => limits.requests?.remaining)
)

describe("RateLimitState", () => {
  describe("layer", () => {
    it.effect("knows nothing before the first response", () =>
      Effect.gen(function*() {
        assert.isTrue(Option.isNone(yield* RateLimitState.latest))
      }).pipe(Effect.provide(watching(Script.empty))))

    it.effect("reads plain answers, streams and errors alike", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        assert.deepStrictEqual(yield* remaining, Option.some(9))

        yield* Stream.runDrain(Messages.stream(question))
        assert.deepStrictEqual(yield* remaining, Option.some(8))

        yield* Effect.exit(Messages.create(question))
        assert.deepStrictEqual(yield* remaining, Option.some(0))
      }).pipe(Effect.provide(watching(Script.sequence(
        reporting({ requests: { remaining: 9 } }),
        reporting({ requests: { remaining: 8 } }),
        reporting({ requests: { remaining: 0 } }, Script.status(429))
      )))))

    it.effect("knows the limits of a stream while it is being read", () =>
      Effect.gen(function*() {
        yield* Stream.runDrain(Stream.take(Messages.stream(question), 1))

        assert.deepStrictEqual(yield* remaining, Option.some(9))
      }).pipe(Effect.provide(watching(reporting({ requests: { remaining: 9 } })))))

    it.effect("says when the limits were reported", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(1_700_000_000_000)
        yield* Messages.create(question)
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(
          Option.map(yield* RateLimitState.latest, ({ at }) => at),
          Option.some(1_700_000_000_000)
        )
      }).pipe(Effect.provide(watching(reporting({ requests: { remaining: 9 } })))))
  })

  describe("of", () => {
    it.effect("keeps the limits of each model", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        yield* Messages.create({ ...question, model: "claude-haiku-4-5" })

        const left = (model: string) =>
          Effect.map(RateLimitState.of(model), Option.map(({ limits }) => limits.requests?.remaining))
        assert.deepStrictEqual(yield* left(question.model), Option.some(9))
        assert.deepStrictEqual(yield* left("claude-haiku-4-5"), Option.some(99))
        assert.deepStrictEqual(yield* left("claude-opus-5"), Option.none())
      }).pipe(Effect.provide(watching(Script.sequence(
        reporting({ requests: { remaining: 9 } }),
        reporting({ requests: { remaining: 99 } })
      )))))
  })

  describe("changes", () => {
    it.effect("gives what is known, then what each response reports", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        const seen = yield* RateLimitState.changes.pipe(
          Stream.take(3),
          Stream.map(({ limits }) => limits.requests?.remaining),
          Stream.runCollect,
          Effect.forkChild
        )
        yield* Effect.yieldNow
        yield* Messages.create(question)
        yield* Messages.create(question)

        assert.deepStrictEqual(yield* Fiber.join(seen), [9, 8, 7])
      }).pipe(Effect.provide(watching(Script.sequence(
        reporting({ requests: { remaining: 9 } }),
        reporting({ requests: { remaining: 8 } }),
        reporting({ requests: { remaining: 7 } })
      )))))
  })

  describe("merging", () => {
    const Limit = Schema.Struct({ remaining: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })) })
    const Report = Schema.Struct({
      requests: Schema.optional(Limit),
      inputTokens: Schema.optional(Limit),
      priorityInputTokens: Schema.optional(Limit)
    })

    it.effect.prop(
      "keeps for each limit what was reported last",
      [Schema.Array(Report).check(Schema.isMaxLength(6))],
      ([reports]) =>
        Effect.gen(function*() {
          const claude = yield* Claude.Claude
          const settings = yield* claude.settings
          for (const limits of reports) {
            yield* claude.attempt(
              { operation: "test", method: "GET", path: JSON.stringify(limits), streamed: false, repeatable: true },
              settings
            )
          }
          const expected: { [dimension: string]: unknown } = {}
          for (const report of reports) {
            for (const [dimension, limit] of Object.entries(report)) {
              if (limit !== undefined) expected[dimension] = limit
            }
          }

          const known = Option.map(yield* RateLimitState.latest, ({ limits }) => ({ ...limits }))
          assert.deepStrictEqual(Option.getOrElse(known, () => ({})), expected)
        }).pipe(
          Effect.scoped,
          Effect.provide(Layer.provide(RateLimitState.layer, reportingWhatIsAsked))
        )
    )
  })
})

/** A `Claude` that reports the limits written in the path of the request. */
const reportingWhatIsAsked = Layer.effect(
  Claude.Claude,
  Effect.map(Claude.Claude, (claude) => ({
    ...claude,
    attempt: ({ path }) =>
      Effect.succeed({
        status: 200,
        headers: {},
        meta: { rateLimits: RateLimits.fromHeaders(RateLimits.toHeaders(JSON.parse(path))) },
        body: Stream.empty
      })
  }))
).pipe(Layer.provide(scripted(Script.empty)))
