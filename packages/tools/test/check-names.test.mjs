import { assert, describe, it } from "@effect/vitest"
import { namesIn, problemsIn } from "../check-names.mjs"

const members = (module) => (module === "Session" ? new Set(["make", "send"]) : undefined)

describe("check-names", () => {
  it.each([
    ["a member that is not there", "Call `Session.started`."],
    ["one among others in the same quotes", "Call `Effect.map(Session.made, f)`."]
  ])("refuses %s", (_, text) => {
    assert.lengthOf(problemsIn("docs/README.md", text, members), 1)
  })

  it.each([
    ["a member that is", "Call `Session.send(\"Hi\")`."],
    ["a module of others", "Call `Effect.started`."],
    ["words outside of code", "About Session.started, later."],
    ["code that is checked otherwise", "```ts\nSession.started\n```"],
    ["the name of a file", "See `src/Session.ts` and `./Session.ts`."]
  ])("accepts %s", (_, text) => {
    assert.deepStrictEqual(problemsIn("docs/README.md", text, members), [])
  })

  it("says where a name stands", () => {
    assert.deepStrictEqual(namesIn("One.\n`Session.make`"), [{ line: 2, module: "Session", member: "make" }])
  })
})
