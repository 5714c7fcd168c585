/**
 * How the failure of an HTTP client becomes a `ClaudeError`.
 *
 * Looks at the phase and at the codes in the chain of causes, not at the client's
 * own names: on every client a reset, cut or short body arrives as a decode
 * error. Only what certainly failed before the request left is `notSent`. What a
 * code of Node means in detail is in `diagnosis.ts`, which `fetch` does without.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Predicate from "effect/Predicate"
import type * as Exchange from "../../Exchange.ts"
import type * as Timeouts from "../../Timeouts.ts"
import * as Secrets from "../request/secrets.ts"
import * as Span from "../time/duration.ts"

/** Details of the exchange that failed. */
export interface Context {
  /** Which part of the response was awaited. */
  readonly phase: "headers" | "body"
  /** The host the request went to, without credentials. */
  readonly host: string
  readonly status?: number | undefined
  readonly requestId?: string | undefined
  readonly organizationId?: string | undefined
  readonly rateLimits?: ClaudeError.Details["rateLimits"]
}

/** Maps a failure while a request was sent or a response was read that is not a stream of events. */
export const fromTransport = (
  error: Exchange.Failure,
  context: Context,
  timeouts: Timeouts.Timeouts
): ClaudeError.ClaudeError => {
  const { host, phase, ...known } = context
  const reason = error.reason
  if (reason.limit !== undefined) return limitReached(reason.limit, { ...known, outcome: "unknown" }, timeouts)
  const { cause } = reason
  if (reason._tag === "EncodeError" || reason._tag === "InvalidUrlError") {
    return new ClaudeError.ConnectionError({
      ...known,
      phase: "connect",
      outcome: "notSent",
      cause,
      message: `The request to ${host} could not be built: ${
        describe(cause) ?? reason.description ?? reason._tag
      }. Check the base URL and the headers.`
    })
  }
  if (reason._tag === "EmptyBodyError") {
    return new ClaudeError.ResponseDecodeError({
      ...known,
      outcome: "unknown",
      message: `The response of ${host} has no body. ${notClaude}`
    })
  }
  const because = reasonOf(error)
  const codes = codesOf(cause)
  if (isUnreadable(cause) || (phase === "headers" && isParserError(cause))) {
    return new ClaudeError.ResponseDecodeError({
      ...known,
      outcome: "unknown",
      cause,
      message: `The response of ${host} cannot be read (${because}). ${notClaude}`
    })
  }
  if (phase === "headers" && codes.some((code) => unconnectedCode.test(code))) {
    return notConnected(error, context, "Check the base URL, the network, the proxy and the trusted authorities.")
  }
  return new ClaudeError.ConnectionError({
    ...known,
    phase,
    outcome: "unknown",
    cause,
    message: `The connection to ${host} was lost ${
      phase === "headers" ? "before a response came" : "while the response was read"
    } (${because}). Sending the request again may repeat what the server already did.`
  })
}

/** Creates the error of a request that was not sent because there is no connection. */
export const notConnected = (
  error: Exchange.Failure,
  { host, phase: _, ...known }: Context,
  advice: string,
  shouldRetry?: boolean
): ClaudeError.ClaudeError =>
  new ClaudeError.ConnectionError({
    ...known,
    phase: "connect",
    outcome: "notSent",
    cause: error.reason.cause,
    shouldRetry,
    message: `No connection to ${host}: ${reasonOf(error)}. ${advice}`
  })

/** Creates the error of a limit on time that was reached while a body was read. */
export const limitReached = (
  limit: NonNullable<Exchange.Failure["reason"]["limit"]>,
  details: Omit<ClaudeError.Details, "message">,
  timeouts: Timeouts.Timeouts
): ClaudeError.ClaudeError => {
  const within = timeouts[limit]
  return new ClaudeError.ClaudeTimeoutError({
    ...details,
    phase: limit === "idle" ? "body" : limit,
    limit: within,
    message: `${limits[limit](Span.format(within))}${
      details.partial === undefined ? "" : " `partial` holds what arrived."
    }`
  })
}

const limits: { readonly [L in NonNullable<Exchange.Failure["reason"]["limit"]>]: (within: string) => string } = {
  idle: (within) =>
    `The response sent no byte for ${within}. Sending the request again may repeat what the server already did.`,
  firstContent: (within) =>
    `The response brought no content within ${within}. Raise \`firstContent\` for requests that think longer.`,
  nextContent: (within) =>
    `The response brought no further content for ${within}, only pings or white space. Raise \`nextContent\` for ` +
    "servers that pause longer.",
  total: (within) => `The call did not end within ${within}. Raise \`total\` for longer responses.`
}

/** Maps a failure while the body of a stream was read. */
export const streamLost = (
  cause: unknown,
  details: Omit<ClaudeError.Details, "message">
): ClaudeError.ClaudeError =>
  isUnreadable(cause) ?
    new ClaudeError.ResponseDecodeError({
      ...details,
      cause,
      message: `The stream cannot be read (${
        describe(cause)
      }). The message is not complete; \`partial\` holds what arrived.`
    }) :
    new ClaudeError.StreamTruncatedError({
      ...details,
      reason: "reset",
      cause,
      message: `The stream broke off before \`message_stop\` (${
        describe(cause) ?? "the connection was lost"
      }). The message is not complete; \`partial\` holds what arrived.`
    })

/** Creates the error of JSON that broke off where only the end of the connection delimits the body. */
export const cutShort = (
  { meta, status }: { readonly meta: Exchange.Meta; readonly status: number }
): ClaudeError.ClaudeError =>
  new ClaudeError.ConnectionError({
    ...meta,
    status,
    phase: "body",
    outcome: "unknown",
    message: "The connection was closed before the response was complete. " +
      "Sending the request again may repeat what the server already did."
  })

/** Creates the error of a response that arrived and cannot be read. Another attempt would bring the same. */
export const unreadable = (
  problem: string,
  { meta, status }: { readonly meta: Exchange.Meta; readonly status?: number | undefined },
  details: Partial<Omit<ClaudeError.Details, "message">> = {},
  body = ""
): ClaudeError.ClaudeError =>
  new ClaudeError.ResponseDecodeError({
    outcome: "unknown",
    ...meta,
    ...details,
    status,
    body: Secrets.clean(body, meta),
    message: `The response ${problem}. ${notClaude}`
  })

/** Advice for a response that does not come from the API. */
export const notClaude = "Check the base URL: this does not look like a response of the Claude API."

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Codes of Node for a response that is not HTTP/1.1, and of decompressors. `Z_BUF_ERROR` is a body that was cut. */
const unreadableCode =
  /^(?:CONTENT_ENCODING$|HPE_INVALID_(?:CONSTANT|VERSION|STATUS|HEADER_TOKEN|METHOD)$|UND_ERR_HEADERS_OVERFLOW$|Z_DATA_ERROR|Z_NEED_DICT|ERR__ERROR_FORMAT_|ZSTD_error_|ERR_TRAILING_JUNK_)/

const isUnreadable = (cause: unknown): boolean => codesOf(cause).some((code) => unreadableCode.test(code))

/** Codes of parsers for a head whose framing contradicts itself. In a body they are a lost connection. */
const parserCode = /^(?:HPE_|UND_ERR_RES_CONTENT_LENGTH_MISMATCH$)/

/** Codes of Node and Bun for a connection that was refused, not found, not secured or not made in time. */
const unconnectedCode =
  /^(?:ECONNREFUSED|ConnectionRefused|ENOTFOUND|EAI_|EHOST|ENET|EADDRNOTAVAIL|EACCES|EPERM|EPROTO|UND_ERR_CONNECT_|ERR_TLS_|ERR_SSL_|CERT_|CRL_|DEPTH_|SELF_|UNABLE_TO_|HOSTNAME_|INVALID_|PATH_LENGTH_)/

/** Whether Node's parser refused a response for a reason it has no code for. */
const isParserError = (cause: unknown): boolean =>
  chain(cause).some((error) => Predicate.hasProperty(error, "name") && error.name === "HTTPParserError") ||
  codesOf(cause).some((code) => parserCode.test(code))

/** Returns a failure, its causes and the failures it bundles, outermost first. */
export const chain = (cause: unknown): ReadonlyArray<unknown> => {
  const out: Array<unknown> = []
  const queue: Array<unknown> = [cause]
  while (queue.length > 0 && out.length < 20) {
    const error = queue.shift()
    if (!Predicate.isObject(error)) continue
    out.push(error)
    if ("cause" in error) queue.push(error.cause)
    if ("errors" in error && Array.isArray(error.errors)) queue.push(...error.errors)
  }
  return out
}

/** Returns the codes in a chain of causes, outermost first. */
export const codesOf = (cause: unknown): ReadonlyArray<string> => chain(cause).flatMap(codeOf)

const codeOf = (error: unknown): ReadonlyArray<string> =>
  Predicate.hasProperty(error, "code") && typeof error.code === "string" ? [error.code] : []

/** Returns what a failure says about itself. */
export const reasonOf = ({ reason: { cause, description } }: Exchange.Failure): string =>
  describe(cause) ?? description ?? "no reason given"

/** The innermost message of a failure, with its code. */
const describe = (cause: unknown): string | undefined => {
  const errors = chain(cause).filter((error) => Predicate.hasProperty(error, "message") && error.message !== "")
  const last = errors[errors.length - 1]
  if (last === undefined) return undefined
  const message = Predicate.hasProperty(last, "message") ? String(last.message) : ""
  const [code] = codeOf(last)
  const words = message.replace(/\s+/g, " ").slice(0, 200)
  return code === undefined || words.includes(code) ? words : `${code}: ${words}`
}
