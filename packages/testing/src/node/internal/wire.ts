/**
 * The two kinds of connections a response is performed on.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Http from "node:http"
import type * as Http2 from "node:http2"
import type { Incoming } from "../../internal/engine.ts"
import type { Wire } from "./perform.ts"

/** A request and the connection it came on. */
export interface Exchange {
  readonly request: Omit<Incoming, "body">
  readonly wire: Wire
}

/** A request of HTTP/1.1. */
export const ofHttp1 = (request: Http.IncomingMessage, response: Http.ServerResponse): Exchange => {
  const raw = (bytes: Uint8Array): Effect.Effect<void> =>
    Effect.callback((resume) => {
      if (response.socket === null) return resume(Effect.void)
      response.socket.write(bytes, () => resume(Effect.void))
    })
  return {
    request: requestOf(request.method, request.url, request.headers, request.headers.host),
    wire: {
      readBody: readBody(request),
      inform: (status) => raw(Buffer.from(`HTTP/1.1 ${status} Information\r\n\r\n`)),
      head: (status, headers) => {
        response.writeHead(status, headers)
        response.flushHeaders()
      },
      // A piece is handed to the system before the next one is written, so that pieces arrive as they were cut.
      write: (bytes) =>
        Effect.callback((resume) => {
          response.write(bytes, () => resume(Effect.void))
        }),
      raw,
      end: (onDone) => response.end(onDone),
      close: () => response.socket?.end(),
      reset: () => response.socket?.resetAndDestroy(),
      garble: (what) =>
        response.socket?.end(what === "head" ? "NOT-HTTP nonsense\r\n\r\n" : "not-a-size\r\nnonsense\r\n"),
      isClosed: () => response.socket?.destroyed !== false,
      onClose: (listener) => response.socket?.once("close", listener)
    }
  }
}

/** A stream of HTTP/2. Its framing cannot be broken from here, so a garbled response is a reset one. */
export const ofHttp2 = (stream: Http2.ServerHttp2Stream, headers: Http2.IncomingHttpHeaders): Exchange => {
  const write = (bytes: Uint8Array): Effect.Effect<void> =>
    Effect.callback((resume) => {
      stream.write(bytes, () => resume(Effect.void))
    })
  // `close` ends the body before it resets; `destroy` sends RST_STREAM alone.
  const reset = () => {
    stream.destroy(new Error("reset"))
  }
  return {
    request: requestOf(headers[":method"], headers[":path"], headers, headers[":authority"]),
    wire: {
      readBody: readBody(stream),
      inform: (status) => Effect.sync(() => stream.additionalHeaders({ ":status": status })),
      head: (status, fields) => stream.respond({ ":status": status, ...fields }),
      write,
      raw: write,
      end: (onDone) => stream.end(onDone),
      close: () => stream.session?.destroy(),
      reset,
      garble: reset,
      isClosed: () => stream.destroyed,
      onClose: (listener) => stream.once("close", listener)
    }
  }
}

const requestOf = (
  method: string | undefined,
  url: string | undefined,
  fields: Http.IncomingHttpHeaders,
  host: string | undefined
): Omit<Incoming, "body"> => {
  const headers: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && !name.startsWith(":")) headers[name] = Array.isArray(value) ? value.join(", ") : value
  }
  return { method: method ?? "GET", url: url ?? "/", headers, origin: `http://${host ?? "127.0.0.1"}` }
}

const readBody = (request: NodeJS.ReadableStream): Effect.Effect<Uint8Array> =>
  Effect.callback((resume) => {
    const chunks: Array<Uint8Array> = []
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
    request.once("end", () => resume(Effect.succeed(new Uint8Array(Buffer.concat(chunks)))))
  })

/** Whether a host is this machine's loopback, or one of `others`. Any other host is a page that rebinds its name. */
export const isOwnHost = (origin: string, others: ReadonlyArray<string>): boolean => {
  const host = /^http:\/\/(\[[^\]]*\]|[^:/]*)/.exec(origin)?.[1]?.toLowerCase() ?? ""
  return host === "127.0.0.1" || host === "localhost" || host === "[::1]" || host.endsWith(".localhost") ||
    others.includes(host)
}
