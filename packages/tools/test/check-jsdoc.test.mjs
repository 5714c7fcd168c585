import { assert, describe, it } from "@effect/vitest"
import { problemsIn } from "../check-jsdoc.mjs"

const header = [
  "/**",
  " * Adds numbers. Never overflows.",
  " *",
  " * @since 0.1.0",
  " */",
  "import * as A from \"a\"",
  ""
]
const doc = ["/**", " * Adds.", " *", " * @category combinators", " * @since 0.1.0", " */"]

const problems = (lines, options = { exports: true }) =>
  problemsIn("packages/core/src/Sum.ts", lines.join("\n"), options)

describe("check-jsdoc", () => {
  it("accepts a documented module", () => {
    assert.deepStrictEqual(problems([...header, ...doc, "export const add = 1"]), [])
  })

  it.each([
    ["no header", [...doc.slice(0, 0), "import * as A from \"a\"", ...doc, "export const add = 1"]],
    ["a header without @since", [...header.toSpliced(3, 1), ...doc, "export const add = 1"]],
    ["an export without a comment", [...header, "export const add = 1"]],
    ["a header that stands for a comment", [...header.slice(0, 5), "export const add = 1"]],
    ["no category", [...header, ...doc.toSpliced(3, 1), "export const add = 1"]],
    ["an empty category", [...header, ...doc.with(3, " * @category"), "export const add = 1"]],
    ["no since", [...header, ...doc.toSpliced(4, 1), "export const add = 1"]],
    ["no opening paragraph", [...header, ...doc.toSpliced(1, 2), "export const add = 1"]],
    ["an undocumented option", [...header, ...doc, "export interface AddOptions {", "  readonly a: string", "}"]]
  ])("refuses %s", (_, lines) => {
    assert.lengthOf(problems(lines), 1)
  })

  it("takes the comment of the first overload for all", () => {
    const overloads = ["export function add(): void", "export function add(a?: string): void {}"]

    assert.deepStrictEqual(problems([...header, ...doc, ...overloads]), [])
  })

  it("takes a comment on a name that is exported from a list", () => {
    assert.deepStrictEqual(problems([...header, "const add = 1", "export {", ...doc, "  add", "}"]), [])
    assert.deepStrictEqual(problems([...header, "const add = 1", ...doc, "export { add }"]), [])
    assert.lengthOf(problems([...header, "const add = 1", "export { add }"]), 1)
  })

  it("asks only a header of private modules", () => {
    assert.deepStrictEqual(problems([...header, "export const add = 1"], { exports: false }), [])
    assert.lengthOf(problems(["export const add = 1"], { exports: false }), 1)
  })
})
