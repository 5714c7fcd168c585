/**
 * What every error carries, which `ClaudeError` exports.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import type { ErrorDetails } from "../ErrorDetails.ts"
import type { Message } from "../Message.ts"
import type { RateLimits } from "../RateLimits.ts"
import type { Attempts } from "./attempts.ts"

/**
 * What the server can have done. The API has no idempotency key, so a request
 * sent again after `partial` or `unknown` may be billed twice.
 */
export type Outcome = "notSent" | "rejected" | "partial" | "unknown"

/** What every error carries, as far as it is known. */
export interface Details {
  /** What happened and what to do next, in one or two sentences. */
  readonly message: string
  /** What the server can have done. */
  readonly outcome: Outcome
  /** The HTTP status. Absent for errors inside a stream and for failures without a response. */
  readonly status?: number | undefined
  /** The wire's `error.type`, such as `rate_limit_error`. */
  readonly errorType?: string | undefined
  /** The wire's stable `error.details.error_code`. */
  readonly errorCode?: string | undefined
  /** The data of `error.details`; `details.error_code` tells which. Never printed. */
  readonly details?: ErrorDetails | undefined
  /** The `request-id` to quote to support. */
  readonly requestId?: string | undefined
  /** The `anthropic-organization-id` of the credential. */
  readonly organizationId?: string | undefined
  /** How long the server says to wait. */
  readonly retryAfter?: Duration.Duration | undefined
  /** The `x-should-retry` header. */
  readonly shouldRetry?: boolean | undefined
  /** The limits reported with the response. */
  readonly rateLimits?: RateLimits | undefined
  /** How often the request was tried, once no further attempt is made. */
  readonly attempts?: Attempts | undefined
  /** Whether part of a stream had been handed out, so that it was not begun again. */
  readonly contentHandedOut?: boolean | undefined
  /** False where the request may not be sent again after an unknown outcome, as `RetryDecision.Input` describes. */
  readonly repeatable?: boolean | undefined
  /** The response body as it came. Never printed. */
  readonly body?: unknown
  /** The message as far as it had arrived. Never printed. */
  readonly partial?: Message | undefined
  /** The low-level failure, without the request that caused it. */
  readonly cause?: unknown
}

/** What all errors of the SDK have in common. */
export interface Failure<Tag extends string> extends Cause.YieldableError, Readonly<Details> {
  readonly "~@effect-claude/core/ClaudeError": "~@effect-claude/core/ClaudeError"
  readonly _tag: Tag
  readonly message: string
  readonly cause?: unknown
  /** Returns a copy with some details replaced. */
  with(details: Partial<Details>): this
}
