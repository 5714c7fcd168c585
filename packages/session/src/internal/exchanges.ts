/**
 * Parts of a conversation.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as History from "../History.ts"
import type * as HistoryEntry from "../HistoryEntry.ts"
import * as Internal from "./history.ts"
import * as Splice from "./splice.ts"

/**
 * A conversation in two: its older exchanges, and at least so many others, to be
 * put after something else. It is not parted where words without an answer are
 * joined by the next.
 */
export const split = (
  history: History.History,
  keep: number
): { readonly older: History.History; readonly rest: (onto: History.History) => History.History } => {
  const node = Internal.nodeOf(history)
  let left = keep
  let at: Internal.Node = node
  while (at.before !== undefined && (left > 0 || at.status !== "ready")) {
    if (at.opens) left--
    at = at.before
  }
  const older = at
  return { older, rest: (onto) => Internal.since(older, node).reduce(appendOr, onto) }
}

/** Entries were accepted once after a history that was ready for them; so they are again. */
const appendOr = (history: History.History, entry: HistoryEntry.HistoryEntry): History.History =>
  Result.getOrElse(History.append(history, entry), () => history)

/** The last answer, however many replies it took. */
export const lastAnswer = (history: History.History): Option.Option<Message.Message> => {
  const replies: Array<Message.Message> = []
  let goesOn = true
  for (let at: Internal.Node | undefined = Internal.nodeOf(history); at !== undefined && goesOn; at = at.before) {
    if (at.entry?._tag !== "Reply") continue
    replies.unshift(at.entry.message)
    const { before } = at
    goesOn = before?.status === "paused" || (before?.entry?._tag === "User" && before.entry.continues === true)
  }
  return Arr.isArrayNonEmpty(replies) ? Option.some(Splice.join(replies)) : Option.none()
}

/** The last reply that is sent, and what is sent that is newer. */
export const sinceLastReply = (
  history: History.History
): { readonly last: Message.Message | undefined; readonly since: ReadonlyArray<MessageRequest.MessageParam> } => {
  const turns: Array<MessageRequest.MessageParam> = []
  for (let at: Internal.Node | undefined = Internal.nodeOf(history); at !== undefined; at = at.before) {
    if (at.entry?._tag === "Reply" && !at.entry.setAside) return { last: at.entry.message, since: turns.toReversed() }
    if (at.entry?._tag === "User") turns.push({ role: "user", content: at.entry.content })
    if (at.entry?._tag === "Assistant") turns.push({ role: "assistant", content: at.entry.content })
    if (at.entry?._tag === "System") turns.push(at.entry.turn)
  }
  return { last: undefined, since: turns.toReversed() }
}
