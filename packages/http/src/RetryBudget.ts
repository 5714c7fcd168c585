/**
 * A token bucket that keeps retries in proportion to successes.
 *
 * One bucket is shared by the calls of a layer. A retry withdraws tokens, a
 * success and the passing of time return them, and a retry that is interrupted
 * before it happens gives back what it took. In an outage the bucket runs dry
 * and calls fail after their first attempt instead of multiplying the load. It
 * never holds more than its capacity.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import type * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Check from "./internal/call/policyCheck.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A bucket shared by many calls. Every operation is one atomic step.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryBudget {
  /** The numbers the bucket was made of. */
  readonly options: Options
  /** How many tokens are left. */
  readonly available: Effect.Effect<number>
  /** Takes what a retry costs; false, and nothing taken, when there is not enough. */
  readonly withdraw: (cost: number) => Effect.Effect<boolean>
  /** Gives tokens back: what a retry that did not happen took, or what a success returns. */
  readonly deposit: (tokens: number) => Effect.Effect<void>
}

/**
 * The numbers of a bucket.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How many tokens the bucket holds. It starts full. */
  readonly capacity: number
  /** What a retry costs. */
  readonly cost: number
  /** What a retry costs when it waits as long as the server asked. */
  readonly hintedCost: number
  /** What a success returns, beside what its own retries cost. */
  readonly perSuccess: number
  /** What each second returns. */
  readonly perSecond: number
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Numbers for a program with a handful of concurrent calls: a burst of 100
 * retries, then about one in five seconds, and one more for every five
 * successes.
 *
 * @category options
 * @since 0.1.0
 */
export const standard: Options = { capacity: 500, cost: 5, hintedCost: 1, perSuccess: 1, perSecond: 1 }

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A bucket cannot be made of its numbers.
 *
 * @category errors
 * @since 0.1.0
 */
export class RetryBudgetError extends Data.TaggedError("RetryBudgetError")<{
  /** The number at fault, or an empty text when one is missing. */
  readonly option: string
  /** What is expected of it. It quotes no value. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a full bucket. Fails for numbers that are negative, missing or not
 * numbers.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<RetryBudget, RetryBudgetError> => {
  const problem = Check.budget(options)
  return problem === undefined
    ? Effect.clockWith((clock) => Effect.sync(() => fromClock(options, clock)))
    : Effect.fail(new RetryBudgetError({ option: problem.option, message: OptionCheck.format(problem) }))
}

/**
 * Returns a function that creates one bucket for equal options, and the same one
 * when it is called again: the buckets that the calls of a layer share.
 *
 * @category constructors
 * @since 0.1.0
 */
export const shared = (): (options: Options) => Effect.Effect<RetryBudget> => {
  const buckets = new Map<string, Effect.Effect<RetryBudget>>()
  // Most calls use the same policy, and so the same options.
  let latest: { readonly options: Options; readonly bucket: Effect.Effect<RetryBudget> } | undefined
  const keep = (options: Options, bucket: Effect.Effect<RetryBudget>): Effect.Effect<RetryBudget> => {
    latest = { options, bucket }
    return bucket
  }
  return (options) =>
    latest?.options === options ? latest.bucket : Effect.suspend(() => {
      const key = JSON.stringify(options)
      const found = buckets.get(key)
      if (found !== undefined) return keep(options, found)
      return Effect.flatMap(Effect.orDie(make(options)), (bucket) => {
        const made = Effect.succeed(bucket)
        buckets.set(key, made)
        return keep(options, made)
      })
    })
}

/**
 * Returns numbers that a bucket can be made of: those below 0, and those that are
 * no numbers, are 0.
 *
 * @category constructors
 * @since 0.1.0
 */
export const clamp = (options: Options): Options => ({
  capacity: atLeastZero(options.capacity),
  cost: atLeastZero(options.cost),
  hintedCost: atLeastZero(options.hintedCost),
  perSuccess: atLeastZero(options.perSuccess),
  perSecond: atLeastZero(options.perSecond)
})

const atLeastZero = (number: number): number => typeof number === "number" && number > 0 ? number : 0

/** Creates a full bucket that starts to fill at the time of `clock`. It reads the clock, so callers wrap it in an effect. */
const fromClock = (options: Options, clock: Clock.Clock): RetryBudget => {
  let tokens = options.capacity
  let updatedAt = clock.currentTimeMillisUnsafe()

  const refill = (clock: Clock.Clock): void => {
    const now = clock.currentTimeMillisUnsafe()
    // A clock set back returns nothing, and takes nothing away.
    if (now > updatedAt) tokens = Math.min(options.capacity, tokens + ((now - updatedAt) / 1000) * options.perSecond)
    updatedAt = now
  }

  const step = <A>(f: () => A): Effect.Effect<A> =>
    Effect.clockWith((clock) => {
      refill(clock)
      return Effect.succeed(f())
    })

  return {
    options,
    available: step(() => tokens),
    withdraw: (cost) =>
      step(() => {
        if (tokens < cost) return false
        tokens -= cost
        return true
      }),
    deposit: (amount) =>
      step(() => {
        tokens = Math.min(options.capacity, tokens + amount)
      })
  }
}
