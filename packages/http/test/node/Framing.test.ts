import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as Raw from "@effect-claude/http/Raw"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Net from "node:net"
import * as Zlib from "node:zlib"
import { key, question } from "../support.ts"
import { readers } from "./readers.ts"
import { listening } from "./servers.ts"

/** What the server writes, and how it leaves the connection. */
interface Play {
  readonly bytes: Uint8Array
  readonly ending: "open" | "end" | "reset"
}

/** A server that writes what `play` says, to every request. */
const server = (play: () => Play): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    listening(Net.createServer((socket) => {
      let request = ""
      socket.on("data", (data) => {
        request += data.toString("latin1")
        const head = request.indexOf("\r\n\r\n")
        const length = Number(/content-length: (\d+)/i.exec(request)?.[1] ?? 0)
        if (head === -1 || request.length < head + 4 + length) return
        request = ""
        const { bytes, ending } = play()
        socket.write(bytes, () => {
          if (ending === "end") socket.end()
          // The client reads what was written before.
          else if (ending === "reset") setImmediate(() => setImmediate(() => socket.resetAndDestroy()))
        })
      })
    })),
    (port) => `http://127.0.0.1:${port}`
  )

const transports = {
  node: (options: ClaudeConfig.Options) => ClaudeNode.layer(options),
  fetch: (options: ClaudeConfig.Options) => Claude.layerFetch(options),
  httpClient: (options: ClaudeConfig.Options) => Layer.provide(Claude.layer(options), NodeHttpClient.layerNodeHttp)
}

type Transport = keyof typeof transports

const all: ReadonlyArray<Transport> = ["node", "fetch", "httpClient"]

const live = (transport: Transport, baseUrl: string) =>
  transports[transport]({ apiKey: Redacted.make(key), baseUrl, retry: RetryPolicy.never })

// --- bodies --------------------------------------------------------------------

const chunks = (body: Uint8Array, size: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(body.byteLength / size) }, (_, i) => {
      const chunk = body.subarray(i * size, (i + 1) * size)
      return Buffer.concat([Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, Buffer.from("\r\n")])
    })
  )

const head = (headers: ReadonlyArray<string>, version = "1.1", status = "200 OK") =>
  Buffer.from(`HTTP/${version} ${status}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`)

const Body = Schema.Struct({
  framing: Schema.Literals(["length", "chunked", "connection"]),
  version: Schema.Literals(["1.1", "1.0"]),
  connection: Schema.Literals(["", "close", "keep-alive"]),
  ending: Schema.Literals(["open", "end", "reset"]),
  content: Schema.Uint8Array,
  chunk: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 })),
  /** Bytes that are missing at the end of what is written. */
  missing: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
  trailing: Schema.Literals(["", "GARBAGE", "HTTP/1.1 200 OK\r\n\r\n"])
})

/** What is written for a body, and what the law says of it. */
const written = (
  { chunk, connection, content, framing, missing, ending, trailing, version }: typeof Body.Type
): Play & { readonly isWhole: boolean; readonly isKept: boolean } => {
  const chunked = framing === "chunked"
  const body = chunked ? Buffer.concat([chunks(content, chunk), Buffer.from("0\r\n\r\n")]) : content
  const cut = Math.min(missing, body.byteLength)
  const headers = [
    ...(chunked ? ["transfer-encoding: chunked"] : []),
    ...(framing === "length" ? [`content-length: ${content.byteLength}`] : []),
    ...(connection === "" ? [] : [`connection: ${connection}`])
  ]
  const extra = framing !== "connection" && cut === 0 ? trailing : ""
  return {
    bytes: Buffer.concat([
      head(headers, chunked ? "1.1" : version),
      body.subarray(0, body.byteLength - cut),
      Buffer.from(extra)
    ]),
    ending,
    isWhole: framing === "connection" ? ending === "end" : cut === 0,
    isKept: ending === "open" && (framing === "connection" || cut > 0)
  }
}

const bytes = Raw.bytes({ method: "GET", path: "/v1/raw" }).pipe(
  Stream.runCollect,
  Effect.map((all) => Buffer.concat(all))
)

describe("Framing", { timeout: 120_000 }, () => {
  for (const transport of all) {
    it.live.prop(
      `ends a body normally only where its framing proves it, over ${transport}`,
      { body: Body },
      ({ body }) =>
        Effect.gen(function*() {
          const play = written(body)
          // That is silence, and a matter of the idle limit.
          if (play.isKept) return
          // `fetch` and Node's client may report the end of the connection for a reset one.
          if (transport !== "node" && body.framing === "connection" && body.ending === "reset") return
          // Node's client takes bytes after a body for a failure.
          const isStrict = transport === "httpClient" && play.isWhole && body.trailing !== ""
          const exit = yield* Effect.exit(bytes).pipe(Effect.provide(live(transport, yield* server(() => play))))
          if (Exit.isSuccess(exit)) {
            const received = body.framing === "connection"
              ? body.content.subarray(0, body.content.byteLength - Math.min(body.missing, body.content.byteLength))
              : body.content
            assert.isTrue(play.isWhole, "the framing does not prove the end")
            assert.deepStrictEqual(exit.value, Buffer.from(received))
          } else {
            const error = yield* Effect.flip(exit)
            assert.strictEqual(error._tag, "ConnectionError")
            // A reset may overtake what was written before.
            assert.isTrue(!play.isWhole || body.ending === "reset" || isStrict, error.message)
          }
        }).pipe(Effect.scoped)
    )

    it.live(`fails every reader for a body that is cut, over ${transport}`, () =>
      Effect.gen(function*() {
        for (const { body, name, read, result } of readers) {
          const whole = Buffer.from(body)
          const half = whole.subarray(0, whole.byteLength >> 1)
          const length = `content-length: ${whole.byteLength}`
          const plays: ReadonlyArray<readonly [string, Play]> = [
            ["short", { bytes: Buffer.concat([head([length]), half]), ending: "end" }],
            ["short, close", { bytes: Buffer.concat([head([length, "connection: close"]), half]), ending: "end" }],
            ["short, 1.0", { bytes: Buffer.concat([head([length], "1.0"), half]), ending: "end" }],
            ["no last chunk", {
              bytes: Buffer.concat([head(["transfer-encoding: chunked"]), chunks(half, 7)]),
              ending: "end"
            }],
            ["no last chunk, close", {
              bytes: Buffer.concat([head(["transfer-encoding: chunked", "connection: close"]), chunks(half, 7)]),
              ending: "end"
            }],
            ["inside a chunk", {
              bytes: Buffer.concat([head(["transfer-encoding: chunked"]), chunks(whole, 1000).subarray(0, -20)]),
              ending: "end"
            }]
          ]
          for (const [how, play] of plays) {
            const error = yield* Effect.flip(read).pipe(Effect.provide(live(transport, yield* server(() => play))))
            assert.strictEqual(
              error._tag,
              name === "Messages.stream" ? "StreamTruncatedError" : "ConnectionError",
              `${name}, ${how}: ${error.message}`
            )
          }
          const play: Play = { bytes: Buffer.concat([head([length]), whole]), ending: "open" }
          assert.strictEqual(yield* Effect.provide(read, live(transport, yield* server(() => play))), result, name)
        }
      }).pipe(Effect.scoped))
  }

  it.live("reads a body that the end of the connection delimits, and fails where it is reset", () =>
    Effect.gen(function*() {
      for (const version of ["1.1", "1.0"]) {
        for (const headers of [[], ["connection: close"]]) {
          const whole = Buffer.concat([head(headers, version), Buffer.from("the body")])
          const url = yield* server(() => ({ bytes: whole, ending: "end" }))
          assert.strictEqual(String(yield* Effect.provide(bytes, live("node", url))), "the body")
          const reset = yield* server(() => ({ bytes: whole, ending: "reset" }))
          assert.strictEqual(
            (yield* Effect.flip(bytes).pipe(Effect.provide(live("node", reset))))._tag,
            "ConnectionError"
          )
        }
      }
    }).pipe(Effect.scoped))

  it.live("takes JSON that breaks off for cut, unless the framing proves its end", () =>
    Effect.gen(function*() {
      const cut = Buffer.from("{\"id\":\"msg_1\",\"type\":\"mess")
      const table: ReadonlyArray<readonly [Play, string]> = [
        [{ bytes: Buffer.concat([head([]), cut]), ending: "end" }, "ConnectionError"],
        [{ bytes: head([]), ending: "end" }, "ConnectionError"],
        [{ bytes: Buffer.concat([head([]), Buffer.from("<html>")]), ending: "end" }, "ResponseDecodeError"],
        [
          { bytes: Buffer.concat([head([`content-length: ${cut.length}`]), cut]), ending: "open" },
          "ResponseDecodeError"
        ],
        [{ bytes: head(["content-length: 0"]), ending: "open" }, "ResponseDecodeError"],
        [{
          bytes: Buffer.concat([head(["transfer-encoding: chunked"]), chunks(cut, 7), Buffer.from("0\r\n\r\n")]),
          ending: "open"
        }, "ResponseDecodeError"]
      ]
      for (const transport of all) {
        for (const [play, tag] of table) {
          const error = yield* Effect.flip(Messages.create(question)).pipe(
            Effect.provide(live(transport, yield* server(() => play)))
          )
          assert.strictEqual(error._tag, tag, `${transport} ${play.bytes}`)
        }
      }
    }).pipe(Effect.scoped))

  it.live("reads no body of a 204", () =>
    Effect.gen(function*() {
      for (const headers of [[], ["content-length: 5"]]) {
        const url = yield* server(() => ({ bytes: head(headers, "1.1", "204 No Content"), ending: "open" }))
        assert.strictEqual(yield* Effect.provide(Raw.text({ method: "GET", path: "/v1/raw" }), live("node", url)), "")
      }
    }).pipe(Effect.scoped))

  describe("content-encoding", () => {
    const encoded = (coding: string, body: Uint8Array): Play => ({
      bytes: Buffer.concat([head([`content-encoding: ${coding}`, `content-length: ${body.byteLength}`]), body]),
      ending: "open"
    })
    const codings = {
      gzip: Zlib.gzipSync,
      deflate: Zlib.deflateSync,
      br: Zlib.brotliCompressSync,
      zstd: Zlib.zstdCompressSync
    }

    it.live("is decoded for every reader on Node, or fails where it breaks off", () =>
      Effect.gen(function*() {
        for (const [coding, compress] of Object.entries(codings)) {
          for (const { body, name, read, result } of readers) {
            const compressed = compress(body)
            const url = yield* server(() => encoded(coding, compressed))
            assert.strictEqual(yield* Effect.provide(read, live("node", url)), result, `${name}, ${coding}`)
            const cut = yield* server(() => encoded(coding, compressed.subarray(0, compressed.byteLength - 5)))
            const error = yield* Effect.exit(read).pipe(Effect.provide(live("node", cut)))
            // An event stream is whole at its last event, which may precede the cut.
            if (name === "Messages.stream" && Exit.isSuccess(error)) continue
            const { _tag, message } = yield* Effect.flip(error)
            assert.strictEqual(
              _tag,
              name === "Messages.stream" ? "StreamTruncatedError" : "ConnectionError",
              `${name}, ${coding}`
            )
            assert.match(message, /breaks off/)
          }
        }
      }).pipe(Effect.scoped))

    it.live("reads all members of a gzip body", () =>
      Effect.gen(function*() {
        const body = Buffer.concat([Zlib.gzipSync("one, "), Zlib.gzipSync("two")])
        const url = yield* server(() => encoded("gzip", body))

        assert.strictEqual(String(yield* Effect.provide(bytes, live("node", url))), "one, two")
      }).pipe(Effect.scoped))

    it.live("is named after one attempt if it is not supported, unless the status failed", () =>
      Effect.gen(function*() {
        let count = 0
        const url = yield* server(() => (count++, encoded("compress", Buffer.from("?"))))
        for (const read of [Messages.create(question), Stream.runDrain(Messages.stream(question)), bytes]) {
          const error = yield* Effect.flip(read).pipe(
            Effect.provide(ClaudeNode.layer({ apiKey: Redacted.make(key), baseUrl: url }))
          )
          assert.strictEqual(error._tag, "ResponseDecodeError")
          assert.match(error.message, /content-encoding "compress" is not supported/)
        }
        assert.strictEqual(count, 3)

        const failing = yield* server(() => ({
          bytes: head(["content-encoding: compress", "content-length: 0"], "1.1", "429 Too Many Requests"),
          ending: "open"
        }))
        const error = yield* Effect.flip(bytes).pipe(Effect.provide(live("node", failing)))
        assert.strictEqual(error._tag, "RateLimitError")
      }).pipe(Effect.scoped))
  })
})
