/**
 * A limit as a token bucket in a shared store, and how long to wait for it.
 *
 * What is taken is taken at once, and the wait is for the debt to be paid: so
 * whoever comes later, in this process or another, waits behind it. A need larger
 * than the bucket goes when the bucket is full.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as RateLimiter from "effect/persistence/RateLimiter"

/** A bucket. */
export interface Bucket {
  readonly key: string
  /** How much it holds. */
  readonly capacity: number
  /** How long one token takes to come back, in milliseconds. */
  readonly refill: number
}

/** What is in a bucket after something was taken; below zero, what is owed. */
export interface Level {
  readonly remaining: number
  /** How much of the time to the next token has passed, in milliseconds. */
  readonly elapsed: number
}

/** Creates the bucket of a limit per minute. */
export const make = (
  key: string,
  options: { readonly limit: number; readonly headroom: number; readonly burst: number }
): Bucket => ({
  key,
  capacity: Math.max(1, Math.floor(options.limit * options.burst)),
  refill: 60_000 / (options.limit * (1 - options.headroom))
})

/** Takes tokens, whether or not they are there. A negative number gives back. */
export const take = (
  store: RateLimiter.RateLimiterStore["Service"],
  bucket: Bucket,
  tokens: number
): Effect.Effect<Level, RateLimiter.RateLimiterError> =>
  Effect.map(
    store.tokenBucket({
      key: bucket.key,
      tokens,
      limit: bucket.capacity,
      refillRate: Duration.millis(bucket.refill),
      allowOverflow: true
    }),
    ([remaining, elapsed]) => ({ remaining, elapsed })
  )

/** How long whoever took `need`, and left the bucket at `level`, has to wait, in milliseconds. */
export const wait = (bucket: Bucket, need: number, { elapsed, remaining }: Level): number => {
  const owed = Math.ceil(-remaining - Math.max(0, need - bucket.capacity))
  return owed <= 0 ? 0 : Math.max(0, Math.ceil(owed * bucket.refill - elapsed))
}
