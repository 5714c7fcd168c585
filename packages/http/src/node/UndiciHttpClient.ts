/**
 * An `HttpClient` straight over undici's `dispatch`.
 *
 * It does what the transport needs and no more: chunks go from the socket to the
 * pull that waits for them, several at once when the reader was slow, and the
 * connection is paused while too many wait. Requests with a stream or a form for
 * a body go through Effect's own client on the same dispatcher.
 *
 * A failure before the request was handed to a connection says so by its code,
 * `NOT_CONNECTED`: nothing of it can have reached the server. No redirect is
 * followed, and nothing is decompressed.
 *
 * @since 0.1.0
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import * as Cookies from "effect/http/Cookies"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type Pipeable, Prototype } from "effect/Pipeable"
import type * as Pull from "effect/Pull"
import type * as Schema from "effect/Schema"
import type * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import { setImmediate } from "node:timers"
import type * as Undici from "undici"
import * as Direct from "../internal/direct.ts"

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the client over the dispatcher of the context: an agent, a pool, or a
 * proxy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<HttpClient.HttpClient, never, NodeHttpClient.Dispatcher> = Effect.gen(function*() {
  const dispatcher = yield* NodeHttpClient.Dispatcher
  const general = yield* NodeHttpClient.makeUndici
  const settling = new Settling()
  const isWhole = ({ body }: HttpClientRequest.HttpClientRequest) => body._tag === "Empty" || body._tag === "Uint8Array"
  const send = (exchange: Exchange) => dispatch(dispatcher, settling, exchange)
  const client = HttpClient.make((request, url, signal) => {
    if (!isWhole(request)) return general.postprocess(Effect.succeed(request))
    const exchange = new Exchange(request, url, settling)
    exchange.abortWith(signal)
    return send(exchange)
  })
  return Direct.register(client, (request) => {
    if (!isWhole(request)) return HttpClient.withScope(client).execute(request)
    const url = HttpClientRequest.toUrl(request)
    if (Option.isNone(url)) return client.execute(request)
    return Effect.suspend(() => {
      const exchange = new Exchange(request, url.value, settling)
      return Effect.andThen(Effect.addFinalizer(() => Effect.sync(() => exchange.abort())), send(exchange))
    })
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that provides the client over the dispatcher of the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<HttpClient.HttpClient, never, NodeHttpClient.Dispatcher> = Layer.effect(
  HttpClient.HttpClient,
  make
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Above so many bytes that wait to be read, the connection is paused. */
const highWaterMark = 65_536

/** A failure from before the request was handed to a connection. */
class NotConnected extends Data.Error<{ readonly message: string; readonly cause: unknown }> {
  readonly code = "NOT_CONNECTED"
}

/**
 * Connections whose response has ended, and which undici counts as free only
 * after a turn of the event loop. A request sent before that would open another.
 */
class Settling {
  #count = 0

  begin(): void {
    this.#count++
    // undici asks for its turn after this; the second comes after it.
    setImmediate(() => setImmediate(() => this.#count--))
  }

  /** Runs `send` once all connections are settled. */
  whenSettled(send: () => void): void {
    if (this.#count === 0) send()
    else setImmediate(() => setImmediate(send))
  }
}

const dispatch = (
  dispatcher: Undici.Dispatcher,
  settling: Settling,
  exchange: Exchange
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
  Effect.callback((resume) => {
    const { request, url } = exchange
    const { body } = request
    const options: Undici.Dispatcher.DispatchOptions = {
      method: methodOf(request.method),
      origin: url.origin,
      path: url.pathname + url.search,
      headers: request.headers,
      body: body._tag === "Uint8Array" ? body.body : null,
      // The transport keeps its own time.
      headersTimeout: 0,
      bodyTimeout: 0
    }
    exchange.onHead = resume
    settling.whenSettled(() => {
      if (!exchange.aborted) dispatcher.dispatch(options, exchange)
    })
    return Effect.sync(() => exchange.abort())
  })

const methods: { readonly [method: string]: Undici.Dispatcher.HttpMethod | undefined } = {
  GET: "GET",
  POST: "POST",
  PUT: "PUT",
  PATCH: "PATCH",
  DELETE: "DELETE",
  HEAD: "HEAD",
  OPTIONS: "OPTIONS"
}

const methodOf = (method: string): Undici.Dispatcher.HttpMethod => methods[method] ?? "POST"

type Chunks = Arr.NonEmptyReadonlyArray<Uint8Array>

/** What is waited for: the head of the response, then its chunks. */
class Exchange implements Undici.Dispatcher.DispatchHandler {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: URL
  readonly #settling: Settling
  /** Takes the head of the response, or the failure that came instead. */
  onHead: (head: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>) => void =
    constVoid
  #signal: AbortSignal | undefined
  #controller: Undici.Dispatcher.DispatchController | undefined
  #response: Response | undefined
  #aborted: Error | undefined
  /** Chunks nobody has read yet. */
  #chunks: Array<Uint8Array> = []
  #waiting = 0
  #end: Effect.Effect<never, HttpClientError.HttpClientError | Cause.Done> | undefined
  #reader: ((chunks: Effect.Effect<Chunks, HttpClientError.HttpClientError | Cause.Done>) => void) | undefined
  readonly #onAbort = () => this.abort()

  constructor(request: HttpClientRequest.HttpClientRequest, url: URL, settling: Settling) {
    this.request = request
    this.url = url
    this.#settling = settling
  }

  /** Closes the connection when a signal says so. */
  abortWith(signal: AbortSignal): void {
    if (signal.aborted) return this.abort()
    this.#signal = signal
    signal.addEventListener("abort", this.#onAbort, { once: true })
  }

  get aborted(): boolean {
    return this.#aborted !== undefined
  }

  /** Closes the connection, unless the response was received to its end. */
  abort(): void {
    if (this.#end !== undefined || this.#aborted !== undefined) return
    this.#aborted = new Error("The request was given up")
    this.#controller?.abort(this.#aborted)
  }

  /** The chunks that wait, or those that come next. An interrupted read loses none. */
  readonly pull: Pull.Pull<Chunks, HttpClientError.HttpClientError> = Effect.callback((resume) => {
    this.#reader = resume
    this.#flush()
    if (this.#reader === undefined) return
    if (this.#end !== undefined) {
      this.#reader = undefined
      return resume(this.#end)
    }
    return Effect.sync(() => {
      this.#reader = undefined
    })
  })

  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted !== undefined) controller.abort(this.#aborted)
  }

  onResponseStart(
    _controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: { readonly [name: string]: string | Array<string> | undefined }
  ): void {
    // 1xx announces the response, and is none.
    if (status < 200) return
    this.#response = new Response(this, status, headers)
    this.onHead(Effect.succeed(this.#response))
  }

  onResponseData(controller: Undici.Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#waiting += chunk.byteLength
    if (this.#waiting > highWaterMark) controller.pause()
    // One packet may hold many chunks: they are handed over together.
    if (this.#chunks.length === 1 && this.#reader !== undefined) queueMicrotask(this.#flush)
  }

  readonly #flush = () => {
    const reader = this.#reader
    if (reader === undefined || !Arr.isArrayNonEmpty(this.#chunks)) return
    const chunks = this.#chunks
    this.#reader = undefined
    this.#chunks = []
    this.#waiting = 0
    if (this.#controller?.paused === true) this.#controller.resume()
    reader(Effect.succeed(chunks))
  }

  onResponseEnd(): void {
    this.#finish(Cause.done())
  }

  onResponseError(_controller: Undici.Dispatcher.DispatchController, error: Error): void {
    const response = this.#response
    if (response !== undefined) return this.#finish(Effect.fail(response.failed(error)))
    this.#finish(Cause.done())
    const cause = this.#controller === undefined ? new NotConnected({ message: error.message, cause: error }) : error
    this.onHead(Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({ request: this.request, cause })
      })
    ))
  }

  #finish(end: Effect.Effect<never, HttpClientError.HttpClientError | Cause.Done>): void {
    this.#end = end
    this.#signal?.removeEventListener("abort", this.#onAbort)
    this.#settling.begin()
    this.#flush()
    const reader = this.#reader
    this.#reader = undefined
    reader?.(end)
  }
}

/** The response of an exchange. What the transport does not use is made of the bytes. */
class Response extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly remoteAddress: Option.Option<string> = Option.none()
  readonly stream: Stream.Stream<Uint8Array, HttpClientError.HttpClientError>
  readonly #setCookie: ReadonlyArray<string>
  #bytes: ArrayBuffer | undefined

  constructor(
    exchange: Exchange,
    status: number,
    headers: { readonly [name: string]: string | Array<string> | undefined }
  ) {
    super()
    this.request = exchange.request
    this.url = exchange.url.href.split("#")[0] ?? ""
    this.status = status
    this.headers = Headers.fromInput(headers)
    this.stream = Stream.fromPull(Effect.succeed(exchange.pull))
    const cookies = headers["set-cookie"]
    this.#setCookie = cookies === undefined ? [] : typeof cookies === "string" ? [cookies] : cookies
  }

  failed(cause: unknown): HttpClientError.HttpClientError {
    return new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({ request: this.request, response: this, cause })
    })
  }

  get cookies(): Cookies.Cookies {
    return Cookies.fromSetCookie(this.#setCookie)
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.HttpClientError> {
    return Effect.suspend(() =>
      this.#bytes !== undefined ?
        Effect.succeed(this.#bytes) :
        Effect.map(Stream.mkArrayBuffer(this.stream), (bytes) => {
          this.#bytes = bytes
          return bytes
        })
    )
  }

  get text(): Effect.Effect<string, HttpClientError.HttpClientError> {
    return Effect.map(this.arrayBuffer, (bytes) => new TextDecoder().decode(bytes))
  }

  get json(): Effect.Effect<Schema.Json, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({
        try: (): Schema.Json => text === "" ? null : JSON.parse(text),
        catch: (cause) => this.failed(cause)
      }))
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.HttpClientError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.arrayBuffer, (bytes) =>
      Effect.tryPromise({
        try: () => new globalThis.Response(bytes, { headers: this.headers }).formData(),
        catch: (cause) => this.failed(cause)
      }))
  }

  get upgrade(): Effect.Effect<Socket.Socket, HttpClientError.HttpClientError> {
    return Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.StatusCodeError({
          request: this.request,
          response: this,
          description: "this client does not hand over connections"
        })
      })
    )
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "effect/http/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }

  readonly pipe: Pipeable["pipe"] = Prototype.pipe
}
