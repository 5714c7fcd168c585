import { assert, describe, it } from "@effect/vitest"
import { leftOut, leftovers, problemsIn } from "../check-repo.mjs"

const source = "packages/core/src/Usage.ts"
const test = "packages/core/test/Usage.test.ts"

describe("check-repo", () => {
  it.each([
    ...leftovers.map((marker) => [`a leftover ${marker}`, source, `// ${marker} later`]),
    ...leftOut.flatMap((how) => [
      [`a test with ${how}`, test, `it.effect.${how}("adds", () => {})`],
      [`tests with ${how}`, test, `describe.${how}("Usage", () => {})`]
    ]),
    ["a test under a name that leaves it out", test, "xit(\"adds\", () => {})"],
    ["a compiler switched off", source, "// @ts-ignore"],
    ["a rule switched off without a reason", source, "// oxlint-disable-next-line no-cycle"],
    ["a path of one machine", "docs/guide.md", "Run it in `/home/someone/project`."],
    ["a number of some tracker", "docs/guide.md", "See issue 12."],
    ["trailing space", source, "const a = 1 "],
    ["an unfinished merge", source, "<<<<<<< HEAD"],
    ["a file with a second subject", source, "\n".repeat(451)]
  ])("refuses %s", (_, file, text) => {
    assert.lengthOf(problemsIn(file, text), 1)
  })

  it.each([
    ["a test that is left out where something is missing", test, "it.skipIf(absent)(\"adds\", () => {})"],
    ["a rule switched off with a reason", source, "// oxlint-disable-next-line no-cycle -- types only"],
    ["a path of an API", "docs/guide.md", "POST /v1/messages"],
    ["a route of that name", source, "\"https://example.com/home/x\""],
    ["a file of 450 lines", source, "\n".repeat(450)]
  ])("accepts %s", (_, file, text) => {
    assert.deepStrictEqual(problemsIn(file, text), [])
  })
})
