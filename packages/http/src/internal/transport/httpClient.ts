/**
 * Sending through any `HttpClient`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import * as Inflate from "./decompress.ts"

/** A response, whatever its status. */
export type Response = Omit<Exchange.Response, "meta">

/** Sends a request. It follows no redirect, and leaves no span and no trace header. */
export type Execute = (
  request: Exchange.Request,
  baseUrl: string,
  headers: { readonly [name: string]: string }
) => Effect.Effect<Response, Exchange.Failure, Scope.Scope>

/** Makes any client close a connection with the scope of its attempt. */
export const make = (httpClient: HttpClient.HttpClient): Execute => {
  const client = HttpClient.withScope(httpClient)
  return (request, baseUrl, headers) =>
    client.execute(
      HttpClientRequest.make(request.method)(`${baseUrl}${request.path}`, {
        headers,
        urlParams: request.query,
        body: request.body ?? HttpBody.empty
      })
    ).pipe(
      Effect.updateContext(quietly),
      Effect.map((response) => {
        const { headers, status, stream } = response
        return {
          status,
          headers,
          body: Inflate.isNeeded(headers["content-encoding"]) ? Inflate.body(response) : stream
        }
      })
    )
}

/** Sends over `fetch` through Effect's client. */
export const overFetch: Execute = (request, baseUrl, headers) =>
  Effect.flatMap(HttpClient.HttpClient, (client) => make(client)(request, baseUrl, headers)).pipe(
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
