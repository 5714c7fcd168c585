/**
 * How the attempts of a request ended. Errors carry this, and policies decide it,
 * so it lies below both.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/** Why no further attempt is made. `RetryDecision` describes each reason. */
export type GiveUpReason =
  | "notRetryable"
  | "maxRetries"
  | "deadline"
  | "hintTooLong"
  | "hintPastDeadline"
  | "budget"
  | "unknownOutcome"
  | "committed"
  | "schedule"

/** How often a request was tried, and why no further attempt was made. */
export interface Attempts {
  /** How many attempts were made, the first included. */
  readonly count: number
  /** Time from the start of the first attempt to the end of the last. */
  readonly elapsed: Duration.Duration
  /** Why no further attempt was made. */
  readonly gaveUp: GiveUpReason
}
