import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import * as Http2 from "node:http2"

const headers = { "x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01", "content-type": "application/json" }

const prompt = JSON.stringify({
  model: "claude-sonnet-5-5",
  max_tokens: 100,
  stream: true,
  messages: [{ role: "user", content: "Hi" }]
})

interface Seen {
  readonly status: number | undefined
  readonly text: string
  /** The error code of a reset stream; 0 where it ended. */
  readonly code: number
}

/** Sends one request over HTTP/2, and reads until its stream is closed. */
const over2 = (port: number, authority = `127.0.0.1:${port}`): Effect.Effect<Seen> =>
  Effect.callback((resume) => {
    const session = Http2.connect(`http://127.0.0.1:${port}`)
    const stream = session.request({ ":method": "POST", ":path": "/v1/messages", ":authority": authority, ...headers })
    let status: number | undefined
    let text = ""
    stream.on("response", (fields) => {
      status = fields[":status"]
    })
    stream.on("data", (piece: Buffer) => {
      text += piece.toString()
    })
    stream.on("error", () => {})
    stream.on("close", () => {
      session.close()
      resume(Effect.succeed({ status, text, code: stream.rstCode }))
    })
    stream.end(prompt)
  })

/** Sends one request over HTTP/1.1. */
const over1 = (
  port: number,
  options: { readonly method: string; readonly path: string; readonly headers: { readonly [name: string]: string } }
): Effect.Effect<{ readonly status: number | undefined; readonly headers: Http.IncomingHttpHeaders }> =>
  Effect.callback((resume) => {
    const request = Http.request({ host: "127.0.0.1", port, agent: false, ...options }, (response) => {
      response.resume()
      response.on("end", () => resume(Effect.succeed({ status: response.statusCode, headers: response.headers })))
    })
    request.end()
  })

const serving = <A, E>(
  script: Script.Script,
  options: ClaudeServer.Options,
  use: (server: ClaudeServer.ClaudeServer["Service"]) => Effect.Effect<A, E>
) => Effect.scoped(Effect.flatMap(ClaudeServer.make(script, options), use))

describe("ClaudeServer", () => {
  describe("over HTTP/2", () => {
    const http2 = { protocol: "http2" } as const

    it.live("sends a whole stream", () =>
      serving(Script.reply("Hello!"), http2, ({ finished, port }) =>
        Effect.gen(function*() {
          const seen = yield* over2(port)

          assert.deepStrictEqual([seen.status, seen.code], [200, Http2.constants.NGHTTP2_NO_ERROR])
          assert.include(seen.text, "event: message_stop")
          assert.strictEqual(yield* finished, 1)
        })))

    it.live("resets one stream, and leaves the session", () =>
      serving(
        Script.sequence(
          Script.reply("Hello!").pipe(Script.cutAfter({ events: 2 }, { by: "reset" })),
          Script.reply("Hi!")
        ),
        http2,
        ({ port }) =>
          Effect.gen(function*() {
            const first = yield* over2(port)
            const second = yield* over2(port)

            assert.deepStrictEqual([first.status, first.code], [200, Http2.constants.NGHTTP2_INTERNAL_ERROR])
            assert.include(first.text, "event: message_start")
            assert.notInclude(first.text, "event: message_stop")
            assert.include(second.text, "event: message_stop")
          })
      ))

    it.live("refuses a foreign authority", () =>
      serving(Script.reply("Hello!"), http2, ({ port, requests }) =>
        Effect.gen(function*() {
          assert.strictEqual((yield* over2(port, "evil.example")).status, 421)
          assert.lengthOf(yield* requests, 0)
        })))
  })

  describe("hosts", () => {
    const statusOf = (port: number, host: string) =>
      Effect.map(
        over1(port, { method: "GET", path: "/v1/models", headers: { ...headers, host } }),
        ({ status }) => status
      )

    it.live("accepts the names of the loopback and those that options add, and no others", () =>
      serving(Script.empty, { hosts: ["gateway.test"] }, ({ port }) =>
        Effect.gen(function*() {
          for (
            const host of [`127.0.0.1:${port}`, "localhost", "LOCALHOST:1", "[::1]:1", "a.localhost", "gateway.test"]
          ) {
            assert.strictEqual(yield* statusOf(port, host), 200, host)
          }
          for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost"]) {
            assert.strictEqual(yield* statusOf(port, host), 421, host)
          }
        })))
  })

  describe("browsers", () => {
    it.live("get a response to a preflight, which is no request of the API", () =>
      serving(Script.model(), {}, ({ port, requests }) =>
        Effect.gen(function*() {
          const preflight = yield* over1(port, {
            method: "OPTIONS",
            path: "/v1/messages",
            headers: {
              origin: "https://page.test",
              "access-control-request-method": "POST",
              "access-control-request-headers": "x-api-key"
            }
          })

          assert.strictEqual(preflight.status, 204)
          assert.strictEqual(preflight.headers["access-control-allow-origin"], "*")
          assert.strictEqual(preflight.headers["access-control-allow-headers"], "x-api-key")
          assert.lengthOf(yield* requests, 0)
        })))

    it.live("may read a response only if they request direct access", () =>
      serving(Script.model(), {}, ({ port }) =>
        Effect.gen(function*() {
          const from = (extra: { readonly [name: string]: string }) =>
            over1(port, {
              method: "GET",
              path: "/v1/models",
              headers: { ...headers, origin: "https://page.test", ...extra }
            })
          const refused = yield* from({})
          const allowed = yield* from({ "anthropic-dangerous-direct-browser-access": "true" })

          assert.deepStrictEqual([refused.status, refused.headers["access-control-allow-origin"]], [401, undefined])
          assert.deepStrictEqual([allowed.status, allowed.headers["access-control-allow-origin"]], [200, "*"])
        })))
  })
})
