/**
 * One turn: a message of the user and the response to it, as a transaction.
 *
 * A turn that succeeds is committed as a whole, before its last event is emitted,
 * so a complete response is never lost. A turn that fails or is interrupted leaves
 * the history as it was, so the same message can be sent again. With
 * `onInterrupt: "keep"` it keeps what it received, in a form that the API accepts.
 *
 * A turn can take several requests. A response that stops with `pause_turn` or
 * `compaction` is continued, and so is one that was cut by `max_tokens` when the
 * policy says so. It reads as one response, and its events as one stream. A request
 * that the API refuses for a result of a tool is sent again without that result.
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
import * as Exchanges from "./internal/exchanges.ts"
import * as Sendable from "./internal/sendable.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The parameters of a request besides the conversation: model, limits, system
 * prompt, tools and others, as the API spells them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameters extends Omit<MessageRequest.MessageRequest, "messages" | "stream"> {}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * What a turn does in situations that are not a plain response.
 *
 * @category options
 * @since 0.1.0
 */
export interface Policy {
  /**
   * What becomes of a turn that fails or is interrupted.
   *
   * - `rollback`: the history is as it was before
   * - `keep`: the user's message stays, with the part of the response that can be
   *   sent back; calls of tools in it get an error as their result
   *
   * A turn that received nothing is rolled back either way.
   *
   * @default "rollback"
   */
  readonly onInterrupt?: "rollback" | "keep" | undefined
  /**
   * What a message does while the model waits for the results of its tools.
   *
   * - `close`: the calls get an error that says so, and the message follows
   * - `fail`: the turn fails with `ToolResultsPendingError`
   *
   * @default "close"
   */
  readonly whenToolsPending?: "close" | "fail" | undefined
  /**
   * How often one turn continues a response that is not complete. After that, the
   * response is committed as it is.
   *
   * @default 8
   */
  readonly maxContinuations?: number | undefined
  /**
   * What becomes of a response that was cut by `max_tokens`.
   *
   * - `return`: it is the response
   * - `continue`: the model is asked to continue where it stopped
   *
   * @default "return"
   */
  readonly onMaxTokens?: "return" | "continue" | undefined
  /**
   * Whether a refused exchange is sent again with the turns that follow. As long as
   * it is, the API keeps refusing.
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
   * Runs at each progress before a response has content: when an attempt starts, when
   * the server reports that it works, and when a failed attempt is retried after a
   * wait.
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
   * Instructions in the middle of the conversation, after the user's message. They
   * belong to the exchange and are removed with it. Not every model accepts them.
   *
   * @default none
   */
  readonly instructions?: string | undefined
  /**
   * How many exchanges to remove before the message is sent. When the turn fails,
   * they stay.
   *
   * @default 0
   */
  readonly rewind?: number | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the result of a call for the next turn, with the call's id and toolset.
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
 * Whether a response has nothing that could be sent back: no blocks, or only blank
 * text and thinking. Such a response is returned and counted, the user's message
 * stays open, and the next input joins it; `Session.resume` sends it again.
 *
 * @category guards
 * @since 0.1.0
 */
export const isEmpty = (message: Message.Message): boolean => Sendable.assistantContent(message.content).length === 0

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Joins the messages of a turn: all their content, the end of the last, and the sum
 * of their usage.
 *
 * @category conversions
 * @since 0.1.0
 */
export const join = (messages: NonEmptyReadonlyArray<Message.Message>): Message.Message => Exchanges.join(messages)
