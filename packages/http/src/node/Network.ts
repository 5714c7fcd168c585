/**
 * How connections are made on Node: through which proxy, and trusting which
 * authorities.
 *
 * Nothing is done unless it is asked for: without options, connections are direct
 * and the public authorities are trusted, whatever the environment says. Asked for
 * the environment's proxy, it reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, in
 * lower case first, as curl does. Authorities given are trusted beside the public
 * ones, and are checked before anything is sent. Certificates are always verified:
 * there is no switch for that.
 *
 * A request to https goes through a tunnel, so that the proxy sees where to and
 * not what. A proxy's password is in no error.
 *
 * **Example** (Going through a proxy that inspects traffic)
 *
 * ```ts no-run
 * import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
 * import * as Network from "@effect-claude/http/node/Network"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
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
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Tls from "node:tls"
import * as Undici from "undici"
import * as Timeouts from "../Timeouts.ts"
import * as CertificateAuthority from "./CertificateAuthority.ts"
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
  /** Where it is, such as `http://proxy.example.com:3128`. */
  readonly url: string
  /**
   * Who connects.
   *
   * @default the name in the URL, if it has one
   */
  readonly username?: string | undefined
  /**
   * The password.
   *
   * @default the password in the URL, if it has one
   */
  readonly password?: Redacted.Redacted | undefined
  /**
   * Hosts that are reached without it, as in `NO_PROXY`: names and their
   * subdomains, separated by commas.
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
   * The proxy to go through: one that is given, or what the environment says.
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
   * How long connecting may take, to the proxy as well.
   *
   * @default "10 seconds"
   */
  readonly connect?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The proxy cannot be used as it is given.
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
 * Creates the dispatcher that makes connections, for as long as the scope is open.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<Undici.Dispatcher, ProxyError | CertificateAuthority.CertificateError, Scope.Scope> {
  const ca = yield* authorities(options?.ca)
  const limit = options?.connect === undefined ? Timeouts.defaults.connect : Duration.fromInputUnsafe(options.connect)
  // 0 is undici's word for no limit.
  const timeout = Duration.isFinite(limit) ? Duration.toMillis(limit) : 0
  const tls = ca === undefined ? { timeout } : { timeout, ca: [...ca] }
  const proxy = yield* chosen(options?.proxy)
  return yield* Effect.acquireRelease(
    Effect.sync((): Undici.Dispatcher =>
      proxy === undefined
        ? new Undici.Agent({ connect: tls })
        : new Undici.EnvHttpProxyAgent({
          ...proxy,
          connect: tls,
          requestTls: tls,
          proxyTls: tls,
          connectTimeout: timeout,
          clientFactory: ProxyFailure.toProxy(timeout),
          factory: ProxyFailure.throughProxy([proxy.httpProxy, proxy.httpsProxy])
        })
    ),
    (dispatcher) => Effect.promise(() => dispatcher.destroy())
  )
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
): Layer.Layer<NodeHttpClient.Dispatcher, ProxyError | CertificateAuthority.CertificateError> =>
  Layer.effect(NodeHttpClient.Dispatcher, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Everything that is trusted, if that is more than usual. */
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

interface Chosen {
  readonly httpProxy: string
  readonly httpsProxy: string
  readonly noProxy: string
  readonly token?: string
}

const chosen = Effect.fnUntraced(function*(
  proxy: Options["proxy"]
): Effect.fn.Return<Chosen | undefined, ProxyError> {
  if (proxy === undefined) return undefined
  if (proxy === "environment") {
    const { http, https, no } = yield* Effect.orElseSucceed(environment, () => ({ http: "", https: "", no: "" }))
    if (http !== "") yield* check(http)
    if (https !== "") yield* check(https)
    return { httpProxy: http, httpsProxy: https, noProxy: no }
  }
  yield* check(proxy.url)
  const all = { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: proxy.noProxy ?? "" }
  if (proxy.username === undefined) return all
  const password = proxy.password === undefined ? "" : Redacted.value(proxy.password)
  return { ...all, token: `Basic ${Buffer.from(`${proxy.username}:${password}`).toString("base64")}` }
})

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

/** Whoever is named before the last `@`, with or without a scheme, may have a password. */
const withoutCredentials = (url: string): string => url.replace(/^((?:[a-z][a-z\d+.-]*:)?\/\/)?.*@/is, "$1…@")

const check = (url: string): Effect.Effect<void, ProxyError> =>
  /^https?:\/\/[^/\s]+\/?$/i.test(url) && URL.canParse(url) ? Effect.void : Effect.fail(
    new ProxyError({
      message: `${withoutCredentials(url)} is not the URL of a proxy. Write it with its scheme and port, such ` +
        "as http://127.0.0.1:8080; other schemes than http and https are not supported."
    })
  )
