/**
 * The entries of a history: messages as they came, and edits of what is sent.
 *
 * Nothing in an entry is derived, so a stored entry stays valid when the rules
 * for what is sent of it change. `encode` and `decode` are the stored form.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import * as Schema from "effect/Schema"
import * as ContextEdit from "./ContextEdit.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What was added to a history, as it came.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryEntry = User | Reply | Calls | Assistant | System | Edit

/**
 * A message of the user, or the results of tools. A message that `continues`
 * comes from the session itself and belongs to the exchange before it. One that
 * `corrects` asks for another response in place of the one before it.
 *
 * @category models
 * @since 0.1.0
 */
export interface User {
  readonly _tag: "User"
  readonly content: ReadonlyArray<Content.Content>
  readonly continues?: boolean | undefined
  readonly corrects?: boolean | undefined
}

/**
 * A response of the model. A response that was `setAside` is kept and not sent,
 * and so is the exchange that it ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reply {
  readonly _tag: "Reply"
  readonly message: Message.Message
  readonly setAside: boolean
  /** The id of the turn or run it belongs to, if that has one. */
  readonly turn?: string | undefined
  /** Whether the calls in it may have begun to run as soon as it was committed. */
  readonly begun?: boolean | undefined
}

/**
 * The state of calls that are open: results that came while others are missing, and
 * the calls that may have begun to run. Calls are given by their position in the
 * response. Nothing is sent of the entry until every call has a result.
 *
 * @category models
 * @since 0.1.0
 */
export interface Calls {
  readonly _tag: "Calls"
  readonly results: ReadonlyArray<{ readonly call: number; readonly result: Content.ToolResult }>
  readonly begun: ReadonlyArray<number>
}

/**
 * A message of the model from elsewhere, of which only the blocks are known.
 *
 * @category models
 * @since 0.1.0
 */
export interface Assistant {
  readonly _tag: "Assistant"
  readonly content: ReadonlyArray<Content.Content>
}

/**
 * Instructions in the middle of a conversation.
 *
 * @category models
 * @since 0.1.0
 */
export interface System {
  readonly _tag: "System"
  readonly turn: MessageRequest.SystemParam
}

/**
 * A change of what is sent of the entries before it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Edit {
  readonly _tag: "Edit"
  readonly edit: ContextEdit.ContextEdit
}

// -----------------------------------------------------------------------------
// storing
// -----------------------------------------------------------------------------

const UserEntry = Wire.struct("UserEntry", {
  type: Schema.Literal("user"),
  content: Schema.Array(Content.Content),
  continues: Schema.optional(Schema.Boolean),
  corrects: Schema.optional(Schema.Boolean)
})

const ReplyEntry = Wire.struct("ReplyEntry", {
  type: Schema.Literal("reply"),
  message: Message.Message,
  setAside: Schema.optional(Schema.Boolean),
  turn: Schema.optional(Schema.String),
  begun: Schema.optional(Schema.Boolean)
})

const CallsEntry = Wire.struct("CallsEntry", {
  type: Schema.Literal("calls"),
  results: Schema.Array(Wire.struct("CallResult", { call: Schema.Int, result: Content.ToolResult })),
  begun: Schema.Array(Schema.Int)
})

const AssistantEntry = Wire.struct("AssistantEntry", {
  type: Schema.Literal("assistant"),
  content: Schema.Array(Content.Content)
})

const SystemEntry = Wire.struct("SystemEntry", {
  type: Schema.Literal("system"),
  turn: MessageRequest.SystemParam
})

const EditEntry = Wire.struct("EditEntry", {
  type: Schema.Literal("edit"),
  edit: ContextEdit.ContextEdit
})

/**
 * An entry as it is stored.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Encoded = Schema.Union([UserEntry, ReplyEntry, CallsEntry, AssistantEntry, SystemEntry, EditEntry])

/**
 * An entry as it is stored.
 *
 * @category models
 * @since 0.1.0
 */
export type Encoded = typeof Encoded.Type

/**
 * Returns the stored form of an entry.
 *
 * @category storing
 * @since 0.1.0
 */
export const encode = (entry: HistoryEntry): Encoded => {
  switch (entry._tag) {
    case "User":
      return {
        type: "user",
        content: entry.content,
        ...(entry.continues === true ? { continues: true } : undefined),
        ...(entry.corrects === true ? { corrects: true } : undefined)
      }
    case "Reply":
      return {
        type: "reply",
        message: entry.message,
        ...(entry.setAside ? { setAside: true } : undefined),
        ...(entry.turn === undefined ? undefined : { turn: entry.turn }),
        ...(entry.begun === true ? { begun: true } : undefined)
      }
    case "Calls":
      return { type: "calls", results: entry.results, begun: entry.begun }
    case "Assistant":
      return { type: "assistant", content: entry.content }
    case "System":
      return { type: "system", turn: entry.turn }
    case "Edit":
      return { type: "edit", edit: entry.edit }
  }
}

/**
 * Returns the entry of a stored form.
 *
 * @category storing
 * @since 0.1.0
 */
export const decode = (entry: Encoded): HistoryEntry => {
  switch (entry.type) {
    case "user":
      return { _tag: "User", content: entry.content, continues: entry.continues, corrects: entry.corrects }
    case "reply":
      return {
        _tag: "Reply",
        message: entry.message,
        setAside: entry.setAside ?? false,
        ...(entry.turn === undefined ? undefined : { turn: entry.turn }),
        ...(entry.begun === true ? { begun: true } : undefined)
      }
    case "calls":
      return { _tag: "Calls", results: entry.results, begun: entry.begun }
    case "assistant":
      return { _tag: "Assistant", content: entry.content }
    case "system":
      return { _tag: "System", turn: entry.turn }
    case "edit":
      return { _tag: "Edit", edit: entry.edit }
  }
}
