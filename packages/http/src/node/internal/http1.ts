/**
 * HTTP/1.1 only, with ends of bodies that can be relied on.
 *
 * undici reports an HTTP/2 stream that the server reset in the middle of a body as a
 * normal end, whatever the error code, unless a `content-length` contradicts it. So
 * HTTP/2 is not negotiated, and a response over it is refused.
 *
 * Over HTTP/1.1 undici reports every cut body as a failure, with one exception: a
 * body that only the end of the connection delimits ends normally when the connection
 * is reset. The connections made here report that as a failure too.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http2 from "node:http2"
import type * as Undici from "undici"
import * as Handler from "./handler.ts"

/** A response came over HTTP/2. */
export class Http2Negotiated extends Data.Error<{ readonly code: "HTTP2_NEGOTIATED"; readonly message: string }> {}

/** The failure of a request whose response came over HTTP/2. */
export const negotiated = new Http2Negotiated({
  code: "HTTP2_NEGOTIATED",
  message: "the dispatcher negotiated HTTP/2"
})

/** Options of undici's own that its types leave out. An `Agent` makes a connection of HTTP/1.1 for them. */
export interface DispatchOptions extends Undici.Dispatcher.DispatchOptions {
  readonly allowH2: false
}

/** The symbol by which Node marks headers that came over HTTP/2. */
export const http2Mark: symbol = Http2.sensitiveHeaders

/** Makes a dispatcher send every request over HTTP/1.1, and fail where the response comes over HTTP/2. */
export const withoutHttp2 = (dispatcher: Undici.Dispatcher): Undici.Dispatcher =>
  dispatcher.compose((dispatch) => (options, handler) => {
    const http1: DispatchOptions = { ...options, allowH2: false }
    return dispatch(
      http1,
      Handler.decorate(handler, {
        onResponseStart: (controller, status, headers, message) =>
          http2Mark in headers
            ? controller.abort(negotiated)
            : handler.onResponseStart?.(controller, status, headers, message)
      })
    )
  })

/** Creates an agent for as long as the scope is open. Connecting takes `connect` at most. */
export const makeAgent = (connect: Duration.Duration): Effect.Effect<Undici.Dispatcher, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.map(Effect.promise(() => import("undici")), ({ Agent, buildConnector }) => {
      const connector = buildConnector({ timeout: limit(connect), allowH2: false })
      return new Agent({ allowH2: false, connect: reportingResets(connector) })
    }),
    (agent) => Effect.promise(() => agent.destroy())
  )

/** Returns a limit in undici's milliseconds, where 0 is no limit. */
export const limit = (duration: Duration.Duration): number =>
  Duration.isFinite(duration) ? Duration.toMillis(duration) : 0

/** Makes a connector report a reset by a code that undici does not take for the end of a body. */
export const reportingResets =
  (connect: Undici.buildConnector.connector): Undici.buildConnector.connector => (options, callback) =>
    connect(options, (...connected) => {
      // It has to run before the listener of undici, which is added in the callback.
      if (connected[0] === null) connected[1].on("error", rename)
      callback(...connected)
    })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const rename = (error: Error & { code?: string }): void => {
  if (error.code === "ECONNRESET") error.code = "CONNECTION_RESET"
}
