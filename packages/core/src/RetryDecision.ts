/**
 * The vocabulary of retrying: what a policy is told, and what it may answer.
 *
 * A policy is a pure function from an `Input` to a `RetryDecision`. Everything
 * that varies (time, chance, the failure) is in the input, so a policy can be
 * stepped, replayed and property-tested without a clock or a network.
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
  /** Chooses the delay within the backoff's bounds. */
  readonly jitter: number
  /** Spreads clients that were all given the same hint. */
  readonly spread: number
}

/**
 * What a policy is told about a failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Input {
  /** The number of the retry under decision: 1 after the first attempt failed. */
  readonly n: number
  /** Time since the first attempt began, the failed attempts included. */
  readonly elapsed: Duration.Duration
  /** How the latest attempt failed. */
  readonly error: ClaudeError
  /** The chance this decision is given. */
  readonly draw: Draw
  /**
   * Whether the request may be sent again after an unknown outcome. False for a
   * request that runs server-side tools, MCP or a container: the server may
   * have acted.
   *
   * @default true
   */
  readonly repeatable?: boolean | undefined
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
 *
 * @category models
 * @since 0.1.0
 */
export type { GiveUpReason } from "./internal/attempts.ts"

/**
 * The answer to send the request again after `delay`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wait {
  readonly _tag: "Wait"
  readonly delay: Duration.Duration
}

/**
 * The answer to fail with the error at hand.
 *
 * @category models
 * @since 0.1.0
 */
export interface GiveUp {
  readonly _tag: "GiveUp"
  readonly reason: GiveUpReason
}

/**
 * What a policy answers: wait and try again, or give up and say why.
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
 * Creates the answer to wait and try again.
 *
 * @category constructors
 * @since 0.1.0
 */
export const wait = (delay: Duration.Duration): Wait => ({ _tag: "Wait", delay })

/**
 * Creates the answer to give up.
 *
 * @category constructors
 * @since 0.1.0
 */
export const giveUp = (reason: GiveUpReason): GiveUp => ({ _tag: "GiveUp", reason })
