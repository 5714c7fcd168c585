import { assert, describe, it } from "vitest"
import { apply, mutationsOf, testsOf } from "../mutate.mjs"

describe("mutate", () => {
  it("finds places in code, and none in comments and imports", () => {
    const text = "import { a } from \"true\"\n// a === b\n * a && b\nconst is = a === b && istrue\n"
    const found = mutationsOf(text)

    assert.deepStrictEqual(found.map(({ from, line }) => [from.trim(), line]), [["===", 4], ["&&", 4]])
    assert.include(apply(text, found[0]), "const is = a !== b && istrue")
  })

  it("runs the tests of a file, or those of the module it is a part of", () => {
    const has = (path) =>
      ["packages/core/test/Rules.test.ts", "packages/core/test/internal/guard.test.ts"].includes(path)

    assert.deepStrictEqual(testsOf("packages/core/src/Rules.ts", has), ["packages/core/test/Rules.test.ts"])
    assert.deepStrictEqual(testsOf("packages/core/src/internal/rules/media.ts", has), [
      "packages/core/test/Rules.test.ts"
    ])
    assert.deepStrictEqual(testsOf("packages/core/src/internal/guard.ts", has), [
      "packages/core/test/internal/guard.test.ts"
    ])
    assert.isUndefined(testsOf("packages/core/src/Cost.ts", has))
  })
})
