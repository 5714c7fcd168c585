/**
 * The contract of a transport: how one attempt sends a request and receives a
 * response.
 *
 * It is a contract of callbacks, because an effect for each step is the dearest
 * part of a request that takes no time. There are three adapters: `fetch`, undici
 * (on Node), and any `HttpClient` of Effect. No adapter follows redirects.
 *
 * @since 0.1.0
 */
import * as Channel from "effect/Channel"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpClient from "effect/http/HttpClient"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Exchange from "../../Exchange.ts"
import * as Body from "./body.ts"
import type * as Failures from "./failures.ts"

/** A request as it is sent. */
export type Request = Parameters<Exchange.Execute>[0]

/** The head of a response, with the source of its body. */
export interface Head {
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** The body, decoded from its `content-encoding`. */
  readonly body: Body.Source
}

/** A request that was sent. */
export interface Sent {
  /** Closes the connection unless the response was received to its end. Returns what remains to be awaited, if anything. */
  readonly abort: () => Effect.Effect<void> | undefined
}

/** Sends a request and calls `onHead` once, with the head of the response or the failure. */
export type Send = (
  request: Request,
  context: Context.Context<never>,
  onHead: (head: Exit.Exit<Head, Exchange.Failure>) => void
) => Sent

/**
 * The connections of one transport that are about to become free. A connection is free one turn of the event loop after
 * its response has ended. A request that is sent earlier opens another connection, so it waits for that turn.
 */
export interface Release {
  count: number
}

/** A way to the API. */
export interface Transport {
  /** Sends requests whose body is bytes or empty. */
  readonly send: Send
  /** Returns what sends all other bodies. `own` is what the request brings for transports that cannot. */
  readonly upload: (own: Exchange.Execute | undefined) => Send | undefined
  /** Returns the error of a failure before the head of a response. */
  readonly explain: typeof Failures.fromTransport
  /** Whether the transport outlives its requests, so that they may share a timer. */
  readonly sharesTimers: boolean
}

/** An `HttpClient` that offers a transport with callbacks. A client that wraps it does not. */
export interface Client extends HttpClient.HttpClient {
  readonly transport?: Transport | undefined
}

/** Sends through an effect. Its scope is closed when the request is aborted. */
export const fromExecute = (execute: Exchange.Execute): Send => (request, context, onHead) => {
  const scope = Scope.makeUnsafe()
  const head = Effect.flatMap(execute(request), ({ body, headers, status }) =>
    Effect.map(
      Effect.flatMap(Channel.toPullScoped(Stream.toChannel(body), scope), Body.fromPull),
      (source): Head => ({ status, headers, body: source })
    ))
  const fiber = Effect.runForkWith(context)(Scope.provide(head, scope))
  fiber.addObserver(onHead)
  return {
    abort: () => {
      fiber.interruptUnsafe()
      return Scope.close(scope, Exit.void)
    }
  }
}
