/**
 * What the codes of Node, undici, OpenSSL and our own transport mean, and what to
 * do about each.
 *
 * Transports of Node explain their failures with it. The one over `fetch` does
 * without, so that programs for browsers do not contain it.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Failures from "./failures.ts"

/** The kinds of failures before a response. */
export type Kind = keyof typeof advice | "connectTimeout" | "headersTimeout" | "http2"

/** Maps a failure before the head of a response. A failure without a code known here is left to `Failures`. */
export const explain: typeof Failures.fromTransport = (error, context, timeouts) => {
  const { cause, limit } = error.reason
  const found = limit === undefined ? classify(cause) : undefined
  if (found === undefined) return Failures.fromTransport(error, context, timeouts)
  const { host, phase: _, ...known } = context
  switch (found.kind) {
    case "connectTimeout":
      return new ClaudeError.ClaudeTimeoutError({
        ...known,
        phase: "connect",
        limit: connectLimit(cause),
        outcome: "notSent",
        cause,
        message: `No connection to ${host} within the time allowed (${Failures.reasonOf(error)}). Check the network, ` +
          "or raise `connect`."
      })
    case "headersTimeout":
      return new ClaudeError.ClaudeTimeoutError({
        ...known,
        phase: "headers",
        limit: Duration.infinity,
        outcome: "unknown",
        cause,
        message: `${host} sent no headers within the client's own limit (${Failures.reasonOf(error)}). Stream long ` +
          "responses."
      })
    case "http2":
      return new ClaudeError.ResponseDecodeError({
        ...known,
        outcome: "unknown",
        cause,
        message: `${host} responded over HTTP/2, where undici reports a reset as the end of a body. ` +
          "Create the dispatcher with `allowH2: false`, or use an `Agent`."
      })
    default: {
      const settled = tlsAdvice[found.code]
      const isSettled = settled !== undefined || found.kind === "proxyAuthentication" || found.kind === "proxyRefused"
      // The same certificate and the same proxy refuse the next attempt, too.
      return Failures.notConnected(error, context, settled ?? advice[found.kind], isSettled ? false : undefined)
    }
  }
}

/** Returns the kind of a failure, and the code that tells it. Undefined without a code that is known. */
export const classify = (cause: unknown): { readonly kind: Kind; readonly code: string } | undefined => {
  const codes = Failures.codesOf(cause)
  for (const code of codes) {
    const kind = kinds[code] ?? (tlsCode.test(code) ? "tls" : undefined)
    if (kind !== undefined) return { kind, code }
  }
  return codes.includes("NOT_CONNECTED") ? { kind: "unreachable", code: "NOT_CONNECTED" } : undefined
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const advice = {
  refused: "Nothing listens there; check the base URL and the port.",
  dns: "The name does not resolve; check the base URL and the network.",
  unreachable: "Check the network, the proxy and the firewall.",
  tls: "The certificate or the handshake was refused; check the clock, the proxy and the trusted authorities.",
  proxyUnreachable: "The proxy does not respond; check its URL, and that it runs.",
  proxyAuthentication: "The proxy requires authentication; give its user name and password, or correct them.",
  proxyRefused: "The proxy refuses to connect there; ask its administrator to allow the host."
}

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
  HTTP2_NEGOTIATED: "http2"
}

/** OpenSSL's and Node's names for what is wrong with a certificate or a handshake. */
const tlsCode =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/

const untrusted = "The server's certificate is signed by an authority that is not trusted. If a proxy inspects the " +
  "traffic, trust its authority as well (`ca`, or NODE_EXTRA_CA_CERTS); otherwise somebody is listening in."

/** What to do about a certificate, by code. */
const tlsAdvice: { readonly [code: string]: string | undefined } = {
  CERT_HAS_EXPIRED:
    "The server's certificate has expired; check this machine's clock, and notify the server's administrator.",
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

const connectLimit = (cause: unknown): Duration.Duration => {
  for (const error of Failures.chain(cause)) {
    const match = /timeout: (\d+)ms/.exec(Predicate.hasProperty(error, "message") ? String(error.message) : "")
    if (match !== null) return Duration.millis(Number(match[1]))
  }
  return Duration.seconds(10)
}
