/**
 * How a policy decides: the pure decision, and the decisions about one call.
 *
 * `RetryPolicy` exports what is here. A policy of a schedule has to be stepped, for
 * the driver and for the view of a policy as a schedule alike.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as RetryDecision from "@effect-claude/core/RetryDecision"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Pipeable } from "effect/Pipeable"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import * as Backoff from "../../Backoff.ts"
import type * as RetryBudget from "../../RetryBudget.ts"
import * as Deadline from "../time/deadline.ts"
import * as Span from "../time/duration.ts"

/**
 * Whether a request is sent again when the server may have acted on it. The API
 * has no idempotency key, so such a retry may be billed twice.
 *
 * - `ifRepeatable`: unless the request runs server-side tools, MCP or a container
 * - `always`, `never`
 */
export type UnknownOutcome = "ifRepeatable" | "always" | "never"

/**
 * A retry about to happen.
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
 * Draws the ceilings of the delays of one call. It is given the time of a failure
 * in milliseconds and the error, and returns undefined where it has ended.
 */
export type Ceilings = (now: number, error: ClaudeError) => Effect.Effect<Duration.Duration | undefined>

/**
 * A retry policy, as data.
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
  /** Starts the schedule of one call. Undefined where delays are those of the exponential backoff. */
  readonly ceilings: Effect.Effect<Ceilings> | undefined
  /** What runs before each wait. */
  readonly onRetry: ReadonlyArray<(event: RetryEvent) => Effect.Effect<void>>
}

/**
 * Decides about the failures of one call, one after another: draws chance, steps the
 * schedule of the policy if it has one, and decides.
 */
export type Decider = (
  now: number,
  input: Omit<RetryDecision.Input, "draw" | "ceiling">
) => Effect.Effect<RetryDecision.RetryDecision>

/** Decides what to do about a failed attempt. Pure and total. */
export const decide = (self: RetryPolicy, input: RetryDecision.Input): RetryDecision.RetryDecision => {
  const { error, n } = input
  if (error.contentHandedOut === true) return RetryDecision.giveUp("committed")
  if (!ErrorTable.isRetryable(error)) return RetryDecision.giveUp("notRetryable")
  if (error.attempts !== undefined && isExhausted(error.attempts)) return RetryDecision.giveUp(error.attempts.gaveUp)
  if (mayHaveActed(error) && !repeats(self, input.repeatable ?? error.repeatable)) {
    return RetryDecision.giveUp("unknownOutcome")
  }
  if (!(n <= self.maxRetries)) return RetryDecision.giveUp("maxRetries")
  const left = Duration.toMillis(self.deadline) - Duration.toMillis(input.elapsed)
  const hint = Duration.toMillis(Backoff.hint(error))
  if (hint > Duration.toMillis(self.hintLimit)) return RetryDecision.giveUp("hintTooLong")
  if (hint > 0 && hint >= left) return RetryDecision.giveUp("hintPastDeadline")
  const drawn = Duration.toMillis(
    input.ceiling === undefined
      ? Backoff.delay(self, n, error, input.draw.jitter)
      : Backoff.draw(self, input.ceiling, input.draw.jitter)
  )
  const spread = hint > 0 ? input.draw.spread * Duration.toMillis(self.hintSpread) : 0
  const delay = Duration.millis(Math.max(drawn, hint) + spread)
  return Duration.toMillis(delay) < left ? RetryDecision.wait(delay) : RetryDecision.giveUp("deadline")
}

/** Starts deciding about one call. */
export const decider = (self: RetryPolicy): Effect.Effect<Decider> =>
  self.ceilings === undefined
    ? Effect.succeed((_, input) => Effect.map(chance, (draw) => decide(self, { ...input, draw })))
    : Effect.map(self.ceilings, (next): Decider => (now, input) =>
      Effect.flatMap(chance, (draw) => {
        const guarded = decide(self, { ...input, draw, ceiling: Duration.zero })
        if (guarded._tag === "GiveUp") return Effect.succeed(guarded)
        return Effect.clockWith((clock) => {
          const startedAt = Deadline.now(clock)
          return Effect.map(next(now, input.error), (ceiling) => {
            if (ceiling === undefined) return RetryDecision.giveUp("schedule")
            const took = Duration.millis(Deadline.now(clock) - startedAt)
            const sum = Duration.millis(Duration.toMillis(took) + Duration.toMillis(ceiling))
            return remaining(decide(self, { ...input, draw, ceiling: sum }), took)
          })
        })
      }))

/** Returns the step of a policy as a schedule. It waits for the server's hint itself, so that no combinator undercuts it. */
export const step = (self: RetryPolicy) => (decideNext: Decider) => (step: Schedule.InputMetadata<ClaudeError>) =>
  Effect.gen(function*() {
    const elapsed = Duration.millis(step.elapsed)
    const error = step.input
    const n = step.attempt
    const decision = yield* decideNext(step.now, { n, elapsed, error })
    if (decision._tag === "GiveUp") return yield* Cause.done<RetryDecision.RetryDecision>(decision)
    for (const notify of self.onRetry) yield* notify({ n, error, elapsed, delay: decision.delay })
    const floor = Span.least(Backoff.hint(error), decision.delay)
    if (!Span.isZero(floor)) yield* Effect.sleep(floor)
    const next: [RetryDecision.RetryDecision, Duration.Duration] = [decision, less(decision.delay, floor)]
    return next
  })

/** Draws the chance one decision needs. */
export const chance: Effect.Effect<RetryDecision.Draw> = Effect.flatMap(
  Random.next,
  (jitter) => Effect.map(Random.next, (spread) => ({ jitter, spread }))
)

const less = (delay: Duration.Duration, by: Duration.Duration): Duration.Duration =>
  Duration.millis(Math.max(0, Duration.toMillis(delay) - Duration.toMillis(by)))

const remaining = (decision: RetryDecision.RetryDecision, took: Duration.Duration): RetryDecision.RetryDecision =>
  decision._tag === "GiveUp" ? decision : RetryDecision.wait(less(decision.delay, took))

/** Whether a driver retried the call already, or stopped for a reason that holds for everyone who would retry it. */
const isExhausted = ({ count, gaveUp }: RetryDecision.Attempts): boolean =>
  count > 1 || gaveUp === "budget" || gaveUp === "deadline" || gaveUp === "hintTooLong" || gaveUp === "hintPastDeadline"

const mayHaveActed = (error: ClaudeError): boolean => error.outcome === "unknown" || error.outcome === "partial"

const repeats = (self: RetryPolicy, repeatable: boolean | undefined): boolean =>
  self.unknownOutcome === "always" || (self.unknownOutcome === "ifRepeatable" && repeatable !== false)
