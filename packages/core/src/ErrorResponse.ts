/**
 * How an answer that reports a failure becomes a `ClaudeError`.
 *
 * Total over whatever a server, gateway or proxy may send: the API's error
 * envelope, an HTML page, plain text, nothing. The request id is taken from the
 * header or the body, the server's own words are quoted up to 200 characters,
 * and the whole body is kept on the error, out of sight of everything that
 * prints it.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as ClaudeError from "./ClaudeError.ts"
import * as ErrorTable from "./ErrorTable.ts"
import { advice } from "./internal/advice.ts"
import * as Guard from "./internal/guard.ts"
import * as Shapes from "./internal/shapes.ts"
import * as RateLimits from "./RateLimits.ts"
import * as RetryHint from "./RetryHint.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * What the API says of a failure. `type` is open.
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
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the error a response stands for.
 *
 * `headers` have names in lower case; `now` is in milliseconds since the epoch,
 * for a `retry-after` date on a response without a `date`.
 *
 * **Example** (An answer that is not the API's)
 *
 * ```ts
 * import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
 *
 * const error = ErrorResponse.toError({ status: 503, headers: {}, text: "upstream connect error", now: 0 })
 *
 * error._tag // => "ApiError"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const toError = (response: {
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly text: string
  readonly now: number
}): ClaudeError.ClaudeError => {
  const { headers, now, status, text } = response
  const body = parseJson(text)
  const envelope = isErrorResponse(body) ? body : undefined
  const signs: ErrorTable.Signs = {
    status,
    errorType: envelope?.error.type,
    errorCode: envelope?.error.details?.error_code ?? undefined,
    message: envelope?.error.message ?? text
  }
  const requestId = headers["request-id"] ?? envelope?.request_id ?? undefined
  const hint = RetryHint.fromHeaders(headers, now)
  const said = envelope?.error.message ?? plainText(text, headers["content-type"])
  return make(signs, {
    message: describe(`HTTP ${status}`, signs, said, requestId),
    outcome: gatewayGaveUp.has(status) ? "unknown" : "rejected",
    requestId,
    organizationId: headers["anthropic-organization-id"],
    rateLimits: RateLimits.fromHeaders(headers),
    body: body ?? text,
    ...hint
  })
}

/**
 * Creates the error an `error` event inside a stream stands for.
 *
 * There is no status: the type decides, so an overload is the same
 * `OverloadedError` on either path. The outcome is `partial` when content had
 * arrived, and `rejected` when the event was the first thing said.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEvent = (
  event: ErrorResponse,
  context: {
    readonly requestId?: string | undefined
    readonly organizationId?: string | undefined
    readonly rateLimits?: RateLimits.RateLimits | undefined
    readonly partial?: ClaudeError.Details["partial"]
    readonly contentHandedOut?: boolean | undefined
  }
): ClaudeError.ClaudeError => {
  const signs: ErrorTable.Signs = {
    errorType: event.error.type,
    errorCode: event.error.details?.error_code ?? undefined,
    message: event.error.message
  }
  const requestId = context.requestId ?? event.request_id ?? undefined
  return make(signs, {
    ...context,
    message: describe("Inside the stream", signs, event.error.message, requestId),
    outcome: context.partial === undefined ? "rejected" : "partial",
    requestId,
    body: event
  })
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const guard = Guard.lazy(() => Shapes.errorResponse)

const isErrorResponse = (u: unknown): u is ErrorResponse => guard(u)

const parseJson = (text: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))

const make = (signs: ErrorTable.Signs, details: ClaudeError.Details): ClaudeError.ClaudeError => {
  const tag = ErrorTable.tagOf(signs)
  return new ClaudeError.classes[tag]({
    ...details,
    status: signs.status,
    errorType: signs.errorType,
    errorCode: signs.errorCode
  })
}

/** Statuses by which a gateway says that it heard nothing: what lies behind it may have acted all the same. */
const gatewayGaveUp: ReadonlySet<number> = new Set([502, 504])

const quoteLimit = 200

const describe = (
  where: string,
  signs: ErrorTable.Signs,
  said: string,
  requestId: string | undefined
): string => {
  const kind = signs.errorCode ?? signs.errorType
  // Some servers, and more of the proxies before them, repeat the key they were given.
  const words = said.replace(/sk-ant-[\w-]*/g, "[key]")
  const quote = words.length > quoteLimit ? `${words.slice(0, quoteLimit)}…` : words
  return `${where}${kind === undefined ? "" : ` ${kind}`}${quote === "" ? "" : `: ${quote}`}` +
    ` — ${advice[ErrorTable.tagOf(signs)]}${requestId === undefined ? "" : ` (request ${requestId})`}`
}

/** Turns a page of HTML into its words, and an empty body into a statement that it is empty. */
const plainText = (text: string, contentType: string | undefined): string => {
  const body = contentType?.includes("html") === true || /^\s*<(?:!doctype|html)/i.test(text)
    ? text.replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ")
    : text
  const words = body.replace(/\s+/g, " ").trim()
  return words === "" ? "the response has no body." : words
}
