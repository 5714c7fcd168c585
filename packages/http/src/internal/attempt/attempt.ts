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
import * as Secrets from "../request/secrets.ts"
import { type Credential, Prepared } from "../request/settings.ts"
import * as Deadline from "../time/deadline.ts"
import * as Span from "../time/duration.ts"
import * as Body from "../transport/body.ts"
import type * as Transport from "../transport/transport.ts"
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
  const fixedCredential = Sign.fixed(signature)
  const signed = <A, R>(attempt: Sign.Attempt<A, R>): Effect.Effect<A, ClaudeError.ClaudeError, R> =>
    signature._tag === "Renewable" ? Sign.renewing(signature, attempt) : attempt(fixedCredential)

  const connect = (
    request: Exchange.Request,
    current: Settings,
    credential: Credential | undefined,
    context: Context.Context<never>,
    result: OnResult
  ): Connection => {
    const head = current === settings ? prepared : new Prepared(current, fixed)
    const connection = new Connection(transport, current, head)
    connection.start(request, credential, timers, context, result)
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
              connection = connect(request, current, credential, context, {
                succeed: (response) => resume(Effect.succeed(response)),
                fail: resume
              })
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
              connection = connect(request, current, credential, context, {
                succeed: (response) => use(response, resume),
                fail: resume
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

/** Receives the response, or the failure that came instead: one of them, once. */
interface OnResult {
  readonly succeed: (response: Exchange.ReadableResponse) => void
  readonly fail: (failure: Effect.Effect<never, ClaudeError.ClaudeError>) => void
}

/** A request under way, and its response while that is read. It keeps nothing of the request alive. */
class Connection {
  readonly #transport: Transport.Transport
  readonly #settings: Settings
  readonly #prepared: Prepared
  #deadline: Deadline.Deadline | undefined
  #sent: Transport.Sent | undefined
  #reader: Body.LimitedReader | undefined

  constructor(transport: Transport.Transport, settings: Settings, prepared: Prepared) {
    this.#transport = transport
    this.#settings = settings
    this.#prepared = prepared
  }

  /** Sends a request. Its headers are awaited as long as the settings say. */
  start(
    request: Exchange.Request,
    credential: Credential | undefined,
    timers: (context: Context.Context<never>) => Deadline.Timer,
    context: Context.Context<never>,
    result: OnResult
  ): void {
    const { body, endBy, method, model, upload } = request
    const send = isAtHand(body) ? this.#transport.send : this.#transport.upload(upload)
    const limit = headersWithin(request, this.#settings)
    const millis = Duration.toMillis(limit)
    const longest = Math.min(millis, Duration.toMillis(this.#settings.timeouts.idle))
    const { host } = this.#prepared
    const { headers, problem, secrets } = this.#prepared.headers(request, credential)
    const url = this.#prepared.url(request)
    if (problem !== undefined) return result.fail(Effect.fail(invalidHeader(problem)))
    if (url === undefined || send === undefined) return result.fail(Effect.fail(this.#unsendable(url)))
    const deadline = Deadline.start(
      timers,
      context,
      longest,
      millis,
      () => result.fail(Effect.fail(headersLate(host, limit)))
    )
    this.#deadline = deadline
    this.#sent = send({ method, url, headers, body }, context, (head) => {
      if (Exit.isSuccess(head)) this.#receive(head.value, deadline, secrets, { endBy, model, url }, result)
      else result.fail(Effect.failCause(Cause.map(head.cause, (error) => this.#lost(error))))
    })
  }

  /** Closes the connection. Returns what remains to be awaited, if anything. */
  close(): Effect.Effect<void> | undefined {
    const last = this.#reader?.last
    return last === undefined ? this.#end() : Effect.flatMap(last, () => this.#end() ?? Effect.void)
  }

  #end(): Effect.Effect<void> | undefined {
    this.#deadline?.close()
    return this.#sent?.abort()
  }

  #receive(
    { body, headers, status }: Transport.Head,
    deadline: Deadline.Deadline,
    secrets: Secret.Known,
    { endBy, model, url }: Pick<Exchange.Request, "endBy" | "model"> & { readonly url: URL },
    result: OnResult
  ): void {
    const meta = new Secrets.Meta(headers, secrets)
    const reader = new Body.LimitedReader(body, deadline, this.#settings.timeouts, endBy)
    const response = { status, headers, meta, body: Body.make(reader) }
    this.#reader = reader
    if (status >= 200 && status <= 299) result.succeed(response)
    else result.fail(this.#refused(response, model, url))
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
        return read.length > errorBodyLimit ? "enough" : "filler"
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
    return this.#transport.explain(error, { phase: "headers", host: this.#prepared.host }, this.#settings.timeouts)
  }
}

/** Whether a body is at hand, and not a stream or a form. */
const isAtHand = (body: Exchange.RequestBody | undefined): boolean =>
  body === undefined || body._tag === "Encoded" || body._tag === "Uint8Array" || body._tag === "Empty"

/** Returns the size of a body in bytes, as far as it is known. */
const sizeOf = (body: Exchange.RequestBody | undefined): number => {
  if (body === undefined || body._tag === "Empty") return 0
  return body._tag === "Encoded" ? body.bytes.byteLength : body.contentLength ?? 0
}

/** Returns how long the headers may take. */
const headersWithin = ({ body, streamed }: Exchange.Request, { timeouts }: Settings): Duration.Duration =>
  streamed
    ? Timeouts.headersWithin(timeouts, { streamed, bodySize: sizeOf(body) })
    : timeouts.jsonHeaders

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
