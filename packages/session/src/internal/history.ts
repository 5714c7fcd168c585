/**
 * The persistent structure behind a history.
 *
 * A history is its last entry and the history before it, so going back follows a
 * pointer and copies nothing. Entries are stored as they came. Beside them runs
 * the prompt: the messages that are sent of them. An entry may add a message,
 * replace the last one, or edit what is sent.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import * as HashSet from "effect/HashSet"
import * as Inspectable from "effect/Inspectable"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import type { ContextEdit } from "../ContextEdit.ts"
import type { HistoryEntry } from "../HistoryEntry.ts"
import * as Blocks from "./blocks.ts"
import * as Edits from "./edits.ts"
import * as Prompt from "./prompt.ts"
import * as Sendable from "./sendable.ts"
import * as WellFormed from "./wellFormed.ts"

/** The brand of histories. */
export const TypeId = "~@effect-claude/session/History"

/** What a history expects next. */
export type Status = "ready" | "awaitingReply" | "awaitingToolResults" | "paused"

/** What a history shows of itself. */
interface Shown extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly size: number
  readonly exchanges: number
  readonly status: Status
  toJSON(): unknown
  toString(): string
  [Inspectable.NodeInspectSymbol](): unknown
}

/** A history with what it holds. */
export interface Node extends Shown, Edits.Prompts {
  /** The history before the last entry. */
  readonly before: Node | undefined
  readonly entry: HistoryEntry | undefined
  /** Whether the last entry is the user starting an exchange. */
  readonly opens: boolean
  /** The calls that need a result, with the ids that they are sent with. */
  readonly pending: ReadonlyArray<ContentBlock.ToolUse>
  /** The same calls, with the ids that they came with. */
  readonly calls: ReadonlyArray<Sendable.Call>
  /** The ids of all calls that were ever sent. */
  readonly ids: HashSet.HashSet<string>
  readonly usage: Usage.Totals
}

const Proto = {
  [TypeId]: TypeId,
  pipe() {
    return pipeArguments(this, arguments)
  },
  toJSON(this: Node) {
    return { _id: "History", size: this.size, exchanges: this.exchanges, status: this.status }
  },
  toString(this: Node) {
    return `History(${this.size} entries, ${this.status})`
  },
  [Inspectable.NodeInspectSymbol](this: Node) {
    return Proto.toJSON.call(this)
  }
}

/** Whether a value is a history: only this module makes them. */
export const isNode = (u: unknown): u is Node => Predicate.hasProperty(u, TypeId)

/** Returns the structure behind a history. */
export const nodeOf = (self: Shown): Node => isNode(self) ? self : empty

const make = (fields: Omit<Node, keyof typeof Proto | typeof TypeId>): Node =>
  Object.assign(Object.create(Proto), fields)

/** The history without entries. */
export const empty: Node = make({
  before: undefined,
  entry: undefined,
  opens: false,
  sent: undefined,
  base: undefined,
  accepted: undefined,
  pending: [],
  calls: [],
  ids: HashSet.empty(),
  usage: Usage.empty,
  size: 0,
  exchanges: 0,
  status: "ready"
})

/** Returns what is expected after a prompt, unless the model is paused or waits for results. */
const statusOf = (sent: Prompt.Prompt | undefined): Status => Prompt.isOpen(sent) ? "awaitingReply" : "ready"

const push = (
  self: Node,
  entry: HistoryEntry,
  changes: Partial<Omit<Node, "before" | "entry" | "size">> & { readonly sent: Prompt.Prompt | undefined }
): Node => {
  const { accepted, base, exchanges, ids, usage } = self
  return make({
    before: self,
    entry,
    size: self.size + 1,
    opens: false,
    base,
    accepted,
    pending: [],
    calls: [],
    ids,
    usage,
    exchanges,
    status: statusOf(changes.sent),
    ...changes
  })
}

// -----------------------------------------------------------------------------
// messages of the user
// -----------------------------------------------------------------------------

/** Returns an input whose results have the ids that their calls are sent with. */
export const addressed = (self: Node, blocks: ReadonlyArray<Content.Content>): ReadonlyArray<Content.Content> =>
  Sendable.addressed(blocks, self.calls)

/**
 * Adds a message of the user. Its results are `addressed`. A continuation of a cut
 * response, and a correction of a response, belong to the exchange before them.
 */
export const addUser = (
  self: Node,
  blocks: ReadonlyArray<Content.Content>,
  as?: "continuation" | "correction"
): Node => {
  const hasResults = blocks.some(Blocks.isToolResult)
  const opens = as === undefined && !hasResults
  const sent = hasResults ? self.sent : Prompt.settle(self.sent)
  const own = Sendable.user(blocks, self.pending)
  const entry: HistoryEntry = {
    _tag: "User",
    content: Sendable.stored(blocks, self.calls),
    ...(as === undefined ? undefined : { continues: true }),
    ...(as === "correction" ? { corrects: true } : undefined)
  }
  return push(self, entry, {
    sent: own.length === 0 ? sent : Prompt.addUser(sent, own, opens),
    ...(opens ? { opens, base: sent, exchanges: self.exchanges + 1 } : undefined)
  })
}

/** Whether a new message of the user would follow a call of a server tool without a result. */
export const leavesServerCall = (self: Node): boolean => Prompt.settle(self.sent) !== self.sent

// -----------------------------------------------------------------------------
// messages of the model
// -----------------------------------------------------------------------------

/** Adds what the model said. */
const addAssistant = (
  self: Node,
  entry: HistoryEntry,
  blocks: ReadonlyArray<Content.Content>,
  options: { readonly paused: boolean; readonly usage: Usage.Totals; readonly accepted: Prompt.Prompt | undefined }
): Node => {
  const { accepted, usage } = options
  const continues = self.sent?.role === "assistant"
  const before = continues ? self.sent.before : self.sent
  const { calls, content } = Sendable.assistant(blocks, (id) => HashSet.has(self.ids, id))
  const own = continues ? Sendable.assistantContent([...self.sent.own, ...content]) : content
  if (own.length === 0) return push(self, entry, { sent: before, usage, accepted })
  const pending = calls.map(({ call }) => call)
  // The caller's own tools need results, whatever the server plans to do next.
  const paused = options.paused && pending.length === 0
  return push(self, entry, {
    sent: Prompt.add(before, "assistant", own),
    usage,
    accepted,
    pending,
    calls,
    ids: pending.reduce((ids, { id }) => HashSet.add(ids, id), self.ids),
    status: paused ? "paused" : pending.length > 0 ? "awaitingToolResults" : "ready"
  })
}

/** Adds a response as it came. With `setAside`, its exchange is kept and no longer sent. */
export const addReply = (self: Node, message: Message.Message, setAside: boolean, turn?: string): Node => {
  const entry: HistoryEntry = turn === undefined
    ? { _tag: "Reply", message, setAside }
    : { _tag: "Reply", message, setAside, turn }
  const usage = Usage.combine(self.usage, Usage.totals(message.usage))
  if (!setAside) {
    return addAssistant(self, entry, message.content, { paused: isPaused(message), usage, accepted: self.sent })
  }
  const accepted = Prompt.sizeOf(self.accepted) > Prompt.sizeOf(self.base) ? self.base : self.accepted
  return push(self, entry, { sent: self.base, usage, accepted })
}

/** Whether a response continues when it is sent back: server tools took long, or it paused to compact. */
const isPaused = ({ stop_reason }: Message.Message): boolean =>
  stop_reason === "pause_turn" || stop_reason === "compaction"

/** Adds a message of the model of which only the blocks are known. The API may never have seen it. */
export const addImported = (self: Node, blocks: ReadonlyArray<Content.Content>): Node =>
  addAssistant(self, { _tag: "Assistant", content: blocks }, blocks, {
    paused: false,
    usage: self.usage,
    accepted: self.accepted
  })

/**
 * Returns the call that the response before it may have cut: the last one of a
 * response that ran into a limit of tokens. It must not be run.
 */
export const cutCall = ({ entry, pending }: Node): ContentBlock.ToolUse | undefined =>
  entry?._tag === "Reply" && isCut(entry.message) ? pending.at(-1) : undefined

const isCut = ({ stop_reason }: Message.Message): boolean =>
  stop_reason === "max_tokens" || stop_reason === "model_context_window_exceeded"

// -----------------------------------------------------------------------------
// instructions and edits
// -----------------------------------------------------------------------------

/** Adds instructions. */
export const addSystem = (self: Node, turn: MessageRequest.SystemParam): Node =>
  push(self, { _tag: "System", turn }, { sent: Prompt.addSystem(self.sent, WellFormed.wellFormed(turn)) })

/** Changes what is sent. What is expected next stays the same. */
export const addEdit = (self: Node, edit: ContextEdit): Node => {
  const prompts = Edits.apply(edit, self)
  const { calls, pending, status } = self
  return edit.type === "withdraw_response"
    ? push(self, { _tag: "Edit", edit }, prompts)
    : push(self, { _tag: "Edit", edit }, { ...prompts, calls, pending, status })
}

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/** Returns what was added to a history since it was `base`, oldest first. */
export const since = (base: Node, self: Node): ReadonlyArray<HistoryEntry> => {
  const out: Array<HistoryEntry> = []
  for (let at: Node | undefined = self; at !== undefined && at !== base; at = at.before) {
    if (at.entry !== undefined) out.push(at.entry)
  }
  return out.toReversed()
}

/** Returns the longest history that two have in common. */
export const shared = (self: Node, that: Node): Node => {
  let [a, b]: [Node | undefined, Node | undefined] = [self, that]
  while (a !== b) {
    // The longer of the two goes back; two of the same length both do.
    const [left, right]: [number, number] = [a?.size ?? 0, b?.size ?? 0]
    if (left >= right) a = a?.before
    if (right >= left) b = b?.before
  }
  return a ?? empty
}

/** Returns the history as it was when it had `size` entries. */
export const at = (self: Node, size: number): Node | undefined => {
  let node: Node | undefined = self
  while (node !== undefined && node.size > size) node = node.before
  return node?.size === size ? node : undefined
}

/** Returns the container that the exchange under way runs code in. */
export const containerOf = (self: Node): string | undefined => {
  for (let at: Node | undefined = self; at !== undefined && !at.opens; at = at.before) {
    const id = at.entry?._tag === "Reply" ? at.entry.message.container?.id : undefined
    if (id !== undefined) return id
  }
  return undefined
}
