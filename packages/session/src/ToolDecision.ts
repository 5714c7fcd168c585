/**
 * Decisions on calls of tools that wait: approve, deny, edit the input, or give the
 * result.
 *
 * A run that ends with calls open lists them in `Outcome.pending`. `Agent.resume`
 * takes decisions by call id. A decision is plain data, so it can arrive over HTTP
 * or from a queue, in another process, on another day: `ToolDecision` is its schema.
 *
 * **Example** (Deciding on a call)
 *
 * ```ts
 * import * as ToolDecision from "@effect-claude/session/ToolDecision"
 *
 * ToolDecision.deny("over the limit") // => { type: "deny", reason: "over the limit" }
 * ToolDecision.edit({ amount: 10 }) // => { type: "edit", input: { amount: 10 } }
 * ```
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The call runs as the model wrote it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Approve = Schema.Struct({ type: Schema.Literal("approve") })

/**
 * The call does not run. The model gets an error with the reason.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Deny = Schema.Struct({
  type: Schema.Literal("deny"),
  reason: Schema.optional(Schema.String)
})

/**
 * The call runs with another input. Its result tells the model so.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Edit = Schema.Struct({
  type: Schema.Literal("edit"),
  input: Schema.Record(Schema.String, Schema.Unknown)
})

/**
 * The call does not run, and has this result.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Result = Schema.Struct({
  type: Schema.Literal("result"),
  content: Schema.Union([Schema.String, Schema.Array(Content.ToolResultContent)]),
  isError: Schema.optional(Schema.Boolean)
})

/**
 * A decision on a call.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolDecision = Schema.Union([Approve, Deny, Edit, Result])

/**
 * Decisions by call id, as `Agent.resume` takes them.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolDecisions = Schema.Record(Schema.String, ToolDecision)

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The type of `Approve`.
 *
 * @category models
 * @since 0.1.0
 */
export type Approve = typeof Approve.Type

/**
 * The type of `Deny`.
 *
 * @category models
 * @since 0.1.0
 */
export type Deny = typeof Deny.Type

/**
 * The type of `Edit`.
 *
 * @category models
 * @since 0.1.0
 */
export type Edit = typeof Edit.Type

/**
 * The type of `Result`.
 *
 * @category models
 * @since 0.1.0
 */
export type Result = typeof Result.Type

/**
 * A decision on a call.
 *
 * @category models
 * @since 0.1.0
 */
export type ToolDecision = typeof ToolDecision.Type

/**
 * Decisions by call id.
 *
 * @category models
 * @since 0.1.0
 */
export type ToolDecisions = typeof ToolDecisions.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Runs the call as the model wrote it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const approve: Approve = { type: "approve" }

/**
 * Does not run the call. The model gets an error with the reason.
 *
 * @category constructors
 * @since 0.1.0
 */
export const deny = (reason?: string): Deny => reason === undefined ? { type: "deny" } : { type: "deny", reason }

/**
 * Runs the call with another input. Its result tells the model so.
 *
 * @category constructors
 * @since 0.1.0
 */
export const edit = (input: Edit["input"]): Edit => ({ type: "edit", input })

/**
 * Gives the result of the call, which does not run.
 *
 * @category constructors
 * @since 0.1.0
 */
export const result = (
  content: Result["content"],
  options?: { readonly isError?: boolean | undefined }
): Result => options?.isError === true ? { type: "result", content, isError: true } : { type: "result", content }
