import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Wire from "@effect-claude/core/Wire"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Ref, Schema, Stream } from "effect"
import { HttpBody, HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

const prompt = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [{ role: "user", content: "Hi" }] }

const request = (body: unknown = prompt) =>
  HttpClientRequest.post("https://api.anthropic.com/v1/messages").pipe(
    HttpClientRequest.setHeaders(ClaudeTest.headers),
    HttpClientRequest.bodyJsonUnsafe(body)
  )

const create = (body: unknown = prompt) => HttpClient.execute(request(body))

const createJson = (body: unknown = prompt) => Effect.flatMap(create(body), (response) => response.json)

const chunks = Effect.flatMap(
  create({ ...prompt, stream: true }),
  (response) => Stream.runCollect(response.stream)
)

const Fields = Schema.Record(Schema.String, Schema.Json)

const text = (bytes: ReadonlyArray<Uint8Array>) => new TextDecoder().decode(Buffer.concat(bytes))

const eventsOf = (sse: string): ReadonlyArray<unknown> =>
  sse.split("\n\n").filter((event) => event !== "").map((event) => JSON.parse(event.split("\ndata: ")[1]!))

const reasonOf = (error: HttpClientError.HttpClientError) => error.reason._tag

describe("ClaudeTest", () => {
  describe("layer", () => {
    it.effect("answers a request with a message the wire schemas accept", () =>
      Effect.gen(function*() {
        const body = yield* createJson()

        const message = yield* Schema.decodeUnknownEffect(Message.Message)(body)
        assert.strictEqual(Message.text(message), "Hello!")
        assert.strictEqual(message.model, "claude-sonnet-5-5")
        assert.strictEqual(message.stop_reason, "end_turn")
        assert.isAbove(message.usage.input_tokens, 0)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("streams the same message that it answers as JSON", () =>
      Effect.gen(function*() {
        const whole = yield* createJson()
        const streamed = text(yield* chunks)

        const events = eventsOf(streamed)
        assert.isTrue(events.every(Wire.is(StreamEvent.StreamEvent)))
        const folded = fold(events)
        assert.deepStrictEqual<unknown>(folded, whole)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.forever(
        Script.message({
          id: "msg_1",
          stop_reason: "tool_use",
          content: [
            { type: "thinking", thinking: "Let me think about it.", signature: "sig" },
            { type: "text", text: "I will look that up for you: 🌦️." },
            { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Paris", days: [1, 2] } }
          ]
        })
      )))))

    it.effect("records each request with its time, and the key reduced to its prefix", () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("5 seconds")
        yield* create()
        const { requests } = yield* ClaudeTest.ClaudeTest
        const [recorded] = yield* requests

        assert.deepStrictEqual(recorded?.body, prompt)
        assert.strictEqual(recorded?.method, "POST")
        assert.strictEqual(recorded?.path, "/v1/messages")
        assert.strictEqual(recorded?.at, 5000)
        assert.strictEqual(recorded?.headers["x-api-key"], "sk-ant-***")
        assert.notInclude(JSON.stringify(recorded), "sk-ant-test")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("sends the headers the API sends", () =>
      Effect.gen(function*() {
        const first = yield* create({ ...prompt, stream: true })
        const second = yield* create()

        assert.match(first.headers["request-id"]!, /^req_01\w{22}$/)
        assert.notStrictEqual(first.headers["request-id"], second.headers["request-id"])
        assert.strictEqual(first.headers["content-type"], "text/event-stream; charset=utf-8")
        assert.strictEqual(first.headers["date"], "Thu, 01 Jan 1970 00:00:00 GMT")
        assert.strictEqual(first.headers["anthropic-ratelimit-requests-remaining"], "3999")
        assert.strictEqual(second.headers["anthropic-ratelimit-requests-remaining"], "3998")
        assert.isDefined(second.headers["anthropic-organization-id"])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.forever(Script.reply("Hello!"))))))

    it.effect("waits on the test clock", () =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(chunks)
        yield* TestClock.adjust("2 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 hour")

        assert.include(text(yield* Fiber.join(fiber)), "message_stop")
      }).pipe(Effect.provide(ClaudeTest.layer(
        Script.reply("Hello!").pipe(Script.delay("2 seconds"), Script.slow("1 second"))
      ))))

    it.effect("counts a response as open until it is read to its end", () =>
      Effect.gen(function*() {
        const { aborted, finished, open } = yield* ClaudeTest.ClaudeTest
        const response = yield* create()
        assert.strictEqual(yield* open, 1)
        yield* response.text

        assert.deepStrictEqual([yield* open, yield* finished, yield* aborted], [0, 1, 0])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("counts a stream that is interrupted as aborted", () =>
      Effect.gen(function*() {
        const { aborted, awaitRequests, finished, open } = yield* ClaudeTest.ClaudeTest
        const fiber = yield* Effect.forkChild(chunks)
        yield* awaitRequests(1)
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)

        assert.deepStrictEqual([yield* open, yield* finished, yield* aborted], [0, 0, 1])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!").pipe(Script.stall({ after: { events: 2 } }))))))

    it.effect("counts a request that is interrupted before its headers as aborted", () =>
      Effect.gen(function*() {
        const { aborted, awaitRequests, open } = yield* ClaudeTest.ClaudeTest
        const fiber = yield* Effect.forkChild(create())
        yield* awaitRequests(1)
        yield* Fiber.interrupt(fiber)

        assert.deepStrictEqual([yield* open, yield* aborted], [0, 1])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.silence))))

    it.effect("gives up a response when the scope of its request closes", () =>
      Effect.gen(function*() {
        const { aborted, open } = yield* ClaudeTest.ClaudeTest
        const client = HttpClient.withScope(yield* HttpClient.HttpClient)
        yield* Effect.scoped(Effect.gen(function*() {
          yield* client.execute(request())
          assert.strictEqual(yield* open, 1)
        }))

        assert.deepStrictEqual([yield* open, yield* aborted], [0, 1])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("fails the stream of a connection that is reset, after what had arrived", () =>
      Effect.gen(function*() {
        const { open } = yield* ClaudeTest.ClaudeTest
        const response = yield* create({ ...prompt, stream: true })
        const received: Array<Uint8Array> = []
        const exit = yield* Stream.runForEach(response.stream, (chunk) => Effect.sync(() => received.push(chunk))).pipe(
          Effect.flip,
          Effect.map(reasonOf)
        )

        assert.strictEqual(exit, "DecodeError")
        assert.strictEqual(Buffer.concat(received).length, 40)
        assert.strictEqual(yield* open, 0)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.resetConnection({ when: 40 })))))

    it.effect("fails the request of a connection that is reset before the headers", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* create().pipe(Effect.flip, Effect.map(reasonOf)), "TransportError")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.resetConnection()))))

    it.effect.each(["head", "chunk", "longLength"] as const)(
      "fails on malformed HTTP: %s",
      (what) =>
        Effect.gen(function*() {
          const exit = yield* Effect.exit(createJson())

          assert.isTrue(Exit.isFailure(exit))
        }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!").pipe(Script.malformed(what)))))
    )

    it.effect("refuses what the API refuses, and leaves the script alone", () =>
      Effect.gen(function*() {
        const refused = yield* create({ model: "claude-sonnet-5-5", messages: prompt.messages })
        const accepted = yield* create()

        assert.strictEqual(refused.status, 400)
        assert.include(yield* refused.text, "max_tokens: Field required")
        assert.strictEqual(accepted.status, 200)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("answers with the script alone when checking is switched off", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* create({})).status, 200)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!"), { check: false }))))

    it.effect("says so when the script is exhausted, in an error that is not retried", () =>
      Effect.gen(function*() {
        yield* create()
        const response = yield* create()

        assert.strictEqual(response.status, 400)
        assert.strictEqual(response.headers["x-should-retry"], "false")
        assert.include(yield* response.text, "The script has no answer for request 2, POST /v1/messages")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("goes on with another script when the test sets one", () =>
      Effect.gen(function*() {
        const { script } = yield* ClaudeTest.ClaudeTest
        yield* Ref.set(script, Script.status(529))

        assert.strictEqual((yield* create()).status, 529)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("gives the same bytes for the same seed, and others for another", () =>
      Effect.gen(function*() {
        const run = (seed: number) =>
          chunks.pipe(Effect.map(text), Effect.provide(ClaudeTest.layer(Script.model(), { seed })))

        assert.strictEqual(yield* run(1), yield* run(1))
        assert.notStrictEqual(yield* run(1), yield* run(2))
      }))

    it.effect("pads events and pings after the first block has started, as the API does", () =>
      Effect.gen(function*() {
        const sse = text(yield* chunks)

        assert.match(sse, / +}\n\n/)
        assert.match(sse, /content_block_start[^\n]*\n\nevent: ping\ndata: {"type": "ping"}\n\n/)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.reply("Hello!")))))

    it.effect("streams in the API's order: shells, short pieces, and at the end what the message came to", () =>
      Effect.gen(function*() {
        const events = eventsOf(text(yield* chunks)).map((event) => Schema.decodeUnknownSync(Fields)(event))
        const pieces = events.flatMap(({ delta }) => delta === undefined ? [] : [Object(delta)])

        assert.containSubset(events[0], {
          type: "message_start",
          message: { content: [], stop_reason: null, stop_details: null, usage: { input_tokens: 8, output_tokens: 1 } }
        })
        assert.notProperty(Object(events[0]?.["message"]), "container")
        assert.deepStrictEqual(
          events.filter(({ type }) => type === "content_block_start").map((event) => event["content_block"]),
          [
            { type: "thinking", thinking: "", signature: "" },
            { type: "text", text: "", citations: [] },
            { type: "tool_use", id: "toolu_1", name: "f", input: {} },
            { type: "redacted_thinking", data: "abc" }
          ]
        )
        assert.deepStrictEqual(
          pieces.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]),
          ["thinking_delta", "signature_delta", "citations_delta", "text_delta", "input_json_delta", undefined]
        )
        assert.isTrue(pieces.every(({ text }) => text === undefined || text.trim().split(/\s+/).length <= 3))
        assert.isTrue(pieces.every(({ text }) => text === undefined || text.length <= 3 * 17))
        assert.containSubset(events.find(({ type }) => type === "message_delta"), {
          delta: {
            stop_reason: "pause_turn",
            stop_sequence: null,
            stop_details: null,
            container: { id: "container_1" }
          },
          usage: { input_tokens: 8, output_tokens: 99 },
          context_management: { applied_edits: [] }
        })
        assert.strictEqual(events.at(-1)?.["type"], "message_stop")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.message({
        content: [
          { type: "thinking", thinking: "One two three four five.", signature: "sig" },
          { type: "text", text: `Some words, and ${"long".repeat(20)}.`, citations: [{ type: "char_location" }] },
          { type: "tool_use", id: "toolu_1", name: "f", input: { a: [1, 2, 3] } },
          { type: "redacted_thinking", data: "abc" }
        ],
        stop_reason: "pause_turn",
        usage: { output_tokens: 99 },
        container: { id: "container_1", expires_at: "2027-01-01T00:00:00Z" },
        context_management: { applied_edits: [] }
      })))))

    it.effect("enforces rate limits when asked to, and says how long to wait", () =>
      Effect.gen(function*() {
        yield* create()
        yield* TestClock.adjust("20 seconds")
        const limited = yield* create()
        yield* TestClock.adjust("40 seconds")
        const again = yield* create()

        assert.strictEqual(limited.status, 429)
        assert.strictEqual(limited.headers["retry-after"], "40")
        assert.strictEqual(limited.headers["anthropic-ratelimit-requests-remaining"], "0")
        assert.strictEqual(again.status, 200)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), { rateLimits: { requests: 1, enforce: true } }))))

    it.effect("counts limits anew after as short a time as it is told", () =>
      Effect.gen(function*() {
        yield* create()
        const limited = yield* create()
        yield* TestClock.adjust("2 seconds")
        const again = yield* create()

        assert.deepStrictEqual([limited.status, again.status], [429, 200])
        assert.strictEqual(limited.headers["retry-after"], "2")
        assert.strictEqual(limited.headers["anthropic-ratelimit-requests-reset"], "1970-01-01T00:00:02Z")
      }).pipe(
        Effect.provide(
          ClaudeTest.layer(Script.model(), { rateLimits: { requests: 1, per: "2 seconds", enforce: true } })
        )
      ))

    it.effect("reports the limits, what is left of them, and when they are full again", () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1500 millis")
        yield* create({ ...prompt, messages: [{ role: "user", content: "x".repeat(9000) }] })
        yield* TestClock.adjust("10 seconds")
        const { headers } = yield* create()
        const limits = Object.fromEntries(
          Object.entries(headers).flatMap(([name, value]) =>
            name.startsWith("anthropic-ratelimit-") ? [[name.slice("anthropic-ratelimit-".length), value]] : []
          )
        )

        assert.deepStrictEqual(limits, {
          "requests-limit": "4000",
          "requests-remaining": "3998",
          "requests-reset": "1970-01-01T00:01:02Z",
          "input-tokens-limit": "2000000",
          "input-tokens-remaining": "1998000",
          "input-tokens-reset": "1970-01-01T00:01:02Z",
          "output-tokens-limit": "400000",
          "output-tokens-remaining": "400000",
          "output-tokens-reset": "1970-01-01T00:01:02Z",
          "tokens-limit": "2400000",
          "tokens-remaining": "2398000",
          "tokens-reset": "1970-01-01T00:01:02Z"
        })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("enforces the limit of input tokens, up to the last", () =>
      Effect.gen(function*() {
        const statuses = yield* Effect.forEach([1, 2, 3], () => create())

        assert.deepStrictEqual(statuses.map(({ status }) => status), [200, 200, 429])
        assert.strictEqual(statuses[1]?.headers["anthropic-ratelimit-input-tokens-remaining"], "0")
        assert.strictEqual(statuses[0]?.headers["anthropic-ratelimit-input-tokens-remaining"], "8")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), { rateLimits: { inputTokens: 16, enforce: true } }))))

    it.effect("counts what is written to the cache against the limit, and not what is read from it", () =>
      Effect.gen(function*() {
        const system = [{ type: "text", text: "a".repeat(4096), cache_control: { type: "ephemeral" } }]
        const statuses = yield* Effect.forEach(
          [{ system }, { system }, { system }, {}],
          (extra) => create({ ...prompt, ...extra })
        )

        assert.deepStrictEqual(statuses.map(({ status }) => status), [200, 200, 200, 200])
        const left = statuses.map(({ headers }) => headers["anthropic-ratelimit-input-tokens-remaining"])
        assert.deepStrictEqual(left, ["24", "16", "8", "0"])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), { rateLimits: { inputTokens: 1056, enforce: true } }))))

    it.effect("caches no prompt that nobody answered", () =>
      Effect.gen(function*() {
        const system = [{ type: "text", text: "a".repeat(4096), cache_control: { type: "ephemeral" } }]
        yield* create({ ...prompt, system })
        const answered = yield* createJson({ ...prompt, system })

        assert.containSubset(answered, { usage: { cache_read_input_tokens: 0, cache_creation_input_tokens: 1024 } })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.sequence(Script.status(529), Script.reply("Hello"))))))

    it.effect("reads the longest cached prefix, writes what is new, and keeps an hour what is to last an hour", () =>
      Effect.gen(function*() {
        const mark = (ttl: string) => ({ cache_control: { type: "ephemeral", ttl } })
        const block = (text: string, control?: object) => ({ type: "text", text: text.repeat(4096), ...control })
        const usage = (system: ReadonlyArray<unknown>, extra?: object) =>
          Effect.map(
            Effect.flatMap(createJson({ ...prompt, system, ...extra }), Schema.decodeUnknownEffect(Message.Message)),
            ({ usage }) => [
              usage.cache_read_input_tokens,
              usage.cache_creation?.ephemeral_5m_input_tokens,
              usage.cache_creation?.ephemeral_1h_input_tokens,
              usage.input_tokens
            ]
          )

        assert.deepStrictEqual(yield* usage([block("a", mark("1h"))]), [0, 0, 1024, 8])
        assert.deepStrictEqual(yield* usage([block("a", mark("1h")), block("b", mark("5m"))]), [1024, 1024, 0, 8])
        assert.deepStrictEqual(yield* usage([block("a"), block("b", mark("5m")), block("c")]), [2048, 0, 0, 1032])
        assert.deepStrictEqual(yield* usage([block("a"), block("c")], mark("5m")), [0, 2049, 0, 7])
        assert.deepStrictEqual(yield* usage([{ ...block("d", mark("5m")), text: "d".repeat(4092) }]), [0, 0, 0, 1031])
        yield* TestClock.adjust("5 minutes")
        assert.deepStrictEqual(yield* usage([block("a", mark("1h")), block("b", mark("5m"))]), [1024, 1024, 0, 8])
        assert.deepStrictEqual(yield* usage([block("a", mark("1h"))], { model: "claude-opus-5-5" }), [0, 0, 1024, 8])
        assert.deepStrictEqual(yield* usage([], { system: undefined, ...mark("5m") }), [0, 0, 0, 8])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("takes bodies of every kind, with the type they are of", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        const text = JSON.stringify(prompt)
        const { "content-type": _, ...untyped } = ClaudeTest.headers
        for (
          const body of [
            HttpBody.raw(text, { contentType: "application/json" }),
            HttpBody.text(text, "application/json"),
            HttpBody.stream(Stream.make(new TextEncoder().encode(text)), "application/json")
          ]
        ) {
          const request = HttpClientRequest.post("https://api.anthropic.com/v1/messages", { headers: untyped })
          const response = yield* HttpClient.execute({ ...HttpClientRequest.setBody(request, body) })
          assert.strictEqual(response.status, 200)
        }

        const seen = yield* requests
        assert.deepStrictEqual(
          seen.map(({ headers }) => headers["content-type"]),
          Array.from({ length: 3 }, () => "application/json")
        )
        assert.deepStrictEqual(seen.map(({ body }) => body), Array.from({ length: 3 }, () => prompt))
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("counts a response as finished once its last piece was handed over", () =>
      Effect.gen(function*() {
        const { aborted, finished } = yield* ClaudeTest.ClaudeTest
        const response = yield* create({ ...prompt, stream: true })
        yield* Stream.runDrain(Stream.take(response.stream, 2))
        const after = [yield* finished, yield* aborted]
        const again = yield* create({ ...prompt, stream: true })
        yield* Stream.runDrain(Stream.take(again.stream, 1))

        assert.deepStrictEqual(after, [1, 0])
        assert.deepStrictEqual([yield* finished, yield* aborted], [1, 1])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.forever(Script.events([{ type: "ping" }, { type: "ping" }]))))))

    it.effect("writes a marked prompt to the cache, reads it, and forgets it after five minutes", () =>
      Effect.gen(function*() {
        const marked = {
          ...prompt,
          system: [{ type: "text", text: "Be brief. ".repeat(600), cache_control: { type: "ephemeral" } }]
        }
        const usage = Effect.flatMap(createJson(marked), Schema.decodeUnknownEffect(Message.Message)).pipe(
          Effect.map(({ usage }) => [usage.cache_creation_input_tokens, usage.cache_read_input_tokens])
        )

        assert.deepStrictEqual(yield* usage, [1500, 0])
        assert.deepStrictEqual(yield* usage, [0, 1500])
        yield* TestClock.adjust("6 minutes")
        assert.deepStrictEqual(yield* usage, [1500, 0])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("counts tokens and lists models whatever the script is", () =>
      Effect.gen(function*() {
        const client = (yield* HttpClient.HttpClient).pipe(
          HttpClient.mapRequest(HttpClientRequest.setHeaders(ClaudeTest.headers))
        )
        const counted = yield* HttpClientRequest.post("https://api.anthropic.com/v1/messages/count_tokens").pipe(
          HttpClientRequest.bodyJsonUnsafe({ model: prompt.model, messages: prompt.messages }),
          client.execute,
          Effect.flatMap((response) => response.json)
        )
        const models = yield* client.get("https://api.anthropic.com/v1/models?limit=2").pipe(
          Effect.flatMap((response) => response.json)
        )

        assert.deepStrictEqual(counted, { input_tokens: 8 })
        assert.containSubset(models, { has_more: true, first_id: "claude-haiku-5-5" })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.empty))))
  })
})

/** Folds events to the message they build. */
const fold = (events: ReadonlyArray<unknown>) =>
  Option.getOrThrow(
    MessageAccumulator.snapshot(
      MessageAccumulator.stepAll(MessageAccumulator.initial, events.filter(Wire.is(StreamEvent.StreamEvent)))
    )
  )
