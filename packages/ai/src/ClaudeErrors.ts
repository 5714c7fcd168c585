/**
 * From a `ClaudeError` to the `AiError` that programs written against effect/ai
 * handle.
 *
 * The mapping is total and keeps what matters: whether another attempt makes
 * sense (`isRetryable`), how long the server asks to wait (`retryAfter`), and,
 * under `metadata.claude`, the tag, the request id and what the server can have
 * done. The error itself stays within reach through `claudeError`, the partial
 * message of a broken stream included. Neither the key nor prompt content is in
 * what is mapped.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import * as Option from "effect/Option"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What an `AiError` keeps of the error it was made from, under
 * `reason.metadata.claude`.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorMetadata = {
  /** The tag of the `ClaudeError`. */
  readonly tag: string
  /** What the server can have done with the request. */
  readonly outcome: string
  readonly isRetryable: boolean
  readonly retryAfterMillis?: number
  readonly status?: number
  readonly errorType?: string
  readonly errorCode?: string
  readonly requestId?: string
  /** How many attempts were made, and why no more. */
  readonly attempts?: { readonly count: number; readonly gaveUp: string }
}

declare module "effect/ai/AiError" {
  interface RateLimitErrorMetadata extends ProviderMetadata {
    readonly claude?: ErrorMetadata | null
  }
  interface QuotaExhaustedErrorMetadata extends ProviderMetadata {
    readonly claude?: ErrorMetadata | null
  }
  interface AuthenticationErrorMetadata extends ProviderMetadata {
    readonly claude?: ErrorMetadata | null
  }
  interface InvalidRequestErrorMetadata extends ProviderMetadata {
    readonly claude?: ErrorMetadata | null
  }
  interface InvalidResponseErrorMetadata extends ProviderMetadata {
    readonly claude?: ErrorMetadata | null
  }
  interface InternalProviderErrorMetadata extends ProviderMetadata {
    readonly claude?: ErrorMetadata | null
  }
  interface UnknownErrorMetadata extends ProviderMetadata {
    readonly claude?: ErrorMetadata | null
  }
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Converts a `ClaudeError` to an `AiError`, naming the method that failed.
 *
 * **Example** (Keeping the server's hint)
 *
 * ```ts
 * import * as ClaudeErrors from "@effect-claude/ai/ClaudeErrors"
 * import * as ClaudeError from "@effect-claude/core/ClaudeError"
 * import * as Duration from "effect/Duration"
 *
 * const error = ClaudeErrors.toAiError(
 *   new ClaudeError.OverloadedError({
 *     message: "Overloaded",
 *     outcome: "rejected",
 *     status: 529,
 *     retryAfter: Duration.seconds(3)
 *   }),
 *   "generateText"
 * )
 *
 * error.reason._tag // => "InternalProviderError"
 * error.retryAfter // => Duration.seconds(3)
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toAiError: {
  (method: string): (error: ClaudeError.ClaudeError) => AiError.AiError
  (error: ClaudeError.ClaudeError, method: string): AiError.AiError
} = dual(
  2,
  (error: ClaudeError.ClaudeError, method: string): AiError.AiError =>
    AiError.make({ module: "ClaudeLanguageModel", method, reason: toReason(error) })
)

/**
 * Converts a `ClaudeError` to the reason of an `AiError`.
 *
 * **Details**
 *
 * The reason is chosen by what went wrong; `isRetryable` and `retryAfter` are
 * those of the `ClaudeError`, even where effect/ai would assume otherwise of
 * the reason: a 429 that the server says not to retry is a `RateLimitError`
 * that is not retryable, and so is any failure after content was handed out.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toReason = (error: ClaudeError.ClaudeError): AiError.AiErrorReason => {
  const isRetryable = ErrorTable.isRetryable(error)
  const reason = reasonOf(error, { description: error.message, metadata: metadataOf(error, isRetryable) })
  // The reasons of effect/ai derive both from their tag alone.
  if (reason.isRetryable !== isRetryable) Object.defineProperty(reason, "isRetryable", { value: isRetryable })
  if (error.retryAfter !== undefined && reason._tag !== "RateLimitError") {
    Object.defineProperty(reason, "retryAfter", { value: error.retryAfter })
  }
  origins.set(reason, error)
  return reason
}

/**
 * Returns the `ClaudeError` an `AiError` was made from: its partial message, its
 * rate limits, its attempts.
 *
 * **Gotchas**
 *
 * Lost when the `AiError` is encoded and decoded; what metadata keeps is not.
 *
 * @category conversions
 * @since 0.1.0
 */
export const claudeError = (error: AiError.AiError): Option.Option<ClaudeError.ClaudeError> =>
  Option.fromUndefinedOr(origins.get(error.reason))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const origins = new WeakMap<AiError.AiErrorReason, ClaudeError.ClaudeError>()

interface Common {
  readonly description: string
  readonly metadata: { readonly claude: ErrorMetadata }
}

const reasonOf = (error: ClaudeError.ClaudeError, { description, metadata }: Common): AiError.AiErrorReason => {
  const http = httpOf(error)
  switch (error._tag) {
    case "AuthenticationError":
      return new AiError.AuthenticationError({ kind: "InvalidKey", description, metadata, http })
    case "PermissionError":
      return new AiError.AuthenticationError({ kind: "InsufficientPermissions", description, metadata, http })
    case "BillingError":
    case "SpendLimitError":
      return new AiError.QuotaExhaustedError({ metadata, http })
    case "BudgetExceededError":
      return new AiError.QuotaExhaustedError({ metadata })
    case "RateLimitError":
      return new AiError.RateLimitError({ metadata, http, retryAfter: error.retryAfter })
    case "PacingError":
      return new AiError.RateLimitError({ metadata, retryAfter: error.retryAfter })
    case "OverloadedError":
    case "ApiError":
    case "GatewayTimeoutError":
    case "RequestTimeoutError":
      return new AiError.InternalProviderError({ description, metadata, http })
    case "CircuitOpenError":
      return new AiError.InternalProviderError({ description, metadata })
    case "InvalidRequestError":
    case "ContextWindowExceededError":
    case "NotFoundError":
    case "MethodNotAllowedError":
    case "ConflictError":
    case "RequestTooLargeError":
    case "UnprocessableEntityError":
      return new AiError.InvalidRequestError({ description, metadata, http })
    case "RequestValidationError": {
      const violation = error.violations[0]
      return new AiError.InvalidRequestError({
        description,
        metadata,
        parameter: violation === undefined || violation.path === "" ? undefined : violation.path,
        constraint: violation?.problem
      })
    }
    case "ResponseDecodeError":
      return new AiError.InvalidResponseError({ description, metadata, http })
    case "ConnectionError":
    case "ClaudeTimeoutError":
    case "StreamTruncatedError":
    case "StreamIdleError":
      return new AiError.NetworkError({ reason: "TransportError", method: "POST", url: "/v1/messages", description })
    case "UnexpectedStatusError":
      return new AiError.UnknownError({ description, metadata, http })
  }
}

const metadataOf = (error: ClaudeError.ClaudeError, isRetryable: boolean): { readonly claude: ErrorMetadata } => ({
  claude: {
    tag: error._tag,
    outcome: error.outcome,
    isRetryable,
    ...(error.retryAfter === undefined ? undefined : { retryAfterMillis: Duration.toMillis(error.retryAfter) }),
    ...(error.status === undefined ? undefined : { status: error.status }),
    ...(error.errorType === undefined ? undefined : { errorType: error.errorType }),
    ...(error.errorCode === undefined ? undefined : { errorCode: error.errorCode }),
    ...(error.requestId === undefined ? undefined : { requestId: error.requestId }),
    ...(error.attempts === undefined
      ? undefined
      : { attempts: { count: error.attempts.count, gaveUp: error.attempts.gaveUp } })
  }
})

/** The status and the request id; never the body, which may quote the prompt. */
const httpOf = (error: ClaudeError.ClaudeError): typeof AiError.HttpContext.Type | undefined =>
  error.status === undefined ? undefined : {
    response: {
      status: error.status,
      headers: error.requestId === undefined ? {} : { "request-id": error.requestId }
    }
  }
