/**
 * A response whose body is an Effect stream from the start: no promise and no
 * timer of the platform is between a script and its reader.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import type * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

interface Parts {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly stream: (
    fail: (cause: unknown) => HttpClientError.HttpClientError
  ) => Stream.Stream<Uint8Array, HttpClientError.HttpClientError>
}

export class ScriptedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  static make(parts: Parts): Effect.Effect<ScriptedResponse> {
    return Effect.gen(function*() {
      const fail = (cause: unknown): HttpClientError.HttpClientError => decodeError(response, cause)
      const stream = parts.stream(fail)
      const bytes = yield* Effect.cached(Stream.mkUint8Array(stream))
      const response: ScriptedResponse = new ScriptedResponse(parts, stream, bytes)
      return response
    })
  }

  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly stream: Stream.Stream<Uint8Array, HttpClientError.HttpClientError>
  readonly cookies = Cookies.empty
  readonly remoteAddress = Option.none<string>()
  private readonly bytes: Effect.Effect<Uint8Array, HttpClientError.HttpClientError>

  constructor(
    parts: Parts,
    stream: Stream.Stream<Uint8Array, HttpClientError.HttpClientError>,
    bytes: Effect.Effect<Uint8Array, HttpClientError.HttpClientError>
  ) {
    super()
    this.request = parts.request
    this.url = parts.url
    this.status = parts.status
    this.headers = parts.headers
    this.stream = stream
    this.bytes = bytes
  }

  get text(): Effect.Effect<string, HttpClientError.HttpClientError> {
    return Effect.map(this.bytes, (bytes) => new TextDecoder().decode(bytes))
  }

  get json(): Effect.Effect<Schema.Json, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.text, (text) =>
      text === ""
        ? Effect.succeed(null)
        : Effect.mapError(decodeJson(text), (cause) => decodeError(this, cause)))
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.HttpClientError> {
    return Effect.map(this.bytes, (bytes) => new Uint8Array(bytes).buffer)
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.HttpClientError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.HttpClientError> {
    return Effect.fail(decodeError(this, new Error("The scripted API does not answer with form data")))
  }

  get upgrade(): Effect.Effect<never, HttpClientError.HttpClientError> {
    return Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.StatusCodeError({
          request: this.request,
          response: this,
          description: "the scripted API upgrades no connection"
        })
      })
    )
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }

  pipe() {
    return pipeArguments(this, arguments)
  }
}

const decodeJson = Schema.decodeEffect(Schema.fromJsonString(Schema.Json))

/** Effect's clients report a body that breaks off as a decode error. */
const decodeError = (response: ScriptedResponse, cause: unknown): HttpClientError.HttpClientError =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
  })
