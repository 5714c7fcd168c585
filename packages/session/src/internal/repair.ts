/**
 * Builds a history from messages of any origin, and changes what the API would
 * refuse.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import * as Blocks from "./blocks.ts"
import * as Check from "./check.ts"
import * as Internal from "./history.ts"
import * as Prompt from "./prompt.ts"
import * as Sendable from "./sendable.ts"

/** Something that was changed. */
export interface Change {
  /** The rule that was broken, by name: the same names as those of a violation. */
  readonly rule: string
  /** Where in what was given, such as `messages[2].content[0]`. */
  readonly path: string
  /** What was done about it. */
  readonly change: string
}

/** The message of the user before a message of the model that follows none. */
export const silence = "(The user says nothing.)"

/** The result of a call that has none. */
export const lost = "The result of this call was lost."

interface Turn {
  readonly role: "user" | "assistant"
  readonly blocks: Array<{ readonly block: Content.Content; readonly path: string }>
  readonly path: string
  /** System turns that came before this turn and after the one before it. */
  readonly systems: Array<MessageRequest.SystemParam>
}

/** Builds a history from anything, and reports what had to change. */
export const build = (
  u: unknown
): { readonly history: Internal.Node; readonly changes: ReadonlyArray<Change> } => {
  const changes: Array<Change> = []
  const report = (rule: string, path: string, change: string) => {
    changes.push({ rule, path, change })
  }
  const { systems: trailing, turns } = group(u, report)
  let history = Internal.empty
  const held: Array<MessageRequest.SystemParam> = []
  for (const turn of turns) {
    // Instructions cannot come first of all, nor between a call and its result: they wait until they can.
    const waits = history.pending.length > 0 || history.sent === undefined
    if (waits && turn.systems.length > 0) {
      report("system-turn", turn.path, "Moved instructions from before this turn to after it.")
    }
    held.push(...turn.systems)
    if (!waits) history = held.splice(0).reduce(Internal.addSystem, history)
    history = turn.role === "user"
      ? addUser(history, turn, report)
      : addAssistant(history, turn, report)
  }
  held.push(...trailing)
  if (held.length > 0 && history.pending.length > 0) {
    report("tool-result-missing", "messages", "Answered the open calls with an error, since instructions follow them.")
    history = closeOpen(history)
  }
  if (held.length > 0 && history.sent === undefined) {
    report("system-turn", "messages", "Kept the instructions until the user has spoken.")
  }
  history = held.reduce(Internal.addSystem, history)
  const breakpoints = Blocks.countBreakpoints(Prompt.render(history.sent, Infinity))
  if (breakpoints > Check.maxBreakpoints) {
    report("cache-breakpoints", "messages", `Only the latest ${Check.maxBreakpoints} of ${breakpoints} are sent.`)
  }
  return { history, changes }
}

type Report = (rule: string, path: string, change: string) => void

const isMessageParam = Wire.is(MessageRequest.MessageParam)

/** Reads turns, joins those of one role, and sets system turns aside. */
const group = (
  u: unknown,
  report: Report
): { readonly turns: ReadonlyArray<Turn>; readonly systems: Array<MessageRequest.SystemParam> } => {
  const turns: Array<Turn> = []
  let systems: Array<MessageRequest.SystemParam> = []
  const given: ReadonlyArray<unknown> = Array.isArray(u) ? u : []
  if (!Array.isArray(u)) report("shape", "messages", "There were no turns: it is not an array.")
  given.forEach((turn, index) => {
    const path = `messages[${index}]`
    if (!isMessageParam(turn)) return report("shape", path, "Left out: it is not a turn.")
    if (turn.role === "system") {
      if (Check.system(turn, "ready").length > 0) report("blank", path, "Left out: the instructions are empty.")
      else systems.push(turn)
      return
    }
    const blocks = clean(path, turn.role, MessageRequest.blocks(turn.content), report)
    const last = turns[turns.length - 1]
    if (blocks.length === 0) return
    if (last !== undefined && last.role === turn.role) {
      report("roles-alternate", path, `Joined with the ${turn.role}'s turn before it.`)
      if (systems.length > 0) report("system-turn", path, "Moved instructions from between the turns that were joined.")
      last.blocks.push(...blocks)
    } else {
      turns.push({ role: turn.role, blocks: [...blocks], path, systems })
      systems = []
    }
  })
  return { turns, systems }
}

/** The blocks of a turn that may stand in it and say something. */
const clean = (
  path: string,
  role: "user" | "assistant",
  blocks: ReadonlyArray<Content.Content>,
  report: Report
): ReadonlyArray<{ readonly block: Content.Content; readonly path: string }> => {
  if (blocks.length === 0) report("blank", path, "Left out: it is empty.")
  return blocks.flatMap((block, index) => {
    const at = `${path}.content[${index}]`
    if (!Blocks.isAllowedIn(role, block)) {
      report("misplaced-block", at, `Left out: a ${block.type} block cannot stand in a turn of the ${role}.`)
      return []
    }
    if (Blocks.isBlankText(block)) {
      report("blank", `${at}.text`, "Left out: it says nothing.")
      return []
    }
    for (const { path, rule } of Check.blockRules(at, block)) {
      // Ids of calls are chosen where the calls before them are known.
      if (rule !== "tool-use-id" || block.type !== "tool_use") report(rule, path, changeFor[rule] ?? "Left out.")
    }
    if (Blocks.isToolResult(block) && Array.isArray(block.content)) {
      block.content.forEach((part: Content.ToolResultContent, inner) => {
        if (part.type === "text" && Blocks.isBlank(part.text)) {
          report("blank", `${at}.content[${inner}].text`, "Left out: it says nothing.")
        }
      })
    }
    return [{ block, path: at }]
  })
}

const changeFor: { readonly [rule: string]: string } = {
  "tool-use-input": "Replaced by {}: it is not an object.",
  "tool-use-id": "Renamed: the API does not accept the id.",
  "tool-use-name": "Renamed: the API does not accept the name.",
  "unicode": "Replaced each half of a surrogate pair by U+FFFD.",
  "media-type": "Corrected: the media type was not that of the data.",
  "media-data": "Replaced by a text: the API cannot read the data.",
  "media-size": "Replaced by a text: it is too large.",
  "nesting": "Left out: it is nested too deep.",
  "thinking-signature": "Left out: it has no signature."
}

const addUser = (
  history: Internal.Node,
  turn: Turn,
  report: Report
): Internal.Node => {
  const results = new Map<string, Content.ToolResult>()
  const open = new Set(history.pending.map((call) => call.id))
  const rest: Array<Content.Content> = []
  const given = Internal.addressed(history, turn.blocks.map(({ block }) => block))
  given.forEach((block, index) => {
    const path = turn.blocks[index]?.path ?? turn.path
    if (!Blocks.isToolResult(block)) {
      rest.push(block)
      return
    }
    const id = block.tool_use_id
    if (results.has(id)) report("tool-result-duplicate", path, "Left out: the call has a result already.")
    else if (!open.has(id)) report("tool-result-orphan", path, "Left out: the message before makes no such call.")
    else {
      if (rest.length > 0) report("tool-result-order", path, "Moved before everything that is not a result.")
      results.set(id, block)
    }
  })
  const answers = history.pending.map((call) => {
    const result = results.get(call.id)
    if (result !== undefined) return result
    report("tool-result-missing", turn.path, `Answered the call ${call.id} with an error: it had no result.`)
    return errorResult(call)
  })
  const blocks = [...answers, ...rest]
  if (blocks.length > 0 && answers.length === 0 && Internal.leavesServerCall(history)) {
    report("server-call-open", turn.path, "Left out the calls of server tools before it that have no result.")
  }
  return blocks.length === 0 ? history : Internal.addUser(history, blocks)
}

const addAssistant = (history: Internal.Node, turn: Turn, report: Report): Internal.Node => {
  const blocks = turn.blocks.map(({ block }) => block)
  const kept = Sendable.assistantContent(blocks)
  if (Blocks.isThinking(blocks.at(-1)!)) {
    report("trailing-thinking", turn.path, "Left out thinking that nothing follows.")
  }
  if (kept.length === 0) return history
  const next = place(history, kept.length < blocks.length ? kept : blocks, turn, report)
  next.calls.slice(-blocks.filter(Blocks.isToolUse).length).forEach(({ call, origin }, index) => {
    if (call.id === origin) return
    const path = turn.blocks.filter(({ block }) => Blocks.isToolUse(block))[index]?.path ?? turn.path
    report("tool-use-id", `${path}.id`, `Renamed to ${call.id}: the id was used before, or is not accepted.`)
  })
  return next
}

const place = (
  history: Internal.Node,
  blocks: ReadonlyArray<Content.Content>,
  turn: Turn,
  report: Report
): Internal.Node => {
  if (history.status === "awaitingReply") return Internal.addImported(history, blocks)
  if (history.entry?._tag === "Assistant" && history.before !== undefined) {
    report("roles-alternate", turn.path, "Joined with the assistant's message before it.")
    return Internal.addImported(history.before, [...history.entry.content, ...blocks])
  }
  report("roles-alternate", `${turn.path}.role`, `Put "${silence}" before it: the model cannot speak first.`)
  return Internal.addImported(Internal.addUser(history, [Content.text(silence)]), blocks)
}

const closeOpen = (history: Internal.Node): Internal.Node => Internal.addUser(history, history.pending.map(errorResult))

const errorResult = (call: ContentBlock.ToolUse): Content.ToolResult => Blocks.toolResult(call, lost, { isError: true })
