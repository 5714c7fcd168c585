import * as Cost from "@effect-claude/core/Cost"
import * as Message from "@effect-claude/core/Message"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Usage from "@effect-claude/core/Usage"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Recordings from "./recordings.ts"

const million = 1_000_000

const near = (actual: number, expected: number): void => {
  assert.approximately(actual, expected, Math.max(1e-9, Math.abs(expected) * 1e-9))
}

const usd = (cost: Option.Option<Cost.Cost>): number | undefined => Option.getOrUndefined(Option.map(cost, Cost.total))

const message = (model: string, usage: Partial<Usage.Usage>) => ({
  model,
  usage: { input_tokens: 0, output_tokens: 0, ...usage }
})

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: million }))
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

describe("Cost", () => {
  describe("ofTotals", () => {
    it("prices each class by itself", () => {
      const cost = Option.getOrThrow(Cost.ofTotals("claude-opus-5", {
        ...Usage.empty,
        input: million,
        output: million,
        cacheRead: million,
        cacheWrite5m: million,
        cacheWrite1h: million,
        webSearches: 1000
      }))

      assert.deepStrictEqual(cost, {
        input: 5,
        output: 25,
        cacheRead: 0.5,
        cacheWrite5m: 6.25,
        cacheWrite1h: 10,
        webSearch: 10
      })
    })

    it("counts thinking as output, once", () => {
      assert.strictEqual(
        usd(Cost.ofTotals("claude-opus-5", { ...Usage.empty, output: million, thinking: million })),
        25
      )
    })

    it("prices the request by the tier of its prompt, cached input included", () => {
      const short = { ...Usage.empty, input: 50_000, cacheRead: 50_000, output: million }
      const long = { ...short, cacheRead: 50_001 }

      near(usd(Cost.ofTotals("claude-haiku-5-5", short))!, 0.005 + 0.0005 + 0.5)
      near(usd(Cost.ofTotals("claude-haiku-5-5", long))!, 0.025 + 50_001 * 0.05 / million + 2.5)
    })

    it("halves the price of tokens in a batch, and not of searches", () => {
      const totals = { ...Usage.empty, input: million, webSearches: 100 }

      assert.strictEqual(usd(Cost.ofTotals("claude-opus-5", totals, { batch: true })), 3.5)
    })

    it("charges a tenth more for inference in the US", () => {
      near(usd(Cost.ofTotals("claude-opus-5", { ...Usage.empty, input: million }, { us: true }))!, 5.5)
    })

    it("knows the factor of fast mode, or has no price", () => {
      const totals = { ...Usage.empty, input: million }

      assert.strictEqual(usd(Cost.ofTotals("claude-opus-5", totals, { fast: true })), 10)
      assert.strictEqual(usd(Cost.ofTotals("claude-opus-5-5", totals, { fast: true })), undefined)
    })

    it("has no price where the factor for the US is not known", () => {
      assert.strictEqual(
        usd(Cost.ofTotals("claude-haiku-4-5", { ...Usage.empty, input: 1 }, { us: true })),
        undefined
      )
    })

    it("has no price for a model without one", () => {
      assert.strictEqual(usd(Cost.ofTotals("claude-sonnet-6", Usage.empty)), undefined)
      assert.strictEqual(usd(Cost.ofTotals("claude-fable-5-2", { ...Usage.empty, input: 1 })), undefined)
    })

    it("has no price only when a class without a price has tokens", () => {
      const catalog = ModelCatalog.withEntry(ModelCatalog.released, { id: "ours", tiers: [{ price: { input: 1 } }] })

      assert.strictEqual(usd(Cost.ofTotals("ours", { ...Usage.empty, input: million }, { catalog })), 1)
      assert.strictEqual(usd(Cost.ofTotals("ours", { ...Usage.empty, output: 1 }, { catalog })), undefined)
    })

    it.effect.prop(
      "is never negative, and grows with what is used",
      { a: Totals, b: Totals },
      ({ a, b }) =>
        Effect.sync(() => {
          const both = Option.getOrThrow(Cost.ofTotals("claude-opus-5", Usage.combine(a, b)))
          const one = Option.getOrThrow(Cost.ofTotals("claude-opus-5", a))

          assert.isAtLeast(Cost.total(one), 0)
          assert.isAtLeast(Cost.total(both), Cost.total(one))
        })
    )

    it.effect.prop("of a model without tiers is additive", { a: Totals, b: Totals }, ({ a, b }) =>
      Effect.sync(() => {
        const sum = Option.zipWith(
          Cost.ofTotals("claude-opus-5", a),
          Cost.ofTotals("claude-opus-5", b),
          Cost.combine
        )

        near(usd(Cost.ofTotals("claude-opus-5", Usage.combine(a, b)))!, usd(sum)!)
      }))
  })

  describe("ofMessage", () => {
    it("reads how the message was served from its usage", () => {
      const usage = { input_tokens: million }

      assert.strictEqual(usd(Cost.ofMessage(message("claude-opus-5", usage))), 5)
      assert.strictEqual(usd(Cost.ofMessage(message("claude-opus-5", { ...usage, service_tier: "batch" }))), 2.5)
      assert.strictEqual(usd(Cost.ofMessage(message("claude-opus-5", { ...usage, speed: "fast" }))), 10)
      near(usd(Cost.ofMessage(message("claude-opus-5", { ...usage, inference_geo: "us" })))!, 5.5)
      assert.strictEqual(usd(Cost.ofMessage(message("claude-opus-5", { ...usage, inference_geo: "global" }))), 5)
    })

    it("prices the tokens of an advisor by the model of the advisor", () => {
      const cost = Cost.ofMessage(message("claude-sonnet-5", {
        input_tokens: 2 * million,
        iterations: [
          { type: "message", input_tokens: million },
          { type: "advisor_message", model: "claude-opus-5", input_tokens: million },
          { type: "message", input_tokens: million }
        ]
      }))

      assert.strictEqual(usd(cost), 2 + 5 + 2)
    })

    it("adds the tokens of a compaction, which the sums exclude", () => {
      const cost = Cost.ofMessage(message("claude-opus-5", {
        input_tokens: million,
        iterations: [{ type: "compaction", output_tokens: million }, { type: "message", input_tokens: million }]
      }))

      assert.strictEqual(usd(cost), 25 + 5)
    })

    it("counts searches once", () => {
      const cost = Cost.ofMessage(message("claude-opus-5", {
        server_tool_use: { web_search_requests: 2 },
        iterations: [{ type: "message", input_tokens: million }]
      }))

      assert.strictEqual(usd(cost), 5.02)
    })

    it("has no price when one part has none", () => {
      const cost = Cost.ofMessage(message("claude-opus-5", {
        iterations: [{ type: "advisor_message", model: "claude-sonnet-6", input_tokens: 1 }]
      }))

      assert.isTrue(Option.isNone(cost))
    })

    it("prices by the given catalogue", () => {
      const catalog = ModelCatalog.withEntry(ModelCatalog.released, {
        id: "claude-opus-5",
        tiers: [{ price: { input: 1 } }]
      })

      assert.strictEqual(usd(Cost.ofMessage(message("claude-opus-5", { input_tokens: million }), { catalog })), 1)
    })

    it.skipIf(!Recordings.present)("prices every recorded message of a listed model", () => {
      const unpriced: Array<string> = []
      let priced = 0
      for (const recording of Recordings.all()) {
        const body = Recordings.messageOf(recording)
        if (body === undefined) continue
        const decoded = Schema.decodeUnknownSync(Message.Message)(body)
        const known = Option.exists(
          ModelCatalog.find(ModelCatalog.released, decoded.model),
          (entry) => entry.tiers !== undefined
        )
        if (!known) continue
        if (Option.isSome(Cost.ofMessage(decoded))) priced++
        else unpriced.push(`${recording.file} ${decoded.model} ${JSON.stringify(decoded.usage)}`)
      }

      assert.deepStrictEqual(unpriced, [])
      assert.isAbove(priced, 0)
    })
  })

  describe("ofMessageEffect", () => {
    const answer = message("claude-opus-5", { input_tokens: million })

    it.effect("prices by the catalogue in use", () =>
      Effect.gen(function*() {
        assert.strictEqual(usd(yield* Cost.ofMessageEffect(answer)), 5)
      }))

    it.effect("prices by a catalogue that is provided", () =>
      Effect.gen(function*() {
        assert.isTrue(Option.isNone(yield* Cost.ofMessageEffect(answer)))
      }).pipe(Effect.provideService(ModelCatalog.Current, { asOf: "2027-01-01", models: [] })))
  })

  describe("combine", () => {
    const Amount = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 }))
    const Any = Schema.Struct({
      input: Amount,
      output: Amount,
      cacheRead: Amount,
      cacheWrite5m: Amount,
      cacheWrite1h: Amount,
      webSearch: Amount
    })

    it.effect.prop(
      "is associative and commutative, with empty as identity",
      { a: Any, b: Any, c: Any },
      ({ a, b, c }) =>
        Effect.sync(() => {
          assert.deepStrictEqual(
            Cost.combine(Cost.combine(a, b), c),
            Cost.combine(a, Cost.combine(b, c))
          )
          assert.deepStrictEqual(Cost.combine(a, b), Cost.combine(b, a))
          assert.deepStrictEqual(Cost.combine(a, Cost.empty), a)
          assert.strictEqual(Cost.total(Cost.combine(a, b)), Cost.total(a) + Cost.total(b))
        })
    )
  })
})
