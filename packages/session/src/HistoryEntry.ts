/**
 * What a history is made of: each thing that was said, as it came.
 *
 * Nothing in an entry is derived, so a stored entry stays right when the rules
 * for what is sent of it change. `encode` and `decode` are the stored form.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What was put into a history, as it came.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryEntry = User | Reply | Assistant | System

/**
 * Something the user said, or the results of tools. Words that `continue` an
 * answer that was cut are the session's own, and belong to the exchange.
 *
 * @category models
 * @since 0.1.0
 */
export interface User {
  readonly _tag: "User"
  readonly content: ReadonlyArray<Content.Content>
  readonly continues?: boolean | undefined
}

/**
 * An answer of the model. An answer that was `setAside` is shown and not sent,
 * and with it the exchange it ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reply {
  readonly _tag: "Reply"
  readonly message: Message.Message
  readonly setAside: boolean
}

/**
 * An answer of the model from elsewhere, of which only the blocks are known.
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

// -----------------------------------------------------------------------------
// storing
// -----------------------------------------------------------------------------

const UserEntry = Wire.struct("UserEntry", {
  type: Schema.Literal("user"),
  content: Schema.Array(Content.Content),
  continues: Schema.optional(Schema.Boolean)
})

const ReplyEntry = Wire.struct("ReplyEntry", {
  type: Schema.Literal("reply"),
  message: Message.Message,
  setAside: Schema.optional(Schema.Boolean)
})

const AssistantEntry = Wire.struct("AssistantEntry", {
  type: Schema.Literal("assistant"),
  content: Schema.Array(Content.Content)
})

const SystemEntry = Wire.struct("SystemEntry", {
  type: Schema.Literal("system"),
  turn: MessageRequest.SystemParam
})

/**
 * An entry as it is stored.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Encoded = Schema.Union([UserEntry, ReplyEntry, AssistantEntry, SystemEntry])

/**
 * An entry as it is stored.
 *
 * @category models
 * @since 0.1.0
 */
export type Encoded = typeof Encoded.Type

/**
 * Returns the form in which an entry is stored.
 *
 * @category storing
 * @since 0.1.0
 */
export const encode = (entry: HistoryEntry): Encoded => {
  switch (entry._tag) {
    case "User":
      return entry.continues === true
        ? { type: "user", content: entry.content, continues: true }
        : { type: "user", content: entry.content }
    case "Reply":
      return entry.setAside
        ? { type: "reply", message: entry.message, setAside: true }
        : { type: "reply", message: entry.message }
    case "Assistant":
      return { type: "assistant", content: entry.content }
    case "System":
      return { type: "system", turn: entry.turn }
  }
}

/**
 * Returns the entry that was stored.
 *
 * @category storing
 * @since 0.1.0
 */
export const decode = (entry: Encoded): HistoryEntry => {
  switch (entry.type) {
    case "user":
      return { _tag: "User", content: entry.content, continues: entry.continues }
    case "reply":
      return { _tag: "Reply", message: entry.message, setAside: entry.setAside ?? false }
    case "assistant":
      return { _tag: "Assistant", content: entry.content }
    case "system":
      return { _tag: "System", turn: entry.turn }
  }
}
