import { assert, describe, it } from "@effect/vitest"
import { partsOf } from "../list-examples.mjs"

describe("list-examples", () => {
  it.each([
    ["in one line", "// How?\nimport a\n"],
    ["with more behind it", "// How? Set this first.\nimport a\n"],
    ["with more below it", "// How?\n// Set this first.\nimport a\n"]
  ])("takes a question %s", (_, text) => {
    assert.deepStrictEqual(partsOf(text), { question: "How?", code: "import a" })
  })

  it("takes a question of two lines", () => {
    assert.deepStrictEqual(partsOf("// How, and\n// why?\nimport a"), { question: "How, and why?", code: "import a" })
  })

  it("takes nothing else for one", () => {
    assert.isUndefined(partsOf("import a // why?\n"))
    assert.isUndefined(partsOf("// It streams.\nimport a\n"))
  })
})
