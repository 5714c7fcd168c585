/** Schedules as policies, and policies as schedules. */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Retry from "@effect-claude/http/Retry"
import * as RetryBudget from "@effect-claude/http/RetryBudget"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as RetryLaws from "@effect-claude/testing/RetryLaws"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Deciding from "../src/internal/call/deciding.ts"
import { anyError, ErrorSigns, overloaded } from "./fixtures.ts"
import { patiently, question, scripted } from "./scripted.ts"

const runs = { arbitrary: { runs: 300 }, timeout: 60_000 }

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Schedules of Effect, right ones and wrong ones. */
const schedules: { readonly [name: string]: Schedule.Schedule<unknown, ClaudeError> } = {
  exponential: Schedule.exponential("1 second"),
  fibonacci: Schedule.fibonacci("100 millis"),
  spaced: Schedule.spaced("2 seconds"),
  fixed: Schedule.fixed("3 seconds"),
  windowed: Schedule.windowed("5 seconds"),
  recurs: Schedule.recurs(3),
  forever: Schedule.forever,
  jittered: Schedule.jittered(Schedule.exponential("10 seconds")),
  minutes: Schedule.spaced("10 minutes"),
  never: Schedule.spaced(Duration.infinity),
  both: Schedule.max([Schedule.exponential("1 second"), Schedule.recurs(4)]),
  either: Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("4 seconds")]),
  concatenated: Schedule.concat(Schedule.recurs(2), Schedule.spaced("7 seconds")),
  policy: RetryPolicy.schedule(RetryPolicy.standard)
}

const Case = Schema.Struct({
  name: Schema.Literals(Object.keys(schedules)),
  seed: int(0, 1_000_000),
  jitter: Schema.Literals(["full", "equal", "none"]),
  maxRetries: int(0, 12),
  deadline: int(0, 200_000),
  failures: Schema.Array(Schema.Struct({ error: ErrorSigns, took: int(0, 20_000), repeatable: Schema.Boolean })).check(
    Schema.isMinLength(1),
    Schema.isMaxLength(10)
  )
})

const policyOf = ({ deadline, jitter, maxRetries, name }: typeof Case.Type) =>
  RetryPolicy.fromSchedule(schedules[name] ?? Schedule.forever).pipe(
    RetryPolicy.jitter(jitter),
    RetryPolicy.maxRetries(maxRetries),
    RetryPolicy.deadline(deadline)
  )

const hintOf = ({ retryAfter }: ClaudeError) => retryAfter === undefined ? 0 : Duration.toMillis(retryAfter)

const requests = Effect.flatMap(ClaudeTest.ClaudeTest, (test) => Effect.map(test.requests, (all) => all.length))

describe("RetryPolicy", () => {
  describe("fromSchedule", () => {
    it.effect.prop("keeps every guard, whatever the schedule proposes", [Case], ([given]) =>
      patiently(
        Effect.gen(function*() {
          const policy = policyOf(given)
          const decide = yield* Deciding.decider(policy)
          const start = yield* Clock.currentTimeMillis
          for (const [i, failure] of given.failures.entries()) {
            yield* Effect.sleep(failure.took)
            const error = anyError(failure.error)
            const failedAt = yield* Clock.currentTimeMillis
            const elapsed = failedAt - start
            const decision = yield* decide(failedAt, {
              n: i + 1,
              elapsed: Duration.millis(elapsed),
              error,
              repeatable: failure.repeatable
            })
            if (decision._tag === "GiveUp") return
            yield* Effect.sleep(decision.delay)
            const waited = (yield* Clock.currentTimeMillis) - failedAt

            assert.isTrue(ErrorTable.isRetryable(error), "an error that is not retryable")
            assert.isAtMost(i + 1, given.maxRetries)
            assert.isAtLeast(waited + 1, hintOf(error), "a hint")
            assert.isAtMost(hintOf(error), 60_000, "a hint above the limit")
            assert.isBelow(elapsed + waited - 1, given.deadline, "the deadline")
            const acted = error.outcome === "unknown" || error.outcome === "partial"
            assert.isFalse(acted && !failure.repeatable, "a request that is not repeatable")
          }
        }).pipe(Random.withSeed(given.seed))
      ), runs)

    it.effect.prop("waits as the schedule does where nothing else is decided", [int(1, 6), int(0, 5000)], ([
      times,
      base
    ]) =>
      Effect.gen(function*() {
        const schedule = Schedule.exponential(base).pipe(Schedule.upTo({ times }))
        const decide = yield* Deciding.decider(
          RetryPolicy.fromSchedule(schedule).pipe(RetryPolicy.deadline("1 day"))
        )
        for (let n = 1; n <= times; n++) {
          assert.deepStrictEqual(yield* decide(0, { n, elapsed: Duration.zero, error: overloaded() }), {
            _tag: "Wait",
            delay: Duration.millis(base * 2 ** (n - 1))
          })
        }
        assert.deepStrictEqual(yield* decide(0, { n: times + 1, elapsed: Duration.zero, error: overloaded() }), {
          _tag: "GiveUp",
          reason: "schedule"
        })
      }), runs)

    it.effect("gives the schedule the error and its hint", () =>
      Effect.gen(function*() {
        const seen: Array<number> = []
        const policy = RetryPolicy.fromSchedule(
          Schedule.spaced("1 second").pipe(
            Schedule.setInputType<ClaudeError>(),
            Schedule.tap(({ input }) => Effect.sync(() => seen.push(hintOf(input))))
          )
        )
        const decide = yield* Deciding.decider(policy)
        yield* decide(0, { n: 1, elapsed: Duration.zero, error: overloaded({ retryAfter: Duration.seconds(7) }) })
        yield* decide(0, { n: 2, elapsed: Duration.zero, error: overloaded({ shouldRetry: false }) })

        assert.deepStrictEqual(seen, [7000])
      }))

    it.effect("keeps the guards of the policy it is given", () =>
      Effect.gen(function*() {
        const policy = RetryPolicy.fromSchedule(Schedule.forever, RetryPolicy.interactive)
        const input = { elapsed: Duration.zero, error: overloaded({ retryAfter: Duration.seconds(11) }) }
        const decide = yield* Deciding.decider(policy)

        assert.deepStrictEqual(yield* decide(0, { n: 1, ...input }), { _tag: "GiveUp", reason: "hintTooLong" })
        assert.deepStrictEqual(yield* decide(0, { n: 3, ...input }), { _tag: "GiveUp", reason: "maxRetries" })
      }))

    it.effect("starts the schedule anew for each call", () =>
      Effect.gen(function*() {
        const retry = RetryPolicy.fromSchedule(Schedule.recurs(2))
        for (const expected of [3, 6]) {
          const error = yield* patiently(Effect.flip(Claude.withRetry(Messages.create(question), retry)))
          assert.strictEqual(error.attempts?.gaveUp, "schedule")
          assert.include(error.message, "the policy's schedule has ended")
          assert.strictEqual(yield* requests, expected)
        }
      }).pipe(Effect.provide(scripted(Script.forever(Script.status(529))))))

    it.effect("pays from the budget of its layer", () =>
      Effect.gen(function*() {
        const budget = yield* RetryBudget.make({ ...RetryBudget.standard, capacity: 12, perSecond: 0 })
        const policy = RetryPolicy.fromSchedule(Schedule.forever)
        const error = yield* Effect.flip(Retry.retry(() => Effect.fail(overloaded()), { policy, budget }))

        assert.strictEqual(error.attempts?.gaveUp, "budget")
        assert.strictEqual(error.attempts?.count, 3)
      }))

    it.effect("keeps the laws of schedules, as a schedule", () =>
      RetryLaws.checkSchedule(
        RetryPolicy.schedule(
          RetryPolicy.fromSchedule(Schedule.exponential("1 second").pipe(Schedule.upTo({ times: 5 }))).pipe(
            RetryPolicy.jitter("full")
          )
        )
      ), 60_000)
  })

  describe("schedule", () => {
    it.effect(
      "keeps hints under Schedule.jittered, which changes what is added to them",
      () =>
        RetryLaws.checkSchedule(Schedule.jittered(RetryPolicy.schedule(RetryPolicy.standard)), {
          cap: "36 seconds",
          deadline: "144 seconds"
        }),
      60_000
    )

    it.effect("keeps hints under Schedule.min and modifyDelay", () =>
      Effect.gen(function*() {
        const view = RetryPolicy.schedule(RetryPolicy.standard)
        const error = overloaded({ retryAfter: Duration.seconds(9) })
        const undercutting: ReadonlyArray<Schedule.Schedule<unknown, ClaudeError>> = [
          Schedule.min([view, Schedule.spaced("1 second")]),
          Schedule.modifyDelay(view, () => Effect.succeed(Duration.zero))
        ]
        for (const schedule of undercutting) {
          const waited = yield* patiently(
            Effect.gen(function*() {
              const step = yield* Schedule.toStepWithSleep(schedule)
              const start = yield* Clock.currentTimeMillis
              yield* step(error)
              return (yield* Clock.currentTimeMillis) - start
            })
          )
          assert.isAtLeast(waited, 9000)
        }
      }))

    const view = RetryPolicy.schedule(RetryPolicy.standard)

    const searching = {
      ...question,
      tools: [{ type: "web_search_20250305", name: "web_search" }]
    } as const

    it.effect.each([{ wire: "json" }, { wire: "stream" }] as const)(
      "sends no web search again whose response was lost: $wire",
      ({ wire }) =>
        Effect.gen(function*() {
          const call = Claude.withRetry(Messages.create(searching, { wire }), RetryPolicy.never)
          const error = yield* patiently(Effect.flip(Effect.retry(call, view)))

          assert.strictEqual(error.repeatable, false)
          assert.strictEqual(yield* requests, 1)
        }).pipe(Effect.provide(scripted(Script.forever(Script.resetConnection()))))
    )

    it.effect("sends a question again whose response was lost", () =>
      Effect.gen(function*() {
        const call = Claude.withRetry(Messages.create(question), RetryPolicy.never)
        yield* patiently(Effect.retry(call, view))

        assert.strictEqual(yield* requests, 2)
      }).pipe(
        Effect.provide(
          scripted(Script.sequence(Script.resetConnection(), Script.reply("Hi!")))
        )
      ))

    it.effect("ends where the call was retried by its own policy", () =>
      Effect.gen(function*() {
        const error = yield* patiently(Effect.flip(Effect.retry(Messages.create(question), view)))

        assert.strictEqual(error.attempts?.gaveUp, "maxRetries")
        assert.strictEqual(yield* requests, 6)
      }).pipe(Effect.provide(scripted(Script.forever(Script.status(529))))))

    it.effect("ends a Stream.retry once content was handed out", () =>
      Effect.gen(function*() {
        yield* patiently(Effect.flip(Stream.runDrain(Stream.retry(Messages.stream(question), view))))

        assert.strictEqual(yield* requests, 1)
      }).pipe(
        Effect.provide(
          scripted(Script.forever(
            Script.reply("Hi! How are you today?").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 4 }))
          ))
        )
      ))
  })
})
