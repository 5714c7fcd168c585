import { assert, describe, it } from "@effect/vitest"
import ts from "typescript-6"
import { missingIn, toIsoDate } from "../drift.mjs"

/** Compares `type T = …` with a shape. */
const compare = (declaration, shape) => {
  const file = "types.ts"
  const source = ts.createSourceFile(
    file,
    `interface Array<T> { length: number }\n${declaration}`,
    ts.ScriptTarget.ES2022
  )
  const host = {
    ...ts.createCompilerHost({}),
    fileExists: (name) => name === file,
    getSourceFile: (name) => name === file ? source : undefined,
    readFile: () => undefined
  }
  const program = ts.createProgram([file], { noLib: true, strict: true, types: [] }, host)
  const checker = program.getTypeChecker()
  const alias = source.statements.find((node) => ts.isTypeAliasDeclaration(node) && node.name.text === "T")
  return missingIn(checker, checker.getTypeAtLocation(alias.name), shape)
}

describe("drift", () => {
  describe("missingIn", () => {
    it("finds nothing where every field is there, whatever its mark", () => {
      assert.deepStrictEqual(
        compare("type T = { a: string; b?: string; c: string | null }", { a: "s", "b~": "s", "c?": "s" }),
        []
      )
    })

    it("names a field that is missing, and leaves out headers", () => {
      assert.deepStrictEqual(compare("type T = { a: string; b: string; betas?: string }", { a: "s" }), [
        ".b is missing"
      ])
    })

    it("names a variant that is missing, and looks inside the others", () => {
      assert.deepStrictEqual(
        compare(
          "type T = { type: \"a\"; x: string } | { type: \"b\" }",
          ["t", [{ type: "=a" }]]
        ),
        ["<a>.x is missing", " has no variant \"b\""]
      )
    })

    it("looks into arrays, unions and references", () => {
      const item = { "x?": "s" }

      assert.deepStrictEqual(
        compare("type T = { a: string | Array<{ x: string; y: string }> }", {
          a: ["|", ["s", ["[", ["l", () => item]]]]
        }),
        [".a[].y is missing"]
      )
    })

    it("names the fields of a type that the shape leaves open", () => {
      assert.deepStrictEqual(compare("type T = { a: { x: string } }", { a: "j" }), [".a is untyped: x"])
    })
  })

  describe("toIsoDate", () => {
    it("reads the dates of the table of deprecations", () => {
      assert.strictEqual(toIsoDate("June 30th, 2026"), "2026-06-30")
      assert.strictEqual(toIsoDate("January 2nd, 2027"), "2027-01-02")
      assert.isUndefined(toIsoDate("soon"))
    })
  })
})
