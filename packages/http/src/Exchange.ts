/**
 * One request and its response: the contract between the resources, which know
 * paths and bodies, and the transport, which knows hosts and sockets.
 *
 * A request is logical. It names a path of the API and a body, and holds no host,
 * credential or version: each attempt adds them.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type { RateLimits } from "@effect-claude/core/RateLimits"
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as HttpBody from "effect/http/HttpBody"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Settings } from "./ClaudeConfig.ts"
import type { RetryEvent } from "./RetryPolicy.ts"

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
  /** The operation, such as `messages.create`: the name of spans and log lines. */
  readonly operation: string
  readonly method: "GET" | "POST" | "DELETE"
  /** The path, from `/v1` on, with its segments encoded. */
  readonly path: string
  /** The query, as ordered pairs. */
  readonly query?: ReadonlyArray<readonly [name: string, value: string]> | undefined
  /** The body, encoded once for all attempts. */
  readonly body?: RequestBody | undefined
  /** Sends a body that is a stream or a form where the transport takes only bytes, as `fetch` does. */
  readonly upload?: Execute | undefined
  /** Headers of this request alone. */
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Betas this request needs, in addition to those of the layer. */
  readonly betas?: ReadonlyArray<string> | undefined
  /** The model of a message request. */
  readonly model?: string | undefined
  /** Whether the response is a stream of events. */
  readonly streamed: boolean
  /** Whether the request may be sent again when the server may have acted on it. */
  readonly repeatable: boolean
  /**
   * When the call must have ended, in milliseconds of the monotonic clock. Bodies
   * are read no longer than that.
   *
   * @default Infinity
   */
  readonly endBy?: number | undefined
}

/**
 * What a response says in its headers.
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
  /** Whether the response came from a cache and nothing was sent. */
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
    /** `TransportError`, `DecodeError`, `EmptyBodyError` and others of Effect's, or `LimitReached`. */
    readonly _tag: string
    /** The low-level failure. */
    readonly cause?: unknown
    readonly description?: string | undefined
    /** Which limit on time was reached. */
    readonly limit?: "idle" | "firstContent" | "nextContent" | "total" | undefined
  }
}

/**
 * Reads a body chunk by chunk without an effect for each. Serves one caller at a
 * time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader {
  /** Requests the next chunks, or how the body ended. `resume` is called once, during the call or later. */
  readonly take: (
    resume: (chunks: Exit.Exit<Arr.NonEmptyReadonlyArray<Uint8Array>, Failure | Cause.Done>) => void
  ) => void
  /** Withdraws the latest `take`. Chunks that arrive later are kept for the next. */
  readonly leave: () => void
  /** Restarts the limit between contents. Chunks that hold no content, such as pings, do not call it. */
  readonly contentArrived: () => void
  /** Replaces all limits by one on the rest of the body, in milliseconds from now. */
  readonly endWithin: (millis: number) => void
  /** Sets the effect that runs before the connection is closed. */
  readonly onClose: (effect: Effect.Effect<void>) => void
}

/**
 * The bytes of a response, read within the limits on time of its call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Body extends Stream.Stream<Uint8Array, Failure> {
  /** Reads the same bytes faster. Absent where a stream replaced the body. */
  readonly reader?: Reader | undefined
}

/**
 * A response with a status of 2xx, its body not yet read.
 *
 * It is valid for as long as the scope of its attempt is open. Closing the scope
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
  readonly body: Body
}

/**
 * A response as an attempt returns it, with the reader of its body.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReadableResponse extends Response {
  readonly body: Body & { readonly reader: Reader }
}

/**
 * A sign of life from a call whose response has no content yet.
 *
 * - `Attempt`: an attempt starts
 * - `Ping`: the server reports that it is still working
 * - `Waiting`: the latest attempt failed, and another follows after a wait
 *
 * @category models
 * @since 0.1.0
 */
export type Progress =
  | { readonly _tag: "Attempt"; readonly number: number }
  | { readonly _tag: "Ping" }
  | ({ readonly _tag: "Waiting" } & RetryEvent)

/**
 * Makes one attempt at a request. It fails unless the server responds with 2xx.
 * The connection belongs to the scope.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attempt {
  (request: Request, settings: Settings): Effect.Effect<Response, ClaudeError, Scope.Scope>
  /**
   * Makes an attempt, gives the response to `use`, and closes the connection when
   * that resumes, in one effect. A function that wraps an attempt has no `read`:
   * callers then read the response of the attempt itself.
   */
  readonly read?:
    | (<A>(
      request: Request,
      settings: Settings,
      use: (response: ReadableResponse, resume: (result: Effect.Effect<A, ClaudeError>) => void) => void
    ) => Effect.Effect<A, ClaudeError>)
    | undefined
}

/**
 * The body of a request: encoded bytes, or a body of Effect's HTTP client.
 * Programs that send only the former do not contain the latter.
 *
 * @category models
 * @since 0.1.0
 */
export type RequestBody = HttpBody.HttpBody | EncodedBody

/**
 * A body that was encoded once, for all attempts.
 *
 * @category models
 * @since 0.1.0
 */
export interface EncodedBody {
  readonly _tag: "Encoded"
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly contentType: string
}

/**
 * Sends a request through an HTTP client. The connection belongs to the scope.
 *
 * @category models
 * @since 0.1.0
 */
export type Execute = (
  request: {
    readonly method: Request["method"]
    readonly url: URL
    readonly headers: { readonly [name: string]: string }
    readonly body: RequestBody | undefined
  }
) => Effect.Effect<
  {
    readonly status: number
    readonly headers: { readonly [name: string]: string | undefined }
    readonly body: Stream.Stream<Uint8Array, Failure>
  },
  Failure,
  Scope.Scope
>
