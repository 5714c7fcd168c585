/** What `chat-server.ts` refuses: requests of other sites, and bodies without an end. */
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as Http from "node:http"
import { fileURLToPath } from "node:url"

const example = fileURLToPath(new URL("../chat-server.ts", import.meta.url))

const serve = Effect.gen(function*() {
  const api = yield* ClaudeServer.make(Script.forever(Script.reply("Hello!")))
  const env = { ...process.env, PORT: "0", ANTHROPIC_API_KEY: "sk-ant-test", ANTHROPIC_BASE_URL: api.url }
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, [example], { env, stdio: ["ignore", "pipe", "inherit"] })),
    (child) => Effect.callback<void>((resume) => void child.once("exit", () => resume(Effect.void)).kill())
  )
  const url = yield* Effect.callback<string>((resume) => {
    child.stdout.setEncoding("utf8").once("data", (line: string) => resume(Effect.succeed(line.slice(5).trim())))
  })
  return { api, url }
})

/** Sends a request whose headers nothing completes or corrects. */
const send = (url: string, method: string, path: string, headers: Http.OutgoingHttpHeaders, body = "Hi") =>
  Effect.callback<{ readonly status: number; readonly headers: Http.IncomingHttpHeaders }>((resume) => {
    const request = Http.request(new URL(path, url), { method, headers, agent: false }, (response) => {
      response.resume()
      resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers }))
    })
    request.on("error", () => resume(Effect.succeed({ status: 0, headers: {} })))
    request.end(method === "GET" ? undefined : body)
  })

describe("chat-server", () => {
  it.live(
    "serves its own page, and refuses foreign hosts, foreign origins and large bodies",
    () =>
      Effect.gen(function*() {
        const { api, url } = yield* serve
        const { host } = new URL(url)
        const own = [
          yield* send(url, "POST", "/chat/1", {}),
          yield* send(url, "POST", "/chat/1", { origin: `http://${host}`, "sec-fetch-site": "same-origin" })
        ]
        const before = (yield* api.requests).length
        const foreign = [
          yield* send(url, "GET", "/", { host: "evil.example" }),
          yield* send(url, "POST", "/chat/1", { host: "localhost.evil.example" }),
          yield* send(url, "POST", "/chat/1", { origin: "http://evil.example" }),
          yield* send(url, "POST", "/chat/1", { origin: "null" }),
          yield* send(url, "POST", "/chat/1", { "sec-fetch-site": "cross-site" })
        ]
        const large = yield* send(url, "POST", "/chat/1", {}, "x".repeat(1_000_000))
        const page = yield* send(url, "GET", "/", {})

        assert.deepStrictEqual(own.map(({ status }) => status), [200, 200])
        assert.deepStrictEqual(foreign.map(({ status }) => status), [403, 403, 403, 403, 403])
        assert.notStrictEqual(large.status, 200)
        assert.strictEqual((yield* api.requests).length, before)
        assert.strictEqual(page.status, 200)
        assert.match(String(page.headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/)
      }).pipe(Effect.scoped),
    30_000
  )
})
