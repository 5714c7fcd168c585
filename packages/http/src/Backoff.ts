/**
 * How long to wait between attempts when nobody says: delays that grow
 * exponentially up to a cap, spread by chance.
 *
 * The ceiling of the delay never falls from one retry to the next. What is drawn
 * never exceeds the cap: chance is applied before the cap, never after it.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import * as Span from "./internal/time/duration.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How a delay is drawn, given its ceiling `c`.
 *
 * - `full`: uniform in [0, c], the best under contention
 * - `equal`: uniform in [c/2, c]
 * - `{ proportional: f }`: uniform in [c(1-f), c(1+f)], and never above the cap
 * - `none`: c
 *
 * @category models
 * @since 0.1.0
 */
export type Jitter = "full" | "equal" | "none" | { readonly proportional: number }

/**
 * How delays grow.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backoff {
  /** The first ceiling, after a transport failure or a 5xx. */
  readonly base: Duration.Duration
  /** The first ceiling after an overload, or a rate limit that came without a hint. */
  readonly throttledBase: Duration.Duration
  /** What the ceiling is multiplied with on each retry. */
  readonly factor: number
  /** The highest ceiling. */
  readonly cap: Duration.Duration
  /** How a delay is drawn below the ceiling. */
  readonly jitter: Jitter
}

/**
 * What of a backoff can be chosen. What is left out is as in `RetryPolicy.standard`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The first ceiling of the backoff, after a transport failure or a 5xx.
   *
   * @default "500 millis"
   */
  readonly base?: Duration.Input | undefined
  /**
   * The first ceiling after an overload, or a rate limit that came without a hint.
   *
   * @default "1 second"
   */
  readonly throttledBase?: Duration.Input | undefined
  /**
   * What the ceiling is multiplied with on each retry, at least 1.
   *
   * @default 2
   */
  readonly factor?: number | undefined
  /**
   * The highest ceiling.
   *
   * @default "30 seconds"
   */
  readonly cap?: Duration.Input | undefined
  /**
   * How a delay is drawn below the ceiling.
   *
   * @default "full"
   */
  readonly jitter?: Jitter | undefined
}

// -----------------------------------------------------------------------------
// delays
// -----------------------------------------------------------------------------

/**
 * Returns the ceiling of the delay before the n-th retry: what the backoff has
 * grown to, before chance is applied and without regard to any hint.
 *
 * @category delays
 * @since 0.1.0
 */
export const ceiling: {
  (n: number, error: ClaudeError): (self: Backoff) => Duration.Duration
  (self: Backoff, n: number, error: ClaudeError): Duration.Duration
} = dual(
  3,
  (self: Backoff, n: number, error: ClaudeError): Duration.Duration => Duration.millis(ceilingMillis(self, n, error))
)

/**
 * Draws the delay before the n-th retry. `chance` is in [0, 1).
 *
 * @category delays
 * @since 0.1.0
 */
export const delay: {
  (n: number, error: ClaudeError, chance: number): (self: Backoff) => Duration.Duration
  (self: Backoff, n: number, error: ClaudeError, chance: number): Duration.Duration
} = dual(
  4,
  (self: Backoff, n: number, error: ClaudeError, chance: number): Duration.Duration =>
    below(self, ceilingMillis(self, n, error), chance)
)

/**
 * Draws a delay below a ceiling that the backoff did not compute, such as that of
 * a schedule. The delay is at most the cap. `chance` is in [0, 1).
 *
 * @category delays
 * @since 0.1.0
 */
export const draw: {
  (ceiling: Duration.Duration, chance: number): (self: Backoff) => Duration.Duration
  (self: Backoff, ceiling: Duration.Duration, chance: number): Duration.Duration
} = dual(
  3,
  (self: Backoff, ceiling: Duration.Duration, chance: number): Duration.Duration => {
    const capped = Span.least(self.cap, Span.most(ceiling, Duration.zero))
    return Duration.isFinite(capped) ? below(self, Duration.toMillis(capped), chance) : capped
  }
)

/**
 * Returns how long the server asks to wait. A hint of zero sets no floor and is
 * none.
 *
 * @category delays
 * @since 0.1.0
 */
export const hint = (error: ClaudeError): Duration.Duration =>
  error.retryAfter === undefined ? Duration.zero : Span.most(error.retryAfter, Duration.zero)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const below = (self: Backoff, ceiling: number, chance: number): Duration.Duration => {
  switch (self.jitter) {
    case "full":
      return Duration.millis(chance * ceiling)
    case "equal":
      return Duration.millis(ceiling / 2 + chance * (ceiling / 2))
    case "none":
      return Duration.millis(ceiling)
    default: {
      const spread = self.jitter.proportional
      const drawn = ceiling * (1 - spread + 2 * spread * chance)
      return Span.least(self.cap, Duration.millis(drawn))
    }
  }
}

const ceilingMillis = (self: Backoff, n: number, error: ClaudeError): number => {
  const throttled = error._tag === "OverloadedError" ||
    (error._tag === "RateLimitError" && Span.isZero(hint(error)))
  const base = Duration.toMillis(throttled ? self.throttledBase : self.base)
  return base === 0 ? 0 : Math.min(Duration.toMillis(self.cap), base * self.factor ** Math.max(0, n - 1))
}
