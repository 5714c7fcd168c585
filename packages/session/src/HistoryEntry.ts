/**
 * The entries of a history: each message as it came.
 *
 * Nothing in an entry is derived, so a stored entry stays right when the rules
 * for what is sent of it change. `encode` and `decode` convert to and from the
 * stored form.
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
 * An entry of a history.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryEntry = User | Reply | Assistant | System

/**
 * A message of the user, or the results of tools. With `continues` it is the
 * session's own request to continue a response that was cut, and belongs to the
 * exchange.
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
 * A response of the model. A response that was `setAside` is shown and not sent,
 * and neither is the exchange it ended.
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
 * An imported response of the model, of which only the blocks are known.
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
 * Returns the stored form of an entry.
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
      return { _tag: "User", content: entry.content, continues: entry.continues }
    case "reply":
      return entry.turn === undefined
        ? { _tag: "Reply", message: entry.message, setAside: entry.setAside ?? false }
        : { _tag: "Reply", message: entry.message, setAside: entry.setAside ?? false, turn: entry.turn }
    case "assistant":
      return { _tag: "Assistant", content: entry.content }
    case "system":
      return { _tag: "System", turn: entry.turn }
  }
}
