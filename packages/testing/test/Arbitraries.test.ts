import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as Wire from "@effect-claude/core/Wire"
import * as Arbitraries from "@effect-claude/testing/Arbitraries"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as RequestCheck from "@effect-claude/testing/RequestCheck"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Duration, Effect, Option } from "effect"

const isMessage = Wire.is(Message.Message)

const fold = (events: ReadonlyArray<Parameters<typeof MessageAccumulator.step>[1]>) =>
  Option.getOrUndefined(MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events)))

describe("Arbitraries", () => {
  describe("message", () => {
    it.prop("is a message of the wire", [Arbitraries.message], ([message]) => {
      assert.isTrue(isMessage(message))
    })
  })

  describe("stream", () => {
    it.prop("folds to its message", [Arbitraries.stream], ([{ events, message }]) => {
      assert.deepStrictEqual(fold(events), message)
    })
  })

  describe("bytes", () => {
    it.prop("are the events of the stream, however they are cut", [Arbitraries.bytes], ([{ chunks, events }]) => {
      const text = new TextDecoder().decode(Buffer.concat(chunks))
      const read = text.split("\n\n").filter((event) => event !== "").map((event) =>
        JSON.parse(event.split("\ndata: ")[1]!)
      )

      assert.deepStrictEqual(read, JSON.parse(JSON.stringify(events)))
    })

    it.effect("are sometimes cut inside a character", () =>
      Effect.gen(function*() {
        const samples = yield* Arbitrary.sampleEffect(Arbitraries.bytes, { count: 50, seed: 1 })

        assert.isTrue(samples.some(({ chunks }) => chunks.some((chunk) => (chunk[0]! & 0xc0) === 0x80)))
      }))
  })

  describe("conversation", () => {
    it.prop("is one the API accepts", [Arbitraries.conversation], ([messages]) => {
      const refusal = RequestCheck.check({
        method: "POST",
        path: "/v1/messages",
        headers: ClaudeTest.headers,
        body: JSON.stringify({ model: "claude-sonnet-5-5", max_tokens: 10, messages })
      })

      assert.deepStrictEqual(Option.getOrUndefined(refusal), undefined)
    })
  })

  describe("claudeError", () => {
    it.effect("is of many kinds", () =>
      Effect.gen(function*() {
        const samples = yield* Arbitrary.sampleEffect(Arbitraries.claudeError, { count: 300, seed: 1 })

        assert.isTrue(samples.every(ClaudeError.is))
        assert.isAbove(new Set(samples.map(({ _tag }) => _tag)).size, 12)
        assert.isTrue(
          samples.some(({ retryAfter }) => retryAfter !== undefined && Duration.toMillis(retryAfter) > 60_000)
        )
      }))
  })

  describe("retryInput", () => {
    it.prop(
      "stays within what it is told",
      [Arbitraries.retryInput({ maxRetries: 3, elapsed: "1 second" })],
      ([input]) => {
        assert.isAtLeast(input.n, 1)
        assert.isAtMost(input.n, 3)
        assert.isAtMost(Duration.toMillis(input.elapsed), 1000)
        assert.isTrue(input.draw.jitter >= 0 && input.draw.jitter < 1)
      }
    )
  })
})
