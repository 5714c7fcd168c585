/**
 * The body of `POST /v1/messages`, and short ways to make one.
 *
 * Field names are the API's own, so what its documentation says works here
 * unchanged, and fields this version does not know pass through. The API is
 * stateless: every request carries the whole conversation. Consecutive turns of
 * one role are accepted, since the API merges them; `normalize` does so here.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as Content from "./Content.ts"
import * as ContentBlock from "./ContentBlock.ts"
import * as Model from "./Model.ts"
import * as Thinking from "./Thinking.ts"
import * as Tool from "./Tool.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// turns
// -----------------------------------------------------------------------------

/**
 * A turn of the user.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UserParam = Wire.struct("UserParam", {
  role: Schema.Literal("user"),
  content: Schema.Union([Schema.String, Schema.Array(Content.Content)])
})

/**
 * A turn of the user.
 *
 * @category models
 * @since 0.1.0
 */
export interface UserParam extends Schema.Schema.Type<typeof UserParam> {}

/**
 * A turn of the model. As the last turn it is a prefill, which not every model
 * accepts.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AssistantParam = Wire.struct("AssistantParam", {
  role: Schema.Literal("assistant"),
  content: Schema.Union([Schema.String, Schema.Array(Content.Content)])
})

/**
 * A turn of the model.
 *
 * @category models
 * @since 0.1.0
 */
export interface AssistantParam extends Schema.Schema.Type<typeof AssistantParam> {}

/**
 * Instructions in the middle of a conversation. What holds from the start
 * belongs into `system`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SystemParam = Wire.struct("SystemParam", {
  role: Schema.Literal("system"),
  content: Schema.optional(Schema.Union([Schema.String, Schema.Array(Content.Content)])),
  clear_at: Wire.nullish(Wire.openEnum("ClearAt", ["next_user_message", "never"])),
  output_config: Wire.nullish(Wire.Json)
})

/**
 * Instructions in the middle of a conversation.
 *
 * @category models
 * @since 0.1.0
 */
export interface SystemParam extends Schema.Schema.Type<typeof SystemParam> {}

/**
 * A turn of a conversation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const MessageParam = Schema.Union([UserParam, AssistantParam, SystemParam])

/**
 * A turn of a conversation.
 *
 * @category models
 * @since 0.1.0
 */
export type MessageParam = typeof MessageParam.Type

// -----------------------------------------------------------------------------
// options of a request
// -----------------------------------------------------------------------------

/**
 * What the answer is to be like: how much effort goes into it, and a JSON
 * Schema it must match.
 *
 * @category schemas
 * @since 0.1.0
 */
export const OutputConfig = Wire.struct("OutputConfig", {
  effort: Wire.nullish(Wire.openEnum("Effort", ["low", "medium", "high", "xhigh", "max"])),
  format: Wire.nullish(Wire.openUnion("OutputFormat", [
    Wire.struct("JsonSchemaFormat", { type: Schema.Literal("json_schema"), schema: Wire.Json })
  ])),
  task_budget: Wire.nullish(Wire.struct("TaskBudget", {
    type: Schema.Literal("tokens"),
    total: Schema.Finite,
    remaining: Wire.nullish(Schema.Finite)
  }))
})

/**
 * What the answer is to be like: how much effort goes into it, and a JSON
 * Schema it must match.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutputConfig extends Schema.Schema.Type<typeof OutputConfig> {}

/**
 * Who the request is for: an opaque id, never a name or an address.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Metadata = Wire.struct("Metadata", {
  user_id: Wire.nullish(Schema.String)
})

/**
 * Who the request is for: an opaque id, never a name or an address.
 *
 * @category models
 * @since 0.1.0
 */
export interface Metadata extends Schema.Schema.Type<typeof Metadata> {}

/**
 * The container code runs in, and the skills it is given.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ContainerParam = Wire.struct("ContainerParam", {
  id: Wire.nullish(Schema.String),
  skills: Wire.nullish(Schema.Array(Wire.struct("SkillParam", {
    type: Wire.openEnum("SkillType", ["anthropic", "custom"]),
    skill_id: Schema.String,
    version: Wire.nullish(Schema.String)
  })))
})

/**
 * The container code runs in, and the skills it is given.
 *
 * @category models
 * @since 0.1.0
 */
export interface ContainerParam extends Schema.Schema.Type<typeof ContainerParam> {}

/**
 * An MCP server the API connects to. The token is a secret of the request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const McpServer = Wire.struct("McpServer", {
  type: Schema.Literal("url"),
  name: Schema.String,
  url: Schema.String,
  authorization_token: Wire.nullish(Schema.String),
  tool_configuration: Wire.nullish(Wire.Json)
})

/**
 * An MCP server the API connects to.
 *
 * @category models
 * @since 0.1.0
 */
export interface McpServer extends Schema.Schema.Type<typeof McpServer> {}

/**
 * How the API keeps the context small. Edits are open: their types are dated.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ContextManagement = Wire.struct("ContextManagement", {
  edits: Wire.nullish(Schema.Array(Wire.struct("ContextEdit", { type: Schema.String })))
})

/**
 * How the API keeps the context small.
 *
 * @category models
 * @since 0.1.0
 */
export interface ContextManagement extends Schema.Schema.Type<typeof ContextManagement> {}

// -----------------------------------------------------------------------------
// the request
// -----------------------------------------------------------------------------

/**
 * The fields of a request.
 *
 * @category fields
 * @since 0.1.0
 */
export const fields = {
  model: Model.Model,
  max_tokens: Schema.Finite,
  messages: Schema.Array(MessageParam),
  system: Schema.optional(Schema.Union([Schema.String, Schema.Array(ContentBlock.Text)])),
  stream: Schema.optional(Schema.Boolean),
  stop_sequences: Wire.nullish(Schema.Array(Schema.String)),
  temperature: Wire.nullish(Schema.Finite),
  top_p: Wire.nullish(Schema.Finite),
  top_k: Wire.nullish(Schema.Finite),
  thinking: Wire.nullish(Thinking.Thinking),
  tools: Wire.nullish(Schema.Array(Tool.Tool)),
  tool_choice: Wire.nullish(Tool.ToolChoice),
  output_config: Wire.nullish(OutputConfig),
  output_format: Wire.nullish(Wire.Json),
  ...CacheControl.field,
  metadata: Wire.nullish(Metadata),
  container: Wire.nullish(Schema.Union([Schema.String, ContainerParam])),
  service_tier: Wire.nullish(Wire.openEnum("ServiceTier", ["auto", "standard_only"])),
  speed: Wire.nullish(Wire.openEnum("Speed", ["standard", "fast"])),
  inference_geo: Wire.nullish(Schema.String),
  diagnostics: Wire.nullish(Wire.struct("DiagnosticsParam", { previous_message_id: Wire.nullish(Schema.String) })),
  mcp_servers: Wire.nullish(Schema.Array(McpServer)),
  context_management: Wire.nullish(ContextManagement),
  compaction: Wire.nullish(Wire.Json),
  thread: Wire.nullish(Wire.Json),
  fallbacks: Wire.nullish(Wire.Json),
  fallback_credit_token: Wire.nullish(Wire.Json),
  billing_policy: Wire.nullish(Wire.Json)
}

/**
 * The body of `POST /v1/messages`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const MessageRequest = Wire.struct("MessageRequest", fields)

/**
 * The body of `POST /v1/messages`.
 *
 * @category models
 * @since 0.1.0
 */
export interface MessageRequest extends Schema.Schema.Type<typeof MessageRequest> {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a turn of the user.
 *
 * **Example** (Making a request)
 *
 * ```ts
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 *
 * const request: MessageRequest.MessageRequest = {
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [MessageRequest.user("Hello, Claude")]
 * }
 *
 * request.messages[0] // => { role: "user", content: "Hello, Claude" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const user = (content: string | ReadonlyArray<Content.Content>): UserParam => ({ role: "user", content })

/**
 * Creates a turn of the model.
 *
 * @category constructors
 * @since 0.1.0
 */
export const assistant = (content: string | ReadonlyArray<Content.Content>): AssistantParam => ({
  role: "assistant",
  content
})

/**
 * Creates instructions in the middle of a conversation.
 *
 * @category constructors
 * @since 0.1.0
 */
export const system = (content: string | ReadonlyArray<Content.Content>): SystemParam => ({ role: "system", content })

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Merges consecutive turns of the same role, as the API does on arrival.
 *
 * System turns are never merged. Applying it twice changes nothing more.
 *
 * @category conversions
 * @since 0.1.0
 */
export const normalize = (messages: ReadonlyArray<MessageParam>): ReadonlyArray<MessageParam> => {
  const out: Array<MessageParam> = []
  for (const turn of messages) {
    const last = out[out.length - 1]
    if (last !== undefined && last.role === "user" && turn.role === "user") {
      out[out.length - 1] = { ...last, content: [...blocks(last.content), ...blocks(turn.content)] }
    } else if (last !== undefined && last.role === "assistant" && turn.role === "assistant") {
      out[out.length - 1] = { ...last, content: [...blocks(last.content), ...blocks(turn.content)] }
    } else out.push(turn)
  }
  return out
}

/**
 * Returns the content of a turn as blocks: text stands for one text block.
 *
 * @category conversions
 * @since 0.1.0
 */
export const blocks = (
  content: string | ReadonlyArray<Content.Content> | undefined
): ReadonlyArray<Content.Content> =>
  content === undefined ? [] : typeof content === "string" ? [{ type: "text", text: content }] : content
