import { assert, describe, it } from "@effect/vitest"
import { draw, linesOf, textOf, wrap } from "../record-demo.mjs"

const plain = (line) => line.map(({ text }) => text).join("")
const line = (text) => Array.from(text, (text) => ({ at: 0, style: "", text }))

describe("record-demo", () => {
  it("knows of each character when it came and how it looks", () => {
    const [first, second] = linesOf([{ at: 5, text: "\u001b[1mA" }, { at: 9, text: "b\u001b[0mc\nd\n" }])

    assert.deepStrictEqual(first, [
      { at: 5, style: "bold", text: "A" },
      { at: 9, style: "bold", text: "b" },
      { at: 9, style: "", text: "c" }
    ])
    assert.deepStrictEqual(second, [{ at: 9, style: "", text: "d" }])
  })

  it.each([
    ["at a space", "one two three", ["one two", "three"]],
    ["at the space behind a full row", "one two3 four", ["one two3", "four"]],
    ["in the middle of a word longer than a row", "abcdefghij", ["abcdefgh", "ij"]],
    ["never into an empty row", "        abc", ["        ", "abc"]],
    ["not at all if it fits", "one two3", ["one two3"]]
  ])("breaks a line %s", (_, text, rows) => {
    assert.deepStrictEqual(wrap(line(text), 8).map(plain), rows)
  })

  it("draws text that can be read back, without what differs from run to run", () => {
    const text = "<b> & waiting 2.6 s, at http://127.0.0.1:4711 (req_01abc)"
    const svg = draw("demo", [line(text), line("second")])

    assert.strictEqual(textOf(svg), "<b> & waiting … s, at http://127.0.0.1:… (req_…)\nsecond")
  })

  it("reads a wait that goes on in the next row", () => {
    const svg = draw("demo", [line("  … waiting"), line("    2.31 s before")])

    assert.strictEqual(textOf(svg), "  … waiting … s before")
  })

  it("shows a piece when it came", () => {
    const svg = draw("demo", linesOf([{ at: 40, text: "now " }, { at: 1200, text: "later" }]))

    assert.match(svg, /animation-delay:40ms">now <\/tspan><tspan style="animation-delay:1200ms">later</)
  })
})
