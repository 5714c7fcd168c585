/** How the failures that servers and intermediaries report arrive at a program. */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Rules from "@effect-claude/core/Rules"
import * as Batches from "@effect-claude/http/Batches"
import type * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { key, patiently, question, scripted } from "./scripted.ts"

const events = (body: string) => Script.garbage({ status: 200, contentType: "text/event-stream", body })

const json = (status: number, body: unknown) =>
  Script.garbage({ status, contentType: "application/json", body: JSON.stringify(body) })

const failure = (
  script: Script.Script,
  call: Effect.Effect<unknown, ClaudeError.ClaudeError, Claude.Claude> = Messages.create(question)
) => Effect.flip(call).pipe(Effect.provide(scripted(script, { retry: RetryPolicy.never, rules: Rules.standard })))

const started = `event: message_start\ndata: ${
  JSON.stringify({
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 }
    }
  })
}\n\n`

describe("errors of a server", () => {
  describe("inside a stream", () => {
    const streamed = Stream.runDrain(Messages.stream(question))

    it.effect.each<readonly [name: string, frame: string, tag: ClaudeError.Tag, words: string]>([
      [
        "the API",
        "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        "OverloadedError",
        "Overloaded"
      ],
      ["a gateway in plain text", "event: error\ndata: upstream gone", "ApiError", "upstream gone"],
      ["a gateway in JSON", "event: error\ndata: {\"message\":\"quota\",\"code\":429}", "RateLimitError", "quota"],
      [
        "OpenAI style",
        "data: {\"error\":{\"message\":\"bad key\",\"type\":\"authentication_error\"}}",
        "AuthenticationError",
        "bad key"
      ],
      ["a text as the error", "data: {\"error\":\"upstream gone\"}", "ApiError", "upstream gone"]
    ])("is recognised when it comes from %s", ([, frame, tag, words]) =>
      Effect.gen(function*() {
        for (const before of ["", started]) {
          const error = yield* failure(events(`${before}${frame}\n\n`), streamed)

          assert.strictEqual(error._tag, tag)
          assert.include(error.message, words)
        }
      }))
  })

  it.effect("is recognised in the body of a 200", () =>
    Effect.gen(function*() {
      const call = Messages.create(question, { wire: "json" })
      const error = yield* failure(json(200, { error: { message: "no quota", code: 429 } }), call)

      assert.strictEqual(error._tag, "RateLimitError")
      assert.include(error.message, "no quota")
    }))

  it.effect("names the URL of a 404, and what replaces a retired model", () =>
    Effect.gen(function*() {
      const call = Messages.create({ ...question, model: "claude-opus-4-0" })
      const error = yield* failure(Script.status(404, { message: "model: claude-opus-4-0" }), call)

      assert.include(error.message, "URL: https://api.anthropic.com/v1/messages")
      assert.include(error.message, "claude-opus-4 retires on 2026-06-15: use claude-opus-5-5")
    }))

  describe("a batch", () => {
    const create = Batches.create([{ custom_id: "a", params: question }])

    it.effect.each([500, 502, 503, 504, 520, 522, 524, 599])(
      "is created at most once when an intermediary reports %s",
      (status) =>
        Effect.gen(function*() {
          const { requests } = yield* ClaudeTest.ClaudeTest
          const error = yield* patiently(Effect.flip(create))

          assert.strictEqual(error.outcome, "unknown")
          assert.strictEqual((yield* requests).length, 1)
        }).pipe(
          Effect.provide(
            scripted(Script.garbage({ status, contentType: "text/html", body: "<title>failed</title>" }))
          )
        )
    )

    it.effect.each([521, 523, 525, 529])(
      "is created after a %s, which proves that none was",
      (status) =>
        Effect.gen(function*() {
          const { requests } = yield* ClaudeTest.ClaudeTest
          yield* patiently(create)

          assert.strictEqual((yield* requests).length, 2)
        }).pipe(
          Effect.provide(scripted(Script.garbage({ status, contentType: "text/html", body: "<title>failed</title>" })))
        )
    )
  })

  it.effect("waits for the time that a body names", () =>
    Effect.gen(function*() {
      const error = yield* failure(json(429, { title: "Too many", retry_after: 12 }))

      assert.deepStrictEqual(error.retryAfter, Duration.seconds(12))
    }))

  it.effect("shows no key in what it takes from headers", () =>
    Effect.gen(function*() {
      const error = yield* failure(
        Script.garbage({
          status: 400,
          contentType: "application/json",
          body: "{}",
          headers: { "request-id": `${key}/1`, "anthropic-organization-id": encodeURIComponent(`<${key}>`) }
        })
      )

      assert.strictEqual(error.requestId, "[credential]/1")
      assert.strictEqual(error.organizationId, "%3C[credential]%3E")
      assert.notInclude(error.message, key)
    }))
})
