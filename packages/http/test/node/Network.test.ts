import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as Network from "@effect-claude/http/node/Network"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Tls from "node:tls"
import { inspect } from "node:util"
import { key, question } from "../scripted.ts"
import * as Certificates from "./certificates.ts"
import { listening } from "./servers.ts"

const ca = Certificates.authority("Test CA")
const other = Certificates.authority("Other CA")
const good = Certificates.server(ca)

// --- what is on the other side -------------------------------------------------

const join = (one: Net.Socket, two: Net.Socket): void => {
  one.on("error", () => two.destroy()).pipe(two)
  two.on("error", () => one.destroy()).pipe(one)
}

/** The scripted API, by any address of this machine. */
const api = ClaudeServer.make(Script.forever(Script.reply("Hi!")), { hosts: ["0.0.0.0", "[::ffff:7f00:1]"] })

/** The scripted API behind TLS, with the certificate that is given. */
const secure = (certificate: Certificates.Signed) =>
  Effect.gen(function*() {
    const { url } = yield* api
    const port = Number(new URL(url).port)
    const server = Tls.createServer(
      { cert: certificate.pem, key: certificate.key },
      (socket) => join(socket, Net.connect(port, "127.0.0.1"))
    )
    return `https://127.0.0.1:${yield* listening(server)}`
  })

/** The same server by an address that is not one of loopback, which proxies are used for. */
const outside = (url: string): string => url.replace("127.0.0.1", "0.0.0.0")

/** A proxy that makes tunnels and forwards plain requests, or responds with a status. Records what is requested. */
const proxy = (options?: { readonly password?: string; readonly status?: number }) =>
  Effect.gen(function*() {
    const requested: Array<string> = []
    const server = Http.createServer((request, response) => {
      const status = options?.status ?? (options?.password === undefined ? 200 : 407)
      requested.push(`${request.url} ${status} ${request.headers["x-api-key"]}`)
      if (status !== 200) return void response.writeHead(status).end("No")
      const { method, headers, url = "" } = request
      request.pipe(Http.request(url, { method, headers }, (upstream) => {
        response.writeHead(upstream.statusCode ?? 502, upstream.headers)
        upstream.pipe(response)
      }))
    })
    server.on("connect", (request, socket, head) => {
      const expected = options?.password === undefined
        ? undefined
        : `Basic ${Buffer.from(`ada:${options.password}`).toString("base64")}`
      const isKnown = request.headers["proxy-authorization"] === expected
      const status = options?.status ?? (isKnown ? 200 : 407)
      requested.push(`${request.url} ${status}`)
      if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`)
      const { hostname, port } = new URL(`http://${request.url}`)
      const upstream = Net.connect(Number(port), hostname, () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
        upstream.write(head)
        upstream.on("error", () => socket.destroy()).pipe(socket)
        socket.on("error", () => upstream.destroy()).pipe(upstream)
      })
    })
    return { url: `http://127.0.0.1:${yield* listening(server)}`, requested }
  })

const client = (baseUrl: string, network: Network.Options, options?: ClaudeConfig.Options) =>
  Layer.provide(
    ClaudeNode.layerNoDispatcher({ apiKey: Redacted.make(key), baseUrl, ...options }),
    Network.layer(network)
  )

const ask = Effect.map(Messages.create(question), Message.text)

/** How a call fails: its message, and what it says of itself. */
const failing = (baseUrl: string, network: Network.Options, options?: ClaudeConfig.Options) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(ask)
    if (!ClaudeError.is(error) || error._tag !== "ConnectionError") {
      return assert.fail(`expected a ConnectionError, got ${inspect(error)}`)
    }
    assert.strictEqual(error.phase, "connect")
    assert.strictEqual(error.outcome, "notSent")
    return error
  }).pipe(Effect.provide(client(baseUrl, network, options)))

describe("Network", { timeout: 60_000 }, () => {
  describe("ca", () => {
    it.live("trusts an additional authority, as PEM or as DER", () =>
      Effect.gen(function*() {
        const url = yield* secure(good)

        for (const form of [ca.pem, ca.der, [other.pem, ca.der]]) {
          assert.strictEqual(yield* Effect.provide(ask, client(url, { ca: form })), "Hi!")
        }
        const text = Stream.mkString(MessageStream.text(Messages.stream(question)))
        assert.strictEqual(yield* Effect.provide(text, client(url, { ca: ca.pem })), "Hi!")
      }))

    it.live("fails at once for a server that an unknown authority signed", () =>
      Effect.gen(function*() {
        const url = yield* secure(good)

        for (const network of [{}, { ca: other.pem }]) {
          const error = yield* failing(url, network)
          assert.match(error.message, /signed by an authority that is not trusted.*trust its authority as well \(`ca`/)
          assert.strictEqual(error.attempts?.count, 1)
        }
      }))

    it.live("fails for a server whose certificate has expired", () =>
      Effect.gen(function*() {
        const expired = Certificates.server(ca, { from: new Date(Date.UTC(2020)), to: new Date(Date.UTC(2021)) })
        const error = yield* failing(yield* secure(expired), { ca: ca.pem })

        assert.match(error.message, /certificate has expired; check this machine's clock/)
        assert.strictEqual(error.attempts?.count, 1)
      }))

    it.live("fails for a server whose certificate is for another address", () =>
      Effect.gen(function*() {
        const wrong = Certificates.server(ca, { addresses: [[10, 0, 0, 1]] })
        const error = yield* failing(yield* secure(wrong), { ca: ca.pem })

        assert.match(error.message, /certificate is for another name/)
      }))

    it.live("checks authorities before anything is sent", () =>
      Effect.gen(function*() {
        const expired = Certificates.authority("Old CA", { from: new Date(0), to: new Date(1000) })
        const reasons = yield* Effect.forEach(
          [expired.pem, good.pem, "nonsense", []],
          (ca) =>
            Effect.match(Effect.scoped(Network.make({ ca })), {
              onSuccess: () => "fine",
              onFailure: (error) => error._tag === "CertificateError" ? error.reason : error._tag
            })
        )

        assert.deepStrictEqual(reasons, ["expired", "notAnAuthority", "unreadable", "fine"])
      }))
  })

  describe("proxy", () => {
    it.live("sends https through a tunnel", () =>
      Effect.gen(function*() {
        const url = outside(yield* secure(good))
        const { requested, url: proxyUrl } = yield* proxy()

        const text = Stream.mkString(MessageStream.text(Messages.stream(question)))
        const network = { proxy: { url: proxyUrl }, ca: ca.pem }
        assert.strictEqual(yield* Effect.provide(text, client(url, network)), "Hi!")
        assert.deepStrictEqual(requested, [`${new URL(url).host} 200`])
      }))

    it.live("sends a user name and a password, from the URL or from options", () =>
      Effect.gen(function*() {
        const url = outside(yield* secure(good))
        const { requested, url: proxyUrl } = yield* proxy({ password: "s3cret/!" })
        const inUrl = proxyUrl.replace("//", `//ada:${encodeURIComponent("s3cret/!")}@`)

        for (
          const given of [
            { url: proxyUrl, username: "ada", password: Redacted.make("s3cret/!") },
            // As plain JavaScript may give it.
            { url: proxyUrl, username: "ada", password: JSON.parse("\"s3cret/!\"") },
            { url: inUrl }
          ]
        ) {
          assert.strictEqual(yield* Effect.provide(ask, client(url, { proxy: given, ca: ca.pem })), "Hi!")
        }
        assert.deepStrictEqual(requested.map((line) => line.split(" ")[1]), ["200", "200", "200"])
      }))

    it.live("fails at once for a proxy that wants authentication, without the password", () =>
      Effect.gen(function*() {
        const url = outside(yield* secure(good))
        const { url: proxyUrl } = yield* proxy({ password: "right" })
        const error = yield* failing(url, {
          proxy: { url: proxyUrl, username: "ada", password: Redacted.make("wr0ng-password") },
          ca: ca.pem
        })

        assert.match(error.message, /it answers 407.*user name and password, or correct them/)
        assert.strictEqual(error.attempts?.count, 1)
        assert.notInclude(inspect(error, { depth: 10 }), "wr0ng")
        assert.notInclude(inspect(error, { depth: 10 }), Buffer.from("ada:wr0ng-password").toString("base64"))
      }))

    it.live("fails at once for a proxy that refuses the host", () =>
      Effect.gen(function*() {
        const url = outside(yield* secure(good))
        const { url: proxyUrl } = yield* proxy({ status: 403 })
        const error = yield* failing(url, { proxy: { url: proxyUrl }, ca: ca.pem })

        assert.match(error.message, /it answers 403.*refuses to connect there/)
        assert.strictEqual(error.attempts?.count, 1)
      }))

    it.live("tells a proxy that does not respond from a server that does not", () =>
      Effect.gen(function*() {
        const gone = yield* Effect.scoped(listening(Net.createServer()))
        const network = { proxy: { url: `http://127.0.0.1:${gone}` } }
        for (const url of ["https://api.anthropic.com", "http://0.0.0.0:9"]) {
          const error = yield* failing(url, network, { retry: RetryPolicy.never, allowInsecureHttp: true })
          assert.match(error.message, /ECONNREFUSED.*The proxy does not respond; check its URL/)
        }
      }))

    it.live("needs the authority of a proxy that inspects traffic", () =>
      Effect.gen(function*() {
        // What it shows for the server is signed by itself.
        const url = outside(yield* secure(Certificates.server(other)))
        const { url: proxyUrl } = yield* proxy()

        const error = yield* failing(url, { proxy: { url: proxyUrl }, ca: ca.pem })
        assert.match(error.message, /If a proxy inspects the traffic, trust its authority/)
        const trusting = client(url, { proxy: { url: proxyUrl }, ca: other.der })
        assert.strictEqual(yield* Effect.provide(ask, trusting), "Hi!")
      }))

    it.live("reaches excepted hosts directly", () =>
      Effect.gen(function*() {
        const url = outside(yield* secure(good))
        const { requested, url: proxyUrl } = yield* proxy()
        const network = { proxy: { url: proxyUrl, noProxy: "example.com, 0.0.0.0/31" }, ca: ca.pem }

        assert.strictEqual(yield* Effect.provide(ask, client(url, network)), "Hi!")
        assert.deepStrictEqual(requested, [])
      }))

    it.live("reaches loopback directly, whatever is excepted", () =>
      Effect.gen(function*() {
        const { requested, url: proxyUrl } = yield* proxy()
        const { url: plain } = yield* api
        const { port } = new URL(plain)
        for (
          const url of [plain, `http://localhost:${port}`, `http://[::ffff:127.0.0.1]:${port}`, yield* secure(good)]
        ) {
          const network = { proxy: { url: proxyUrl, noProxy: "example.com" }, ca: ca.pem }
          assert.strictEqual(yield* Effect.provide(ask, client(url, network)), "Hi!", url)
        }

        assert.deepStrictEqual(requested, [])
      }))

    it.live("forwards plain requests where plain http is allowed", () =>
      Effect.gen(function*() {
        const { requested, url: proxyUrl } = yield* proxy()
        const url = outside((yield* api).url)
        const network = { proxy: { url: proxyUrl } }

        assert.strictEqual(yield* Effect.provide(ask, client(url, network, { allowInsecureHttp: true })), "Hi!")
        assert.deepStrictEqual(requested, [`${url}/v1/messages 200 ${key}`])
      }))

    it.live("fails a plain request at once for a proxy that wants authentication", () =>
      Effect.gen(function*() {
        const { url: proxyUrl } = yield* proxy({ password: "right" })
        const error = yield* failing("http://0.0.0.0:9", { proxy: { url: proxyUrl } }, { allowInsecureHttp: true })

        assert.match(error.message, /it answers 407.*user name and password, or correct them/)
        assert.strictEqual(error.attempts?.count, 1)
      }))

    it.live("shows the password in no inspection of the dispatcher", () =>
      Effect.gen(function*() {
        const secret = "s3cret-password"
        const encoded = Buffer.from(`ada:${secret}`).toString("base64")
        const { url } = yield* proxy()
        for (
          const given of [
            { url, username: "ada", password: Redacted.make(secret) },
            { url: url.replace("//", `//ada:${secret}@`) }
          ]
        ) {
          const dispatcher = yield* Network.make({ proxy: given })
          const shown = inspect(dispatcher, { depth: Infinity, showHidden: true }) + JSON.stringify(dispatcher)
          assert.notInclude(shown, secret)
          assert.notInclude(shown, encoded)
        }
      }).pipe(Effect.scoped))

    it.live("refuses credentials that are not percent-encoded, without showing them", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(Network.make({ proxy: { url: "http://ada:%zzs3cret@h:1" } })))

        assert.strictEqual(error._tag, "ProxyError")
        assert.match(error.message, /not percent-encoded/)
        assert.notInclude(error.message, "s3cret")
      }))

    it.live("refuses options of another type, and names them", () =>
      Effect.gen(function*() {
        const url = "http://127.0.0.1:9"
        const secret = "sk-ant-api03-secret"
        const table: ReadonlyArray<readonly [unknown, string]> = [
          [{ proxy: secret }, "proxy"],
          [{ proxy: {} }, "proxy"],
          [{ proxy: { url: new URL(url) } }, "proxy.url"],
          [{ proxy: { url, username: 5 } }, "proxy.username"],
          [{ proxy: { url, password: 5 } }, "proxy.password"],
          [{ proxy: { url, password: Redacted.make(5) } }, "proxy.password"],
          [{ proxy: { url, noProxy: [secret] } }, "proxy.noProxy"],
          [{ ca: 5 }, "ca"],
          [{ ca: [secret, 5] }, "ca"],
          [{ connect: "soon" }, "connect"],
          [{ connect: -1 }, "connect"],
          [{ timeout: 5 }, "timeout"]
        ]
        for (const [options, option] of table) {
          const error = yield* Effect.flip(Effect.scoped(Network.make(options as Network.Options)))

          assert.strictEqual(error._tag, "ClaudeConfigError")
          assert.strictEqual(error._tag === "ClaudeConfigError" && error.option, option)
          assert.notInclude(error.message, "secret")
        }
      }))

    it.live("refuses a malformed exception and names it", () =>
      Effect.gen(function*() {
        const proxy = { url: "http://127.0.0.1:9", noProxy: "example.com, 10.0.0.0/33" }
        const error = yield* Effect.flip(Effect.scoped(Network.make({ proxy })))

        assert.strictEqual(error._tag, "ProxyError")
        assert.match(error.message, /"10\.0\.0\.0\/33"/)
      }))

    it.live("refuses what is not the URL of a proxy, without its password", () =>
      Effect.gen(function*() {
        const passwords = ["http://ada:s3cret@bad host/x", "ada:s3cret@proxy:3128", "http://ada:s3c@s3cret@bad host/x"]
        for (const url of ["proxy:8080", "socks5://127.0.0.1:1080", "http://", ...passwords]) {
          const error = yield* Effect.flip(Effect.scoped(Network.make({ proxy: { url } })))

          assert.strictEqual(error._tag, "ProxyError")
          assert.match(error.message, /is not the URL of a proxy/)
          assert.notInclude(error.message, "s3cret")
        }
      }))
  })

  describe("the environment", () => {
    const within = (env: { readonly [name: string]: string }) =>
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(env))

    const through = (proxyOption: Network.Options["proxy"], env: (proxyUrl: string) => { [name: string]: string }) =>
      Effect.gen(function*() {
        const url = outside(yield* secure(good))
        const { requested, url: proxyUrl } = yield* proxy()
        const network = { proxy: proxyOption, ca: ca.pem }
        yield* Effect.provide(ask, client(url, network)).pipe(within(env(proxyUrl)))
        return requested.length
      })

    it.live("provides the proxy on request", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* through("environment", (HTTPS_PROXY) => ({ HTTPS_PROXY })), 1)
        assert.strictEqual(yield* through("environment", (HTTP_PROXY) => ({ HTTP_PROXY })), 1)
        assert.strictEqual(
          yield* through("environment", (https_proxy) => ({ https_proxy, HTTPS_PROXY: "http://127.0.0.1:1" })),
          1
        )
        assert.strictEqual(
          yield* through("environment", (HTTPS_PROXY) => ({ HTTPS_PROXY, NO_PROXY: "0.0.0.0" })),
          0
        )
        assert.strictEqual(yield* through("environment", () => ({})), 0)
      }))

    it.live("is not read by default", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* through(undefined, (HTTPS_PROXY) => ({ HTTPS_PROXY })), 0)
      }))
  })

  describe("connect", () => {
    const limited = { connect: "300 millis" } as const

    it.live("fails a connection that is not made in time", () =>
      Effect.gen(function*() {
        // It accepts, and never shakes hands.
        const silent = yield* listening(Net.createServer())
        const error = yield* Effect.flip(ask).pipe(
          Effect.provide(client(`https://127.0.0.1:${silent}`, limited, { retry: RetryPolicy.never }))
        )

        assert.strictEqual(error._tag, "ClaudeTimeoutError")
        assert.strictEqual(error._tag === "ClaudeTimeoutError" ? error.phase : undefined, "connect")
        assert.strictEqual(error.outcome, "notSent")
      }))

    it.live("fails for a proxy that accepts and does not respond", () =>
      Effect.gen(function*() {
        const silent = yield* listening(Net.createServer())
        const network = { ...limited, proxy: { url: `http://127.0.0.1:${silent}` } }
        const error = yield* failing("https://api.anthropic.com", network, { retry: RetryPolicy.never })

        assert.match(error.message, /no response in time.*The proxy does not respond/)
      }))
  })
})
