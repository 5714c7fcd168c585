/**
 * Failures of a proxy, with codes of their own.
 *
 * undici reports a proxy that does not respond like a server that does not respond,
 * and a proxy that refuses like an aborted request.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import * as Undici from "undici"
import * as Handler from "./handler.ts"
import * as Http1 from "./http1.ts"

/** A failure of the proxy rather than of the server. */
export class ProxyFailure extends Data.Error<{
  readonly code: "PROXY_UNREACHABLE" | "PROXY_AUTHENTICATION" | "PROXY_REFUSED"
  readonly message: string
  readonly cause: unknown
}> {}

/** Creates the pool of connections to a proxy, which has to respond within `limit` milliseconds; 0 is no limit. */
export const toProxy = (limit: number) => (origin: string | URL, options: object): Undici.Dispatcher =>
  new Undici.Pool(origin, { ...connecting(options, unreachable), headersTimeout: limit })

/** Creates pools of connections through a proxy: tunnels to a server, or plain ones to the proxy itself. */
export const throughProxy = (proxy: string): (origin: string | URL, options: object) => Undici.Dispatcher => {
  const own = new URL(proxy).origin
  return (origin, options) =>
    new Undici.Pool(origin, connecting(options, new URL(origin).origin === own ? unreachable : refused))
}

/** Returns a handler that reports a proxy that refuses a plain request. undici reports that as an invalid argument. */
export const ofPlainRequests = (handler: Undici.Dispatcher.DispatchHandler): Undici.Dispatcher.DispatchHandler =>
  Handler.decorate(handler, {
    onResponseError: (controller, error) => {
      // Aborting reports the failure, and keeps undici from delivering the body of the proxy's response after it.
      if (error.message === "Proxy Authentication Required (407)") controller.abort(answered("407"))
      else handler.onResponseError?.(controller, error)
    }
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Names the failures of the function that connects, if there is one. */
const connecting = (options: Undici.Pool.Options, name: (error: Error) => Error): Undici.Pool.Options => {
  const { connect } = options
  return typeof connect !== "function" ? options : {
    ...options,
    connect: Http1.reportingResets((target, callback) =>
      connect(
        target,
        (...connected) => connected[0] === null ? callback(...connected) : callback(name(connected[0]), null)
      )
    )
  }
}

const unreachable = (error: Error): Error =>
  new ProxyFailure({ code: "PROXY_UNREACHABLE", message: error.message, cause: error })

const refused = (error: Error): Error => {
  const status = /^Proxy response \((\d+)\)/.exec(error.message)?.[1]
  if (status !== undefined) return answered(status)
  return Predicate.hasProperty(error, "code") && error.code === "UND_ERR_HEADERS_TIMEOUT"
    ? new ProxyFailure({ code: "PROXY_UNREACHABLE", message: "no response in time", cause: undefined })
    : error
}

const answered = (status: string): ProxyFailure =>
  new ProxyFailure({
    code: status === "407" ? "PROXY_AUTHENTICATION" : "PROXY_REFUSED",
    message: `it answers ${status}`,
    cause: undefined
  })
