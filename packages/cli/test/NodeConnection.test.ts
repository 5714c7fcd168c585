import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Option } from "effect"
import { Connection, type Target } from "effect-claude/Connection"
import * as NodeConnection from "effect-claude/node/NodeConnection"
import * as Report from "effect-claude/Report"
import { Screen } from "effect-claude/Screen"
import * as Style from "effect-claude/Style"
import * as Crypto from "node:crypto"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import { local } from "./support/certificates.ts"
import { files, layerFiles } from "./support/cli.ts"

const pem = new Crypto.X509Certificate(local.certificate).toString()

const answer = JSON.stringify({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
})

const listening = (server: Net.Server) =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () => Effect.sync(() => server.close())
  )

/** An API with a certificate of its own. */
const secure = Effect.suspend(() =>
  listening(Https.createServer({
    cert: pem,
    key: Crypto.createPrivateKey({ key: Buffer.from(local.key), format: "der", type: "pkcs8" })
      .export({ format: "pem", type: "pkcs8" })
  }, (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "connection": "close" })
    response.end(answer)
  }))
)

/** A proxy that writes down where it was asked to go. */
const proxy = Effect.gen(function*() {
  const asked: Array<string> = []
  const sockets = new Set<Net.Socket>()
  const server = Http.createServer()
  server.on("connect", (request, client: Net.Socket) => {
    asked.push(String(request.url))
    const [host = "", port] = String(request.url).split(":")
    const upstream = Net.connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n")
      upstream.pipe(client)
      client.pipe(upstream)
    })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => socket.destroy())
    }
  })
  yield* Effect.addFinalizer(() => Effect.sync(() => sockets.forEach((socket) => socket.destroy())))
  return { asked, url: `http://127.0.0.1:${yield* listening(server)}` }
})

const nothing = () => Effect.void

const silent = {
  write: nothing,
  overwrite: nothing,
  clear: Effect.void,
  line: nothing,
  note: nothing,
  warn: nothing,
  style: Style.plain,
  isTerminal: false
}

const layer = NodeConnection.layer.pipe(
  Layer.provide(
    Layer.merge(
      NodeFileSystem.layer,
      Layer.succeed(
        Screen,
        Screen.of({ out: silent, err: silent, width: Effect.succeed(80), tableWidth: Effect.succeed(80) })
      )
    )
  )
)

const nowhere: Target = { offline: false, proxy: Option.none(), ca: Option.none(), baseUrl: Option.none() }

/** Asks the API at a target. */
const ask = (
  target: Partial<Target>,
  env: { readonly [name: string]: string } = {},
  content: MessageRequest.UserParam["content"] = "Hello"
) =>
  Effect.gen(function*() {
    const { open } = yield* Connection
    const request = { model: "claude-sonnet-5-5", max_tokens: 10, messages: [MessageRequest.user(content)] }
    return yield* Messages.create(request).pipe(
      Effect.map(Message.text),
      Effect.provide(open({ ...nowhere, ...target }, { retry: RetryPolicy.never }))
    )
  }).pipe(
    Effect.provide(layer),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ANTHROPIC_API_KEY: "sk-ant-test", ...env } })))
  )

describe("NodeConnection", () => {
  describe("open", () => {
    it.live("trusts a certificate it is given, in PEM and in DER, and no other", () =>
      Effect.gen(function*() {
        const baseUrl = Option.some(`https://localhost:${yield* secure}`)
        const { paths } = yield* files({ "ca.pem": pem, "ca.der": local.certificate })
        const asPem = yield* ask({ baseUrl, ca: Option.some(paths["ca.pem"]!) })
        const asDer = yield* ask({ baseUrl, ca: Option.some(paths["ca.der"]!) })
        const without = yield* Effect.flip(ask({ baseUrl }))

        assert.deepStrictEqual([asPem, asDer], ["Hello", "Hello"])
        assert.strictEqual(without._tag, "ConnectionError")
      }).pipe(Effect.provide(layerFiles)))

    it.live("goes through the proxy of the flag, and of the environment", () =>
      Effect.gen(function*() {
        const port = yield* secure
        // Loopback is reached without a proxy.
        const baseUrl = Option.some(`https://0.0.0.0:${port}`)
        const { paths } = yield* files({ "ca.pem": pem })
        const ca = Option.some(paths["ca.pem"]!)
        const flag = yield* proxy
        const environment = yield* proxy
        const env = { HTTPS_PROXY: environment.url }
        const answers = [
          yield* ask({ baseUrl, ca, proxy: Option.some(flag.url) }, env),
          yield* ask({ baseUrl, ca }, env),
          yield* ask({ baseUrl, ca }, { ...env, NO_PROXY: "0.0.0.0" })
        ]

        assert.deepStrictEqual(answers, ["Hello", "Hello", "Hello"])
        assert.deepStrictEqual(flag.asked, [`0.0.0.0:${port}`])
        assert.deepStrictEqual(environment.asked, [`0.0.0.0:${port}`])
      }).pipe(Effect.provide(layerFiles)))

    it.live("refuses what is no HTTP proxy, and shows no password", () =>
      Effect.gen(function*() {
        for (const url of ["socks5://u:secret@p:1", "proxy:8080", "http://", "http://p:1/path"]) {
          const error = yield* Effect.flip(ask({ proxy: Option.some(url) }))

          assert.strictEqual(error._tag, "Failure")
          assert.include(error.message, "not the URL of a proxy")
          assert.notInclude(error.message, "secret")
        }
      }))

    it.live("refuses a certificate that is none, and says whose file it is", () =>
      Effect.gen(function*() {
        const { paths } = yield* files({ "ca.pem": "nothing" })
        const error = yield* Effect.flip(ask({ ca: Option.some(paths["ca.pem"]!) }))

        assert.strictEqual(error._tag, "Failure")
        assert.match(error.message, /ca\.pem: This is not a certificate/)
      }).pipe(Effect.provide(layerFiles)))

    it.live("names the variable of a missing key", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(ask({}, { ANTHROPIC_API_KEY: "" }))

        assert.strictEqual(error._tag, "ClaudeConfigError")
        assert.match(Report.of(error)?.details.join(" ") ?? "", /Set ANTHROPIC_API_KEY/)
      }))

    it.live("answers from the scripted API when offline, whatever the environment says", () =>
      Effect.gen(function*() {
        const env = { ANTHROPIC_API_KEY: "", HTTPS_PROXY: "http://127.0.0.1:1", ANTHROPIC_BASE_URL: "https://x.y" }
        const text = yield* ask({ offline: true }, env)

        assert.include(text, "Hello")
      }))

    it.live("holds requests to the rules, offline and not", () =>
      Effect.gen(function*() {
        const refused = [
          yield* Effect.flip(ask({ offline: true }, {}, [{ type: "text", text: "" }])),
          yield* Effect.flip(ask({}, {}, [{ type: "text", text: "" }]))
        ]

        assert.deepStrictEqual(refused.map(({ _tag }) => _tag), ["RequestValidationError", "RequestValidationError"])
      }))
  })

  describe("stage", () => {
    it.live("plays a script on a socket, and is gone with its scope", () =>
      Effect.gen(function*() {
        const { stage } = yield* Connection
        const url = yield* Effect.gen(function*() {
          const error = yield* Effect.flip(Messages.create({
            model: "claude-sonnet-5-5",
            max_tokens: 10,
            messages: [MessageRequest.user("Hello")]
          }))
          assert.strictEqual(error._tag, "BillingError")
          return (yield* (yield* Claude).settings).baseUrl
        }).pipe(Effect.provide(stage(Script.status(402), { retry: RetryPolicy.never })))
        const gone = yield* Effect.flip(ask({ baseUrl: Option.some(url) }))

        assert.strictEqual(gone._tag, "ConnectionError")
      }).pipe(Effect.provide(layer)))
  })
})
