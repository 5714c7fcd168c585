/**
 * Performing an answer on a socket.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Http from "node:http"
import * as Zlib from "node:zlib"
import type { Answer } from "../../internal/answer.ts"
import type { Engine } from "../../internal/engine.ts"

/** Reads a request, asks the engine, and answers. Ends when the response has ended or its connection is gone. */
export const exchange = (
  engine: Engine,
  request: Http.IncomingMessage,
  response: Http.ServerResponse
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const body = yield* readBody(request)
    const answer = yield* engine.handle({
      method: request.method ?? "GET",
      url: request.url ?? "/",
      headers: headersOf(request),
      body,
      origin: `http://${request.headers.host ?? "127.0.0.1"}`
    })
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
      perform(answer, response, open, () => settle("finished")),
      Effect.sync(() => settle("aborted"))
    )
  })

const perform = Effect.fnUntraced(function*(
  answer: Answer,
  response: Http.ServerResponse,
  onOpen: () => void,
  onEnd: () => void
) {
  if (answer.delay > 0) yield* Effect.sleep(answer.delay)
  if (answer.malformed === "wire") {
    for (const frame of answer.frames) {
      yield* frame._tag === "Wait" ? Effect.sleep(frame.millis) : say(response, frame.bytes)
    }
    return yield* leave(answer.end, response, onEnd)
  }
  if (answer.malformed === "head") {
    return yield* hangUp(response, onEnd, () => response.socket?.end("NOT-HTTP nonsense\r\n\r\n"))
  }
  if (answer.head === undefined) return yield* leave(answer.end, response, onEnd)
  for (const status of answer.informational ?? []) {
    yield* say(response, Buffer.from(`HTTP/1.1 ${status} Information\r\n\r\n`))
  }
  const extra = answer.malformed === "longLength" ? 64 : 0
  const length = answer.gzip === true ? undefined : answer.length
  response.writeHead(answer.head.status, {
    ...answer.head.headers,
    ...(answer.gzip === true ? { "content-encoding": "gzip" } : undefined),
    ...(length === undefined ? undefined : { "content-length": length + extra })
  })
  response.flushHeaders()
  onOpen()
  const packed = answer.gzip === true ? gzip() : undefined
  for (const frame of answer.frames) {
    if (frame._tag === "Wait") yield* Effect.sleep(frame.millis)
    else yield* write(response, packed === undefined ? frame.bytes : yield* packed.piece(frame.bytes))
  }
  if (packed !== undefined && answer.end === "complete") yield* write(response, yield* packed.end)
  if (answer.malformed === "chunk") {
    return yield* hangUp(response, onEnd, () => response.socket?.end("not-a-size\r\nnonsense\r\n"))
  }
  return yield* leave(answer.malformed === "longLength" ? "close" : answer.end, response, onEnd)
})

/** Compresses piece by piece: each is flushed, so that it arrives as it was cut. */
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
const leave = (end: Answer["end"], response: Http.ServerResponse, onEnd: () => void): Effect.Effect<void> => {
  switch (end) {
    case "complete":
      return Effect.callback((resume) => {
        response.end(() => {
          onEnd()
          resume(Effect.void)
        })
      })
    case "close":
      return hangUp(response, onEnd, () => response.socket?.end())
    case "reset":
      return hangUp(response, onEnd, () => response.socket?.resetAndDestroy())
    case "hang":
      return Effect.never
  }
}

/** Does the last thing to a connection, which is what the script wanted. */
const hangUp = (response: Http.ServerResponse, onEnd: () => void, act: () => void): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const { socket } = response
    if (socket === null || socket.destroyed) return resume(Effect.void)
    onEnd()
    socket.once("close", () => resume(Effect.void))
    act()
  })

/** Hands a piece to the system before the next one is written, so that pieces arrive as they were cut. */
const write = (response: Http.ServerResponse, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    response.write(bytes, () => resume(Effect.void))
  })

/** Writes to the connection itself. */
const say = (response: Http.ServerResponse, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (response.socket === null) return resume(Effect.void)
    response.socket.write(bytes, () => resume(Effect.void))
  })

const readBody = (request: Http.IncomingMessage): Effect.Effect<Uint8Array> =>
  Effect.callback((resume) => {
    const chunks: Array<Uint8Array> = []
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
    request.once("end", () => resume(Effect.succeed(new Uint8Array(Buffer.concat(chunks)))))
  })

const headersOf = (request: Http.IncomingMessage): { readonly [name: string]: string } => {
  const headers: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value
  }
  return headers
}
