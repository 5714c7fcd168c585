/**
 * What a session can refuse, beside what the API can.
 *
 * These errors are about the conversation, not the request: it is taken, it
 * waits for tool results, its turn was given to somebody else. None of them
 * changes the history.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as Data from "effect/Data"
import type { SessionConflictError, SessionStoreError } from "./SessionStore.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A turn is running. With `reentrant`, it is the very turn that this call came
 * from, and waiting for it would never end: a tool's handler, or the consumer of
 * a stream, cannot talk in the session it serves. Fork the session instead.
 *
 * @category errors
 * @since 0.1.0
 */
export class SessionBusyError extends Data.TaggedError("SessionBusyError")<{
  readonly reentrant: boolean
}> {
  override get message(): string {
    return this.reentrant
      ? "This call comes from the turn that is running. Send it after the turn, or in a fork of the session."
      : "A turn is running. Wait for it, or let calls queue with `whenBusy: \"queue\"`."
  }
}

/**
 * The model waits for the results of its tools, and the input has none.
 *
 * @category errors
 * @since 0.1.0
 */
export class ToolResultsPendingError extends Data.TaggedError("ToolResultsPendingError")<{
  /** The calls that wait. */
  readonly calls: ReadonlyArray<ContentBlock.ToolUse>
}> {
  override get message(): string {
    const count = this.calls.length
    return `${count} tool call${count === 1 ? " waits" : "s wait"} for a result. ` +
      "Send the results, or close the calls with `whenToolsPending: \"close\"`."
  }
  override toJSON(): unknown {
    return { _tag: this._tag, message: this.message, calls: this.calls.map(({ id, name }) => ({ id, name })) }
  }
}

/**
 * The stream was left lying for so long that another turn took its place. What
 * was not committed is rolled back, and a run of an agent ends as its
 * `whenInterrupted` says.
 *
 * @category errors
 * @since 0.1.0
 */
export class TurnAbandonedError extends Data.TaggedError("TurnAbandonedError") {
  override get message(): string {
    return "The stream was not read for so long that another turn took over. Raise `abandonAfter`, or read faster."
  }
}

/**
 * The errors of a change of the session, besides those of the API.
 *
 * @category models
 * @since 0.1.0
 */
export type ChangeError = SessionBusyError | SessionConflictError | SessionStoreError

/**
 * The errors of a turn.
 *
 * @category models
 * @since 0.1.0
 */
export type TurnError = ClaudeError | ChangeError | ToolResultsPendingError | TurnAbandonedError
