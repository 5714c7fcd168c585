import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import type { RecordedRequest } from "@effect-claude/testing/RecordedRequest"
import * as RequestMatcher from "@effect-claude/testing/RequestMatcher"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpClient } from "effect/http"

const request: RecordedRequest = {
  index: 0,
  at: 0,
  method: "POST",
  url: "/v1/messages?beta=true",
  path: "/v1/messages",
  query: { beta: "true" },
  headers: { "anthropic-version": "2023-06-01", "x-api-key": "sk-ant-***" },
  body: {
    model: "claude-opus-5",
    max_tokens: 10,
    tools: [{ name: "get_weather" }],
    messages: [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: [{ type: "text", text: "And now?" }] }
    ]
  }
}

describe("RequestMatcher", () => {
  describe("mismatches", () => {
    it.each([
      [RequestMatcher.endpoint("POST", "/v1/messages"), []],
      [RequestMatcher.endpoint("GET", "/v1/models"), [
        `method: expected "GET", got "POST"`,
        `path: expected "/v1/models", got "/v1/messages"`
      ]],
      [RequestMatcher.header("Anthropic-Version", "2023-06-01"), []],
      [RequestMatcher.header("anthropic-version", /^2026/), [
        `headers.anthropic-version: expected /^2026/, got "2023-06-01"`
      ]],
      [RequestMatcher.header("anthropic-beta", undefined), []],
      [RequestMatcher.header("anthropic-beta", "a"), [`headers.anthropic-beta: expected "a", got nothing`]],
      [RequestMatcher.body({ max_tokens: 10 }), []],
      [RequestMatcher.body({ max_tokens: 11, messages: [{ role: "user" }, { content: "Hello" }] }), [
        "body.max_tokens: expected 11, got 10",
        `body.messages[2]: expected nothing, got {"role":"user","content":[{"type":"text","text":"And now?"}]}`
      ]],
      [RequestMatcher.bodyEquals({ ...Object(request.body), model: "claude-opus-5" }), []],
      [RequestMatcher.bodyEquals({ ...Object(request.body), max_tokens: undefined }), [
        "body.max_tokens: expected nothing, got 10"
      ]],
      [RequestMatcher.prompt("And now?"), []],
      [RequestMatcher.prompt(/then/), [`the last user turn: expected /then/, got "And now?"`]],
      [RequestMatcher.roles("user", "assistant", "user"), []],
      [RequestMatcher.roles("user"), [`roles: expected "user", got "user, assistant, user"`]],
      [RequestMatcher.tool("get_weather"), []],
      [RequestMatcher.tool("search"), [`body.tools: expected search, got ["get_weather"]`]]
    ])("of %o are %o", (matcher, expected) => {
      assert.deepStrictEqual(RequestMatcher.mismatches(matcher, request), expected)
    })
  })

  describe("combinators", () => {
    const yes = RequestMatcher.endpoint("POST", "/v1/messages")
    const no = RequestMatcher.prompt("Never said")

    it("all expects everything, any one thing, not the contrary", () => {
      assert.isTrue(RequestMatcher.matches(RequestMatcher.all(yes, yes))(request))
      assert.isFalse(RequestMatcher.matches(RequestMatcher.all(yes, no))(request))
      assert.isTrue(RequestMatcher.matches(RequestMatcher.any(no, yes))(request))
      assert.isFalse(RequestMatcher.matches(RequestMatcher.any(no, no))(request))
      assert.isTrue(RequestMatcher.matches(RequestMatcher.not(no))(request))
      assert.isFalse(RequestMatcher.matches(RequestMatcher.not(yes))(request))
    })

    it("a matcher alone is a predicate", () => {
      assert.deepStrictEqual([request].filter(RequestMatcher.matches(no)), [])
    })
  })

  describe("expect", () => {
    const get = (path: string) => HttpClient.get(`https://api.anthropic.com${path}`, { headers: ClaudeTest.headers })

    it.effect("returns the request that is as expected", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        yield* get("/v1/models")
        yield* get("/v1/files")

        const found = yield* RequestMatcher.expect(requests, RequestMatcher.endpoint("GET", "/v1/files"))
        assert.strictEqual(found.index, 1)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("fails with what is wrong with each", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        const none = yield* Effect.flip(RequestMatcher.expect(requests, RequestMatcher.endpoint("GET", "/v1/files")))
        yield* get("/v1/models?limit=1")
        const one = yield* Effect.flip(RequestMatcher.expect(requests, RequestMatcher.endpoint("GET", "/v1/files")))

        assert.strictEqual(none.message, "Expected a request with GET /v1/files; there was none.")
        assert.strictEqual(
          one.message,
          "Expected a request with GET /v1/files; found\n" +
            "  request 1, GET /v1/models?limit=1\n" +
            `    path: expected "/v1/files", got "/v1/models"`
        )
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))
  })
})
