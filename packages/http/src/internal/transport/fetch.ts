/**
 * The transport over the platform's `fetch`.
 *
 * The references of Effect's own client, `Fetch` and `RequestInit`, mean the same
 * here. A body is read chunk by chunk, and only when it is requested. A response
 * that was received to its end is never aborted.
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
import { Mailbox } from "./body.ts"
import * as Failures from "./failures.ts"
import * as Transport from "./transport.ts"

/** The transport over the `fetch` of the context. That of a call takes precedence. */
export const transport: Effect.Effect<Transport.Transport> = Effect.contextWith((context: Context.Context<never>) => {
  const release: Transport.Release = { count: 0 }
  return Effect.succeed<Transport.Transport>({
    explain: Failures.fromTransport,
    sharesTimers: false,
    send: (request, running, onHead) => {
      const fetch = Context.getOrUndefined(running, FetchHttpClient.Fetch) ??
        Context.get(context, FetchHttpClient.Fetch)
      const init = Context.getOrUndefined(running, FetchHttpClient.RequestInit) ??
        Context.getOrUndefined(context, FetchHttpClient.RequestInit)
      const sent = new Sent(release, nextTurnOf(Context.get(running, Scheduler.Scheduler)), onHead)
      sent.start(request, fetch, init)
      return sent
    },
    upload: (own) =>
      own && Transport.fromExecute((request) =>
        Effect.updateContext(
          own(request),
          (running: Context.Context<Scope.Scope>) => Context.merge(context, running)
        )
      )
  })
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

class FetchError extends Data.TaggedError("TransportError")<{ readonly reason: Public.Failure["reason"] }> {}

/** Runs a task in the next turn of the event loop. */
type NextTurn = (task: () => void) => void

/** A dispatcher of its own: one that already has tasks would run this together with them, too early. */
const nextTurnOf = (scheduler: Scheduler.Scheduler): NextTurn => (task) =>
  scheduler.makeDispatcher().scheduleTask(task, 0)

/** A request under way. It does not keep what is sent: responses are read for long. */
class Sent implements Transport.Sent {
  readonly #release: Transport.Release
  readonly #nextTurn: NextTurn
  #onHead: Parameters<Transport.Send>[2] | undefined
  readonly #controller = new AbortController()
  #body: Body | undefined
  #aborted = false

  constructor(release: Transport.Release, nextTurn: NextTurn, onHead: Parameters<Transport.Send>[2]) {
    this.#release = release
    this.#nextTurn = nextTurn
    this.#onHead = onHead
  }

  start(
    { body, headers, method, url }: Transport.Request,
    fetch: typeof globalThis.fetch,
    init: RequestInit | undefined
  ): void {
    const content = body?._tag === "Encoded"
      ? body.bytes
      : body?._tag === "Uint8Array"
      ? body.text ?? new Uint8Array(body.body)
      : undefined
    const send = (): void => {
      if (this.#aborted) return
      const sent = Result.try(() =>
        fetch(url, {
          ...init,
          method,
          headers: init?.headers === undefined
            ? headers
            : { ...Object.fromEntries(new Headers(init.headers)), ...headers },
          ...(content === undefined ? undefined : { body: content }),
          redirect: "manual",
          signal: this.#controller.signal
        })
      )
      if (Result.isFailure(sent)) this.#onLost(sent.failure)
      else sent.success.then(this.#onResponse, this.#onLost)
    }
    if (this.#release.count === 0) send()
    else this.#nextTurn(send)
  }

  abort(): undefined {
    if (this.#aborted || this.#body?.hasEnded === true) return
    this.#aborted = true
    // A reason spares the platform an exception of its own, with its stack.
    this.#controller.abort(aborted)
  }

  readonly #onResponse = (response: Response): void => {
    const release = this.#release
    const nextTurn = this.#nextTurn
    this.#body = new Body(response, () => {
      release.count++
      nextTurn(() => release.count--)
    })
    this.#settle(Exit.succeed({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: this.#body
    }))
  }

  readonly #onLost = (cause: unknown): void =>
    this.#settle(Exit.fail(new FetchError({ reason: { _tag: "TransportError", cause } })))

  /** Reports the head once, and drops the callback. */
  #settle(head: Exit.Exit<Transport.Head, Public.Failure>): void {
    const onHead = this.#onHead
    this.#onHead = undefined
    onHead?.(head)
  }
}

/** The body of a response, read when a take finds nothing. */
class Body extends Mailbox<Uint8Array, Public.Failure | Cause.Done> {
  readonly #response: Response
  readonly #onEnd: () => void
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  #isReading = false

  constructor(response: Response, onEnd: () => void) {
    super()
    this.#response = response
    this.#onEnd = onEnd
  }

  protected override onWaiting(): void {
    if (this.#isReading) return
    this.#reader ??= this.#response.body?.getReader()
    if (this.#reader === undefined) return this.#finish(new FetchError({ reason: { _tag: "EmptyBodyError" } }))
    this.#isReading = true
    this.#reader.read().then(this.#onRead, this.#onBroken)
  }

  readonly #onRead = ({ value }: { readonly value?: Uint8Array | undefined }): void => {
    this.#isReading = false
    if (value === undefined) {
      this.#onEnd()
      return this.#finish(Cause.Done())
    }
    this.push(value)
    this.deliver()
  }

  readonly #onBroken = (cause: unknown): void => {
    this.#isReading = false
    this.#finish(new FetchError({ reason: { _tag: "DecodeError", cause } }))
  }

  #finish(end: Public.Failure | Cause.Done): void {
    this.finish(Cause.fail(end))
    this.deliver()
  }
}

const aborted = new Error("The request was aborted")
