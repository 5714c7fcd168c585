/**
 * An `HttpClient` over undici's `dispatch`.
 *
 * Chunks are handed from the socket to the reader that waits for them, several at
 * once when the reader was slow. The connection is paused while more than 65,536
 * bytes wait. Requests whose body is a stream or a form go through Effect's own
 * client on the same dispatcher.
 *
 * **Details**
 *
 * - Requests are sent over HTTP/1.1. A dispatcher that negotiates HTTP/2 all the same
 *   makes the request fail with `ResponseDecodeError`, because undici reports a reset
 *   HTTP/2 stream as a normal end. An `Agent` does not negotiate it here; create a
 *   `Pool` or a `Client` of your own with `allowH2: false`.
 * - A failure before the request was handed to a connection has the code
 *   `NOT_CONNECTED`: no byte of the request was sent.
 * - No redirect is followed.
 * - `Claude` reads bodies in gzip, deflate, br and zstd decoded, although it requests
 *   identity. Responses of the `HttpClient` itself are not decoded.
 *
 * @since 0.1.0
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpMethod from "effect/http/HttpMethod"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { setImmediate } from "node:timers"
import type * as Undici from "undici"
import type { EncodedBody } from "../Exchange.ts"
import { type Items, Mailbox } from "../internal/transport/body.ts"
import * as Diagnosis from "../internal/transport/diagnosis.ts"
import * as HttpClientTransport from "../internal/transport/httpClient.ts"
import * as Transport from "../internal/transport/transport.ts"
import * as ContentEncoding from "./internal/contentEncoding.ts"
import * as Http1 from "./internal/http1.ts"
import { Response } from "./internal/response.ts"

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
  const general = yield* Effect.provideService(
    NodeHttpClient.makeUndici,
    NodeHttpClient.Dispatcher,
    Http1.withoutHttp2(dispatcher)
  )
  const release: Transport.Release = { count: 0 }
  const client = HttpClient.make((request, url, signal) => {
    const { body, headers, method } = request
    if (body._tag !== "Empty" && body._tag !== "Uint8Array") return general.postprocess(Effect.succeed(request))
    const bytes = body._tag === "Empty" ? undefined : body
    return Effect.callback((resume) => {
      const exchange = new Exchange(
        { method: methodOf(method), url, headers, body: bytes },
        dispatcher,
        release,
        (head) => resume(Exit.map(head, (head) => head.response())),
        request
      )
      exchange.abortWith(signal)
      exchange.start()
      return Effect.sync(() => exchange.abort())
    })
  })
  const upload = Transport.fromExecute(HttpClientTransport.execute(client))
  const transport: Transport.Transport = {
    send: (request, _context, onHead) => {
      const { body } = request
      const atHand = body?._tag === "Encoded" || body?._tag === "Uint8Array" ? body : undefined
      const exchange = new Exchange({ ...request, body: atHand }, dispatcher, release, onHead, undefined)
      exchange.start()
      return exchange
    },
    upload: () => upload,
    explain: Diagnosis.explain,
    sharesTimers: true
  }
  return Object.assign(client, { transport })
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

/** The connection is paused while more bytes than these wait to be read. */
const highWaterMark = 65_536

/** A failure before the request was handed to a connection. */
class NotConnected extends Data.Error<{ readonly message: string; readonly cause: unknown }> {
  readonly code = "NOT_CONNECTED"
}

const methods: { readonly [method: string]: Method | undefined } = {
  GET: "GET",
  POST: "POST",
  PUT: "PUT",
  PATCH: "PATCH",
  DELETE: "DELETE",
  HEAD: "HEAD",
  OPTIONS: "OPTIONS"
}

const methodOf = (method: string): Method => methods[method] ?? "POST"

/** A request as undici takes it. */
interface Request extends Omit<Transport.Request, "method" | "body"> {
  readonly method: Method
  readonly body: HttpBody.Uint8Array | EncodedBody | undefined
}

/** The methods that both undici and Effect have. */
type Method = Extract<Undici.Dispatcher.HttpMethod, HttpMethod.HttpMethod>

type OnHead = (head: Exit.Exit<Head, HttpClientError.HttpClientError>) => void

type End = HttpClientError.HttpClientError | Cause.Done

/** A request that is dispatched: reports the head of the response, then delivers its chunks. */
class Exchange extends Mailbox<Uint8Array, End> implements Undici.Dispatcher.DispatchHandler, Transport.Sent {
  readonly url: URL
  readonly #method: Method
  readonly #headers: Request["headers"]
  /** The request body. It is released when the response begins, because a response may be read for a long time. */
  #body: Request["body"]
  readonly #dispatcher: Undici.Dispatcher
  readonly #release: Transport.Release
  /** Receives the head of the response or a failure, once. */
  #onHead: OnHead | undefined
  readonly #http: HttpClientRequest.HttpClientRequest | undefined
  #signal: AbortSignal | undefined
  #controller: Undici.Dispatcher.DispatchController | undefined
  #head: Head | undefined
  #aborted = false
  /** Whether the request was dispatched a second time. */
  #isAgain = false
  /** The bytes of the chunks that wait. */
  #waiting = 0
  #onAbort: (() => void) | undefined

  constructor(
    { body, headers, method, url }: Request,
    dispatcher: Undici.Dispatcher,
    release: Transport.Release,
    onHead: OnHead,
    http: HttpClientRequest.HttpClientRequest | undefined
  ) {
    super()
    this.url = url
    this.#method = method
    this.#headers = headers
    this.#body = body
    this.#dispatcher = dispatcher
    this.#release = release
    this.#onHead = onHead
    this.#http = http
  }

  /** Returns the request in Effect's interface. It is built on demand: only errors need it. */
  http(): HttpClientRequest.HttpClientRequest {
    return this.#http ??
      HttpClientRequest.make(this.#method)(this.url, {
        headers: this.#headers,
        body: HttpClientTransport.bodyOf(this.#body)
      })
  }

  start(): void {
    const body = this.#body
    const options: Http1.DispatchOptions = {
      method: this.#method,
      allowH2: false,
      origin: this.url.origin,
      path: this.url.pathname + this.url.search,
      headers: this.#headers,
      body: (body?._tag === "Encoded" ? body.bytes : body?.body) ?? null,
      // The transport has limits of its own.
      headersTimeout: 0,
      bodyTimeout: 0
    }
    const send = () => {
      if (!this.#aborted) this.#dispatcher.dispatch(options, this)
    }
    if (this.#release.count === 0) send()
    else setImmediate(send)
  }

  /** Closes the connection when a signal aborts. */
  abortWith(signal: AbortSignal): void {
    if (signal.aborted) return this.abort()
    this.#signal = signal
    this.#onAbort = () => this.abort()
    signal.addEventListener("abort", this.#onAbort, { once: true })
  }

  /** Closes the connection, unless the response was received to its end. */
  abort(): undefined {
    if (this.hasEnded || this.#aborted) return
    this.#aborted = true
    this.#controller?.abort(givenUp)
  }

  onRequestStart(controller: Undici.Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted) controller.abort(givenUp)
  }

  onResponseStart(
    controller: Undici.Dispatcher.DispatchController,
    status: number,
    headers: Raw
  ): void {
    if (Http1.http2Mark in headers) return controller.abort(Http1.negotiated)
    // 1xx responses are informational; the final response follows.
    if (status < 200) return
    const head = new Head(this, status, headers)
    // A failure is reported by its status, with or without a readable body.
    if (head.problem !== undefined && status < 300) return controller.abort(head.problem)
    this.#head = head
    this.#body = undefined
    this.#settle(Exit.succeed(head))
  }

  onResponseData(controller: Undici.Dispatcher.DispatchController, chunk: Uint8Array): void {
    const isFirst = this.push(chunk)
    this.#waiting = isFirst ? chunk.byteLength : this.#waiting + chunk.byteLength
    if (this.#waiting > highWaterMark) {
      this.isPaused = true
      controller.pause()
    }
    // One packet may hold many chunks: they are delivered together.
    if (isFirst) queueMicrotask(this.deliver)
  }

  protected override onTaken(): void {
    this.isPaused = false
    this.#controller?.resume()
  }

  onResponseEnd(): void {
    this.#finish(Cause.Done())
  }

  onResponseError(_controller: Undici.Dispatcher.DispatchController, error: Error): void {
    const head = this.#head
    if (head !== undefined) return this.#finish(head.response().failed(error))
    if (this.#controller === undefined && !this.#isAgain && isGone(error)) {
      // It waited for a connection that the server closed at that moment. No byte of it was sent.
      this.#isAgain = true
      return this.start()
    }
    this.#finish(Cause.Done())
    const cause = this.#controller === undefined ? new NotConnected({ message: error.message, cause: error }) : error
    this.#settle(Exit.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.TransportError({ request: this.http(), cause })
      })
    ))
  }

  #settle(head: Exit.Exit<Head, HttpClientError.HttpClientError>): void {
    const onHead = this.#onHead
    this.#onHead = undefined
    onHead?.(head)
  }

  #finish(end: End): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener("abort", this.#onAbort)
    this.finish(Cause.fail(end))
    const release = this.#release
    release.count++
    // Undici schedules its own turn first; the end is delivered after that.
    queueMicrotask(() => {
      setImmediate(() => release.count--)
      this.deliver()
    })
  }
}

/** The codes of a connection that the server closed. */
const gone: ReadonlySet<unknown> = new Set(["ECONNRESET", "CONNECTION_RESET", "EPIPE", "UND_ERR_SOCKET"])

const isGone = (error: Error): boolean => "code" in error && gone.has(error.code)

const givenUp = new Error("The request was aborted")

/** The head of a response. */
class Head implements Transport.Head {
  readonly status: number
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: Items<Uint8Array, End>
  /** Why the body cannot be decoded. */
  readonly problem: ContentEncoding.EncodingFailure | undefined
  readonly #exchange: Exchange
  readonly #setCookie: string | Array<string> | undefined
  #response: Response | undefined

  constructor(
    exchange: Exchange,
    status: number,
    headers: Raw
  ) {
    this.status = status
    this.headers = isSingle(headers) ? headers : joined(headers)
    this.#exchange = exchange
    this.#setCookie = headers["set-cookie"]
    const encoding = this.headers["content-encoding"]
    const decoder = encoding === undefined ? undefined : ContentEncoding.decoder(encoding)
    this.problem = decoder !== undefined && Result.isFailure(decoder) ? decoder.failure : undefined
    const decode = decoder !== undefined && Result.isSuccess(decoder) ? decoder.success : undefined
    this.body = decode === undefined ? exchange : decode(exchange, (failure) => this.response().failed(failure))
  }

  response(): Response {
    this.#response ??= new Response(this.#exchange, this.status, this.headers, Arr.ensure(this.#setCookie ?? []))
    return this.#response
  }
}

type Raw = { readonly [name: string]: string | Array<string> | undefined }

/** Returns whether no header is repeated. */
const isSingle = (headers: Raw): headers is { readonly [name: string]: string | undefined } => {
  for (const name in headers) if (typeof headers[name] === "object") return false
  return true
}

const joined = (headers: Raw): { readonly [name: string]: string | undefined } =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === "object" ? value.join(", ") : value])
  )
