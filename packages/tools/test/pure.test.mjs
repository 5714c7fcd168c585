import { assert, describe, it } from "@effect/vitest"
import * as Esbuild from "esbuild"
import { rolldown } from "rolldown"
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

  it("makes a derived class a constant of a marked function", () => {
    assert.strictEqual(
      marked("export class A extends base(\"A\") {}"),
      "export const A = /*#__PURE__*/ (() => class A extends base(\"A\") {})();"
    )
  })

  it("leaves a default export, an ambient class and a class without a base as they are", () => {
    for (const text of ["export default class A extends B {}", "declare class A extends B {}", "class A {}"]) {
      assert.strictEqual(marked(text), text)
    }
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
    const once = marked("const a = make({ ...b, c: d() })\nconst e = f(g())\nclass H extends i()() {}\nclass J {}")

    assert.strictEqual(marked(once), once)
  })
})

/** A library of two declarations in the way of core, and a program that uses one of them. */
const modules = (transform) => ({
  program: "import { Used } from \"library\"\nconsole.log(new Used())",
  library: transform(
    "const opaque = () => (fields) => class { static fields = fields }\n" +
      "export class Used extends opaque()({ type: \"used_tag\" }) {}\n" +
      "export class Unused extends opaque()({ type: \"unused_tag\" }) {}\n" +
      "export const Other = opaque()({ ...{ type: \"other_tag\" } })\n"
  )
})

const bundlers = {
  esbuild: async (sources) => {
    const { outputFiles } = await Esbuild.build({
      stdin: { contents: sources.program },
      bundle: true,
      write: false,
      format: "esm",
      logLevel: "error",
      plugins: [{
        name: "sources",
        setup: ({ onLoad, onResolve }) => {
          onResolve({ filter: /^library$/ }, ({ path }) => ({ path, namespace: "sources" }))
          onLoad({ filter: /^library$/, namespace: "sources" }, () => ({ contents: sources.library }))
        }
      }]
    })
    return outputFiles[0].text
  },
  rolldown: async (sources) => {
    const bundle = await rolldown({
      input: "program",
      plugins: [{
        name: "sources",
        resolveId: (id) => id,
        load: (id) => sources[id]
      }]
    })
    const { output } = await bundle.generate({ format: "esm" })
    return output[0].code
  }
}

describe.each(Object.entries(bundlers))("%s", (_, bundle) => {
  it("drops marked declarations that no one imports", async () => {
    const code = await bundle(modules(marked))

    assert.include(code, "\"used_tag\"")
    assert.notInclude(code, "unused_tag")
    assert.notInclude(code, "other_tag")
  })

  it("keeps them where they are not marked", async () => {
    assert.include(await bundle(modules((text) => text)), "unused_tag")
  })
})
