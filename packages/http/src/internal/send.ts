/**
 * One attempt at a request: from the logical request to a 2xx response, or to
 * the error that says what happened.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as RateLimits from "@effect-claude/core/RateLimits"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Claude } from "../Claude.ts"
import type { Settings, Signature } from "../ClaudeConfig.ts"
import type * as Exchange from "../Exchange.ts"
import * as Timeouts from "../Timeouts.ts"
import * as Check from "./config.ts"
import * as Direct from "./direct.ts"
import * as Failures from "./failures.ts"
import * as Inflate from "./inflate.ts"

/** Creates the function that makes one attempt. */
export const make = (
  httpClient: HttpClient.HttpClient,
  signature: Signature,
  fixed: { readonly [name: string]: string }
): Claude["Service"]["attempt"] => {
  const execute = Direct.of(httpClient) ?? scoped(httpClient)
  const send = Effect.fnUntraced(function*(
    request: Exchange.Request,
    settings: Settings,
    credential: Credential
  ): Effect.fn.Return<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> {
    const host = new URL(settings.baseUrl).host
    const headers = { ...fixed, ...credential, ...headersOf(request, settings) }
    const problem = Check.headers(headers)
    if (problem !== undefined) return yield* invalidHeader(problem)
    const http = HttpClientRequest.make(request.method)(`${settings.baseUrl}${request.path}`, {
      headers,
      urlParams: request.query,
      body: request.body ?? HttpBody.empty
    })
    const within = Timeouts.headersWithin(settings.timeouts, {
      streamed: request.streamed,
      bodySize: request.body === undefined || request.body._tag === "Empty" ? 0 : request.body.contentLength ?? 0
    })
    const response = yield* execute(http).pipe(
      Effect.mapError((error) => Failures.fromTransport(error, { phase: "headers", host })),
      Effect.timeoutOrElse({ duration: within, orElse: () => Effect.fail(headersLate(host, within)) })
    )
    const responseHeaders = response.headers
    const meta: Exchange.Meta = {
      requestId: responseHeaders["request-id"],
      organizationId: responseHeaders["anthropic-organization-id"],
      rateLimits: RateLimits.fromHeaders(responseHeaders)
    }
    if (response.status < 200 || response.status > 299) {
      const text = withoutCredentials(yield* errorText(response, settings), headers)
      const now = yield* Clock.currentTimeMillis
      return yield* ErrorResponse.toError({ status: response.status, headers: responseHeaders, text, now })
    }
    const body = Inflate.body(response, responseHeaders["content-encoding"])
    return { status: response.status, headers: responseHeaders, meta, body }
  })
  if (signature.header === "none") return (request, settings) => send(request, settings, {})
  const { header, renewable } = signature
  return (request, settings) =>
    Effect.flatMap(sign(signature), (credential) => {
      const sent = send(request, settings, credential)
      return !renewable ?
        sent :
        Effect.catchTag(sent, "AuthenticationError", (error) =>
          Effect.flatMap(
            sign(signature),
            (renewed) => renewed[header] === credential[header] ? Effect.fail(error) : send(request, settings, renewed)
          ))
    })
}

/** The header that signs a request. */
type Credential = { readonly [name: string]: string }

/** Makes any client close a connection with the scope of its attempt. */
const scoped = (httpClient: HttpClient.HttpClient): Direct.Execute => {
  const client = HttpClient.withScope(httpClient)
  return (request) => Effect.updateContext(client.execute(request), quietly)
}

/** Follows no redirect, and leaves no span and no trace header. */
const quietly = (context: Context.Context<Scope.Scope>): Context.Context<Scope.Scope> =>
  context.pipe(
    Context.add(FetchHttpClient.RequestInit, {
      ...Context.getOrUndefined(context, FetchHttpClient.RequestInit),
      redirect: "manual"
    }),
    Context.add(HttpClient.TracerDisabledWhen, constTrue)
  )

const headersOf = (request: Exchange.Request, settings: Settings): { readonly [name: string]: string } => {
  const betas = request.betas === undefined ? settings.betas : [...settings.betas, ...request.betas]
  return {
    accept: "application/json",
    // The transports do not all decompress, and a stream gains nothing by it.
    "accept-encoding": "identity",
    "anthropic-version": settings.version,
    ...(betas.length === 0 ? undefined : { "anthropic-beta": [...new Set(betas)].join(",") }),
    ...settings.headers,
    ...request.headers
  }
}

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
        : Effect.succeed({ [header]: header === "x-api-key" ? value : `Bearer ${value}` })
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
    message: `${host} sent no headers within ${Duration.format(limit)}. Stream long answers, or raise \`headers\`.`
  })

/** Takes the credentials of a request out of what was answered: some servers repeat what they were given. */
const withoutCredentials = (text: string, headers: { readonly [name: string]: string }): string =>
  ["x-api-key", "authorization", "proxy-authorization"].reduce((text, name) => {
    const secret = headers[name]?.replace(/^(?:Bearer|Basic) /i, "")
    // What is shorter is no credential, and would be found in any text.
    return secret === undefined || secret.length < 8 ? text : text.replaceAll(secret, "[credential]")
  }, text)

/** The most that is read of a response that reports a failure. */
const errorBodyLimit = 1_048_576

/**
 * The body of a response that reports a failure, as far as it arrives: the
 * status says what happened, so a body that is cut, silent or endless changes
 * nothing.
 */
const errorText = (
  response: HttpClientResponse.HttpClientResponse,
  settings: Settings
): Effect.Effect<string, never, Scope.Scope> => {
  const text = new TextDecoder()
  let read = ""
  return Effect.gen(function*() {
    const pull = yield* Stream.toPull(response.stream)
    const chunks = Effect.flatMap(pull, (chunks) => {
      for (const chunk of chunks) read += text.decode(chunk, { stream: true })
      return read.length > errorBodyLimit ? Cause.done() : Effect.void
    })
    return yield* Effect.forever(chunks)
  }).pipe(
    Effect.timeoutOption(Duration.min(settings.timeouts.idle, Duration.seconds(10))),
    // The end of the body arrives here as well.
    Effect.catch(() => Effect.void),
    Effect.map(() => read)
  )
}
