/** `Claude` over real sockets on loopback. */
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"
import { key } from "../support.ts"

export type Transport = "undici" | "fetch"

/** `Claude` that talks to `url`. */
export const client = (
  transport: Transport,
  url: string,
  options?: ClaudeConfig.Options
): Layer.Layer<Claude.Claude, ClaudeConfig.ClaudeConfigError> => {
  const all: ClaudeConfig.Options = { apiKey: Redacted.make(key), baseUrl: url, ...options }
  return transport === "undici" ? ClaudeNode.layer(all) : Claude.layerFetch(all)
}

/** The event that an answer begins with. */
export const start =
  `event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n`

/** Events that bring a block of text. */
export const delta = (text: string) =>
  `event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n` +
  `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}\n\n` +
  `event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n`

/** A server that answers every request on a connection with the same bytes, and counts requests. */
export const rawServer = (
  answer: string | Uint8Array,
  options?: { readonly end?: boolean }
): Effect.Effect<{ readonly url: string; readonly hits: () => number }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly hits: () => number; readonly close: () => void }>((resume) => {
      let hits = 0
      const sockets = new Set<Net.Socket>()
      const server = Net.createServer((socket) => {
        sockets.add(socket)
        socket.on("error", () => socket.destroy())
        socket.on("close", () => sockets.delete(socket))
        let text = ""
        socket.on("data", (data) => {
          text += data.toString("latin1")
          const head = text.indexOf("\r\n\r\n")
          const length = /content-length: (\d+)/i.exec(text)
          if (head === -1 || text.length < head + 4 + Number(length?.[1] ?? 0)) return
          text = ""
          hits++
          if (options?.end === true) socket.end(answer)
          else socket.write(answer)
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({
          url: `http://127.0.0.1:${port}`,
          hits: () => hits,
          close: () => {
            for (const socket of sockets) socket.destroy()
            server.close()
          }
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** A port nothing listens on. */
export const closedPort: Effect.Effect<string> = Effect.callback((resume) => {
  const server = Net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(`http://127.0.0.1:${port}`)))
  })
})
