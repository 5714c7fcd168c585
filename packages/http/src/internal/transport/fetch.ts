/**
 * The platform's `fetch`, spoken to directly.
 *
 * The references of Effect's own client, `Fetch` and `RequestInit`, mean the same
 * here. A body is read a piece at a time, and only when it is asked for; what was
 * received to its end is never aborted.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Result from "effect/Result"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import type * as Public from "../../Exchange.ts"
import type { Transport } from "../attempt/attempt.ts"
import type * as Source from "./body.ts"
import { type InATurn, Settling } from "./release.ts"
import * as Direct from "./transport.ts"

/** The way over `fetch`, without an `HttpClient`. */
export const transport: Effect.Effect<Transport> = Effect.contextWith((context: Context.Context<never>) => {
  const settling = new Settling()
  return Effect.succeed<Transport>({
    isOfProcess: false,
    direct: (request, running, onHead) => {
      const fetch = Context.getOrUndefined(running, FetchHttpClient.Fetch) ??
        Context.get(context, FetchHttpClient.Fetch)
      const init = Context.getOrUndefined(running, FetchHttpClient.RequestInit) ??
        Context.getOrUndefined(context, FetchHttpClient.RequestInit)
      const exchange = new Exchange(settling, inATurn(Context.get(running, Scheduler.Scheduler)), onHead)
      exchange.start(request, fetch, init)
      return exchange
    },
    general: (body) => {
      const way = body === undefined ? undefined : Direct.carriedBy(body)
      return way === undefined ? undefined : (request, baseUrl, headers) =>
        Effect.updateContext(
          way(request, baseUrl, headers),
          (running: Context.Context<Scope.Scope>) => Context.merge(context, running)
        )
    }
  })
})

/** What became of a connection. */
class Broken extends Data.TaggedError("TransportError")<{ readonly reason: Public.Failure["reason"] }> {}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** A dispatcher of its own: one that has tasks already would run this with them, too early. */
const inATurn = (scheduler: Scheduler.Scheduler): InATurn => (task) => scheduler.makeDispatcher().scheduleTask(task, 0)

type Ended = Exit.Exit<never, Public.Failure | Cause.Done>

type Piece = Exit.Exit<Source.Chunks, Public.Failure | Cause.Done>

/** A request under way. What is sent is not kept: answers are read for long. */
class Exchange implements Direct.Exchange {
  readonly #settling: Settling
  readonly #inATurn: InATurn
  #onHead: Parameters<Direct.Send>[2] | undefined
  readonly #controller = new AbortController()
  #head: Head | undefined
  #aborted = false

  constructor(settling: Settling, inATurn: InATurn, onHead: Parameters<Direct.Send>[2]) {
    this.#settling = settling
    this.#inATurn = inATurn
    this.#onHead = onHead
  }

  start(
    { body, headers, method, url }: Direct.Request,
    fetch: typeof globalThis.fetch,
    init: RequestInit | undefined
  ): void {
    this.#settling.whenSettled(this.#inATurn, () => {
      if (this.#aborted) return
      const sent = Result.try(() =>
        fetch(url, {
          ...init,
          method,
          headers: init?.headers === undefined
            ? headers
            : { ...Object.fromEntries(new Headers(init.headers)), ...headers },
          ...(body === undefined ? undefined : { body: body.text ?? new Uint8Array(body.body) }),
          redirect: "manual",
          signal: this.#controller.signal
        })
      )
      if (Result.isFailure(sent)) this.#onLost(sent.failure)
      else sent.success.then(this.#onResponse, this.#onLost)
    })
  }

  /** Closes the connection, unless the response was received to its end. */
  abort(): void {
    if (this.#aborted || this.#head?.isOver === true) return
    this.#aborted = true
    // A reason spares the platform an exception of its own, with its stack.
    this.#controller.abort(givenUp)
  }

  /** The response was received to its end. */
  end(): void {
    this.#settling.begin(this.#inATurn)
  }

  readonly #onResponse = (response: Response): void => {
    this.#head = new Head(response, this)
    this.#settle(Exit.succeed(this.#head))
  }

  readonly #onLost = (cause: unknown): void =>
    this.#settle(Exit.fail(new Broken({ reason: { _tag: "TransportError", cause } })))

  /** Tells of the head, once, and lets go of whoever waited for it. */
  #settle(head: Parameters<Parameters<Direct.Send>[2]>[0]): void {
    const onHead = this.#onHead
    this.#onHead = undefined
    onHead?.(head)
  }
}

/** The head of a response, which delivers its body. */
class Head implements Direct.Head, Source.Body {
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly #response: Response
  readonly #exchange: Exchange
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #reading = false
  #taker: ((piece: Piece) => void) | undefined
  /** What was read for somebody who has left. */
  #kept: Piece | undefined
  #end: Ended | undefined

  constructor(response: Response, exchange: Exchange) {
    this.status = response.status
    this.headers = Object.fromEntries(response.headers)
    this.#response = response
    this.#exchange = exchange
  }

  get body(): Source.Body {
    return this
  }

  get isOver(): boolean {
    return this.#end !== undefined
  }

  take(resume: (piece: Piece) => void): void {
    const piece = this.#kept ?? this.#end
    this.#kept = undefined
    if (piece !== undefined) return resume(piece)
    this.#taker = resume
    if (this.#reading) return
    this.#reader ??= this.#response.body?.getReader()
    if (this.#reader === undefined) return this.#finish(Exit.fail(new Broken({ reason: { _tag: "EmptyBodyError" } })))
    this.#reading = true
    this.#reader.read().then(this.#onRead, this.#onBroken)
  }

  leave(): void {
    this.#taker = undefined
  }

  readonly #onRead = ({ value }: { readonly value?: Uint8Array | undefined }): void => {
    this.#reading = false
    if (value !== undefined) return this.#deliver(Exit.succeed([value]))
    this.#exchange.end()
    this.#finish(ended)
  }

  readonly #onBroken = (cause: unknown): void => {
    this.#reading = false
    this.#finish(Exit.fail(new Broken({ reason: { _tag: "DecodeError", cause } })))
  }

  #finish(end: Ended): void {
    this.#end = end
    const taker = this.#taker
    this.#taker = undefined
    taker?.(end)
  }

  #deliver(piece: Piece): void {
    const taker = this.#taker
    this.#taker = undefined
    if (taker === undefined) this.#kept = piece
    else taker(piece)
  }
}

const ended: Ended = Exit.fail(Cause.Done())

const givenUp = new Error("The request was given up")
