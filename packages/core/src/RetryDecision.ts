/**
 * The input and the output of a retry policy.
 *
 * A policy is a pure function from an `Input` to a `RetryDecision`. Time,
 * random numbers and the error are in the input, so a policy is tested without
 * a clock or a network.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { ClaudeError } from "./ClaudeError.ts"
import type { GiveUpReason } from "./internal/attempts.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Two independent random numbers in [0, 1), drawn for one decision.
 *
 * @category models
 * @since 0.1.0
 */
export interface Draw {
  /** Determines the delay within the bounds of the backoff. */
  readonly jitter: number
  /** Spreads the retries of clients that received the same hint. */
  readonly spread: number
}

/**
 * The input of a policy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  /** The number of the retry to decide on: 1 after the first attempt failed. */
  readonly n: number
  /** The time since the start of the first attempt. */
  readonly elapsed: Duration.Duration
  /** The error of the latest attempt. */
  readonly error: ClaudeError
  /** The random numbers of this decision. */
  readonly draw: Draw
  /**
   * Whether the request may be sent again after an unknown outcome. False for a
   * request with server tools, MCP servers or a container, because the server
   * may have acted. Defaults to what the error says.
   *
   * @default error.repeatable ?? true
   */
  readonly repeatable?: boolean | undefined
  /**
   * The ceiling of the delay that a schedule drew for this retry, in place of the
   * policy's own backoff.
   */
  readonly ceiling?: Duration.Duration | undefined
}

/**
 * Why no further attempt is made.
 *
 * - `notRetryable`: sending the request again cannot succeed
 * - `maxRetries`: the retries are spent
 * - `deadline`: the next attempt would start after the deadline
 * - `hintTooLong`: the server asks for a longer wait than the policy allows
 * - `hintPastDeadline`: the wait the server asks for ends after the deadline
 * - `budget`: the retry budget shared with other requests is empty
 * - `unknownOutcome`: the server may have acted, and the policy does not repeat such a request
 * - `committed`: part of the response was already handed out
 * - `schedule`: the schedule of the policy has ended
 *
 * @category models
 * @since 0.1.0
 */
export type { GiveUpReason } from "./internal/attempts.ts"

/**
 * The decision to send the request again after `delay`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wait {
  readonly _tag: "Wait"
  readonly delay: Duration.Duration
}

/**
 * The decision to fail with the current error.
 *
 * @category models
 * @since 0.1.0
 */
export interface GiveUp {
  readonly _tag: "GiveUp"
  readonly reason: GiveUpReason
}

/**
 * The decision of a policy: wait and retry, or give up for a reason.
 *
 * @category models
 * @since 0.1.0
 */
export type RetryDecision = Wait | GiveUp

/**
 * How often a request was tried, and why no further attempt was made.
 *
 * @category models
 * @since 0.1.0
 */
export type { Attempts } from "./internal/attempts.ts"

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the decision to wait and retry.
 *
 * @category constructors
 * @since 0.1.0
 */
export const wait = (delay: Duration.Duration): Wait => ({ _tag: "Wait", delay })

/**
 * Creates the decision to give up.
 *
 * @category constructors
 * @since 0.1.0
 */
export const giveUp = (reason: GiveUpReason): GiveUp => ({ _tag: "GiveUp", reason })
