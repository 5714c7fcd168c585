import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Wire from "@effect-claude/core/Wire"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Ref, Schema, Stream } from "effect"
import { HttpClient, type HttpClientError, HttpClientRequest } from "effect/http"
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
