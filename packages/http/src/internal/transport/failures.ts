/**
 * How the failure of an HTTP client becomes a `ClaudeError`.
 *
 * Looks at the phase and at the codes in the chain of causes, not at the client's
 * own names: on every client a reset, cut or short body arrives as a decode
 * error. Only what certainly failed before the request left is `notSent`.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Duration from "effect/Duration"
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

/** The kinds of failures of a transport. */
export type Kind =
  | "refused"
  | "dns"
  | "unreachable"
  | "tls"
  | "proxyUnreachable"
  | "proxyAuthentication"
  | "proxyRefused"
  | "connectTimeout"
  | "headersTimeout"
  | "protocol"
  | "encoding"
  | "lost"

/** Maps a failure while a request was sent or a response was read that is not a stream of events. */
export const fromTransport = (
  error: Exchange.Failure,
  context: Context,
  timeouts: Timeouts.Timeouts
): ClaudeError.ClaudeError => {
  const { host, phase, ...known } = context
  const reason = error.reason
  if (reason.limit !== undefined) return limitReached(reason.limit, { ...known, outcome: "unknown" }, timeouts)
  const cause = "cause" in reason ? reason.cause : undefined
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
  const found = classify(cause)
  const kind = found.kind === "lost" && phase === "headers" && isParserError(cause) ? "protocol" : found.kind
  const because = describe(cause) ?? ("description" in reason ? reason.description : undefined) ?? "no reason given"
  switch (kind) {
    case "connectTimeout":
      return new ClaudeError.ClaudeTimeoutError({
        ...known,
        phase: "connect",
        limit: connectLimit(cause),
        outcome: "notSent",
        cause,
        message:
          `No connection to ${host} within the time allowed (${because}). Check the network, or raise \`connect\`.`
      })
    case "headersTimeout":
      return new ClaudeError.ClaudeTimeoutError({
        ...known,
        phase: "headers",
        limit: Duration.infinity,
        outcome: "unknown",
        cause,
        message: `${host} sent no headers within the client's own limit (${because}). Stream long responses.`
      })
    case "protocol":
      return new ClaudeError.ResponseDecodeError({
        ...known,
        outcome: "unknown",
        cause,
        message: found.code === "HTTP2_NEGOTIATED"
          ? `${host} responded over HTTP/2, where undici reports a reset as the end of a body. ` +
            "Create the dispatcher with `allowH2: false`, or use an `Agent`."
          : `${host} responded with what is not HTTP/1.1 (${because}). ${notClaude}`
      })
    case "encoding":
      return new ClaudeError.ResponseDecodeError({
        ...known,
        outcome: "unknown",
        cause,
        message: `The response of ${host} cannot be decoded: ${because}. A gateway that compresses must send gzip, ` +
          "deflate, br or zstd, whole."
      })
    case "lost":
      return new ClaudeError.ConnectionError({
        ...known,
        phase,
        outcome: "unknown",
        cause,
        message: `The connection to ${host} was lost ${
          phase === "headers" ? "before a response came" : "while the response was read"
        } (${because}). Sending the request again may repeat what the server already did.`
      })
    default:
      return new ClaudeError.ConnectionError({
        ...known,
        phase: "connect",
        outcome: "notSent",
        cause,
        // The same certificate and the same proxy refuse the next attempt, too.
        ...(isSettled(found) ? { shouldRetry: false } : undefined),
        message: `No connection to ${host}: ${because}. ${tlsAdvice[found.code ?? ""] ?? advice[kind]}`
      })
  }
}

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
  new ClaudeError.StreamTruncatedError({
    ...details,
    reason: "reset",
    cause,
    message: `The stream broke off before \`message_stop\` (${
      describe(cause) ?? "the connection was lost"
    }). The message is not complete; \`partial\` holds what arrived.`
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

/** Advice for a response that is none of the API's. */
export const notClaude = "Check the base URL: this does not look like a response of the Claude API."

/** Tells a failure of the transport by the codes in its chain of causes. */
export const classify = (cause: unknown): { readonly kind: Kind; readonly code: string | undefined } => {
  let notConnected = false
  for (const error of chain(cause)) {
    const code = codeOf(error)
    if (code === undefined) continue
    const kind = kinds[code] ?? (tlsCode.test(code) ? "tls" : protocolCode.test(code) ? "protocol" : undefined)
    if (kind !== undefined) return { kind, code }
    notConnected ||= code === "NOT_CONNECTED"
  }
  return { kind: notConnected ? "unreachable" : "lost", code: undefined }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const kinds: { readonly [code: string]: Kind | undefined } = {
  ECONNREFUSED: "refused",
  ConnectionRefused: "refused",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  EACCES: "unreachable",
  EPERM: "unreachable",
  EPROTO: "tls",
  PROXY_UNREACHABLE: "proxyUnreachable",
  PROXY_AUTHENTICATION: "proxyAuthentication",
  PROXY_REFUSED: "proxyRefused",
  UND_ERR_CONNECT_TIMEOUT: "connectTimeout",
  UND_ERR_HEADERS_TIMEOUT: "headersTimeout",
  HTTP2_NEGOTIATED: "protocol",
  CONTENT_ENCODING: "encoding"
}

/** OpenSSL's and Node's names for what is wrong with a certificate or a handshake. */
const tlsCode =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/

/** Codes of Node's parser for a head that is not HTTP/1.1. Damage to the framing of a body is a lost connection. */
const protocolCode = /^(?:HPE_INVALID_(?:CONSTANT|VERSION|STATUS|HEADER_TOKEN|METHOD)|UND_ERR_HEADERS_OVERFLOW)$/

/** Whether Node's parser refused a response for a reason it has no code for. */
const isParserError = (cause: unknown): boolean =>
  chain(cause).some((error) => Predicate.hasProperty(error, "name") && error.name === "HTTPParserError")

const advice: {
  readonly [K in Exclude<Kind, "lost" | "protocol" | "encoding" | "connectTimeout" | "headersTimeout">]: string
} = {
  refused: "Nothing listens there; check the base URL and the port.",
  dns: "The name does not resolve; check the base URL and the network.",
  unreachable: "Check the network, the proxy and the firewall.",
  tls: "The certificate or the handshake was refused; check the clock, the proxy and the trusted authorities.",
  proxyUnreachable: "The proxy does not respond; check its URL, and that it runs.",
  proxyAuthentication: "The proxy requires authentication; give its user name and password, or correct them.",
  proxyRefused: "The proxy refuses to connect there; ask whoever runs it to allow the host."
}

const untrusted = "The server's certificate is signed by an authority that is not trusted. If a proxy inspects the " +
  "traffic, trust its authority as well (`ca`, or NODE_EXTRA_CA_CERTS); otherwise somebody is listening in."

/** What to do about a certificate, by code. */
const tlsAdvice: { readonly [code: string]: string | undefined } = {
  CERT_HAS_EXPIRED:
    "The server's certificate has expired; check this machine's clock, and tell whoever runs the server.",
  CERT_NOT_YET_VALID: "The server's certificate is not valid yet; check this machine's clock.",
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    "The server accepts HTTP/2 only, and this transport speaks HTTP/1.1; put a gateway that speaks both in front of it.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The server's certificate is for another name; check the base URL and the proxy.",
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted
}

const isSettled = ({ code, kind }: { readonly code: string | undefined; readonly kind: Kind }): boolean =>
  kind === "proxyAuthentication" || kind === "proxyRefused" || tlsAdvice[code ?? ""] !== undefined

/** A failure, its causes and the failures it bundles, outermost first. */
const chain = (cause: unknown): ReadonlyArray<unknown> => {
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

const codeOf = (error: unknown): string | undefined =>
  Predicate.hasProperty(error, "code") && typeof error.code === "string" ? error.code : undefined

/** The innermost message of a failure, with its code. */
const describe = (cause: unknown): string | undefined => {
  const errors = chain(cause).filter((error) => Predicate.hasProperty(error, "message") && error.message !== "")
  const last = errors[errors.length - 1]
  if (last === undefined) return undefined
  const message = Predicate.hasProperty(last, "message") ? String(last.message) : ""
  const code = codeOf(last)
  const words = message.replace(/\s+/g, " ").slice(0, 200)
  return code === undefined || words.includes(code) ? words : `${code}: ${words}`
}

const connectLimit = (cause: unknown): Duration.Duration => {
  for (const error of chain(cause)) {
    const match = /timeout: (\d+)ms/.exec(Predicate.hasProperty(error, "message") ? String(error.message) : "")
    if (match !== null) return Duration.millis(Number(match[1]))
  }
  return Duration.seconds(10)
}
