/**
 * Context management by the API: it clears old tool calls and thinking, or
 * summarizes the conversation.
 *
 * The server applies edits to each request that lists them. Their types are
 * dated, and the union is open. The `context_management` of a response reports
 * what they did.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// amounts
// -----------------------------------------------------------------------------

/**
 * A number of input tokens.
 *
 * @category schemas
 * @since 0.1.0
 */
export class InputTokens extends Wire.Class<InputTokens>()("InputTokens", {
  type: Schema.Literal("input_tokens"),
  value: Schema.Finite
}) {}

/**
 * A number of tool calls.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolUses extends Wire.Class<ToolUses>()("ToolUses", {
  type: Schema.Literal("tool_uses"),
  value: Schema.Finite
}) {}

// -----------------------------------------------------------------------------
// edits
// -----------------------------------------------------------------------------

/**
 * Clears the results of old tool calls when a threshold is reached.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ClearToolUses extends Wire.Class<ClearToolUses>()("ClearToolUses", {
  type: Schema.Literal("clear_tool_uses_20250919"),
  trigger: Wire.nullish(Wire.openUnion("ClearTrigger", [InputTokens, ToolUses])),
  keep: Wire.nullish(Wire.openUnion("ClearKeep", [ToolUses])),
  clear_at_least: Wire.nullish(Wire.openUnion("ClearAtLeast", [InputTokens])),
  clear_tool_inputs: Wire.nullish(Schema.Union([Schema.Boolean, Schema.Array(Schema.String)])),
  exclude_tools: Wire.nullish(Schema.Array(Schema.String))
}) {}

/**
 * Clears the thinking of old turns.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ClearThinking extends Wire.Class<ClearThinking>()("ClearThinking", {
  type: Schema.Literal("clear_thinking_20251015"),
  keep: Wire.nullish(Schema.Union([
    Schema.String,
    Wire.openUnion("KeepThinking", [
      Wire.struct("AllThinking", { type: Schema.Literal("all") }),
      Wire.struct("ThinkingTurns", { type: Schema.Literal("thinking_turns"), value: Schema.Finite })
    ])
  ]))
}) {}

/**
 * Summarizes the conversation when a threshold is reached.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Compact extends Wire.Class<Compact>()("Compact", {
  type: Schema.Literal("compact_20260112"),
  instructions: Wire.nullish(Schema.String),
  pause_after_compaction: Wire.nullish(Schema.Boolean),
  trigger: Wire.nullish(Wire.openUnion("CompactTrigger", [InputTokens]))
}) {}

/**
 * An edit of the context.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Edit: Wire.OpenUnion<ClearToolUses | ClearThinking | Compact> = Wire.openUnion("ContextEdit", [
  ClearToolUses,
  ClearThinking,
  Compact
])

/**
 * An edit of the context.
 *
 * @category models
 * @since 0.1.0
 */
export type Edit = typeof Edit.Type

// -----------------------------------------------------------------------------
// the request's fields
// -----------------------------------------------------------------------------

/**
 * The context management of a request.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContextManagement extends Wire.Class<ContextManagement>()("ContextManagement", {
  edits: Wire.nullish(Schema.Array(Edit))
}) {}

/**
 * Makes the request a compaction. The response is one `compaction` block, which
 * is sent back as the first message.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Compaction = Wire.openUnion("CompactionConfig", [
  Wire.struct("Summarize", {
    type: Schema.Literal("summarize"),
    instructions: Wire.nullish(Schema.String)
  })
])

/**
 * Makes the request a compaction.
 *
 * @category models
 * @since 0.1.0
 */
export type Compaction = typeof Compaction.Type
