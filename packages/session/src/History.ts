/**
 * A conversation as a value: what was said, and what of it is sent.
 *
 * Entries are stored as they came. What a request carries is derived from them,
 * and whatever was put in, it is something the API accepts: roles alternate once
 * system turns are set aside, each tool call is answered in the turn after it,
 * no text is blank, at most four cache breakpoints are left, thinking and blocks
 * of the server's tools are the very objects that arrived. A paused answer and
 * its continuations are one turn. An empty answer leaves the user's turn open,
 * and the next words join it. A refused exchange is kept and no longer sent.
 *
 * A `History` is persistent: adding shares everything with the history before,
 * which stays as it was. Adding a turn costs what that turn weighs, going back
 * costs nothing, and only rendering is proportional to the conversation.
 *
 * Printing a history shows no content; `HistoryJson` is the way to store one.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as Usage from "@effect-claude/core/Usage"
import * as Arr from "effect/Array"
import { dual } from "effect/Function"
import type * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import type { Pipeable } from "effect/Pipeable"
import * as Result from "effect/Result"
import type * as HistoryEntry from "./HistoryEntry.ts"
import * as Blocks from "./internal/blocks.ts"
import * as Check from "./internal/check.ts"
import * as Internal from "./internal/history.ts"
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
 * - `ready`: the user's next words
 * - `awaitingReply`: an answer, since the last turn sent is the user's; further
 *   words of the user join that turn
 * - `awaitingToolResults`: the results of the tools the model called
 * - `paused`: the rest of an answer that stopped with `pause_turn` or `compaction`
 *
 * @category models
 * @since 0.1.0
 */
export type Status = "ready" | "awaitingReply" | "awaitingToolResults" | "paused"

/**
 * A conversation as a value. Made by the functions of this module only.
 *
 * @category models
 * @since 0.1.0
 */
export interface History extends Pipeable {
  readonly [TypeId]: TypeId
  /** How many entries it has. */
  readonly size: number
  /** How many times the user began something new: an exchange is that and all that followed from it. */
  readonly exchanges: number
  /** What it expects next. */
  readonly status: Status
  toJSON(): unknown
  toString(): string
  [Inspectable.NodeInspectSymbol](): unknown
}

/**
 * A history with what was added to it, or what was wrong with that.
 *
 * @category models
 * @since 0.1.0
 */
export type Validated = Result.Result<History, ClaudeError.RequestValidationError>

/**
 * What a user can say: text, a block, or blocks.
 *
 * @category models
 * @since 0.1.0
 */
export type Input = string | Content.Content | ReadonlyArray<Content.Content>

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
 * The history of a conversation that has not begun.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: History = Internal.empty

/**
 * Creates a history from the turns of a request, or says by path what the API
 * would not accept in them. `repair` mends it instead.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (messages: ReadonlyArray<MessageRequest.MessageParam>): Validated => {
  const violations = Check.messages(messages)
  return violations.length > 0 ? invalid(violations) : Result.succeed(Repair.build(messages).history)
}

/**
 * Creates a history from anything that looks like the turns of a request, and
 * reports by path what had to change. It always succeeds, and turns that need
 * no mending stay as they are.
 *
 * **Example** (Mending a conversation that was cut while a tool ran)
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
 * Adds what the user says.
 *
 * **Details**
 *
 * Where the model waits for tool results, the input holds all of them, each
 * once; they are sent first and in the order of the calls, whatever else the
 * input says. Where the user's last turn has no answer, the input joins it.
 *
 * **Example** (Holding a conversation)
 *
 * ```ts
 * import * as History from "@effect-claude/session/History"
 * import * as Result from "effect/Result"
 *
 * const history = History.user(History.empty, "Hello, Claude").pipe(Result.getOrThrow)
 *
 * history.status // => "awaitingReply"
 * History.toMessages(history) // => [{ role: "user", content: [{ type: "text", text: "Hello, Claude" }] }]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const user: {
  (input: Input): (self: History) => Validated
  (self: History, input: Input): Validated
} = dual(2, (self: History, input: Input): Validated => {
  const node = Internal.nodeOf(self)
  const blocks = blocksOf(input)
  const violations = Check.input(blocks, node.pending)
  return violations.length > 0 ? invalid(violations) : Result.succeed(Internal.addUser(node, blocks))
})

/**
 * Adds an answer as it came.
 *
 * **Details**
 *
 * A refusal is set aside unless told otherwise: as long as the refused words are
 * sent, the API goes on refusing. An answer nobody asked for is not accepted.
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
    self.status === "awaitingReply" || self.status === "paused"
      ? Result.succeed(
        Internal.addReply(
          Internal.nodeOf(self),
          message,
          message.stop_reason === "refusal" && options?.keepRefusal !== true,
          options?.turn
        )
      )
      : invalid([Check.unasked(self.status)])
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
}

/**
 * Adds instructions that hold from here on. They cannot come between a call and
 * its result, nor into a paused answer.
 *
 * @category combinators
 * @since 0.1.0
 */
export const system: {
  (turn: string | MessageRequest.SystemParam): (self: History) => Validated
  (self: History, turn: string | MessageRequest.SystemParam): Validated
} = dual(
  2,
  (self: History, turn: string | MessageRequest.SystemParam): Validated => {
    const param = typeof turn === "string" ? MessageRequest.system(turn) : turn
    const violations = Check.system(param, self.status)
    return violations.length > 0
      ? invalid(violations)
      : Result.succeed(Internal.addSystem(Internal.nodeOf(self), param))
  }
)

/**
 * Answers every open tool call with an error that says why there is no result.
 * A history that waits for none stays as it is.
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
): History => {
  const node = Internal.nodeOf(self)
  if (node.pending.length === 0) return self
  return Internal.addUser(
    node,
    node.pending.map((call) =>
      results.find((result) => result.tool_use_id === call.id) ?? Blocks.toolResult(call, reason, { isError: true })
    )
  )
})

/**
 * Goes back to before the last `count` exchanges: to before the user began
 * each of them. The history that is left is the one that was, not a copy.
 *
 * @category combinators
 * @since 0.1.0
 */
export const rewind: {
  (count: number): (self: History) => History
  (self: History, count: number): History
} = dual(2, (self: History, count: number): History => {
  let left = count
  let node = Internal.nodeOf(self)
  while (left > 0 && node.before !== undefined) {
    if (node.opens) left--
    node = node.before
  }
  return node
})

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
  (self: History, entry: HistoryEntry.HistoryEntry): Validated => {
    switch (entry._tag) {
      case "User":
        return entry.continues === true && self.status === "ready"
          ? Result.succeed(Internal.addUser(Internal.nodeOf(self), entry.content, true))
          : user(self, entry.content)
      case "Reply":
        return entry.setAside && self.status !== "ready"
          ? Result.succeed(Internal.addReply(Internal.nodeOf(self), entry.message, true, entry.turn))
          : reply(self, entry.message, { keepRefusal: true, turn: entry.turn })
      case "Assistant":
        return self.status === "awaitingReply"
          ? Result.succeed(Internal.addImported(Internal.nodeOf(self), entry.content))
          : invalid([Check.unasked(self.status)])
      case "System":
        return system(self, entry.turn)
    }
  }
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
export const entries = (self: History): ReadonlyArray<HistoryEntry.HistoryEntry> => {
  const out: Array<HistoryEntry.HistoryEntry> = []
  for (let at: Internal.Node | undefined = Internal.nodeOf(self); at !== undefined; at = at.before) {
    if (at.entry !== undefined) out.push(at.entry)
  }
  return out.toReversed()
}

/**
 * Returns the turns as a request carries them.
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
    Internal.render(Internal.nodeOf(self), options?.breakpoints ?? 4)
)

/**
 * Options for `toMessages`.
 *
 * @category options
 * @since 0.1.0
 */
export interface MessagesOptions {
  /**
   * How many cache breakpoints the turns may carry: the API's four less those of
   * the system prompt and the tools. The latest are kept.
   *
   * @default 4
   */
  readonly breakpoints?: number | undefined
}

/**
 * Returns the calls that wait for a result, in the order they were made.
 *
 * @category accessors
 * @since 0.1.0
 */
export const pendingTools = (self: History): ReadonlyArray<ContentBlock.ToolUse> => Internal.nodeOf(self).pending

/**
 * Returns what the answers of the history used, those set aside included.
 *
 * @category accessors
 * @since 0.1.0
 */
export const usage = (self: History): Usage.Totals => Internal.nodeOf(self).usage

/**
 * Returns the last answer as it came.
 *
 * @category accessors
 * @since 0.1.0
 */
export const lastReply = (self: History): Option.Option<Message.Message> => {
  for (let at: Internal.Node | undefined = Internal.nodeOf(self); at !== undefined; at = at.before) {
    if (at.entry?._tag === "Reply") return Option.some(at.entry.message)
  }
  return Option.none()
}

/**
 * Says by path what in the turns of a request breaks the rules this module
 * keeps. A history breaks none.
 *
 * @category accessors
 * @since 0.1.0
 */
export const check = (
  messages: History | ReadonlyArray<MessageRequest.MessageParam>
): ReadonlyArray<ClaudeError.Violation> => Check.messages(isHistory(messages) ? toMessages(messages) : messages)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The blocks of an input. */
const blocksOf = (input: Input): ReadonlyArray<Content.Content> =>
  typeof input === "string" ? [Content.text(input)] : Arr.ensure(input)

const invalid = (violations: ReadonlyArray<ClaudeError.Violation>): Validated => Result.fail(Check.toError(violations))
