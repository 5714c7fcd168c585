import { assert, describe, it } from "vitest"
import { problemsOf } from "../check-security.mjs"

const row = (test) => `| who | cannot | test |\n| --- | --- | --- |\n| server | x | ${test} |\n`
const textOf = (file) => file === "a.test.ts" ? `it("holds", …)` : undefined

describe("check-security", () => {
  it("accepts a line whose test exists", () => {
    assert.deepStrictEqual(problemsOf(row(`[A](a.test.ts): "holds"`), textOf), [])
  })

  it("reports a page without lines, and lines without a test, a file or a title", () => {
    assert.match(problemsOf("# Security", textOf)[0], /no threat model/)
    assert.match(problemsOf(row("none"), textOf)[0], /names no test/)
    assert.match(problemsOf(row(`[B](b.test.ts): "holds"`), textOf)[0], /b.test.ts, which does not exist/)
    assert.match(problemsOf(row(`[A](a.test.ts): "breaks"`), textOf)[0], /"breaks", which is not in/)
  })
})
