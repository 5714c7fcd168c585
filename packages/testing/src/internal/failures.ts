/**
 * Answers that fail: the constructors of `Script` that are not messages.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Errors from "./errors.ts"
import type { StatusOptions } from "./errors.ts"
import * as Gateways from "./gateways.ts"
import * as Internal from "./script.ts"
import type { Script } from "./script.ts"
import { cutAfter, errorInStream } from "./travel.ts"

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

/**
 * Answers with a status. From 400 on the body is the API's error envelope;
 * redirects and other statuses have no body.
 *
 * @category constructors
 * @since 0.1.0
 */
export const status = (status: number, options?: StatusOptions): Script => {
  if (status < 400) {
    return Internal.once({ _tag: "Raw", status, contentType: "", body: "", headers: options?.headers ?? {} })
  }
  return Internal.once({ _tag: "Failure", failure: Errors.failure(status, options) })
}

/**
 * Answers that the rate limit is reached, with the server's hint: seconds, or a
 * `retry-after` value as it is to be sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rateLimited = (options?: {
  readonly retryAfter?: Duration.Input | { readonly header: string } | undefined
}): Script => {
  const hint = options?.retryAfter
  const headers = hint === undefined
    ? undefined
    : { "retry-after": isHeader(hint) ? hint.header : String(Duration.toSeconds(hint)) }
  return status(429, { headers })
}

/**
 * Answers a stream with `overloaded_error` after some of its events; other
 * requests with a 529.
 *
 * @category constructors
 * @since 0.1.0
 */
export const overloadedInStream = (options?: {
  /**
   * How many events come first.
   *
   * @default 0
   */
  readonly after?: number | undefined
}): Script => errorInStream(filler, { after: options?.after ?? 0 })

/**
 * Answers with a body that is not what it says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const garbage = (options?: {
  /**
   * @default 200
   */
  readonly status?: number | undefined
  /**
   * @default "application/json"
   */
  readonly contentType?: string | undefined
  /**
   * @default text that is not JSON
   */
  readonly body?: string | Uint8Array | undefined
  /**
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string } | undefined
}): Script =>
  Internal.once({
    _tag: "Raw",
    status: options?.status ?? 200,
    contentType: options?.contentType ?? "application/json",
    body: options?.body ?? "\u0000\u0001 this is not { JSON",
    headers: options?.headers ?? {}
  })

/**
 * Responds as a gateway does that fails by itself: a page of Cloudflare (HTML, or
 * JSON with `retry_after`), the text of Envoy, the envelope of LiteLLM, a page of
 * nginx. Headers of the API are missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const gateway = (name: Gateway): Script => {
  const { body, contentType, headers, status } = Gateways.pages[name]
  return Internal.once({ _tag: "Raw", status, contentType, body, headers, isForeign: true })
}

/**
 * The name of a gateway's error: the product and the status.
 *
 * @category models
 * @since 0.1.0
 */
export type Gateway = Gateways.Name

/**
 * Answers with an event stream of exactly these bytes, for what events cannot
 * say: other line ends, comments, invalid UTF-8, half an event.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sse = (body: string | Uint8Array): Script =>
  Internal.once({
    _tag: "Raw",
    status: 200,
    contentType: "text/event-stream; charset=utf-8",
    body,
    headers: {}
  })

/**
 * Answers with exactly these bytes, head and all, and closes the connection.
 *
 * @category constructors
 * @since 0.1.0
 */
export const raw = (bytes: string | Uint8Array): Script =>
  Internal.once({ _tag: "Wire", bytes: typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes })

/**
 * Resets the connection: before the headers, right after them, or after some
 * bytes of the body.
 *
 * @category constructors
 * @since 0.1.0
 */
export const resetConnection = (options?: {
  /**
   * @default "beforeHeaders"
   */
  readonly when?: "beforeHeaders" | "afterHeaders" | number | undefined
}): Script => {
  const when = options?.when ?? "beforeHeaders"
  return when === "beforeHeaders"
    ? Internal.once({ _tag: "NoHeaders", end: "reset" })
    : cutAfter(filler, when === "afterHeaders" ? "headers" : { bytes: when }, { by: "reset" })
}

/**
 * Lets no connection come about: refused, or for the reason a code names, such as
 * `ENOTFOUND` or `SELF_SIGNED_CERT_IN_CHAIN`. A server on a socket has accepted the
 * connection already, and resets it; for a refusal there, use a port on which
 * nothing listens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unreachable = (options?: {
  /**
   * The code, as Node has it.
   *
   * @default "ECONNREFUSED"
   */
  readonly code?: string | undefined
}): Script => Internal.once({ _tag: "Unreachable", code: options?.code ?? "ECONNREFUSED" })

/**
 * Accepts the request and never says anything.
 *
 * @category constructors
 * @since 0.1.0
 */
export const silence: Script = Internal.once({ _tag: "Silence" })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** An answer to be interrupted. */
const filler: Script = Internal.once({
  _tag: "Message",
  message: {
    content: [{
      type: "text",
      text: "This answer was written to be interrupted, which is why it goes on for a little while."
    }]
  }
})

const isHeader = (hint: Duration.Input | { readonly header: string }): hint is { readonly header: string } =>
  Predicate.hasProperty(hint, "header")
