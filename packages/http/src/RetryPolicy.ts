/**
 * Decides which failed requests are sent again, when, and when to stop.
 *
 * A policy is plain data, and `decide` is a pure function of it: time, chance
 * and the failure are given, so a policy can be stepped and property-tested
 * without a clock. The backoff grows exponentially with jitter and never exceeds
 * its cap; a delay the server asked for is never undercut and never jittered
 * below; no retry starts at or after the deadline.
 *
 * `Retry` applies a policy to requests and to the opening of streams; `schedule`
 * gives the same decision as an ordinary `Schedule`.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as RetryDecision from "@effect-claude/core/RetryDecision"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import { type Pipeable, Prototype } from "effect/Pipeable"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Backoff from "./Backoff.ts"
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
export type UnknownOutcome = "ifRepeatable" | "always" | "never"

/**
 * A retry about to happen.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryEvent {
  /** The number of the retry: 1 after the first attempt failed. */
  readonly n: number
  /** How the latest attempt failed. */
  readonly error: ClaudeError
  /** How long is waited before the next attempt. */
  readonly delay: Duration.Duration
  /** Time since the first attempt began. */
  readonly elapsed: Duration.Duration
}

/**
 * A retry policy, as data.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryPolicy extends Backoff.Backoff, Pipeable {
  /** How many times a request may be sent again. */
  readonly maxRetries: number
  /** The longest wait the server may ask for. */
  readonly hintLimit: Duration.Duration
  /** At most this much is added to what the server asks for, to spread clients that were told the same. */
  readonly hintSpread: Duration.Duration
  /** No retry starts later than this after the first attempt began. */
  readonly deadline: Duration.Duration
  /** The budget shared by the calls of one layer, or none. */
  readonly budget: RetryBudget.Options | undefined
  /** Whether a request is sent again when the server may have acted on it. */
  readonly unknownOutcome: UnknownOutcome
  /** What runs before each wait. */
  readonly onRetry: ReadonlyArray<(event: RetryEvent) => Effect.Effect<void>>
}

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
} = dual(2, (self: RetryPolicy, input: RetryDecision.Input): RetryDecision.RetryDecision => {
  const { error, n } = input
  if (error.contentHandedOut === true) return RetryDecision.giveUp("committed")
  if (!ErrorTable.isRetryable(error)) return RetryDecision.giveUp("notRetryable")
  if (mayHaveActed(error) && !repeats(self, input.repeatable)) return RetryDecision.giveUp("unknownOutcome")
  if (!(n <= self.maxRetries)) return RetryDecision.giveUp("maxRetries")
  const left = Duration.toMillis(self.deadline) - Duration.toMillis(input.elapsed)
  const hint = Duration.toMillis(Backoff.hint(error))
  if (hint > Duration.toMillis(self.hintLimit)) return RetryDecision.giveUp("hintTooLong")
  if (hint > 0 && hint >= left) return RetryDecision.giveUp("hintPastDeadline")
  const drawn = Duration.toMillis(Backoff.delay(self, n, error, input.draw.jitter))
  const spread = hint > 0 ? input.draw.spread * Duration.toMillis(self.hintSpread) : 0
  const delay = Duration.millis(Math.max(drawn, hint) + spread)
  return Duration.toMillis(delay) < left ? RetryDecision.wait(delay) : RetryDecision.giveUp("deadline")
})

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * The same decision as an ordinary `Schedule`, for `Effect.retry` on effects of
 * one's own. Its outputs are the decisions; the last says why it stopped.
 *
 * **Gotchas**
 *
 * A schedule sees only failures, so its deadline counts from the first failure
 * and not from the start of the first attempt, and it draws on no budget. The
 * SDK's own calls are retried by `Retry`, which knows both.
 *
 * @category conversions
 * @since 0.1.0
 */
export const schedule = (self: RetryPolicy): Schedule.Schedule<RetryDecision.RetryDecision, ClaudeError> =>
  Schedule.fromStepWithMetadata(Effect.succeed((step: Schedule.InputMetadata<ClaudeError>) =>
    Effect.gen(function*() {
      const elapsed = Duration.millis(step.elapsed)
      const error = step.input
      const n = step.attempt
      const decision = decide(self, { n, elapsed, error, draw: yield* chance })
      if (decision._tag === "GiveUp") return yield* Cause.done<RetryDecision.RetryDecision>(decision)
      for (const notify of self.onRetry) yield* notify({ n, error, elapsed, delay: decision.delay })
      return [decision, decision.delay] as [RetryDecision.RetryDecision, Duration.Duration]
    })
  ))

/**
 * Draws the chance one decision needs, from the `Random` service.
 *
 * @category conversions
 * @since 0.1.0
 */
export const chance: Effect.Effect<RetryDecision.Draw> = Effect.flatMap(
  Random.next,
  (jitter) => Effect.map(Random.next, (spread) => ({ jitter, spread }))
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const duration = (input: Duration.Input | undefined, fallback: Duration.Duration): Duration.Duration =>
  input === undefined ? fallback : Duration.fromInputUnsafe(input)

const mayHaveActed = (error: ClaudeError): boolean => error.outcome === "unknown" || error.outcome === "partial"

const repeats = (self: RetryPolicy, repeatable: boolean | undefined): boolean =>
  self.unknownOutcome === "always" || (self.unknownOutcome === "ifRepeatable" && repeatable !== false)
