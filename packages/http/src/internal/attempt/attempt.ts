/**
 * One attempt at a request: from the logical request to a 2xx response, or to
 * the error that says what happened.
 *
 * An attempt signs the request, sends it through the transport, limits the time
 * the headers may take, and hands out a body that is read within the limits of
 * the call. A response that is not 2xx becomes the error it reports.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import type * as Secret from "@effect-claude/core/Secret"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Settings, Signature } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import * as Timeouts from "../../Timeouts.ts"
import * as Immediate from "../immediate.ts"
import { type Credential, Prepared } from "../request/headers.ts"
import * as Secrets from "../request/secrets.ts"
import * as Deadline from "../time/deadline.ts"
import * as Span from "../time/duration.ts"
import * as Body from "../transport/body.ts"
import * as Failures from "../transport/failures.ts"
import * as Transport from "../transport/transport.ts"
import * as Sign from "./sign.ts"

/** Creates the function that makes one attempt. */
export const make = (
  transport: Transport.Transport,
  signature: Signature,
  settings: Settings,
  fixed: { readonly [name: string]: string }
): Exchange.Attempt => {
  const timers = transport.sharesTimers ? Deadline.sharedTimers() : Deadline.timer
  const prepared = new Prepared(settings, fixed)
  const signed = Sign.make(signature)

  const connect = (
    request: Exchange.Request,
    current: Settings,
    credential: Credential | undefined,
    context: Context.Context<never>,
    onResponse: OnResponse
  ): Connection => {
    const connection = new Connection(
      transport,
      current,
      current === settings ? prepared : new Prepared(current, fixed),
      new Deadline.Deadline(timers(context), longestSleep(request, current))
    )
    connection.start(request, credential, context, onResponse)
    return connection
  }

  return Object.assign(
    (request: Exchange.Request, current: Settings) =>
      signed((credential) =>
        Effect.contextWith((context: Context.Context<Scope.Scope>) => {
          let connection: Connection | undefined
          const close = Effect.suspend(() => connection?.close() ?? Effect.void)
          return Effect.andThen(
            Scope.addFinalizer(Context.get(context, Scope.Scope), close),
            Effect.callback<Exchange.Response, ClaudeError.ClaudeError>((resume) => {
              connection = connect(request, current, credential, context, resume)
              return close
            })
          )
        })
      ),
    {
      read: <A>(
        request: Exchange.Request,
        current: Settings,
        use: (
          response: Exchange.ReadableResponse,
          resume: (result: Effect.Effect<A, ClaudeError.ClaudeError>) => void
        ) => void
      ) =>
        signed((credential) =>
          Effect.contextWith((context: Context.Context<never>) => {
            let connection: Connection | undefined
            const result = Effect.callback<A, ClaudeError.ClaudeError>((resume) => {
              connection = connect(request, current, credential, context, (response) => {
                if (Immediate.is(response)) use(response.value, resume)
                else resume(Effect.flatMap(response, (response) => Effect.callback((resume) => use(response, resume))))
              })
            })
            return Effect.onExitPrimitive(result, () => connection?.close())
          })
        )
    }
  )
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Receives the response, or the failure, once. */
type OnResponse = (response: Effect.Effect<Exchange.ReadableResponse, ClaudeError.ClaudeError>) => void

/** A request under way, and its response while that is read. It keeps nothing of the request alive. */
class Connection {
  readonly #transport: Transport.Transport
  readonly #settings: Settings
  readonly #prepared: Prepared
  readonly #deadline: Deadline.Deadline
  #sent: Transport.Sent | undefined
  #reader: Body.LimitedReader | undefined

  constructor(
    transport: Transport.Transport,
    settings: Settings,
    prepared: Prepared,
    deadline: Deadline.Deadline
  ) {
    this.#transport = transport
    this.#settings = settings
    this.#prepared = prepared
    this.#deadline = deadline
  }

  /** Sends a request. */
  start(
    request: Exchange.Request,
    credential: Credential | undefined,
    context: Context.Context<never>,
    onResponse: OnResponse
  ): void {
    const { body, endBy, method, model, upload } = request
    const { headers, problem, secrets } = this.#prepared.headers(request, credential)
    if (problem !== undefined) return onResponse(Effect.fail(invalidHeader(problem)))
    const url = this.#prepared.url(request)
    const send = Transport.isBytes(body) ? this.#transport.send : this.#transport.upload(upload)
    if (url === undefined || send === undefined) return onResponse(Effect.fail(this.#unsendable(url)))
    let isWaiting = true
    this.#sent = send({ method, url, headers, body }, context, (head) => {
      isWaiting = false
      this.#deadline.clear()
      onResponse(
        Exit.isSuccess(head)
          ? this.#receive(head.value, secrets, { endBy, model, url })
          : Effect.failCause(Cause.map(head.cause, (error) => this.#lost(error)))
      )
    })
    if (!isWaiting) return
    const limit = headersWithin(request, this.#settings)
    const from = this.#deadline.now()
    this.#deadline.set(
      from + Duration.toMillis(limit),
      () => onResponse(Effect.fail(headersLate(this.#prepared.host, limit))),
      from
    )
  }

  /** Closes the connection. Returns what remains to be awaited, if anything. */
  close(): Effect.Effect<void> | undefined {
    const last = this.#reader?.last
    return last === undefined ? this.#end() : Effect.flatMap(last, () => this.#end() ?? Effect.void)
  }

  #end(): Effect.Effect<void> | undefined {
    this.#deadline.close()
    return this.#sent?.abort()
  }

  #receive(
    { body, headers, status }: Transport.Head,
    secrets: Secret.Known,
    { endBy, model, url }: Pick<Exchange.Request, "endBy" | "model"> & { readonly url: URL }
  ): Effect.Effect<Exchange.ReadableResponse, ClaudeError.ClaudeError> {
    const reader = new Body.LimitedReader(body, this.#deadline, this.#settings.timeouts, endBy)
    this.#reader = reader
    const response = { status, headers, meta: new Secrets.Meta(headers, secrets), body: Body.make(reader) }
    return status >= 200 && status <= 299 ? Effect.succeed(response) : this.#refused(response, model, url)
  }

  /**
   * Fails with what a response that is not 2xx reports. Its body is read as far as it arrives: the status says what
   * happened, so a body that is cut, silent or endless changes nothing.
   */
  #refused(
    { body: { reader }, headers, meta, status }: Exchange.ReadableResponse,
    model: string | undefined,
    url: URL
  ): Effect.Effect<never, ClaudeError.ClaudeError> {
    const text = Effect.callback<string>((resume) => {
      const decoder = new TextDecoder()
      let read = ""
      reader.endWithin(Math.min(Duration.toMillis(this.#settings.timeouts.idle), errorBodyWithin))
      const leave = Body.drain(reader, (chunks) => {
        for (const chunk of chunks) read += decoder.decode(chunk, { stream: true })
        return read.length > errorBodyLimit
      }, () => resume(Effect.succeed(read)))
      return Effect.sync(leave)
    })
    return Effect.flatMap(
      text,
      (text) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.fail(ErrorResponse.toError({
            status,
            headers: Secrets.cleanHeaders(headers, meta),
            text: Secrets.clean(text, meta),
            now,
            url: `${url.origin}${url.pathname}`,
            modelNote: model === undefined ? undefined : this.#settings.rules?.retirement?.(model)
          })))
    )
  }

  #unsendable(url: URL | undefined): ClaudeError.ClaudeError {
    return this.#lost({
      _tag: "TransportError",
      reason: url === undefined
        ? { _tag: "InvalidUrlError" }
        : { _tag: "EncodeError", description: "its body is a stream, which only Raw can send over fetch" }
    })
  }

  #lost(error: Exchange.Failure): ClaudeError.ClaudeError {
    return Failures.fromTransport(error, { phase: "headers", host: this.#prepared.host }, this.#settings.timeouts)
  }
}

/** Returns how long the headers may take. */
const headersWithin = ({ body, streamed }: Exchange.Request, { timeouts }: Settings): Duration.Duration =>
  Timeouts.headersWithin(timeouts, {
    streamed,
    bodySize: body === undefined || body._tag === "Empty" ? 0 : body.contentLength ?? 0
  })

const longestSleep = (request: Exchange.Request, settings: Settings): number =>
  Math.min(Duration.toMillis(headersWithin(request, settings)), Duration.toMillis(settings.timeouts.idle))

const invalidHeader = (problem: string): ClaudeError.ClaudeError =>
  new ClaudeError.RequestValidationError({
    outcome: "notSent",
    violations: [{ rule: "headers", path: "headers", problem, fix: "Remove the character, or encode the value." }],
    message: `The request was not sent: ${problem}.`
  })

const headersLate = (host: string, limit: Duration.Duration): ClaudeError.ClaudeError =>
  new ClaudeError.ClaudeTimeoutError({
    phase: "headers",
    limit,
    outcome: "unknown",
    message: `${host} sent no headers within ${Span.format(limit)}. Stream long responses, or raise \`headers\`.`
  })

/** The most characters that are read of a response that reports a failure. */
const errorBodyLimit = 1_048_576

/** The most milliseconds that takes. */
const errorBodyWithin = 10_000
