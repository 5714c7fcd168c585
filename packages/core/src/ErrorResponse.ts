/**
 * Turns a response that reports a failure into a `ClaudeError`.
 *
 * Total over everything a server, gateway or proxy may send: the API's error
 * envelope, the JSON of another API, JSON inside JSON, HTML, plain text, nothing.
 * An error is recognised by its intent, not by its shape. The message quotes up
 * to 400 characters of the server's own words, without credentials. The whole
 * body is kept on the error and is never printed. The work is linear in the
 * length of the body.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as ClaudeError from "./ClaudeError.ts"
import * as ErrorDetails from "./ErrorDetails.ts"
import * as ErrorTable from "./ErrorTable.ts"
import { advice } from "./internal/advice.ts"
import * as ErrorBody from "./internal/errorBody.ts"
import * as RateLimits from "./RateLimits.ts"
import * as RetryHint from "./RetryHint.ts"
import * as Secret from "./Secret.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The `error` member of an error envelope. `type` is open.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ErrorObject extends Wire.Class<ErrorObject>()("ErrorObject", {
  type: Schema.String,
  message: Schema.String,
  details: Wire.nullish(Wire.struct("ErrorDetails", { error_code: Wire.nullish(Schema.String) }))
}) {}

/**
 * The body of a response that reports a failure, and the data of an `error` event.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ErrorResponse extends Wire.Class<ErrorResponse>()("ErrorResponse", {
  type: Schema.Literal("error"),
  error: ErrorObject,
  request_id: Wire.nullish(Schema.String)
}) {}

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A response that is not 2xx, or that is and reports a failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Response {
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** The body. */
  readonly text: string
  /** Milliseconds since the epoch. A `retry-after` date is measured against it when the response has no `date`. */
  readonly now: number
  /** The URL of the request, without query and credentials. Named in the message of a 404 and of a redirect. */
  readonly url?: string | undefined
  /** A note about the model of the request, such as when it was retired. Added to the message of a 404. */
  readonly modelNote?: string | undefined
}

/**
 * What is known about a stream when it reports a failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface StreamContext {
  readonly requestId?: string | undefined
  readonly organizationId?: string | undefined
  readonly rateLimits?: RateLimits.RateLimits | undefined
  readonly partial?: ClaudeError.Details["partial"]
  readonly contentHandedOut?: boolean | undefined
  /** False where the request may not be sent again after an unknown outcome. */
  readonly repeatable?: boolean | undefined
}

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Returns whether JSON reports a failure: its `type` is `error`, it has an `error`
 * member that is not empty, or it has no `type` and a text as `message` or
 * `detail`. Servers other than the API report failures
 * in the body of a 200, or inside a stream, in shapes of their own.
 *
 * @category guards
 * @since 0.1.0
 */
export const isError = (json: unknown): boolean => ErrorBody.isError(json)

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the error that a response stands for.
 *
 * **Example** (A response of a load balancer)
 *
 * ```ts
 * import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
 *
 * const error = ErrorResponse.toError({ status: 503, headers: {}, text: "upstream connect error", now: 0 })
 *
 * error._tag // => "ApiError"
 * error.outcome // => "unknown"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const toError = (response: Response): ClaudeError.ClaudeError => {
  const { headers, now, status, text } = response
  const body = ErrorBody.read(text, headers["content-type"])
  const hint = RetryHint.fromHeaders(headers, now)
  return make(body, status, {
    where: `HTTP ${status}`,
    words: body.words === "" ? "the response has no body." : body.words,
    notes: status === 404 || (status >= 300 && status < 400)
      ? [response.url === undefined ? undefined : `URL: ${response.url}`, response.modelNote]
      : [],
    details: {
      ...hint,
      outcome: ErrorTable.outcomeOf({ status, enveloped: body.enveloped }),
      requestId: headers["request-id"] ?? body.requestId,
      organizationId: headers["anthropic-organization-id"],
      retryAfter: hint.retryAfter ??
        (body.retryAfterSeconds === undefined ? undefined : Duration.seconds(body.retryAfterSeconds)),
      rateLimits: RateLimits.fromHeaders(headers),
      body: body.json ?? text
    }
  })
}

/**
 * Creates the error that an `error` event inside a stream stands for, or an
 * error in the body of a 200. Takes any JSON: the API's envelope, the shape of
 * another API, a plain text.
 *
 * There is no HTTP status: the type decides, or the status that a gateway writes
 * into the error, so an overload is the same `OverloadedError` on either path. The outcome is `partial` when content had
 * arrived. Otherwise it is `rejected` for the API's envelope, and `unknown` for
 * every other shape.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEvent = (event: unknown, context: StreamContext): ClaudeError.ClaudeError => {
  const body = ErrorBody.ofJson(event)
  return make(body, undefined, {
    where: "Inside the stream",
    words: body.words,
    notes: [],
    details: {
      ...context,
      outcome: context.partial !== undefined ? "partial" : body.enveloped ? "rejected" : "unknown",
      requestId: context.requestId ?? body.requestId,
      retryAfter: body.retryAfterSeconds === undefined ? undefined : Duration.seconds(body.retryAfterSeconds),
      body: event
    }
  })
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The parts of a message and of the error it describes. */
interface Parts {
  readonly where: string
  readonly words: string
  readonly notes: ReadonlyArray<string | undefined>
  readonly details: Omit<ClaudeError.Details, "message">
}

const make = (body: ErrorBody.ErrorBody, status: number | undefined, parts: Parts): ClaudeError.ClaudeError => {
  const details = ErrorDetails.fromUnknown(body.details)
  const errorCode = codeOf(body.details)
  const signs = { status: status ?? body.status, errorType: body.type, errorCode, message: body.words }
  const tag = ErrorTable.tagOf(signs)
  const { outcome, requestId } = parts.details
  const kind = errorCode ?? body.type
  const notes = parts.notes.filter((note) => note !== undefined)
  return new ClaudeError.classes[tag]({
    ...parts.details,
    details,
    status,
    errorType: body.type,
    errorCode,
    message: `${parts.where}${kind === undefined ? "" : ` ${kind}`}${quoted(parts.words)}` +
      `${notes.length === 0 ? "" : ` (${notes.join("; ")})`}` +
      ` — ${advice(tag, outcome)}${requestId === undefined ? "" : ` (request ${requestId})`}`
  })
}

const codeOf = (details: unknown): string | undefined =>
  typeof details === "object" && details !== null && "error_code" in details &&
    typeof details.error_code === "string"
    ? details.error_code
    : undefined

/** How many characters of the server's words a message quotes. */
const quoteLimit = 400

/** Some servers, and more of the proxies before them, repeat the credential they received. */
const quoted = (words: string): string => {
  const clean = Secret.clean(words)
  return clean === "" ? "" : `: ${clean.length > quoteLimit ? `${cut(clean)}…` : clean}`
}

/** Cuts a text without leaving half of a surrogate pair. */
const cut = (text: string): string => text.slice(0, quoteLimit).replace(/[\ud800-\udbff]$/, "")
