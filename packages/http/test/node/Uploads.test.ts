import * as Claude from "@effect-claude/http/Claude"
import * as Files from "@effect-claude/http/Files"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as Raw from "@effect-claude/http/Raw"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Http from "node:http"
import { key } from "../support.ts"
import { listening } from "./servers.ts"

const transports = {
  node: ClaudeNode.layer,
  fetch: Claude.layerFetch,
  undici: (options: Parameters<typeof Claude.layer>[0]) =>
    Layer.provide(Claude.layer(options), NodeHttpClient.layerUndici)
}

describe("Uploads", { timeout: 60_000 }, () => {
  for (const [transport, layer] of Object.entries(transports)) {
    it.live(`never follow a redirect, so the key reaches no other host, over ${transport}`, () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const other = `http://127.0.0.1:${yield* listening(Http.createServer((request, response) => {
          seen.push(String(request.headers["x-api-key"]))
          request.resume().on("end", () => response.end("{}"))
        }))}`
        let status = 0
        const url = `http://127.0.0.1:${yield* listening(Http.createServer((request, response) => {
          request.resume().on("end", () => response.writeHead(status, { location: `${other}/v1/files` }).end())
        }))}`
        const bytes = new TextEncoder().encode("hello")
        for (status of [301, 302, 303, 307, 308]) {
          for (
            const upload of [
              Files.upload(bytes, { filename: "a.txt" }),
              Files.upload(Stream.make(bytes), { filename: "a.txt", size: bytes.byteLength }),
              Files.upload(Stream.make(bytes), { filename: "a.txt" }),
              Stream.runDrain(Files.download("file_1")),
              Raw.text({ method: "POST", path: "/v1/x", body: {} })
            ]
          ) {
            const error = yield* Effect.flip(upload).pipe(
              Effect.provide(layer({ apiKey: Redacted.make(key), baseUrl: url, retry: RetryPolicy.never }))
            )
            assert.strictEqual(error._tag, "UnexpectedStatusError", `${status}: ${error.message}`)
          }
        }

        assert.deepStrictEqual(seen, [])
      }).pipe(Effect.scoped))
  }
})
