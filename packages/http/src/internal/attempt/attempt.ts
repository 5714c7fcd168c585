/**
 * One attempt at a request: from the logical request to a 2xx response, or to
 * the error that says what happened.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import type * as Secret from "@effect-claude/core/Secret"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as HttpBody from "effect/http/HttpBody"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Claude } from "../../Claude.ts"
import type { Settings, Signature } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import * as Timeouts from "../../Timeouts.ts"
import * as Known from "../immediate.ts"
import { type Credential, Prepared } from "../request/headers.ts"
import * as Secrets from "../request/secrets.ts"
import * as Check from "../request/validate.ts"
import * as Alarm from "../time/deadline.ts"
import * as Span from "../time/duration.ts"
import * as Failures from "../transport/failures.ts"
import type * as General from "../transport/httpClient.ts"
import type * as Direct from "../transport/transport.ts"
import { Received } from "./response.ts"

/** How requests get to the API. */
export interface Transport {
  /** The way for requests whose body is at hand. */
  readonly direct: Direct.Send | undefined
  /** Returns the way for any other request, if there is one for its body. */
  readonly general: (body: HttpBody.HttpBody | undefined) => General.Execute | undefined
  /** Whether the direct way belongs to the whole process, so that its requests may share a timer. */
  readonly isOfProcess: boolean
}

type Service = Claude["Service"]["attempt"]

/** Prepares a request that can be sent directly, and is not signed anew for each attempt. */
type Begin = (
  request: Exchange.Request,
  settings: Settings
) => ((context: Context.Context<never>, onResponse: OnResponse) => Connection) | undefined

const known = new WeakMap<Service, Begin>()

/** Returns how a function that makes attempts begins them, if it is one of these and nothing was put around it. */
export const begin = (attempt: Service): Begin | undefined => known.get(attempt)

/** Creates the function that makes one attempt. */
export const make = (
  transport: Transport,
  signature: Signature,
  fixed: { readonly [name: string]: string }
): Service => {
  const { direct, isOfProcess } = transport
  const layers = new WeakMap<Settings, Prepared>()
  const preparedFor = (settings: Settings): Prepared => {
    const known = layers.get(settings)
    if (known !== undefined) return known
    const prepared = new Prepared(settings, fixed)
    layers.set(settings, prepared)
    return prepared
  }
  const attemptAt = (
    request: Exchange.Request,
    settings: Settings,
    credential: Credential | undefined
  ): Attempt => {
    const prepared = preparedFor(settings)
    const { headers, problem, secrets } = prepared.headers(request, credential)
    const url = prepared.url(request)
    const { body, method } = request
    const outgoing = problem === undefined && url !== undefined && isWhole(body)
      ? { method, url, headers, body: filled(body) }
      : undefined
    return { request, settings, headers, secrets, host: prepared.host, problem, url, outgoing, isOfProcess }
  }
  const send = (
    request: Exchange.Request,
    settings: Settings,
    credential: Credential | undefined
  ): Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> => {
    const attempt = attemptAt(request, settings, credential)
    const { outgoing, problem } = attempt
    if (problem !== undefined) return Effect.fail(invalidHeader(problem))
    if (direct !== undefined && outgoing !== undefined) return directly(attempt, direct, outgoing)
    const execute = transport.general(request.body)
    return execute === undefined ? noWay(attempt) : generally(attempt, execute)
  }
  let credential: Credential | undefined = undefined
  const attempt: Service = signature.header === "none"
    ? (request, settings) => send(request, settings, undefined)
    : (request, settings) =>
      credential !== undefined ? send(request, settings, credential) : Effect.flatMap(sign(signature), (signed) => {
        const sent = send(request, settings, signed)
        if (!signature.renewable) {
          credential = signed
          return sent
        }
        return Effect.catch(sent, (error) =>
          error._tag !== "AuthenticationError" ? Effect.fail(error) : Effect.flatMap(
            sign(signature),
            (renewed) => renewed.value === signed.value ? Effect.fail(error) : send(request, settings, renewed)
          ))
      })
  known.set(attempt, (request, settings) => {
    if (direct === undefined || (credential === undefined && signature.header !== "none")) return undefined
    const attempt = attemptAt(request, settings, credential)
    const { outgoing } = attempt
    return outgoing && ((context, onResponse) => {
      const connection = connect(attempt, context)
      dispatch(connection, attempt, direct, outgoing, context, onResponse)
      return connection
    })
  })
  return attempt
}

/** What one attempt is made of. */
interface Attempt {
  readonly request: Exchange.Request
  readonly settings: Settings
  readonly headers: Secrets.Sent
  readonly secrets: Secret.Known
  readonly host: string
  /** What is wrong with the headers. */
  readonly problem: Check.Problem | undefined
  readonly url: URL | undefined
  /** What can be sent directly. */
  readonly outgoing: Direct.Request | undefined
  readonly isOfProcess: boolean
}

/** Bodies that are at hand. */
type Whole = HttpBody.Empty | HttpBody.Uint8Array | undefined

const isWhole = (body: HttpBody.HttpBody | undefined): body is Whole =>
  body === undefined || body._tag === "Empty" || body._tag === "Uint8Array"

const filled = (body: Whole): HttpBody.Uint8Array | undefined => body?._tag === "Uint8Array" ? body : undefined

/** How long the headers may take. */
const limitOf = ({ request: { body, streamed }, settings }: Attempt): Duration.Duration =>
  Timeouts.headersWithin(settings.timeouts, {
    streamed,
    bodySize: body === undefined || body._tag === "Empty" ? 0 : body.contentLength ?? 0
  })

/** Takes the response, or the failure that came instead, once. */
type OnResponse = (
  response: Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope>
) => void

/** Sends through a transport that is spoken to directly. The scope closes the connection, and ends the timer. */
const directly = (
  attempt: Attempt,
  send: Direct.Send,
  request: Direct.Request
): Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const connection = connect(attempt, context)
    const response = Effect.callback<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope>((resume) => {
      dispatch(connection, attempt, send, request, context, resume)
      return connection.close
    })
    return Effect.andThen(Scope.addFinalizer(Context.get(context, Scope.Scope), connection.close), response)
  })

/** Makes what an attempt is closed by, before anything is sent. */
const connect = (attempt: Attempt, context: Context.Context<never>): Connection =>
  new Connection(
    new Alarm.Alarm(
      context,
      Math.min(Duration.toMillis(limitOf(attempt)), Duration.toMillis(attempt.settings.timeouts.idle)),
      attempt.isOfProcess
    )
  )

/** Sends a request over a connection, and tells once of the response. */
const dispatch = (
  connection: Connection,
  attempt: Attempt,
  send: Direct.Send,
  request: Direct.Request,
  context: Context.Context<never>,
  onResponse: OnResponse
): void => {
  const { alarm } = connection
  let waits = true
  connection.exchange = send(request, context, (head) => {
    waits = false
    alarm.lift()
    onResponse(
      Exit.isSuccess(head)
        ? received(attempt, head.value, connection)
        : Effect.failCause(
          Cause.map(head.cause, (error) => Failures.fromTransport(error, { phase: "headers", host: attempt.host }))
        )
    )
  })
  if (!waits) return
  const limit = limitOf(attempt)
  const from = alarm.now()
  alarm.set(
    from + Duration.toMillis(limit),
    () => onResponse(Effect.fail(headersLate(attempt.host, limit))),
    from
  )
}

/** What is closed with an attempt. It lasts as long as the answer is read, and keeps nothing of the request alive. */
class Connection {
  readonly alarm: Alarm.Alarm
  exchange: Direct.Exchange | undefined
  #last: Effect.Effect<void> = Effect.void

  constructor(alarm: Alarm.Alarm) {
    this.alarm = alarm
  }

  /** Closes it. */
  readonly close: Effect.Effect<void> = Effect.suspend(() =>
    Known.flatMap(this.#last, () => {
      this.end()
      return Effect.void
    })
  )

  /** Runs an effect before it is closed. */
  readonly beforeClose = (effect: Effect.Effect<void>): Effect.Effect<void> => {
    this.#last = effect
    return Effect.void
  }

  /** Closes it at once. */
  end(): void {
    this.alarm.close()
    this.exchange?.abort()
  }
}

/** The response to a request that was sent directly. */
const received = (
  attempt: Attempt,
  head: Direct.Head,
  { alarm, beforeClose }: Connection
): Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> => {
  const { body, headers, status } = head
  const meta = new Secrets.Meta(headers, attempt.secrets)
  const response = new Received(head, meta, { body, alarm, beforeClose })
  return isSuccess(status) ? Effect.succeed(response) : refused(attempt, response)
}

/** Sends through any client. */
const generally = (
  attempt: Attempt,
  execute: General.Execute
): Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> => {
  const { headers, host, request, secrets, settings } = attempt
  const limit = limitOf(attempt)
  const sent = Effect.mapError(
    execute(request, settings.baseUrl, headers),
    (error) => Failures.fromTransport(error, { phase: "headers", host })
  )
  return Effect.flatMap(
    Alarm.within(sent, Duration.toMillis(limit), () => headersLate(host, limit)),
    (http) => {
      const response = { ...http, meta: new Secrets.Meta(http.headers, secrets) }
      return isSuccess(http.status) ? Effect.succeed(response) : refused(attempt, response)
    }
  )
}

/** Fails where a transport has no way for a request. */
const noWay = ({ host, url }: Attempt): Effect.Effect<never, ClaudeError.ClaudeError> =>
  Effect.fail(Failures.fromTransport({
    _tag: "NoWay",
    reason: url === undefined
      ? { _tag: "InvalidUrlError" }
      : { _tag: "EncodeError", description: "its body is a stream, which only Raw can send" }
  }, { phase: "headers", host }))

const isSuccess = (status: number): boolean => status >= 200 && status <= 299

/** Fails with what a response that is not 2xx reports. */
const refused = (
  { request, settings, url }: Attempt,
  { body, headers, meta, status }: Exchange.Response
): Effect.Effect<never, ClaudeError.ClaudeError, Scope.Scope> =>
  Effect.flatMap(
    errorText(body, settings),
    (text) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.fail(ErrorResponse.toError({
          status,
          headers: Secrets.cleanHeaders(headers, meta),
          text: Secrets.clean(text, meta),
          now,
          url: url === undefined ? undefined : `${url.origin}${url.pathname}`,
          modelNote: request.model === undefined ? undefined : settings.rules?.retirement?.(request.model)
        })))
  )

const sign = (
  { header, secret }: Exclude<Signature, { readonly header: "none" }>
): Effect.Effect<Credential, ClaudeError.ClaudeError> =>
  Effect.matchEffect(secret, {
    onFailure: () => Effect.fail(unauthenticated("The credential could not be obtained")),
    onSuccess: (redacted) => {
      const value = Redacted.value(redacted)
      const problem = Check.credential(value)
      return problem !== undefined
        ? Effect.fail(unauthenticated(`The credential cannot be sent: ${problem}`))
        : Effect.succeed({ header, value: header === "x-api-key" ? value : `Bearer ${value}` })
    }
  })

const unauthenticated = (problem: string): ClaudeError.ClaudeError =>
  new ClaudeError.AuthenticationError({ outcome: "notSent", message: `${problem}. The request was not sent.` })

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
    message: `${host} sent no headers within ${Span.format(limit)}. Stream long answers, or raise \`headers\`.`
  })

/** The most that is read of a response that reports a failure. */
const errorBodyLimit = 1_048_576

/** The most milliseconds that takes. */
const errorBodyWithin = 10_000

/**
 * The body of a response that reports a failure, as far as it arrives: the
 * status says what happened, so a body that is cut, silent or endless changes
 * nothing.
 */
const errorText = (
  body: Exchange.Response["body"],
  settings: Settings
): Effect.Effect<string, never, Scope.Scope> => {
  const text = new TextDecoder()
  let read = ""
  const reading = Effect.gen(function*() {
    const pull = yield* Channel.toPullScoped(Stream.toChannel(body), yield* Effect.scope)
    const chunks = Effect.flatMap(pull, (chunks) => {
      for (const chunk of chunks) read += text.decode(chunk, { stream: true })
      return read.length > errorBodyLimit ? Cause.done() : Effect.void
    })
    return yield* Effect.forever(chunks)
  })
  const limit = Math.min(Duration.toMillis(settings.timeouts.idle), errorBodyWithin)
  return Alarm.within(reading, limit, () => Cause.Done()).pipe(
    // The end of the body arrives here as well. `Effect.ignore` would bring the logger along.
    Effect.catch(() => Effect.void),
    Effect.map(() => read)
  )
}
