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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Result from "effect/Result"
import * as Backoff from "./Backoff.ts"
import * as Watchdog from "./internal/watchdog.ts"
import type * as RetryBudget from "./RetryBudget.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * What the driver is given beside the attempt.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Which failures are followed by another attempt, and when. */
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
 * Runs an attempt, and again for as long as the policy says. The attempt is
 * told its number, 1 for the first.
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
  Effect.clockWith((clock) => {
    const startedAt = Watchdog.now(clock)
    const elapsed = () => Duration.millis(Watchdog.now(clock) - startedAt)
    return run(attempt, options, elapsed)
  }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const run = Effect.fnUntraced(function*<A, R>(
  attempt: (number: number) => Effect.Effect<A, ClaudeError, R>,
  { budget, policy, repeatable }: Options,
  elapsed: () => Duration.Duration
): Effect.fn.Return<A, ClaudeError, R> {
  let spent = 0
  for (let n = 1;; n++) {
    const result = yield* Effect.result(attempt(n))
    if (Result.isSuccess(result)) {
      if (budget !== undefined) yield* budget.deposit(budget.options.perSuccess + spent)
      return result.success
    }
    const error = result.failure
    const input = { n, elapsed: elapsed(), error, repeatable, draw: yield* RetryPolicy.chance }
    const decision = RetryPolicy.decide(policy, input)
    if (decision._tag === "GiveUp") return yield* final(error, n, input.elapsed, decision.reason)
    const cost = costOf(budget, error)
    const paid = yield* pay(budget, cost, waiting(policy, { n, error, elapsed: input.elapsed, delay: decision.delay }))
    if (!paid) return yield* final(error, n, input.elapsed, "budget")
    spent += cost
  }
})

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
  return Duration.isZero(Backoff.hint(error)) ? budget.options.cost : budget.options.hintedCost
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
  const tried = `Gave up after ${count} ${count === 1 ? "attempt" : "attempts"} in ${Duration.format(elapsed)}`
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
      const asked = error.retryAfter === undefined ? "" : ` of ${Duration.format(error.retryAfter)}`
      return `${tried}: the wait the server asks for${asked} is longer than the policy allows.`
    }
    case "budget":
      return `${tried}: the retry budget this layer's calls share is empty.`
    case "unknownOutcome":
      return `${tried}: the server may have acted on the request, and the policy does not repeat that.`
  }
}
