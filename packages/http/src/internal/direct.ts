/**
 * Clients that close a connection with the scope of its attempt by themselves.
 *
 * Any `HttpClient` does so through `HttpClient.withScope`, which costs a signal
 * and an exception for every request. A client of our own can do without.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Scope from "effect/Scope"

/** Sends a request. It follows no redirect, and leaves no span and no trace header. */
export type Execute = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError, Scope.Scope>

const known = new WeakMap<HttpClient.HttpClient, Execute>()

/** Says how to reach a client directly. */
export const register = (client: HttpClient.HttpClient, execute: Execute): HttpClient.HttpClient => {
  known.set(client, execute)
  return client
}

/** Returns the direct way to a client, if it has one. */
export const of = (client: HttpClient.HttpClient): Execute | undefined => known.get(client)
