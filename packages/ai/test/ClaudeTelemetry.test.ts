import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Stream, Tracer } from "effect"
import { LanguageModel, Telemetry, Toolkit } from "effect/ai"
import { key, layer } from "./support.ts"

/** Runs an effect with a tracer, and returns the attributes of the spans of this name. */
const attributesOf = <A, E, R>(self: Effect.Effect<A, E, R>, name: string) =>
  Effect.gen(function*() {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    yield* Effect.provideService(self, Tracer.Tracer, tracer)
    return Object.fromEntries(spans.find((span) => span.name === name)?.attributes ?? [])
  })

const script = Script.message({
  id: "msg_1",
  model: "claude-sonnet-5-5-20270101",
  content: [{ type: "text", text: "SECRET ANSWER" }],
  usage: {
    input_tokens: 10,
    cache_read_input_tokens: 1000,
    cache_creation_input_tokens: 100,
    cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
    output_tokens: 50,
    output_tokens_details: { thinking_tokens: 30 },
    service_tier: "priority"
  }
})

const options = {
  max_tokens: 2048,
  thinking: { type: "adaptive" },
  output_config: { effort: "low" },
  stop_sequences: ["END"]
} as const

const expected = {
  "gen_ai.provider.name": "anthropic",
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "claude-sonnet-5-5",
  "gen_ai.request.max_tokens": 2048,
  "gen_ai.request.stop_sequences": ["END"],
  "gen_ai.response.id": "msg_1",
  "gen_ai.response.model": "claude-sonnet-5-5-20270101",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.usage.input_tokens": 1110,
  "gen_ai.usage.output_tokens": 50,
  "gen_ai.usage.cache_read.input_tokens": 1000,
  "gen_ai.usage.cache_creation.input_tokens": 100,
  "gen_ai.usage.reasoning.output_tokens": 30,
  "claude.request.thinking": "adaptive",
  "claude.request.effort": "low",
  "claude.response.stop_reason": "end_turn",
  "claude.response.service_tier": "priority"
}

describe("ClaudeTelemetry", () => {
  it.effect("says on the span what was asked, what came back and what it took", () =>
    Effect.gen(function*() {
      const attributes = yield* attributesOf(
        LanguageModel.generateText({ prompt: "SECRET PROMPT" }),
        "LanguageModel.generateText"
      )

      assert.deepInclude(attributes, expected)
      assert.isString(attributes["claude.response.request_id"])
    }).pipe(Effect.provide(layer(script, options))))

  it.effect("says the same of a stream", () =>
    Effect.gen(function*() {
      const attributes = yield* attributesOf(
        Stream.runDrain(LanguageModel.streamText({ prompt: "SECRET PROMPT" })),
        "LanguageModel.streamText"
      )

      assert.deepInclude(attributes, expected)
    }).pipe(Effect.provide(layer(script, options))))

  it.effect("says neither content nor the key", () =>
    Effect.gen(function*() {
      const attributes = yield* attributesOf(
        LanguageModel.generateText({ prompt: "SECRET PROMPT" }),
        "LanguageModel.generateText"
      )

      assert.notMatch(JSON.stringify(attributes), new RegExp(`SECRET|${key}`))
    }).pipe(Effect.provide(layer(script, options))))

  it.effect("counts the tools of a request", () =>
    Effect.gen(function*() {
      const attributes = yield* attributesOf(
        LanguageModel.generateText({ prompt: "Hello", toolkit: Toolkit.make(ClaudeTool.webSearch()) }),
        "LanguageModel.generateText"
      )

      assert.strictEqual(attributes["claude.request.tools"], 1)
    }).pipe(Effect.provide(layer(Script.reply("Hi!")))))

  it.effect("leaves room for a program's own transformer of spans", () =>
    Effect.gen(function*() {
      const seen = yield* Ref.make<ReadonlyArray<string>>([])
      yield* LanguageModel.generateText({ prompt: "Hello" }).pipe(
        Effect.provideService(Telemetry.CurrentSpanTransformer, ({ response }) =>
          Effect.runSync(Ref.set(seen, response.map(({ type }) => type))))
      )

      assert.deepStrictEqual(yield* Ref.get(seen), ["response-metadata", "text", "finish"])
    }).pipe(Effect.provide(layer(Script.reply("Hi!")))))
})
