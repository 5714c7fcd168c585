import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Raw from "@effect-claude/http/Raw"
import * as Cassette from "@effect-claude/testing/Cassette"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { NodeFileSystem, NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const clients = [
  ["fetch", FetchHttpClient.layer],
  ["undici", NodeHttpClient.layerUndici],
  ["node:http", NodeHttpClient.layerNodeHttp]
] as const

const question = (content: string) =>
  ({ model: "claude-sonnet-5-5", max_tokens: 100, messages: [{ role: "user", content }] }) as const

type Kind = "json" | "folded" | "stream" | "download" | "error"

/** What a program gets from the API, in each of the ways a response can be read. */
const calls: {
  readonly [K in Kind]: (content: string) => Effect.Effect<unknown, unknown, Claude.Claude>
} = {
  json: (content: string) => Messages.create(question(content), { wire: "json" }),
  folded: (content: string) => Messages.create(question(content), { wire: "stream" }),
  stream: (content: string) => Stream.runCollect(Messages.stream(question(content))),
  download: () =>
    Effect.map(
      Stream.mkUint8Array(Raw.bytes({ method: "GET", path: "/v1/files/file_1/content" })),
      (bytes) => Array.from(bytes)
    ),
  // Without the ids of the organisation, which a cassette leaves out.
  error: (content: string) =>
    Messages.create({ ...question(content), model: "claude-nonsense" }).pipe(
      Effect.flip,
      Effect.map(({ _tag, body, message, requestId, status }) => ({ _tag, body, message, requestId, status }))
    )
}

const Calls = Schema.Array(
  Schema.Struct({ kind: Schema.Literals(["json", "folded", "stream", "download", "error"]), content: Schema.String })
).check(Schema.isMinLength(1), Schema.isMaxLength(4))

const files = [{
  id: "file_1",
  filename: "a.bin",
  mimeType: "application/octet-stream",
  content: new Uint8Array([0, 255, 10])
}]

describe("Cassette, over real connections", () => {
  for (const [name, client] of clients) {
    it.live.prop(`replays through ${name} what it recorded`, [Calls], ([list]) =>
      Effect.gen(function*() {
        const server = yield* ClaudeServer.ClaudeServer
        const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
        const file = `${directory}/tape.json`
        const run = Effect.forEach(
          list,
          ({ content, kind }) => calls[kind](`${content.replace(/\p{Surrogate}/gu, "")}.`)
        )
        const over = (mode: Cassette.Mode) =>
          Effect.provide(
            run,
            Claude.layer({ apiKey: Redacted.make("sk-ant-test"), baseUrl: server.url }).pipe(
              Layer.provide(Cassette.layer({ file, mode })),
              Layer.provide(client)
            )
          )
        const recorded = yield* over("record")
        const { length } = yield* server.requests
        const replayed = yield* over("replay")

        assert.deepStrictEqual(JSON.stringify(replayed), JSON.stringify(recorded))
        assert.strictEqual((yield* server.requests).length, length)
      }).pipe(
        Effect.scoped,
        Effect.provide(ClaudeServer.layer(Script.model(), { files })),
        Effect.provide(NodeFileSystem.layer)
      ), { arbitrary: { runs: 8 } })
  }
})
