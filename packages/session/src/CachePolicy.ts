/**
 * Places cache breakpoints in requests, and reports what the cache read.
 *
 * Each turn sends the whole conversation; the cached part of it costs a tenth.
 * Breakpoints are placed where prompts stay the same: after the tools, after the
 * system prompt, and after the last two messages of the user. So each request reads
 * what the one before it wrote. Breakpoints only move forward, and there are at most
 * four. A part in which the request has breakpoints of its own is not changed.
 *
 * @since 0.1.0
 */
import * as CacheControl from "@effect-claude/core/CacheControl"
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Usage from "@effect-claude/core/Usage"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Blocks from "./internal/blocks.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How prompts are cached.
 *
 * - `auto`: breakpoints are placed, for five minutes
 * - `manual`: only those the program placed
 * - `off`: none at all
 *
 * With a `ttl`, breakpoints are placed for that long.
 *
 * @category models
 * @since 0.1.0
 */
export type CachePolicy = "auto" | "manual" | "off" | { readonly ttl: "5m" | "1h" }

/**
 * The first part of a prompt in which it differs from the one before: from there
 * on, nothing could be read from the cache.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change {
  readonly part: "model" | "tools" | "system" | "messages"
  /** Where, such as `messages[2].content[0]`. */
  readonly path: string
}

/**
 * What caching came to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  /** The share of all input that was read from the cache. */
  readonly hitRate: number
  /** The answers whose prompt was not read from the cache at all, by index. */
  readonly misses: ReadonlyArray<number>
  /** Tokens read from the cache. */
  readonly read: number
  /** Tokens written to it. */
  readonly written: number
  /** What was saved in US dollars: less than nothing where more was written than read. None where a price is unknown. */
  readonly saved: Option.Option<number>
}

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Places breakpoints in a request, as the policy says.
 *
 * **Example** (Caching a system prompt)
 *
 * ```ts
 * import * as CachePolicy from "@effect-claude/session/CachePolicy"
 *
 * const request = CachePolicy.apply({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   system: "A very long text.",
 *   messages: [{ role: "user", content: "Hello" }]
 * }, "auto")
 *
 * request.system // => [{ type: "text", text: "A very long text.", cache_control: { type: "ephemeral" } }]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const apply: {
  (policy: CachePolicy): (self: MessageRequest.MessageRequest) => MessageRequest.MessageRequest
  (self: MessageRequest.MessageRequest, policy: CachePolicy): MessageRequest.MessageRequest
} = dual(2, (self: MessageRequest.MessageRequest, policy: CachePolicy): MessageRequest.MessageRequest => {
  if (policy === "manual") return self
  if (policy === "off") return withoutBreakpoints(self)
  // The API places its own where the request itself is marked.
  if (isMarked(self)) return self
  const { messages, system, tools } = self
  const mark = typeof policy === "string" ? standard : CacheControl.make(policy)
  const inMessages = Blocks.countBreakpoints(messages)
  const inSystem = Array.isArray(system) ? system.filter(isMarked).length : 0
  const inTools = tools?.filter(isMarked).length ?? 0
  let left = maxBreakpoints - inMessages - inSystem - inTools
  const place = <A>(part: A, has: boolean, f: (part: A) => A): A => {
    if (left <= 0 || has) return part
    const placed = f(part)
    if (placed !== part) left--
    return placed
  }
  // What comes last is worth most: it covers all that comes before.
  const last = place(messages, inMessages > 0, (turns) => markUser(turns, mark, 0))
  const placedSystem = place(system, inSystem > 0, (system) => markSystem(system, mark))
  const before = place(last, inMessages > 0, (turns) => markUser(turns, mark, 1))
  const placedTools = place(tools, inTools > 0, (tools) => markTools(tools, mark))
  return {
    ...self,
    messages: before,
    ...(placedSystem === system ? undefined : { system: placedSystem }),
    ...(placedTools === tools ? undefined : { tools: placedTools })
  }
})

// -----------------------------------------------------------------------------
// reports
// -----------------------------------------------------------------------------

/**
 * Sums up what caching came to over some answers.
 *
 * @category reports
 * @since 0.1.0
 */
export const report = (
  messages: ReadonlyArray<Pick<Message.Message, "model" | "usage">>,
  options?: { readonly catalog?: ModelCatalog.ModelCatalog | undefined }
): Report => {
  let sum = Usage.empty
  let saved: Option.Option<number> = Option.some(0)
  const misses: Array<number> = []
  messages.forEach((message, index) => {
    const totals = Usage.totals(message.usage)
    sum = Usage.combine(sum, totals)
    if (totals.cacheRead === 0) misses.push(index)
    const uncached = { ...Usage.empty, input: Usage.totalInput(totals), output: totals.output }
    const cached = { ...totals, webSearches: 0 }
    saved = Option.zipWith(
      saved,
      Option.zipWith(
        Cost.ofTotals(message.model, uncached, options),
        Cost.ofTotals(message.model, cached, options),
        (without, with_) => Cost.total(without) - Cost.total(with_)
      ),
      (a, b) => a + b
    )
  })
  const input = Usage.totalInput(sum)
  return {
    hitRate: input === 0 ? 0 : sum.cacheRead / input,
    misses,
    read: sum.cacheRead,
    written: sum.cacheWrite5m + sum.cacheWrite1h,
    saved
  }
}

/**
 * Returns the first part in which a request differs from the one before it, where
 * that is more than something new at the end. It is why a prompt was not read
 * from the cache. Breakpoints themselves do not count.
 *
 * @category reports
 * @since 0.1.0
 */
export const changeOf = (
  before: MessageRequest.MessageRequest,
  after: MessageRequest.MessageRequest
): Option.Option<Change> => {
  if (before.model !== after.model) return Option.some({ part: "model", path: "model" })
  const tools = firstDifference(before.tools ?? [], after.tools ?? [], true)
  if (tools !== undefined) return Option.some({ part: "tools", path: `tools[${tools}]` })
  const system = firstDifference(MessageRequest.blocks(before.system), MessageRequest.blocks(after.system), true)
  if (system !== undefined) return Option.some({ part: "system", path: `system[${system}]` })
  const same = sharedTurns(before.messages, after.messages)
  const [flatBefore, flatAfter] = [flatten(before.messages, same), flatten(after.messages, same)]
  const block = firstDifference(flatBefore.map(({ key }) => key), flatAfter.map(({ key }) => key), false)
  if (block === undefined) return Option.none()
  return Option.some({ part: "messages", path: (flatAfter[block] ?? flatBefore[block])?.path ?? "messages" })
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const maxBreakpoints = 4

/** The breakpoint of a policy without a `ttl`. */
const standard = CacheControl.make()

const isMarked = (part: object): boolean =>
  "cache_control" in part && part.cache_control !== undefined && part.cache_control !== null

/** Marks the end of a turn of the user: the last one, or one before it. */
const markUser = (
  turns: ReadonlyArray<MessageRequest.MessageParam>,
  mark: CacheControl.CacheControl,
  fromLast: number
): ReadonlyArray<MessageRequest.MessageParam> => {
  let left = fromLast
  for (let index = turns.length - 1; index >= 0; index--) {
    const turn = turns[index]
    if (turn?.role !== "user" || left-- > 0) continue
    const blocks = MessageRequest.blocks(turn.content)
    const end = blocks[blocks.length - 1]
    // A block of tomorrow may not take a mark.
    if (end === undefined || !markable.has(end.type)) return turns
    return turns.with(index, { ...turn, content: [...blocks.slice(0, -1), marked(end, mark)] })
  }
  return turns
}

const markable: ReadonlySet<string> = new Set(["text", "image", "document", "search_result", "tool_result"])

const markSystem = (
  system: MessageRequest.MessageRequest["system"],
  mark: CacheControl.CacheControl
): MessageRequest.MessageRequest["system"] => {
  if (system === undefined || system === "") return system
  if (typeof system === "string") return [{ type: "text", text: system, cache_control: mark }]
  const end = system[system.length - 1]
  return end === undefined || Blocks.isBlank(end.text)
    ? system
    : [...system.slice(0, -1), { ...end, cache_control: mark }]
}

const markTools = (
  tools: MessageRequest.MessageRequest["tools"],
  mark: CacheControl.CacheControl
): MessageRequest.MessageRequest["tools"] => {
  // A tool that is loaded later is not part of the prefix.
  const index = tools?.findLastIndex((tool) => !("defer_loading" in tool && tool.defer_loading === true)) ?? -1
  const tool = tools?.[index]
  if (tools === undefined || tools === null || tool === undefined) return tools
  return tools.with(index, marked(tool, mark))
}

const withoutBreakpoints = (request: MessageRequest.MessageRequest): MessageRequest.MessageRequest => {
  const { cache_control: _, messages, system, tools, ...rest } = request
  return {
    ...rest,
    messages: messages.map((turn) =>
      typeof turn.content === "object" ? { ...turn, content: Blocks.dropBreakpoints(turn.content, Infinity) } : turn
    ),
    ...(system === undefined ? undefined : { system: typeof system === "string" ? system : system.map(unmarked) }),
    ...(tools === undefined || tools === null ? undefined : { tools: tools.map(unmarked) })
  }
}

const marked = <Part extends object>(part: Part, cache_control: CacheControl.CacheControl): Part => ({
  ...part,
  cache_control
})

const unmarked = <Part extends object>(part: Part): Part =>
  isMarked(part) ? { ...part, cache_control: undefined } : part

/** A part as the cache sees it. */
const keyOf = (part: unknown): string =>
  JSON.stringify(part, (key, value: unknown) => key === "cache_control" ? undefined : value)

const firstDifference = (
  before: ReadonlyArray<unknown>,
  after: ReadonlyArray<unknown>,
  whole: boolean
): number | undefined => {
  for (let index = 0; index < before.length; index++) {
    if (index >= after.length || keyOf(before[index]) !== keyOf(after[index])) return index
  }
  return whole && after.length > before.length ? before.length : undefined
}

/** How many turns two prompts share, as those of one history do: they need not be looked into. */
const sharedTurns = (
  before: ReadonlyArray<MessageRequest.MessageParam>,
  after: ReadonlyArray<MessageRequest.MessageParam>
): number => {
  const different = before.findIndex((turn, index) =>
    turn.content !== after[index]?.content || turn.role !== after[index]?.role
  )
  return different === -1 ? before.length : different
}

const flatten = (messages: ReadonlyArray<MessageRequest.MessageParam>, from: number) =>
  messages.slice(from).flatMap((turn, index) =>
    MessageRequest.blocks(turn.content).map((block, at) => ({
      key: `${turn.role} ${keyOf(block)}`,
      path: `messages[${from + index}].content[${at}]`
    }))
  )
