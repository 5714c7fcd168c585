import { assert, describe, it } from "@effect/vitest"
import { exportsOf } from "../codegen-surface.mjs"

const surface = (...lines) => exportsOf("Usage.ts", lines.join("\n"))

describe("codegen-surface", () => {
  it("names what a module exports, sorted, and says what it is", () => {
    assert.deepStrictEqual(
      surface(
        "export const zero = 0",
        "export interface Options {}",
        "export class Usage {}",
        "export type Kind = \"a\"",
        "export function add(): void",
        "export function add(a?: string): void {}"
      ),
      ["Kind (type)", "Options (interface)", "Usage (class)", "add (function)", "zero (const)"]
    )
  })

  it("joins the type and the value of one name", () => {
    assert.deepStrictEqual(surface("export type Usage = 1", "export const Usage = 1"), ["Usage (type, const)"])
  })

  it("sees what is passed on from elsewhere", () => {
    assert.deepStrictEqual(
      surface("export { a, b as c } from \"./A.ts\"", "export * as D from \"./D.ts\"", "export * from \"./E.ts\""),
      ["* from \"./E.ts\" (export)", "D (namespace)", "a (export)", "c (export)"]
    )
  })

  it("leaves out what is private", () => {
    assert.deepStrictEqual(surface("const a = 1", "import * as B from \"./B.ts\""), [])
  })
})
