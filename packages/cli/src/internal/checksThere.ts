/**
 * Checks that ask somebody: the proxy, the name, the certificate, the API.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Models from "@effect-claude/http/Models"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { Connection, type Target } from "../Connection.ts"
import { ExitCode } from "../ExitCode.ts"
import { Network } from "../Network.ts"
import * as Render from "../Render.ts"
import * as Report from "../Report.ts"
import * as Here from "./checksHere.ts"
import { bad, type Finding, good, skipped } from "./finding.ts"

export const proxyOf = Effect.fnUntraced(
  function*(url: string, from: string): Effect.fn.Return<Finding, never, Network> {
    const subject = "proxy"
    const shown = Render.address(url)
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      return bad(
        subject,
        `${shown} (${from}) is not the URL of an HTTP proxy.`,
        "Write it with scheme and port: http://127.0.0.1:8080. SOCKS is not supported.",
        ExitCode.usage
      )
    }
    const network = yield* Network
    const port = Number(parsed.port || (parsed.protocol === "https:" ? 443 : 80))
    const reached = yield* Effect.result(network.connect(parsed.hostname.replace(/^\[|\]$/g, ""), port))
    return Result.isSuccess(reached)
      ? good(subject, `${shown} (${from}) answers.`)
      : bad(
        subject,
        `${shown} (${from}) does not answer: ${reached.failure.code}.`,
        "Start the proxy, correct the address, or unset the variable."
      )
  }
)

export const name = Effect.fnUntraced(function*(host: string): Effect.fn.Return<Finding, never, Network> {
  const network = yield* Network
  const found = yield* Effect.result(network.lookup(host))
  return Result.isSuccess(found)
    ? good("name", `${host} is ${found.success.slice(0, 2).join(", ")}.`)
    : bad(
      "name",
      `${host} is not known: ${found.failure.code}.`,
      "Check the network connection and the DNS server. Behind a company's proxy, set HTTPS_PROXY or say --proxy."
    )
})

const distrusts: { readonly [code: string]: string } = {
  SELF_SIGNED_CERT_IN_CHAIN: "it is signed by an authority that only your organization or proxy knows",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it has signed itself",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the authority that signed it is not known here",
  UNABLE_TO_VERIFY_THE_FIRST_CERTIFICATE: "the authority that signed it is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority that signed it is not known here",
  CERT_HAS_EXPIRED: "it has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "it is not valid yet, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another host"
}

export const secure = Effect.fnUntraced(function*(url: URL, trusted: ReadonlyArray<string> | undefined) {
  const subject = "encryption"
  const network = yield* Network
  const port = Number(url.port || 443)
  const shaken = yield* Effect.result(network.handshake(url.hostname, port, trusted))
  if (Result.isFailure(shaken)) {
    return bad(
      subject,
      `No secure connection to ${url.hostname}:${port}: ${shaken.failure.code}.`,
      "Check for a firewall. Behind a company's proxy, set HTTPS_PROXY or say --proxy."
    )
  }
  const { distrust, issuer, protocol, validTo } = shaken.success
  return distrust === undefined
    ? good(subject, `${protocol}; the certificate is by ${issuer} and holds until ${Render.day(validTo)}.`)
    : bad(
      subject,
      `The certificate of ${url.hostname}, by ${issuer}, is not trusted: ${distrusts[distrust] ?? distrust}.`,
      "If something inspects the traffic on purpose, export its certificate and say --ca FILE (effect-claude cert der-to-pem helps). If not, somebody else may be listening."
    )
})

/** The codes in a failure and in what caused it. */
const codesOf = (error: unknown): ReadonlyArray<string> => {
  const codes = new Set<string>()
  for (let each = error, depth = 0; Predicate.isObject(each) && depth < 8; depth++) {
    if (Predicate.hasProperty(each, "code") && Predicate.isString(each.code)) codes.add(each.code)
    each = Predicate.hasProperty(each, "reason")
      ? each.reason
      : Predicate.hasProperty(each, "cause")
      ? each.cause
      : undefined
  }
  // Says no more than that there was no connection, as do the words before it.
  codes.delete("NOT_CONNECTED")
  return Array.from(codes)
}

const apiKey = Redacted.make("none")

/** Asks without a key: any answer shows that the way is open, and has the time on it. */
export const reach = Effect.fnUntraced(function*(base: string, target: Target) {
  const { open } = yield* Connection
  const start = yield* Clock.currentTimeMillis
  const answered = yield* HttpClient.HttpClient.pipe(
    Effect.flatMap((client) => client.get(`${base}/v1/models`, { headers: { "anthropic-version": "2023-06-01" } })),
    Effect.map((response) => ({ status: response.status, date: response.headers["date"] })),
    Effect.timeout("15 seconds"),
    Effect.provide(open(target, { apiKey, retry: RetryPolicy.never })),
    Effect.result
  )
  const now = yield* Clock.currentTimeMillis
  if (Result.isFailure(answered)) {
    // The same way once more, for the words of the library: it knows proxies and certificates.
    const again = yield* Effect.result(
      Effect.provide(
        Stream.runHead(Models.list({ limit: 1 })),
        open(target, { apiKey, baseUrl: base, retry: RetryPolicy.never })
      )
    )
    const words = Result.isFailure(again) && ClaudeError.is(again.failure) && again.failure.outcome === "notSent"
      ? again.failure.message
      : `No answer from ${base}: ${
        codesOf(answered.failure).join(", ") || answered.failure.message.replace(/\.$/, "")
      }.`
    return {
      finding: bad(
        "connection",
        words,
        "The checks above say where it ends. `effect-claude explain ConnectionError` lists the usual causes."
      ),
      clock: skipped("clock", "Not compared: there was no answer to compare it with.")
    }
  }
  const { date, status } = answered.success
  return {
    finding: good("connection", `${base} answered in ${Render.duration(now - start)} (HTTP ${status} without a key).`),
    clock: Here.clock(date, now)
  }
})

export const accepted = Effect.fnUntraced(function*(target: Target) {
  const { open } = yield* Connection
  const asked = yield* Stream.runCollect(Stream.take(Models.list({ limit: 5 }), 5)).pipe(
    Effect.provide(open(target, { retry: RetryPolicy.never })),
    Effect.result
  )
  if (Result.isSuccess(asked)) {
    return good("access", `The key is accepted; it can use ${asked.success.map(({ id }) => id).join(", ")}, …`)
  }
  const error = asked.failure
  if (!ClaudeError.is(error)) return bad("access", error.message, "", ExitCode.usage)
  const { details, exitCode, remedy = "" } = Report.ofClaudeError(error)
  return bad("access", details.join(" "), remedy, exitCode)
})
