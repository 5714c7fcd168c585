import * as Wire from "@effect-claude/core/Wire"
import * as Cassette from "@effect-claude/testing/Cassette"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

const secret = "sk-ant-api03-AbCdEf-0123456789"

const ask = (content: string, options: { readonly stream?: boolean; readonly beta?: string } = {}) =>
  HttpClientRequest.post("https://api.anthropic.com/v1/messages").pipe(
    HttpClientRequest.setHeaders({ ...ClaudeTest.headers, "x-api-key": secret }),
    options.beta === undefined ? (request) => request : HttpClientRequest.setHeader("anthropic-beta", options.beta),
    HttpClientRequest.bodyJsonUnsafe({
      model: "claude-sonnet-5-5",
      max_tokens: 100,
      ...(options.stream === true ? { stream: true } : undefined),
      messages: [{ role: "user", content }]
    }),
    HttpClient.execute
  )

const textOf = (content: string, options?: Parameters<typeof ask>[1]) =>
  Effect.flatMap(ask(content, options), (response) => response.text)

/** Runs a program with a cassette around a scripted API. */
const taped = (file: string, mode: Cassette.Mode, script: Script.Script = Script.model()) =>
  Effect.provide(
    Cassette.layer({ file, mode }).pipe(
      Layer.provideMerge(ClaudeTest.layer(script)),
      Layer.provideMerge(NodeFileSystem.layer)
    )
  )

/** Runs a program that has nothing but the cassette. */
const untaped = (file: string) => Effect.provide(Layer.provide(Cassette.layerReplay(file), NodeFileSystem.layer))

/** Gives a test a file that does not exist yet, in a directory of its own. */
const withFile = <A, E, R>(use: (file: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const directory = yield* files.makeTempDirectoryScoped()
    return yield* use(`${directory}/cassettes/one.json`)
  }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer))

const read = (file: string) => Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(file))

describe("Cassette", () => {
  describe("record and replay", () => {
    it.effect("plays back what was recorded, without a connection", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const recorded = yield* Effect.all([textOf("What is 6 * 7?"), textOf("Count to 9", { stream: true })]).pipe(
            taped(file, "record")
          )
          const replayed = yield* Effect.all([textOf("What is 6 * 7?"), textOf("Count to 9", { stream: true })]).pipe(
            untaped(file)
          )

          assert.deepStrictEqual(replayed, recorded)
        })
      ))

    it.effect("writes no key, no cookie and no organisation, wherever they stand", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const organization = "5576611f-a1ee-427c-9800-298d9579899c"
          const script = Script.status(429, {
            message: `over the limit (org: ${organization}, key ${secret})`,
            headers: { "set-cookie": "session=abcdef", "cf-ray": "8f-FRA" }
          }).pipe(Script.withHeaders({ "anthropic-organization-id": organization }))
          yield* textOf(`My key is ${secret}`).pipe(taped(file, "record", script))

          const text = yield* read(file)
          for (const forbidden of [secret, "AbCdEf", organization, "abcdef", "8f-FRA"]) {
            assert.notInclude(text, forbidden)
          }
          assert.include(text, "over the limit (org: [credential], key [credential])")
        })
      ))

    it.effect("writes no token, no password and no encoding of a key", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const key = "house-key/0123456789abcdef"
          const forbidden = {
            mcp: "mcp-t0k3n-of-a-server",
            credit: "fct-0123456789",
            refund: "fct-9876543210",
            password: "hunter22hunter",
            basic: Buffer.from(`proxy:${key}`).toString("base64"),
            escaped: encodeURIComponent(key),
            key
          }
          const script = Script.message({
            content: [{ type: "text", text: `Seen: ${forbidden.basic}, ${forbidden.escaped}, ${forbidden.mcp}.` }],
            stop_reason: "refusal",
            stop_details: Wire.unknown({ type: "refusal", fallback_credit_token: forbidden.refund })
          })
          const request = HttpClientRequest.post(`https://api.anthropic.com/v1/messages?api-key=${forbidden.escaped}`)
            .pipe(
              HttpClientRequest.setHeaders({ ...ClaudeTest.headers, "x-api-key": key }),
              HttpClientRequest.bodyJsonUnsafe({
                model: "claude-sonnet-5-5",
                max_tokens: 100,
                stream: true,
                mcp_servers: [{ type: "url", name: "a", url: "https://a.test", authorization_token: forbidden.mcp }],
                fallback_credit_token: { token: forbidden.credit, mode: "strict" },
                messages: [{ role: "user", content: `See https://ada:${forbidden.password}@example.com/` }]
              }),
              HttpClient.execute,
              Effect.flatMap((response) => response.text)
            )
          yield* request.pipe(taped(file, "record", script))
          const text = yield* read(file)
          const kept = Object.entries(forbidden).filter(([, secret]) => text.includes(secret)).map(([name]) => name)

          assert.deepStrictEqual(kept, [])
          assert.include(text, "message_stop")
          assert.include(yield* untaped(file)(request), "message_stop")
        })
      ))

    it.effect("keeps the signature of thinking, which a replayed conversation sends back", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const recorded = yield* textOf("Why?").pipe(taped(file, "record", Script.thinking("Because.", "So.")))

          assert.include(recorded, "EqQBCkYIScripted")
          assert.strictEqual(yield* textOf("Why?").pipe(untaped(file)), recorded)
        })
      ))

    it.effect("replaces the file in one step, readable by its owner alone, and leaves nothing beside it", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const files = yield* FileSystem.FileSystem
          const target = `${file}.secret`
          yield* files.makeDirectory(file.slice(0, file.lastIndexOf("/")), { recursive: true })
          yield* files.writeFileString(target, "theirs")
          yield* files.symlink(target, file)
          yield* textOf("One").pipe(taped(file, "record"))

          assert.strictEqual(yield* files.readFileString(target), "theirs")
          assert.strictEqual((yield* files.stat(file)).mode & 0o777, 0o600)
          assert.deepStrictEqual(
            (yield* files.readDirectory(file.slice(0, file.lastIndexOf("/")))).toSorted(),
            ["one.json", "one.json.secret"]
          )
        })
      ))

    it.effect("writes one field a line, and streams a line a line", () =>
      withFile((file) =>
        Effect.gen(function*() {
          yield* textOf("Hello!", { stream: true }).pipe(taped(file, "record"))

          const text = yield* read(file)
          assert.match(text, /^ {10}"model": "claude-sonnet-5-5",$/m)
          assert.match(text, /^ {10}"event: message_start",$/m)
        })
      ))

    it.effect("plays interactions of the same request in their order, once each", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const twice = Effect.all([ask("Hi"), ask("Hi")]).pipe(
            Effect.map((responses) => responses.map(({ status }) => status))
          )
          const drained = Effect.forEach([1, 2], () =>
            Effect.flatMap(ask("Hi"), (response) => Effect.as(response.text, response.status)))
          const recorded = yield* drained.pipe(
            taped(file, "record", Script.sequence(Script.status(529), Script.reply("Hi")))
          )
          const [replayed, third] = yield* Effect.all([twice, textOf("Hi")]).pipe(untaped(file))

          assert.deepStrictEqual([recorded, replayed], [[529, 200], [529, 200]])
          assert.include(third, "it was recorded fewer times than it is sent")
        })
      ))

    it.effect("answers a stream from recorded JSON, and JSON from a recorded stream", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const both = Effect.all([textOf("What is 6 * 7?"), textOf("Count to 9", { stream: true })])
          const other = Effect.all([textOf("What is 6 * 7?", { stream: true }), textOf("Count to 9")])
          const [json, sse] = yield* both.pipe(taped(file, "record"))
          const [asStream, asJson] = yield* other.pipe(untaped(file))

          assert.include(asStream, "event: message_stop")
          assert.strictEqual(deltas(asStream), "6 * 7 = 42")
          assert.strictEqual(JSON.parse(asJson).content[0].text, deltas(sse))
          assert.strictEqual(JSON.parse(json).content[0].text, "6 * 7 = 42")
        })
      ))

    it.effect("does not record what did not come back whole", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const interactions = yield* Effect.gen(function*() {
            const { interactions } = yield* Cassette.Cassette
            const response = yield* ask("Count to 9", { stream: true })
            yield* Stream.runDrain(Stream.take(response.stream, 2))
            return yield* interactions
          }).pipe(taped(file, "record"))

          assert.deepStrictEqual(interactions, [])
        })
      ))
  })

  describe("what is written", () => {
    const recorded = (script: Script.Script, secret?: string) =>
      withFile((file) =>
        Effect.gen(function*() {
          const live = yield* textOf("Hi").pipe(taped(file, "record", script))
          const played = yield* textOf("Hi").pipe(untaped(file))
          if (secret === undefined) assert.strictEqual(played, live)
          return JSON.parse(yield* read(file)).interactions[0].response
        })
      )

    it.effect("is lines where a body is not the JSON it says", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* recorded(Script.garbage({ body: "{\n oops" }))).lines, ["{", " oops"])
      }))

    it.effect("is base64 where it is no text, and nothing where there is nothing", () =>
      Effect.gen(function*() {
        const png = new Uint8Array([137, 80, 78, 71])
        const bytes = yield* recorded(Script.garbage({ contentType: "image/png", body: png }))
        const nothing = yield* recorded(Script.garbage({ body: "" }))

        assert.strictEqual(bytes.base64, "iVBORw==")
        assert.deepStrictEqual(Object.keys(nothing), ["status", "headers"])
      }))

    it.effect("is text where it can be read, whatever its type, so that nothing secret is hidden in base64", () =>
      Effect.gen(function*() {
        for (const contentType of ["", "application/octet-stream", "image/png"]) {
          const { base64, lines } = yield* recorded(Script.garbage({ contentType, body: `key: ${secret}` }), secret)

          assert.deepStrictEqual([base64, lines], [undefined, ["key: [credential]"]], contentType)
        }
        const marked = yield* recorded(Script.garbage({ contentType: "application/octet-stream", body: "\ufeffa" }))
        assert.deepStrictEqual(marked.lines, ["\ufeffa"])
      }))

    it.effect("is played as it is where a stream did not finish", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const script = Script.reply("Hello!").pipe(Script.cutAfter({ events: 4 }))
          const live = yield* textOf("Hi", { stream: true }).pipe(taped(file, "record", script))
          const played = yield* textOf("Hi").pipe(untaped(file))

          assert.strictEqual(played, live)
        })
      ))

    it.effect("has no organisation's id in a list of words", () =>
      Effect.gen(function*() {
        const id = "0f6e5ac0-1b2c-4d3e-8f90-112233445566"
        const response = yield* recorded(
          Script.status(400, {
            message: `organization_id: ${id}, org ${id}, workspace-id="${id}"; request ${id}`
          }),
          id
        )

        assert.strictEqual(
          response.body.error.message,
          `organization_id: [credential], org [credential], workspace-id="[credential]"; request ${id}`
        )
      }))
  })

  describe("replay", () => {
    it.effect("says how the nearest recorded request is different", () =>
      withFile((file) =>
        Effect.gen(function*() {
          yield* textOf("Hi").pipe(taped(file, "record"))
          const response = yield* ask("Ho", { beta: "files-api-2025-04-14" }).pipe(untaped(file))
          const { error } = Object(yield* response.json)

          assert.strictEqual(response.status, 400)
          assert.strictEqual(response.headers["x-should-retry"], "false")
          assert.strictEqual(error.type, "not_on_cassette")
          assert.include(error.message, "POST /v1/messages is not on the cassette: ")
          assert.include(error.message, `request.body.messages[0].content: recorded "Hi", sent "Ho"`)
          assert.include(error.message, `request.headers.anthropic-beta: recorded nothing, sent "files-api-2025-04-14"`)
          assert.include(error.message, file)
        })
      ))

    it.effect("fails when there is no file, or it is no cassette", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const missing = yield* Effect.flip(ask("Hi").pipe(untaped(file)))
          const files = yield* FileSystem.FileSystem
          const other = file.replace("/cassettes", "")
          yield* files.writeFileString(other, "{}")
          const wrong = yield* Effect.flip(ask("Hi").pipe(untaped(other)))

          assert.deepStrictEqual([missing._tag, wrong._tag], ["CassetteError", "CassetteError"])
          assert.include(missing.message, file)
        })
      ))

    it.effect("knows what was not asked for", () =>
      withFile((file) =>
        Effect.gen(function*() {
          yield* Effect.all([textOf("Hi"), textOf("Ho")]).pipe(taped(file, "record"))
          const unplayed = yield* Effect.gen(function*() {
            yield* textOf("Ho")
            return yield* (yield* Cassette.Cassette).unplayed
          }).pipe(untaped(file))

          assert.strictEqual(unplayed.length, 1)
          assert.include(JSON.stringify(unplayed[0]?.request.body), `"Hi"`)
        })
      ))
  })

  describe("auto", () => {
    it.effect("replays what is there and records the rest", () =>
      withFile((file) =>
        Effect.gen(function*() {
          const sent = Effect.gen(function*() {
            const { requests } = yield* ClaudeTest.ClaudeTest
            yield* textOf("Hi")
            yield* textOf("Ho")
            return (yield* requests).length
          })
          yield* textOf("Hi").pipe(taped(file, "auto"))
          const second = yield* sent.pipe(taped(file, "auto"))
          const third = yield* sent.pipe(taped(file, "auto"))

          assert.deepStrictEqual([second, third], [1, 0])
        })
      ))
  })
})

const deltas = (sse: string) =>
  [...sse.matchAll(/"text_delta","text":("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!)).join("")
