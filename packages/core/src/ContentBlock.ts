/**
 * The content blocks of a response.
 *
 * The union is open: a block of an unknown type is an `Unknown` with all its
 * fields, and is sent back unchanged. Thinking blocks must be sent back
 * unmodified and in order, or the API refuses the conversation.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as Caller from "./Caller.ts"
import * as Citation from "./Citation.ts"
import * as CodeExecution from "./CodeExecution.ts"
import * as Fallbacks from "./Fallbacks.ts"
import * as Mcp from "./Mcp.ts"
import * as ServerToolResult from "./ServerToolResult.ts"
import * as ToolChange from "./ToolChange.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Text, with its citations.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Text extends Wire.Class<Text>()("Text", {
  type: Schema.Literal("text"),
  text: Schema.String,
  citations: Wire.nullish(Schema.Array(Citation.Citation)),
  ...CacheControl.field
}) {}

/**
 * Thinking of the model. The text may be empty, with only a signature.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Thinking extends Wire.Class<Thinking>()("Thinking", {
  type: Schema.Literal("thinking"),
  thinking: Schema.String,
  signature: Schema.String
}) {}

/**
 * Encrypted thinking.
 *
 * @category schemas
 * @since 0.1.0
 */
export class RedactedThinking extends Wire.Class<RedactedThinking>()("RedactedThinking", {
  type: Schema.Literal("redacted_thinking"),
  data: Schema.String
}) {}

/**
 * A call of a client tool. The next user turn must contain its result.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolUse extends Wire.Class<ToolUse>()("ToolUse", {
  type: Schema.Literal("tool_use"),
  id: Schema.String,
  name: Schema.String,
  input: Wire.Json,
  toolset_name: Wire.nullish(Schema.String),
  ...Caller.field,
  ...CacheControl.field
}) {}

/**
 * A call of a server tool. The server runs it.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ServerToolUse extends Wire.Class<ServerToolUse>()("ServerToolUse", {
  type: Schema.Literal("server_tool_use"),
  id: Schema.String,
  name: Wire.openEnum("ServerToolName", [
    "web_search",
    "web_fetch",
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
    "tool_search_tool_regex",
    "tool_search_tool_bm25",
    "advisor"
  ]),
  input: Wire.Json,
  ...Caller.field,
  ...CacheControl.field
}) {}

/**
 * A file in the container.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContainerUpload extends Wire.Class<ContainerUpload>()("ContainerUpload", {
  type: Schema.Literal("container_upload"),
  file_id: Schema.String,
  ...CacheControl.field
}) {}

/**
 * A summary of the conversation by the API. It is sent back as the first
 * message.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Compaction extends Wire.Class<Compaction>()("Compaction", {
  type: Schema.Literal("compaction"),
  content: Wire.nullish(Schema.String),
  encrypted_content: Wire.nullish(Schema.String),
  signature: Wire.nullish(Schema.String),
  tool_changes: Wire.nullish(Schema.Array(ToolChange.ToolChange)),
  ...CacheControl.field
}) {}

/**
 * The point at which another model took over.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Fallback extends Wire.Class<Fallback>()("Fallback", {
  type: Schema.Literal("fallback"),
  from: Wire.struct("FallbackFrom", { model: Schema.String }),
  to: Wire.struct("FallbackTo", { model: Schema.String }),
  trigger: Wire.nullish(Fallbacks.Trigger)
}) {}

/**
 * A content block of a response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ContentBlock: Wire.OpenUnion<
  | Text
  | Thinking
  | RedactedThinking
  | ToolUse
  | ServerToolUse
  | ServerToolResult.WebSearchToolResult
  | ServerToolResult.WebFetchToolResult
  | CodeExecution.CodeExecutionToolResult
  | CodeExecution.BashCodeExecutionToolResult
  | CodeExecution.TextEditorCodeExecutionToolResult
  | ServerToolResult.ToolSearchToolResult
  | Mcp.ToolUse
  | Mcp.ToolResult
  | Mcp.ToolListing
  | ServerToolResult.AdvisorToolResult
  | ContainerUpload
  | Compaction
  | Fallback
> = Wire.openUnion("ContentBlock", [
  Text,
  Thinking,
  RedactedThinking,
  ToolUse,
  ServerToolUse,
  ServerToolResult.WebSearchToolResult,
  ServerToolResult.WebFetchToolResult,
  CodeExecution.CodeExecutionToolResult,
  CodeExecution.BashCodeExecutionToolResult,
  CodeExecution.TextEditorCodeExecutionToolResult,
  ServerToolResult.ToolSearchToolResult,
  Mcp.ToolUse,
  Mcp.ToolResult,
  Mcp.ToolListing,
  ServerToolResult.AdvisorToolResult,
  ContainerUpload,
  Compaction,
  Fallback
])

/**
 * A content block of a response.
 *
 * @category models
 * @since 0.1.0
 */
export type ContentBlock = typeof ContentBlock.Type
