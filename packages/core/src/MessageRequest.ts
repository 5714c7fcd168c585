/**
 * The body of `POST /v1/messages`, and constructors of its turns.
 *
 * Field names are those of the API, so its documentation applies unchanged.
 * Fields that this version does not know are kept. The API is stateless: every
 * request contains the whole conversation. The API accepts consecutive turns of
 * one role and merges them; `normalize` does the same.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as Content from "./Content.ts"
import * as ContentBlock from "./ContentBlock.ts"
import * as ContextManagement from "./ContextManagement.ts"
import * as Fallbacks from "./Fallbacks.ts"
import * as Mcp from "./Mcp.ts"
import * as Model from "./Model.ts"
import * as Thinking from "./Thinking.ts"
import * as Thread from "./Thread.ts"
import * as Tool from "./Tool.ts"
import * as Wire from "./Wire.ts"

/**
 * How much effort the model puts into a response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Effort = Wire.openEnum("Effort", ["low", "medium", "high", "xhigh", "max"])

/**
 * How much effort the model puts into a response.
 *
 * @category models
 * @since 0.1.0
 */
export type Effort = typeof Effort.Type

// -----------------------------------------------------------------------------
// turns
// -----------------------------------------------------------------------------

/**
 * A turn of the user.
 *
 * @category schemas
 * @since 0.1.0
 */
export class UserParam extends Wire.Class<UserParam>()("UserParam", {
  role: Schema.Literal("user"),
  content: Schema.Union([Schema.String, Schema.Array(Content.Content)])
}) {}

/**
 * A turn of the model. The last turn of a request may be one: it is a prefill,
 * which not every model accepts.
 *
 * @category schemas
 * @since 0.1.0
 */
export class AssistantParam extends Wire.Class<AssistantParam>()("AssistantParam", {
  role: Schema.Literal("assistant"),
  content: Schema.Union([Schema.String, Schema.Array(Content.Content)])
}) {}

/**
 * Instructions in the middle of a conversation. Use `system` for instructions
 * that apply from the start.
 *
 * @category schemas
 * @since 0.1.0
 */
export class SystemParam extends Wire.Class<SystemParam>()("SystemParam", {
  role: Schema.Literal("system"),
  content: Schema.optional(Schema.Union([Schema.String, Schema.Array(Content.Content)])),
  clear_at: Wire.nullish(Wire.openEnum("ClearAt", ["next_user_message", "never"])),
  output_config: Wire.nullish(Wire.struct("SystemOutputConfig", { effort: Wire.nullish(Effort) }))
}) {}

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
 * The format of the response: a JSON Schema that it matches.
 *
 * @category schemas
 * @since 0.1.0
 */
export const OutputFormat = Wire.openUnion("OutputFormat", [
  Wire.struct("JsonSchemaFormat", { type: Schema.Literal("json_schema"), schema: Wire.Json })
])

/**
 * The format of the response: a JSON Schema that it matches.
 *
 * @category models
 * @since 0.1.0
 */
export type OutputFormat = typeof OutputFormat.Type

/**
 * Options of the output: the effort, and a JSON Schema that the response must
 * match.
 *
 * @category schemas
 * @since 0.1.0
 */
export class OutputConfig extends Wire.Class<OutputConfig>()("OutputConfig", {
  effort: Wire.nullish(Effort),
  format: Wire.nullish(OutputFormat),
  task_budget: Wire.nullish(Wire.struct("TaskBudget", {
    type: Schema.Literal("tokens"),
    total: Schema.Finite,
    remaining: Wire.nullish(Schema.Finite)
  }))
}) {}

/**
 * Who the request is for: an opaque id, never a name or an address.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Metadata extends Wire.Class<Metadata>()("Metadata", {
  user_id: Wire.nullish(Schema.String)
}) {}

/**
 * The container that code runs in, and its skills.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContainerParam extends Wire.Class<ContainerParam>()("ContainerParam", {
  id: Wire.nullish(Schema.String),
  skills: Wire.nullish(Schema.Array(Wire.struct("SkillParam", {
    type: Wire.openEnum("SkillType", ["anthropic", "custom"]),
    skill_id: Schema.String,
    version: Wire.nullish(Schema.String)
  })))
}) {}

/**
 * Who pays for the request: the organization, or the customer whose profile the
 * request names.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BillingPolicy extends Wire.Class<BillingPolicy>()("BillingPolicy", {
  type: Schema.Literal("billing_policy"),
  bill_to: Wire.nullish(Wire.openEnum("BillTo", ["self", "user_profile"]))
}) {}

// -----------------------------------------------------------------------------
// the request
// -----------------------------------------------------------------------------

/**
 * The fields of a request. A field that the API refuses as null is optional
 * here, and not nullable.
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
  stop_sequences: Schema.optional(Schema.Array(Schema.String)),
  temperature: Schema.optional(Schema.Finite),
  top_p: Schema.optional(Schema.Finite),
  top_k: Schema.optional(Schema.Finite),
  thinking: Schema.optional(Thinking.Thinking),
  tools: Schema.optional(Schema.Array(Tool.Tool)),
  tool_choice: Schema.optional(Tool.ToolChoice),
  output_config: Schema.optional(OutputConfig),
  output_format: Wire.nullish(OutputFormat),
  ...CacheControl.field,
  metadata: Schema.optional(Metadata),
  container: Wire.nullish(Schema.Union([Schema.String, ContainerParam])),
  service_tier: Schema.optional(Wire.openEnum("ServiceTier", ["auto", "standard_only"])),
  speed: Wire.nullish(Wire.openEnum("Speed", ["standard", "fast"])),
  inference_geo: Wire.nullish(Schema.String),
  diagnostics: Wire.nullish(Wire.struct("DiagnosticsParam", { previous_message_id: Wire.nullish(Schema.String) })),
  mcp_servers: Schema.optional(Schema.Array(Mcp.Server)),
  context_management: Wire.nullish(ContextManagement.ContextManagement),
  compaction: Wire.nullish(ContextManagement.Compaction),
  thread: Wire.nullish(Thread.Thread),
  fallbacks: Wire.nullish(Fallbacks.Fallbacks),
  fallback_credit_token: Wire.nullish(Fallbacks.CreditToken),
  billing_policy: Wire.nullish(Wire.openUnion("BillingPolicies", [BillingPolicy]))
}

/**
 * The body of `POST /v1/messages`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageRequest extends Wire.Class<MessageRequest>()("MessageRequest", fields) {}

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
 * System turns are never merged. The function is idempotent.
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
 * Returns the content of a turn as blocks. A string becomes one text block.
 *
 * @category conversions
 * @since 0.1.0
 */
export const blocks = (
  content: string | ReadonlyArray<Content.Content> | undefined
): ReadonlyArray<Content.Content> =>
  content === undefined ? [] : typeof content === "string" ? [{ type: "text", text: content }] : content
