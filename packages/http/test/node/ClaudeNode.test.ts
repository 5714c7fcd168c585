import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Rules from "@effect-claude/core/Rules"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Runtime from "../../src/node/internal/runtime.ts"
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
    it.live("checks requests with the standard rules", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refusal(), ["RequestValidationError", 0])
      }).pipe(Effect.scoped))

    it.live("checks requests with the rules of its options", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refusal({ rules: Rules.none }), ["InvalidRequestError", 1])
      }).pipe(Effect.scoped))
  })

  describe("the runtime", () => {
    const refused = (versions: Runtime.Versions) =>
      Effect.gen(function*() {
        const { hits, url } = yield* rawServer("HTTP/1.1 500 Not reached\r\ncontent-length: 0\r\n\r\n")
        const options = { baseUrl: url, apiKey: Redacted.make(key) }
        const own = Layer.provide(ClaudeNode.layerNoDispatcher(options), NodeHttpClient.layerDispatcher)
        const messages: Array<string> = []
        for (const layer of [ClaudeNode.layer(options), own]) {
          const error = yield* Effect.flip(Effect.provide(Messages.create(question), layer)).pipe(
            Effect.provideService(Runtime.Versions, versions)
          )
          assert.strictEqual(error._tag, "ClaudeConfigError")
          assert.strictEqual(error._tag === "ClaudeConfigError" ? error.option : "", "runtime")
          messages.push(error.message)
        }
        assert.strictEqual(hits(), 0)
        assert.strictEqual(messages[0], messages[1])
        return String(messages[0])
      }).pipe(Effect.scoped)

    it.live("fails on Node before 22.19 and names the version it needs", () =>
      Effect.gen(function*() {
        for (const node of ["18.20.4", "20.19.0", "22.2.0", "22.18.9", "9.0.0"]) {
          assert.match(
            yield* refused({ node }),
            new RegExp(`This is Node ${node}, .* needs Node 22\\.19 or newer`)
          )
        }
      }))

    it.live("fails on Bun and on what is not Node", () =>
      Effect.gen(function*() {
        assert.match(
          yield* refused({ bun: "1.3.0", node: "24.3.0" }),
          /This is Bun 1\.3\.0, .*`Claude\.layerFetch`/
        )
        assert.match(yield* refused({}), /not Node.*`Claude\.layerFetch`/)
      }))

    it.effect("accepts Node 22.19 and newer", () =>
      Effect.gen(function*() {
        for (const node of ["22.19.0", "23.0.0", "24.1.0", "100.0.0-nightly"]) {
          yield* Effect.scoped(Layer.build(ClaudeNode.layer({ apiKey: Redacted.make(key) }))).pipe(
            Effect.provideService(Runtime.Versions, { node })
          )
        }
      }))
  })
})
