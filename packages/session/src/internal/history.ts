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
  /** All calls of the response, with the ids that they came with. */
  readonly calls: ReadonlyArray<Sendable.Call>
  /** The results that came before those of the calls that are pending. */
  readonly results: ReadonlyArray<Content.ToolResult>
  /** The ids of calls that may have begun to run. */
  readonly begun: ReadonlySet<string>
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
  results: [],
  begun: new Set(),
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
    results: [],
    begun: empty.begun,
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
  Sendable.addressed(blocks, self.calls.filter(({ call }) => self.pending.includes(call)))

/**
 * Adds a message of the user. Its results are `addressed`, and sent with those that
 * came before. A continuation of a cut response, and a correction of a response,
 * belong to the exchange before them.
 */
export const addUser = (
  self: Node,
  blocks: ReadonlyArray<Content.Content>,
  as?: "continuation" | "correction"
): Node => {
  const hasResults = blocks.some(Blocks.isToolResult)
  const opens = as === undefined && !hasResults
  const sent = hasResults ? self.sent : Prompt.settle(self.sent)
  const all = self.results.length === 0 ? blocks : [...self.results, ...blocks]
  const own = Sendable.user(all, self.calls.map(({ call }) => call))
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

/**
 * Adds results of some of the open calls, and sets which calls may have begun to run.
 * Once all calls have a result, the results are a message of the user.
 */
export const addCalls = (
  self: Node,
  results: ReadonlyArray<Content.ToolResult>,
  begun: ReadonlyArray<ContentBlock.ToolUse>
): Node => {
  const given = new Set(results.map((result) => result.tool_use_id))
  const pending = self.pending.filter(({ id }) => !given.has(id))
  if (self.pending.length > 0 && pending.length === 0) return addUser(self, results)
  const entry: HistoryEntry = {
    _tag: "Calls",
    results: results.map((result) => ({ call: positionOf(self, result.tool_use_id), result })),
    begun: begun.map(({ id }) => positionOf(self, id))
  }
  return push(self, entry, {
    sent: self.sent,
    calls: self.calls,
    pending,
    results: [...self.results, ...results],
    begun: new Set(begun.map(({ id }) => id)),
    status: self.status
  })
}

const positionOf = ({ calls }: Node, id: string): number => calls.findIndex(({ call }) => call.id === id)

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
  options: {
    readonly paused: boolean
    readonly begun: boolean
    readonly usage: Usage.Totals
    readonly accepted: Prompt.Prompt | undefined
  }
): Node => {
  const { accepted, begun, usage } = options
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
    begun: begun ? new Set(pending.map(({ id }) => id)) : empty.begun,
    ids: pending.reduce((ids, { id }) => HashSet.add(ids, id), self.ids),
    status: paused ? "paused" : pending.length > 0 ? "awaitingToolResults" : "ready"
  })
}

/** How a response is added. */
export interface ReplyOptions {
  /** Whether its exchange is kept and no longer sent. */
  readonly setAside: boolean
  /** The id of the turn it belongs to. */
  readonly turn?: string | undefined
  /** Whether its calls may have begun to run as soon as it is added. */
  readonly begun?: boolean | undefined
}

/** Adds a response as it came. */
export const addReply = (
  self: Node,
  message: Message.Message,
  { begun = false, setAside, turn }: ReplyOptions
): Node => {
  const entry: HistoryEntry = {
    _tag: "Reply",
    message,
    setAside,
    ...(turn === undefined ? undefined : { turn }),
    ...(begun ? { begun } : undefined)
  }
  const usage = Usage.combine(self.usage, Usage.totals(message.usage))
  if (!setAside) {
    return addAssistant(self, entry, message.content, { paused: isPaused(message), begun, usage, accepted: self.sent })
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
    begun: false,
    usage: self.usage,
    accepted: self.accepted
  })

/**
 * Returns the call that the response before it may have cut: the last one of a
 * response that ran into a limit of tokens. It must not be run.
 */
export const cutCall = (self: Node): ContentBlock.ToolUse | undefined => {
  let at: Node | undefined = self
  while (at?.entry?._tag === "Calls" || at?.entry?._tag === "Edit") at = at.before
  return at?.entry?._tag === "Reply" && isCut(at.entry.message) ? self.calls.at(-1)?.call : undefined
}

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
  const { begun, calls, pending, results, status } = self
  return edit.type === "withdraw_response"
    ? push(self, { _tag: "Edit", edit }, prompts)
    : push(self, { _tag: "Edit", edit }, { ...prompts, begun, calls, pending, results, status })
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

/** Returns the last response as it came. */
export const lastReply = (self: Node): Message.Message | undefined => {
  for (let at: Node | undefined = self; at !== undefined; at = at.before) {
    if (at.entry?._tag === "Reply") return at.entry.message
  }
  return undefined
}

/** Returns the history as it was before the last `count` exchanges. */
export const rewind = (self: Node, count: number): Node => {
  let left = count
  let node = self
  while (left > 0 && node.before !== undefined) {
    if (node.opens) left--
    node = node.before
  }
  return node
}

/** Returns the container that the exchange under way runs code in. */
export const containerOf = (self: Node): string | undefined => {
  for (let at: Node | undefined = self; at !== undefined && !at.opens; at = at.before) {
    const id = at.entry?._tag === "Reply" ? at.entry.message.container?.id : undefined
    if (id !== undefined) return id
  }
  return undefined
}
