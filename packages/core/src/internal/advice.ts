/**
 * What to do about an answer that reports a failure, in the few words its message
 * ends with.
 *
 * @since 0.1.0
 */
import type * as ErrorTable from "../ErrorTable.ts"

export const advice: { readonly [T in ErrorTable.ApiTag]: string } = {
  InvalidRequestError: "Correct the request; sending it again as it is cannot succeed.",
  ContextWindowExceededError: "Shorten the conversation, or choose a model with a larger context window.",
  AuthenticationError: "Check the API key: it is missing, mistyped or revoked.",
  BillingError: "Check the account's billing; retrying cannot help.",
  PermissionError: "This credential may not use this resource; ask whoever administers the organization.",
  NotFoundError: "Check the model name, the id and the path.",
  MethodNotAllowedError: "Use the HTTP method this path answers.",
  RequestTimeoutError: "The server waited too long for the request; it can be sent again.",
  ConflictError: "Read the resource's current state and decide anew.",
  RequestTooLargeError: "Make the request smaller, or upload large files and refer to them.",
  UnprocessableEntityError: "Correct the request; it is well formed but cannot be processed.",
  RateLimitError: "Wait before sending more; `retryAfter` says how long where the server told.",
  SpendLimitError: "Raise the spend limit or wait for the next billing period; retrying cannot help.",
  ApiError: "The API failed inside; send the request again after a moment.",
  GatewayTimeoutError: "The API did not finish in time; stream long answers, and try again.",
  OverloadedError: "The API is overloaded; send the request again after a moment.",
  UnexpectedStatusError: "Check the base URL: this does not look like an answer of the Claude API."
}
