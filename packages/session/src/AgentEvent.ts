/**
 * Events of a run of an agent, in the order in which they happen.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import type * as Usage from "@effect-claude/core/Usage"
import type * as Option from "effect/Option"
import type { ContextEdit } from "./ContextEdit.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An event of a run.
 *
 * @category models
 * @since 0.1.0
 */
export type AgentEvent =
  | TurnStarted
  | WindowWarning
  | ContextEdited
  | Text
  | Thinking
  | ToolInput
  | TurnCommitted
  | ToolWaiting
  | ToolStarted
  | ToolProgress
  | ToolFinished
  | Finished

/**
 * A turn starts, with the input or with results of tools.
 *
 * @category models
 * @since 0.1.0
 */
export interface TurnStarted {
  readonly _tag: "TurnStarted"
  /** Which turn of the run it is, from 1. */
  readonly turn: number
}

/**
 * The next prompt fills much of the model's window.
 *
 * @category models
 * @since 0.1.0
 */
export interface WindowWarning {
  readonly _tag: "WindowWarning"
  readonly warning: TokenEstimate.WindowWarning
}

/**
 * What is sent from now on changed: space was made in the window, or a result that
 * the API refused was replaced. The edit says what, and why.
 *
 * @category models
 * @since 0.1.0
 */
export interface ContextEdited {
  readonly _tag: "ContextEdited"
  readonly edit: ContextEdit
}

/**
 * A piece of text, as it is written.
 *
 * @category models
 * @since 0.1.0
 */
export interface Text {
  readonly _tag: "Text"
  readonly text: string
}

/**
 * A piece of the model's thinking, as far as it is readable.
 *
 * @category models
 * @since 0.1.0
 */
export interface Thinking {
  readonly _tag: "Thinking"
  readonly text: string
}

/**
 * A response was committed.
 *
 * @category models
 * @since 0.1.0
 */
export interface TurnCommitted {
  readonly _tag: "TurnCommitted"
  readonly turn: number
  readonly message: Message.Message
}

/**
 * A piece of the input of a call, as JSON text, as it is written.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolInput {
  readonly _tag: "ToolInput"
  /** The id that the model gave the call. */
  readonly id: string
  readonly name: string
  readonly json: string
}

/**
 * A call waits for a decision or a result. The run ends after the other calls of the
 * response have run.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolWaiting {
  readonly _tag: "ToolWaiting"
  readonly call: ContentBlock.ToolUse
  /** What it needs: a decision, its result, or nothing but that a call before it is done. */
  readonly needs: PendingCall["needs"]
}

/**
 * A call starts.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolStarted {
  readonly _tag: "ToolStarted"
  readonly call: ContentBlock.ToolUse
}

/**
 * A tool emitted a preliminary result.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolProgress {
  readonly _tag: "ToolProgress"
  readonly call: ContentBlock.ToolUse
  /** The preliminary result, encoded by the tool's schema. */
  readonly result: unknown
}

/**
 * A call has its result, which may say that the tool failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolFinished {
  readonly _tag: "ToolFinished"
  readonly call: ContentBlock.ToolUse
  readonly result: Content.ToolResult
}

/**
 * The run ended. It is the last event.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finished {
  readonly _tag: "Finished"
  readonly outcome: Outcome
}

/**
 * Why a run ended. `Agent.resume` continues each but `finished` and `refused`.
 *
 * - `finished`: the last response calls no tool; its `stop_reason` says more
 * - `refused`: the model refused
 * - `turnLimit`: the last allowed turn called tools, which were not run
 * - `stopped`: `stopWhen` held after a response that calls tools, which were not run
 * - `awaitingApproval`: calls wait for a decision; other calls have run
 * - `awaitingClient`: calls wait for their results, since their tools have no handler
 * - `budget`: the budget of the session does not allow the next request
 *
 * @category models
 * @since 0.1.0
 */
export type End =
  | "finished"
  | "refused"
  | "turnLimit"
  | "stopped"
  | "awaitingApproval"
  | "awaitingClient"
  | "budget"

/**
 * A call that has no result yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingCall {
  readonly call: ContentBlock.ToolUse
  /**
   * What `Agent.resume` needs: a decision (`approval`), a result (`result`), or
   * nothing, since it runs the call (`run`).
   */
  readonly needs: "approval" | "result" | "run"
}

/**
 * How far a run has come.
 *
 * @category models
 * @since 0.1.0
 */
export interface Progress {
  /** The number of turns of this run. */
  readonly turns: number
  /** The number of calls that got a result in this run. */
  readonly calls: number
  /** The last response, if there is one. */
  readonly message: Message.Message | undefined
  /** The usage of this run, failed attempts included. */
  readonly usage: Usage.Totals
  /** What this run cost. None when the price of an attempt of the session is not known. */
  readonly cost: Option.Option<Cost.Cost>
}

/**
 * How a run ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome extends Progress {
  /** The last response. */
  readonly message: Message.Message
  /** Why it ended. */
  readonly end: End
  /** The calls that have no result yet, in their order. */
  readonly pending: ReadonlyArray<PendingCall>
}
