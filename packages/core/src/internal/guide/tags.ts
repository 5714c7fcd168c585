/**
 * The guide to each error of the SDK. The type of the table insists on all of
 * them.
 *
 * @since 0.1.0
 */
import type { Tag } from "../../ClaudeError.ts"
import type { Guide } from "../../ErrorGuide.ts"

/** The guides, by tag. */
export const guides: { readonly [T in Tag]: Guide } = {
  InvalidRequestError: {
    description: "The request is malformed, or not allowed as it stands. The message names the field.",
    causes: [
      "a required field is missing, or has the wrong type or an unknown value",
      "a tool call has no result in the turn that follows, or a result has no call",
      "a parameter the model does not take: sampling on newer models, a prefill, a budget for thinking",
      "a text block that is empty, or more than four cache breakpoints",
      "a spend limit that the organization set for itself"
    ],
    remedy: "Correct what the message names. Sending the request again as it is cannot succeed."
  },
  ContextWindowExceededError: {
    description: "Prompt and answer together do not fit into the model's context window.",
    causes: [
      "the conversation has grown, often by the results of tools",
      "a document or an image is larger than thought",
      "`max_tokens` leaves too little of the window for the prompt"
    ],
    remedy:
      "Shorten the conversation, let the API compact or clear it (`context_management`), lower `max_tokens`, or choose a model with a larger window."
  },
  AuthenticationError: {
    description: "The API does not accept the credential.",
    causes: [
      "the key is missing, mistyped, revoked or of another environment",
      "a stray space, quote or newline came along from a file or a shell",
      "a token that has expired"
    ],
    remedy: "Check ANTHROPIC_API_KEY or the credential that was configured; make a new key if this one was revoked."
  },
  BillingError: {
    description: "The account cannot pay for the request.",
    causes: ["the credit balance is used up", "a payment failed", "a linked organization is not set up for billing"],
    remedy: "Look at billing in the console. Retrying does not help."
  },
  PermissionError: {
    description: "The credential is valid, and may not do this.",
    causes: [
      "the key belongs to a workspace without access to the model, file or feature",
      "the organization is not enrolled in a beta",
      "the network or the country is not allowed"
    ],
    remedy: "Use a credential of the right workspace, or ask whoever administers the organization."
  },
  NotFoundError: {
    description: "The model, file, batch or path does not exist, or not for this credential.",
    causes: [
      "a model id with a typing error, or of a model that was retired",
      "an id of another workspace",
      "a base URL with a path that does not belong there, such as a second /v1"
    ],
    remedy: "Compare the id with a list of models, files or batches; check the base URL."
  },
  MethodNotAllowedError: {
    description: "The path exists, and does not answer this HTTP method.",
    causes: ["a path put together by hand", "a proxy that turns one method into another"],
    remedy: "Use the method that the API documents for the path."
  },
  RequestTimeoutError: {
    description: "The server waited too long for the request to arrive.",
    causes: ["a slow or broken upload", "a very large body on a thin connection"],
    remedy: "Send it again. Upload large files once with the Files API and refer to them by id."
  },
  ConflictError: {
    description: "The resource is in a state that does not allow this.",
    causes: ["two programs change the same resource", "a batch that has not ended is deleted"],
    remedy: "Read the resource as it is now, and decide anew."
  },
  RequestTooLargeError: {
    description: "The body of the request is larger than the endpoint takes.",
    causes: ["images or documents as base64", "a batch with more bytes than allowed"],
    remedy: "Upload large files with the Files API and refer to them by id; split a batch."
  },
  UnprocessableEntityError: {
    description: "The request can be read and makes no sense to the endpoint.",
    causes: [
      "values that exclude one another",
      "a gateway or proxy in between that checks requests by rules of its own"
    ],
    remedy: "Correct what the message names. If it does not sound like the API, ask whoever runs the gateway."
  },
  RateLimitError: {
    description: "Too many requests or tokens in too short a time. Waiting helps.",
    causes: [
      "more requests or tokens per minute than the tier allows",
      "many programs with one key, or a burst at the start of a job",
      "a steep rise in use, which the API slows down for a while"
    ],
    remedy:
      "Wait as long as `retryAfter` says, send at an even pace and with less concurrency, cache the prompt, or ask for a higher limit."
  },
  SpendLimitError: {
    description: "A limit on spending is reached. Waiting a moment does not help.",
    causes: ["the monthly limit of the organization or the workspace", "the limit of a contract"],
    remedy: "Raise the limit in the console, or wait for the next period."
  },
  ApiError: {
    description: "The API, or something on the way to it, failed inside.",
    causes: ["a passing failure on the server", "a proxy or load balancer that lost its connection"],
    remedy: "Send it again after a moment. If it stays, quote the request id to support and look at the status page."
  },
  GatewayTimeoutError: {
    description: "The API did not finish in the time it has.",
    causes: ["a long answer that was asked for in one piece", "an overloaded moment"],
    remedy: "Stream long answers, lower `max_tokens`, or use a batch; then send it again."
  },
  OverloadedError: {
    description: "The API has more to do than it can. It is not the caller's limit that is reached.",
    causes: ["much traffic from everybody", "a new model in its first days"],
    remedy: "Send it again with growing pauses; fall back to another model where that is possible."
  },
  UnexpectedStatusError: {
    description: "An answer that the API does not give: a redirect, or a status it does not use.",
    causes: ["a base URL that is not the API's", "a proxy, a login page or a gateway in between"],
    remedy: "Check the base URL and what lies in between. Redirects are never followed: they could carry the key away."
  },
  ConnectionError: {
    description:
      "The connection could not be made, or was lost. `phase` says when, `outcome` what the server may have done.",
    causes: [
      "no network, a name that does not resolve, a firewall",
      "a proxy that must be used and is not configured, or the other way round",
      "a certificate that is not trusted: a company's own authority has to be added",
      "a connection that was idle too long"
    ],
    remedy: "Check network, proxy and certificates. Lost connections are tried again by themselves."
  },
  ClaudeTimeoutError: {
    description: "A limit on time was reached before the answer was there. `phase` says which.",
    causes: ["a long answer that was not streamed", "a limit that is shorter than the model thinks"],
    remedy: "Stream the answer, or raise the limit that is named."
  },
  ResponseDecodeError: {
    description: "The answer is not JSON, or not the JSON that the endpoint promises.",
    causes: ["a proxy that answers in place of the API", "a base URL that is not the API's", "a gateway that rewrites"],
    remedy: "Look at `body` on the error. If it is the API's own answer, report it with the request id."
  },
  RequestValidationError: {
    description: "The request was refused here, before it was sent. `violations` says where and why.",
    causes: ["one of the local rules is broken: each violation names its path, its fix and its evidence"],
    remedy: "Apply the fix. A rule that is wrong for you can be set to `warn` or `off` by name."
  },
  StreamTruncatedError: {
    description: "The stream ended before the answer did. What arrived is on `partial`.",
    causes: [
      "the connection was lost",
      "a proxy that limits how long a response may last",
      "an event that cannot be read"
    ],
    remedy: "Nothing is sent again once content was handed out: begin anew, or go on from `partial`."
  },
  StreamIdleError: {
    description: "The stream fell silent: not even a ping came.",
    causes: ["a connection that died without a word", "a proxy that holds back what it receives"],
    remedy: "Send it again. Where a proxy buffers, let it pass `text/event-stream` through."
  },
  CircuitOpenError: {
    description: "So many requests failed lately that this one was not sent.",
    causes: ["an outage, seen by the circuit breaker"],
    remedy: "Wait until the breaker lets a request through to try, or answer without the model meanwhile."
  },
  BudgetExceededError: {
    description: "The request could cost more than the budget has left, so it was not sent.",
    causes: ["the budget is used up", "`max_tokens` reserves more than is left"],
    remedy: "Raise the budget, lower `max_tokens`, or end here."
  },
  PacingError: {
    description: "The request would have had to wait too long for its turn, so it was not sent.",
    causes: ["more requests than the rate limits allow", "a queue that is full"],
    remedy: "Send fewer at a time, allow a longer queue, or ask for a higher limit."
  }
}
