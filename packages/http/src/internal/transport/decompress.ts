/**
 * Bodies that come compressed although identity was asked for.
 *
 * Some clients decompress by themselves and still show the header, others do
 * neither: the first bytes tell.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

type Bytes = Pull.Pull<Arr.NonEmptyReadonlyArray<Uint8Array>, HttpClientError.HttpClientError>

/** Whether a `content-encoding` says that a body is compressed. */
export const isNeeded = (encoding: string | undefined): boolean =>
  encoding !== undefined && /^\s*(?:x-)?gzip\s*$/i.test(encoding)

/** The body of a response whose header says that it is compressed, decompressed if that is still to be done. */
export const body = (
  response: HttpClientResponse.HttpClientResponse
): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> =>
  Stream.transformPull(response.stream, (upstream, scope) => {
    let chosen: Bytes | undefined = undefined
    const choose: Bytes = Effect.flatMap(upstream, (first) => {
      const whole = startingWith(first, upstream)
      return isGzip(first)
        ? Effect.flatMap(Scope.provide(inflated(whole, response), scope), (pull) => chosen = pull)
        : chosen = whole
    })
    return Effect.succeed(Effect.suspend(() => chosen ?? choose))
  })

const isGzip = (chunks: Arr.NonEmptyReadonlyArray<Uint8Array>): boolean => {
  const [first, second] = chunks.flatMap((chunk) => [...chunk.subarray(0, 2)])
  return first === 0x1f && second === 0x8b
}

const startingWith = (first: Arr.NonEmptyReadonlyArray<Uint8Array>, rest: Bytes): Bytes => {
  let next: typeof first | undefined = first
  return Effect.suspend(() => {
    if (next === undefined) return rest
    const chunks = next
    next = undefined
    return Effect.succeed(chunks)
  })
}

const inflated = (
  pull: Bytes,
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Bytes, never, Scope.Scope> =>
  Stream.fromPull(Effect.succeed(pull)).pipe(
    Stream.map((bytes) => new Uint8Array(bytes)),
    Stream.pipeThroughChannel(
      Channel.fromTransformStream<
        HttpClientError.HttpClientError,
        Uint8Array<ArrayBuffer>,
        Uint8Array,
        HttpClientError.HttpClientError
      >({
        evaluate: () => new DecompressionStream("gzip"),
        onError: (cause) =>
          new HttpClientError.HttpClientError({
            reason: new HttpClientError.DecodeError({ request: response.request, response, cause })
          })
      })
    ),
    Stream.toPull
  )
