import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Indexed from "../../src/internal/indexed.ts"

const index = Schema.Union([
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))
])

const entries = <A>(self: Indexed.Indexed<A>): ReadonlyArray<A> => {
  const out: Array<A> = []
  Indexed.forEach(self, (value) => out.push(value))
  return out
}

describe("indexed", () => {
  it.prop(
    "is a map in the order of its indexes, and every earlier map stays as it was",
    [Schema.Array(index)],
    ([indexes]) => {
      const model = new Map<number, string>()
      let map: Indexed.Indexed<string> = undefined
      const before: Array<readonly [Indexed.Indexed<string>, ReadonlyArray<string>]> = []
      for (const [i, at] of indexes.entries()) {
        before.push([map, entries(map)])
        assert.strictEqual(Indexed.get(map, at), model.get(at))
        model.set(at, `${at}: ${i}`)
        map = Indexed.set(map, at, `${at}: ${i}`)
      }

      assert.deepStrictEqual(entries(map), [...model].toSorted(([a], [b]) => a - b).map(([, value]) => value))
      for (const [earlier, values] of before) assert.deepStrictEqual(entries(earlier), values)
    },
    { arbitrary: { runs: 500 } }
  )

  it("takes integers from 0 to 2^31 - 1", () => {
    for (const good of [0, 1, 2 ** 31 - 1]) assert.isTrue(Indexed.isIndex(good))
    for (const bad of [-1, 0.5, 2 ** 31, Infinity, Number.NaN]) assert.isFalse(Indexed.isIndex(bad))
  })
})
