/**
 * The laws of retry policies, of schedules that retry, and of what drives them.
 *
 * A policy is a pure decision, so its laws are properties: hundreds of inputs are
 * generated, and the first that breaks a law is shrunk and reported with the
 * statement of the law. A `Schedule` of Effect's is checked in the same way. The
 * laws of a driver are checked by running calls against a scripted API on a test
 * clock. Any policy can be checked, not only those of this SDK: it is a function
 * from `RetryDecision.Input` to `RetryDecision`, with the numbers it was made of.
 *
 * **Example** (Catching a policy that retries whatever happens)
 *
 * ```ts
 * import * as RetryDecision from "@effect-claude/core/RetryDecision"
 * import * as RetryLaws from "@effect-claude/testing/RetryLaws"
 * import * as Duration from "effect/Duration"
 * import * as Effect from "effect/Effect"
 *
 * const impatient: RetryLaws.Policy = {
 *   decide: ({ n }) => n > 3 ? RetryDecision.giveUp("maxRetries") : RetryDecision.wait(Duration.millis(10)),
 *   parameters: { ...RetryLaws.standard, maxRetries: 3 }
 * }
 *
 * const broken = await Effect.runPromise(Effect.flip(RetryLaws.check(impatient)))
 *
 * broken.law // => "P14"
 * ```
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as RetryDecision from "@effect-claude/core/RetryDecision"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Arbitrary from "effect/Arbitrary"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Arbitraries from "./Arbitraries.ts"
import * as DriverLaws from "./internal/driverLaws.ts"
import * as PolicyLaws from "./internal/policyLaws.ts"
import * as ScheduleLaws from "./internal/scheduleLaws.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The name of a law.
 *
 * @category models
 * @since 0.1.0
 */
export type Name =
  | "P1"
  | "P2"
  | "P3"
  | "P4"
  | "P5"
  | "P6"
  | "P7"
  | "P8"
  | "P9"
  | "P10"
  | "P11"
  | "P12"
  | "P13"
  | "P14"
  | ScheduleLaws.Name

/**
 * The numbers a policy was made of.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameters {
  /** How many times a request may be sent again. */
  readonly maxRetries: number
  /** The first ceiling, after a transport failure or a 5xx. */
  readonly base: Duration.Input
  /** The first ceiling after an overload, or a rate limit that came without a hint. */
  readonly throttledBase: Duration.Input
  /** What the ceiling is multiplied with on each retry. */
  readonly factor: number
  /** The highest ceiling. */
  readonly cap: Duration.Input
  /** How a delay is drawn below the ceiling. */
  readonly jitter: "full" | "equal" | "none" | { readonly proportional: number }
  /** The longest wait the server may ask for. */
  readonly hintLimit: Duration.Input
  /** At most this much is added to what the server asks for. */
  readonly hintSpread: Duration.Input
  /** No retry starts later than this after the first attempt began. */
  readonly deadline: Duration.Input
}

/**
 * A policy to check.
 *
 * @category models
 * @since 0.1.0
 */
export interface Policy {
  readonly decide: (input: RetryDecision.Input) => RetryDecision.RetryDecision
  readonly parameters: Parameters
}

/**
 * Something that retries calls by itself: a client over the `HttpClient` it is
 * made with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Driver {
  /** Makes one call: `POST /v1/messages` with any small request. */
  readonly call: Effect.Effect<unknown, ClaudeError>
  /** Makes one call for a stream. */
  readonly stream: Stream.Stream<StreamEvent, ClaudeError>
  /** How much of the retry budget is left. */
  readonly available: Effect.Effect<number>
  /** The numbers the budget was made of. */
  readonly budget: {
    readonly capacity: number
    readonly cost: number
    readonly hintedCost: number
    readonly perSuccess: number
    readonly perSecond: number
  }
}

/**
 * The parameters of the SDK's standard policy, to start one's own from.
 *
 * @category constants
 * @since 0.1.0
 */
export const standard: Parameters = {
  maxRetries: 5,
  base: "500 millis",
  throttledBase: "1 second",
  factor: 2,
  cap: "30 seconds",
  jitter: "full",
  hintLimit: "60 seconds",
  hintSpread: "1 second",
  deadline: "120 seconds"
}

/**
 * The laws, in words.
 *
 * @category constants
 * @since 0.1.0
 */
export const statements: { readonly [N in Name]: string } = {
  P1: "Without a hint the delay is within the bounds of the jitter, and at most the cap.",
  P2: "Ceilings do not fall: the same chance never gives a shorter delay for a later retry.",
  P3: "A hint within the limit is a floor, and at most the spread is added to it or to the backoff.",
  P4: "A hint above the limit, or past the deadline, gives up; it is never an early retry.",
  P5: "No retry starts at or after the deadline.",
  P6: "There are at most maxRetries retries, and none of what is not retryable or was handed out in part.",
  P7: "What retries withdraw is at most the budget's capacity and what was returned to it.",
  P8: "A call that succeeds at once waits for nothing and withdraws nothing.",
  P9: "A call interrupted while it waits makes no further attempt, and its withdrawal is refunded.",
  P10: "The same input gives the same decision.",
  P11: "What a stream delivers is the events of one attempt.",
  P12: "Reading a hint is total: it takes seconds, fractions, zero and later dates, and nothing else.",
  P13: "maxRetries and deadline commute, and a policy that never retries makes one attempt.",
  P14: "Every failure is decided, x-should-retry first, then codes that waiting does not help.",
  S1: "Without a hint a wait is at most the cap, jitter included.",
  S2: "Waits grow from retry to retry, up to the cap.",
  S3: "A hint within the limit is a floor.",
  S4: "A hint above the limit stops the schedule; it is neither obeyed nor undercut.",
  S5: "No retry starts at or after the deadline, counted from the first failure.",
  S6: "There are at most maxRetries retries.",
  S7: "The schedule stops at errors that are not retryable, and once content was handed out.",
  S8: "Callers that fail together do not wait alike.",
  S9: "Every wait is finite and not negative, and the schedule itself does not fail.",
  S10: "What a schedule did for one call does not change what it does for the next."
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for checking.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How many inputs each law is tried with.
   *
   * @default 500
   */
  readonly runs?: number | undefined
  /**
   * @default 0
   */
  readonly seed?: number | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A law that does not hold, with a small counterexample.
 *
 * @category errors
 * @since 0.1.0
 */
export class BrokenLaw extends Data.TaggedError("BrokenLaw")<{
  readonly law: Name
  /** The law, in words. */
  readonly statement: string
  /** What was seen instead. */
  readonly violation: string
  /** The input that shows it, shrunk. */
  readonly counterexample: unknown
}> {
  override get message(): string {
    return `${this.law} is broken: ${this.statement} ${this.violation}`
  }
}

// -----------------------------------------------------------------------------
// policies
// -----------------------------------------------------------------------------

/**
 * Checks the laws of a pure policy (P1 to P6, P10, P14) and fails with the
 * first that is broken.
 *
 * @category checking
 * @since 0.1.0
 */
export const check = (policy: Policy, options?: Options): Effect.Effect<void, BrokenLaw> => {
  const inputs = Arbitraries.retryInput({
    maxRetries: policy.parameters.maxRetries + 2,
    elapsed: Duration.times(Duration.fromInputUnsafe(policy.parameters.deadline), 1.2)
  })
  const broken = (law: (typeof PolicyLaws.names)[number]) =>
    firstOf(law, inputs, (input) => PolicyLaws.violation(law, policy, input), options)
  // All laws at once first, which is all a sound policy needs; then each by itself, so that it shrinks by itself.
  return Effect.flatMap(
    Arbitrary.checkEffect(
      inputs,
      (input) => PolicyLaws.names.every((law) => PolicyLaws.violation(law, policy, input) === undefined),
      { ...settings(options), maxShrinks: 0 }
    ),
    (result) => result._tag === "Passed" ? Effect.void : Effect.forEach(PolicyLaws.names, broken, { discard: true })
  )
}

/**
 * Checks a reader of `retry-after-ms` and `retry-after` (P12). It is given
 * headers with names in lower case and the time in milliseconds.
 *
 * @category checking
 * @since 0.1.0
 */
export const checkHints = (
  read: (headers: { readonly [name: string]: string }, now: number) => Duration.Duration | undefined,
  options?: Options
): Effect.Effect<void, BrokenLaw> =>
  firstOf("P12", PolicyLaws.hintHeaders, (headers) => PolicyLaws.hintViolation(read, headers), options)

/**
 * Checks the combinators of a kind of policy (P13).
 *
 * @category checking
 * @since 0.1.0
 */
export const checkCombinators = <P>(
  kind: {
    readonly policy: P
    readonly never: P
    readonly maxRetries: (policy: P, times: number) => P
    readonly deadline: (policy: P, within: Duration.Duration) => P
    readonly decide: (policy: P, input: RetryDecision.Input) => RetryDecision.RetryDecision
  },
  options?: Options
): Effect.Effect<void, BrokenLaw> =>
  firstOf(
    "P13",
    PolicyLaws.combined,
    (given) => PolicyLaws.combinatorViolation(kind, given),
    options
  )

// -----------------------------------------------------------------------------
// schedules
// -----------------------------------------------------------------------------

/**
 * Options of `checkSchedule`: the limits a schedule is held to.
 *
 * @category options
 * @since 0.1.0
 */
export interface ScheduleOptions extends Options {
  /**
   * How many calls each law is tried with.
   *
   * @default 100
   */
  readonly runs?: number | undefined
  /**
   * How many times a request may be sent again.
   *
   * @default 5
   */
  readonly maxRetries?: number | undefined
  /**
   * The longest wait without a hint.
   *
   * @default "30 seconds"
   */
  readonly cap?: Duration.Input | undefined
  /**
   * The longest hint that is obeyed.
   *
   * @default "60 seconds"
   */
  readonly hintLimit?: Duration.Input | undefined
  /**
   * No retry starts later than this after the first failure.
   *
   * @default "120 seconds"
   */
  readonly deadline?: Duration.Input | undefined
}

/**
 * Checks the laws of a `Schedule` that retries calls by itself (S1 to S10), as in
 * `Effect.retry(call, schedule)`, and fails with the first that is broken and a
 * shrunk counterexample. The schedule is stepped on a clock of its own with
 * generated failures; nothing waits.
 *
 * **Details**
 *
 * A schedule cannot keep every law of a policy. It does not see when the first
 * attempt began, so its deadline counts from the first failure. It has no budget.
 * `Stream.retry` starts a schedule anew at the first element of a stream, so S7
 * demands that it stops once content was handed out.
 *
 * **Example** (Finding that a fixed delay does not back off)
 *
 * ```ts
 * import * as RetryLaws from "@effect-claude/testing/RetryLaws"
 * import * as Effect from "effect/Effect"
 * import * as Schedule from "effect/Schedule"
 *
 * const fixed = Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 3 }))
 *
 * const broken = await Effect.runPromise(Effect.flip(RetryLaws.checkSchedule(fixed)))
 *
 * broken.law // => "S7"
 * broken.statement // => "The schedule stops at errors that are not retryable, and once content was handed out."
 * ```
 *
 * @category checking
 * @since 0.1.0
 */
export const checkSchedule = (
  schedule: Schedule.Schedule<unknown, ClaudeError, unknown>,
  options?: ScheduleOptions
): Effect.Effect<void, BrokenLaw> => {
  const bounds: ScheduleLaws.Bounds = {
    maxRetries: options?.maxRetries ?? standard.maxRetries,
    cap: Duration.toMillis(options?.cap ?? standard.cap),
    hintLimit: Duration.toMillis(options?.hintLimit ?? standard.hintLimit),
    deadline: Duration.toMillis(options?.deadline ?? standard.deadline)
  }
  return Effect.forEach(
    ScheduleLaws.laws,
    ({ calls, name, runs, violation }) =>
      Effect.gen(function*() {
        const holds = (call: ScheduleLaws.Call) =>
          Effect.map(violation(schedule, bounds, call), (wrong) => wrong === undefined)
        const { maxShrinks, runs: wanted, seed } = settings({ runs: 100, ...options })
        const result = yield* Arbitrary.checkEffect(calls, holds, { maxShrinks, seed, runs: Math.min(runs, wanted) })
        if (result._tag !== "Falsified") return
        const call = result.shrunkInput
        return yield* broken(name, (yield* violation(schedule, bounds, call)) ?? "", call)
      }),
    { discard: true }
  )
}

// -----------------------------------------------------------------------------
// drivers
// -----------------------------------------------------------------------------

/**
 * Checks the laws of a driver (P7, P8, P9, P11) by running calls against a
 * scripted API on a test clock of its own. `make` is run afresh for each trial.
 *
 * @category checking
 * @since 0.1.0
 */
export const checkDriver = <E>(
  make: Effect.Effect<Driver, E, HttpClient.HttpClient | Scope.Scope>
): Effect.Effect<void, BrokenLaw | E> =>
  Effect.forEach(
    DriverLaws.trials,
    ({ law, run }) =>
      Effect.flatMap(run(make), (violation) =>
        violation === undefined ? Effect.void : Effect.fail(broken(law, violation, undefined))),
    { discard: true }
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const firstOf = <A>(
  law: Name,
  inputs: Arbitrary.Arbitrary<A>,
  violation: (input: A) => string | undefined,
  options: Options | undefined
): Effect.Effect<void, BrokenLaw> =>
  Effect.flatMap(
    Arbitrary.checkEffect(inputs, (input) => violation(input) === undefined, settings(options)),
    (result) =>
      result._tag === "Falsified"
        ? Effect.fail(broken(law, violation(result.shrunkInput) ?? "", result.shrunkInput))
        : Effect.void
  )

const settings = (options: Options | undefined) => ({
  runs: options?.runs ?? 500,
  seed: options?.seed ?? 0,
  maxShrinks: 2000
})

const broken = (law: Name, violation: string, counterexample: unknown): BrokenLaw =>
  new BrokenLaw({ law, statement: statements[law], violation, counterexample })
