/**
 * Multipart bodies, written as they are sent: bytes whole, streams as streams.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"

/** One part of a body: a field, or a file. */
export type Part =
  | { readonly name: string; readonly value: string }
  | {
    readonly name: string
    readonly filename: string
    readonly mediaType: string
    readonly content: Uint8Array | Stream.Stream<Uint8Array, unknown>
    /** The length in bytes, where the content is a stream and it is known. */
    readonly size?: number | undefined
  }

/** Encodes parts as `multipart/form-data`. The length is known when that of every part is. */
export const encode = (
  parts: ReadonlyArray<Part>,
  onSent?: (bytes: number) => Effect.Effect<void>
): Effect.Effect<HttpBody.HttpBody> =>
  Effect.map(boundary, (boundary) => {
    const pieces = [
      ...parts.flatMap((part) => [head(boundary, part), contentOf(part), text("\r\n")]),
      text(`--${boundary}--\r\n`)
    ]
    let length: number | undefined = 0
    for (const { size } of pieces) length = length === undefined || size === undefined ? undefined : length + size
    const body = pieces.map(({ stream }) => stream).reduce((all, next) => Stream.concat(all, next))
    const counted = onSent === undefined ? body : Stream.suspend(() => {
      let sent = 0
      return Stream.tap(body, (chunk) => {
        sent += chunk.byteLength
        return onSent(sent)
      })
    })
    return HttpBody.stream(counted, `multipart/form-data; boundary=${boundary}`, length)
  })

interface Piece {
  readonly stream: Stream.Stream<Uint8Array, unknown>
  readonly size: number | undefined
}

const encoder = new TextEncoder()

const text = (value: string): Piece => {
  const bytes = encoder.encode(value)
  return { stream: Stream.make(bytes), size: bytes.byteLength }
}

const head = (boundary: string, part: Part): Piece =>
  text(
    `--${boundary}\r\nContent-Disposition: form-data; name="${escape(part.name)}"` +
      ("filename" in part ? `; filename="${escape(part.filename)}"\r\nContent-Type: ${part.mediaType}` : "") +
      "\r\n\r\n"
  )

const contentOf = (part: Part): Piece => {
  if (!("filename" in part)) return text(part.value)
  const { content } = part
  if (Stream.isStream(content)) return { stream: content, size: part.size }
  return { stream: Stream.fromIterable(slices(content)), size: content.byteLength }
}

/** Bytes in slices small enough to tell how far an upload has come. */
const slices = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const out: Array<Uint8Array> = []
  for (let at = 0; at < bytes.byteLength; at += sliceSize) out.push(bytes.subarray(at, at + sliceSize))
  return out
}

const sliceSize = 65_536

/** Escapes a name as browsers do. */
const escape = (name: string): string => name.replace(/"/g, "%22").replace(/\r/g, "%0D").replace(/\n/g, "%0A")

const boundary: Effect.Effect<string> = Effect.map(
  Effect.forEach([0, 1, 2, 3], () => Random.nextIntBetween(0, 0x1_0000_0000)),
  (numbers) => `effect-claude-${numbers.map((n) => n.toString(16).padStart(8, "0")).join("")}`
)
