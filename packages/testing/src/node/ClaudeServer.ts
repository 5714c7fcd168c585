/**
 * A scripted Claude API on a real loopback socket, for any client in any
 * language.
 *
 * The same scripts as in process, performed byte by byte: pieces are written as
 * they are cut, resets are resets, a stalled response holds its connection open,
 * and malformed HTTP is written to the socket as it is. The server listens on an
 * ephemeral port of 127.0.0.1, with HTTP/1.1 or HTTP/2, and refuses foreign `Host`
 * headers. Closing its scope closes every socket at once and never waits for a
 * client.
 *
 * **Example** (Letting any client talk to the scripted model)
 *
 * ```ts
 * import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
 * import * as Script from "@effect-claude/testing/Script"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const server = yield* ClaudeServer.ClaudeServer
 *   const response = yield* Effect.promise(() => fetch(`${server.url}/v1/messages`))
 *   return [response.status, yield* server.openSockets]
 * }).pipe(Effect.provide(ClaudeServer.layer(Script.model(), { keepAlive: 0 })))
 *
 * const [status] = await Effect.runPromise(program)
 *
 * status // => 405
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import type * as Net from "node:net"
import type { Observations, Options as ClaudeTestOptions } from "../ClaudeTest.ts"
import * as Engine from "../internal/engine.ts"
import type { Script } from "../Script.ts"
import * as Perform from "./internal/perform.ts"
import * as Wire from "./internal/wire.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ClaudeTestOptions {
  /**
   * The port to listen on.
   *
   * @default 0, an ephemeral port
   */
  readonly port?: number | undefined
  /**
   * How long an idle connection is kept for the next request, in milliseconds.
   * With 0 the server closes each connection after its response.
   *
   * @default 5000
   */
  readonly keepAlive?: number | undefined
  /**
   * The protocol: HTTP/1.1, or HTTP/2 without TLS, for clients with prior knowledge.
   * A reset is then that of one stream.
   *
   * @default "http1"
   */
  readonly protocol?: "http1" | "http2" | undefined
  /**
   * Names in the `Host` header that are accepted besides those of the loopback. Any
   * other is refused with a 421, so that no web page can reach the server by
   * rebinding its own name.
   *
   * @default []
   */
  readonly hosts?: ReadonlyArray<string> | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The server could not listen.
 *
 * @category errors
 * @since 0.1.0
 */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", {
  message: Schema.String,
  port: Schema.Finite
}) {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The scripted API on loopback, and what a test can observe of it.
 *
 * @category services
 * @since 0.1.0
 */
export class ClaudeServer extends Context.Service<
  ClaudeServer,
  Observations & {
    /** The base URL, such as `http://127.0.0.1:51234`. */
    readonly url: string
    readonly port: number
    /** How many connections are open. */
    readonly openSockets: Effect.Effect<number>
    /** How many connections were ever accepted. */
    readonly acceptedSockets: Effect.Effect<number>
    /** Waits until exactly `count` connections are open. */
    readonly awaitSockets: (count: number) => Effect.Effect<void>
  }
>()("@effect-claude/testing/node/ClaudeServer") {}

/**
 * Starts the server. It lives as long as the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  script: Script,
  options?: Options
) => Effect.Effect<ClaudeServer["Service"], ListenError, Scope.Scope> = Effect.fnUntraced(function*(script, options) {
  const engine = yield* Engine.make(script, options)
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const sockets = new Map<Net.Socket, Set<Fiber.Fiber<void>>>()
  const watchers = new Set<() => void>()
  let accepted = 0
  const notify = () => watchers.forEach((watcher) => watcher())

  const respond = ({ request, wire }: Wire.Exchange): Fiber.Fiber<void> => {
    if (Wire.isOwnHost(request.origin, options?.hosts ?? [])) return run(Perform.exchange(engine, request, wire))
    wire.head(421, { "content-length": 0 })
    return run(Effect.callback((resume) => wire.end(() => resume(Effect.void))))
  }
  const server = options?.protocol === "http2"
    ? Http2.createServer().on("stream", (stream, headers) => {
      const fiber = respond(Wire.ofHttp2(stream, headers))
      stream.on("error", () => stream.destroy())
      stream.once("close", () => fiber.interruptUnsafe())
    })
    : http1(options?.keepAlive ?? 5000, (request, response) => {
      if (options?.keepAlive === 0) response.shouldKeepAlive = false
      const fibers = sockets.get(request.socket)
      const fiber = respond(Wire.ofHttp1(request, response))
      fibers?.add(fiber)
      response.once("close", () => {
        fibers?.delete(fiber)
        fiber.interruptUnsafe()
      })
    })
  server.on("connection", (socket: Net.Socket) => {
    accepted++
    sockets.set(socket, new Set())
    socket.setNoDelay(true)
    socket.on("error", () => socket.destroy())
    socket.once("close", () => {
      // Exchanges are settled before the socket counts as gone: a waiter for the socket sees them settled.
      for (const fiber of sockets.get(socket) ?? []) fiber.interruptUnsafe()
      sockets.delete(socket)
      notify()
    })
    notify()
  })
  const wanted = options?.port ?? 0
  yield* Effect.acquireRelease(
    Effect.callback<void, ListenError>((resume) => {
      server.once("error", ({ message }) => resume(Effect.fail(new ListenError({ message, port: wanted }))))
      server.listen(wanted, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets.keys()) socket.destroy()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : wanted

  return ClaudeServer.of({
    url: `http://127.0.0.1:${port}`,
    port,
    requests: engine.requests,
    awaitRequests: engine.awaitRequests,
    script: engine.script,
    open: Effect.sync(() => engine.counts.open),
    finished: Effect.sync(() => engine.counts.finished),
    aborted: Effect.sync(() => engine.counts.aborted),
    openSockets: Effect.sync(() => sockets.size),
    acceptedSockets: Effect.sync(() => accepted),
    awaitSockets: (count) =>
      Effect.callback((resume) => {
        const check = () => {
          if (sockets.size !== count) return
          watchers.delete(check)
          resume(Effect.void)
        }
        watchers.add(check)
        check()
        return Effect.sync(() => watchers.delete(check))
      })
  })
})

/**
 * Layer that provides a server that responds from `script`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (script: Script, options?: Options): Layer.Layer<ClaudeServer, ListenError> =>
  Layer.effect(ClaudeServer, make(script, options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** A server without limits of its own: a script may be silent for as long as it wants. */
const http1 = (keepAliveTimeout: number, listener: Http.RequestListener): Http.Server => {
  const server = Http.createServer({ keepAliveTimeout }, listener)
  server.requestTimeout = 0
  server.headersTimeout = 0
  server.on("clientError", (_error, socket) => socket.destroy())
  return server
}
