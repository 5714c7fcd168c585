/**
 * Decompresses the body of an `HttpClient` that arrives compressed although the
 * request accepts only `identity`.
 *
 * Some clients decompress a body and still show its `content-encoding`, so the
 * first bytes decide whether it is still compressed. Only gzip has such bytes.
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

/** Whether a `content-encoding` is gzip. */
export const isNeeded = (encoding: string | undefined): boolean =>
  encoding !== undefined && /^\s*(?:x-)?gzip\s*$/i.test(encoding)

/** Returns the body of a response, decompressed if it still is compressed. */
export const body = (
  response: HttpClientResponse.HttpClientResponse
): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> =>
  Stream.transformPull(response.stream, (upstream, scope) => {
    let chosen: Bytes | undefined = undefined
    const choose: Bytes = Effect.flatMap(upstream, (first) => {
      const all = prepend(first, upstream)
      return isGzip(first)
        ? Effect.flatMap(Scope.provide(decompressed(all, response), scope), (pull) => chosen = pull)
        : chosen = all
    })
    return Effect.succeed(Effect.suspend(() => chosen ?? choose))
  })

const isGzip = (chunks: Arr.NonEmptyReadonlyArray<Uint8Array>): boolean => {
  const [first, second] = chunks.flatMap((chunk) => [...chunk.subarray(0, 2)])
  return first === 0x1f && second === 0x8b
}

const prepend = (first: Arr.NonEmptyReadonlyArray<Uint8Array>, rest: Bytes): Bytes => {
  let next: typeof first | undefined = first
  return Effect.suspend(() => {
    if (next === undefined) return rest
    const chunks = next
    next = undefined
    return Effect.succeed(chunks)
  })
}

const decompressed = (
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
