/**
 * MCP servers that the API connects to: their declaration in a request, and the
 * calls and results of their tools.
 *
 * The API itself calls these tools. List a server in `mcp_servers`, and add its
 * tools with a `Toolset`. The required beta header is sent automatically.
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
 * An MCP server that the API connects to. The authorization token is a secret
 * of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Server extends Wire.Class<Server>()("McpServer", {
  type: Schema.Literal("url"),
  name: Schema.String,
  url: Schema.String,
  authorization_token: Wire.nullish(Schema.String),
  tool_configuration: Wire.nullish(Wire.struct("McpToolConfiguration", {
    enabled: Wire.nullish(Schema.Boolean),
    allowed_tools: Wire.nullish(Schema.Array(Schema.String))
  }))
}) {}

/**
 * A tool of an MCP server.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Tool extends Wire.Class<Tool>()("McpTool", {
  name: Schema.String,
  description: Wire.nullish(Schema.String),
  input_schema: Wire.Json
}) {}

/**
 * The tools of an MCP server of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Toolset extends Wire.Class<Toolset>()("McpToolset", {
  type: Schema.Literal("mcp_toolset"),
  mcp_server_name: Schema.String,
  default_config: Wire.nullish(MemberConfig),
  configs: Wire.nullish(Schema.Record(Schema.String, Schema.NullOr(MemberConfig))),
  tools: Wire.nullish(Schema.Array(Tool)),
  ...CacheControl.field
}) {}

// -----------------------------------------------------------------------------
// blocks
// -----------------------------------------------------------------------------

/**
 * A call of a tool on an MCP server, made by the API.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolUse extends Wire.Class<ToolUse>()("McpToolUse", {
  type: Schema.Literal("mcp_tool_use"),
  id: Schema.String,
  name: Schema.String,
  server_name: Schema.String,
  input: Wire.Json,
  ...CacheControl.field
}) {}

/**
 * The result of a tool on an MCP server.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolResult extends Wire.Class<ToolResult>()("McpToolResult", {
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
}) {}

/**
 * The tools of an MCP server.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolListing extends Wire.Class<ToolListing>()("McpToolListing", {
  type: Schema.Literal("mcp_tool_listing"),
  mcp_server_name: Schema.String,
  tools: Schema.Array(Tool)
}) {}
