/**
 * The servers of the Model Context Protocol that the API connects to: how a
 * request names them, and what their tools come back with.
 *
 * The API calls these tools by itself. Name a server in `mcp_servers` and offer
 * its tools with a `Toolset`; the beta they need is sent along.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import { MemberConfig } from "./Toolset.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/**
 * An MCP server the API connects to. The token is a secret of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Server = Wire.struct("McpServer", {
  type: Schema.Literal("url"),
  name: Schema.String,
  url: Schema.String,
  authorization_token: Wire.nullish(Schema.String),
  tool_configuration: Wire.nullish(Wire.struct("McpToolConfiguration", {
    enabled: Wire.nullish(Schema.Boolean),
    allowed_tools: Wire.nullish(Schema.Array(Schema.String))
  }))
})

/**
 * An MCP server the API connects to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Server extends Schema.Schema.Type<typeof Server> {}

/**
 * A tool that an MCP server offers.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tool = Wire.struct("McpTool", {
  name: Schema.String,
  description: Wire.nullish(Schema.String),
  input_schema: Wire.Json
})

/**
 * A tool that an MCP server offers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tool extends Schema.Schema.Type<typeof Tool> {}

/**
 * The tools of an MCP server that the request names.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Toolset = Wire.struct("McpToolset", {
  type: Schema.Literal("mcp_toolset"),
  mcp_server_name: Schema.String,
  default_config: Wire.nullish(MemberConfig),
  configs: Wire.nullish(Schema.Record(Schema.String, Schema.NullOr(MemberConfig))),
  tools: Wire.nullish(Schema.Array(Tool)),
  ...CacheControl.field
})

/**
 * The tools of an MCP server that the request names.
 *
 * @category models
 * @since 0.1.0
 */
export interface Toolset extends Schema.Schema.Type<typeof Toolset> {}

// -----------------------------------------------------------------------------
// blocks
// -----------------------------------------------------------------------------

/**
 * A call of a tool on an MCP server, made by the API.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolUse = Wire.struct("McpToolUse", {
  type: Schema.Literal("mcp_tool_use"),
  id: Schema.String,
  name: Schema.String,
  server_name: Schema.String,
  input: Wire.Json,
  ...CacheControl.field
})

/**
 * A call of a tool on an MCP server, made by the API.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolUse extends Schema.Schema.Type<typeof ToolUse> {}

/**
 * What a tool on an MCP server came back with.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolResult = Wire.struct("McpToolResult", {
  type: Schema.Literal("mcp_tool_result"),
  tool_use_id: Schema.String,
  ...CacheControl.field,
  is_error: Wire.nullish(Schema.Boolean),
  content: Schema.optional(Schema.Union([
    Schema.String,
    Schema.Array(Wire.openUnion("McpContent", [
      Wire.struct("McpText", { type: Schema.Literal("text"), text: Schema.String })
    ]))
  ]))
})

/**
 * What a tool on an MCP server came back with.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolResult extends Schema.Schema.Type<typeof ToolResult> {}

/**
 * The tools an MCP server offers.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolListing = Wire.struct("McpToolListing", {
  type: Schema.Literal("mcp_tool_listing"),
  mcp_server_name: Schema.String,
  tools: Schema.Array(Tool)
})

/**
 * The tools an MCP server offers.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolListing extends Schema.Schema.Type<typeof ToolListing> {}
