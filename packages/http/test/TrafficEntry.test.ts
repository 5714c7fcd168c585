import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const entry: TrafficEntry.TrafficEntry = {
  v: 1,
  time: "2026-11-20T10:00:00.000Z",
  operation: "messages.create",
  model: "claude-sonnet-5-5",
  outcome: "completed",
  attempts: 1,
  latencyMs: 812,
  inputTokens: 10,
  outputTokens: 25,
  stopReason: "end_turn",
  requestId: "req_1"
}

describe("TrafficEntry", () => {
  describe("toJson", () => {
    it("writes the fields that apply, and no others", () => {
      assert.deepStrictEqual(JSON.parse(TrafficEntry.toJson({ ...entry, refusal: undefined })), { ...entry })
    })

    it("is one line, whatever it holds", () => {
      const line = TrafficEntry.toJson({ ...entry, prompt: "a\nb\r\u2028c\u2029d\u0085e" })

      assert.notMatch(line, /[\n\r\u0085\u2028\u2029]/)
      assert.deepStrictEqual(JSON.parse(line).prompt, "a\nb\r\u2028c\u2029d\u0085e")
    })
  })

  describe("parse", () => {
    it.effect.prop("reads back what was written", [TrafficEntry.TrafficEntry], ([entry]) =>
      Effect.sync(() => {
        const plain = JSON.parse(JSON.stringify(entry))

        assert.deepStrictEqual(TrafficEntry.parse(TrafficEntry.toJson(entry)), Option.some(plain))
      }))

    it("ignores fields it does not know", () => {
      const line = JSON.stringify({ ...entry, tomorrow: true })

      assert.deepStrictEqual(TrafficEntry.parse(line), Option.some(entry))
    })

    it("returns none for what is not an entry", () => {
      for (const line of ["", "{}", "null", "not json", JSON.stringify({ ...entry, v: 2 })]) {
        assert.isTrue(Option.isNone(TrafficEntry.parse(line)), line)
      }
    })
  })

  describe("format", () => {
    it("says how a call went", () => {
      assert.strictEqual(
        TrafficEntry.format(entry),
        "2026-11-20T10:00:00.000Z messages.create claude-sonnet-5-5 completed in 812 ms, 10 in 25 out, end_turn, req_1"
      )
    })

    it("says what the cache did, what it took and who answered", () => {
      assert.strictEqual(
        TrafficEntry.format({
          ...entry,
          answeredBy: "claude-haiku-4-5",
          attempts: 3,
          hedges: 1,
          waitedMs: 1500,
          firstContentMs: 300,
          cacheReadTokens: 90,
          cacheWriteTokens: 7
        }),
        "2026-11-20T10:00:00.000Z messages.create claude-sonnet-5-5 completed in 812 ms, first content 300 ms, " +
          "3 attempts, 1 hedged, waited 1500 ms, 10 in 90 cached 7 to cache 25 out, end_turn, " +
          "answered by claude-haiku-4-5, req_1"
      )
    })

    it("says why a call failed", () => {
      assert.strictEqual(
        TrafficEntry.format({
          v: 1,
          time: entry.time,
          operation: "messages.stream",
          outcome: "failed",
          attempts: 6,
          latencyMs: 9000,
          error: { tag: "RateLimitError", status: 429, code: "some_code", outcome: "rejected", gaveUp: "maxRetries" }
        }),
        "2026-11-20T10:00:00.000Z messages.stream failed in 9000 ms, 6 attempts, " +
          "RateLimitError 429 some_code rejected maxRetries"
      )
    })

    it("says that an answer was known already", () => {
      const line = TrafficEntry.format({ ...entry, attempts: 0, cached: true })

      assert.include(line, "completed in 812 ms, from the cache, 10 in")
    })

    it("says that the model refused", () => {
      const line = TrafficEntry.format({ ...entry, stopReason: "refusal", refusal: "cyber" })

      assert.include(line, ", refusal (cyber), ")
    })

    it("quotes what was said", () => {
      const line = TrafficEntry.format({ ...entry, prompt: "Say \"hi\"", answer: "hi\nthere" })

      assert.isTrue(line.endsWith(String.raw`req_1, prompt "Say \"hi\"", answer "hi\nthere"`), line)
    })

    it.effect.prop("is one line, whatever it holds", [TrafficEntry.TrafficEntry], ([entry]) =>
      Effect.sync(() => {
        const dangerous = "\n\r\u0000\u001b[31m\u0085\u2028\u2029"
        const line = TrafficEntry.format({ ...entry, model: `${entry.model}${dangerous}`, prompt: dangerous })

        // oxlint-disable-next-line eslint/no-control-regex -- control characters are what it is about
        assert.notMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      }))
  })
})
