import * as RetryHint from "@effect-claude/core/RetryHint"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Schema } from "effect"

const now = Date.UTC(2026, 10, 20, 12, 0, 0)
const Second = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4_000_000_000 }))

const millis = (hint: Duration.Duration | undefined) => hint === undefined ? undefined : Duration.toMillis(hint)

describe("RetryHint", () => {
  describe("fromHeaders", () => {
    it("prefers milliseconds, then seconds", () => {
      const hint = RetryHint.fromHeaders({ "retry-after-ms": "250", "retry-after": "9" }, now)

      assert.strictEqual(millis(hint.retryAfter), 250)
    })

    it("falls back to seconds when the milliseconds cannot be read", () => {
      const hint = RetryHint.fromHeaders({ "retry-after-ms": "soon", "retry-after": "9" }, now)

      assert.strictEqual(millis(hint.retryAfter), 9000)
    })

    it("compares a date with the date header, so a wrong clock has no effect", () => {
      const headers = { "retry-after": "Fri, 20 Nov 2026 12:00:30 GMT", date: "Fri, 20 Nov 2026 12:00:00 GMT" }

      assert.strictEqual(millis(RetryHint.fromHeaders(headers, 0).retryAfter), 30_000)
    })

    it("compares a date with the clock when there is no date header", () => {
      const headers = { "retry-after": "Fri, 20 Nov 2026 12:00:30 GMT" }

      assert.strictEqual(millis(RetryHint.fromHeaders(headers, now).retryAfter), 30_000)
    })

    it.each([["true", true], ["FALSE", false], [" true ", true], ["yes", undefined], ["", undefined]] as const)(
      "reads x-should-retry: %j",
      (text, expected) => {
        assert.strictEqual(RetryHint.fromHeaders({ "x-should-retry": text }, now).shouldRetry, expected)
      }
    )
  })

  describe("parseRetryAfter", () => {
    it.each(
      [["0", 0], ["7", 7000], ["1.5", 1500], [" 3 ", 3000]] as const
    )("reads seconds: %j", (text, expected) => {
      assert.strictEqual(millis(RetryHint.parseRetryAfter(text, now)), expected)
    })

    it.each([
      "Fri, 20 Nov 2026 12:00:05 GMT",
      "Friday, 20-Nov-26 12:00:05 GMT",
      "Fri Nov 20 12:00:05 2026"
    ])("reads each form of an HTTP date: %j", (text) => {
      assert.strictEqual(millis(RetryHint.parseRetryAfter(text, now)), 5000)
    })

    it.each([
      "",
      "-1",
      "NaN",
      "Infinity",
      "-Infinity",
      "1e400",
      "0x10",
      "1e3",
      "soon",
      "9".repeat(400),
      "Fri, 20 Nov 2026 11:59:59 GMT",
      "Fri, 20 Nov 2026 12:00:00 GMT",
      "Fri, 20 Ebm 2026 12:00:05 GMT",
      "Fri, 20 Ovd 2026 12:00:05 GMT",
      "Fri, 31 Nov 2026 12:00:05 GMT",
      "Fri, 20 Nov 2026 24:00:05 GMT"
    ])("takes it for no hint: %j", (text) => {
      assert.isUndefined(RetryHint.parseRetryAfter(text, now))
    })

    it("has no hint when the header is missing", () => {
      assert.isUndefined(RetryHint.parseRetryAfter(undefined, now))
    })

    it.prop("returns a finite, non-negative duration or undefined for every text", [Schema.String], ([text]) => {
      const hint = millis(RetryHint.parseRetryAfter(text, now))

      assert.isTrue(hint === undefined || (Number.isFinite(hint) && hint >= 0))
    })

    it.prop("agrees with the platform about every HTTP date", [Second], ([second]) => {
      const text = new Date(second * 1000).toUTCString()

      assert.strictEqual(millis(RetryHint.parseRetryAfter(text, 0)), second * 1000)
    })
  })
})
