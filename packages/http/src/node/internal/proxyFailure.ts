/**
 * Failures on the way to a proxy and through it, by codes of their own: undici
 * reports a proxy that does not answer as it would a server, and one that refuses
 * as an aborted request.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import * as Undici from "undici"

/** A failure of the proxy rather than of the server. */
export class ProxyFailure extends Data.Error<{
  readonly code: "PROXY_UNREACHABLE" | "PROXY_AUTHENTICATION" | "PROXY_REFUSED"
  readonly message: string
  readonly cause: unknown
}> {}

/** Makes the connections to a proxy, which has a limited time to answer; 0 is none. */
export const toProxy = (limit: number) => (origin: string | URL, options: object): Undici.Dispatcher =>
  new Undici.Pool(origin, { ...connecting(options, unreachable), headersTimeout: limit })

/** Makes the connections through proxies: tunnels to a server, or plain ones to the proxy itself. */
export const throughProxy = (
  proxies: ReadonlyArray<string>
): (origin: string | URL, options: object) => Undici.Dispatcher => {
  const origins = new Set(proxies.filter((proxy) => URL.canParse(proxy)).map((proxy) => new URL(proxy).origin))
  return (origin, options) =>
    origins.has(new URL(origin).origin)
      ? new Undici.Pool(origin, connecting(options, unreachable))
      : new Undici.Pool(origin, connecting(options, refused))
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Names the failures of the function that connects, where there is one. */
const connecting = (options: Undici.Pool.Options, name: (error: Error) => Error): Undici.Pool.Options => {
  const { connect } = options
  return typeof connect !== "function" ? options : {
    ...options,
    connect: (target, callback) =>
      connect(target, (error, socket) => error === null ? callback(null, socket) : callback(name(error), null))
  }
}

const unreachable = (error: Error): Error =>
  new ProxyFailure({ code: "PROXY_UNREACHABLE", message: error.message, cause: error })

const refused = (error: Error): Error => {
  const status = /^Proxy response \((\d+)\)/.exec(error.message)?.[1]
  if (status !== undefined) {
    const code = status === "407" ? "PROXY_AUTHENTICATION" : "PROXY_REFUSED"
    return new ProxyFailure({ code, message: `it answers ${status}`, cause: undefined })
  }
  return Predicate.hasProperty(error, "code") && error.code === "UND_ERR_HEADERS_TIMEOUT"
    ? new ProxyFailure({ code: "PROXY_UNREACHABLE", message: "no answer in time", cause: undefined })
    : error
}
