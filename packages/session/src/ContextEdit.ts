/**
 * Changes of what a conversation sends, without a change of what it holds.
 *
 * An edit is an entry of the history. The entries before it stay: they can be
 * read in the history and in the journal, and `undo` and `rewind` bring them back.
 * An edit counts from the oldest message that is sent, so it means the same
 * wherever the history is replayed.
 *
 * @since 0.1.0
 */
import * as Wire from "@effect-claude/core/Wire"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const freed = Schema.Finite

/**
 * The oldest results of tools are sent as a note that they were cleared.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ClearToolResults = Wire.struct("ClearToolResults", {
  type: Schema.Literal("clear_tool_results"),
  count: Schema.Int,
  freed
})

/**
 * The oldest rounds of tool calls and results are not sent.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DropRounds = Wire.struct("DropRounds", { type: Schema.Literal("drop_rounds"), count: Schema.Int, freed })

/**
 * The oldest exchanges are not sent.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DropExchanges = Wire.struct("DropExchanges", {
  type: Schema.Literal("drop_exchanges"),
  count: Schema.Int,
  freed
})

/**
 * The oldest exchanges, and the oldest rounds after them, are sent as a summary.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Summarize = Wire.struct("Summarize", {
  type: Schema.Literal("summarize"),
  exchanges: Schema.Int,
  rounds: Schema.Int,
  summary: Schema.String,
  freed
})

/**
 * Results that the API refused are sent as errors that say why.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ReplaceResults = Wire.struct("ReplaceResults", {
  type: Schema.Literal("replace_results"),
  calls: Schema.Array(Schema.String),
  reason: Schema.String
})

/**
 * The last response and its results are not sent: the API refuses them. The
 * messages of the user after them are.
 *
 * @category schemas
 * @since 0.1.0
 */
export const WithdrawResponse = Wire.struct("WithdrawResponse", {
  type: Schema.Literal("withdraw_response"),
  reason: Schema.String
})

/**
 * A change of what a conversation sends. `freed` is an estimate, in tokens.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ContextEdit = Schema.Union([
  ClearToolResults,
  DropRounds,
  DropExchanges,
  Summarize,
  ReplaceResults,
  WithdrawResponse
])

/**
 * A change of what a conversation sends.
 *
 * @category models
 * @since 0.1.0
 */
export type ContextEdit = typeof ContextEdit.Type

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns how many tokens an edit removed from what is sent, as far as estimated.
 *
 * @category accessors
 * @since 0.1.0
 */
export const freedBy = (edit: ContextEdit): number => "freed" in edit ? edit.freed : 0
