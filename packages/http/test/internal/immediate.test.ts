import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Known from "../../src/internal/immediate.ts"

const twice = (n: number) => Effect.succeed(n * 2)

describe("Known", () => {
  it.effect("goes on at once with what is known", () =>
    Effect.gen(function*() {
      const next = twice(1)

      assert.isTrue(Known.is(Effect.succeed(1)))
      assert.strictEqual(Known.flatMap(Effect.succeed(1), () => next), next)
      assert.strictEqual(yield* Known.flatMap(Exit.succeed(2), twice), 4)
    }))

  it.effect("waits for what is not, and for that alone once it runs", () =>
    Effect.gen(function*() {
      let ran = 0
      const later = Effect.sync(() => ++ran)
      const both = Known.flatMap(later, twice)

      assert.isFalse(Known.is(later))
      assert.strictEqual(ran, 0)
      assert.strictEqual(yield* both, 2)
      assert.strictEqual(yield* both, 4)
    }))

  it.effect("does not go on after a failure", () =>
    Effect.gen(function*() {
      const failed: Effect.Effect<number, string> = Effect.fail("broken")

      assert.isFalse(Known.is(failed))
      assert.strictEqual(
        yield* Effect.flip(Known.flatMap(failed, (): Effect.Effect<number> => assert.fail("went on"))),
        "broken"
      )
    }))
})
