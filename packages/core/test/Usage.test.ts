import * as Usage from "@effect-claude/core/Usage"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000 }))
const Totals = Schema.Struct({
  input: Count,
  output: Count,
  cacheRead: Count,
  cacheWrite5m: Count,
  cacheWrite1h: Count,
  thinking: Count,
  webSearches: Count,
  webFetches: Count
})

describe("Usage", () => {
  describe("combine", () => {
    it.prop("is associative", [Totals, Totals, Totals], ([a, b, c]) => {
      assert.deepStrictEqual(
        Usage.combine(Usage.combine(a, b), c),
        Usage.combine(a, Usage.combine(b, c))
      )
    })

    it.prop("is commutative", [Totals, Totals], ([a, b]) => {
      assert.deepStrictEqual(Usage.combine(a, b), Usage.combine(b, a))
    })

    it.prop("has empty as its identity, on either side", [Totals], ([a]) => {
      assert.deepStrictEqual(Usage.combine(a, Usage.empty), a)
      assert.deepStrictEqual(Usage.combine(Usage.empty)(a), a)
      assert.deepStrictEqual(Usage.combine(Usage.empty, a), a)
    })

    it.prop("keeps the size of the whole prompt", [Totals, Totals], ([a, b]) => {
      assert.strictEqual(Usage.totalInput(Usage.combine(a, b)), Usage.totalInput(a) + Usage.totalInput(b))
    })
  })

  describe("totals", () => {
    it("distinguishes cache writes for five minutes and for an hour", () => {
      const totals = Usage.totals({
        input_tokens: 1,
        output_tokens: 2,
        cache_creation_input_tokens: 30,
        cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
        cache_read_input_tokens: 4,
        output_tokens_details: { thinking_tokens: 1 },
        server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 }
      })

      assert.deepStrictEqual(totals, {
        input: 1,
        output: 2,
        cacheRead: 4,
        cacheWrite5m: 10,
        cacheWrite1h: 20,
        thinking: 1,
        webSearches: 3,
        webFetches: 2
      })
    })

    it("counts a cache write without a lifetime as one of five minutes", () => {
      const totals = Usage.totals({ input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 30 })

      assert.strictEqual(totals.cacheWrite5m, 30)
      assert.strictEqual(totals.cacheWrite1h, 0)
    })

    it.each([null, undefined])("counts %s as nothing", (absent) => {
      const totals = Usage.totals({
        input_tokens: 0,
        output_tokens: 0,
        cache_read_input_tokens: absent,
        cache_creation: absent,
        server_tool_use: absent
      })

      assert.deepStrictEqual(totals, Usage.empty)
    })
  })

  describe("applyDelta", () => {
    const before: Usage.Usage = { input_tokens: 10, output_tokens: 1, service_tier: "standard" }

    it("replaces counts, because they are cumulative", () => {
      assert.deepStrictEqual<unknown>(Usage.applyDelta(before, { input_tokens: 12, output_tokens: 7 }), {
        input_tokens: 12,
        output_tokens: 7,
        service_tier: "standard"
      })
    })

    it("keeps counts that the delta lacks or has as null", () => {
      assert.deepStrictEqual<unknown>(Usage.applyDelta(before, { output_tokens: 7, input_tokens: null }), {
        ...before,
        output_tokens: 7
      })
    })
  })
})
