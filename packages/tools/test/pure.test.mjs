import { assert, describe, it } from "@effect/vitest"
import { markPure } from "../pure.mjs"

const marked = (text) => markPure("module.js", text)

describe("markPure", () => {
  it("marks the calls a module makes while it loads, inner ones too", () => {
    assert.strictEqual(
      marked("export const a = make(one(), new Two())"),
      "export const a = /*#__PURE__*/ make(/*#__PURE__*/ one(), /*#__PURE__*/ new Two())"
    )
  })

  it("marks a call of a call once", () => {
    assert.strictEqual(marked("const a = tag(\"A\")()"), "const a = /*#__PURE__*/ tag(\"A\")()")
  })

  it("marks what a class extends", () => {
    assert.strictEqual(marked("class A extends base(\"A\") {}"), "class A extends /*#__PURE__*/ base(\"A\") {}")
  })

  it("leaves alone what runs later", () => {
    for (
      const text of [
        "const f = () => g(h())",
        "function f() { return g() }",
        "const o = { m() { return g() }, p: () => g() }",
        "class A { field = g()\n method() { return g() } }"
      ]
    ) assert.strictEqual(marked(text), text)
  })

  it("marks what spreads, or reads from a value, as a whole", () => {
    assert.strictEqual(
      marked("const a = make({ ...fields })"),
      "const a = /*#__PURE__*/ (() => (make({ ...fields })))()"
    )
    assert.strictEqual(marked("const b = a.fields.type"), "const b = /*#__PURE__*/ (() => (a.fields.type))()")
    assert.strictEqual(marked("const c = list[0]"), "const c = /*#__PURE__*/ (() => (list[0]))()")
  })

  it("leaves calls alone that are statements: they are made for what they do", () => {
    assert.strictEqual(marked("start()\nconst a = 1"), "start()\nconst a = 1")
  })

  it("changes nothing the second time", () => {
    const once = marked("const a = make({ ...b, c: d() })\nconst e = f(g())\nclass H extends i()() {}")

    assert.strictEqual(marked(once), once)
  })
})
