/**
 * Performing a response on a connection.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Zlib from "node:zlib"
import type { Answer } from "../../internal/answer.ts"
import type { Engine, Incoming } from "../../internal/engine.ts"

/** A connection as far as a response needs it: of HTTP/1.1, or one stream of HTTP/2. */
export interface Wire {
  readonly readBody: Effect.Effect<Uint8Array>
  /** Sends an informational response. */
  readonly inform: (status: number) => Effect.Effect<void>
  readonly head: (status: number, headers: { readonly [name: string]: string | number }) => void
  readonly write: (bytes: Uint8Array) => Effect.Effect<void>
  /** Writes past HTTP. */
  readonly raw: (bytes: Uint8Array) => Effect.Effect<void>
  /** Ends the body. `onDone` runs once it was sent. */
  readonly end: (onDone: () => void) => void
  /** Closes the connection early. */
  readonly close: () => void
  /** Resets the connection, or the stream of HTTP/2. */
  readonly reset: () => void
  /** Breaks the framing: the head of the response, or a chunk of its body. */
  readonly garble: (what: "head" | "chunk") => void
  readonly isClosed: () => boolean
  readonly onClose: (listener: () => void) => void
}

/** Reads a request, and responds as the engine says. Ends when the response has ended or its connection is gone. */
export const exchange = (
  engine: Engine,
  request: Omit<Incoming, "body">,
  wire: Wire
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const body = yield* wire.readBody
    const answer = yield* engine.handle({ ...request, body })
    let opened = false
    let settled = false
    const settle = (outcome: "finished" | "aborted") => {
      if (settled) return
      settled = true
      if (opened) engine.counts.open--
      engine.counts[outcome]++
    }
    const open = () => {
      opened = true
      engine.counts.open++
    }
    yield* Effect.ensuring(
      perform(answer, wire, open, () => settle("finished")),
      Effect.sync(() => settle("aborted"))
    )
  })

const perform = Effect.fnUntraced(function*(
  answer: Answer,
  wire: Wire,
  onOpen: () => void,
  onEnd: () => void
) {
  if (answer.delay > 0) yield* Effect.sleep(answer.delay)
  if (answer.malformed === "wire") {
    for (const frame of answer.frames) {
      yield* frame._tag === "Wait" ? Effect.sleep(frame.millis) : wire.raw(frame.bytes)
    }
    return yield* leave(answer.end, wire, onEnd)
  }
  if (answer.malformed === "head") return yield* hangUp(wire, onEnd, () => wire.garble("head"))
  if (answer.head === undefined) return yield* leave(answer.end, wire, onEnd)
  for (const status of answer.informational ?? []) yield* wire.inform(status)
  const extra = answer.malformed === "longLength" ? 64 : 0
  const length = answer.gzip === true ? undefined : answer.length
  wire.head(answer.head.status, {
    ...answer.head.headers,
    ...(answer.gzip === true ? { "content-encoding": "gzip" } : undefined),
    ...(length === undefined ? undefined : { "content-length": length + extra })
  })
  onOpen()
  const packed = answer.gzip === true ? gzip() : undefined
  for (const frame of answer.frames) {
    if (frame._tag === "Wait") yield* Effect.sleep(frame.millis)
    else yield* wire.write(packed === undefined ? frame.bytes : yield* packed.piece(frame.bytes))
  }
  if (packed !== undefined && answer.end === "complete") yield* wire.write(yield* packed.end)
  if (answer.malformed === "chunk") return yield* hangUp(wire, onEnd, () => wire.garble("chunk"))
  return yield* leave(answer.malformed === "longLength" ? "close" : answer.end, wire, onEnd)
})

/** Compresses a body piece by piece. Each piece is flushed, so that it arrives as it was cut. */
const gzip = () => {
  const stream = Zlib.createGzip()
  const out: Array<Uint8Array> = []
  stream.on("data", (bytes: Uint8Array) => out.push(bytes))
  const taken = () => Effect.succeed(Buffer.concat(out.splice(0)))
  return {
    piece: (bytes: Uint8Array): Effect.Effect<Uint8Array> =>
      Effect.callback((resume) => {
        stream.write(bytes)
        stream.flush(Zlib.constants.Z_SYNC_FLUSH, () => resume(taken()))
      }),
    end: Effect.callback<Uint8Array>((resume) => {
      stream.once("end", () => resume(taken()))
      stream.end()
    })
  }
}

/** Ends the exchange. A response that hangs ends when its connection does: that interrupts the fiber. */
const leave = (end: Answer["end"], wire: Wire, onEnd: () => void): Effect.Effect<void> => {
  switch (end) {
    case "complete":
      return Effect.callback((resume) => {
        wire.end(() => {
          onEnd()
          resume(Effect.void)
        })
      })
    case "close":
      return hangUp(wire, onEnd, wire.close)
    case "reset":
      return hangUp(wire, onEnd, wire.reset)
    case "hang":
      return Effect.never
  }
}

/** Does the last thing to a connection, and waits until it is closed. */
const hangUp = (wire: Wire, onEnd: () => void, act: () => void): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (wire.isClosed()) return resume(Effect.void)
    onEnd()
    wire.onClose(() => resume(Effect.void))
    act()
  })
