/** The Vercel AI SDK and its Anthropic provider, unchanged, as clients of the scripted API. */
import { createAnthropic } from "@ai-sdk/anthropic"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { APICallError, generateText, jsonSchema, type LanguageModel, Output, stepCountIs, streamText, tool } from "ai"
import { Effect } from "effect"

/** Runs what a user of the AI SDK would write. */
const using = <A>(script: Script.Script, use: (model: LanguageModel) => Promise<A>, apiKey = "sk-ant-test") =>
  Effect.flatMap(
    ClaudeServer.ClaudeServer,
    ({ requests, url }) =>
      Effect.promise(() => use(createAnthropic({ apiKey, baseURL: `${url}/v1` })("claude-sonnet-5-5"))).pipe(
        Effect.flatMap((answer) => Effect.map(requests, (requests) => ({ answer, requests })))
      )
  ).pipe(Effect.provide(ClaudeServer.layer(script)))

const weather = tool({
  description: "The weather in a city",
  inputSchema: jsonSchema<{ readonly city: string }>({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false
  }),
  execute: ({ city }) => Promise.resolve(`18 °C in ${city}`)
})

describe("the AI SDK", () => {
  it.live("generates text", () =>
    Effect.gen(function*() {
      const { answer } = yield* using(Script.model(), (model) => generateText({ model, prompt: "What is 6 * 7?" }))

      assert.strictEqual(answer.text, "6 * 7 = 42")
      assert.strictEqual(answer.finishReason, "stop")
      assert.isAbove(answer.usage.outputTokens ?? 0, 0)
    }))

  it.live("streams text", () =>
    Effect.gen(function*() {
      const { answer: [pieces, text] } = yield* using(Script.model().pipe(Script.chunked("perByte")), async (model) => {
        const result = streamText({ model, prompt: "Count to 30" })
        const pieces: Array<string> = []
        for await (const piece of result.textStream) pieces.push(piece)
        return [pieces, await result.text] as const
      })

      assert.isAbove(pieces.length, 5)
      assert.strictEqual(pieces.join(""), text)
      assert.match(text, /29, 30\.$/)
    }))

  it.live("runs a tool until the model has answered", () =>
    Effect.gen(function*() {
      const { answer, requests } = yield* using(Script.model(), (model) =>
        generateText({
          model,
          prompt: "What is the weather in Paris?",
          tools: { get_weather: weather },
          stopWhen: stepCountIs(3)
        }))

      assert.strictEqual(answer.text, "The tool says: 18 °C in Paris")
      assert.strictEqual(requests.length, 2)
    }))

  it.live("generates an object", () =>
    Effect.gen(function*() {
      const { answer } = yield* using(Script.model(), (model) =>
        generateText({
          model,
          prompt: "I met Ada in Paris",
          output: Output.object({
            schema: jsonSchema<{ readonly city: string }>({
              type: "object",
              properties: { city: { type: "string" } },
              required: ["city"],
              additionalProperties: false
            })
          })
        }))

      assert.deepStrictEqual(answer.output, { city: "Paris" })
    }))

  it.live("fails with the API's status and words", () =>
    Effect.gen(function*() {
      const { answer } = yield* using(
        Script.model(),
        (model) =>
          generateText({ model, prompt: "Hi", maxRetries: 0 }).then(() => undefined, (error: unknown) => error),
        "sk-ant-invalid"
      )

      assert.isTrue(APICallError.isInstance(answer))
      if (APICallError.isInstance(answer)) {
        assert.strictEqual(answer.statusCode, 401)
        assert.include(answer.message, "invalid x-api-key")
        assert.isFalse(answer.isRetryable)
      }
    }))

  it.live("retries an overload", () =>
    Effect.gen(function*() {
      const { answer, requests } = yield* using(
        Script.sequence(Script.status(529, { headers: { "retry-after-ms": "1" } }), Script.reply("Hello!")),
        (model) => generateText({ model, prompt: "Hi", maxRetries: 1 })
      )

      assert.strictEqual(answer.text, "Hello!")
      assert.strictEqual(requests.length, 2)
    }), 10_000)
})
