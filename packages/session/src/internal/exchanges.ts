/**
 * Parts of a conversation.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as ContextEdit from "../ContextEdit.ts"
import type * as History from "../History.ts"
import type * as HistoryEntry from "../HistoryEntry.ts"
import * as Internal from "./history.ts"

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
  return Arr.isArrayNonEmpty(replies) ? Option.some(join(replies)) : Option.none()
}

const isContinuation = (entry: HistoryEntry.HistoryEntry | undefined): boolean =>
  entry?._tag === "User" && entry.continues === true && entry.corrects !== true

const beforeEdits = (node: Internal.Node | undefined): Internal.Node | undefined => {
  let at = node
  while (at?.entry?._tag === "Edit" || at?.entry?._tag === "Calls") at = at.before
  return at
}

/** The size of the next prompt, in tokens. */
export interface Size {
  /** From the usage of the last reply that is sent. Undefined when there is no such reply. */
  readonly tokens: number | undefined
  /** Whether that reply ended because the window was full. */
  readonly isFull: boolean
}

/** Returns the size of the next prompt: what the last reply reports, and an estimate of what changed since. */
export const sizeOf = (history: History.History, model: string): Size => {
  const { freed, last, since } = sinceLastReply(history)
  if (last === undefined) return { tokens: undefined, isFull: false }
  const totals = Usage.totals(last.usage)
  const estimate = since.length === 0 ? 0 : TokenEstimate.ofRequest({ model, messages: since }).tokens
  return {
    tokens: Math.max(0, Usage.totalInput(totals) + totals.output + estimate - freed),
    isFull: isFull(last)
  }
}

/** Whether a response ended because the window was full. */
export const isFull = ({ stop_reason }: Message.Message): boolean => stop_reason === "model_context_window_exceeded"

/** Returns the last reply that is sent, the messages after it, and an estimate of the tokens that edits removed since. */
const sinceLastReply = (history: History.History): {
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

/** Joins the replies of an exchange: all their content, the end of the last, and the sum of their usage. */
export const join = (messages: Arr.NonEmptyReadonlyArray<Message.Message>): Message.Message => {
  const first = Arr.headNonEmpty(messages)
  const last = Arr.lastNonEmpty(messages)
  if (messages.length === 1) return first
  const { stop_details, stop_reason, stop_sequence } = last
  return {
    ...first,
    ...beside(messages.slice(1)),
    content: messages.flatMap((message) => message.content),
    stop_reason,
    stop_sequence,
    stop_details,
    usage: messages.slice(1).reduce((sum, message) => addUsage(sum, message.usage), first.usage)
  }
}

/** Returns the fields besides content, end and usage. The last value of a field wins. */
export const beside = (said: ReadonlyArray<object>): Partial<Message.Message> =>
  Object.fromEntries(
    said.flatMap((fields) => Object.entries(fields))
      .filter(([field, value]) => value !== null && value !== undefined && !ownFields.has(field))
  )

/** Fields that are joined otherwise, or are those of the first message. */
const ownFields: ReadonlySet<string> = new Set([
  "id",
  "type",
  "role",
  "model",
  "content",
  "delta",
  "stop_reason",
  "stop_sequence",
  "stop_details",
  "usage"
])

/** Adds token counts field by field. For other values, the later one wins. */
export const addUsage = (self: Usage.Usage, that: Usage.Usage): Usage.Usage => {
  const out: { [field: string]: unknown } = { ...self }
  for (const [field, value] of Object.entries(that)) {
    if (value !== null && value !== undefined) out[field] = addValue(out[field], value)
  }
  return { ...self, ...that, ...out }
}

const addValue = (a: unknown, b: unknown): unknown => {
  if (typeof a === "number" && typeof b === "number") return a + b
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
  if (!Predicate.isObject(a) || !Predicate.isObject(b)) return b
  const out: { [field: string]: unknown } = { ...a }
  for (const [field, value] of Object.entries(b)) out[field] = addValue(out[field], value)
  return out
}
