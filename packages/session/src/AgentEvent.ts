/**
 * Events of a run of an agent, in the order in which they happen.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import type * as TokenEstimate from "@effect-claude/core/TokenEstimate"
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
  | TurnCommitted
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
 * How a run ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outcome {
  /** The last response. */
  readonly message: Message.Message
  /** The number of turns. */
  readonly turns: number
  /** The number of calls that got a result. */
  readonly calls: number
  /**
   * Why it ended.
   *
   * - `finished`: the last response calls no tool; its `stop_reason` says more
   * - `turnLimit`: the last allowed turn called tools, which were not run: the
   *   session waits for their results
   */
  readonly end: "finished" | "turnLimit"
}
