import type * as Tool from "@effect-claude/core/Tool"
import type * as Wire from "@effect-claude/core/Wire"
import { describe, expect, it } from "tstyche"

describe("Tool", () => {
  it("accepts a tool of the caller's own with and without a type", () => {
    expect<{ name: string; input_schema: { type: "object" } }>().type.toBeAssignableTo<Tool.Tool>()
    expect<{ type: "custom"; name: string; input_schema: { type: "object" } }>().type.toBeAssignableTo<Tool.Tool>()
  })

  it("rejects a tool without a schema", () => {
    expect<{ name: string }>().type.not.toBeAssignableTo<Tool.Tool>()
    expect<{ type: "custom"; name: string }>().type.not.toBeAssignableTo<Tool.Tool>()
  })

  it("narrows by type", () => {
    expect<Extract<Tool.Tool, { readonly type: "mcp_toolset" }>["mcp_server_name"]>().type.toBe<string>()
  })

  it("matches every known tool, the caller's own included, and the unknown", () => {
    type Cases = Wire.Cases<Tool.Tool, void>
    expect<"custom" | "mcp_toolset" | "web_search_20260318" | "Unknown">().type.toBeAssignableTo<keyof Cases>()
    expect<"nothing">().type.not.toBeAssignableTo<keyof Cases>()
  })
})
