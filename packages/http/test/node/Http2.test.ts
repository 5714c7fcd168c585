import * as Claude from "@effect-claude/http/Claude"
import * as Network from "@effect-claude/http/node/Network"
import * as UndiciHttpClient from "@effect-claude/http/node/UndiciHttpClient"
import { never } from "@effect-claude/http/RetryPolicy"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Http2 from "node:http2"
import * as Undici from "undici"
import { key } from "../support.ts"
import * as Certificates from "./certificates.ts"
import { type Reader, readers } from "./readers.ts"
import { listening } from "./servers.ts"

const ca = Certificates.authority("Test CA")
const certificate = Certificates.server(ca)

/** How a server ends a stream. */
type Ending =
  | { readonly how: "whole" }
  | { readonly how: "reset" | "goaway"; readonly code: number; readonly position: Position }
  | { readonly how: "lost"; readonly position: Position }

const positions = ["before the headers", "after the headers", "inside the body", "after the body"] as const

type Position = typeof positions[number]

const endStream = (stream: Http2.ServerHttp2Stream, body: string, ending: Ending): void => {
  stream.on("error", () => {})
  stream.resume()
  if (ending.how === "whole") {
    stream.respond({ ":status": 200 })
    return void stream.end(body)
  }
  const cut = () => {
    if (ending.how === "reset") return void stream.close(ending.code)
    if (ending.how === "goaway") stream.session?.goaway(ending.code, 0)
    stream.session?.destroy()
  }
  if (ending.position === "before the headers") return cut()
  stream.respond({ ":status": 200 })
  if (ending.position === "after the headers") return void setImmediate(cut)
  stream.write(ending.position === "after the body" ? body : body.slice(0, body.length >> 1))
  setImmediate(cut)
}

/** A server that offers HTTP/2 first and HTTP/1.1 second. Counts the responses of each. */
const server = (
  play: { reader: Reader; ending: Ending }
): Effect.Effect<{ readonly url: string; readonly served: { http1: number; http2: number } }, never, Scope.Scope> =>
  Effect.gen(function*() {
    const served = { http1: 0, http2: 0 }
    const server = Http2.createSecureServer({ key: certificate.key, cert: certificate.pem, allowHTTP1: true })
    server.on("session", (session) => session.on("error", () => {}))
    server.on("stream", (stream) => {
      served.http2++
      endStream(stream, play.reader.body, play.ending)
    })
    server.on("request", (request, response) => {
      if (request.httpVersionMajor !== 1) return
      served.http1++
      request.resume()
      response.end(play.reader.body)
    })
    return { url: `https://127.0.0.1:${yield* listening(server)}`, served }
  })

const over = (url: string, dispatcher: Layer.Layer<NodeHttpClient.Dispatcher>) =>
  Claude.layer({ apiKey: Redacted.make(key), baseUrl: url }).pipe(
    Layer.provide(UndiciHttpClient.layer),
    Layer.provide(dispatcher)
  )

const using = (make: () => Undici.Dispatcher): Layer.Layer<NodeHttpClient.Dispatcher> =>
  Layer.effect(
    NodeHttpClient.Dispatcher,
    Effect.acquireRelease(Effect.sync(make), (dispatcher) => Effect.promise(() => dispatcher.destroy()))
  )

const connect = { ca: ca.pem }

describe("HTTP/2", { timeout: 120_000 }, () => {
  it.live("is not negotiated by our dispatchers or by an agent", () =>
    Effect.gen(function*() {
      for (const reader of readers) {
        const { served, url } = yield* server({ reader, ending: { how: "whole" } })
        const dispatchers = [
          Layer.orDie(Network.layer({ ca: ca.pem })),
          using(() => new Undici.Agent({ connect })),
          using(() => new Undici.RetryAgent(new Undici.Agent({ connect }))),
          using(() => new Undici.EnvHttpProxyAgent({ httpProxy: "", httpsProxy: "", connect }))
        ]
        for (const dispatcher of dispatchers) {
          assert.strictEqual(yield* Effect.provide(reader.read, over(url, dispatcher)), reader.result, reader.name)
        }
        assert.deepStrictEqual(served, { http1: dispatchers.length, http2: 0 }, reader.name)
      }
    }))

  it.live("is not negotiated by Effect's own clients", () =>
    Effect.gen(function*() {
      const undici = Layer.provide(
        NodeHttpClient.layerUndiciNoDispatcher,
        NodeHttpClient.layerDispatcherOptions({ connect })
      )
      const https = Layer.provide(NodeHttpClient.layerNodeHttpNoAgent, NodeHttpClient.layerAgentOptions(connect))
      for (const client of [undici, https]) {
        for (const reader of readers) {
          const { served, url } = yield* server({ reader, ending: { how: "whole" } })
          const live = Layer.provide(Claude.layer({ apiKey: Redacted.make(key), baseUrl: url }), client)
          assert.strictEqual(yield* Effect.provide(reader.read, live), reader.result, reader.name)
          assert.deepStrictEqual(served, { http1: 1, http2: 0 }, reader.name)
        }
      }
    }))

  it.live(
    "fails every reader, whole or cut, where a dispatcher negotiates it all the same",
    () =>
      Effect.gen(function*() {
        for (const reader of readers) {
          const play: { reader: Reader; ending: Ending } = { reader, ending: { how: "whole" } }
          const { served, url } = yield* server(play)
          yield* Effect.gen(function*() {
            const refused = yield* Effect.flip(reader.read)
            assert.strictEqual(refused._tag, "ResponseDecodeError", reader.name)
            assert.match(refused.message, /responded over HTTP\/2.*`allowH2: false`/)
            assert.strictEqual(served.http2, 1, "one attempt")
            for (const position of positions) {
              const endings: ReadonlyArray<Ending> = [
                ...Array.from({ length: 14 }, (_, code) => ({ how: "reset" as const, code, position })),
                ...[0, 2, 11].map((code) => ({ how: "goaway" as const, code, position })),
                { how: "lost", position }
              ]
              for (const ending of endings) {
                play.ending = ending
                const error = yield* Effect.flip(reader.read)
                assert.include(
                  ["ResponseDecodeError", "ConnectionError"],
                  error._tag,
                  `${reader.name}, ${JSON.stringify(ending)}`
                )
              }
            }
          }).pipe(
            Claude.withRetry(never),
            Effect.provide(over(url, using(() => new Undici.Pool(url, { connect }))))
          )
          assert.strictEqual(served.http1, 0)
        }
      }),
    60_000
  )

  it.live("fails each of 40 concurrent streams of one connection once", () =>
    Effect.gen(function*() {
      const { served, url } = yield* server({ reader: readers[1]!, ending: { how: "whole" } })
      const errors = yield* Effect.forEach(
        Array.from({ length: 40 }),
        () => Effect.flip(readers[1]!.read),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(over(url, using(() => new Undici.Client(url, { connect })))))

      assert.deepStrictEqual(new Set(errors.map(({ _tag }) => _tag)), new Set(["ResponseDecodeError"]))
      assert.deepStrictEqual(served, { http1: 0, http2: 40 })
    }))

  it.live("is not used by 40 concurrent calls", () =>
    Effect.gen(function*() {
      const { served, url } = yield* server({ reader: readers[1]!, ending: { how: "whole" } })
      const texts = yield* Effect.forEach(
        Array.from({ length: 40 }),
        () => readers[1]!.read,
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(over(url, Layer.orDie(Network.layer({ ca: ca.pem })))))

      assert.deepStrictEqual(new Set(texts), new Set([readers[1]!.result]))
      assert.deepStrictEqual(served, { http1: 40, http2: 0 })
    }))

  it.live("is named where a server accepts nothing else", () =>
    Effect.gen(function*() {
      const only = Http2.createSecureServer({ key: certificate.key, cert: certificate.pem })
      const url = `https://127.0.0.1:${yield* listening(only)}`
      const error = yield* Effect.flip(readers[0]!.read).pipe(
        Claude.withRetry(never),
        Effect.provide(over(url, Layer.orDie(Network.layer({ ca: ca.pem }))))
      )

      assert.match(error.message, /accepts HTTP\/2 only, and this transport speaks HTTP\/1\.1/)
      assert.strictEqual(error.outcome, "notSent")
    }))
})
