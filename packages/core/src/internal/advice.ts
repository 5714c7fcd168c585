/**
 * What to do about a response that reports a failure: the end of its message.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../ClaudeError.ts"
import type * as ErrorTable from "../ErrorTable.ts"

const byTag: { readonly [T in ErrorTable.ApiTag]: string } = {
  InvalidRequestError: "Correct the request; sending it again unchanged cannot succeed.",
  ContextWindowExceededError: "Shorten the conversation, or choose a model with a larger context window.",
  AuthenticationError: "Check the API key: it is missing, mistyped or revoked.",
  BillingError: "Check the account's billing; retrying cannot help.",
  PermissionError: "This credential may not use this resource; contact the organization's administrator.",
  NotFoundError: "Check the model name, the id and the path.",
  MethodNotAllowedError: "Use the HTTP method that this path accepts.",
  RequestTimeoutError: "The server waited too long for the request; it can be sent again.",
  ConflictError: "Read the current state of the resource, then decide again.",
  RequestTooLargeError: "Make the request smaller, or upload large files and refer to them.",
  UnprocessableEntityError: "Correct the request; it is well formed but cannot be processed.",
  RateLimitError: "Wait before sending more; `retryAfter` holds the server's hint, if it gave one.",
  SpendLimitError: "Raise the spend limit or wait for the next billing period; retrying cannot help.",
  ApiError: "The API failed; send the request again after a moment.",
  GatewayTimeoutError: "The API did not finish in time; stream long responses, and try again.",
  OverloadedError: "The API is overloaded; send the request again after a moment.",
  UnexpectedStatusError: "Check the base URL: this does not look like a response of the Claude API."
}

/** Whether a tag stands for a response of the API. */
export const isApiTag = (tag: string): tag is ErrorTable.ApiTag => Object.hasOwn(byTag, tag)

/** Returns the advice for a failure. After an unknown outcome, sending the request again is not the obvious thing to do. */
export const advice = (tag: ErrorTable.ApiTag, outcome: Outcome): string =>
  tag === "ApiError" && outcome === "unknown"
    ? "The server may have acted on the request; sending it again may repeat that."
    : byTag[tag]
