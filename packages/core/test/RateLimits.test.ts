import * as RateLimits from "@effect-claude/core/RateLimits"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const Limit = Schema.Struct({
  limit: Schema.Natural,
  remaining: Schema.optionalKey(Schema.Natural),
  resetAt: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4_000_000_000_000 })))
})

describe("RateLimits", () => {
  describe("fromHeaders", () => {
    it("reads every limit the API reports", () => {
      const limits = RateLimits.fromHeaders({
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-20T10:00:00Z",
        "anthropic-ratelimit-output-tokens-remaining": "8000",
        "anthropic-priority-input-tokens-limit": "1000",
        "anthropic-fast-output-tokens-reset": "2026-11-20T10:00:00.500+01:00"
      })

      assert.deepStrictEqual(limits, {
        requests: { limit: 50, remaining: 49, resetAt: Date.UTC(2026, 10, 20, 10) },
        outputTokens: { remaining: 8000 },
        priorityInputTokens: { limit: 1000 },
        fastOutputTokens: { resetAt: Date.UTC(2026, 10, 20, 9, 0, 0, 500) }
      })
    })

    it.each([
      ["2026-11-20T10:00:00+05:30", Date.UTC(2026, 10, 20, 4, 30)],
      ["2026-11-20T10:00:00-08:15", Date.UTC(2026, 10, 20, 18, 15)],
      ["2026-11-20 10:00:00.25Z", Date.UTC(2026, 10, 20, 10, 0, 0, 250)]
    ])("reads the reset %s in its zone", (text, resetAt) => {
      assert.strictEqual(
        RateLimits.fromHeaders({ "anthropic-ratelimit-requests-reset": text })?.requests?.resetAt,
        resetAt
      )
    })

    it("is undefined when no header reports a limit", () => {
      assert.isUndefined(RateLimits.fromHeaders({ "content-type": "application/json" }))
    })

    it.each(["", "-1", "many", "1.5", "1e3", "NaN"])("ignores a count that is not a number: %j", (text) => {
      assert.isUndefined(RateLimits.fromHeaders({ "anthropic-ratelimit-requests-limit": text }))
    })

    it.each(["soon", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z"])(
      "passes over a reset it cannot read: %j",
      (text) => {
        assert.isUndefined(RateLimits.fromHeaders({ "anthropic-ratelimit-requests-reset": text }))
      }
    )

    it.prop("never fails, whatever the headers contain", [Schema.String], ([text]) => {
      for (const prefix of Object.values(RateLimits.headerPrefixes)) {
        RateLimits.fromHeaders({ [`${prefix}-limit`]: text, [`${prefix}-remaining`]: text, [`${prefix}-reset`]: text })
      }
    })

    it.prop("agrees with the platform about every timestamp", [
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4_000_000_000_000 }))
    ], ([millis]) => {
      const headers = { "anthropic-ratelimit-tokens-reset": new Date(millis).toISOString() }

      assert.strictEqual(RateLimits.fromHeaders(headers)?.tokens?.resetAt, millis)
    })
  })

  describe("toHeaders", () => {
    it.prop("writes timestamps as the platform does", [
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4_000_000_000_000 }))
    ], ([resetAt]) => {
      const headers = RateLimits.toHeaders({ requests: { resetAt } })

      assert.strictEqual(headers["anthropic-ratelimit-requests-reset"], new Date(resetAt).toISOString())
    })

    it.prop(
      "writes what fromHeaders reads",
      [Schema.Record(Schema.Literals(["requests", "tokens", "inputTokens", "fastInputTokens"]), Limit)],
      ([limits]) => {
        const headers = RateLimits.toHeaders(limits)

        assert.deepStrictEqual(RateLimits.fromHeaders(headers), limits)
      }
    )
  })
})
