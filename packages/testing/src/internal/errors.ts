/**
 * The API's error envelope, with the type and the words it uses for a status.
 *
 * @since 0.1.0
 */
import type { FailureSpec } from "./script.ts"

/**
 * Options for `status`.
 *
 * @category options
 * @since 0.1.0
 */
export interface StatusOptions {
  /**
   * The API's `error.type`.
   *
   * @default the type the API uses with this status
   */
  readonly type?: string | undefined
  /**
   * @default the API's words for this status
   */
  readonly message?: string | undefined
  /**
   * The API's stable `error.details.error_code`.
   *
   * @default no details
   */
  readonly code?: string | undefined
  /**
   * Further headers, such as `retry-after`.
   *
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string } | undefined
}

/** Creates the error the API answers with a status. */
export const failure = (
  status: number,
  options?: StatusOptions
): FailureSpec => {
  const [type, message, shouldRetry]: Usual = usual[status] ?? (status >= 500
    ? ["api_error", "Internal server error"]
    : ["invalid_request_error", `Request failed with status ${status}`])
  return {
    status,
    type: options?.type ?? type,
    message: options?.message ?? message,
    ...(options?.code === undefined ? undefined : { details: { error_code: options.code } }),
    headers: {
      ...(shouldRetry === undefined ? undefined : { "x-should-retry": String(shouldRetry) }),
      ...options?.headers
    }
  }
}

/** The JSON of an error, as body or as the data of an event. */
export const envelope = (failure: FailureSpec, requestId: string | undefined) => ({
  type: "error",
  error: {
    ...(failure.details === undefined ? undefined : { details: failure.details }),
    type: failure.type,
    message: failure.message
  },
  ...(requestId === undefined ? undefined : { request_id: requestId })
})

/** `x-should-retry` is sent with the statuses recorded traffic has it on. */
type Usual = readonly [type: string, message: string, shouldRetry?: boolean]

const usual: { readonly [status: number]: Usual } = {
  400: ["invalid_request_error", "Invalid request", false],
  401: ["authentication_error", "invalid x-api-key", false],
  402: ["billing_error", "Your credit balance is too low to access the Anthropic API."],
  403: ["permission_error", "Your API key does not have permission to use the specified resource."],
  404: ["not_found_error", "Not Found", false],
  405: ["invalid_request_error", "Method Not Allowed", false],
  408: ["timeout_error", "Request timed out"],
  409: ["conflict_error", "The resource is in a state that does not allow this request."],
  413: ["request_too_large", "Request exceeds the maximum size"],
  422: ["invalid_request_error", "Unprocessable request"],
  429: ["rate_limit_error", "This request would exceed your organization's rate limit. Please try again later.", true],
  500: ["api_error", "Internal server error"],
  502: ["api_error", "Bad gateway"],
  503: ["api_error", "Service unavailable"],
  504: ["timeout_error", "Request timed out"],
  529: ["overloaded_error", "Overloaded", true]
}
