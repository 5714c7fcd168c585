import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import type * as RetryDecision from "@effect-claude/core/RetryDecision"
import * as RetryHint from "@effect-claude/core/RetryHint"
import * as Backoff from "@effect-claude/http/Backoff"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { pipe } from "effect/Function"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { anyError, ErrorSigns, overloaded, unauthorized } from "./fixtures.ts"

const runs = { arbitrary: { runs: 500 }, timeout: 60_000 }

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Chance = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))

/** Numbers every policy can be made of. */
const Numbers = Schema.Struct({
  maxRetries: int(0, 12),
  base: int(0, 5_000),
  throttledBase: int(0, 5_000),
  factor: Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
  cap: int(5_000, 60_000),
  jitter: Schema.Union([
    Schema.Literals(["full", "equal", "none"]),
    Schema.Struct({ proportional: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })) })
  ]),
  hintLimit: int(0, 100_000),
  hintSpread: int(0, 5_000),
  deadline: int(0, 200_000),
  unknownOutcome: Schema.Literals(["ifRepeatable", "always", "never"])
})

const Input = Schema.Struct({
  n: int(1, 14),
  elapsed: int(0, 200_000),
  error: ErrorSigns,
  jitter: Chance,
  spread: Chance,
  repeatable: Schema.Boolean
})

const policyOf = (numbers: typeof Numbers.Type): RetryPolicy.RetryPolicy => Result.getOrThrow(RetryPolicy.make(numbers))

const inputOf = (input: typeof Input.Type): RetryDecision.Input => ({
  n: input.n,
  elapsed: Duration.millis(input.elapsed),
  error: anyError(input.error),
  draw: { jitter: input.jitter, spread: input.spread },
  repeatable: input.repeatable
})

const at = (
  error: ClaudeError.ClaudeError,
  options?: Partial<RetryDecision.Input> & { readonly elapsedMillis?: number }
): RetryDecision.Input => ({
  n: 1,
  elapsed: Duration.millis(options?.elapsedMillis ?? 0),
  draw: { jitter: 0.5, spread: 0.5 },
  error,
  ...options
})

/** What remains when a duration is kept to the nanosecond. */
const grain = 1e-6

const bounds = (policy: RetryPolicy.RetryPolicy, n: number, error: ClaudeError.ClaudeError) => {
  const c = Duration.toMillis(Backoff.ceiling(policy, n, error))
  const cap = Duration.toMillis(policy.cap)
  const [lo, hi] = policy.jitter === "full"
    ? [0, c]
    : policy.jitter === "equal"
    ? [c / 2, c]
    : policy.jitter === "none"
    ? [c, c]
    : [c * (1 - policy.jitter.proportional), c * (1 + policy.jitter.proportional)]
  return { lo: Math.min(lo, cap) - grain, hi: Math.min(hi, cap) + grain }
}

describe("RetryPolicy", () => {
  describe("decide", () => {
    it.effect.prop("P1 without a hint, waits within the bounds of the jitter and below the cap", [Numbers, Input], ([
      numbers,
      input
    ]) =>
      Effect.sync(() => {
        const policy = policyOf(numbers)
        const given = inputOf({ ...input, error: { ...input.error, retryAfter: undefined } })
        const decision = RetryPolicy.decide(policy, given)
        if (decision._tag === "GiveUp") return

        const { hi, lo } = bounds(policy, given.n, given.error)
        assert.isAtLeast(Duration.toMillis(decision.delay), lo)
        assert.isAtMost(Duration.toMillis(decision.delay), hi)
      }), runs)

    it.effect.prop(
      "P2 never lowers the ceiling from one retry to the next",
      [Numbers, Input],
      ([numbers, input]) =>
        Effect.sync(() => {
          const policy = policyOf(numbers)
          const { error, n } = inputOf(input)

          assert.isTrue(
            Duration.isLessThanOrEqualTo(Backoff.ceiling(policy, n, error), Backoff.ceiling(policy, n + 1, error))
          )
        }),
      runs
    )

    it.effect.prop(
      "P3 never undercuts a hint, and adds at most the spread",
      [Numbers, Input],
      ([numbers, input]) =>
        Effect.sync(() => {
          const policy = policyOf(numbers)
          const given = inputOf(input)
          const decision = RetryPolicy.decide(policy, given)
          if (decision._tag === "GiveUp" || given.error.retryAfter === undefined) return

          const hint = Duration.toMillis(given.error.retryAfter)
          const floor = Math.max(
            Duration.toMillis(Backoff.delay(policy, given.n, given.error, given.draw.jitter)),
            hint
          )
          assert.isAtLeast(Duration.toMillis(decision.delay), floor - grain)
          assert.isAtMost(Duration.toMillis(decision.delay), floor + Duration.toMillis(policy.hintSpread) + grain)
        }),
      runs
    )

    it.effect.prop(
      "P4 gives up at once on a hint it cannot obey",
      [Numbers, Input],
      ([numbers, input]) =>
        Effect.sync(() => {
          const policy = policyOf(numbers)
          const given = inputOf(input)
          const hint = given.error.retryAfter
          if (hint === undefined || Duration.isZero(hint)) return
          const tooLong = Duration.isGreaterThan(hint, policy.hintLimit)
          const late = Duration.isGreaterThanOrEqualTo(Duration.sum(given.elapsed, hint), policy.deadline)
          const decision = RetryPolicy.decide(policy, given)

          if (tooLong || late) assert.strictEqual(decision._tag, "GiveUp")
        }),
      runs
    )

    it.effect.prop(
      "P5 starts no retry at or after the deadline",
      [Numbers, Input],
      ([numbers, input]) =>
        Effect.sync(() => {
          const policy = policyOf(numbers)
          const given = inputOf(input)
          const decision = RetryPolicy.decide(policy, given)
          if (decision._tag === "GiveUp") return

          assert.isBelow(
            Duration.toMillis(given.elapsed) + Duration.toMillis(decision.delay),
            Duration.toMillis(policy.deadline)
          )
        }),
      runs
    )

    it.effect.prop("P6 makes no more retries than allowed, and none for what is not retryable", [Numbers, Input], ([
      numbers,
      input
    ]) =>
      Effect.sync(() => {
        const policy = policyOf(numbers)
        const given = inputOf(input)
        if (RetryPolicy.decide(policy, given)._tag === "GiveUp") return

        assert.isAtMost(given.n, policy.maxRetries)
        assert.isTrue(ErrorTable.isRetryable(given.error))
      }), runs)

    it.effect.prop("P10 decides the same on the same input", [Numbers, Input], ([numbers, input]) =>
      Effect.sync(() => {
        assert.deepStrictEqual(
          RetryPolicy.decide(policyOf(numbers), inputOf(input)),
          RetryPolicy.decide(policyOf(numbers), inputOf(input))
        )
      }), runs)

    it.effect.prop("P13 does not mind the order of maxRetries and deadline", [
      Numbers,
      Input,
      int(0, 9),
      int(0, 99_999)
    ], ([
      numbers,
      input,
      times,
      within
    ]) =>
      Effect.sync(() => {
        const policy = policyOf(numbers)
        const one = policy.pipe(RetryPolicy.maxRetries(times), RetryPolicy.deadline(within))
        const other = policy.pipe(RetryPolicy.deadline(within), RetryPolicy.maxRetries(times))

        assert.deepStrictEqual(RetryPolicy.decide(one, inputOf(input)), RetryPolicy.decide(other, inputOf(input)))
      }), runs)

    it.effect.prop("P13 never retries under `never`", [Input], ([input]) =>
      Effect.sync(() => {
        assert.strictEqual(RetryPolicy.decide(RetryPolicy.never, inputOf(input))._tag, "GiveUp")
      }), runs)

    it.effect.prop("P14 decides about every failure, and repeats nothing that may have acted against the policy", [
      Numbers,
      Input
    ], ([numbers, input]) =>
      Effect.sync(() => {
        const policy = policyOf(numbers)
        const given = inputOf(input)
        const decision = RetryPolicy.decide(policy, given)

        assert.include(["Wait", "GiveUp"], decision._tag)
        const acted = given.error.outcome === "unknown" || given.error.outcome === "partial"
        if (decision._tag === "Wait" && acted) {
          assert.isTrue(
            policy.unknownOutcome === "always" || (policy.unknownOutcome === "ifRepeatable" && input.repeatable)
          )
        }
        if (decision._tag === "Wait") assert.notStrictEqual(given.error.shouldRetry, false)
      }), runs)

    it.effect.prop("P12 reads any hint, and waits for none that is not a time from now on", [
      Schema.String,
      Schema.Finite
    ], ([
      text,
      number
    ]) =>
      Effect.sync(() => {
        for (const value of [text, String(number), `${number} `, new Date(Math.abs(number) % 8e15).toUTCString()]) {
          const { retryAfter } = RetryHint.fromHeaders({ "retry-after": value }, 0)
          if (retryAfter !== undefined) {
            assert.isAtLeast(Duration.toMillis(retryAfter), 0)
            assert.isTrue(Duration.isFinite(retryAfter))
          }
        }
      }), runs)

    const reasons: ReadonlyArray<
      readonly [why: RetryDecision.GiveUpReason, error: ClaudeError.ClaudeError, options?: Parameters<typeof at>[1]]
    > = [
      ["notRetryable", unauthorized],
      ["notRetryable", overloaded({ shouldRetry: false })],
      ["notRetryable", new ClaudeError.SpendLimitError({ message: "", outcome: "rejected", shouldRetry: true })],
      ["committed", overloaded({ contentHandedOut: true })],
      ["maxRetries", overloaded(), { n: 6 }],
      ["hintTooLong", overloaded({ retryAfter: Duration.minutes(61) })],
      ["hintPastDeadline", overloaded({ retryAfter: Duration.seconds(40) }), { elapsedMillis: 80_000 }],
      ["deadline", overloaded(), { elapsedMillis: 119_500 }],
      ["unknownOutcome", overloaded({ outcome: "unknown" }), { repeatable: false }]
    ]
    for (const [why, error, options] of reasons) {
      it(`gives up with ${why}: ${error._tag} ${JSON.stringify({ ...options, hint: error.retryAfter })}`, () => {
        assert.deepStrictEqual(RetryPolicy.decide(RetryPolicy.standard, at(error, options)), {
          _tag: "GiveUp",
          reason: why
        })
      })
    }

    it("retries what is not retried as such when the server says so", () => {
      const conflict = new ClaudeError.ConflictError({ message: "", outcome: "rejected", shouldRetry: true })
      assert.strictEqual(RetryPolicy.decide(RetryPolicy.standard, at(conflict))._tag, "Wait")
    })

    it("backs off from an overload at twice the base of other failures", () => {
      const policy = RetryPolicy.jitter(RetryPolicy.standard, "none")
      const reset = new ClaudeError.ConnectionError({ phase: "headers", message: "", outcome: "unknown" })
      const limited = new ClaudeError.RateLimitError({ message: "", outcome: "rejected" })
      const delay = (error: ClaudeError.ClaudeError) => RetryPolicy.decide(policy, at(error))

      assert.deepStrictEqual(delay(overloaded()), { _tag: "Wait", delay: Duration.seconds(1) })
      assert.deepStrictEqual(delay(limited), { _tag: "Wait", delay: Duration.seconds(1) })
      assert.deepStrictEqual(delay(reset), { _tag: "Wait", delay: Duration.millis(500) })
    })

    it("obeys a hint of exactly the limit", () => {
      const error = overloaded({ retryAfter: Duration.seconds(60) })
      assert.strictEqual(RetryPolicy.decide(RetryPolicy.standard, at(error))._tag, "Wait")
    })

    it("repeats what the server may have acted on only as the policy says", () => {
      const may = (when: RetryPolicy.UnknownOutcome, outcome: ClaudeError.Outcome, repeatable: boolean) => {
        const policy = RetryPolicy.unknownOutcome(RetryPolicy.standard, when)
        return RetryPolicy.decide(policy, at(overloaded({ outcome }), { repeatable }))._tag === "Wait"
      }
      for (const outcome of ["unknown", "partial"] as const) {
        assert.deepStrictEqual([may("always", outcome, true), may("always", outcome, false)], [true, true])
        assert.deepStrictEqual([may("ifRepeatable", outcome, true), may("ifRepeatable", outcome, false)], [true, false])
        assert.deepStrictEqual([may("never", outcome, true), may("never", outcome, false)], [false, false])
      }
      for (const outcome of ["notSent", "rejected"] as const) {
        assert.isTrue(may("never", outcome, false))
      }
    })

    it("takes a hint of less than zero for none", () => {
      assert.deepStrictEqual(Backoff.hint(overloaded({ retryAfter: Duration.millis(-5) })), Duration.zero)
    })

    it("takes a hint of zero for none", () => {
      const error = overloaded({ retryAfter: Duration.zero })
      assert.deepStrictEqual(RetryPolicy.decide(RetryPolicy.standard, at(error)), {
        _tag: "Wait",
        delay: Duration.millis(500)
      })
    })
  })

  describe("presets", () => {
    const numbers = (policy: RetryPolicy.RetryPolicy) => [
      policy.maxRetries,
      Duration.toSeconds(policy.base),
      Duration.toSeconds(policy.throttledBase),
      policy.factor,
      Duration.toSeconds(policy.cap),
      policy.jitter,
      Duration.toSeconds(policy.hintLimit),
      Duration.toSeconds(policy.hintSpread),
      Duration.toSeconds(policy.deadline),
      policy.budget?.capacity,
      policy.budget?.cost,
      policy.budget?.hintedCost,
      policy.unknownOutcome
    ]

    it("are the documented numbers", () => {
      assert.deepStrictEqual(numbers(RetryPolicy.standard), [
        5,
        0.5,
        1,
        2,
        30,
        "full",
        60,
        1,
        120,
        500,
        5,
        1,
        "ifRepeatable"
      ])
      assert.deepStrictEqual(numbers(RetryPolicy.interactive), [
        2,
        0.25,
        0.5,
        2,
        4,
        "full",
        10,
        1,
        20,
        500,
        5,
        1,
        "ifRepeatable"
      ])
      assert.deepStrictEqual(
        numbers(RetryPolicy.background),
        [10, 1, 2, 2, 60, "full", 900, 5, 1800, 5000, 5, 1, "ifRepeatable"]
      )
      assert.strictEqual(RetryPolicy.never.maxRetries, 0)
    })
  })

  describe("make", () => {
    it("is standard where nothing is given", () => {
      assert.deepStrictEqual(Result.getOrThrow(RetryPolicy.make()), RetryPolicy.standard)
    })

    const refused: ReadonlyArray<readonly [option: keyof RetryPolicy.Options, options: RetryPolicy.Options]> = [
      ["maxRetries", { maxRetries: -1 }],
      ["maxRetries", { maxRetries: 1.5 }],
      ["maxRetries", { maxRetries: Number.NaN }],
      ["base", { base: -1 }],
      ["base", { base: "31 seconds" }],
      ["throttledBase", { throttledBase: "31 seconds" }],
      ["cap", { cap: Duration.infinity }],
      ["hintSpread", { hintSpread: -1 }],
      ["hintLimit", { hintLimit: -1 }],
      ["deadline", { deadline: -1 }],
      ["factor", { factor: 0.5 }],
      ["factor", { factor: Infinity }],
      ["jitter", { jitter: { proportional: 1.5 } }],
      ["budget", { budget: { capacity: -1, cost: 1, hintedCost: 1, perSecond: 1, perSuccess: 1 } }]
    ]
    for (const [option, options] of refused) {
      it(`refuses ${JSON.stringify(options)} and names ${option}`, () => {
        const error = Result.getOrThrow(Result.flip(RetryPolicy.make(options)))

        assert.strictEqual(error._tag, "RetryPolicyError")
        assert.strictEqual(error.option, option)
        assert.match(error.message, new RegExp(`^${option}: .+\\. Give .+\\.$`))
      })
    }

    it("accepts no limit at all", () => {
      const policy = RetryPolicy.make({
        maxRetries: Infinity,
        deadline: Duration.infinity,
        hintLimit: Duration.infinity,
        budget: null
      })
      assert.isTrue(Result.isSuccess(policy))
    })
  })

  describe("combinators", () => {
    it("take numbers out of range to the nearest in it", () => {
      assert.strictEqual(RetryPolicy.maxRetries(RetryPolicy.standard, -3).maxRetries, 0)
      assert.strictEqual(RetryPolicy.maxRetries(RetryPolicy.standard, Number.NaN).maxRetries, 0)
      assert.strictEqual(RetryPolicy.maxRetries(RetryPolicy.standard, 2.7).maxRetries, 2)
      assert.deepStrictEqual(RetryPolicy.deadline(RetryPolicy.standard, -1).deadline, Duration.zero)
      assert.deepStrictEqual(RetryPolicy.jitter(RetryPolicy.standard, { proportional: 7 }).jitter, { proportional: 1 })
    })

    it("are total for callers without types", () => {
      const name = JSON.parse("\"half\"")
      const numbers = JSON.parse("{\"capacity\":-1,\"cost\":\"5\",\"hintedCost\":null,\"perSuccess\":2}")

      assert.strictEqual(RetryPolicy.jitter(RetryPolicy.standard, name).jitter, "full")
      assert.strictEqual(RetryPolicy.jitter(RetryPolicy.standard, "equal").jitter, "equal")
      assert.deepStrictEqual(RetryPolicy.deadline(RetryPolicy.standard, name).deadline, Duration.zero)
      assert.deepStrictEqual(RetryPolicy.deadline(RetryPolicy.standard, "5 seconds").deadline, Duration.seconds(5))
      assert.include(RetryPolicy.budget(RetryPolicy.standard, numbers).budget, {
        capacity: 0,
        cost: 0,
        hintedCost: 0,
        perSuccess: 2,
        perSecond: 0
      })
    })

    it("change one number and keep the rest", () => {
      assert.deepStrictEqual(
        pipe(
          RetryPolicy.standard,
          RetryPolicy.maxRetries(9),
          RetryPolicy.budget(null),
          RetryPolicy.unknownOutcome("never")
        ),
        Object.assign(Object.create(Object.getPrototypeOf(RetryPolicy.standard)), {
          ...RetryPolicy.standard,
          maxRetries: 9,
          budget: undefined,
          unknownOutcome: "never"
        })
      )
    })
  })

  describe("schedule", () => {
    it.effect.prop("P10 steps as decide does, with the draws of the same seed", [Numbers, int(0, 1_000_000)], ([
      numbers,
      seed
    ]) =>
      Effect.gen(function*() {
        const policy = policyOf(numbers)
        const trace = Effect.gen(function*() {
          const step = yield* Schedule.toStep(RetryPolicy.schedule(policy))
          const out: Array<unknown> = []
          for (let i = 0; i < 8; i++) out.push(yield* Effect.exit(step(i * 1000, overloaded())))
          return out
        }).pipe(Random.withSeed(seed))
        const expected = Effect.gen(function*() {
          const out: Array<RetryDecision.RetryDecision> = []
          for (let i = 0; i < 8; i++) {
            const draw = yield* RetryPolicy.chance
            out.push(RetryPolicy.decide(policy, at(overloaded(), { n: i + 1, elapsedMillis: i * 1000, draw })))
          }
          return out
        }).pipe(Random.withSeed(seed))
        const stepped = yield* trace

        assert.deepStrictEqual(yield* trace, stepped)
        for (const [i, decision] of (yield* expected).entries()) {
          const exit = decision._tag === "Wait"
            ? Effect.succeed([decision, decision.delay])
            : Cause.done(decision)
          assert.deepStrictEqual(stepped[i], yield* Effect.exit(exit))
        }
      }), runs)

    it.effect("retries an effect of one's own, telling onRetry", () =>
      Effect.gen(function*() {
        const told = yield* Ref.make<ReadonlyArray<number>>([])
        const policy = RetryPolicy.standard.pipe(
          RetryPolicy.jitter("none"),
          RetryPolicy.maxRetries(2),
          RetryPolicy.onRetry(({ n }) => Ref.update(told, (ns) => [...ns, n]))
        )
        const attempts = yield* Ref.make(0)
        const fiber = yield* Ref.update(attempts, (n) => n + 1).pipe(
          Effect.andThen(Effect.fail(overloaded())),
          Effect.retry(RetryPolicy.schedule(policy)),
          Effect.flip,
          Effect.forkChild
        )
        yield* TestClock.adjust("999 millis")
        assert.strictEqual(yield* Ref.get(attempts), 1)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* Ref.get(attempts), 2)
        yield* TestClock.adjust("2 seconds")

        assert.strictEqual((yield* Fiber.join(fiber))._tag, "OverloadedError")
        assert.strictEqual(yield* Ref.get(attempts), 3)
        assert.deepStrictEqual(yield* Ref.get(told), [1, 2])
      }))
  })
})
