/**
 * What may be sent back: the one place that knows which blocks the API accepts.
 *
 * A history stores what came and sends what these functions return. They are
 * pure and idempotent, and return their argument when nothing has to change:
 *
 * - text is well-formed Unicode and not blank, values are not nested too deep
 * - ids of calls and names of tools have the form of the API's, and no id is used
 *   twice; a result has the id that its call is sent with
 * - the input of a call is an object
 * - images and PDFs have the media type of their bytes, and a size that is accepted
 * - thinking is signed, and is followed by something
 * - results come first in their message, in the order of their calls
 *
 * Commits, imports, stores and the cluster all pass through here, since each of
 * them adds to a history.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as Predicate from "effect/Predicate"
import * as Blocks from "./blocks.ts"
import * as CallNames from "./callNames.ts"
import * as Media from "./media.ts"
import * as WellFormed from "./wellFormed.ts"

type Content_ = Content.Content

/** A call of the model that needs a result. */
export interface Call {
  /** The call as it came, with the id that it is sent with. */
  readonly call: ContentBlock.ToolUse
  /** The id that it came with. */
  readonly origin: string
}

/** What is sent of a message of the model. */
export interface Assistant {
  readonly content: ReadonlyArray<Content_>
  readonly calls: ReadonlyArray<Call>
}

// -----------------------------------------------------------------------------
// messages of the model
// -----------------------------------------------------------------------------

/** Returns what is sent of a message of the model. `isTaken` knows the ids of earlier calls. */
export const assistant = (
  blocks: ReadonlyArray<Content_>,
  isTaken: (id: string) => boolean
): Assistant => {
  const ids = idsOf(blocks.filter(Blocks.isToolUse), isTaken)
  const calls: Array<Call> = []
  const content = blocks.map((block) => {
    if (!Blocks.isToolUse(block)) return block
    const id = ids[calls.length] ?? block.id
    const call = id === block.id ? block : { ...block, id }
    calls.push({ call, origin: block.id })
    return call
  })
  return { content: assistantContent(content), calls }
}

/** Chooses an id for each call. A call whose own id is accepted and free keeps it. */
const idsOf = (
  calls: ReadonlyArray<ContentBlock.ToolUse>,
  isTaken: (id: string) => boolean
): ReadonlyArray<string> => {
  const own = new Set(calls.map((call) => call.id))
  const used = new Set<string>()
  return calls.map(({ id }) => {
    const isFree = CallNames.isName(id) && !used.has(id) && !isTaken(id)
    const chosen = isFree ? id : CallNames.idOf(id, (id) => own.has(id) || used.has(id) || isTaken(id))
    used.add(chosen)
    return chosen
  })
}

/** Returns what is sent of the blocks of a message of the model, but for the ids of calls. */
export const assistantContent = (blocks: ReadonlyArray<Content_>): ReadonlyArray<Content_> => {
  const out = each(blocks, assistantBlock)
  let end = out.length
  while (end > 0 && Blocks.isThinking(out[end - 1]!)) end--
  return end === out.length ? out : out.slice(0, end)
}

const assistantBlock = (block: Content_): Content_ | undefined => {
  if (!Blocks.isAllowedIn("assistant", block)) return undefined
  if (Blocks.isThinking(block)) return isSigned(block) && WellFormed.isWellFormed(block) ? block : undefined
  if (Blocks.isToolUse(block)) {
    const name = CallNames.nameOf(block.name)
    // The input is one level inside the block, and a call is never left out.
    const accepted = Blocks.isObject(block.input) && !WellFormed.isTooDeep(block.input, WellFormed.maxDepth - 1)
    const named = name === block.name ? block : { ...block, name }
    return general(accepted ? named : { ...named, input: {} })
  }
  return general(block)
}

/** Whether thinking has its signature. The API accepts no other, and no change of signed thinking. */
const isSigned = (block: Content_): boolean =>
  block.type !== "thinking" || (typeof block.signature === "string" && block.signature !== "")

/** Returns the message without calls of server tools that have no result: the API refuses a new message after one. */
export const withoutOpenServerCalls = (blocks: ReadonlyArray<Content_>): ReadonlyArray<Content_> => {
  const open = Blocks.openServerCalls(blocks)
  return open.size === 0 ? blocks : assistantContent(blocks.filter((block) => !open.has(block)))
}

// -----------------------------------------------------------------------------
// messages of the user
// -----------------------------------------------------------------------------

/** Returns what is sent of a message of the user: results first, in the order of the calls. */
export const user = (
  blocks: ReadonlyArray<Content_>,
  calls: ReadonlyArray<ContentBlock.ToolUse>
): ReadonlyArray<Content_> => {
  const results = new Map<string, Content_>()
  const rest: Array<Content_> = []
  for (const block of blocks) {
    const sent = general(block)
    if (sent === undefined) continue
    if (Blocks.isToolResult(sent)) results.set(sent.tool_use_id, sent)
    else rest.push(sent)
  }
  const ordered = calls.flatMap((call) => results.get(call.id) ?? [])
  const out = [...ordered, ...rest]
  return out.length === blocks.length && out.every((block, index) => block === blocks[index]) ? blocks : out
}

/**
 * Returns blocks whose results have the ids that their calls are sent with. A
 * result names its call by that id, or by the id that the call came with; of
 * calls that came with the same id, the first without a result.
 */
export const addressed = (
  blocks: ReadonlyArray<Content_>,
  calls: ReadonlyArray<Call>
): ReadonlyArray<Content_> => {
  if (calls.every(({ call, origin }) => call.id === origin)) return blocks
  const open = new Set(calls)
  return each(blocks, (block) => {
    if (!Blocks.isToolResult(block)) return block
    const found = [...open].find(({ call }) => call.id === block.tool_use_id) ??
      [...open].find(({ origin }) => origin === block.tool_use_id)
    if (found === undefined) return block
    open.delete(found)
    return found.call.id === block.tool_use_id ? block : { ...block, tool_use_id: found.call.id }
  })
}

/**
 * Returns blocks as they are stored: results by the ids that their calls came
 * with, in the order of the calls. `addressed` restores them, whatever ids the
 * calls are sent with by then.
 */
export const stored = (blocks: ReadonlyArray<Content_>, calls: ReadonlyArray<Call>): ReadonlyArray<Content_> => {
  if (calls.every(({ call, origin }) => call.id === origin)) return blocks
  const results = calls.flatMap(({ call, origin }) =>
    blocks.filter(Blocks.isToolResult).filter((block) => block.tool_use_id === call.id)
      .map((block) => ({ ...block, tool_use_id: origin }))
  )
  return [...results, ...blocks.filter((block) => !Blocks.isToolResult(block))]
}

// -----------------------------------------------------------------------------
// blocks
// -----------------------------------------------------------------------------

/** Returns what is sent of a block of either role. Undefined when nothing is. */
export const general = (block: Content_): Content_ | undefined => {
  if (WellFormed.isTooDeep(block)) return undefined
  const sent = withServerId(readable(WellFormed.wellFormed(block)))
  if (Blocks.isBlankText(sent)) return undefined
  return nested(sent)
}

/** Replaces media that the API would refuse by a text that says why. */
const readable = <Block extends Content_ | Content.ToolResultContent>(block: Block): Block | ContentBlock.Text => {
  if (!("source" in block)) return block
  const { block: accepted, problem } = Media.check(block)
  return accepted ?? Content.text(`[${block.type} left out: ${problem}]`)
}

const withServerId = (block: Content_): Content_ => {
  if (block.type === "server_tool_use" && !CallNames.isServerId(block.id)) {
    return { ...block, id: CallNames.serverIdOf(block.id) }
  }
  const id = block.type === "mcp_tool_result" ? undefined : Blocks.serverResultOf(block)
  return id === undefined || CallNames.isServerId(id) || !("tool_use_id" in block)
    ? block
    : { ...block, tool_use_id: CallNames.serverIdOf(id) }
}

/** Returns a result without the blank text and the media that the API refuses inside it. */
const nested = (block: Content_): Content_ => {
  if (!Blocks.isToolResult(block) || !Predicate.isNotNullish(block.content) || typeof block.content === "string") {
    return block
  }
  const kept = each(block.content, (part) => {
    const sent = readable(part)
    return sent.type === "text" && Blocks.isBlank(sent.text) ? undefined : sent
  })
  if (kept === block.content) return block
  const { content: _, ...rest } = block
  return kept.length === 0 ? rest : { ...rest, content: kept }
}

/** Maps an array, leaves out what is undefined, and returns the array itself when nothing changes. */
const each = <A>(items: ReadonlyArray<A>, f: (item: A) => A | undefined): ReadonlyArray<A> => {
  let changed = false
  const out: Array<A> = []
  for (const item of items) {
    const next = f(item)
    if (next !== item) changed = true
    if (next !== undefined) out.push(next)
  }
  return changed ? out : items
}
