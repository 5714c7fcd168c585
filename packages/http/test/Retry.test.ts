import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ClaudeErrors from "@effect-claude/core/ClaudeError"
import * as Retry from "@effect-claude/http/Retry"
import * as RetryBudget from "@effect-claude/http/RetryBudget"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { overloaded, unauthorized } from "./fixtures.ts"

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const runs = { arbitrary: { runs: 200 }, timeout: 60_000 }

const steady = RetryPolicy.standard.pipe(RetryPolicy.jitter("none"))

const unmetered = RetryPolicy.budget(steady, null)

/** What an attempt of a generated run does, and how long it takes. */
const Step = Schema.Struct({
  result: Schema.Literals(["overloaded", "hinted", "reset", "unauthorized", "success"]),
  takes: int(0, 3_000)
})

const failureOf = (result: typeof Step.Type["result"]): ClaudeError | undefined => {
  switch (result) {
    case "overloaded":
      return overloaded()
    case "hinted":
      return overloaded({ retryAfter: Duration.seconds(2) })
    case "reset":
      return new ClaudeErrors.ConnectionError({ message: "reset", outcome: "unknown", phase: "headers" })
    case "unauthorized":
      return unauthorized
    case "success":
      return undefined
  }
}

/** Runs the steps, and notes when each attempt began. */
const attempts = (steps: ReadonlyArray<typeof Step.Type>) => {
  const startedAt: Array<number> = []
  const attempt = (number: number) =>
    Effect.gen(function*() {
      startedAt.push(yield* Clock.currentTimeMillis)
      const step = steps[number - 1] ?? { result: "success", takes: 0 }
      yield* Effect.sleep(step.takes)
      const error = failureOf(step.result)
      return error === undefined ? number : yield* Effect.fail(error)
    })
  return { attempt, startedAt }
}

const patiently = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust("2 hours")
    return yield* Fiber.join(fiber)
  })

describe("Retry", () => {
  describe("retry", () => {
    it.effect("P8 does not wait, draw or withdraw when the first attempt succeeds", () =>
      Effect.gen(function*() {
        const budget = yield* RetryBudget.make({ ...RetryBudget.standard, perSuccess: 0 })
        yield* budget.withdraw(100)
        const seeded = Effect.andThen(
          Retry.retry(() => Effect.succeed("at once"), { policy: RetryPolicy.standard, budget }),
          Random.next
        ).pipe(Random.withSeed("seed"))

        assert.strictEqual(yield* seeded, yield* Random.next.pipe(Random.withSeed("seed")))
        assert.strictEqual(yield* Clock.currentTimeMillis, 0)
        assert.strictEqual(yield* budget.available, 400)
      }))

    it.effect("counts the deadline from the start of the first attempt", () =>
      Effect.gen(function*() {
        const policy = unmetered.pipe(RetryPolicy.deadline("10 seconds"))
        const slow = attempts(Array.from({ length: 9 }, () => ({ result: "overloaded", takes: 4_000 } as const)))
        const error = yield* patiently(Effect.flip(Retry.retry(slow.attempt, { policy })))

        // 4 s of attempt and 1 s of wait, then 4 s and a wait of 2 s that would end at 11 s.
        assert.deepStrictEqual(slow.startedAt, [0, 5_000])
        assert.strictEqual(error.attempts?.gaveUp, "deadline")
        assert.strictEqual(error.attempts?.count, 2)
        assert.deepStrictEqual(error.attempts?.elapsed, Duration.seconds(9))
      }))

    it.effect("never cuts an attempt that is under way", () =>
      Effect.gen(function*() {
        const policy = unmetered.pipe(RetryPolicy.deadline("10 seconds"))
        const slow = attempts([{ result: "overloaded", takes: 0 }, { result: "success", takes: 100_000 }])

        assert.strictEqual(yield* patiently(Retry.retry(slow.attempt, { policy })), 2)
      }))

    it.effect.prop("P6 P5 makes no attempt too many, and none that starts after the deadline", [
      Schema.Array(Step),
      int(0, 8),
      int(0, 30_000)
    ], ([steps, maxRetries, deadline]) =>
      Effect.gen(function*() {
        const policy = RetryPolicy.standard.pipe(RetryPolicy.maxRetries(maxRetries), RetryPolicy.deadline(deadline))
        const { attempt, startedAt } = attempts(steps)
        const exit = yield* patiently(Effect.exit(Retry.retry(attempt, { policy })))

        assert.isAtMost(startedAt.length, maxRetries + 1)
        for (const at of startedAt.slice(1)) assert.isBelow(at, deadline)
        const refused = steps.findIndex(({ result }) => result === "unauthorized")
        if (refused >= 0) assert.isAtMost(startedAt.length, refused + 1)
        if (Exit.isSuccess(exit)) assert.strictEqual(exit.value, startedAt.length)
      }), runs)

    it.effect.prop("P10 gives the same trace for the same seed", [Schema.Array(Step), int(0, 1_000_000)], ([
      steps,
      seed
    ]) =>
      Effect.gen(function*() {
        const trace = Effect.gen(function*() {
          const { attempt, startedAt } = attempts(steps)
          const now = yield* Clock.currentTimeMillis
          yield* patiently(Effect.exit(Retry.retry(attempt, { policy: RetryPolicy.standard })))
          return startedAt.map((at) => at - now)
        }).pipe(Random.withSeed(seed))

        const first = yield* trace
        const second = yield* trace
        assert.strictEqual(second.length, first.length)
        // The second begins later by the clock, where a number has fewer digits behind the point.
        for (const [i, at] of first.entries()) assert.approximately(second[i]!, at, 0.001)
      }), runs)

    it.effect.prop(
      "P7 withdraws no more, over any window, than the bucket holds, is given back, and time returns",
      {
        calls: Schema.Array(Schema.Struct({ at: int(0, 20_000), steps: Schema.Array(Step) })),
        capacity: int(0, 40),
        perSecond: int(0, 3)
      },
      ({ calls, capacity, perSecond }) =>
        Effect.gen(function*() {
          const log: Array<{ readonly at: number; readonly taken: number }> = []
          const bucket = yield* RetryBudget.make({ capacity, perSecond, cost: 5, hintedCost: 1, perSuccess: 1 })
          const noted = (taken: number) =>
            Effect.map(Clock.currentTimeMillis, (at) => {
              log.push({ at, taken })
            })
          const budget: RetryBudget.RetryBudget = {
            ...bucket,
            withdraw: (cost) => Effect.tap(bucket.withdraw(cost), (paid) => paid ? noted(cost) : Effect.void),
            deposit: (tokens) => Effect.andThen(noted(-tokens), bucket.deposit(tokens))
          }
          yield* patiently(Effect.forEach(calls, ({ at, steps }) =>
            Effect.sleep(at).pipe(
              Effect.andThen(Retry.retry(attempts(steps).attempt, { policy: RetryPolicy.standard, budget })),
              Effect.exit
            ), { concurrency: "unbounded" }))

          for (let from = 0; from < log.length; from++) {
            let taken = 0
            let returned = 0
            for (let to = from; to < log.length; to++) {
              if (log[to]!.taken > 0) taken += log[to]!.taken
              else returned -= log[to]!.taken
              const seconds = (log[to]!.at - log[from]!.at) / 1000
              assert.isAtMost(taken, capacity + returned + seconds * perSecond + 1e-9)
            }
          }
          assert.isAtMost(yield* bucket.available, capacity)
        }),
      runs
    )

    it.effect("gives up with the budget named once it is empty", () =>
      Effect.gen(function*() {
        const budget = yield* RetryBudget.make({ ...RetryBudget.standard, capacity: 12, perSecond: 0 })
        const { attempt, startedAt } = attempts(
          Array.from({ length: 9 }, () => ({ result: "overloaded", takes: 0 } as const))
        )
        const error = yield* patiently(Effect.flip(Retry.retry(attempt, { policy: steady, budget })))

        assert.strictEqual(startedAt.length, 3)
        assert.strictEqual(error.attempts?.gaveUp, "budget")
        assert.include(error.message, "the retry budget this layer's calls share is empty")
        assert.strictEqual(yield* budget.available, 2)
      }))

    it.effect("pays less for a retry that waits as long as the server asked", () =>
      Effect.gen(function*() {
        const budget = yield* RetryBudget.make({ ...RetryBudget.standard, perSecond: 0, perSuccess: 0 })
        yield* budget.withdraw(100)
        const { attempt } = attempts([{ result: "hinted", takes: 0 }, { result: "overloaded", takes: 0 }, {
          result: "unauthorized",
          takes: 0
        }])
        yield* patiently(Effect.flip(Retry.retry(attempt, { policy: steady, budget })))

        assert.strictEqual(yield* budget.available, 500 - 100 - 1 - 5)
      }))

    it.effect("returns 1 and what its own retries cost when it succeeds", () =>
      Effect.gen(function*() {
        const budget = yield* RetryBudget.make({ ...RetryBudget.standard, perSecond: 0 })
        yield* budget.withdraw(100)
        const { attempt } = attempts([{ result: "overloaded", takes: 0 }, { result: "hinted", takes: 0 }])
        yield* patiently(Retry.retry(attempt, { policy: steady, budget }))

        assert.strictEqual(yield* budget.available, 401)
      }))

    it.effect.prop("P9 makes no further attempt when interrupted, and takes nothing for the one that was not made", [
      Schema.Array(Step),
      int(0, 20_000)
    ], ([steps, at]) =>
      Effect.gen(function*() {
        const budget = yield* RetryBudget.make({ ...RetryBudget.standard, perSecond: 0, perSuccess: 0 })
        yield* budget.withdraw(250)
        const { attempt, startedAt } = attempts(steps)
        let paidFor = 0
        const policy = steady
        const counted = (number: number) => {
          const before = steps[number - 2]
          if (before !== undefined) paidFor += before.result === "hinted" ? 1 : 5
          return attempt(number)
        }
        const fiber = yield* Effect.forkChild(Retry.retry(counted, { policy, budget }))
        yield* TestClock.adjust(at)
        const made = startedAt.length
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("1 hour")

        assert.strictEqual(startedAt.length, made)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(yield* budget.available, Exit.isSuccess(exit) ? 250 : 250 - paidFor)
      }), runs)

    it.effect("tells onRetry before each wait, with what is waited for", () =>
      Effect.gen(function*() {
        const told: Array<readonly [n: number, delay: number, elapsed: number, tag: string]> = []
        const policy = unmetered.pipe(RetryPolicy.onRetry((event) =>
          Effect.sync(() => {
            told.push([event.n, Duration.toMillis(event.delay), Duration.toMillis(event.elapsed), event.error._tag])
          })
        ))
        const { attempt } = attempts([{ result: "overloaded", takes: 100 }, { result: "reset", takes: 200 }])
        yield* patiently(Retry.retry(attempt, { policy }))

        assert.deepStrictEqual(told, [[1, 1_000, 100, "OverloadedError"], [2, 1_000, 1_300, "ConnectionError"]])
      }))

    it.effect("keeps what the last error says, and adds to it", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          Retry.retry(() => Effect.fail(overloaded({ requestId: "req_1", body: "body" })), {
            policy: RetryPolicy.never
          })
        )

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual(error.requestId, "req_1")
        assert.strictEqual(error.body, "body")
        assert.strictEqual(error.message, "Overloaded")
        assert.strictEqual(error.attempts?.count, 1)
      }))

    it.effect("does not repeat an unknown outcome that may not be repeated", () =>
      Effect.gen(function*() {
        const { attempt, startedAt } = attempts([{ result: "reset", takes: 0 }])
        const error = yield* patiently(Effect.flip(Retry.retry(attempt, { policy: unmetered, repeatable: false })))

        assert.strictEqual(startedAt.length, 1)
        assert.strictEqual(error.attempts?.gaveUp, "unknownOutcome")
      }))
  })
})

describe("RetryBudget", () => {
  describe("make", () => {
    it.effect("starts full, refills with time, and never holds more than its capacity", () =>
      Effect.gen(function*() {
        const budget = yield* RetryBudget.make({ ...RetryBudget.standard, capacity: 10, perSecond: 2 })
        assert.isFalse(yield* budget.withdraw(11))
        assert.isTrue(yield* budget.withdraw(10))
        assert.isFalse(yield* budget.withdraw(1))
        yield* TestClock.adjust("2500 millis")
        assert.strictEqual(yield* budget.available, 5)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* budget.available, 10)
        yield* budget.deposit(100)
        assert.strictEqual(yield* budget.available, 10)
      }))
  })
})
