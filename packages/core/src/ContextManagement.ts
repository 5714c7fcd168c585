/**
 * How the API keeps the context small: it clears old tool calls and thinking, or
 * folds the conversation into a summary.
 *
 * Edits run on the server, on every request that asks for them. Their types are
 * dated, and the union is open to tomorrow's. What they did is in the answer's
 * `context_management`.
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
 * Clears the results of old tool calls, once there are enough of them.
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
 * Folds the conversation into a summary, once it is long enough.
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
 * What is cleared or folded, and when.
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
 * What is cleared or folded, and when.
 *
 * @category models
 * @since 0.1.0
 */
export type Edit = typeof Edit.Type

// -----------------------------------------------------------------------------
// the request's fields
// -----------------------------------------------------------------------------

/**
 * How the API keeps the context small.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContextManagement extends Wire.Class<ContextManagement>()("ContextManagement", {
  edits: Wire.nullish(Schema.Array(Edit))
}) {}

/**
 * Makes the whole request a compaction: its answer is one `compaction` block, to
 * be sent back as the first message.
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
 * Makes the whole request a compaction.
 *
 * @category models
 * @since 0.1.0
 */
export type Compaction = typeof Compaction.Type
