/**
 * The one driver that applies a `RetryPolicy`: to requests, and to the opening
 * of streams.
 *
 * It knows what a `Schedule` cannot: when the first attempt began. A retry
 * withdraws from the budget when it is decided; if the call is interrupted while
 * it waits, the withdrawal is given back and no further attempt is made. An
 * effect that succeeds at once costs nothing. The final error carries how many
 * attempts were made, how long they took, and why no further one was.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as RetryDecision from "@effect-claude/core/RetryDecision"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Backoff from "./Backoff.ts"
import * as Deciding from "./internal/call/deciding.ts"
import * as Span from "./internal/time/duration.ts"
import type * as RetryBudget from "./RetryBudget.ts"
import type * as RetryPolicy from "./RetryPolicy.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `retry`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Decides which failures are followed by another attempt, and when. */
  readonly policy: RetryPolicy.RetryPolicy
  /** The bucket retries are paid from. Without one, they are free. */
  readonly budget?: RetryBudget.RetryBudget | undefined
  /**
   * Whether the request may be sent again after an unknown outcome.
   *
   * @default true
   */
  readonly repeatable?: boolean | undefined
}

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Runs an attempt, and repeats it as long as the policy allows. The attempt receives
 * its number, 1 for the first.
 *
 * @category combinators
 * @since 0.1.0
 */
export const retry: {
  (options: Options): <A, R>(
    attempt: (number: number) => Effect.Effect<A, ClaudeError, R>
  ) => Effect.Effect<A, ClaudeError, R>
  <A, R>(
    attempt: (number: number) => Effect.Effect<A, ClaudeError, R>,
    options: Options
  ): Effect.Effect<A, ClaudeError, R>
} = dual(2, <A, R>(
  attempt: (number: number) => Effect.Effect<A, ClaudeError, R>,
  options: Options
): Effect.Effect<A, ClaudeError, R> =>
  Effect.clockWith((clock) => from(1, 0, attempt, options, clock, clock.monotonicTimeNanosUnsafe(), undefined)))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Makes the nth attempt and those that follow it. `spent` is the cost of the retries before. */
const from = <A, R>(
  n: number,
  spent: number,
  attempt: (number: number) => Effect.Effect<A, ClaudeError, R>,
  options: Options,
  clock: Clock.Clock,
  startedAt: bigint,
  deciding: Deciding.Decider | undefined
): Effect.Effect<A, ClaudeError, R> => {
  const { budget, policy, repeatable } = options
  return Effect.matchEffect(attempt(n), {
    onSuccess: (value) =>
      budget === undefined
        ? Effect.succeed(value)
        : Effect.as(budget.deposit(budget.options.perSuccess + spent), value),
    onFailure: (failure) => {
      const error = repeatable === false ? failure.with({ repeatable }) : failure
      const elapsed = Duration.millis(Number(clock.monotonicTimeNanosUnsafe() - startedAt) / 1e6)
      const decider = deciding === undefined ? Deciding.decider(policy) : Effect.succeed(deciding)
      return Effect.flatMap(
        decider,
        (decideNext) =>
          Effect.flatMap(decideNext(clock.currentTimeMillisUnsafe(), { n, elapsed, error, repeatable }), (decision) => {
            if (decision._tag === "GiveUp") return Effect.fail(final(error, n, elapsed, decision.reason))
            const cost = costOf(budget, error)
            return Effect.flatMap(
              pay(budget, cost, waiting(policy, { n, error, elapsed, delay: decision.delay })),
              (paid) =>
                paid
                  ? from(n + 1, spent + cost, attempt, options, clock, startedAt, decideNext)
                  : Effect.fail(final(error, n, elapsed, "budget"))
            )
          })
      )
    }
  })
}

/** Withdraws what a retry costs and waits for it. An interrupted wait gives back what it took. */
const pay = (
  budget: RetryBudget.RetryBudget | undefined,
  cost: number,
  wait: Effect.Effect<void>
): Effect.Effect<boolean> =>
  budget === undefined ?
    Effect.as(wait, true) :
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(budget.withdraw(cost), (paid) =>
        paid
          ? Effect.as(Effect.onError(restore(wait), () => budget.deposit(cost)), true)
          : Effect.succeed(false))
    )

const waiting = (policy: RetryPolicy.RetryPolicy, event: RetryPolicy.RetryEvent): Effect.Effect<void> =>
  policy.onRetry.length === 0
    ? Effect.sleep(event.delay)
    : Effect.andThen(
      Effect.forEach(policy.onRetry, (notify) => notify(event), { discard: true }),
      Effect.sleep(event.delay)
    )

const costOf = (budget: RetryBudget.RetryBudget | undefined, error: ClaudeError): number => {
  if (budget === undefined) return 0
  return Span.isZero(Backoff.hint(error)) ? budget.options.cost : budget.options.hintedCost
}

const final = (
  error: ClaudeError,
  count: number,
  elapsed: Duration.Duration,
  gaveUp: RetryDecision.GiveUpReason
): ClaudeError => {
  const attempts = { count, elapsed, gaveUp }
  const explanation = explain(error, attempts)
  return error.with(explanation === undefined ? { attempts } : { attempts, message: `${error.message} ${explanation}` })
}

const explain = (error: ClaudeError, { count, elapsed, gaveUp }: RetryDecision.Attempts): string | undefined => {
  const tried = `Gave up after ${count} ${count === 1 ? "attempt" : "attempts"} in ${Span.format(elapsed)}`
  switch (gaveUp) {
    case "notRetryable":
    case "committed":
      return undefined
    case "maxRetries":
      return count === 1 ? undefined : `${tried}: the policy's retries are spent.`
    case "deadline":
      return `${tried}: the next one would start after the policy's deadline.`
    case "hintTooLong":
    case "hintPastDeadline": {
      const asked = error.retryAfter === undefined ? "" : ` of ${Span.format(error.retryAfter)}`
      return `${tried}: the wait the server asks for${asked} is longer than the policy allows.`
    }
    case "schedule":
      return count === 1 ? undefined : `${tried}: the policy's schedule has ended.`
    case "budget":
      return `${tried}: the retry budget this layer's calls share is empty.`
    case "unknownOutcome":
      return `${tried}: the server may have acted on the request, and the policy does not repeat that.`
  }
}
