import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const { find, released } = ModelCatalog

const idOf = (id: string): string | undefined => Option.getOrUndefined(find(released, id))?.id

describe("ModelCatalog", () => {
  describe("released", () => {
    it("lists each id and alias once", () => {
      const ids = released.models.flatMap((model) => [model.id, ...model.aliases ?? []])

      assert.strictEqual(new Set(ids).size, ids.length)
    })

    it("has a known model for each replacement", () => {
      const lost = released.models.filter(({ replacement }) =>
        replacement !== undefined && idOf(replacement) === undefined
      )

      assert.deepStrictEqual(lost, [])
    })

    it("has tiers that rise to one without a limit", () => {
      for (const { tiers } of released.models) {
        if (tiers === undefined) continue
        const limits = tiers.map((tier) => tier.upTo ?? Number.POSITIVE_INFINITY)

        assert.deepStrictEqual(limits, limits.toSorted((a, b) => a - b))
        assert.strictEqual(limits.at(-1), Number.POSITIVE_INFINITY)
      }
    })

    it("prices cache reads below input, and cache writes above it", () => {
      for (const { id, tiers } of released.models) {
        for (const { price } of tiers ?? []) {
          if (price.input === undefined) continue
          if (price.cacheRead !== undefined) assert.isBelow(price.cacheRead, price.input, id)
          if (price.cacheWrite5m !== undefined) assert.strictEqual(price.cacheWrite5m, price.input * 1.25, id)
          if (price.cacheWrite1h !== undefined) assert.strictEqual(price.cacheWrite1h, price.input * 2, id)
        }
      }
    })

    it("has no price for a model whose price is not known", () => {
      const fable = Option.getOrThrow(find(released, "claude-fable-5-2"))

      assert.strictEqual(fable.tiers, undefined)
      assert.strictEqual(fable.contextWindow, undefined)
    })

    it("has a date", () => {
      assert.match(released.asOf, /^\d{4}-\d{2}-\d{2}$/)
    })
  })

  describe("find", () => {
    for (
      const [id, expected] of [
        ["claude-sonnet-5-5", "claude-sonnet-5-5"],
        ["claude-haiku-4-5-20251001", "claude-haiku-4-5"],
        ["claude-sonnet-4-0", "claude-sonnet-4"],
        ["claude-sonnet-4-20250514", "claude-sonnet-4"],
        ["claude-4-opus-20250514", "claude-opus-4"],
        ["claude-opus-5-latest", "claude-opus-5"],
        ["anthropic/claude-opus-5", "claude-opus-5"],
        ["anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6"],
        ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"],
        ["us-gov.anthropic.claude-sonnet-4-5-20250929-v1", "claude-sonnet-4-5"],
        ["claude-opus-4-5@20251101", "claude-opus-4-5"],
        ["claude-opus-4-6@default", "claude-opus-4-6"]
      ] as const
    ) {
      it(`takes ${id} for ${expected}`, () => {
        assert.strictEqual(idOf(id), expected)
      })
    }

    for (const id of ["claude-sonnet-6", "claude-sonnet", "claude-opus-5-5-5", "gpt", "", "claude-haiku-4-5-2025"]) {
      it(`does not know ${JSON.stringify(id)}`, () => {
        assert.strictEqual(idOf(id), undefined)
      })
    }

    it("prefers an entry with the dated id", () => {
      const snapshot = ModelCatalog.withEntry(released, { id: "claude-haiku-4-5-20251001", maxOutput: 1 })

      assert.strictEqual(Option.getOrThrow(find(snapshot, "claude-haiku-4-5-20251001")).maxOutput, 1)
      assert.strictEqual(Option.getOrThrow(find(snapshot, "claude-haiku-4-5")).maxOutput, 64_000)
    })

    it.effect.prop("never throws, whatever the id", { id: Schema.String }, ({ id }) =>
      Effect.sync(() => {
        assert.isTrue(Option.isOption(find(released, id)))
      }))
  })

  describe("refuses", () => {
    it("returns what a model refuses with a 400", () => {
      assert.isTrue(ModelCatalog.refuses(released, "claude-sonnet-5", "prefill"))
      assert.isFalse(ModelCatalog.refuses(released, "claude-haiku-4-5", "prefill"))
    })

    it("is false for models that are not listed", () => {
      assert.isFalse(ModelCatalog.refuses(released, "claude-sonnet-6", "prefill"))
    })
  })

  describe("priceOf", () => {
    const haiku = Option.getOrThrow(find(released, "claude-haiku-5-5"))

    it("chooses the tier by the length of the prompt, its limit included", () => {
      assert.strictEqual(Option.getOrThrow(ModelCatalog.priceOf(haiku, 100_000)).input, 0.1)
      assert.strictEqual(Option.getOrThrow(ModelCatalog.priceOf(haiku, 100_001)).input, 0.5)
    })

    it("returns none when no price is known", () => {
      assert.isTrue(Option.isNone(ModelCatalog.priceOf({ id: "claude-sonnet-6" }, 1)))
    })
  })

  describe("withEntry", () => {
    it("replaces the model of the same id and keeps the rest", () => {
      const catalog = ModelCatalog.withEntry(released, { id: "claude-opus-5", contextWindow: 7 })

      assert.strictEqual(Option.getOrThrow(find(catalog, "claude-opus-5")).contextWindow, 7)
      assert.strictEqual(catalog.models.length, released.models.length)
      assert.strictEqual(Option.getOrThrow(find(catalog, "claude-opus-5-5")).contextWindow, 1_000_000)
    })
  })

  describe("withModelInfo", () => {
    const info = { type: "model", display_name: "Claude", created_at: "2026-01-01T00:00:00Z" } as const
    const capabilities = (supported: boolean) => ({
      thinking: { supported: true, types: { enabled: { supported } } }
    })

    it("replaces limits and keeps prices", () => {
      const catalog = ModelCatalog.withModelInfo(released, [
        {
          ...info,
          id: "claude-haiku-4-5-20251001",
          max_input_tokens: 5,
          max_tokens: 6,
          retires_at: "2027-01-02T03:04:05Z"
        }
      ])
      const haiku = Option.getOrThrow(find(catalog, "claude-haiku-4-5"))

      assert.strictEqual(haiku.contextWindow, 5)
      assert.strictEqual(haiku.maxOutput, 6)
      assert.strictEqual(haiku.retiresOn, "2027-01-02")
      assert.strictEqual(haiku.tiers?.[0]?.price.input, 1)
    })

    it("keeps facts that the endpoint does not report", () => {
      const catalog = ModelCatalog.withModelInfo(released, [
        { ...info, id: "claude-haiku-4-5", max_input_tokens: null, max_tokens: null, retires_at: null }
      ])

      assert.deepStrictEqual(find(catalog, "claude-haiku-4-5"), find(released, "claude-haiku-4-5"))
    })

    it("updates whether manual thinking is refused", () => {
      const refused = ModelCatalog.withModelInfo(released, [
        { ...info, id: "claude-haiku-4-5", capabilities: capabilities(false) }
      ])
      const accepted = ModelCatalog.withModelInfo(released, [
        { ...info, id: "claude-opus-4-7", capabilities: capabilities(true) }
      ])

      assert.isTrue(ModelCatalog.refuses(refused, "claude-haiku-4-5", "manualThinking"))
      assert.isTrue(ModelCatalog.refuses(refused, "claude-haiku-4-5", "samplingPair"))
      assert.isFalse(ModelCatalog.refuses(accepted, "claude-opus-4-7", "manualThinking"))
    })

    it("adds a refusal of a model without one", () => {
      const catalog = ModelCatalog.withModelInfo(released, [
        { ...info, id: "claude-sonnet-6", capabilities: capabilities(false) }
      ])

      assert.deepStrictEqual(Option.getOrThrow(find(catalog, "claude-sonnet-6")).refuses, ["manualThinking"])
    })

    it("adds unknown models", () => {
      const catalog = ModelCatalog.withModelInfo(released, [{ ...info, id: "claude-sonnet-6", max_tokens: 9 }])

      assert.strictEqual(Option.getOrThrow(find(catalog, "claude-sonnet-6")).maxOutput, 9)
    })
  })

  describe("Current", () => {
    it.effect("is the released catalogue", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* ModelCatalog.Current, released)
      }))

    it.effect("can be provided", () =>
      Effect.gen(function*() {
        const catalog = yield* ModelCatalog.Current

        assert.strictEqual(catalog.asOf, "2027-01-01")
      }).pipe(Effect.provideService(ModelCatalog.Current, { asOf: "2027-01-01", models: [] })))
  })
})
