import { assert, describe, it } from "vitest"
import { expressionsOf, problemOf } from "../check-regex.mjs"

describe("expressionsOf", () => {
  it("finds literals and constructors that are given text", () => {
    const found = expressionsOf(
      "x.ts",
      "const a = /a+/g\nconst b = new RegExp(\"b\", \"i\")\nconst c = RegExp(\"c\")\n"
    )

    assert.deepEqual(found, [
      { line: 1, pattern: "a+", flags: "g" },
      { line: 2, pattern: "b", flags: "i" },
      { line: 3, pattern: "c", flags: "" }
    ])
  })
})

describe("problemOf", () => {
  it.each([["^a+$", ""], ["[0-9]{3}", "g"], ["\\s+", "g"]])("passes /%s/%s", async (pattern, flags) => {
    assert.isUndefined(await problemOf({ pattern, flags }))
  })

  it.each([["(a+)+$", ""], ["<[^>]*>", "g"], [" +$", "m"]])("refuses /%s/%s", async (pattern, flags) => {
    assert.match(await problemOf({ pattern, flags }), /takes .* time, for example on/)
  })
})
