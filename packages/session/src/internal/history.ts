/**
 * The persistent structure behind a history.
 *
 * A history is its last entry and a pointer to the history before it, so going
 * back is following a pointer and nothing is ever copied. Beside the entries,
 * which are stored as they came, runs a second chain of links: what is sent of
 * them. An entry may add a link, replace the last one, or take links away.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import * as Inspectable from "effect/Inspectable"
import { pipeArguments } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import type { History, Status } from "../History.ts"
import type { HistoryEntry } from "../HistoryEntry.ts"
import * as Blocks from "./blocks.ts"

/** The brand of histories. */
export const TypeId = "~@effect-claude/session/History"

/** A turn as it is sent, and those before it. */
export interface Link {
  readonly role: "user" | "assistant" | "system"
  /** What is sent of a turn of the user or the model. */
  readonly content: ReadonlyArray<Content.Content>
  /** The turn itself, where it is a system turn. */
  readonly system: MessageRequest.SystemParam | undefined
  readonly before: Link | undefined
}

/** What a history holds besides what it shows. */
export interface Node extends History {
  /** The history before the last entry. */
  readonly before: Node | undefined
  readonly entry: HistoryEntry | undefined
  /** Whether the last entry is the user beginning something new. */
  readonly opens: boolean
  /** What is sent. */
  readonly sent: Link | undefined
  /** What was sent before the current exchange began: where a refusal goes back to. */
  readonly base: Link | undefined
  readonly pending: ReadonlyArray<ContentBlock.ToolUse>
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

/** The structure behind a history. */
export const nodeOf = (self: History): Node => isNode(self) ? self : empty

const make = (fields: Omit<Node, keyof typeof Proto | typeof TypeId>): Node =>
  Object.assign(Object.create(Proto), fields)

/** The history of nothing. */
export const empty: Node = make({
  before: undefined,
  entry: undefined,
  opens: false,
  sent: undefined,
  base: undefined,
  pending: [],
  usage: Usage.empty,
  size: 0,
  exchanges: 0,
  status: "ready"
})

const link = (
  role: "user" | "assistant",
  content: ReadonlyArray<Content.Content>,
  before: Link | undefined
): Link => ({ role, content, system: undefined, before })

/** What is expected after what was sent, if the model is not paused and waits for no result. */
const statusOf = (sent: Link | undefined): Status => {
  let at = sent
  while (at !== undefined && at.role === "system") at = at.before
  return at?.role === "user" ? "awaitingReply" : "ready"
}

const push = (
  self: Node,
  entry: HistoryEntry,
  changes: Partial<Pick<Node, "base" | "pending" | "usage" | "opens" | "exchanges" | "status">> & {
    readonly sent: Link | undefined
  }
): Node =>
  make({
    before: self,
    entry,
    size: self.size + 1,
    opens: false,
    base: self.base,
    pending: [],
    usage: self.usage,
    exchanges: self.exchanges,
    status: statusOf(changes.sent),
    ...changes
  })

/** Adds a turn of the user whose blocks were checked. Words that `continue` an answer belong to its exchange. */
export const addUser = (self: Node, blocks: ReadonlyArray<Content.Content>, continues = false): Node => {
  const opens = !continues && !blocks.some(Blocks.isToolResult)
  const sent = opens ? settle(self.sent) : self.sent
  const content = Blocks.sendableUser(blocks, self.pending)
  return push(self, continues ? { _tag: "User", content: blocks, continues } : { _tag: "User", content: blocks }, {
    sent: joinUser(sent, content),
    ...(opens ? { opens, base: sent, exchanges: self.exchanges + 1 } : undefined)
  })
}

/** The chain with no call of a server tool left open in its last turn. */
const settle = (sent: Link | undefined): Link | undefined => {
  if (sent === undefined || sent.role === "user") return sent
  if (sent.role === "system") {
    const before = settle(sent.before)
    return before === sent.before ? sent : { ...sent, before }
  }
  const content = Blocks.withoutOpenServerCalls(sent.content)
  return content === sent.content ? sent : content.length === 0 ? sent.before : { ...sent, content }
}

/** Whether fresh words of the user would come after a call of a server tool that has no result. */
export const leavesServerCall = (self: Node): boolean => settle(self.sent) !== self.sent

/**
 * Adds to the user's turn that has no answer yet, or begins one. Instructions
 * cannot come first of all, so they follow the user's first turn.
 */
const joinUser = (sent: Link | undefined, content: ReadonlyArray<Content.Content>): Link => {
  const systems: Array<Link> = []
  let at = sent
  while (at !== undefined && at.role === "system") {
    systems.push(at)
    at = at.before
  }
  if (at?.role === "assistant") return link("user", content, sent)
  let joined: Link = at === undefined
    ? link("user", content, undefined)
    : link("user", [...at.content, ...content], at.before)
  for (const system of systems.toReversed()) joined = { ...system, before: joined }
  return joined
}

/** Adds what the model said. */
const addAssistant = (
  self: Node,
  entry: HistoryEntry,
  blocks: ReadonlyArray<Content.Content>,
  options: { readonly paused: boolean; readonly usage: Usage.Totals }
): Node => {
  const goesOn = self.sent?.role === "assistant"
  const before = goesOn ? self.sent.before : self.sent
  const whole = goesOn ? [...self.sent.content, ...blocks] : blocks
  const pending = whole.filter(Blocks.isToolUse)
  // Calls of the caller's own tools are to be answered, whatever else the server means to do.
  const paused = options.paused && pending.length === 0
  const content = Blocks.sendableAssistant(whole)
  if (content.length === 0) return push(self, entry, { sent: before, usage: options.usage })
  return push(self, entry, {
    sent: link("assistant", content, before),
    usage: options.usage,
    pending,
    status: paused ? "paused" : pending.length > 0 ? "awaitingToolResults" : "ready"
  })
}

/** Adds a reply as it came. With `setAside` its exchange is kept and no longer sent. */
export const addReply = (self: Node, message: Message.Message, setAside: boolean, turn?: string): Node => {
  const entry: HistoryEntry = turn === undefined
    ? { _tag: "Reply", message, setAside }
    : { _tag: "Reply", message, setAside, turn }
  const usage = Usage.combine(self.usage, Usage.totals(message.usage))
  return setAside
    ? push(self, entry, { sent: self.base, usage })
    : addAssistant(self, entry, message.content, { paused: isPaused(message), usage })
}

/** Whether an answer goes on when it is sent back: the server's tools took long, or it paused to compact. */
const isPaused = ({ stop_reason }: Message.Message): boolean =>
  stop_reason === "pause_turn" || stop_reason === "compaction"

/** Adds a turn of the model of which nothing but the blocks is known. */
export const addImported = (self: Node, blocks: ReadonlyArray<Content.Content>): Node =>
  addAssistant(self, { _tag: "Assistant", content: blocks }, blocks, { paused: false, usage: self.usage })

/** Adds instructions. */
export const addSystem = (self: Node, turn: MessageRequest.SystemParam): Node =>
  push(self, { _tag: "System", turn }, {
    sent: { role: "system", content: [], system: turn, before: self.sent }
  })

/** The turns as they are sent, with at most `breakpoints` cache breakpoints: the latest. */
export const render = (self: Node, breakpoints: number): ReadonlyArray<MessageRequest.MessageParam> => {
  const out: Array<MessageRequest.MessageParam> = []
  let left = breakpoints
  for (let at = self.sent; at !== undefined; at = at.before) {
    if (at.system !== undefined) {
      const content = at.system.content
      const count = content === undefined || typeof content === "string" ? 0 : Blocks.countBreakpoints(content)
      const keeps = Math.min(count, left)
      left -= keeps
      out.push(
        keeps === count || typeof content === "string" || content === undefined
          ? at.system
          : { ...at.system, content: Blocks.dropBreakpoints(content, count - keeps) }
      )
      continue
    }
    const count = Blocks.countBreakpoints(at.content)
    const keeps = Math.min(count, left)
    left -= keeps
    const content = keeps === count ? at.content : Blocks.dropBreakpoints(at.content, count - keeps)
    out.push(at.role === "user" ? { role: "user", content } : { role: "assistant", content })
  }
  // Instructions alone are no conversation yet.
  return out.every((turn) => turn.role === "system") ? [] : out.toReversed()
}

/** What was added to a history since it was `base`, oldest first. */
export const since = (base: Node, self: Node): ReadonlyArray<HistoryEntry> => {
  const out: Array<HistoryEntry> = []
  for (let at: Node | undefined = self; at !== undefined && at !== base; at = at.before) {
    if (at.entry !== undefined) out.push(at.entry)
  }
  return out.toReversed()
}

/** The longest history that both of two come from. */
export const shared = (self: Node, that: Node): Node => {
  let [a, b]: [Node | undefined, Node | undefined] = [self, that]
  while (a !== b) {
    // The longer of the two goes back, and of two that are as long both do.
    const [left, right]: [number, number] = [a?.size ?? 0, b?.size ?? 0]
    if (left >= right) a = a?.before
    if (right >= left) b = b?.before
  }
  return a ?? empty
}

/** The history as it was when it had so many entries. */
export const at = (self: Node, size: number): Node | undefined => {
  let node: Node | undefined = self
  while (node !== undefined && node.size > size) node = node.before
  return node?.size === size ? node : undefined
}

/** The container that the exchange under way runs code in. */
export const containerOf = (self: Node): string | undefined => {
  for (let at: Node | undefined = self; at !== undefined && !at.opens; at = at.before) {
    const id = at.entry?._tag === "Reply" ? at.entry.message.container?.id : undefined
    if (id !== undefined) return id
  }
  return undefined
}
