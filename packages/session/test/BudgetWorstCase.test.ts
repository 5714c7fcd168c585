import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Budget from "@effect-claude/session/Budget"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Result, Schema } from "effect"
import { options, provide, sent } from "./scripted.ts"

const request: MessageRequest.MessageRequest = {
  model: "claude-opus-5",
  max_tokens: 10_000,
  messages: [{ role: "user", content: "hi" }]
}

const worst = (changes: Partial<MessageRequest.MessageRequest> = {}) => Budget.worstCase({ ...request, ...changes })

const dollars = (amount: Budget.Amount) => Option.getOrThrow(amount.usd)

const search = { type: "web_search_20250305", name: "web_search" } as const
const fetch = { type: "web_fetch_20250910", name: "web_fetch" } as const

const pdf = {
  role: "user",
  content: [{ type: "document", source: { type: "url", url: "https://example.com/a.pdf" } }]
} as const

describe("Budget", () => {
  describe("worstCase", () => {
    it.effect("has the margin of the estimate, and all of max_tokens", () =>
      Effect.gen(function*() {
        const content = "The quick brown fox jumps over the lazy dog. ".repeat(500)
        const messages = [{ role: "user", content }] as const
        const { margin, tokens } = TokenEstimate.ofRequest({ ...request, messages })
        const amount = yield* worst({ messages })

        assert.isAbove(margin, 500)
        assert.strictEqual(amount.tokens, tokens + margin + 10_000)
      }))

    it.effect("prices the prompt as written to the dearest cache", () =>
      Effect.gen(function*() {
        const messages = [{ role: "user", content: "word ".repeat(20_000) }] as const
        const amount = yield* worst({ messages, max_tokens: 1 })
        const { margin, tokens } = TokenEstimate.ofRequest({ ...request, messages })
        const entry = Option.getOrThrow(ModelCatalog.find(ModelCatalog.released, request.model))
        const price = Option.getOrThrow(ModelCatalog.priceOf(entry, tokens + margin))

        assert.isAbove(price.cacheWrite1h ?? 0, price.input ?? 0)
        assert.closeTo(
          dollars(amount),
          ((tokens + margin) * (price.cacheWrite1h ?? 0) + (price.output ?? 0)) / 1e6,
          1e-9
        )
      }))

    it.effect("counts the speed and the place that the request asks for", () =>
      Effect.gen(function*() {
        const plain = dollars(yield* worst())
        const entry = Option.getOrThrow(ModelCatalog.find(ModelCatalog.released, request.model))

        assert.closeTo(dollars(yield* worst({ inference_geo: "us" })), plain * (entry.usFactor ?? NaN), 1e-9)
        assert.closeTo(dollars(yield* worst({ speed: "fast" })), plain * (entry.fastFactor ?? NaN), 1e-9)
        assert.closeTo(dollars(yield* worst({ inference_geo: "eu" })), plain, 1e-9)
      }))

    it.effect("counts each model that the request may fall back to, with its own limits", () =>
      Effect.gen(function*() {
        const primary = yield* worst({ model: "claude-haiku-4-5" })
        const fallback = yield* worst({ model: "claude-opus-5", max_tokens: 20_000, speed: "fast" })
        const amount = yield* worst({
          model: "claude-haiku-4-5",
          fallbacks: [{ model: "claude-opus-5", max_tokens: 20_000, speed: "fast" }]
        })
        const chosen = yield* worst({ fallbacks: "default" })

        assert.isAtLeast(dollars(amount), dollars(fallback))
        assert.closeTo(dollars(amount), dollars(primary) + dollars(fallback), 0.001)
        assert.isAtLeast(amount.tokens, 30_000)
        assert.deepStrictEqual(chosen.unmeasured?.parts, ["fallbacks"])
      }))

    it.effect("counts searches and pages by max_uses, and the prompt once more for each", () =>
      Effect.gen(function*() {
        const tools = [{ ...search, max_uses: 3 }, { ...fetch, max_uses: 2, max_content_tokens: 5000 }]
        const input = TokenEstimate.ofRequest({ ...request, tools })
        const base = input.tokens + input.margin
        const amount = yield* worst({ tools })
        const bounded = amount.unmeasured?.boundedBy(1000)
        const without = yield* worst({ tools: [{ ...fetch, max_uses: 2, max_content_tokens: 5000 }] })

        assert.deepStrictEqual(amount.unmeasured?.parts, ["tools[0]"])
        assert.isUndefined(without.unmeasured)
        assert.strictEqual(amount.tokens, 6 * (base + 2 * 5000) + 10_000)
        assert.strictEqual(bounded?.tokens, 6 * (base + 2 * 5000 + 3 * 1000) + 10_000)
        assert.isAbove(dollars(amount), 0.03)
      }))

    it.effect("lists what the request does not show, and bounds it by a number for each part", () =>
      Effect.gen(function*() {
        const media = yield* worst({ messages: [pdf, { role: "assistant", content: "ok" }, pdf] })
        const servers = yield* worst({ mcp_servers: [{ type: "url", name: "a", url: "https://a.example" }] })
        const unlimited = yield* worst({ tools: [search] })
        const inline = yield* worst({
          messages: [{
            role: "user",
            content: [{ type: "document", source: { type: "text", media_type: "text/plain", data: "a" } }]
          }]
        })

        assert.lengthOf(media.unmeasured?.parts ?? [], 2)
        assert.strictEqual(media.unmeasured?.boundedBy(100_000).tokens, media.tokens + 200_000)
        assert.deepStrictEqual(servers.unmeasured?.parts, ["mcp_servers[0]"])
        assert.deepStrictEqual(unlimited.unmeasured?.parts, ["tools[0]"])
        assert.isUndefined(inline.unmeasured)
      }))

    it.effect("counts a compaction that the request allows", () =>
      Effect.gen(function*() {
        const plain = yield* worst()
        const compacted = yield* worst({ context_management: { edits: [{ type: "compact_20260112" }] } })

        assert.isAtLeast(compacted.tokens, 2 * plain.tokens)
        assert.isUndefined(compacted.unmeasured)
      }))
  })

  describe("make", () => {
    it.effect.each(
      [
        ["usd", Number(undefined)],
        ["usd", -1],
        ["usd", Infinity],
        ["usd", 1e10],
        ["tokens", NaN],
        ["requests", -0.5],
        ["turns", Infinity],
        ["unmeasured", NaN],
        ["duration", Infinity],
        ["duration", NaN],
        ["duration", -1]
      ] as const
    )("refuses %s: %d, which limits nothing", ([option, value]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Budget.make({ [option]: value }))

        assert.strictEqual(error._tag, "BudgetOptionError")
        assert.strictEqual(error.option, option)
      }))

    it.effect("takes zero, which lets nothing through, and no limit at all", () =>
      Effect.gen(function*() {
        const none = yield* Budget.make({ requests: 0 })
        const free = yield* Budget.make({ usd: undefined })
        const exit = yield* Effect.exit(none.reserve(yield* worst()))

        assert.isTrue(Exit.isFailure(exit))
        yield* free.reserve(yield* worst())
      }))
  })

  describe("reserve", () => {
    it.effect("refuses parts that cannot be measured where dollars or tokens are limited, and only there", () =>
      Effect.gen(function*() {
        const amount = yield* worst({ messages: [pdf] })
        const usd = yield* Budget.make({ usd: 5 })
        const requests = yield* Budget.make({ requests: 5 })
        const allowing = yield* Budget.make({ usd: 5, unmeasured: "allow" })
        const bounding = yield* Budget.make({ tokens: 250_000, unmeasured: 100_000 })
        const error = yield* Effect.flip(usd.reserve(amount))
        yield* requests.reserve(amount)
        yield* allowing.reserve(amount)
        yield* bounding.reserve(amount)
        yield* bounding.reserve(amount)
        const over = yield* Effect.flip(bounding.reserve(amount))

        assert.include(error.message, "it does not show the size of messages[0].content[0]")
        assert.include(over.message, "tokens")
      }))

    it.effect("refuses an amount that is not a number", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 100 })
        const error = yield* Effect.flip(budget.reserve({ ...Budget.nothing, tokens: NaN }))

        assert.include(error.message, "what it may use is not a number")
        yield* budget.reserve({ ...Budget.nothing, tokens: 100 })
      }))

    it.effect("counts what was reserved where the use has no price, or is not a number", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ usd: 10, tokens: 100 })
        const amount = { ...Budget.nothing, usd: Option.some(2), tokens: 10 }
        yield* Effect.flatMap(budget.reserve(amount), ({ settle }) =>
          settle({ ...amount, usd: Option.none(), tokens: 5 }))
        const unpriced = (yield* budget.state).spent
        yield* Effect.flatMap(budget.reserve(amount), ({ settle }) =>
          settle({ ...amount, tokens: NaN }))
        const uncountable = (yield* budget.state).spent

        assert.deepStrictEqual([unpriced.usd, unpriced.tokens], [2, 5])
        assert.deepStrictEqual([uncountable.usd, uncountable.tokens], [4, 15])
      }))
  })

  describe("a session", () => {
    const Case = Schema.Struct({
      geo: Schema.Literals(["global", "us"]),
      speed: Schema.Literals(["standard", "fast"]),
      fallback: Schema.Boolean,
      usd: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 }))
    })

    it.effect.prop(
      "never overdraws a budget by what its requests show",
      { given: Case },
      ({ given: { fallback, geo, speed, usd } }) =>
        Effect.gen(function*() {
          const budget = yield* Budget.make({ usd })
          const each = Session.make({
            ...options,
            model: fallback ? "claude-haiku-4-5" : "claude-opus-5",
            max_tokens: 10_000,
            inference_geo: geo,
            speed,
            fallbacks: fallback ? [{ model: "claude-opus-5" }] : undefined,
            budget
          })
          const results = yield* Effect.forEach(
            Array.from({ length: 40 }),
            () => Effect.flatMap(each, (session) => Effect.result(session.send("hi"))),
            { concurrency: "unbounded" }
          )
          const { reserved, spent } = yield* budget.state

          assert.isAtMost(spent.usd, usd)
          assert.strictEqual(reserved.usd, 0)
          assert.isAbove(results.filter(Result.isFailure).length, 0)
          assert.lengthOf(yield* sent, results.filter(Result.isSuccess).length)
        }).pipe(
          provide(Script.forever(Script.message({
            content: [{ type: "text", text: "ok" }],
            usage: {
              input_tokens: 10,
              output_tokens: 10_000,
              inference_geo: geo,
              speed,
              ...(fallback
                ? {
                  iterations: [{
                    type: "fallback_message",
                    model: "claude-opus-5",
                    input_tokens: 10,
                    output_tokens: 10_000
                  }]
                }
                : undefined)
            }
          })))
        ),
      { arbitrary: { runs: 12 } }
    )
  })
})
