/**
 * Parts of a conversation.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as ContextEdit from "../ContextEdit.ts"
import type * as History from "../History.ts"
import type * as HistoryEntry from "../HistoryEntry.ts"
import * as Internal from "./history.ts"
import * as Splice from "./splice.ts"

/** Returns the last response, however many replies it took. */
export const lastResponse = (history: History.History): Option.Option<Message.Message> => {
  const replies: Array<Message.Message> = []
  let continued = true
  for (let at: Internal.Node | undefined = Internal.nodeOf(history); at !== undefined && continued; at = at.before) {
    if (at.entry?._tag !== "Reply") continue
    replies.unshift(at.entry.message)
    const before = beforeEdits(at.before)
    continued = before?.status === "paused" || isContinuation(before?.entry)
  }
  return Arr.isArrayNonEmpty(replies) ? Option.some(Splice.join(replies)) : Option.none()
}

const isContinuation = (entry: HistoryEntry.HistoryEntry | undefined): boolean =>
  entry?._tag === "User" && entry.continues === true && entry.corrects !== true

const beforeEdits = (node: Internal.Node | undefined): Internal.Node | undefined => {
  let at = node
  while (at?.entry?._tag === "Edit" || at?.entry?._tag === "Calls") at = at.before
  return at
}

/** Returns the last reply that is sent, the messages after it, and an estimate of the tokens that edits removed since. */
export const sinceLastReply = (history: History.History): {
  readonly last: Message.Message | undefined
  readonly since: ReadonlyArray<MessageRequest.MessageParam>
  readonly freed: number
} => {
  const messages: Array<MessageRequest.MessageParam> = []
  let freed = 0
  for (let at: Internal.Node | undefined = Internal.nodeOf(history); at !== undefined; at = at.before) {
    const { entry } = at
    if (entry?._tag === "Reply" && !entry.setAside) return { last: entry.message, since: messages.toReversed(), freed }
    if (entry?._tag === "User") messages.push({ role: "user", content: entry.content })
    if (entry?._tag === "Calls") messages.push({ role: "user", content: entry.results.map(({ result }) => result) })
    if (entry?._tag === "Assistant") messages.push({ role: "assistant", content: entry.content })
    if (entry?._tag === "System") messages.push(entry.turn)
    if (entry?._tag === "Edit") freed += ContextEdit.freedBy(entry.edit)
  }
  return { last: undefined, since: messages.toReversed(), freed }
}
