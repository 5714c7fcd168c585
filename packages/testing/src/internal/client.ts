/**
 * An `HttpClient` that performs answers in process.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Stream from "effect/Stream"
import * as Answer from "./answer.ts"
import type { Engine } from "./engine.ts"
import * as Http1 from "./http1.ts"
import { ScriptedResponse } from "./response.ts"

export const make = (engine: Engine): HttpClient.HttpClient =>
  HttpClient.make((request, url, signal) =>
    Effect.gen(function*() {
      const { body, contentType } = yield* readBody(request)
      const headers: { [name: string]: string } = { ...request.headers }
      if (contentType !== undefined && headers["content-type"] === undefined) headers["content-type"] = contentType
      const said = yield* engine.handle({
        method: request.method,
        url: `${url.pathname}${url.search}`,
        headers,
        body,
        origin: url.origin
      })
      const transport = (code: string) =>
        new HttpClientError.HttpClientError({
          reason: new HttpClientError.TransportError({ request, cause: failedFetch(code) })
        })
      yield* abortable(said.delay === 0 ? Effect.void : Effect.sleep(said.delay), signal, transport("ABORT_ERR"))
      const answer = said.malformed === "wire" ? Http1.read(said) : said
      if (answer.unreachable !== undefined) return yield* transport(answer.unreachable)
      if (answer.malformed === "head") return yield* transport("HPE_INVALID_CONSTANT")
      if (answer.head === undefined) {
        return yield* answer.end === "hang"
          ? abortable(Effect.never, signal, transport("ABORT_ERR"))
          : transport(codes[answer.end])
      }
      engine.counts.open++
      let settled = false
      const settle = (outcome: "finished" | "aborted") => {
        if (settled) return
        settled = true
        signal.removeEventListener("abort", onAbort)
        engine.counts.open--
        engine.counts[outcome]++
      }
      const onAbort = () => settle("aborted")
      if (signal.aborted) onAbort()
      else signal.addEventListener("abort", onAbort, { once: true })
      return yield* ScriptedResponse.make({
        request,
        url: url.href,
        status: answer.head.status,
        headers: Headers.fromInput(
          said.malformed === "wire" ? answer.head.headers : { ...framing(answer), ...answer.head.headers }
        ),
        stream: (fail) => perform(answer, signal, settle, fail)
      })
    }).pipe(Effect.onExit((exit) =>
      Effect.sync(() => {
        // Given up before the headers: there is no response to count.
        if (Exit.isFailure(exit) && (signal.aborted || Cause.hasInterrupts(exit.cause))) engine.counts.aborted++
      })
    ))
  )

/** The header that proves where a body ends, as the server sends it on a socket. */
const framing = ({ length }: Answer.Answer): { readonly [name: string]: string } =>
  length === undefined ? { "transfer-encoding": "chunked" } : { "content-length": String(length) }

/** Performs the body. An end as HTTP wants it counts once its last byte was handed over. */
const perform = (
  answer: Answer.Answer,
  signal: AbortSignal,
  settle: (outcome: "finished" | "aborted") => void,
  fail: (cause: unknown) => HttpClientError.HttpClientError
): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> =>
  Stream.fromPull(Effect.sync(() => {
    const { frames, length } = answer
    // Who has all that was announced does not wait for what comes after.
    const isWhole = answer.malformed === undefined && length !== undefined && Answer.sizeOf(frames) >= length
    const last = frames.findLastIndex((frame) => frame._tag === "Bytes")
    let at = 0
    const aborted = () => fail(withCode("This operation was aborted", "ABORT_ERR"))
    const pull: Effect.Effect<readonly [Uint8Array], HttpClientError.HttpClientError | Cause.Done<void>> = Effect
      .suspend(
        () => {
          if (signal.aborted && at <= last) return Effect.fail(aborted())
          const frame = frames[at++]
          if (frame?._tag === "Wait") {
            return Effect.andThen(abortable(Effect.sleep(frame.millis), signal, aborted()), pull)
          }
          const end = isWhole ? "complete" : answer.malformed === undefined ? answer.end : "close"
          if (frame !== undefined) {
            if (at - 1 === last && end === "complete") settle("finished")
            const one: readonly [Uint8Array] = [frame.bytes]
            return Effect.succeed(one)
          }
          switch (end) {
            case "complete":
              settle("finished")
              return Cause.done()
            case "hang":
              return abortable(Effect.never, signal, aborted())
            default:
              settle("finished")
              return Effect.fail(fail(withCode(messages[end], codes[end])))
          }
        }
      )
    return pull
  })).pipe(Stream.ensuring(Effect.sync(() => settle("aborted"))))

/** Fails as soon as the request is aborted. */
const abortable = <A, E>(effect: Effect.Effect<A>, signal: AbortSignal, error: E): Effect.Effect<A, E> =>
  Effect.raceFirst(
    effect,
    Effect.callback<never, E>((resume) => {
      const onAbort = () => resume(Effect.fail(error))
      if (signal.aborted) return onAbort()
      signal.addEventListener("abort", onAbort, { once: true })
      return Effect.sync(() => signal.removeEventListener("abort", onAbort))
    })
  )

const codes = { complete: "UND_ERR_SOCKET", close: "UND_ERR_SOCKET", reset: "ECONNRESET", hang: "ABORT_ERR" } as const

const messages = { close: "other side closed", reset: "read ECONNRESET" } as const

const withCode = (message: string, code: string): Error => Object.assign(new Error(message), { code })

/** A failure in the shape fetch gives it: the reason is the cause of the cause. */
const failedFetch = (code: string): Error => new TypeError("fetch failed", { cause: withCode(code, code) })

export const readBody = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<
  { readonly body: Uint8Array; readonly contentType: string | undefined },
  HttpClientError.HttpClientError
> => {
  const { body } = request
  const encodeError = (cause: unknown) =>
    new HttpClientError.HttpClientError({ reason: new HttpClientError.EncodeError({ request, cause }) })
  switch (body._tag) {
    case "Empty":
      return Effect.succeed({ body: new Uint8Array(0), contentType: undefined })
    case "Uint8Array":
      return Effect.succeed({ body: body.body, contentType: body.contentType })
    case "Raw":
      return typeof body.body === "string"
        ? Effect.succeed({ body: encoder.encode(body.body), contentType: body.contentType })
        : Effect.fail(encodeError(new Error("A raw body in process has to be a string")))
    case "FormData":
      return Effect.gen(function*() {
        const response = new Response(body.formData)
        const bytes = yield* Effect.tryPromise({ try: () => response.arrayBuffer(), catch: encodeError })
        return { body: new Uint8Array(bytes), contentType: response.headers.get("content-type") ?? undefined }
      })
    case "Stream":
      return Stream.mkUint8Array(body.stream).pipe(
        Effect.map((bytes) => ({ body: bytes, contentType: body.contentType })),
        Effect.mapError(encodeError)
      )
  }
}

const encoder = new TextEncoder()
