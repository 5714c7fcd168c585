/**
 * How connections are made on Node: through which proxy, and with which trusted
 * certificate authorities.
 *
 * Without options, connections are direct and the public authorities are trusted;
 * the environment is not read. With `proxy: "environment"` the proxy comes from
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in lower case first, as in curl.
 * Authorities in `ca` are trusted beside the public ones and are checked before
 * anything is sent. Certificates are always verified.
 *
 * - Loopback is always reached directly: a proxy could not reach it, and would see the
 *   key of a request in plain http.
 * - Requests to https use a tunnel, so the proxy sees the host and not the content.
 * - The password of a proxy appears in no error and in no inspection.
 * - HTTP/1.1 only is spoken, because undici reports a reset HTTP/2 stream as its end.
 *
 * **Example** (Going through a proxy that inspects traffic)
 *
 * ```ts no-run
 * import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
 * import * as Network from "@effect-claude/http/node/Network"
 * import * as Layer from "effect/Layer"
 * import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
 * import { readFileSync } from "node:fs"
 *
 * const ClaudeLive = ClaudeNode.layerNoDispatcher().pipe(
 *   Layer.provide(Network.layer({
 *     proxy: { url: "http://proxy.example.com:3128", username: "ada", password: Redacted.make("…") },
 *     ca: readFileSync("proxy-ca.der")
 *   }))
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Tls from "node:tls"
import * as Undici from "undici"
import { ClaudeConfigError } from "../ClaudeConfig.ts"
import * as Timeouts from "../Timeouts.ts"
import * as CertificateAuthority from "./CertificateAuthority.ts"
import * as Http1 from "./internal/http1.ts"
import * as NoProxy from "./internal/noProxy.ts"
import * as ProxyFailure from "./internal/proxyFailure.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * A proxy.
 *
 * @category options
 * @since 0.1.0
 */
export interface Proxy {
  /** The URL, such as `http://proxy.example.com:3128`. */
  readonly url: string
  /**
   * The user name.
   *
   * @default the user name in the URL
   */
  readonly username?: string | undefined
  /**
   * The password.
   *
   * @default the password in the URL
   */
  readonly password?: Redacted.Redacted | undefined
  /**
   * Hosts that are reached without the proxy, in the format of `NO_PROXY`: names with
   * their subdomains (`example.com`), subdomains only (`*.example.com`), addresses and
   * ranges (`10.0.0.0/8`), each with an optional port, separated by commas.
   *
   * @default ""
   */
  readonly noProxy?: string | undefined
}

/**
 * Options of `make` and `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The proxy: one that is given here, or that of the environment.
   *
   * @default none
   */
  readonly proxy?: Proxy | "environment" | undefined
  /**
   * Certificates of authorities to trust beside the public ones, in PEM or DER.
   *
   * @default none
   */
  readonly ca?: string | Uint8Array | ReadonlyArray<string | Uint8Array> | undefined
  /**
   * The limit for connecting, to the proxy as well.
   *
   * @default "10 seconds"
   */
  readonly connect?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The proxy, or its list of exceptions, is malformed.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProxyError extends Data.TaggedError("ProxyError")<{
  /** What is wrong with it, and what to do. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the dispatcher that makes connections. It is destroyed when the scope closes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<
  Undici.Dispatcher,
  ProxyError | CertificateAuthority.CertificateError | ClaudeConfigError,
  Scope.Scope
> {
  const problem = OptionCheck.find(options, table)
  if (problem !== undefined) {
    return yield* new ClaudeConfigError({ ...problem, message: OptionCheck.format(problem) })
  }
  const ca = yield* authorities(options?.ca)
  const timeout = Http1.limit(
    options?.connect === undefined ? Timeouts.defaults.connect : Duration.fromInputUnsafe(options.connect)
  )
  const tls = { timeout, ...(ca === undefined ? undefined : { ca: [...ca] }) }
  const proxies = yield* chosen(options?.proxy)
  const direct = yield* destroyed(() =>
    new Undici.Agent({
      allowH2: false,
      connect: Http1.reportingResets(Undici.buildConnector({ ...tls, allowH2: false }))
    })
  )
  if (proxies === undefined) return direct
  const through = ({ token, url }: Endpoint) =>
    destroyed(() =>
      new Undici.ProxyAgent({
        uri: url,
        allowH2: false,
        requestTls: tls,
        proxyTls: tls,
        connectTimeout: timeout,
        clientFactory: ProxyFailure.toProxy(timeout),
        factory: ProxyFailure.throughProxy(url),
        ...(token === undefined ? undefined : { token })
      })
    )
  const http = proxies.http && (yield* through(proxies.http))
  const https = proxies.https === proxies.http ? http : proxies.https && (yield* through(proxies.https))
  return direct.compose((dispatch) => (options, handler) => {
    const url = new URL(String(options.origin))
    const isSecure = url.protocol === "https:"
    const proxy = proxies.without(url) ? undefined : isSecure ? https : http
    return proxy === undefined
      ? dispatch(options, handler)
      : proxy.dispatch(options, isSecure ? handler : ProxyFailure.ofPlainRequests(handler))
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that provides the dispatcher that makes connections.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<
  NodeHttpClient.Dispatcher,
  ProxyError | CertificateAuthority.CertificateError | ClaudeConfigError
> => Layer.effect(NodeHttpClient.Dispatcher, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Accepts a password that callers without types give as a plain text. */
const isPassword = (value: unknown): boolean =>
  typeof (Redacted.isRedacted(value) ? Redacted.value(value) : value) === "string"

const proxyOptions: { readonly [K in keyof Required<Proxy>]: OptionCheck.Check } = {
  url: OptionCheck.that("a URL as a text", Predicate.isString),
  username: OptionCheck.that("a text", Predicate.isString),
  password: OptionCheck.that("a password as `Redacted.make(password)`", isPassword),
  noProxy: OptionCheck.that("a list of hosts as a text", Predicate.isString)
}

const isCertificate = (value: unknown): boolean => typeof value === "string" || value instanceof Uint8Array

/** The type requires every option. */
const table: { readonly [K in keyof Required<Options>]: OptionCheck.Check } = {
  proxy: (value) =>
    value === "environment"
      ? undefined
      : Predicate.hasProperty(value, "url")
      ? OptionCheck.find(value, proxyOptions)
      : { option: "", expected: "a proxy such as { url: \"http://proxy.example.com:3128\" }, or \"environment\"" },
  ca: OptionCheck.that(
    "a certificate in PEM or DER, or a list of them",
    (value) => isCertificate(value) || (Array.isArray(value) && value.every(isCertificate))
  ),
  connect: OptionCheck.duration
}

/** Returns all trusted authorities in PEM; undefined for the default ones. */
const authorities = Effect.fnUntraced(function*(
  given: Options["ca"]
): Effect.fn.Return<ReadonlyArray<string> | undefined, CertificateAuthority.CertificateError> {
  if (given === undefined) return undefined
  const inputs = typeof given === "string" || given instanceof Uint8Array ? [given] : given
  const found = (yield* Effect.forEach(inputs, CertificateAuthority.read)).flat()
  yield* Effect.forEach(found, CertificateAuthority.check, { discard: true })
  // With `ca`, Node trusts nothing else: neither the public authorities nor NODE_EXTRA_CA_CERTS.
  const { getCACertificates, rootCertificates } = Tls
  const usual = typeof getCACertificates === "function" ? getCACertificates("default") : rootCertificates
  return [...usual, ...found.map(({ pem }) => pem)]
})

/** The proxies to use, and the URLs that are reached without them. */
interface Proxies {
  readonly http: Endpoint | undefined
  readonly https: Endpoint | undefined
  readonly without: NoProxy.NoProxy
}

/** A proxy: its URL without credentials, and the credentials as a header. */
interface Endpoint {
  readonly url: string
  readonly token: string | undefined
}

const destroyed = <A extends Undici.Dispatcher>(make: () => A): Effect.Effect<A, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(make), (dispatcher) => Effect.promise(() => dispatcher.destroy()))

const chosen = Effect.fnUntraced(function*(
  proxy: Options["proxy"]
): Effect.fn.Return<Proxies | undefined, ProxyError> {
  if (proxy === undefined) return undefined
  if (proxy === "environment") {
    const { http, https, no } = yield* Effect.orElseSucceed(environment, () => ({ http: "", https: "", no: "" }))
    const plain = http === "" ? undefined : yield* endpoint({ url: http })
    const secure = https === "" ? plain : yield* endpoint({ url: https })
    return { http: plain, https: secure, without: yield* exceptions(no) }
  }
  const given = yield* endpoint(proxy)
  return { http: given, https: given, without: yield* exceptions(proxy.noProxy ?? "") }
})

const exceptions = (list: string): Effect.Effect<NoProxy.NoProxy, ProxyError> =>
  Effect.mapError(Effect.fromResult(NoProxy.parse(list)), (entry) =>
    new ProxyError({
      message: `${JSON.stringify(entry)} in the hosts without a proxy is not a range of addresses. Write it as ` +
        "10.0.0.0/8."
    }))

const variable = (name: string): Config.Config<string> =>
  Config.withDefault(
    Config.orElse(Config.NonEmptyString(name), () => Config.NonEmptyString(name.toUpperCase())),
    ""
  )

const environment = Config.all({
  http: variable("http_proxy"),
  https: variable("https_proxy"),
  no: variable("no_proxy")
})

/** Checks a proxy, and takes the credentials out of its URL. */
const endpoint = ({ password, url, username }: Proxy): Effect.Effect<Endpoint, ProxyError> => {
  if (!/^https?:\/\/[^/\s?#]+\/?$/i.test(url) || !URL.canParse(url)) {
    return Effect.fail(
      new ProxyError({
        message: `${withoutCredentials(url)} is not the URL of a proxy. Write it with its scheme and port, such ` +
          "as http://127.0.0.1:8080; other schemes than http and https are not supported."
      })
    )
  }
  const { origin, password: encodedPassword, username: encodedName } = new URL(url)
  const decoded = Result.try(() => [decodeURIComponent(encodedName), decodeURIComponent(encodedPassword)] as const)
  if (Result.isFailure(decoded)) {
    return Effect.fail(
      new ProxyError({
        message: `The user name or the password in the URL of the proxy ${origin} is not percent-encoded. Encode ` +
          "it, or give `username` and `password`."
      })
    )
  }
  const [nameInUrl, passwordInUrl] = decoded.success
  const name = username ?? nameInUrl
  const secret = password === undefined ? username === undefined ? passwordInUrl : "" : plain(password)
  return Effect.succeed({
    url: origin,
    token: name === "" && secret === "" ? undefined : `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`
  })
}

/** Returns a password, which callers without types may give as a plain text. */
const plain = (password: Redacted.Redacted): string => {
  const given: unknown = password
  return typeof given === "string" ? given : Redacted.value(password)
}

/** Removes what precedes the last `@`, with or without a scheme: it may have a password. */
const withoutCredentials = (url: string): string => url.replace(/^((?:[a-z][a-z\d+.-]*:)?\/\/)?.*@/is, "$1…@")
