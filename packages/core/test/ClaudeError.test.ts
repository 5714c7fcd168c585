import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Duration, Effect, Exit, Inspectable } from "effect"
import { inspect } from "node:util"

const partial: Message.Message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [{ type: "text", text: "SECRET ANSWER" }],
  usage: { input_tokens: 1, output_tokens: 1 }
}

const details = {
  message: "HTTP 429 — wait",
  outcome: "rejected",
  status: 429,
  requestId: "req_1",
  retryAfter: Duration.seconds(2),
  body: { prompt: "SECRET PROMPT" },
  partial,
  phase: "connect",
  violations: [],
  reason: "eof",
  limit: Duration.seconds(1),
  idle: Duration.seconds(1)
} as const

describe("ClaudeError", () => {
  describe.each(Object.entries(ClaudeError.classes))("%s", (tag, Class) => {
    const error = new Class(details)

    it("has the tag of its class, and the brand", () => {
      assert.strictEqual(error._tag, tag)
      assert.strictEqual(error.name, tag)
      assert.isTrue(ClaudeError.is(error))
    })

    it("is an Error with a message, to be yielded as a failure", () => {
      assert.instanceOf(error, Error)
      assert.strictEqual(error.message, details.message)
      const effect: Effect.Effect<never, unknown> = error
      assert.deepStrictEqual(Effect.runSyncExit(effect), Exit.fail(error))
    })

    it("shows body and partial to whoever reads them, and to nothing that prints it", () => {
      assert.strictEqual(error.body, details.body)
      assert.strictEqual(error.partial, partial)
      for (
        const printed of [
          JSON.stringify(error),
          inspect(error, { depth: null, showHidden: false }),
          String(error),
          Inspectable.toStringUnknown(error),
          Cause.pretty(Cause.fail(error)),
          JSON.stringify({ ...error }),
          inspect(Cause.fail(error), { depth: null })
        ]
      ) assert.notInclude(printed, "SECRET")
    })

    it("writes as JSON what is known, and neither its brand nor its cause", () => {
      const json = new Class({ ...details, cause: new Error("low level") }).toJSON()

      assert.deepStrictEqual<unknown>(json, {
        _tag: tag,
        message: details.message,
        outcome: "rejected",
        status: 429,
        requestId: "req_1",
        retryAfter: details.retryAfter,
        phase: "connect",
        violations: [],
        reason: "eof",
        limit: details.limit,
        idle: details.idle
      })
    })

    it("keeps everything in a copy with other details", () => {
      const copy = error.with({ requestId: "req_2" })

      assert.strictEqual(copy.constructor, Class)
      assert.strictEqual(copy.requestId, "req_2")
      assert.strictEqual(copy.message, error.message)
      assert.strictEqual(copy.status, error.status)
      assert.strictEqual(copy.body, details.body)
      assert.strictEqual(copy.partial, partial)
      assert.deepStrictEqual(copy.with({ requestId: "req_1" }).toJSON(), error.toJSON())
      assert.notInclude(inspect(copy, { depth: null }), "SECRET")
      assert.strictEqual(error.requestId, "req_1")
    })
  })

  describe("is", () => {
    class RateLimitError extends Data.TaggedError("RateLimitError")<{}> {}

    it.each([
      ["an error of a program's own with the same tag", new RateLimitError()],
      ["a plain object with a tag", { _tag: "RateLimitError" }],
      ["an Error", new Error("no")],
      ["null", null],
      ["text", "RateLimitError"]
    ])("is false for %s", (_, value) => {
      assert.isFalse(ClaudeError.is(value))
    })
  })

  describe("wrap", () => {
    it("puts any error under one tag, to be caught by reason", () => {
      const program = Effect.fail(ClaudeError.wrap(new ClaudeError.OverloadedError(details))).pipe(
        Effect.catchReason("ClaudeError", "OverloadedError", (reason) => Effect.succeed(reason.status))
      )

      assert.strictEqual(Effect.runSync(program), 429)
    })

    it("says what its reason says", () => {
      const wrapped = ClaudeError.wrap(new ClaudeError.OverloadedError(details))

      assert.strictEqual(wrapped.message, details.message)
      assert.notInclude(JSON.stringify(wrapped), "SECRET")
      assert.notInclude(inspect(wrapped, { depth: null }), "SECRET")
    })
  })

  it("drops details that are undefined, so that an error prints what is known", () => {
    const error = new ClaudeError.ApiError({ message: "", outcome: "unknown", status: undefined })

    assert.notProperty(error, "status")
  })
})
