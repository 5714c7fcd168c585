/**
 * One total table from what the wire says to the error it means.
 *
 * Decoding, retrying, `ErrorGuide` and the tests read the same data. A code
 * outranks a type, and a specific type outranks a status: an overload is the same
 * `OverloadedError` as a 529 and as an event inside a stream, where there is no
 * status at all.
 *
 * Source: the API's error documentation and the error types of the official
 * SDK, checked against recorded traffic.
 *
 * @since 0.1.0
 */
import type { Tag } from "./ClaudeError.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The facts that decide the tag of a failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signs {
  readonly status?: number | undefined
  readonly errorType?: string | undefined
  readonly errorCode?: string | undefined
  readonly message?: string | undefined
}

/**
 * A tag that stands for a response of the API.
 *
 * @category models
 * @since 0.1.0
 */
export type ApiTag = Extract<
  Tag,
  | "InvalidRequestError"
  | "ContextWindowExceededError"
  | "AuthenticationError"
  | "BillingError"
  | "PermissionError"
  | "NotFoundError"
  | "MethodNotAllowedError"
  | "RequestTimeoutError"
  | "ConflictError"
  | "RequestTooLargeError"
  | "UnprocessableEntityError"
  | "RateLimitError"
  | "SpendLimitError"
  | "ApiError"
  | "GatewayTimeoutError"
  | "OverloadedError"
  | "UnexpectedStatusError"
>

// -----------------------------------------------------------------------------
// tables
// -----------------------------------------------------------------------------

/**
 * Codes (`error.details.error_code`) that mean another tag than their status.
 *
 * @category tables
 * @since 0.1.0
 */
export const tagByCode: { readonly [code: string]: ApiTag } = {
  contract_spend_limit_reached: "SpendLimitError",
  enforced_spend_limit_reached: "SpendLimitError",
  linked_organization_spend_limit_reached: "SpendLimitError",
  linked_organization_billing_unavailable: "BillingError",
  ramp_limit_exceeded: "RateLimitError",
  request_body_timeout: "RequestTimeoutError",
  request_body_too_large_after_decoding: "RequestTooLargeError",
  compaction_unavailable: "OverloadedError"
}

/**
 * Wire types (`error.type`), with the tag each is. With status 408, a
 * `timeout_error` is a `RequestTimeoutError`.
 *
 * @category tables
 * @since 0.1.0
 */
export const tagByType: { readonly [type: string]: ApiTag } = {
  invalid_request_error: "InvalidRequestError",
  authentication_error: "AuthenticationError",
  billing_error: "BillingError",
  permission_error: "PermissionError",
  not_found_error: "NotFoundError",
  conflict_error: "ConflictError",
  request_too_large: "RequestTooLargeError",
  rate_limit_error: "RateLimitError",
  timeout_error: "GatewayTimeoutError",
  api_error: "ApiError",
  overloaded_error: "OverloadedError"
}

/**
 * HTTP statuses, with the tag each is when the type does not say more. Other
 * 5xx are `ApiError`, everything else is `UnexpectedStatusError`.
 *
 * @category tables
 * @since 0.1.0
 */
export const tagByStatus: { readonly [status: number]: ApiTag } = {
  400: "InvalidRequestError",
  401: "AuthenticationError",
  402: "BillingError",
  403: "PermissionError",
  404: "NotFoundError",
  405: "MethodNotAllowedError",
  408: "RequestTimeoutError",
  409: "ConflictError",
  413: "RequestTooLargeError",
  422: "UnprocessableEntityError",
  429: "RateLimitError",
  504: "GatewayTimeoutError",
  529: "OverloadedError"
}

/**
 * Whether the status decides where it has a tag: the type tells no more than the class of the status, or less. A 408
 * tells that the client was late, which `timeout_error` does not.
 */
const statusDecides = (errorType: string, status: number | undefined): boolean =>
  errorType === "invalid_request_error" || errorType === "api_error" ||
  (errorType === "timeout_error" && status === 408)

/**
 * A wording of the server, with the tag it stands for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Wording {
  readonly tag: ApiTag
  readonly pattern: RegExp
}

/**
 * Wordings of real traffic that mean another tag than `invalid_request_error`
 * does, for what has no code. The first match decides.
 *
 * @category tables
 * @since 0.1.0
 */
export const tagByWording: ReadonlyArray<Wording> = [
  { tag: "BillingError", pattern: /credit balance is too low/i },
  { tag: "SpendLimitError", pattern: /reached your specified (?:\w+ )?(?:API )?usage limits?/i },
  {
    tag: "RequestTooLargeError",
    pattern: /too many total text bytes|request (?:body )?exceeds the maximum (?:allowed )?(?:size|number of bytes)/i
  },
  {
    tag: "ContextWindowExceededError",
    pattern:
      /(?:prompt|input) is too long|input length and `?max_tokens`? exceed context limit|exceeds? (?:the )?(?:model'?s? )?(?:maximum )?context (?:window|limit|length)/i
  }
]

/**
 * Statuses of the 5xx range that prove that the origin did not act on the
 * request: the edge could not connect to it, or it was overloaded. Every other
 * 5xx proves it only with the error envelope of the API.
 *
 * @category tables
 * @since 0.1.0
 */
export const refusingStatuses: ReadonlySet<number> = new Set([511, 521, 523, 525, 526, 529, 530])

/**
 * Statuses that say that something gave up waiting: the origin may have acted,
 * whatever the body says.
 *
 * @category tables
 * @since 0.1.0
 */
export const gaveUpStatuses: ReadonlySet<number> = new Set([499, 502, 504])

/**
 * Codes after which sending the request again cannot help, whatever the status.
 *
 * @category tables
 * @since 0.1.0
 */
export const finalCodes: ReadonlySet<string> = new Set([
  "contract_spend_limit_reached",
  "enforced_spend_limit_reached",
  "linked_organization_spend_limit_reached",
  "linked_organization_billing_unavailable",
  "organization_on_hold",
  "organization_not_enrolled_in_beta",
  "storage_quota_exceeded",
  "cmek_key_disabled",
  "user_profile_not_billable",
  "user_profile_billing_not_authorized"
])

/**
 * Codes after which sending the request again can help, though their tag as
 * such is not retried.
 *
 * @category tables
 * @since 0.1.0
 */
export const transientCodes: ReadonlySet<string> = new Set(["thread_continue_in_flight", "request_body_timeout"])

/**
 * Whether a request that failed with each tag is worth sending again, when neither
 * the `x-should-retry` header nor the code says otherwise.
 *
 * @category tables
 * @since 0.1.0
 */
export const retryableTags: { readonly [T in Tag]: boolean } = {
  InvalidRequestError: false,
  ContextWindowExceededError: false,
  AuthenticationError: false,
  BillingError: false,
  PermissionError: false,
  NotFoundError: false,
  MethodNotAllowedError: false,
  RequestTimeoutError: true,
  ConflictError: false,
  RequestTooLargeError: false,
  UnprocessableEntityError: false,
  RateLimitError: true,
  SpendLimitError: false,
  ApiError: true,
  GatewayTimeoutError: true,
  OverloadedError: true,
  UnexpectedStatusError: false,
  ConnectionError: true,
  ClaudeTimeoutError: true,
  ResponseDecodeError: false,
  RequestValidationError: false,
  StreamTruncatedError: true,
  StreamIdleError: true,
  CircuitOpenError: false,
  BudgetExceededError: false,
  PacingError: false
}

// -----------------------------------------------------------------------------
// lookups
// -----------------------------------------------------------------------------

/**
 * Returns the tag of a failure. Total: every combination of signs has one.
 *
 * **Example** (An overload inside a stream, where there is no status)
 *
 * ```ts
 * import * as ErrorTable from "@effect-claude/core/ErrorTable"
 *
 * ErrorTable.tagOf({ errorType: "overloaded_error" }) // => "OverloadedError"
 * ```
 *
 * @category lookups
 * @since 0.1.0
 */
export const tagOf = (signs: Signs): ApiTag => {
  const byCode = lookup(tagByCode, signs.errorCode)
  if (byCode !== undefined) return byCode
  const tag = tagOfTypeAndStatus(signs.errorType, signs.status)
  return tag === "InvalidRequestError" ? tagOfWords(signs.message) ?? tag : tag
}

/**
 * Returns what the server can have done when it sent a failure with this status.
 *
 * `enveloped` says that the body is the error envelope of the API. A 5xx without
 * it comes from an intermediary, which does not know what the origin did.
 *
 * **Example** (A timeout at the edge, and an overload of the API)
 *
 * ```ts
 * import * as ErrorTable from "@effect-claude/core/ErrorTable"
 *
 * ErrorTable.outcomeOf({ status: 524, enveloped: false }) // => "unknown"
 * ErrorTable.outcomeOf({ status: 529, enveloped: true }) // => "rejected"
 * ```
 *
 * @category lookups
 * @since 0.1.0
 */
export const outcomeOf = (
  { enveloped, status }: { readonly status: number; readonly enveloped: boolean }
): "rejected" | "unknown" =>
  gaveUpStatuses.has(status) || (status >= 500 && !enveloped && !refusingStatuses.has(status)) ? "unknown" : "rejected"

/**
 * Whether a failure is worth sending again. First match wins: `shouldRetry`
 * false; a final code; `shouldRetry` true; a transient code; the tag.
 *
 * @category lookups
 * @since 0.1.0
 */
export const isRetryable = (error: {
  readonly _tag: Tag
  readonly shouldRetry?: boolean | undefined
  readonly errorCode?: string | undefined
  readonly contentHandedOut?: boolean | undefined
}): boolean => {
  if (error.contentHandedOut === true) return false
  if (error.shouldRetry === false) return false
  if (error.errorCode !== undefined && finalCodes.has(error.errorCode)) return false
  if (error._tag === "SpendLimitError") return false
  if (error.shouldRetry === true) return true
  if (error.errorCode !== undefined && transientCodes.has(error.errorCode)) return true
  return retryableTags[error._tag]
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const lookup = (table: { readonly [key: string]: ApiTag }, key: string | undefined): ApiTag | undefined =>
  key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined

const tagOfTypeAndStatus = (errorType: string | undefined, status: number | undefined): ApiTag => {
  const byType = lookup(tagByType, errorType)
  if (errorType !== undefined && byType !== undefined && !statusDecides(errorType, status)) return byType
  const byStatus = status === undefined ? undefined : tagByStatus[status]
  if (byStatus !== undefined) return byStatus
  if (status === undefined) return byType ?? "ApiError"
  return status >= 500 && status <= 599 ? "ApiError" : "UnexpectedStatusError"
}

const tagOfWords = (message: string | undefined): ApiTag | undefined =>
  message === undefined ? undefined : tagByWording.find(({ pattern }) => pattern.test(message))?.tag
