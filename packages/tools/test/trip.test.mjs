import { assert, describe, it } from "@effect/vitest"
import { exceeded, instrument, measure } from "../trip.mjs"

/** Runs instrumented code, and returns the names of the functions it entered. */
const entered = (code) => {
  const log = []
  new Function("enter", instrument("a.ts", code, "enter"))((entry) => log.push(entry))
  return log.map(({ file, name }) => `${file} ${name}`)
}

describe("trip", () => {
  describe("instrument", () => {
    it("records declarations, arrow functions and methods in the order they are entered", () => {
      assert.deepStrictEqual(
        entered(
          "function f() { return g(1) }\nconst g = (a) => a + o.m()\nconst o = { m() { return 1 } }\n" +
            "class C { n() { return f() } }\nnew C().n()"
        ),
        ["a.ts C.n", "a.ts f", "a.ts g", "a.ts o.m"]
      )
    })

    it("keeps the value of an arrow function that returns an object", () => {
      assert.deepStrictEqual(entered("const f = () => ({ a: 1 })\nif (f().a === 1) f()"), ["a.ts f", "a.ts f"])
    })
  })

  describe("measure", () => {
    it("counts files once, and each move from one to another", () => {
      const log = ["a", "a", "b", "a", "c"].map((file) => ({ file, name: "f" }))

      assert.deepStrictEqual(measure(log), { files: 3, moves: 3 })
    })

    it("counts no move for one file or none", () => {
      assert.deepStrictEqual(measure([]), { files: 0, moves: 0 })
      assert.deepStrictEqual(measure([{ file: "a", name: "f" }]), { files: 1, moves: 0 })
    })
  })

  describe("exceeded", () => {
    const limits = { call: { all: { files: 2, moves: 3 } } }

    it("names what is above its limit", () => {
      assert.deepStrictEqual(exceeded({ call: { all: { files: 2, moves: 4 } } }, limits), [
        "call, all: 4 moves, of at most 3"
      ])
    })

    it("accepts what is at its limit", () => {
      assert.deepStrictEqual(exceeded({ call: { all: { files: 2, moves: 3 } } }, limits), [])
    })

    it("names a call that was not measured", () => {
      assert.include(exceeded({}, limits), "call was not measured")
    })
  })
})
