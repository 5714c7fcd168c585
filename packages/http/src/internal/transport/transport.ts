/**
 * Transports that are spoken to directly, without an `HttpClient` in between.
 *
 * Any `HttpClient` will do for `Claude`; what Effect's interface asks of one costs
 * a request a controller, a span's worth of effects and a chain of finalizers. A
 * client that registers a direct way is used by that for every request whose body
 * is at hand.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import * as HttpBody from "effect/http/HttpBody"
import type * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpMethod from "effect/http/HttpMethod"
import type * as Public from "../../Exchange.ts"
import type * as Source from "./body.ts"
import type * as General from "./httpClient.ts"

/** A request as it goes out. */
export interface Request {
  readonly method: "GET" | "POST" | "DELETE"
  readonly url: URL
  readonly headers: { readonly [name: string]: string }
  readonly body: HttpBody.Uint8Array | undefined
}

/** The head of a response. */
export interface Head {
  readonly status: number
  /** The headers, with names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined }
  /** Delivers the body, decoded from its `content-encoding`. */
  readonly body: Source.Body
}

/** A request that was sent. */
export interface Exchange {
  /** Closes the connection, unless the response was received to its end. */
  readonly abort: () => void
}

/** Sends a request, and tells once of the head of the response. It follows no redirect. */
export type Send = (
  request: Request,
  context: Context.Context<never>,
  onHead: (head: Exit.Exit<Head, Public.Failure>) => void
) => Exchange

const known = new WeakMap<HttpClient.HttpClient, Send>()

/** Says how to reach a client directly, which belongs to the whole process. */
export const register = (client: HttpClient.HttpClient, send: Send): HttpClient.HttpClient => {
  known.set(client, send)
  return client
}

/** Returns the direct way to a client, if it has one. */
export const of = (client: HttpClient.HttpClient): Send | undefined => known.get(client)

const carried = new WeakMap<HttpBody.HttpBody, General.Execute>()

/** Says how to send a body that is not at hand where the transport cannot. */
export const carry = (body: HttpBody.HttpBody, execute: General.Execute): HttpBody.HttpBody => {
  carried.set(body, execute)
  return body
}

/** Returns the way a body brought along. */
export const carriedBy = (body: HttpBody.HttpBody): General.Execute | undefined => carried.get(body)

/** The request as errors and responses of Effect's interface quote it. */
export const toHttp = (
  { body, headers, method, url }: Omit<Request, "method"> & { readonly method: HttpMethod.HttpMethod }
): HttpClientRequest.HttpClientRequest =>
  HttpClientRequest.make(method)(url, {
    headers,
    body: body ?? HttpBody.empty
  })
