import * as Tool from "@effect-claude/core/Tool"
import { assert, describe, it } from "@effect/vitest"

const onServer = /^(?:web_search|web_fetch|code_execution|advisor|mcp_toolset)/

describe("Tool", () => {
  describe("runsOnServer", () => {
    it("knows every version of the server tools, and no other tool", () => {
      const tags = [...Tool.Tool.tags]

      assert.isAbove(tags.filter((tag) => onServer.test(tag)).length, 10)
      assert.deepStrictEqual(
        tags.filter((type) => Tool.runsOnServer({ type } as Tool.Tool)),
        tags.filter((tag) => onServer.test(tag))
      )
      assert.isFalse(Tool.runsOnServer({ name: "look", input_schema: { type: "object" } }))
      assert.isFalse(Tool.runsOnServer({ type: null, name: "look", input_schema: { type: "object" } }))
    })
  })
})
