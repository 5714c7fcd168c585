/**
 * Performing an answer on a socket.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Http from "node:http"
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
  if (answer.malformed === "head") {
    return yield* hangUp(response, onEnd, () => response.socket?.end("NOT-HTTP nonsense\r\n\r\n"))
  }
  if (answer.head === undefined) return yield* leave(answer.end, response, onEnd)
  const extra = answer.malformed === "longLength" ? 64 : 0
  response.writeHead(answer.head.status, {
    ...answer.head.headers,
    ...(answer.length === undefined ? undefined : { "content-length": answer.length + extra })
  })
  response.flushHeaders()
  onOpen()
  for (const frame of answer.frames) {
    yield* frame._tag === "Wait" ? Effect.sleep(frame.millis) : write(response, frame.bytes)
  }
  if (answer.malformed === "chunk") {
    return yield* hangUp(response, onEnd, () => response.socket?.end("not-a-size\r\nnonsense\r\n"))
  }
  return yield* leave(answer.malformed === "longLength" ? "close" : answer.end, response, onEnd)
})

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
