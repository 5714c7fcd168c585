/**
 * Everything that can go wrong, as one flat union of tagged errors.
 *
 * Tags are the wire's `error.type` in PascalCase, so a reader of the API's
 * documentation can guess them, and `Effect.catchTag("RateLimitError", …)`
 * works one level deep. Facts are fields, not text: status, type, code, request
 * id, how long to wait, and what the server can have done.
 *
 * The API key is in no error. `body`, `details` and `partial` can hold prompt
 * content: they are readable on the value, and absent from `toJSON`, inspection,
 * logs and spans.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Internal from "./internal/failure.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The brand of the SDK's errors.
 *
 * @category type IDs
 * @since 0.1.0
 */
export const TypeId: TypeId = Internal.TypeId

/**
 * The type of the brand.
 *
 * @category type IDs
 * @since 0.1.0
 */
export type TypeId = "~@effect-claude/core/ClaudeError"

/**
 * What the server can have done. The API has no idempotency key, so a request
 * sent again after `partial` or `unknown` may be billed twice.
 *
 * - `notSent`: the request never reached the server
 * - `rejected`: the server reported that it did not act on the request
 * - `partial`: part of the response arrived
 * - `unknown`: the request was sent, and the server may have acted on it
 *
 * @category models
 * @since 0.1.0
 */
export type { Outcome } from "./internal/failureTypes.ts"

/**
 * What every error carries, as far as it is known.
 *
 * @category models
 * @since 0.1.0
 */
export type { Details } from "./internal/failureTypes.ts"

/**
 * What all errors of the SDK have in common.
 *
 * @category models
 * @since 0.1.0
 */
export type { Failure } from "./internal/failureTypes.ts"

// -----------------------------------------------------------------------------
// errors from the API
// -----------------------------------------------------------------------------

/**
 * The request is malformed or not allowed as it stands (400, `invalid_request_error`).
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidRequestError extends Internal.failure("InvalidRequestError") {}

/**
 * The prompt does not fit into the model's context window (400, by its wording).
 *
 * @category errors
 * @since 0.1.0
 */
export class ContextWindowExceededError extends Internal.failure("ContextWindowExceededError") {}

/**
 * The credential is missing, malformed or revoked (401, `authentication_error`).
 *
 * @category errors
 * @since 0.1.0
 */
export class AuthenticationError extends Internal.failure("AuthenticationError") {}

/**
 * The account cannot pay for the request (402, or a 400 about its credit balance).
 *
 * @category errors
 * @since 0.1.0
 */
export class BillingError extends Internal.failure("BillingError") {}

/**
 * The credential may not use this resource (403, `permission_error`).
 *
 * @category errors
 * @since 0.1.0
 */
export class PermissionError extends Internal.failure("PermissionError") {}

/**
 * The model, file, batch or path does not exist (404, `not_found_error`).
 *
 * @category errors
 * @since 0.1.0
 */
export class NotFoundError extends Internal.failure("NotFoundError") {}

/**
 * The path does not accept this HTTP method (405).
 *
 * @category errors
 * @since 0.1.0
 */
export class MethodNotAllowedError extends Internal.failure("MethodNotAllowedError") {}

/**
 * The server waited too long for the request (408).
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestTimeoutError extends Internal.failure("RequestTimeoutError") {}

/**
 * The resource is in a state that does not allow the request (409, `conflict_error`).
 *
 * @category errors
 * @since 0.1.0
 */
export class ConflictError extends Internal.failure("ConflictError") {}

/**
 * The request body is too large (413, or a 400 about too many bytes of text).
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestTooLargeError extends Internal.failure("RequestTooLargeError") {}

/**
 * The request is well formed and cannot be processed (422).
 *
 * @category errors
 * @since 0.1.0
 */
export class UnprocessableEntityError extends Internal.failure("UnprocessableEntityError") {}

/**
 * Too many requests or tokens in too short a time (429). `retryAfter` holds the hint.
 *
 * @category errors
 * @since 0.1.0
 */
export class RateLimitError extends Internal.failure("RateLimitError") {}

/**
 * A spend or contract limit is reached (429, 402 or 400). Waiting does not help.
 *
 * @category errors
 * @since 0.1.0
 */
export class SpendLimitError extends Internal.failure("SpendLimitError") {}

/**
 * The API, or a gateway in front of it, failed (500, 502, 503 and other 5xx).
 *
 * @category errors
 * @since 0.1.0
 */
export class ApiError extends Internal.failure("ApiError") {}

/**
 * The API did not finish in time (504, `timeout_error`).
 *
 * @category errors
 * @since 0.1.0
 */
export class GatewayTimeoutError extends Internal.failure("GatewayTimeoutError") {}

/**
 * The API is overloaded (529, or `overloaded_error` inside a stream).
 *
 * @category errors
 * @since 0.1.0
 */
export class OverloadedError extends Internal.failure("OverloadedError") {}

/**
 * A redirect, which is never followed, or a status the API does not use.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnexpectedStatusError extends Internal.failure("UnexpectedStatusError") {}

// -----------------------------------------------------------------------------
// errors from the wire
// -----------------------------------------------------------------------------

/**
 * The connection could not be made or was lost, in the named phase.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConnectionError extends Internal.failure("ConnectionError")<{
  readonly phase: "connect" | "headers" | "body" | "unknown"
}> {}

/**
 * A limit on time was reached, in the named phase.
 *
 * @category errors
 * @since 0.1.0
 */
export class ClaudeTimeoutError extends Internal.failure("ClaudeTimeoutError")<{
  readonly phase: "connect" | "headers" | "firstContent" | "nextContent" | "body" | "total"
  /** The limit that was reached. */
  readonly limit: Duration.Duration
}> {}

/**
 * The response arrived and cannot be read. Another attempt would bring the same.
 *
 * @category errors
 * @since 0.1.0
 */
export class ResponseDecodeError extends Internal.failure("ResponseDecodeError") {}

/**
 * One thing wrong with a request, found before it was sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Violation {
  /** The rule that was broken, by name. */
  readonly rule: string
  /** Where in the request, such as `messages[2].content[0].text`. */
  readonly path: string
  /** What is wrong. */
  readonly problem: string
  /** What to do about it. */
  readonly fix: string
  /** How it is known that the API would refuse it. */
  readonly evidence?: string | undefined
}

/**
 * The request was refused before it was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestValidationError extends Internal.failure("RequestValidationError")<{
  readonly violations: ReadonlyArray<Violation>
}> {}

/**
 * A stream ended before `message_stop`: its body ended, or the connection was lost.
 *
 * @category errors
 * @since 0.1.0
 */
export class StreamTruncatedError extends Internal.failure("StreamTruncatedError")<{
  readonly reason: "eof" | "reset"
}> {}

/**
 * A stream sent no byte, not even a ping, for longer than allowed.
 *
 * @category errors
 * @since 0.1.0
 */
export class StreamIdleError extends Internal.failure("StreamIdleError")<{
  /** How long nothing arrived. */
  readonly idle: Duration.Duration
}> {}

// -----------------------------------------------------------------------------
// errors from the client
// -----------------------------------------------------------------------------

/**
 * The circuit breaker is open: the request was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class CircuitOpenError extends Internal.failure("CircuitOpenError") {}

/**
 * The request could cost more than the budget has left: it was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class BudgetExceededError extends Internal.failure("BudgetExceededError") {}

/**
 * Pacing refused the request rather than queue it: it was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class PacingError extends Internal.failure("PacingError") {}

// -----------------------------------------------------------------------------
// the union
// -----------------------------------------------------------------------------

/**
 * Every error class, by tag.
 *
 * @category constants
 * @since 0.1.0
 */
export const classes = {
  InvalidRequestError,
  ContextWindowExceededError,
  AuthenticationError,
  BillingError,
  PermissionError,
  NotFoundError,
  MethodNotAllowedError,
  RequestTimeoutError,
  ConflictError,
  RequestTooLargeError,
  UnprocessableEntityError,
  RateLimitError,
  SpendLimitError,
  ApiError,
  GatewayTimeoutError,
  OverloadedError,
  UnexpectedStatusError,
  ConnectionError,
  ClaudeTimeoutError,
  ResponseDecodeError,
  RequestValidationError,
  StreamTruncatedError,
  StreamIdleError,
  CircuitOpenError,
  BudgetExceededError,
  PacingError
} as const

/**
 * The tag of an error.
 *
 * @category models
 * @since 0.1.0
 */
export type Tag = keyof typeof classes

/**
 * Everything that can go wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type ClaudeError = { readonly [T in Tag]: InstanceType<(typeof classes)[T]> }[Tag]

/**
 * Returns whether a value is an error of this SDK, by its brand.
 *
 * @category guards
 * @since 0.1.0
 */
export const is = (u: unknown): u is ClaudeError => Internal.isFailure(u) && u._tag in classes

/**
 * One tag for all of them, with the error as its reason.
 *
 * @category errors
 * @since 0.1.0
 */
export class Wrapped extends Data.TaggedError("ClaudeError")<{ readonly reason: ClaudeError }> {
  override get message(): string {
    return this.reason.message
  }
  override toJSON(): unknown {
    return { _tag: this._tag, reason: this.reason.toJSON() }
  }
}

/**
 * Puts an error under the single tag `ClaudeError`, for `Effect.catchReason`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const wrap = (reason: ClaudeError): Wrapped => new Wrapped({ reason })
