/**
 * A conversation as a value: its entries, and what is sent of them.
 *
 * Entries are stored as they came. What a request carries is derived from them,
 * and the API accepts it, whatever was added: roles alternate once system messages
 * are set aside, each call has one result in the message after it, ids are unique,
 * text is well-formed Unicode and not blank, media have the type of their bytes,
 * at most four cache breakpoints are left, and thinking is sent as it arrived. A
 * paused response and its continuations are one message. An empty response leaves
 * the user's message open, and the next input joins it. A refused exchange is kept
 * and no longer sent.
 *
 * A `History` is persistent: adding shares everything with the history before,
 * which stays as it was. Adding an entry costs what the entry weighs, going back
 * costs nothing, and only rendering is proportional to the conversation.
 *
 * Printing a history shows no content; `HistoryJson` is the way to store one.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as Usage from "@effect-claude/core/Usage"
import { dual } from "effect/Function"
import type * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import * as Result from "effect/Result"
import type { ContextEdit } from "./ContextEdit.ts"
import type * as HistoryEntry from "./HistoryEntry.ts"
import * as Additions from "./internal/additions.ts"
import * as Check from "./internal/check.ts"
import * as Internal from "./internal/history.ts"
import * as Prompt from "./internal/prompt.ts"
import * as Repair from "./internal/repair.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The brand of histories.
 *
 * @category type IDs
 * @since 0.1.0
 */
export const TypeId: TypeId = Internal.TypeId

/**
 * The type of the brand.
 *
 * @category type IDs
 * @since 0.1.0
 */
export type TypeId = "~@effect-claude/session/History"

/**
 * What a history expects next.
 *
 * - `ready`: a message of the user
 * - `awaitingReply`: a response, since the last message is the user's; further
 *   input of the user joins that message
 * - `awaitingToolResults`: the results of the tools that the model called
 * - `paused`: the rest of a response that stopped with `pause_turn` or `compaction`
 *
 * @category models
 * @since 0.1.0
 */
export type Status = Internal.Status

/**
 * A conversation as a value. Made by the functions of this module only.
 *
 * @category models
 * @since 0.1.0
 */
export interface History extends Pipeable {
  readonly [TypeId]: TypeId
  /** The number of entries. */
  readonly size: number
  /** The number of exchanges. An exchange is a message of the user and all that follows from it. */
  readonly exchanges: number
  /** What is expected next. */
  readonly status: Status
  toJSON(): unknown
  toString(): string
  [Inspectable.NodeInspectSymbol](): unknown
}

/**
 * A history with what was added to it, or the rules that it would break.
 *
 * @category models
 * @since 0.1.0
 */
export type Validated = Result.Result<History, ClaudeError.RequestValidationError>

/**
 * The input of a user: text, a block, or blocks.
 *
 * @category models
 * @since 0.1.0
 */
export type Input = Additions.Input

/**
 * Something that `repair` changed.
 *
 * @category models
 * @since 0.1.0
 */
export type Change = Repair.Change

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The history without entries.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: History = Internal.empty

/**
 * Creates a history from the messages of a request. Fails with the paths of what
 * the API would refuse in them; `repair` changes that instead. Text that is not
 * well-formed Unicode does not fail: it is sent well-formed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (messages: ReadonlyArray<MessageRequest.MessageParam>): Validated => {
  const violations = Check.messages(messages).filter(({ rule }) => rule !== "unicode")
  return violations.length > 0 ? Additions.invalid(violations) : Result.succeed(Repair.build(messages).history)
}

/**
 * Creates a history from anything that looks like the messages of a request, and
 * reports by path what had to change. It always succeeds, and messages that the
 * API accepts stay as they are.
 *
 * **Example** (Repairing a conversation that was cut while a tool ran)
 *
 * ```ts
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as History from "@effect-claude/session/History"
 *
 * const { changes, history } = History.repair([
 *   MessageRequest.user("What is the weather in Paris?"),
 *   MessageRequest.assistant([{ type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Paris" } }]),
 *   MessageRequest.user("Never mind.")
 * ])
 *
 * changes.map((change) => change.rule) // => ["tool-result-missing"]
 * History.check(history) // => []
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const repair = (messages: unknown): { readonly history: History; readonly changes: ReadonlyArray<Change> } =>
  Repair.build(messages)

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Adds a message of the user.
 *
 * **Details**
 *
 * When the model waits for tool results, the input holds all of them, each once.
 * They are sent first and in the order of the calls. When the user's last message
 * has no response, the input joins it. Images and PDFs that the API would refuse
 * fail here, before anything is sent.
 *
 * @category combinators
 * @since 0.1.0
 */
export const user: {
  (input: Input): (self: History) => Validated
  (self: History, input: Input): Validated
} = dual(2, (self: History, input: Input): Validated => Additions.user(Internal.nodeOf(self), input))

/**
 * Adds a response as it came. Fails when none is expected.
 *
 * **Details**
 *
 * A refused exchange is set aside by default: as long as it is sent, the API
 * keeps refusing.
 *
 * @category combinators
 * @since 0.1.0
 */
export const reply: {
  (message: Message.Message, options?: ReplyOptions): (self: History) => Validated
  (self: History, message: Message.Message, options?: ReplyOptions): Validated
} = dual(
  (args) => isHistory(args[0]),
  (self: History, message: Message.Message, options?: ReplyOptions): Validated =>
    Additions.reply(
      Internal.nodeOf(self),
      message,
      { ...options, setAside: Additions.setsAside(message, options?.keepRefusal) }
    )
)

/**
 * Options for `reply`.
 *
 * @category options
 * @since 0.1.0
 */
export interface ReplyOptions {
  /**
   * Whether a refused exchange is sent again with what follows.
   *
   * @default false
   */
  readonly keepRefusal?: boolean | undefined
  /**
   * The id of the turn the reply belongs to.
   *
   * @default none
   */
  readonly turn?: string | undefined
  /**
   * Whether the calls in it may begin to run as soon as it is added. A run that is
   * resumed does not run such calls again.
   *
   * @default false
   */
  readonly begun?: boolean | undefined
}

/**
 * Adds instructions that hold from here on. They cannot come between a call and
 * its result, nor into a paused response.
 *
 * @category combinators
 * @since 0.1.0
 */
export const system: {
  (turn: string | MessageRequest.SystemParam): (self: History) => Validated
  (self: History, turn: string | MessageRequest.SystemParam): Validated
} = dual(
  2,
  (self: History, turn: string | MessageRequest.SystemParam): Validated =>
    Additions.system(Internal.nodeOf(self), typeof turn === "string" ? MessageRequest.system(turn) : turn)
)

/**
 * Adds a result for each call that has none: the one in `results`, or an error
 * with the reason. Returns the history itself when no call is open.
 *
 * @category combinators
 * @since 0.1.0
 */
export const closeTools: {
  (reason?: string, results?: ReadonlyArray<Content.ToolResult>): (self: History) => History
  (self: History, reason?: string, results?: ReadonlyArray<Content.ToolResult>): History
} = dual((args) => isHistory(args[0]), (
  self: History,
  reason = "The call was interrupted before it had a result.",
  results: ReadonlyArray<Content.ToolResult> = []
): History => Additions.closeTools(Internal.nodeOf(self), reason, results))

/**
 * Removes the last `count` exchanges. Returns the history that was there before
 * them, not a copy.
 *
 * @category combinators
 * @since 0.1.0
 */
export const rewind: {
  (count: number): (self: History) => History
  (self: History, count: number): History
} = dual(2, (self: History, count: number): History => Internal.rewind(Internal.nodeOf(self), count))

/**
 * Changes what is sent, and keeps what is stored. See `ContextEdit`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const edit: {
  (edit: ContextEdit): (self: History) => History
  (self: History, edit: ContextEdit): History
} = dual(2, (self: History, edit: ContextEdit): History => Internal.addEdit(Internal.nodeOf(self), edit))

/**
 * Adds an entry, as it was stored.
 *
 * @category combinators
 * @since 0.1.0
 */
export const append: {
  (entry: HistoryEntry.HistoryEntry): (self: History) => Validated
  (self: History, entry: HistoryEntry.HistoryEntry): Validated
} = dual(
  2,
  (self: History, entry: HistoryEntry.HistoryEntry): Validated => Additions.append(Internal.nodeOf(self), entry)
)

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Whether a value is a history.
 *
 * @category guards
 * @since 0.1.0
 */
export const isHistory = (u: unknown): u is History => Internal.isNode(u)

/**
 * Returns the entries as they came, oldest first.
 *
 * @category accessors
 * @since 0.1.0
 */
export const entries = (self: History): ReadonlyArray<HistoryEntry.HistoryEntry> =>
  Internal.since(Internal.empty, Internal.nodeOf(self))

/**
 * Returns the messages as a request carries them.
 *
 * @category accessors
 * @since 0.1.0
 */
export const toMessages: {
  (options?: MessagesOptions): (self: History) => ReadonlyArray<MessageRequest.MessageParam>
  (self: History, options?: MessagesOptions): ReadonlyArray<MessageRequest.MessageParam>
} = dual(
  (args) => isHistory(args[0]),
  (self: History, options?: MessagesOptions): ReadonlyArray<MessageRequest.MessageParam> =>
    Prompt.render(Internal.nodeOf(self).sent, options?.breakpoints ?? 4)
)

/**
 * Options for `toMessages`.
 *
 * @category options
 * @since 0.1.0
 */
export interface MessagesOptions {
  /**
   * The most cache breakpoints that messages may carry: the API's four less those
   * of the system prompt and the tools. The latest are kept.
   *
   * @default 4
   */
  readonly breakpoints?: number | undefined
}

/**
 * Returns the calls that need a result, in their order. A call whose id the API
 * would refuse, or that was used before, has the id that it is sent with; its
 * result may name either.
 *
 * @category accessors
 * @since 0.1.0
 */
export const pendingTools = (self: History): ReadonlyArray<ContentBlock.ToolUse> => Internal.nodeOf(self).pending

/**
 * Returns the usage of all responses, including those set aside.
 *
 * @category accessors
 * @since 0.1.0
 */
export const usage = (self: History): Usage.Totals => Internal.nodeOf(self).usage

/**
 * Returns the last response as it came.
 *
 * @category accessors
 * @since 0.1.0
 */
export const lastReply = (self: History): Option.Option<Message.Message> =>
  Option.fromUndefinedOr(Internal.lastReply(Internal.nodeOf(self)))

/**
 * Lists by path which rules of this module the messages of a request break. A
 * history breaks none.
 *
 * @category accessors
 * @since 0.1.0
 */
export const check = (
  messages: History | ReadonlyArray<MessageRequest.MessageParam>
): ReadonlyArray<ClaudeError.Violation> => Check.messages(isHistory(messages) ? toMessages(messages) : messages)
