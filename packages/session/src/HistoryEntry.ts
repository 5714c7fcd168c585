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
export type HistoryEntry = User | Reply | Assistant | System | Edit

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
  turn: Schema.optional(Schema.String)
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
export const Encoded = Schema.Union([UserEntry, ReplyEntry, AssistantEntry, SystemEntry, EditEntry])

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
        ...(entry.turn === undefined ? undefined : { turn: entry.turn })
      }
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
      return entry.turn === undefined
        ? { _tag: "Reply", message: entry.message, setAside: entry.setAside ?? false }
        : { _tag: "Reply", message: entry.message, setAside: entry.setAside ?? false, turn: entry.turn }
    case "assistant":
      return { _tag: "Assistant", content: entry.content }
    case "system":
      return { _tag: "System", turn: entry.turn }
    case "edit":
      return { _tag: "Edit", edit: entry.edit }
  }
}
