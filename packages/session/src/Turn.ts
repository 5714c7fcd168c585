/**
 * One turn: what the user says and what comes back, as a transaction.
 *
 * A turn that succeeds is committed as a whole, and before its last event is
 * handed down, so that nothing can lose a finished answer. A turn that fails or
 * is interrupted, wherever that happens, leaves the history as it was, so that
 * sending the same words again never says them twice. Where asked, it keeps what
 * was said so far instead, in a form the API accepts.
 *
 * A turn can take several requests: an answer that stops with `pause_turn`, or
 * with `compaction` in between, goes on by itself, and one that was cut by `max_tokens` does when asked. It still
 * reads as one answer, and its events as one stream.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import type { Progress } from "@effect-claude/http/Messages"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Effect from "effect/Effect"
import type { CachePolicy } from "./CachePolicy.ts"
import type { ContextEdit } from "./ContextEdit.ts"
import type * as ContextWindow from "./ContextWindow.ts"
import * as Blocks from "./internal/blocks.ts"
import * as Sendable from "./internal/sendable.ts"
import * as Splice from "./internal/splice.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a request says besides the conversation: model, limits, system prompt,
 * tools and all else, as the API spells it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameters extends Omit<MessageRequest.MessageRequest, "messages" | "stream"> {}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * How turns deal with what can come in between.
 *
 * @category options
 * @since 0.1.0
 */
export interface Policy {
  /**
   * What becomes of a turn that fails or is interrupted.
   *
   * - `rollback`: it never was
   * - `keep`: the user's words stay, with as much of the answer as can be sent
   *   back; calls of tools in it are answered with an error
   *
   * A turn of which nothing came is rolled back either way.
   *
   * @default "rollback"
   */
  readonly onInterrupt?: "rollback" | "keep" | undefined
  /**
   * What words mean while the model waits for the results of its tools.
   *
   * - `close`: the calls are answered with an error that says so, and the words
   *   come after
   * - `fail`: the turn fails with `ToolResultsPendingError`
   *
   * @default "close"
   */
  readonly whenToolsPending?: "close" | "fail" | undefined
  /**
   * How often one turn goes on with an answer that is not complete. After that,
   * the answer is committed as it is.
   *
   * @default 8
   */
  readonly maxContinuations?: number | undefined
  /**
   * What becomes of an answer that was cut by `max_tokens`.
   *
   * - `return`: it is the answer
   * - `continue`: the model is asked to go on where it stopped
   *
   * @default "return"
   */
  readonly onMaxTokens?: "return" | "continue" | undefined
  /**
   * Whether a refused exchange is sent again with what follows. As long as it
   * is, the API goes on refusing.
   *
   * @default false
   */
  readonly keepRefusals?: boolean | undefined
  /**
   * Where prompts are cached.
   *
   * @default "auto"
   */
  readonly cache?: CachePolicy | undefined
  /**
   * What becomes of a conversation that outgrows the model's window.
   *
   * @default it fails
   */
  readonly contextWindow?: ContextWindow.Policy | undefined
  /**
   * Runs at each change of what is sent: space was made in the window, or a result
   * that the API refused was replaced. The session's state shows the edits of the
   * last turn, too.
   *
   * @default nothing
   */
  readonly onEdit?: ((edit: ContextEdit) => Effect.Effect<void>) | undefined
  /**
   * Runs at each sign of life before an answer has content: when an attempt starts,
   * when the server says that it is at work, and when a failed attempt is followed
   * by another after a wait.
   *
   * @default nothing
   */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

/**
 * Options of one turn: its own policy, and parameters for this turn alone.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Policy, Partial<Parameters> {
  /**
   * A name that makes the turn safe to repeat. Once a turn of that name is committed,
   * its response is returned and nothing is sent. A turn that is taken back (rewound,
   * undone, replaced by an edit) frees its name. The session knows the names of its
   * turns as long as it exists, in other processes too where it has a store; its forks
   * do not.
   *
   * @default none
   */
  readonly id?: string | undefined
  /**
   * Instructions the API is given in the middle of the conversation, after the
   * user's words. They belong to the exchange: what takes it back takes them back.
   * Not every model takes them.
   *
   * @default none
   */
  readonly instructions?: string | undefined
  /**
   * How many exchanges to go back before the words are said. Where the turn
   * fails, nothing was gone back.
   *
   * @default 0
   */
  readonly rewind?: number | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the result of a call, to be sent in the next turn. It names the call,
 * and the toolset where the call came from one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toolResult = (
  call: ContentBlock.ToolUse,
  content: string | ReadonlyArray<Content.ToolResultContent>,
  options?: { readonly isError?: boolean | undefined }
): Content.ToolResult => Blocks.toolResult(call, content, options)

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Whether an answer says nothing that could be sent back: it has no blocks, or
 * nothing but blank text and thinking. Such an answer is returned and counted, the
 * user's turn stays open, and the next words join it; `Session.resume` asks again.
 *
 * @category guards
 * @since 0.1.0
 */
export const isEmpty = (message: Message.Message): boolean => Sendable.assistantContent(message.content).length === 0

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Makes one message of the answers a turn took: all their content, the end of
 * the last, and the sum of what they used.
 *
 * @category conversions
 * @since 0.1.0
 */
export const join = (messages: NonEmptyReadonlyArray<Message.Message>): Message.Message => Splice.join(messages)
