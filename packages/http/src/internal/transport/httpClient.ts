/**
 * The transport over any `HttpClient`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import * as Decompress from "./decompress.ts"
import * as Diagnosis from "./diagnosis.ts"
import * as Transport from "./transport.ts"

/** Returns the transport a client offers, or one that executes its requests. */
export const of = (client: Transport.Client): Transport.Transport => {
  if (client.transport !== undefined) return client.transport
  const send = Transport.fromExecute(execute(client))
  return { send, upload: () => send, explain: Diagnosis.explain, sharesTimers: true }
}

/** Sends through a client, whose connection is closed with the scope. Leaves no span and no trace header. */
export const execute = (httpClient: HttpClient.HttpClient): Exchange.Execute => {
  const client = HttpClient.withScope(httpClient)
  return ({ body, headers, method, url }) =>
    Effect.updateContext(
      client.execute(HttpClientRequest.make(method)(url, { headers, body: bodyOf(body) })),
      quietly
    ).pipe(
      Effect.catch(responded),
      Effect.map((response) => {
        const { headers, status, stream } = response
        const body = Decompress.isNeeded(headers["content-encoding"]) ? Decompress.body(response) : stream
        return { status, headers, body }
      })
    )
}

/** Returns a body as a body of Effect's. */
export const bodyOf = (body: Exchange.RequestBody | undefined): HttpBody.HttpBody => {
  if (body === undefined) return HttpBody.empty
  return body._tag === "Encoded" ? HttpBody.uint8Array(body.bytes, body.contentType) : body
}

/** Middleware such as `filterStatusOk` fails with the response. What it means is decided here, as for any response. */
const responded = (
  error: HttpClientError.HttpClientError
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> =>
  error.reason._tag === "StatusCodeError" ? Effect.succeed(error.reason.response) : Effect.fail(error)

/** Sends over `fetch` through Effect's client. */
export const overFetch: Exchange.Execute = (request) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => execute(client)(request)).pipe(
    Effect.provide(FetchHttpClient.layer)
  )

/** Follows no redirect, negotiates no HTTP/2, and leaves no span and no trace header. */
const quietly = (context: Context.Context<Scope.Scope>): Context.Context<Scope.Scope> =>
  context.pipe(
    Context.add(FetchHttpClient.RequestInit, {
      ...Context.getOrUndefined(context, FetchHttpClient.RequestInit),
      redirect: "manual"
    }),
    Context.add(UndiciOptions, { ...Context.get(context, UndiciOptions), allowH2: false }),
    Context.add(HttpClient.TracerDisabledWhen, constTrue)
  )

/**
 * The options of `NodeHttpClient.layerUndici`, which this module does not load. undici reports a reset HTTP/2 stream as a
 * normal end, so it may not negotiate HTTP/2.
 */
const UndiciOptions = Context.Reference<object>("@effect/platform-node/NodeHttpClient/UndiciOptions", {
  defaultValue: () => ({})
})
