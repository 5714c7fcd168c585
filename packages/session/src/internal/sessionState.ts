/**
 * The state of a session, as its handle shows it.
 *
 * @since 0.1.0
 */
import type * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type { WindowWarning } from "@effect-claude/core/TokenEstimate"
import type * as Usage from "@effect-claude/core/Usage"
import type * as Option from "effect/Option"
import type * as CachePolicy from "../CachePolicy.ts"
import type { ContextEdit } from "../ContextEdit.ts"
import type * as History from "../History.ts"
import type * as Turn from "../Turn.ts"

/** The state of a session. */
export interface State {
  /** Whether a turn is running. */
  readonly phase: "idle" | "running"
  /** The conversation. */
  readonly history: History.History
  /** What each request holds besides the conversation. */
  readonly parameters: Turn.Parameters
  /** The usage of the committed responses. */
  readonly usage: Usage.Totals
  /**
   * The usage of all attempts, including those that failed or were interrupted, as
   * far as it is known. For a response that was cut, that is its prompt and an
   * estimate of its output.
   */
  readonly spent: Usage.Totals
  /** The cost of all attempts. None when the price of one is not known. */
  readonly cost: Option.Option<Cost.Cost>
  /** The last response that was committed. */
  readonly lastResponse: Option.Option<Message.Message>
  /** The warning for the last prompt, if it filled much of the model's window. */
  readonly window: Option.Option<WindowWarning>
  /**
   * The changes of what is sent that the last turn made: space in the window, and
   * results that the API refused. The history and the journal keep what was removed.
   */
  readonly edits: ReadonlyArray<ContextEdit>
  /**
   * Where the last prompt differs from the one before it, when none of it was read
   * from the cache.
   */
  readonly cacheMiss: Option.Option<CachePolicy.Change>
}
