import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as JsonText from "@effect-claude/core/JsonText"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth)

const problem = (text: string) =>
  Result.match(JsonText.parse(text), {
    onFailure: (error) => error.problem,
    onSuccess: () => "none" as const
  })

describe("JsonText", () => {
  it("parses up to the limit and refuses one level more", () => {
    assert.strictEqual(problem(nested(JsonText.maxDepth)), "none")
    assert.strictEqual(problem(nested(JsonText.maxDepth + 1)), "depth")
    assert.strictEqual(problem(`${`{"a":`.repeat(501)}1${"}".repeat(501)}`), "depth")
    assert.strictEqual(problem(`[${nested(JsonText.maxDepth - 1)}, ${nested(JsonText.maxDepth - 1)}]`), "none")
  })

  it("reports what is not JSON", () => {
    for (const text of ["", "{", "\"", "[".repeat(300), "\"\\"]) assert.strictEqual(problem(text), "syntax")
  })

  it("does not count brackets inside strings", () => {
    assert.strictEqual(problem(JSON.stringify("[".repeat(2000))), "none")
    assert.strictEqual(problem(JSON.stringify({ [`\\"${"{".repeat(2000)}\\`]: "\\".repeat(99) })), "none")
    assert.strictEqual(problem(`["\\\\",${nested(JsonText.maxDepth)}]`), "depth")
  })

  it.prop("returns what JSON.parse returns", [Schema.String, Schema.Int], ([text, n]) => {
    const value = { [text]: [text.repeat(50), { n, text }], padding: "]".repeat(1001) }
    const json = JSON.stringify(value)
    assert.deepStrictEqual(JsonText.parse(json), Result.succeed(JSON.parse(json)))
  })

  it("takes steps in proportion to a text of quotes and backslashes", () => {
    for (const part of ["\\", "\"", "\\\"", "\"\\\\", "[\"", "]"]) {
      assert.isBoolean(JsonText.isDeep(part.repeat(1_000_000)))
    }
  })
})

describe("deep JSON", () => {
  const deep: unknown = JSON.parse(nested(200_000))

  it("in an error response becomes an error of its status", () => {
    for (const text of [nested(200_000), `{"error":${nested(200_000)}}`, `{"error":{"message":${nested(200_000)}}}`]) {
      const error = ErrorResponse.toError({ status: 400, headers: {}, text, now: 0, url: undefined })
      assert.strictEqual(error._tag, "InvalidRequestError")
      assert.isBelow(error.message.length, 1000)
    }
  })

  it("in an error event becomes an error", () => {
    const context = { partial: undefined, meta: undefined, url: undefined }
    assert.isString(ErrorResponse.fromEvent({ type: "error", error: deep }, context).message)
  })

  it("in a request is estimated", () => {
    const estimate = TokenEstimate.ofRequest({
      model: "claude-sonnet-5-5",
      max_tokens: 1,
      messages: [{
        role: "assistant",
        content: [{ type: "tool_use", id: "toolu_1", name: "n", input: { deep } }]
      }]
    })
    assert.isAbove(estimate.tokens, 100)
  })
})
