/**
 * What this library, the official SDK and the AI SDK do, each with its defaults,
 * when the same thing goes wrong. The comparison in the documents rests on this:
 * where another library changes, a test here says so.
 */
import { createAnthropic } from "@ai-sdk/anthropic"
import Anthropic, { APIConnectionError, APIError, InternalServerError } from "@anthropic-ai/sdk"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { streamText } from "ai"
import { Duration, Effect, Option, Redacted, Stream } from "effect"
import { streams } from "../src/Traffic.ts"

const model = "claude-sonnet-5-5"
const prompt = "Count to twelve."
const answer = "One two three four five six seven eight nine ten eleven twelve."

/** Starts the scripted API and gives it with a client of each library. */
const against = Effect.fnUntraced(function*(script: Script.Script) {
  const api = yield* ClaudeServer.make(script)
  const official = new Anthropic({ apiKey: "sk-ant-test", baseURL: api.url })
  const aiSdk = createAnthropic({ apiKey: "sk-ant-test", baseURL: `${api.url}/v1` })(model)
  return {
    api,
    ours: Messages.stream({ model, max_tokens: 100, messages: [MessageRequest.user(prompt)] }).pipe(
      Stream.provide(ClaudeNode.layer({ apiKey: Redacted.make("sk-ant-test"), baseUrl: api.url }))
    ),
    /** The types of the events of the official SDK's stream, or how it failed. */
    official: Effect.tryPromise({
      try: async () => {
        const types: Array<string> = []
        const body = { model, max_tokens: 100, messages: [{ role: "user" as const, content: prompt }] }
        for await (const { type } of await official.messages.create({ ...body, stream: true })) types.push(type)
        return types
      },
      catch: (error) => error instanceof APIError ? error : new APIConnectionError({})
    }),
    /** The official SDK's helper, which joins the events. */
    officialHelper: Effect.promise(() =>
      official.messages.stream({ model, max_tokens: 100, messages: [{ role: "user" as const, content: prompt }] })
        .finalMessage().then(
          () => "a message",
          (error: unknown) => error instanceof Error ? error.constructor.name : ""
        )
    ),
    /** The text of the AI SDK's stream, why it finished, and the errors among its parts. */
    aiSdk: (options?: { readonly maxRetries?: number; readonly timeout?: { readonly chunkMs: number } }) =>
      Effect.promise(async () => {
        const seen: { text: string; finish?: string; errors: number; aborted: boolean } = {
          text: "",
          errors: 0,
          aborted: false
        }
        for await (const part of streamText({ model: aiSdk, prompt, onError: () => {}, ...options }).fullStream) {
          if (part.type === "text-delta") seen.text += part.text
          else if (part.type === "finish") seen.finish = part.finishReason
          else if (part.type === "error") seen.errors++
          else if (part.type === "abort") seen.aborted = true
        }
        return seen
      })
  }
})

/** How many requests an effect makes. */
const requestsOf = <A, E, R>(api: ClaudeServer.ClaudeServer["Service"], self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = (yield* api.requests).length
    yield* self
    return (yield* api.requests).length - before
  })

describe("peers", { timeout: 30_000 }, () => {
  it.live("when a stream ends before its last event", () =>
    Effect.gen(function*() {
      const cut = Script.cutAfter(Script.reply(answer), { events: 6 })
      const { aiSdk, official, officialHelper, ours } = yield* against(Script.forever(cut))

      const error = yield* Effect.flip(Stream.runDrain(ours))
      assert(error._tag === "StreamTruncatedError")
      assert(error.partial !== undefined)
      assert.isNotEmpty(Message.text(error.partial))

      assert.notInclude(yield* official, "message_stop") // and yet it ended well
      assert.strictEqual(yield* officialHelper, "AnthropicError") // no class of its own

      const { errors, finish, text } = yield* aiSdk()
      assert.deepStrictEqual([finish, errors], ["interrupted", 0])
      assert.isTrue(answer.startsWith(text))
    }))

  it.live("when an overload is the first event of a stream", () =>
    Effect.gen(function*() {
      const { aiSdk, api, official, ours } = yield* against(Script.sequence(
        Script.overloadedInStream(),
        Script.reply(answer),
        Script.overloadedInStream(),
        Script.overloadedInStream(),
        Script.reply(answer)
      ))

      assert.strictEqual(Message.text(yield* MessageStream.final(ours)), answer) // tried again

      const error = yield* Effect.flip(official)
      assert.deepStrictEqual([error.status, error instanceof InternalServerError], [undefined, false])
      assert.strictEqual((yield* api.requests).length, 3) // not tried again

      assert.strictEqual((yield* aiSdk()).text, answer) // tried again
    }))

  it.live("when an overload breaks off an answer", () =>
    Effect.gen(function*() {
      const broken = Script.errorInStream(Script.reply(answer), { after: 4 })
      const { aiSdk, official, ours } = yield* against(Script.forever(broken))

      assert.strictEqual((yield* Effect.flip(Stream.runDrain(ours)))._tag, "OverloadedError")

      assert.strictEqual((yield* Effect.flip(official)).status, undefined)

      const { errors, finish } = yield* aiSdk()
      assert.deepStrictEqual([finish, errors], ["error", 1])
    }))

  it.live("when a stream falls silent", () =>
    Effect.gen(function*() {
      const { aiSdk, official, ours } = yield* against(
        Script.forever(Script.stall(Script.reply(answer), { after: { events: 4 } }))
      )
      const silent = <A, E>(self: Effect.Effect<A, E>) =>
        Effect.map(Effect.timeoutOption(Effect.exit(self), "1 second"), Option.isNone)

      const idle = ours.pipe(Stream.runDrain, Claude.withTimeouts({ idle: "200 millis" }))
      assert.strictEqual((yield* Effect.flip(idle))._tag, "StreamIdleError")

      assert.isTrue(yield* silent(official)) // its timeout ends with the headers

      assert.isTrue(yield* silent(aiSdk()))
      assert.isTrue((yield* aiSdk({ timeout: { chunkMs: 200 } })).aborted) // if it is asked for
    }))

  it.live("when a rate limit asks for an hour", () =>
    Effect.gen(function*() {
      const { aiSdk, api, official, ours } = yield* against(
        Script.forever(Script.rateLimited({ retryAfter: "1 hour" }))
      )

      const error = yield* Effect.flip(Stream.runDrain(ours))
      assert(error._tag === "RateLimitError" && error.retryAfter !== undefined)
      assert.strictEqual(Duration.toHours(error.retryAfter), 1) // at once, with what it was told
      assert.strictEqual((yield* api.requests).length, 1)

      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(Effect.exit(official), "1 second"))) // it waits the hour

      assert.strictEqual(yield* requestsOf(api, aiSdk({ maxRetries: 1 })), 2) // two seconds later, as if nothing was said
    }))

  it.live("when a limit on spending is reached", () =>
    Effect.gen(function*() {
      const { aiSdk, api, official, ours } = yield* against(
        Script.forever(Script.status(429, { code: "contract_spend_limit_reached" }))
      )

      assert.strictEqual((yield* Effect.flip(Stream.runDrain(ours)))._tag, "SpendLimitError")
      assert.strictEqual((yield* api.requests).length, 1)

      assert.strictEqual(yield* requestsOf(api, Effect.flip(official)), 3)
      assert.strictEqual(yield* requestsOf(api, aiSdk({ maxRetries: 1 })), 2)
    }))

  it.live("when an event is of a kind nobody has heard of", () =>
    Effect.gen(function*() {
      const text = new TextDecoder().decode(Buffer.concat(streams["small-stream"]?.().writes ?? []))
      const strange = `event: brand_new\ndata: {"type":"brand_new","since":"tomorrow"}\n\n`
      const { aiSdk, official, ours } = yield* against(
        Script.forever(Script.sse(text.replace("event: content_block_start", `${strange}event: content_block_start`)))
      )

      assert.include(Array.from(yield* Stream.runCollect(ours), ({ type }) => type), "brand_new")

      assert.include(yield* official, "brand_new")

      assert.strictEqual((yield* aiSdk()).errors, 1) // an error among the parts, and on it goes
    }))
})
