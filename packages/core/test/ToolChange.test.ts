import * as ToolChange from "@effect-claude/core/ToolChange"
import { assert, describe, it } from "@effect/vitest"

describe("ToolChange", () => {
  describe("add", () => {
    it("refers to a tool by name", () => {
      assert.deepStrictEqual(ToolChange.add("look"), {
        type: "tool_addition",
        tool: { type: "tool_reference", name: "look" }
      })
    })

    it("contains the definition of a tool", () => {
      const definition = { name: "look", input_schema: { type: "object" } } as const

      assert.deepStrictEqual(ToolChange.add(definition), {
        type: "tool_addition",
        tool: { type: "tool_definition", definition }
      })
    })
  })

  it("remove refers to a tool by name", () => {
    assert.deepStrictEqual(ToolChange.remove("look"), {
      type: "tool_removal",
      tool: { type: "tool_reference", name: "look" }
    })
  })
})
