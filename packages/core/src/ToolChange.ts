/**
 * Changes of the available tools in the middle of a conversation. `tools` stays
 * the same, so the prompt cache stays valid.
 *
 * A change is part of a system turn and applies from that turn on. It refers to
 * a tool by name, or contains its definition.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as Tool from "./Tool.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// references
// -----------------------------------------------------------------------------

/**
 * A tool, by the name by which the model calls it.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolReference extends Wire.Class<ToolReference>()("ChangedTool", {
  type: Schema.Literal("tool_reference"),
  name: Schema.String
}) {}

/**
 * A tool of an MCP server.
 *
 * @category schemas
 * @since 0.1.0
 */
export class McpToolReference extends Wire.Class<McpToolReference>()("ChangedMcpTool", {
  type: Schema.Literal("mcp_tool_reference"),
  server_name: Schema.String,
  name: Schema.String
}) {}

/**
 * All tools of an MCP server.
 *
 * @category schemas
 * @since 0.1.0
 */
export class McpToolsetReference extends Wire.Class<McpToolsetReference>()("ChangedMcpToolset", {
  type: Schema.Literal("mcp_toolset_reference"),
  server_name: Schema.String
}) {}

/**
 * The definition of a new tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolDefinition extends Wire.Class<ToolDefinition>()("ToolDefinition", {
  type: Schema.Literal("tool_definition"),
  definition: Tool.Tool
}) {}

// -----------------------------------------------------------------------------
// blocks
// -----------------------------------------------------------------------------

/**
 * Makes a tool available from this turn on.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolAddition extends Wire.Class<ToolAddition>()("ToolAddition", {
  type: Schema.Literal("tool_addition"),
  tool: Wire.openUnion("AddedTool", [ToolReference, McpToolReference, McpToolsetReference, ToolDefinition]),
  ...CacheControl.field
}) {}

/**
 * Makes a tool unavailable from this turn on.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolRemoval extends Wire.Class<ToolRemoval>()("ToolRemoval", {
  type: Schema.Literal("tool_removal"),
  tool: Wire.openUnion("RemovedTool", [ToolReference, McpToolReference, McpToolsetReference]),
  ...CacheControl.field
}) {}

/**
 * A change of the available tools.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolChange: Wire.OpenUnion<ToolAddition | ToolRemoval> = Wire.openUnion("ToolChange", [
  ToolAddition,
  ToolRemoval
])

/**
 * A change of the available tools.
 *
 * @category models
 * @since 0.1.0
 */
export type ToolChange = typeof ToolChange.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Makes a tool available from this turn on: by name if it is in `tools`, or by
 * its definition.
 *
 * @category constructors
 * @since 0.1.0
 */
export const add = (tool: string | Tool.Tool): ToolAddition => ({
  type: "tool_addition",
  tool: typeof tool === "string"
    ? { type: "tool_reference", name: tool }
    : { type: "tool_definition", definition: tool }
})

/**
 * Makes a tool unavailable from this turn on.
 *
 * @category constructors
 * @since 0.1.0
 */
export const remove = (name: string): ToolRemoval => ({ type: "tool_removal", tool: { type: "tool_reference", name } })
