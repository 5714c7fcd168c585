import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import type * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as CircuitBreakerStore from "effect/persistence/CircuitBreaker"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { anyError, ErrorSigns } from "./fixtures.ts"
import { patiently, question, scripted } from "./scripted.ts"

const circuit = "api.anthropic.com/claude-sonnet-5-5"

const breaking = (
  script: Script.Script,
  options: CircuitBreaker.Options = { trip: { consecutive: 2 } },
  config: ClaudeConfig.Options = { retry: RetryPolicy.never }
): Layer.Layer<
  Claude.Claude | CircuitBreaker.CircuitBreaker | ClaudeTest.ClaudeTest,
  ClaudeConfig.ClaudeConfigError
> => Layer.provideMerge(CircuitBreaker.layer(options), scripted(script, config))

const ask = Messages.create(question)

const sent = Effect.flatMap(ClaudeTest.ClaudeTest, ({ requests }) => Effect.map(requests, ({ length }) => length))

const state = Effect.flatMap(
  CircuitBreaker.CircuitBreaker,
  ({ state }) => Effect.map(state(circuit), ({ _tag }) => _tag)
)

const tagOf = <A, R>(self: Effect.Effect<A, ClaudeError.ClaudeError, R>) =>
  Effect.match(self, { onSuccess: () => "ok", onFailure: ({ _tag }) => _tag })

describe("CircuitBreaker", () => {
  describe("layer", () => {
    it.effect("opens after too many failures, and then sends nothing", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* state, "Closed")
        yield* Effect.exit(ask)
        assert.strictEqual(yield* state, "Closed")
        yield* Effect.exit(ask)
        assert.strictEqual(yield* state, "Open")
        const error = yield* Effect.flip(ask)

        assert.strictEqual(error._tag, "CircuitOpenError")
        assert.strictEqual(error.outcome, "notSent")
        assert.deepStrictEqual(error.retryAfter, Duration.seconds(15))
        assert.match(error.message, /not asked for another 15 s/)
        assert.strictEqual(yield* sent, 2)
      }).pipe(Effect.provide(breaking(Script.forever(Script.status(529))))))

    it.effect("closes when the attempt that probes it succeeds", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)
        yield* Effect.exit(ask)
        yield* TestClock.adjust("15 seconds")
        yield* ask

        assert.strictEqual(yield* state, "Closed")
      }).pipe(Effect.provide(breaking(Script.sequence(Script.times(Script.status(529), 2), Script.reply("Hi!"))))))

    it.effect("opens again when it fails", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)
        yield* Effect.exit(ask)
        yield* TestClock.adjust("15 seconds")
        yield* Effect.exit(ask)

        assert.strictEqual(yield* state, "Open")
      }).pipe(Effect.provide(breaking(Script.forever(Script.status(529))))))

    it.effect("lets one attempt probe, and nobody else meanwhile", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)
        yield* Effect.exit(ask)
        yield* TestClock.adjust("15 seconds")
        const probe = yield* Effect.forkChild(ask)
        yield* TestClock.adjust("1 second")
        const error = yield* Effect.flip(ask)
        yield* TestClock.adjust("5 seconds")

        assert.strictEqual(error._tag, "CircuitOpenError")
        assert.match(error.message, /until the attempt that probes it/)
        yield* Fiber.join(probe)
      }).pipe(Effect.provide(breaking(Script.sequence(
        Script.times(Script.status(529), 2),
        Script.reply("Hi!").pipe(Script.delay("5 seconds"))
      )))))

    it.effect("counts a stream as a success at its first content, and as a failure before", () =>
      Effect.gen(function*() {
        const read = Effect.exit(Stream.runDrain(Messages.stream(question)))
        yield* read
        yield* read
        assert.strictEqual(yield* state, "Closed")

        yield* read
        yield* read
        assert.strictEqual(yield* state, "Open")
      }).pipe(Effect.provide(breaking(Script.sequence(
        Script.times(
          Script.reply("Hi! How are you?").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 4 })),
          2
        ),
        Script.times(Script.overloadedInStream(), 2)
      )))))

    it.effect("opens by the share of the latest attempts that failed", () =>
      Effect.gen(function*() {
        for (const expected of ["Closed", "Closed", "Closed", "Open"]) {
          yield* Effect.exit(ask)
          assert.strictEqual(yield* state, expected)
        }
      }).pipe(Effect.provide(breaking(
        Script.sequence(Script.status(529), Script.reply("Hi!"), Script.reply("Hi!"), Script.status(529)),
        { trip: { share: 0.5, of: 8 } }
      ))))

    it.effect("opens by default when half of the latest twenty attempts failed, and there were ten", () =>
      Effect.gen(function*() {
        for (let i = 0; i < 9; i++) yield* Effect.exit(ask)
        assert.strictEqual(yield* state, "Closed")
        yield* Effect.exit(ask)
        assert.strictEqual(yield* state, "Open")
      }).pipe(Effect.provide(breaking(
        Script.sequence(Script.times(Script.reply("Hi!"), 5), Script.forever(Script.status(529))),
        {}
      ))))

    it.effect("takes an answer that refuses the request for a sign of life", () =>
      Effect.gen(function*() {
        for (let i = 0; i < 3; i++) yield* Effect.exit(ask)

        assert.strictEqual(yield* state, "Closed")
      }).pipe(Effect.provide(breaking(Script.sequence(Script.status(529), Script.status(401), Script.status(529))))))

    it.effect("does not count a rate limit either way", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)
        yield* Effect.exit(ask)
        assert.strictEqual(yield* state, "Closed")
        yield* Effect.exit(ask)
        assert.strictEqual(yield* state, "Open")
      }).pipe(Effect.provide(breaking(Script.sequence(Script.status(529), Script.status(429), Script.status(529))))))

    it.effect("counts a stream that breaks off before it says anything", () =>
      Effect.gen(function*() {
        yield* Effect.exit(Stream.runDrain(Messages.stream(question)))

        assert.strictEqual(yield* state, "Open")
      }).pipe(Effect.provide(breaking(
        Script.reply("Hi!").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 1 })),
        { trip: { consecutive: 1 } }
      ))))

    it.effect("ends a call that is being retried", () =>
      Effect.gen(function*() {
        const error = yield* patiently(Effect.flip(ask))

        assert.strictEqual(error._tag, "CircuitOpenError")
        assert.strictEqual(yield* sent, 2)
      }).pipe(Effect.provide(breaking(Script.forever(Script.status(529)), { trip: { consecutive: 2 } }, {}))))

    it.effect("stays open for as long as the server asks", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* tagOf(ask), "CircuitOpenError")
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(yield* tagOf(ask), "ok")
      }).pipe(Effect.provide(breaking(
        Script.sequence(
          Script.status(529).pipe(Script.withHeaders({ "retry-after": "40" })),
          Script.reply("Hi!")
        ),
        { trip: { consecutive: 1 } }
      ))))

    it.effect("keeps a circuit for each model, or for what a function says", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)
        const other = Messages.create({ ...question, model: "claude-haiku-4-5" })

        assert.strictEqual(yield* tagOf(ask), "CircuitOpenError")
        assert.strictEqual(yield* tagOf(other), "OverloadedError")
      }).pipe(Effect.provide(breaking(Script.forever(Script.status(529)), { trip: { consecutive: 1 } }))))

    it.effect("keeps one circuit for all when asked", () =>
      Effect.gen(function*() {
        yield* Effect.exit(ask)

        assert.strictEqual(
          yield* tagOf(Messages.create({ ...question, model: "claude-haiku-4-5" })),
          "CircuitOpenError"
        )
      }).pipe(Effect.provide(breaking(
        Script.forever(Script.status(529)),
        { trip: { consecutive: 1 }, key: () => "all" }
      ))))

    it.effect("tells of the circuits that change", () =>
      Effect.gen(function*() {
        const { transitions } = yield* CircuitBreaker.CircuitBreaker
        const seen = yield* transitions.pipe(Stream.take(3), Stream.runCollect, Effect.forkChild)
        yield* Effect.yieldNow
        yield* Effect.exit(ask)
        yield* TestClock.adjust("15 seconds")
        yield* ask

        assert.deepStrictEqual(yield* Fiber.join(seen), [
          { key: circuit, from: "Closed", to: "Open" },
          { key: circuit, from: "Open", to: "HalfOpen" },
          { key: circuit, from: "HalfOpen", to: "Closed" }
        ])
      }).pipe(Effect.provide(breaking(
        Script.sequence(Script.status(529), Script.reply("Hi!")),
        { trip: { consecutive: 1 } }
      ))))

    it.effect.each<readonly [option: string, trip: CircuitBreaker.Trip]>([
      ["trip.share", { share: 7, of: 20 }],
      ["trip.of", { share: 0.5, of: -3 }],
      ["trip.atLeast", { share: 0.5, of: 20, atLeast: 0 }],
      ["trip.consecutive", { consecutive: 0.5 }]
    ])("refuses a %s that is out of range", ([option, trip]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.provide(ask, breaking(Script.reply("Hi!"), { trip })))

        assert.strictEqual(error._tag === "ClaudeConfigError" ? error.option : error._tag, option)
      }))
  })

  describe("judge", () => {
    const of = (script: Script.Script, options?: ClaudeConfig.Options) =>
      Effect.map(
        patiently(Effect.flip(ask)).pipe(Effect.provide(scripted(script, { retry: RetryPolicy.never, ...options }))),
        CircuitBreaker.judge
      )

    it.effect("holds overloads, failures inside and lost connections against the service", () =>
      Effect.gen(function*() {
        for (const status of [408, 500, 502, 503, 504, 529]) {
          assert.strictEqual(yield* of(Script.status(status)), "unwell", String(status))
        }
        assert.strictEqual(yield* of(Script.resetConnection()), "unwell")
        assert.strictEqual(yield* of(Script.silence), "unwell")
        assert.strictEqual(yield* of(Script.garbage()), "unwell")
      }))

    it.effect("takes nothing from rate limits, and from what was never sent", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* of(Script.status(429)), "nothing")
        assert.strictEqual(yield* of(Script.status(302)), "nothing")
        assert.strictEqual(yield* of(Script.empty, { apiKey: Effect.fail("none") }), "nothing")
      }))

    it.effect("sees life in every other answer", () =>
      Effect.gen(function*() {
        for (const status of [400, 401, 403, 404, 413]) {
          assert.strictEqual(yield* of(Script.status(status)), "alive", String(status))
        }
      }))

    it.effect.prop("never holds what the client did against the service", [ErrorSigns], ([signs]) =>
      Effect.sync(() => {
        const error = anyError({ ...signs, outcome: "notSent" })
        const isOurs = ["PacingError", "CircuitOpenError", "BudgetExceededError", "RequestValidationError"]

        if (isOurs.includes(error._tag)) assert.strictEqual(CircuitBreaker.judge(error), "nothing")
        assert.include(["unwell", "alive", "nothing"], CircuitBreaker.judge(error))
      }))
  })

  describe("layerStore", () => {
    it.effect("lets attempts pass when its store fails", () =>
      Effect.gen(function*() {
        const down = Effect.fail(
          new CircuitBreakerStore.CircuitBreakerError({
            reason: new CircuitBreakerStore.CircuitBreakerStoreError({ message: "down" })
          })
        )
        const broken = Layer.succeed(CircuitBreakerStore.CircuitBreakerStore, {
          admit: () => down,
          record: () => down,
          state: () => down
        })
        const stack = Layer.provideMerge(CircuitBreaker.layerStore(), [broken, scripted(Script.reply("Hi!"))])

        yield* Effect.provide(Effect.andThen(ask, Effect.map(state, (tag) => assert.strictEqual(tag, "Closed"))), stack)
      }))
  })
})
