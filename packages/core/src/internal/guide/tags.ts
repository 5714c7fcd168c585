/**
 * The guide to each error of the SDK. The type of the table requires all of them.
 *
 * @since 0.1.0
 */
import type { Tag } from "../../ClaudeError.ts"
import type { Guide } from "./guide.ts"

/** The guides, by tag. */
export const guides: { readonly [T in Tag]: Guide } = {
  InvalidRequestError: {
    description: "The request is malformed, or not allowed as it stands. The message names the field.",
    causes: [
      "a required field is missing, or has the wrong type or an unknown value",
      "a tool call has no result in the turn that follows, or a result has no call",
      "a parameter the model does not accept: sampling on newer models, a prefill, a budget for thinking",
      "a text block that is empty, or more than four cache breakpoints"
    ],
    remedy: "Correct what the message names. Sending the request again unchanged cannot succeed."
  },
  ContextWindowExceededError: {
    description: "Prompt and response together do not fit into the model's context window.",
    causes: [
      "the conversation has grown, often by the results of tools",
      "a document or an image is larger than expected",
      "`max_tokens` leaves too little of the window for the prompt"
    ],
    remedy:
      "Shorten the conversation, let the API compact or clear it (`context_management`), lower `max_tokens`, or choose a model with a larger window."
  },
  AuthenticationError: {
    description: "The API does not accept the credential.",
    causes: [
      "the key is missing, mistyped, revoked or of another environment",
      "a space, quote or newline was copied along from a file or a shell",
      "a token that has expired"
    ],
    remedy: "Check ANTHROPIC_API_KEY or the configured credential. Create a new key if this one was revoked."
  },
  BillingError: {
    description: "The account cannot pay for the request.",
    causes: ["the credit balance is used up", "a payment failed", "a linked organization is not set up for billing"],
    remedy: "Check billing in the console. Retrying does not help."
  },
  PermissionError: {
    description: "The credential is valid, but has no permission for this request.",
    causes: [
      "the key belongs to a workspace without access to the model, file or feature",
      "the organization is not enrolled in a beta",
      "the network or the country is not allowed"
    ],
    remedy: "Use a credential of the right workspace, or contact the organization's administrator."
  },
  NotFoundError: {
    description: "The model, file, batch or path does not exist, or not for this credential.",
    causes: [
      "a model id with a typing error, or the id of a retired model",
      "an id of another workspace",
      "a base URL with a wrong path; the message names the URL of the request"
    ],
    remedy: "Compare the id with a list of models, files or batches; check the base URL."
  },
  MethodNotAllowedError: {
    description: "The path exists, but does not accept this HTTP method.",
    causes: ["a path that was built by hand", "a proxy that changes the method"],
    remedy: "Use the method that the API documents for the path."
  },
  RequestTimeoutError: {
    description: "The server waited too long for the request to arrive.",
    causes: ["a slow or broken upload", "a very large body on a slow connection"],
    remedy: "Send the request again. Upload large files once with the Files API and refer to them by id."
  },
  ConflictError: {
    description: "The resource is in a state that does not allow this.",
    causes: ["two programs change the same resource", "a batch that has not ended is deleted"],
    remedy: "Read the current state of the resource, then decide again."
  },
  RequestTooLargeError: {
    description: "The body of the request, or its text, is larger than the endpoint accepts.",
    causes: [
      "images or documents as base64",
      "a conversation with more bytes of text than allowed",
      "a batch with more bytes than allowed"
    ],
    remedy: "Upload large files with the Files API and refer to them by id; shorten the conversation; split a batch."
  },
  UnprocessableEntityError: {
    description: "The request is well formed, but the endpoint cannot process it.",
    causes: [
      "values that exclude each other",
      "a gateway or proxy that checks requests by its own rules"
    ],
    remedy: "Correct what the message names. If the message is not from the API, contact the operator of the gateway."
  },
  RateLimitError: {
    description: "Too many requests or tokens in too short a time. Waiting helps.",
    causes: [
      "more requests or tokens per minute than the tier allows",
      "many programs with one key, or a burst at the start of a job",
      "a steep rise in use, which the API slows down for a while"
    ],
    remedy:
      "Wait for the time in `retryAfter`, send at an even pace and with less concurrency, cache the prompt, or request a higher limit."
  },
  SpendLimitError: {
    description: "A limit on spending is reached. Waiting a moment does not help.",
    causes: [
      "the monthly limit of the organization or the workspace, which the API reports as a 400",
      "the limit of a contract"
    ],
    remedy: "Raise the limit in the console, or wait for the next period."
  },
  ApiError: {
    description: "The API, or a gateway in front of it, failed.",
    causes: ["a temporary failure of the server", "a proxy or load balancer that lost its connection"],
    remedy:
      "Send the request again after a moment. After an outcome of `unknown` the server may have acted on it. If the error persists, check the status page and quote the request id to support."
  },
  GatewayTimeoutError: {
    description: "The API did not finish in time.",
    causes: ["a long response that was not streamed", "a moment of high load"],
    remedy: "Stream long responses, lower `max_tokens`, or use a batch. Then send the request again."
  },
  OverloadedError: {
    description: "The API has more requests than it can serve. No limit of the caller is reached.",
    causes: ["high traffic across all users", "a new model in its first days"],
    remedy: "Send the request again with growing delays, or fall back to another model."
  },
  UnexpectedStatusError: {
    description: "A response that the API does not send: a redirect, or a status it does not use.",
    causes: ["a base URL that is not the API's", "a proxy, a login page or a gateway"],
    remedy: "Check the base URL and the proxies. Redirects are never followed: they could send the key to another host."
  },
  ConnectionError: {
    description:
      "The connection could not be made, or was lost. `phase` says when, `outcome` what the server may have done.",
    causes: [
      "no network, a name that does not resolve, a firewall",
      "a proxy that is required but not configured, or configured but not required",
      "a certificate that is not trusted: add the company's own authority",
      "a connection that was idle too long"
    ],
    remedy: "Check network, proxy and certificates. Requests are retried after a lost connection where that is safe."
  },
  ClaudeTimeoutError: {
    description: "A time limit was reached before the response was there. `phase` says which.",
    causes: ["a long response that was not streamed", "a limit that is shorter than the model thinks"],
    remedy: "Stream the response, or raise the limit that the message names."
  },
  ResponseDecodeError: {
    description: "The response is not JSON, or not the JSON that the endpoint documents.",
    causes: [
      "a proxy that responds in place of the API",
      "a base URL that is not the API's",
      "a gateway that rewrites"
    ],
    remedy: "Look at `body` on the error. If it is a response of the API, report it with the request id."
  },
  RequestValidationError: {
    description: "The request was refused by this client, before it was sent. `violations` says where and why.",
    causes: ["the request breaks a local rule: each violation names its path, its fix and its evidence"],
    remedy: "Apply the fix. A rule that is wrong for you can be set to `warn` or `off` by name."
  },
  StreamTruncatedError: {
    description: "The stream ended before the message was complete. `partial` holds what arrived.",
    causes: [
      "the connection was lost",
      "a proxy that limits how long a response may last",
      "an event that cannot be read"
    ],
    remedy: "No retry is made once content was handed out: start again, or continue from `partial`."
  },
  StreamIdleError: {
    description: "The stream sent nothing for too long, not even a ping.",
    causes: ["a connection that was lost without notice", "a proxy that buffers what it receives"],
    remedy: "Send the request again. Configure the proxy to pass `text/event-stream` through unbuffered."
  },
  CircuitOpenError: {
    description: "Too many recent requests failed, so this one was not sent.",
    causes: ["an outage that the circuit breaker detected"],
    remedy: "Wait until the breaker lets a trial request through, or continue without the model."
  },
  BudgetExceededError: {
    description: "The request could cost more than the budget has left, so it was not sent.",
    causes: ["the budget is used up", "`max_tokens` reserves more than is left"],
    remedy: "Raise the budget, lower `max_tokens`, or stop."
  },
  PacingError: {
    description: "The request would have waited too long in the queue, so it was not sent.",
    causes: ["more requests than the rate limits allow", "a queue that is full"],
    remedy: "Send fewer requests at a time, allow a longer queue, or request a higher limit."
  }
}
