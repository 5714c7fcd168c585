import { assert, describe, it } from "@effect/vitest"
import { headingsOf, missingIn, problemsIn, slugOf } from "../check-links.mjs"

const files = { "docs/guide/errors.md": "# Errors\n\n## Twice\n\n## Twice\n", "examples": "" }
const find = (file) => files[file]

describe("check-links", () => {
  it.each([
    ["a file that is not there", "See [it](nowhere.md)."],
    ["a heading that is not there", "See [it](guide/errors.md#errata)."],
    ["a heading of its own that is not there", "See [it](#below)."],
    ["a path from the top", "See [it](/docs/guide/errors.md)."],
    ["an image that is not there", "![it](picture.png)"],
    ["a definition that leads nowhere", "[it]: nowhere.md"]
  ])("refuses %s", (_, text) => {
    assert.lengthOf(problemsIn("docs/README.md", text, find), 1)
  })

  it.each([
    ["a file", "See [it](guide/errors.md)."],
    ["a directory", "See [it](../examples)."],
    ["a heading", "See [it](guide/errors.md#errors)."],
    ["the second of two headings", "See [it](guide/errors.md#twice-1)."],
    ["a heading of its own", "# Here\n\nSee [it](#here)."],
    ["an address elsewhere", "See [it](https://example.com/nowhere.md)."],
    ["what looks like a link in a line of code", "Write `[it](nowhere.md)`."],
    ["what looks like a link in a block of code", "```md\n[it](nowhere.md)\n```"]
  ])("accepts %s", (_, text) => {
    assert.deepStrictEqual(problemsIn("docs/README.md", text, find), [])
  })

  it("names headings as GitHub does", () => {
    assert.strictEqual(slugOf("What does `400` mean, and why?"), "what-does-400-mean-and-why")
    assert.strictEqual(slugOf("What is `max_tokens`?"), "what-is-max_tokens")
  })

  it("takes no comment in code for a heading", () => {
    assert.deepStrictEqual(headingsOf("# One\n\n```sh\n# two\n```\n").map(({ anchor }) => anchor), ["one"])
  })

  it("asks for every question in the index, and for no other heading", () => {
    const documents = [{ name: "errors.md", text: "# Errors\n\n## What is a 400?\n\n## What is a 401?\n\n## Notes\n" }]
    assert.lengthOf(missingIn("- [What is a 400?](errors.md#what-is-a-400)", documents), 1)
    assert.lengthOf(missingIn("", documents), 2)
  })
})
