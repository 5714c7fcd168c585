/**
 * Decides which failed requests are sent again, when, and when to stop.
 *
 * A policy is plain data, and `decide` is a pure function of it: time, chance
 * and the failure are given, so a policy can be stepped and property-tested
 * without a clock. The backoff grows exponentially with jitter and never exceeds
 * its cap; a delay the server asked for is never undercut and never jittered
 * below; no retry starts at or after the deadline.
 *
 * `Retry` applies a policy to requests and to the opening of streams. A policy can
 * take its delays from any `Schedule` (`fromSchedule`), and is one for programs that
 * retry effects of their own (`schedule`).
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as RetryDecision from "@effect-claude/core/RetryDecision"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { Prototype } from "effect/Pipeable"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Backoff from "./Backoff.ts"
import * as Deciding from "./internal/call/deciding.ts"
import type { RetryEvent, RetryPolicy, UnknownOutcome } from "./internal/call/deciding.ts"
import * as Check from "./internal/call/policyCheck.ts"
import * as RetryBudget from "./RetryBudget.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Whether a request is sent again when the server may have acted on it. The API
 * has no idempotency key, so such a retry may be billed twice.
 *
 * - `ifRepeatable`: unless the request runs server-side tools, MCP or a container
 * - `always`, `never`
 *
 * @category models
 * @since 0.1.0
 */
export type { UnknownOutcome } from "./internal/call/deciding.ts"

/**
 * A retry about to happen.
 *
 * @category models
 * @since 0.1.0
 */
export type { RetryEvent } from "./internal/call/deciding.ts"

/**
 * A retry policy, as data.
 *
 * @category models
 * @since 0.1.0
 */
export type { RetryPolicy } from "./internal/call/deciding.ts"

/**
 * Options of `make`. Omitted fields default to those of `standard`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Backoff.Options {
  /**
   * How many times a request may be sent again.
   *
   * @default 5
   */
  readonly maxRetries?: number | undefined
  /**
   * The longest wait the server may ask for. Above it, the call fails at once
   * and its error carries the hint.
   *
   * @default "60 seconds"
   */
  readonly hintLimit?: Duration.Input | undefined
  /**
   * At most this much is added to what the server asks for.
   *
   * @default "1 second"
   */
  readonly hintSpread?: Duration.Input | undefined
  /**
   * No retry starts later than this after the first attempt began. It never
   * cuts an attempt that is under way.
   *
   * @default "120 seconds"
   */
  readonly deadline?: Duration.Input | undefined
  /**
   * The budget shared by the calls of one layer; `null` for none.
   *
   * @default RetryBudget.standard
   */
  readonly budget?: RetryBudget.Options | null | undefined
  /**
   * Whether a request is sent again when the server may have acted on it.
   *
   * @default "ifRepeatable"
   */
  readonly unknownOutcome?: UnknownOutcome | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A policy cannot be made of its options.
 *
 * @category errors
 * @since 0.1.0
 */
export class RetryPolicyError extends Data.TaggedError("RetryPolicyError")<{
  /** The option, such as `cap`. */
  readonly option: string
  /** What is expected of it. It quotes no value. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// presets
// -----------------------------------------------------------------------------

const build = (fields: Omit<RetryPolicy, "pipe">): RetryPolicy => Object.assign(Object.create(Prototype), fields)

/**
 * Policy for programs that want the answer and can wait two minutes for it.
 * Outlives an ordinary overload.
 *
 * @category presets
 * @since 0.1.0
 */
export const standard: RetryPolicy = build({
  maxRetries: 5,
  base: Duration.millis(500),
  throttledBase: Duration.seconds(1),
  factor: 2,
  cap: Duration.seconds(30),
  jitter: "full",
  hintLimit: Duration.seconds(60),
  hintSpread: Duration.seconds(1),
  deadline: Duration.seconds(120),
  budget: RetryBudget.standard,
  unknownOutcome: "ifRepeatable",
  ceilings: undefined,
  onRetry: []
})

/**
 * Policy for when a person is waiting: two quick retries within 20 seconds.
 *
 * @category presets
 * @since 0.1.0
 */
export const interactive: RetryPolicy = build({
  ...standard,
  maxRetries: 2,
  base: Duration.millis(250),
  throttledBase: Duration.millis(500),
  cap: Duration.seconds(4),
  hintLimit: Duration.seconds(10),
  deadline: Duration.seconds(20)
})

/**
 * Policy for work nobody waits for: up to ten retries within half an hour.
 *
 * @category presets
 * @since 0.1.0
 */
export const background: RetryPolicy = build({
  ...standard,
  maxRetries: 10,
  base: Duration.seconds(1),
  throttledBase: Duration.seconds(2),
  cap: Duration.seconds(60),
  hintLimit: Duration.minutes(15),
  hintSpread: Duration.seconds(5),
  deadline: Duration.minutes(30),
  budget: { ...RetryBudget.standard, capacity: 5_000 }
})

/**
 * Policy that makes exactly one attempt.
 *
 * @category presets
 * @since 0.1.0
 */
export const never: RetryPolicy = build({ ...standard, maxRetries: 0, budget: undefined })

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a policy. Fails with the first option that no policy can be made of.
 *
 * **Example** (Refusing a base above the cap)
 *
 * ```ts
 * import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
 * import * as Result from "effect/Result"
 *
 * const policy = RetryPolicy.make({ base: "1 minute", cap: "10 seconds" })
 *
 * Result.isFailure(policy) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Result.Result<RetryPolicy, RetryPolicyError> => {
  const given = options ?? {}
  const refused = Check.refusal(Check.options(given))
  if (refused !== undefined) return Result.fail(new RetryPolicyError(refused))
  const policy = build({
    ...standard,
    maxRetries: given.maxRetries ?? standard.maxRetries,
    base: duration(given.base, standard.base),
    throttledBase: duration(given.throttledBase, standard.throttledBase),
    factor: given.factor ?? standard.factor,
    cap: duration(given.cap, standard.cap),
    jitter: given.jitter ?? standard.jitter,
    hintLimit: duration(given.hintLimit, standard.hintLimit),
    hintSpread: duration(given.hintSpread, standard.hintSpread),
    deadline: duration(given.deadline, standard.deadline),
    budget: given.budget === null ? undefined : given.budget ?? standard.budget,
    unknownOutcome: given.unknownOutcome ?? standard.unknownOutcome
  })
  const problem = Check.refusal(Check.policy(policy))
  return problem === undefined ? Result.succeed(policy) : Result.fail(new RetryPolicyError(problem))
}

/**
 * Creates a policy whose delays are those of a `Schedule`. Its input is the error,
 * with the server's hint in `retryAfter`; its output is not used. The policy ends
 * where the schedule does.
 *
 * **Details**
 *
 * The schedule proposes delays, and everything else is decided as for any policy:
 * hints are a floor, and what must not be sent again is not. These guards are those
 * of `guards`, and the combinators change them; `jitter` draws below the delays of
 * the schedule. Policies have no `min` or `max` of their own: combine schedules.
 * Each call starts the schedule anew.
 *
 * **Example** (Retrying along a Fibonacci sequence)
 *
 * ```ts
 * import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
 * import * as Schedule from "effect/Schedule"
 *
 * const policy = RetryPolicy.fromSchedule(
 *   Schedule.fibonacci("1 second").pipe(Schedule.upTo({ times: 6 }))
 * ).pipe(RetryPolicy.deadline("5 minutes"), RetryPolicy.jitter("equal"))
 *
 * policy.jitter // => "equal"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSchedule = (
  schedule: Schedule.Schedule<unknown, ClaudeError>,
  guards: RetryPolicy = maxRetries(standard, Infinity)
): RetryPolicy =>
  build({
    ...guards,
    cap: Duration.infinity,
    jitter: "none",
    ceilings: Effect.map(Schedule.toStep(schedule), (step): Deciding.Ceilings => (now, error) =>
      Pull.matchEffect(step(now, error), {
        onSuccess: ([, delay]) =>
          Effect.succeed(delay),
        onDone: () => Effect.undefined,
        onFailure: Effect.failCause
      }))
  })

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Sets how many times a request may be sent again. Numbers below 0 are 0.
 *
 * @category combinators
 * @since 0.1.0
 */
export const maxRetries: {
  (times: number): (self: RetryPolicy) => RetryPolicy
  (self: RetryPolicy, times: number): RetryPolicy
} = dual(
  2,
  (self: RetryPolicy, times: number): RetryPolicy => build({ ...self, maxRetries: times > 0 ? Math.floor(times) : 0 })
)

/**
 * Sets the time after which no retry starts, counted from the start of the
 * first attempt. A duration that is negative or cannot be read is zero: no retry.
 *
 * @category combinators
 * @since 0.1.0
 */
export const deadline: {
  (within: Duration.Input): (self: RetryPolicy) => RetryPolicy
  (self: RetryPolicy, within: Duration.Input): RetryPolicy
} = dual(
  2,
  (self: RetryPolicy, within: Duration.Input): RetryPolicy => build({ ...self, deadline: Check.durationOf(within) })
)

/**
 * Sets the budget shared by the calls of one layer, or removes it with `null`.
 * Numbers below 0 are 0.
 *
 * @category combinators
 * @since 0.1.0
 */
export const budget: {
  (options: RetryBudget.Options | null): (self: RetryPolicy) => RetryPolicy
  (self: RetryPolicy, options: RetryBudget.Options | null): RetryPolicy
} = dual(
  2,
  (self: RetryPolicy, options: RetryBudget.Options | null): RetryPolicy =>
    build({ ...self, budget: options === null ? undefined : RetryBudget.clamp(options) })
)

/**
 * Sets how a delay is drawn. A proportion is clamped to [0, 1]; an unknown name is
 * `"full"`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const jitter: {
  (kind: Backoff.Jitter): (self: RetryPolicy) => RetryPolicy
  (self: RetryPolicy, kind: Backoff.Jitter): RetryPolicy
} = dual(2, (self: RetryPolicy, kind: Backoff.Jitter): RetryPolicy => build({ ...self, jitter: Check.jitterOf(kind) }))

/**
 * Sets whether a request is sent again when the server may have acted on it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const unknownOutcome: {
  (when: UnknownOutcome): (self: RetryPolicy) => RetryPolicy
  (self: RetryPolicy, when: UnknownOutcome): RetryPolicy
} = dual(2, (self: RetryPolicy, when: UnknownOutcome): RetryPolicy => build({ ...self, unknownOutcome: when }))

/**
 * Adds an effect that runs before each wait, such as a line that tells the user
 * what is being waited for.
 *
 * @category combinators
 * @since 0.1.0
 */
export const onRetry: {
  (notify: (event: RetryEvent) => Effect.Effect<void>): (self: RetryPolicy) => RetryPolicy
  (self: RetryPolicy, notify: (event: RetryEvent) => Effect.Effect<void>): RetryPolicy
} = dual(
  2,
  (self: RetryPolicy, notify: (event: RetryEvent) => Effect.Effect<void>): RetryPolicy =>
    build({ ...self, onRetry: [...self.onRetry, notify] })
)

// -----------------------------------------------------------------------------
// deciding
// -----------------------------------------------------------------------------

/**
 * Decides what to do about a failed attempt. Pure and total.
 *
 * **Example** (An overload, drawn in the middle)
 *
 * ```ts
 * import * as ClaudeError from "@effect-claude/core/ClaudeError"
 * import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
 * import * as Duration from "effect/Duration"
 *
 * const decision = RetryPolicy.decide(RetryPolicy.standard, {
 *   n: 1,
 *   elapsed: Duration.zero,
 *   error: new ClaudeError.OverloadedError({ message: "Overloaded", outcome: "rejected" }),
 *   draw: { jitter: 0.5, spread: 0 }
 * })
 *
 * decision // => { _tag: "Wait", delay: Duration.millis(500) }
 * ```
 *
 * @category deciding
 * @since 0.1.0
 */
export const decide: {
  (input: RetryDecision.Input): (self: RetryPolicy) => RetryDecision.RetryDecision
  (self: RetryPolicy, input: RetryDecision.Input): RetryDecision.RetryDecision
} = dual(2, Deciding.decide)

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * The same decisions as an ordinary `Schedule`, for `Effect.retry` and `Stream.retry`
 * on effects and streams of one's own. Its outputs are the decisions; the last one
 * gives the reason why it ended.
 *
 * **Details**
 *
 * It keeps every guard that an error can carry. It ends where the call was already
 * retried by its own policy (`attempts`), where the request may not be sent again
 * (`repeatable`), and where content of a stream was handed out (`contentHandedOut`).
 * The server's hint is waited for within the step. So combinators that change
 * delays, such as `Schedule.jittered`, change what is added to a hint and cannot
 * undercut it.
 *
 * **Gotchas**
 *
 * A schedule sees only failures: its deadline counts from the first failure, and it
 * has no budget. `Claude.withRetry` keeps both.
 *
 * @category conversions
 * @since 0.1.0
 */
export const schedule = (self: RetryPolicy): Schedule.Schedule<RetryDecision.RetryDecision, ClaudeError> =>
  Schedule.fromStepWithMetadata(Effect.map(Deciding.decider(self), Deciding.step(self)))

/**
 * Draws the chance one decision needs, from the `Random` service.
 *
 * @category conversions
 * @since 0.1.0
 */
export const chance: Effect.Effect<RetryDecision.Draw> = Deciding.chance

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const duration = (input: Duration.Input | undefined, fallback: Duration.Duration): Duration.Duration =>
  input === undefined ? fallback : Duration.fromInputUnsafe(input)
