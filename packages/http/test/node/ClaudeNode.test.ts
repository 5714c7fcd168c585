import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Rules from "@effect-claude/core/Rules"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { key, question } from "../support.ts"
import { rawServer } from "./support.ts"

const unanswered: MessageRequest = {
  ...question,
  messages: [
    ...question.messages,
    { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "look", input: {} }] },
    { role: "user", content: "Well?" }
  ]
}

const refusal = (options?: ClaudeConfig.Options) =>
  Effect.gen(function*() {
    const { hits, url } = yield* rawServer("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    const error = yield* Effect.flip(Messages.create(unanswered)).pipe(
      Effect.provide(ClaudeNode.layer({ apiKey: Redacted.make(key), baseUrl: url, ...options }))
    )
    return [error._tag, hits()] as const
  })

describe("ClaudeNode", () => {
  describe("layer", () => {
    it.live("holds requests to the standard rules", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refusal(), ["RequestValidationError", 0])
      }).pipe(Effect.scoped))

    it.live("holds requests to other rules where it is given some", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refusal({ rules: Rules.none }), ["InvalidRequestError", 1])
      }).pipe(Effect.scoped))
  })
})
