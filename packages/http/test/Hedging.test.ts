import * as Message from "@effect-claude/core/Message"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Hedging from "@effect-claude/http/Hedging"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Metrics from "@effect-claude/http/TelemetryMetrics"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { patiently, question, scripted } from "./scripted.ts"

const after = (seconds: number, text: string, usage = { input_tokens: 10, output_tokens: 5 }) =>
  Script.reply({ text, usage }).pipe(Script.delay(`${seconds} seconds`))

const hedging = (
  script: Script.Script,
  options?: Partial<Hedging.Options>,
  config?: ClaudeConfig.Options
): Layer.Layer<Claude.Claude | ClaudeTest.ClaudeTest, ClaudeConfig.ClaudeConfigError> =>
  Layer.provideMerge(
    Hedging.layer({ after: "5 seconds", ...options }),
    scripted(script, { retry: RetryPolicy.never, ...config })
  )

const ask = Effect.map(Messages.create(question), Message.text)

const streamed = Stream.mkString(MessageStream.text(Messages.stream(question)))

/** What an effect returns, how long it took in seconds, and how many requests were sent. */
const measured = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const { open, requests } = yield* ClaudeTest.ClaudeTest
    const start = yield* Clock.currentTimeMillis
    const timed = Effect.flatMap(self, (value) =>
      Effect.map(Clock.currentTimeMillis, (now) => ({ value, seconds: (now - start) / 1000 })))
    const result = yield* patiently(timed)
    assert.strictEqual(yield* open, 0, "every response was read to its end or given up")
    return { ...result, sent: (yield* requests).length }
  })

/** The counters of an effect, by one of their attributes. */
const counted = <A, E, R>(self: Effect.Effect<A, E, R>, metric: { readonly id: string }, attribute: string) =>
  Effect.gen(function*() {
    const registry = new Map()
    yield* Effect.provideService(Effect.exit(self), Metric.MetricRegistry, registry)
    const found = yield* Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)
    return Object.fromEntries(
      found.filter(({ id }) => id === metric.id).map(({ attributes, state }) => [
        attributes?.[attribute],
        "count" in state ? state.count : undefined
      ])
    )
  })

describe("Hedging", () => {
  describe("layer", () => {
    it.effect("sends nothing twice while answers are fast enough", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* measured(ask), { value: "first", seconds: 4, sent: 1 })
      }).pipe(Effect.provide(hedging(Script.sequence(after(4, "first"), after(0, "second"))))))

    it.effect("takes the second answer when it comes first, and interrupts the first", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* measured(ask), { value: "second", seconds: 6, sent: 2 })
        assert.strictEqual(yield* Effect.flatMap(ClaudeTest.ClaudeTest, ({ aborted }) => aborted), 1)
      }).pipe(Effect.provide(hedging(Script.sequence(after(60, "first"), after(1, "second"))))))

    it.effect("takes the first answer when it comes first after all", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* measured(ask), { value: "first", seconds: 7, sent: 2 })
      }).pipe(Effect.provide(hedging(Script.sequence(after(7, "first"), after(10, "second"))))))

    it.effect("takes the stream with the first content, and no event of the other", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* measured(streamed), { value: "second", seconds: 6, sent: 2 })
      }).pipe(Effect.provide(hedging(Script.sequence(
        Script.reply("first").pipe(Script.chunked("perEvent"), Script.pause({ events: 2 }, "1 minute")),
        after(1, "second")
      )))))

    it.effect("closes a stream that is taken as any other", () =>
      Effect.gen(function*() {
        const { value } = yield* measured(Stream.runCollect(Stream.take(Messages.stream(question), 3)))

        assert.strictEqual(value.length, 3)
      }).pipe(Effect.provide(hedging(Script.sequence(after(60, "first"), after(1, "second"))))))

    it.effect("fails at once when the first fails before the second was sent", () =>
      Effect.gen(function*() {
        const { value, ...rest } = yield* measured(Effect.flip(ask))

        assert.strictEqual(value._tag, "OverloadedError")
        assert.deepStrictEqual(rest, { seconds: 1, sent: 1 })
      }).pipe(
        Effect.provide(hedging(Script.sequence(Script.status(529).pipe(Script.delay("1 second")), after(0, "second"))))
      ))

    it.effect("goes on with the other when one of the two fails", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* measured(ask), { value: "first", seconds: 8, sent: 2 })
      }).pipe(Effect.provide(hedging(Script.sequence(after(8, "first"), Script.status(529))))))

    it.effect("fails as the first did when both fail, in whichever order", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* measured(Effect.flip(ask))).value._tag, "AuthenticationError")
        assert.strictEqual((yield* measured(Effect.flip(ask))).value._tag, "AuthenticationError")
      }).pipe(Effect.provide(hedging(Script.sequence(
        Script.status(401).pipe(Script.delay("8 seconds")),
        Script.status(529),
        Script.status(401).pipe(Script.delay("6 seconds")),
        Script.status(529).pipe(Script.delay("2 seconds"))
      )))))

    it.effect("closes what the other had opened when both are ready at the same moment", () =>
      Effect.gen(function*() {
        const ready = yield* Deferred.make<void>()
        let open = 0
        const opening = Effect.acquireRelease(
          Effect.sync(() => {
            open++
          }),
          () =>
            Effect.sync(() => {
              open--
            })
        )
        const claude = yield* Claude.Claude
        const { attempt } = yield* claude.interceptor!({
          budget: claude.budget,
          settings: yield* claude.settings,
          exchange: { operation: "test", method: "POST", path: "/", streamed: true, repeatable: true }
        })
        const call = yield* Effect.scope
        const fiber = yield* Effect.forkChild(
          Scope.provide(attempt!(Effect.andThen(opening, Deferred.await(ready)), 1), call)
        )
        yield* TestClock.adjust("6 seconds")
        assert.strictEqual(open, 2)
        yield* Deferred.succeed(ready, undefined)
        yield* Fiber.join(fiber)

        assert.strictEqual(open, 1, "what was taken stays open")
      }).pipe(Effect.scoped, Effect.provide(hedging(Script.empty))))

    it.effect("hedges each attempt of a call that is retried", () =>
      Effect.gen(function*() {
        const { sent, value } = yield* measured(ask)

        assert.strictEqual(value, "fourth")
        assert.strictEqual(sent, 4)
      }).pipe(Effect.provide(hedging(
        Script.sequence(
          Script.status(529).pipe(Script.delay("8 seconds")),
          Script.status(529),
          after(60, "third"),
          after(1, "fourth")
        ),
        undefined,
        { retry: RetryPolicy.standard }
      ))))

    it.effect("sends nothing twice when the retry budget is empty", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* measured(ask), { value: "first", seconds: 20, sent: 1 })
      }).pipe(Effect.provide(hedging(Script.sequence(after(20, "first"), after(0, "second")), undefined, {
        retry: RetryPolicy.never.pipe(
          RetryPolicy.budget({ capacity: 4, cost: 5, hintedCost: 1, perSuccess: 0, perSecond: 0 })
        )
      }))))

    it.effect("never sends twice what acts on the server", () =>
      Effect.gen(function*() {
        const searching = Messages.create({
          ...question,
          tools: [{ type: "web_search_20250305", name: "web_search" }]
        })

        assert.strictEqual((yield* measured(searching)).sent, 1)
      }).pipe(Effect.provide(hedging(Script.sequence(after(20, "first"), after(0, "second"))))))

    it.effect("is for the calls a function says, and tells of each", () =>
      Effect.gen(function*() {
        const told = yield* Ref.make(0)
        const stack = hedging(Script.sequence(after(60, "first"), after(1, "second"), after(20, "third")), {
          isFor: ({ request }) => request?.system === "urgent",
          onHedge: () => Ref.update(told, (n) => n + 1)
        })
        yield* Effect.gen(function*() {
          yield* patiently(Messages.create({ ...question, system: "urgent" }))
          assert.strictEqual(yield* Ref.get(told), 1)
          yield* patiently(ask)
          assert.strictEqual(yield* Ref.get(told), 1)
        }).pipe(Effect.provide(stack))
      }))

    it.effect("interrupts both when the call is interrupted", () =>
      Effect.gen(function*() {
        const { aborted, awaitRequests, open } = yield* ClaudeTest.ClaudeTest
        const fiber = yield* Effect.forkChild(ask)
        yield* TestClock.adjust("6 seconds")
        yield* awaitRequests(2)
        yield* Fiber.interrupt(fiber)

        assert.strictEqual(yield* open, 0)
        assert.strictEqual(yield* aborted, 2)
      }).pipe(Effect.provide(hedging(Script.forever(after(60, "late"))))))

    it.effect.prop(
      "gives one answer, whole, whichever is first, and leaves nothing open",
      {
        first: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
        second: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 })),
        isStream: Schema.Boolean
      },
      ({ first, isStream, second }) =>
        Effect.gen(function*() {
          const { sent, value } = yield* measured(isStream ? streamed : ask)

          assert.include(["the first answer", "the second answer"], value)
          assert.isAtMost(sent, 2)
        }).pipe(
          Effect.provide(
            hedging(Script.sequence(after(first, "the first answer"), after(second, "the second answer")))
          ),
          Effect.provide(TestClock.layer())
        ),
      { arbitrary: { runs: 60 } }
    )
  })

  describe("metrics", () => {
    it.effect("count hedges by how they went", () =>
      Effect.gen(function*() {
        const calls = Effect.forEach([1, 2, 3], () => patiently(Effect.exit(ask)))
        const found = yield* counted(calls, Hedging.hedges, "claude.hedge.outcome")

        assert.deepStrictEqual(found, { won: 1, lost: 1, failed: 1 })
      }).pipe(Effect.provide(hedging(Script.sequence(
        after(60, "first"),
        after(1, "second"),
        after(7, "first"),
        after(60, "second"),
        Script.status(529).pipe(Script.delay("8 seconds")),
        Script.status(529)
      )))))

    it.effect("count the prompt that was sent twice", () =>
      Effect.gen(function*() {
        const found = yield* counted(patiently(ask), Metrics.tokens, "claude.token.class")

        assert.deepStrictEqual(found, { hedged_input: 10 })
      }).pipe(Effect.provide(hedging(Script.sequence(after(60, "first"), after(1, "second"))))))
  })
})
