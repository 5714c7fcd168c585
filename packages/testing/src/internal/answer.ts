/**
 * What a request is answered with, down to bytes, pauses and the way it ends.
 * Pure data: the in-process client and the loopback server both perform it.
 *
 * @since 0.1.0
 */
import * as Random from "./random.ts"

/** A run of bytes that is delivered at once, or a pause. */
export type Frame = Bytes | Wait

export interface Bytes {
  readonly _tag: "Bytes"
  readonly bytes: Uint8Array
  /** Where events end, as offsets into `bytes`. */
  readonly ends: ReadonlyArray<number>
}

export interface Wait {
  readonly _tag: "Wait"
  readonly millis: number
}

/**
 * How a response ends: as HTTP wants it, by a connection closed early, by a
 * connection reset, or never.
 */
export type End = "complete" | "close" | "reset" | "hang"

/**
 * Something said on the socket that HTTP does not allow. With `wire` the frames
 * are the whole answer, its head included.
 */
export type Malformed = "head" | "chunk" | "longLength" | "wire"

export interface Answer {
  /** Milliseconds before anything is said. */
  readonly delay: number
  /** Absent when the response ends before its headers. */
  readonly head: { readonly status: number; readonly headers: { readonly [name: string]: string } } | undefined
  /** The announced length; a body without one is chunked. */
  readonly length: number | undefined
  readonly frames: ReadonlyArray<Frame>
  readonly end: End
  /** The code of a client's failure to connect, in process. */
  readonly unreachable?: string | undefined
  readonly malformed?: Malformed | undefined
  /** Whether the body is compressed on a socket. */
  readonly gzip?: boolean | undefined
  /** Statuses below 200 that are said first on a socket. */
  readonly informational?: ReadonlyArray<number> | undefined
}

export const bytes = (content: Uint8Array): Bytes => ({ _tag: "Bytes", bytes: content, ends: [content.length] })

export const wait = (millis: number): Wait => ({ _tag: "Wait", millis })

/** Counts the bytes of a body. */
export const sizeOf = (frames: ReadonlyArray<Frame>): number =>
  frames.reduce((total, frame) => frame._tag === "Bytes" ? total + frame.bytes.length : total, 0)

/** The bytes of a body in one piece. */
export const joined = (frames: ReadonlyArray<Frame>): Uint8Array =>
  join(frames.filter((frame) => frame._tag === "Bytes")).bytes

/** Splits frames at a number of bytes. */
export const splitAt = (
  frames: ReadonlyArray<Frame>,
  size: number
): readonly [ReadonlyArray<Frame>, ReadonlyArray<Frame>] => {
  const before: Array<Frame> = []
  let left = Math.max(0, size)
  for (let i = 0; i < frames.length; i++) {
    const frame = frames[i]!
    if (left === 0) return [before, frames.slice(i)]
    if (frame._tag === "Wait" || frame.bytes.length <= left) {
      before.push(frame)
      if (frame._tag === "Bytes") left -= frame.bytes.length
      continue
    }
    before.push(slice(frame, 0, left))
    return [before, [slice(frame, left, frame.bytes.length), ...frames.slice(i + 1)]]
  }
  return [before, []]
}

/** The offset at which the `n`-th event ends, or the size of the body when it has fewer. */
export const offsetOfEvent = (frames: ReadonlyArray<Frame>, n: number): number => {
  if (n <= 0) return 0
  let offset = 0
  let seen = 0
  for (const frame of frames) {
    if (frame._tag === "Wait") continue
    for (const end of frame.ends) {
      seen++
      if (seen === n) return offset + end
    }
    offset += frame.bytes.length
  }
  return offset
}

/** Where the bytes of a body are cut into deliveries. */
export type Chunking =
  | "perEvent"
  | "perByte"
  | "whole"
  | { readonly at: ReadonlyArray<number> }
  | { readonly seed: number }

/** Delivers the same bytes in other pieces. Pauses stay where they are. */
export const rechunk = (frames: ReadonlyArray<Frame>, chunking: Chunking): ReadonlyArray<Frame> => {
  const out: Array<Frame> = []
  let offset = 0
  let run: Array<Bytes> = []
  const flush = () => {
    if (run.length === 0) return
    const joined = join(run)
    out.push(...cut(joined, boundaries(joined, chunking, offset)))
    offset += joined.bytes.length
    run = []
  }
  for (const frame of frames) {
    if (frame._tag === "Bytes") {
      run.push(frame)
      continue
    }
    flush()
    out.push(frame)
  }
  flush()
  return out
}

const boundaries = (frame: Bytes, chunking: Chunking, offset: number): ReadonlyArray<number> => {
  const size = frame.bytes.length
  if (chunking === "whole") return []
  if (chunking === "perByte") return Array.from({ length: Math.max(0, size - 1) }, (_, i) => i + 1)
  if (chunking === "perEvent") return frame.ends
  if ("at" in chunking) return chunking.at.map((at) => at - offset)
  const draw = Random.make(chunking.seed, `chunks/${offset}`)
  const out: Array<number> = []
  // Short pieces, so that multi-byte characters and line ends are split now and then.
  for (let at = Random.between(draw, 1, 40); at < size; at += Random.between(draw, 1, 40)) out.push(at)
  return out
}

const cut = (frame: Bytes, at: ReadonlyArray<number>): ReadonlyArray<Bytes> => {
  const size = frame.bytes.length
  const points = [...new Set(at)].filter((point) => Number.isInteger(point) && point > 0 && point < size)
    .toSorted((a, b) => a - b)
  if (size === 0) return []
  return [...points, size].map((to, i) => slice(frame, i === 0 ? 0 : points[i - 1]!, to))
}

const slice = (frame: Bytes, from: number, to: number): Bytes => ({
  _tag: "Bytes",
  bytes: frame.bytes.subarray(from, to),
  ends: frame.ends.filter((end) => end > from && end <= to).map((end) => end - from)
})

const join = (run: ReadonlyArray<Bytes>): Bytes => {
  const all = new Uint8Array(run.reduce((total, frame) => total + frame.bytes.length, 0))
  const ends: Array<number> = []
  let offset = 0
  for (const frame of run) {
    all.set(frame.bytes, offset)
    for (const end of frame.ends) ends.push(offset + end)
    offset += frame.bytes.length
  }
  return { _tag: "Bytes", bytes: all, ends }
}
