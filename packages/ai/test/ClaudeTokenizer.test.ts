import * as ClaudeTokenizer from "@effect-claude/ai/ClaudeTokenizer"
import * as Claude from "@effect-claude/http/Claude"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { AiError, Prompt, Tokenizer } from "effect/ai"
import { key } from "./support.ts"

const model = "claude-sonnet-5-5"

const counted = (script: Script.Script) =>
  ClaudeTokenizer.layer({ model }).pipe(
    Layer.provide(Claude.layer({ apiKey: Redacted.make(key), retry: RetryPolicy.never })),
    Layer.provideMerge(ClaudeTest.layer(script))
  )

/** A tokenizer that counts the messages of a prompt. */
const perMessage = ClaudeTokenizer.make({ model, count: ({ messages }) => Effect.succeed(messages.length) })

const exchange = (n: number): ReadonlyArray<Prompt.MessageEncoded> => [
  { role: "user", content: `Question ${n}` },
  { role: "assistant", content: [{ type: "tool-call", id: `t${n}`, name: "weather", params: {} }] },
  { role: "tool", content: [{ type: "tool-result", id: `t${n}`, name: "weather", isFailure: false, result: "22 °C" }] },
  { role: "assistant", content: `Answer ${n}` }
]

describe("ClaudeTokenizer", () => {
  describe("layer", () => {
    it.effect("asks the API how many tokens a prompt has", () =>
      Effect.gen(function*() {
        const { tokenize } = yield* Tokenizer.Tokenizer
        const tokens = yield* tokenize("How many tokens is this?")

        const { requests } = yield* ClaudeTest.ClaudeTest
        assert.deepStrictEqual((yield* requests).map(({ path }) => path), ["/v1/messages/count_tokens"])
        assert.isAbove(tokens.length, 3)
        assert.isBelow(tokens.length, 30)
      }).pipe(Effect.provide(counted(Script.empty))))

    it.effect("fails as the model would", () =>
      Effect.gen(function*() {
        const { tokenize } = yield* Tokenizer.Tokenizer
        const error = yield* Effect.flip(tokenize("Hello"))

        assert.isTrue(AiError.isAiError(error))
        assert.strictEqual(error.module, "ClaudeTokenizer")
        assert.strictEqual(error.reason._tag, "AuthenticationError")
      }).pipe(Effect.provide(counted(Script.status(401)))))
  })

  describe("layerEstimate", () => {
    it.effect("estimates without a request", () =>
      Effect.gen(function*() {
        const { tokenize } = yield* Tokenizer.Tokenizer

        assert.isAbove((yield* tokenize("word ".repeat(1000))).length, 500)
        assert.deepStrictEqual(yield* tokenize([]), [])
      }).pipe(Effect.provide(ClaudeTokenizer.layerEstimate({ model }))))
  })

  describe("truncate", () => {
    it.effect("returns a prompt that fits as it is", () =>
      Effect.gen(function*() {
        const prompt = Prompt.make(exchange(1))

        assert.strictEqual(yield* perMessage.truncate(prompt, 100), prompt)
      }))

    it.effect("drops whole exchanges, the oldest first, and keeps system messages", () =>
      Effect.gen(function*() {
        const prompt = Prompt.make([{ role: "system", content: "Be brief." }, ...exchange(1), ...exchange(2)])
        const kept = yield* perMessage.truncate(prompt, 5)

        assert.deepStrictEqual(kept, Prompt.make([{ role: "system", content: "Be brief." }, ...exchange(2)]))
      }))

    it.effect("keeps nothing but the system messages if not even the newest exchange fits", () =>
      Effect.gen(function*() {
        const prompt = Prompt.make([{ role: "system", content: "Be brief." }, ...exchange(1)])
        const kept = yield* perMessage.truncate(prompt, 1)

        assert.deepStrictEqual(kept.content.map(({ role }) => role), ["system"])
      }))

    it.effect.prop(
      "keeps as many exchanges as fit, and no fewer",
      {
        exchanges: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })),
        limit: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 130 }))
      },
      ({ exchanges, limit }) =>
        Effect.gen(function*() {
          const prompt = Prompt.make(Array.from({ length: exchanges }, (_, index) => exchange(index)).flat())
          const kept = yield* perMessage.truncate(prompt, limit)

          assert.strictEqual(kept.content.length, Math.min(exchanges, Math.floor(limit / 4)) * 4)
          assert.deepStrictEqual(kept.content, prompt.content.slice(prompt.content.length - kept.content.length))
        })
    )
  })
})
