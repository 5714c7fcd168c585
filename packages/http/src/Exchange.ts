/**
 * One request and what the server answered: what travels between the resources
 * and the transport.
 *
 * A request is logical: it names a path of the API and a body, and knows nothing
 * of hosts, credentials or versions, which the transport adds to each attempt.
 *
 * @since 0.1.0
 */
import type { RateLimits } from "@effect-claude/core/RateLimits"
import type * as HttpBody from "effect/http/HttpBody"
import type * as Stream from "effect/Stream"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A request to the API.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** What is asked, such as `messages.create`: the name of spans and log lines. */
  readonly operation: string
  readonly method: "GET" | "POST" | "DELETE"
  /** The path, from `/v1` on, with its segments encoded. */
  readonly path: string
  /** The query, as ordered pairs. */
  readonly query?: ReadonlyArray<readonly [name: string, value: string]> | undefined
  /** The body, encoded once for all attempts. */
  readonly body?: HttpBody.HttpBody | undefined
  /** Headers of this request alone. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Betas this request needs, beside those of the layer. */
  readonly betas?: ReadonlyArray<string> | undefined
  /** The model that is asked, where one is. */
  readonly model?: string | undefined
  /** Whether the answer is a stream of events. */
  readonly streamed: boolean
  /** Whether the request may be sent again when the server may have acted on it. */
  readonly repeatable: boolean
}

/**
 * What the server said beside the body.
 *
 * @category models
 * @since 0.1.0
 */
export interface Meta {
  /** The `request-id` to quote to support. */
  readonly requestId?: string | undefined
  /** The `anthropic-organization-id` of the credential. */
  readonly organizationId?: string | undefined
  /** The limits reported with the response. */
  readonly rateLimits?: RateLimits | undefined
  /** Whether the answer was known already, and nothing was sent. */
  readonly cached?: boolean | undefined
}

/**
 * How a transport failed. Effect's `HttpClientError` is one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure {
  readonly _tag: string
  readonly reason: {
    /** `TransportError`, `DecodeError`, `EmptyBodyError` and others of Effect's. */
    readonly _tag: string
    /** The low-level failure. */
    readonly cause?: unknown
    readonly description?: string | undefined
  }
}

/**
 * A response with a status of 2xx, its body not yet read.
 *
 * It is valid for as long as the scope of its attempt is open: closing that
 * closes the connection, unless the body was read to its end.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  readonly meta: Meta
  readonly body: Stream.Stream<Uint8Array, Failure>
}
