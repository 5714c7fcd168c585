import * as Fuzz from "@effect-claude/conformance/Fuzz"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

describe("hostile text", () => {
  for (const target of Fuzz.targets) {
    it.effect(`is read or refused, and never thrown at: ${target.name}`, () =>
      Effect.gen(function*() {
        for (let i = 0; i < 150; i++) {
          assert.isUndefined(yield* Random.withSeed(Fuzz.attack(target), `corpus-${i}`))
        }
      }), 60_000)
  }

  it.effect("is the same for the same seed, and of many kinds", () =>
    Effect.gen(function*() {
      const first = yield* Random.withSeed(Fuzz.text, "a")
      assert.strictEqual(yield* Random.withSeed(Fuzz.text, "a"), first)
      const all = yield* Effect.forEach(Array.from({ length: 100 }, (_, i) => i), (i) =>
        Random.withSeed(Fuzz.text, `${i}`))
      assert.isAbove(new Set(all).size, 50)
      assert.isTrue(all.some((text) =>
        text.length > 100_000
      ))
    }))

  it.effect("is reported when a parser throws, is slow to say so, or breaks a bound", () =>
    Effect.gen(function*() {
      const problems = yield* Effect.forEach([
        () => {
          throw new Error("overflow")
        },
        () => "a secret in clean text"
      ], (run) => Random.withSeed(Fuzz.attack({ name: "broken", run }), "a"))
      assert.match(String(problems[0]), /^broken threw Error: overflow/)
      assert.match(String(problems[1]), /^broken a secret in clean text/)
    }))
})
