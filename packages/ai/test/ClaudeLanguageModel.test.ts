import * as ClaudeErrors from "@effect-claude/ai/ClaudeErrors"
import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Option, Schema, Stream } from "effect"
import { AiError, LanguageModel, Model, Prompt, Tool, Toolkit } from "effect/ai"
import { collect, key, lastBody, layer, plain } from "./support.ts"

const Weather = Tool.make("weather", {
  description: "Tells the weather of a city",
  parameters: Schema.Struct({ city: Schema.String, days: Schema.optional(Schema.Int) }),
  success: Schema.String
})
const Clock = Tool.make("clock", { success: Schema.String })
const toolkit = Toolkit.make(Weather, Clock)
const handlers = toolkit.toLayer({
  weather: ({ city }) => Effect.succeed(`${city}: 22 °C`),
  clock: () => Effect.succeed("12:00")
})

const Person = Schema.Struct({ name: Schema.String, age: Schema.optional(Schema.Int) })

const failureOf = <A, E>(exit: Exit.Exit<A, E>): E => {
  const error = Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none<E>()
  assert.isTrue(Option.isSome(error), `a failure, not ${String(exit)}`)
  return Option.getOrThrow(error)
}

const reasonOf = (error: unknown): AiError.AiErrorReason => {
  assert.isTrue(AiError.isAiError(error), `an AiError, not ${String(error)}`)
  return (error as AiError.AiError).reason
}

describe("ClaudeLanguageModel", () => {
  describe("generateText", () => {
    it.effect("returns the text of the answer", () =>
      Effect.gen(function*() {
        const response = yield* LanguageModel.generateText({ prompt: "Hello" })

        assert.strictEqual(response.text, "Hi!")
        assert.strictEqual(response.finishReason, "stop")
        assert.deepStrictEqual(response.content.filter(({ type }) => type === "text").map(plain), [
          { type: "text", text: "Hi!", metadata: {} }
        ])
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("sends the model, the most tokens there may be, and the prompt", () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hello" })

        const body = yield* lastBody
        assert.strictEqual(body["model"], "claude-sonnet-5-5")
        assert.strictEqual(body["max_tokens"], 16_384)
        assert.deepStrictEqual(body.messages, [{ role: "user", content: "Hello" }])
        assert.isFalse("tools" in body)
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("asks a model for no more than it can give", () =>
      Effect.gen(function*() {
        const catalog = ModelCatalog.withEntry(ModelCatalog.released, { id: "claude-small", maxOutput: 4096 })
        yield* LanguageModel.generateText({ prompt: "Hello" }).pipe(
          Effect.provideService(ModelCatalog.Current, catalog)
        )

        assert.strictEqual((yield* lastBody)["max_tokens"], 4096)
      }).pipe(Effect.provide(layer(Script.reply("Hi!"), { model: "claude-small" }, { check: false }))))

    it.effect("sends every field of its options as the wire spells it", () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hello" })

        const body = yield* lastBody
        assert.deepInclude(body, {
          max_tokens: 2048,
          thinking: { type: "adaptive" },
          output_config: { effort: "low" },
          stop_sequences: ["END"],
          service_tier: "standard_only",
          metadata: { user_id: "u1" }
        })
        const { requests } = yield* ClaudeTest.ClaudeTest
        assert.include((yield* requests)[0]?.headers["anthropic-beta"], "context-1m-2025-08-07")
      }).pipe(Effect.provide(layer(Script.reply("Hi!"), {
        max_tokens: 2048,
        thinking: { type: "adaptive" },
        output_config: { effort: "low" },
        stop_sequences: ["END"],
        service_tier: "standard_only",
        metadata: { user_id: "u1" },
        betas: ["context-1m-2025-08-07"]
      }))))

    it.effect("answers with the id, the model and the time of the response", () =>
      Effect.gen(function*() {
        const { content } = yield* LanguageModel.generateText({ prompt: "Hello" })
        const metadata = content.find((part) => part.type === "response-metadata")

        assert.strictEqual(metadata?.id, "msg_1")
        assert.strictEqual(metadata?.modelId, "claude-sonnet-5-5-20270101")
        assert.isDefined(metadata?.timestamp)
      }).pipe(Effect.provide(layer(Script.reply({ text: "Hi!", id: "msg_1", model: "claude-sonnet-5-5-20270101" })))))

    it.effect("counts tokens read from and written to the cache", () =>
      Effect.gen(function*() {
        const { usage } = yield* LanguageModel.generateText({ prompt: "Hello" })

        assert.deepStrictEqual({ ...usage.inputTokens }, {
          uncached: 10,
          total: 1110,
          cacheRead: 1000,
          cacheWrite: 100
        })
        assert.deepStrictEqual({ ...usage.outputTokens }, { total: 50, text: 20, reasoning: 30 })
      }).pipe(Effect.provide(layer(Script.reply({
        text: "Hi!",
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: 1000,
          cache_creation_input_tokens: 100,
          cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
          output_tokens: 50,
          output_tokens_details: { thinking_tokens: 30 }
        }
      })))))

    it.effect.each([
      ["end_turn", "stop"],
      ["stop_sequence", "stop"],
      ["max_tokens", "length"],
      ["model_context_window_exceeded", "length"],
      ["tool_use", "tool-calls"],
      ["pause_turn", "pause"],
      ["refusal", "content-filter"],
      ["something_new", "other"]
    ])("maps %s to %s", ([stop_reason, reason]) =>
      Effect.gen(function*() {
        const response = yield* LanguageModel.generateText({ prompt: "Hello" })

        assert.strictEqual(response.finishReason, reason)
      }).pipe(Effect.provide(layer(Script.reply({ text: "…", stop_reason: stop_reason ?? "" })))))

    it.effect("says why the model refused", () =>
      Effect.gen(function*() {
        const { content, text } = yield* LanguageModel.generateText({ prompt: "Hello" })
        const finish = content.find((part) => part.type === "finish")

        assert.strictEqual(text, "")
        assert.deepInclude(finish?.metadata.claude, {
          stop_reason: "refusal",
          stop_details: { type: "refusal", category: null, explanation: "No." }
        })
      }).pipe(Effect.provide(layer(Script.refusal("No.")))))

    it.effect("keeps the signature of thinking for the next turn", () =>
      Effect.gen(function*() {
        const { content, reasoningText } = yield* LanguageModel.generateText({ prompt: "Hello" })
        const reasoning = content.find((part) => part.type === "reasoning")

        assert.strictEqual(reasoningText, "Let me see.")
        assert.deepStrictEqual(reasoning?.metadata.claude, { block: { type: "thinking", signature: "c2ln" } })
      }).pipe(Effect.provide(layer(Script.message({
        content: [{ type: "thinking", thinking: "Let me see.", signature: "c2ln" }, { type: "text", text: "Hi!" }]
      })))))

    it.effect("decodes an answer of a model no catalogue knows", () =>
      Effect.gen(function*() {
        const { content } = yield* LanguageModel.generateText({ prompt: "Hello" })

        assert.strictEqual(content.find((part) => part.type === "response-metadata")?.modelId, "claude-from-tomorrow")
      }).pipe(Effect.provide(layer(Script.reply("Hi!"), { model: "claude-from-tomorrow" }, { check: false }))))
  })

  describe("system messages", () => {
    it.effect.each([
      ["claude-opus-5-5", true],
      ["claude-opus-4-8", true],
      ["anthropic.claude-sonnet-5-5-v1:0", true],
      ["claude-opus-4-7", false],
      ["claude-sonnet-4-20250514", false],
      ["claude-3-5-haiku-20241022", false],
      ["something-else", false]
    ])("stay in the middle of a conversation with %s: %s", ([model, inPlace]) =>
      Effect.gen(function*() {
        const prompt = [
          { role: "user", content: "Hello" },
          { role: "assistant", content: "Hi!" },
          { role: "system", content: "Be brief." },
          { role: "user", content: "And?" }
        ] as const
        yield* LanguageModel.generateText({ prompt })
        const body = yield* lastBody
        const supports = yield* (yield* LanguageModel.LanguageModel).supportsSystemMessagesInHistory ??
          Effect.die("does not say")

        assert.strictEqual(body.messages.some(({ role }) => role === "system"), inPlace)
        assert.strictEqual(body["system"] === "Be brief.", !inPlace)
        assert.strictEqual(supports, inPlace)
      }).pipe(Effect.provide(layer(Script.reply("So."), { model: String(model) }, { check: false }))))

    it.effect("go where an override says", () =>
      Effect.gen(function*() {
        const { supportsSystemMessagesInHistory = Effect.die("does not say") } = yield* LanguageModel.LanguageModel

        assert.isFalse(
          yield* ClaudeLanguageModel.withConfigOverride(supportsSystemMessagesInHistory, { systemMessages: "top" })
        )
        assert.isTrue(yield* supportsSystemMessagesInHistory)
      }).pipe(Effect.provide(layer(Script.empty))))
  })

  describe("tools", () => {
    it.effect("defines a tool with its own schema: optionals optional, nothing else allowed", () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hello", toolkit })

        const { tools, ...body } = yield* lastBody
        assert.deepStrictEqual(tools, [
          {
            name: "weather",
            description: "Tells the weather of a city",
            input_schema: {
              type: "object",
              properties: { city: { type: "string" }, days: { type: "integer" } },
              required: ["city"],
              additionalProperties: false
            }
          },
          { name: "clock", input_schema: { type: "object", additionalProperties: false } }
        ])
        assert.deepStrictEqual(body["tool_choice"], { type: "auto" })
      }).pipe(Effect.provide([layer(Script.reply("Hi!")), handlers])))

    it.effect("runs the handler of a call and answers with its result", () =>
      Effect.gen(function*() {
        const response = yield* LanguageModel.generateText({ prompt: "Weather?", toolkit })

        assert.deepStrictEqual(response.toolCalls.map(plain), [
          {
            type: "tool-call",
            id: "toolu_1",
            name: "weather",
            params: { city: "Oslo" },
            providerExecuted: false,
            metadata: { claude: { block: { type: "tool_use", caller: { type: "direct" } } } }
          }
        ])
        assert.deepStrictEqual(response.toolResults.map(({ result }) => result), ["Oslo: 22 °C"])
        assert.strictEqual(response.finishReason, "tool-calls")
      }).pipe(
        Effect.provide([layer(Script.toolCall("weather", { city: "Oslo" }, { toolUseId: "toolu_1" })), handlers])
      ))

    it.effect("sends a tool given as JSON Schema as it is", () =>
      Effect.gen(function*() {
        const inputSchema = { type: "object", properties: { q: { type: "string", minLength: 1 } }, required: ["q"] }
        const Search = Tool.dynamic("search", { description: "Searches", parameters: inputSchema })
        yield* LanguageModel.generateText({
          prompt: "Hello",
          toolkit: Toolkit.make(Search),
          disableToolCallResolution: true
        })

        assert.deepStrictEqual((yield* lastBody).tools, [
          { name: "search", description: "Searches", input_schema: inputSchema }
        ])
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("says that an input is an object where its schema does not", () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({
          prompt: "Hello",
          toolkit: Toolkit.make(Tool.dynamic("any", { parameters: { properties: {} } })),
          disableToolCallResolution: true
        })

        assert.deepStrictEqual((yield* lastBody).tools, [
          { name: "any", input_schema: { type: "object", properties: {} } }
        ])
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("makes a tool strict only where asked, and narrows its schema then", () =>
      Effect.gen(function*() {
        const Loose = Tool.make("loose", {
          parameters: Schema.Struct({ n: Schema.Int.check(Schema.isGreaterThan(0)) })
        })
        const Strict = Tool.make("strict", { parameters: Loose.parametersSchema }).annotate(Tool.Strict, true)
        yield* LanguageModel.generateText({
          prompt: "Hello",
          toolkit: Toolkit.make(Loose, Strict),
          disableToolCallResolution: true
        })

        const [loose, strict] = (yield* lastBody).tools ?? []
        assert.deepStrictEqual(loose?.["input_schema"], {
          type: "object",
          properties: { n: { type: "integer", exclusiveMinimum: 0 } },
          required: ["n"],
          additionalProperties: false
        })
        assert.isUndefined(loose?.["strict"])
        assert.isTrue(strict?.["strict"])
        assert.deepStrictEqual(strict?.["input_schema"], {
          type: "object",
          properties: { n: { type: "integer", description: "(exclusiveMinimum: 0)" } },
          required: ["n"],
          additionalProperties: false
        })
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("makes every tool strict that does not say otherwise, if the layer does", () =>
      Effect.gen(function*() {
        const Loose = Tool.make("loose", {}).annotate(Tool.Strict, false)
        yield* LanguageModel.generateText({
          prompt: "Hello",
          toolkit: Toolkit.make(Weather, Loose),
          disableToolCallResolution: true
        })

        assert.deepStrictEqual(((yield* lastBody).tools ?? []).map((tool) => tool["strict"]), [true, undefined])
      }).pipe(Effect.provide(layer(Script.reply("Hi!"), { strictTools: true }))))

    it.effect("says why a tool cannot be strict, and sends nothing", () =>
      Effect.gen(function*() {
        const Open = Tool.make("open", {
          parameters: Schema.Struct({ r: Schema.Record(Schema.String, Schema.String) })
        })
          .annotate(Tool.Strict, true)
        const exit = yield* Effect.exit(LanguageModel.generateText({
          prompt: "Hello",
          toolkit: Toolkit.make(Open),
          disableToolCallResolution: true
        }))

        const reason = reasonOf(failureOf(exit))
        assert.strictEqual(reason._tag, "ToolConfigurationError")
        assert.include(reason.message, "properties.r")
        const { requests } = yield* ClaudeTest.ClaudeTest
        assert.strictEqual((yield* requests).length, 0)
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("refuses a tool of another provider", () =>
      Effect.gen(function*() {
        const Other = Tool.providerDefined({ id: "other.search", customName: "OtherSearch", providerName: "search" })()
        const exit = yield* Effect.exit(LanguageModel.generateText({ prompt: "Hello", toolkit: Toolkit.make(Other) }))

        assert.strictEqual(reasonOf(failureOf(exit))._tag, "ToolConfigurationError")
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("adds what the API can be told of a tool", () =>
      Effect.gen(function*() {
        const Cached = Clock.annotate(ClaudeTool.Settings, {
          cache_control: { type: "ephemeral", ttl: "1h" },
          eager_input_streaming: true
        })
        yield* LanguageModel.generateText({
          prompt: "Hello",
          toolkit: Toolkit.make(Cached),
          disableToolCallResolution: true
        })

        assert.deepInclude((yield* lastBody).tools?.[0], {
          cache_control: { type: "ephemeral", ttl: "1h" },
          eager_input_streaming: true
        })
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect.each(
      [
        ["auto", { type: "auto" }, 2],
        ["none", { type: "none" }, 2],
        ["required", { type: "any" }, 2],
        [{ tool: "clock" as const }, { type: "tool", name: "clock" }, 2],
        [{ oneOf: ["clock" as const] }, { type: "auto" }, 1],
        [{ mode: "required" as const, oneOf: ["clock" as const] }, { type: "any" }, 1]
      ] as const
    )("chooses tools: %o as %o", ([toolChoice, expected, count]) =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hello", toolkit, toolChoice })

        const body = yield* lastBody
        assert.deepStrictEqual(body["tool_choice"], expected)
        assert.strictEqual(body.tools?.length, count)
      }).pipe(Effect.provide([layer(Script.reply("Hi!")), handlers])))

    it.effect("has the model call one tool at a time where asked", () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hello", toolkit })

        assert.deepStrictEqual((yield* lastBody)["tool_choice"], { type: "auto", disable_parallel_tool_use: true })
      }).pipe(Effect.provide([layer(Script.reply("Hi!"), { disableParallelToolUse: true }), handlers])))

    it.effect("runs no handler for calls of an answer that was cut short", () =>
      Effect.gen(function*() {
        const response = yield* LanguageModel.generateText({ prompt: "Hello", toolkit })

        assert.deepStrictEqual(response.toolResults.map(({ isFailure }) => isFailure), [true])
      }).pipe(Effect.provide([
        layer(Script.toolCall("weather", { city: "Oslo" }, { stop_reason: "max_tokens" })),
        handlers
      ])))
  })

  describe("generateObject", () => {
    it.effect("asks for the API's own structured output, and decodes it", () =>
      Effect.gen(function*() {
        const { value } = yield* LanguageModel.generateObject({ prompt: "Who?", schema: Person })

        assert.deepStrictEqual(value, { name: "Ada", age: 36 })
        assert.deepStrictEqual((yield* lastBody)["output_config"], {
          effort: "high",
          format: {
            type: "json_schema",
            schema: {
              type: "object",
              properties: { name: { type: "string" }, age: { type: "integer" } },
              required: ["name"],
              additionalProperties: false
            }
          }
        })
      }).pipe(Effect.provide(layer(Script.reply(`{"name":"Ada","age":36}`), { output_config: { effort: "high" } }))))

    it.effect("takes an answer without its optional properties", () =>
      Effect.gen(function*() {
        const { value } = yield* LanguageModel.generateObject({ prompt: "Who?", schema: Person })

        assert.deepStrictEqual(value, { name: "Ada" })
      }).pipe(Effect.provide(layer(Script.reply(`{"name":"Ada"}`)))))

    it.effect("decodes what JSON has no value for", () =>
      Effect.gen(function*() {
        const { value } = yield* LanguageModel.generateObject({
          prompt: "When?",
          schema: Schema.Struct({ at: Schema.Date })
        })

        assert.strictEqual(value.at.getTime(), 0)
      }).pipe(Effect.provide(layer(Script.reply(`{"at":"1970-01-01T00:00:00.000Z"}`)))))

    it.effect("fails with the text if the answer is not what was asked for", () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(LanguageModel.generateObject({ prompt: "Who?", schema: Person }))

        const reason = reasonOf(failureOf(exit))
        assert.strictEqual(reason._tag, "StructuredOutputError")
        if (reason._tag === "StructuredOutputError") assert.strictEqual(reason.responseText, `{"age":1}`)
      }).pipe(Effect.provide(layer(Script.reply(`{"age":1}`)))))

    it.effect("refuses a schema the API cannot follow, before it is sent", () =>
      Effect.gen(function*() {
        const schema = Schema.Struct({ entries: Schema.Record(Schema.String, Schema.String) })
        const exit = yield* Effect.exit(LanguageModel.generateObject({ prompt: "Who?", schema }))

        const error = failureOf(exit)
        assert.strictEqual(reasonOf(error)._tag, "UnsupportedSchemaError")
        if (AiError.isAiError(error)) assert.strictEqual(error.method, "generateObject")
        const { requests } = yield* ClaudeTest.ClaudeTest
        assert.strictEqual((yield* requests).length, 0)
      }).pipe(Effect.provide(layer(Script.reply("{}")))))
  })

  describe("streamText", () => {
    it.effect("streams text between a start and an end, then the finish", () =>
      Effect.gen(function*() {
        const { exit, parts } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))

        assert.isTrue(Exit.isSuccess(exit))
        assert.strictEqual(parts[0]?.type, "response-metadata")
        assert.strictEqual(parts[1]?.type, "text-start")
        assert.strictEqual(
          parts.flatMap((part) => part.type === "text-delta" ? [part.delta] : []).join(""),
          "Hello there, how are you?"
        )
        assert.strictEqual(parts.at(-2)?.type, "text-end")
        assert.strictEqual(parts.at(-1)?.type, "finish")
        const { open } = yield* ClaudeTest.ClaudeTest
        assert.strictEqual(yield* open, 0)
      }).pipe(Effect.provide(layer(Script.reply("Hello there, how are you?")))))

    it.effect("streams thinking with its signature at the end", () =>
      Effect.gen(function*() {
        const { parts } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))
        const end = parts.find((part) => part.type === "reasoning-end")

        assert.strictEqual(
          parts.flatMap((part) => part.type === "reasoning-delta" ? [part.delta] : []).join(""),
          "Let me see."
        )
        assert.deepStrictEqual(end?.metadata.claude, { block: { type: "thinking", signature: "c2ln" } })
      }).pipe(Effect.provide(layer(Script.message({
        content: [{ type: "thinking", thinking: "Let me see.", signature: "c2ln" }, { type: "text", text: "Hi!" }]
      })))))

    it.effect("streams the input of a call as it is written, then the call, its result and the finish", () =>
      Effect.gen(function*() {
        const { parts } = yield* collect(LanguageModel.streamText({ prompt: "Weather?", toolkit }))
        const types = parts.map(({ type }) => type)

        assert.deepStrictEqual(
          JSON.parse(parts.flatMap((part) => part.type === "tool-params-delta" ? [part.delta] : []).join("")),
          { city: "Oslo" }
        )
        assert.deepStrictEqual(
          types.filter((type) => type !== "tool-params-delta"),
          ["response-metadata", "tool-params-start", "tool-params-end", "tool-call", "tool-result", "finish"]
        )
      }).pipe(Effect.provide([layer(Script.toolCall("weather", { city: "Oslo" })), handlers])))

    it.effect("gives a tool without parameters an empty object", () =>
      Effect.gen(function*() {
        const { parts } = yield* collect(LanguageModel.streamText({ prompt: "Time?", toolkit }))

        assert.deepStrictEqual(parts.find((part) => part.type === "tool-call")?.params, {})
        assert.strictEqual(parts.find((part) => part.type === "tool-result")?.result, "12:00")
      }).pipe(Effect.provide([layer(Script.toolCall("clock")), handlers])))

    it.effect("does not run a handler on an input that is not JSON", () =>
      Effect.gen(function*() {
        const { exit } = yield* collect(LanguageModel.streamText({ prompt: "Weather?", toolkit }))

        assert.strictEqual(reasonOf(failureOf(exit))._tag, "ToolParameterValidationError")
      }).pipe(Effect.provide([
        layer(Script.events(events([
          {
            type: "content_block_start",
            index: 0,
            content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {} }
          },
          { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: `{"city":"Oslo` } },
          { type: "content_block_stop", index: 0 }
        ], "tool_use"))),
        handlers
      ])))
  })

  describe("failures", () => {
    it.effect.each(
      [
        [400, "InvalidRequestError", false],
        [401, "AuthenticationError", false],
        [403, "AuthenticationError", false],
        [404, "InvalidRequestError", false],
        [413, "InvalidRequestError", false],
        [429, "RateLimitError", true],
        [500, "InternalProviderError", true],
        [529, "InternalProviderError", true]
      ] as const
    )("maps a status of %d to %s", ([status, tag, isRetryable]) =>
      Effect.gen(function*() {
        const whole = failureOf(yield* Effect.exit(LanguageModel.generateText({ prompt: "Hello" })))
        const { exit } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))
        const streamed = failureOf(exit)

        for (const error of [whole, streamed]) {
          assert.strictEqual(reasonOf(error)._tag, tag)
          if (AiError.isAiError(error)) assert.strictEqual(error.isRetryable, isRetryable)
        }
      }).pipe(Effect.provide(layer(Script.forever(Script.status(status))))))

    it.effect("keeps how long the server asks to wait", () =>
      Effect.gen(function*() {
        const error = failureOf(yield* Effect.exit(LanguageModel.generateText({ prompt: "Hello" })))

        assert.isTrue(AiError.isAiError(error))
        if (AiError.isAiError(error)) assert.deepStrictEqual(error.retryAfter, Duration.seconds(7))
      }).pipe(Effect.provide(layer(Script.rateLimited({ retryAfter: "7 seconds" })))))

    it.effect("fails the stream at an error inside it, with the reason the error outside has", () =>
      Effect.gen(function*() {
        const { exit, parts } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))
        const error = failureOf(exit)

        assert.strictEqual(reasonOf(error)._tag, "InternalProviderError")
        assert.isFalse(parts.some(({ type }) => type === "finish" || type === "error"))
        if (AiError.isAiError(error)) {
          // Content was handed out: sending the request again would repeat it.
          assert.isFalse(error.isRetryable)
          const original = Option.getOrThrow(ClaudeErrors.claudeError(error))
          assert.strictEqual(original._tag, "OverloadedError")
          assert.isDefined(original.partial)
        }
      }).pipe(Effect.provide(layer(Script.reply("Hello there").pipe(Script.errorInStream({ after: 5 }))))))

    it.effect("fails the stream at an error that is all there is of it, and says that a retry makes sense", () =>
      Effect.gen(function*() {
        const { exit, parts } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))
        const error = failureOf(exit)

        assert.strictEqual(reasonOf(error)._tag, "InternalProviderError")
        assert.deepStrictEqual(parts, [])
        if (AiError.isAiError(error)) assert.isTrue(error.isRetryable)
      }).pipe(Effect.provide(layer(Script.overloadedInStream()))))

    it.effect.each([3, 4, 5, 6])(
      "never ends a stream that is cut after %d events as if it were whole",
      (after) =>
        Effect.gen(function*() {
          const { exit, parts } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))

          assert.strictEqual(reasonOf(failureOf(exit))._tag, "NetworkError")
          assert.isFalse(parts.some(({ type }) => type === "finish"))
        }).pipe(Effect.provide(layer(Script.reply("Hello there").pipe(Script.cutAfter({ events: after })))))
    )

    it.effect("fails the stream of a toolkit as well", () =>
      Effect.gen(function*() {
        const { exit } = yield* collect(LanguageModel.streamText({ prompt: "Hello", toolkit }))

        assert.strictEqual(reasonOf(failureOf(exit))._tag, "NetworkError")
      }).pipe(Effect.provide([
        layer(Script.toolCall("weather", { city: "Oslo" }).pipe(Script.cutAfter({ events: 5 }))),
        handlers
      ])))

    it.effect("refuses a file the API does not take, before anything is sent", () =>
      Effect.gen(function*() {
        const prompt = Prompt.make([{
          role: "user",
          content: [{ type: "file", mediaType: "video/mp4", data: new Uint8Array([1]), fileName: "clip.mp4" }]
        }])
        const exit = yield* Effect.exit(LanguageModel.generateText({ prompt }))

        const reason = reasonOf(failureOf(exit))
        assert.strictEqual(reason._tag, "InvalidUserInputError")
        assert.include(reason.message, "clip.mp4")
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

    it.effect("shows the key in no error", () =>
      Effect.gen(function*() {
        const error = failureOf(yield* Effect.exit(LanguageModel.generateText({ prompt: "Hello" })))

        assert.notInclude(`${String(error)} ${JSON.stringify(error)}`, key)
      }).pipe(Effect.provide(layer(Script.status(401)))))
  })

  describe("what is not known yet", () => {
    it.effect("passes over events, deltas and pings, and loses nothing beside them", () =>
      Effect.gen(function*() {
        const { exit, parts } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))

        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(
          parts.map(({ type }) => type),
          ["response-metadata", "text-start", "text-delta", "text-delta", "text-end", "finish"]
        )
      }).pipe(Effect.provide(layer(Script.events(events([
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
        { type: "tomorrow", what: 1 },
        { type: "ping" },
        { type: "content_block_delta", index: 0, delta: { type: "aura_delta", aura: "blue" } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "lo" } },
        { type: "content_block_stop", index: 0 }
      ]))))))

    it.effect("keeps a block as it is, for the next turn", () =>
      Effect.gen(function*() {
        const block = { type: "hologram", shape: { faces: 6 } }
        const { parts } = yield* collect(LanguageModel.streamText({ prompt: "Hello" }))
        const whole = yield* LanguageModel.generateText({ prompt: "Hello" })

        for (const prompt of [Prompt.fromResponseParts(parts), Prompt.fromResponseParts(whole.content)]) {
          yield* LanguageModel.generateText({ prompt: Prompt.concat(prompt, "And?") })
          assert.deepStrictEqual((yield* lastBody).messages[0], { role: "assistant", content: [block] })
        }
        assert.strictEqual(whole.text, "")
      }).pipe(Effect.provide(layer(
        Script.sequence(
          Script.message({ content: [{ type: "hologram", shape: { faces: 6 } }] }).pipe(Script.times(2)),
          Script.forever(Script.reply("Hi!"))
        ),
        {},
        { check: false }
      ))))
  })

  describe("withConfigOverride", () => {
    it.effect("changes one effect, the inner override first", () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({ prompt: "Hello" }).pipe(
          ClaudeLanguageModel.withConfigOverride({ max_tokens: 100 }),
          ClaudeLanguageModel.withConfigOverride({ max_tokens: 200, service_tier: "auto" })
        )

        assert.deepInclude(yield* lastBody, { max_tokens: 100, service_tier: "auto" })
        yield* LanguageModel.generateText({ prompt: "Hello" })
        assert.deepInclude(yield* lastBody, { max_tokens: 16_384 })
      }).pipe(Effect.provide(layer(Script.forever(Script.reply("Hi!"))))))

    it.effect("changes one stream", () =>
      Effect.gen(function*() {
        yield* LanguageModel.streamText({ prompt: "Hello" }).pipe(
          ClaudeLanguageModel.withConfigOverride({ max_tokens: 100 }),
          Stream.runDrain
        )

        assert.deepInclude(yield* lastBody, { max_tokens: 100 })
      }).pipe(Effect.provide(layer(Script.reply("Hi!")))))
  })

  describe("model", () => {
    it.effect("names the provider and the model beside the language model", () =>
      Effect.gen(function*() {
        const names = yield* Effect.all([Model.ProviderName, Model.ModelName])
        yield* LanguageModel.generateText({ prompt: "Hello" })

        assert.deepStrictEqual(names, ["anthropic", "claude-opus-5-5"])
        assert.deepInclude(yield* lastBody, { model: "claude-opus-5-5", max_tokens: 7 })
      }).pipe(
        Effect.provide(ClaudeLanguageModel.model("claude-opus-5-5", { max_tokens: 7 })),
        Effect.provide(layer(Script.reply("Hi!")))
      ))
  })
})

/** The events of a stream around some of its middle. */
function events(
  middle: ReadonlyArray<{ readonly type: string; readonly [field: string]: unknown }>,
  stop_reason = "end_turn"
): ReadonlyArray<StreamEvent | Script.Tagged> {
  return [
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "claude-sonnet-5-5",
        content: [],
        usage: { input_tokens: 3, output_tokens: 1 }
      }
    },
    ...middle,
    { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: "message_stop" }
  ]
}
