/**
 * The rules that a history keeps, and the messages for breaking one.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Blocks from "./blocks.ts"
import * as CallNames from "./callNames.ts"
import type { Status } from "./history.ts"
import * as Media from "./media.ts"
import * as WellFormed from "./wellFormed.ts"

/** Something that breaks a rule. */
export type Violation = ClaudeError.Violation

/** The most cache breakpoints that a request may carry. */
export const maxBreakpoints = 4

/** Creates the error for a request that was refused before it was sent. */
export const toError = (violations: ReadonlyArray<Violation>): ClaudeError.RequestValidationError => {
  const [first, ...rest] = violations
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more)`
  return new ClaudeError.RequestValidationError({
    message: first === undefined ? "The turn is not valid." : `${first.path}: ${first.problem} ${first.fix}${more}`,
    outcome: "notSent",
    violations
  })
}

/** Checks results of some of the calls that need one. */
export const results = (
  blocks: ReadonlyArray<Content.ToolResult>,
  pending: ReadonlyArray<ContentBlock.ToolUse>
): ReadonlyArray<Violation> => input(blocks, pending).filter(({ rule }) => rule !== "tool-result-missing")

/** Checks an input of the user, given the calls that need a result. */
export const input = (
  blocks: ReadonlyArray<Content.Content>,
  pending: ReadonlyArray<ContentBlock.ToolUse>
): ReadonlyArray<Violation> => {
  const out: Array<Violation> = []
  const open = new Set(pending.map((call) => call.id))
  const given = new Set<string>()
  blocks.forEach((block, index) => {
    const path = `input[${index}]`
    if (!Blocks.isAllowedIn("user", block)) out.push(misplaced(path, block.type, "user"))
    if (!Blocks.isToolResult(block)) return
    if (given.has(block.tool_use_id)) out.push(duplicateResult(path, block.tool_use_id))
    else if (!open.has(block.tool_use_id)) out.push(orphanResult(path, block.tool_use_id))
    given.add(block.tool_use_id)
  })
  for (const id of open) {
    if (!given.has(id)) out.push(missingResult("input", id))
  }
  if (out.length === 0 && given.size === 0 && blocks.every(Blocks.isBlankText)) out.push(blank("input"))
  return out
}

/** Checks the media of an input. What can be corrected is, when it is sent. */
export const media = (blocks: ReadonlyArray<Content.Content>): ReadonlyArray<Violation> =>
  blocks.flatMap((block, index) => mediaIn(block, `input[${index}]`).filter(({ rule }) => rule !== "media-type"))

const mediaIn = (block: Content.Content, path: string): ReadonlyArray<Violation> => {
  const parts: ReadonlyArray<readonly [string, Content.Content | Content.ToolResultContent]> =
    Blocks.isToolResult(block) && Array.isArray(block.content)
      ? block.content.map((part: Content.ToolResultContent, inner) => [`${path}.content[${inner}]`, part])
      : [[path, block]]
  return parts.flatMap(([path, part]) => {
    if (!("source" in part)) return []
    const { problem, rule } = Media.check(part)
    return rule === undefined ? [] : [{ rule, path: `${path}.source`, problem, fix: mediaFix[rule] }]
  })
}

const mediaFix = {
  "media-type": "Give the media type of the data, and no prefix.",
  "media-data": "Give the bytes of a JPEG, PNG, GIF or WebP image, or of a PDF.",
  "media-size": "Make it smaller, or upload it and send its file id."
} as const

/** Checks instructions that are about to be added. */
export const system = (turn: MessageRequest.SystemParam, status: Status): ReadonlyArray<Violation> => {
  if (status === "awaitingToolResults" || status === "paused") {
    return [{
      rule: "system-turn",
      path: "turn",
      problem: "Instructions cannot come between a call and its result.",
      fix: "Add them before the call or after the answer."
    }]
  }
  return isEmptySystem(turn) ? [blank("turn")] : []
}

const isEmptySystem = (turn: MessageRequest.SystemParam): boolean =>
  turn.content !== undefined && MessageRequest.blocks(turn.content).every(Blocks.isBlankText) &&
  (turn.output_config === undefined || turn.output_config === null)

/** Checks the messages of a request. */
export const messages = (turns: ReadonlyArray<MessageRequest.MessageParam>): ReadonlyArray<Violation> => {
  const out: Array<Violation> = []
  const ids = new Set<string>()
  let open: ReadonlyMap<string, string> = new Map()
  let last: "user" | "assistant" | undefined
  let said: ReadonlyArray<Content.Content> = []
  turns.forEach((turn, index) => {
    const path = `messages[${index}]`
    const blocks = MessageRequest.blocks(turn.content)
    if (turn.role === "system") {
      if (open.size > 0) out.push(...system(turn, "awaitingToolResults").map((violation) => ({ ...violation, path })))
      else if (isEmptySystem(turn)) out.push(blank(path))
      else if (last === undefined) out.push(systemFirst(path))
      return
    }
    if (last === turn.role || (last === undefined && turn.role === "assistant")) out.push(role(path, last))
    last = turn.role
    out.push(...content(path, turn.role, blocks))
    if (turn.role === "user") {
      out.push(...answers(path, blocks, open))
      if (!blocks.some(Blocks.isToolResult) && Blocks.openServerCalls(said).size > 0) out.push(openServerCall(path))
      open = new Map()
      said = []
    } else {
      for (const id of open.keys()) out.push(missingResult(path, id))
      open = calls(path, blocks, ids, out)
      said = blocks
    }
  })
  const breakpoints = Blocks.countBreakpoints(turns)
  if (breakpoints > maxBreakpoints) out.push(tooManyBreakpoints(breakpoints))
  return out
}

/** Checks what holds of every block on its own. */
const content = (
  path: string,
  role: "user" | "assistant",
  blocks: ReadonlyArray<Content.Content>
): ReadonlyArray<Violation> => {
  if (blocks.length === 0) return [blank(path)]
  const out: Array<Violation> = []
  blocks.forEach((block, index) => {
    const at = `${path}.content[${index}]`
    if (!Blocks.isAllowedIn(role, block)) out.push(misplaced(at, block.type, role))
    if (Blocks.isBlankText(block)) out.push(blank(`${at}.text`))
    out.push(...blockRules(at, block))
    if (Blocks.isToolResult(block) && Array.isArray(block.content)) {
      block.content.forEach((part: Content.ToolResultContent, inner) => {
        if (part.type === "text" && Blocks.isBlank(part.text)) out.push(blank(`${at}.content[${inner}].text`))
      })
    }
  })
  const end = blocks[blocks.length - 1]
  if (role === "assistant" && end !== undefined && Blocks.isThinking(end)) {
    out.push({
      rule: "trailing-thinking",
      path: `${path}.content[${blocks.length - 1}]`,
      problem: "The model's turn ends in thinking.",
      fix: "Leave out thinking that nothing follows."
    })
  }
  return out
}

/** Checks what holds of a block wherever it stands. */
export const blockRules = (at: string, block: Content.Content): ReadonlyArray<Violation> => {
  const out: Array<Violation> = [...mediaIn(block, at)]
  if (WellFormed.isTooDeep(block)) out.push(tooDeep(at))
  else if (!WellFormed.isWellFormed(block)) out.push(illFormed(at))
  if (Blocks.isToolUse(block)) {
    if (!Blocks.isObject(block.input)) out.push(notAnObject(`${at}.input`))
    if (!CallNames.isName(block.id)) out.push(badName("tool-use-id", `${at}.id`, block.id))
    if (!CallNames.isName(block.name)) out.push(badName("tool-use-name", `${at}.name`, block.name))
  }
  if (block.type === "server_tool_use" && !CallNames.isServerId(block.id)) {
    out.push(badName("tool-use-id", `${at}.id`, block.id))
  }
  if (block.type === "thinking" && block.signature === "") out.push(unsigned(at))
  return out
}

/** Checks that a user's message holds exactly the results of the open calls, and holds them first. */
const answers = (
  path: string,
  blocks: ReadonlyArray<Content.Content>,
  open: ReadonlyMap<string, string>
): ReadonlyArray<Violation> => {
  const out: Array<Violation> = []
  const given = new Set<string>()
  blocks.forEach((block, index) => {
    if (!Blocks.isToolResult(block)) return
    const at = `${path}.content[${index}]`
    if (given.has(block.tool_use_id)) out.push(duplicateResult(at, block.tool_use_id))
    else if (!open.has(block.tool_use_id)) out.push(orphanResult(at, block.tool_use_id))
    given.add(block.tool_use_id)
    if (index > 0 && !Blocks.isToolResult(blocks[index - 1]!)) {
      out.push({
        rule: "tool-result-order",
        path: at,
        problem: "A tool result comes after something else.",
        fix: "Put all results first in the turn."
      })
    }
  })
  for (const id of open.keys()) {
    if (!given.has(id)) out.push(missingResult(path, id))
  }
  return out
}

const calls = (
  path: string,
  blocks: ReadonlyArray<Content.Content>,
  ids: Set<string>,
  out: Array<Violation>
): ReadonlyMap<string, string> => {
  const open = new Map<string, string>()
  blocks.forEach((block, index) => {
    if (!Blocks.isToolUse(block)) return
    const at = `${path}.content[${index}].id`
    if (ids.has(block.id)) {
      out.push({
        rule: "tool-use-id",
        path: at,
        problem: `The call id ${JSON.stringify(block.id.slice(0, 40))} was used before.`,
        fix: "Give each call an id of its own."
      })
    }
    ids.add(block.id)
    open.set(block.id, at)
  })
  return open
}

const openServerCall = (path: string): Violation => ({
  rule: "server-call-open",
  path,
  problem: "The turn before ends in a call of a server tool that has no result.",
  fix: "Let the model go on first, or leave that call out."
})

const systemFirst = (path: string): Violation => ({
  rule: "system-turn",
  path,
  problem: "Instructions come before the first turn of the user.",
  fix: "Put what holds from the start into `system`."
})

const illFormed = (path: string): Violation => ({
  rule: "unicode",
  path,
  problem: "The text holds half of a surrogate pair.",
  fix: "Cut text between characters, or send it through `toWellFormed()`."
})

const tooDeep = (path: string): Violation => ({
  rule: "nesting",
  path,
  problem: `The value is nested deeper than ${WellFormed.maxDepth} levels.`,
  fix: "Send it as text, or with less nesting."
})

const badName = (rule: string, path: string, name: string): Violation => ({
  rule,
  path,
  problem: `${JSON.stringify(name.slice(0, 40))} is not a name that the API accepts.`,
  fix: "Use 1 to 128 letters, digits, underscores and hyphens."
})

const unsigned = (path: string): Violation => ({
  rule: "thinking-signature",
  path,
  problem: "The thinking has no signature.",
  fix: "Leave it out."
})

/** A response that is not expected. */
export const unexpected = (status: Status): Violation => ({
  rule: "reply-unasked",
  path: "reply",
  problem: `The history is ${status}: no response is expected.`,
  fix: "Add a message of the user, or the results of the tools, first."
})

/** A request without a message that needs a response. */
export const unanswerable = (status: Status): Violation => ({
  rule: "nothing-to-answer",
  path: "input",
  problem: `The history is ${status}: no message needs a response.`,
  fix: "Give an input."
})

const role = (path: string, last: "user" | "assistant" | undefined): Violation => ({
  rule: "roles-alternate",
  path: `${path}.role`,
  problem: last === undefined ? "The model speaks first." : `Two turns of the ${last} follow each other.`,
  fix: last === undefined ? "Begin with a turn of the user." : "Join them into one."
})

const blank = (path: string): Violation => ({
  rule: "blank",
  path,
  problem: "There is no content, or nothing but white space.",
  fix: "Leave it out, or give text."
})

const misplaced = (path: string, type: string, role: "user" | "assistant"): Violation => ({
  rule: "misplaced-block",
  path,
  problem: `A ${type} block cannot stand in a turn of the ${role}.`,
  fix: "Move it into the turn where it belongs."
})

const notAnObject = (path: string): Violation => ({
  rule: "tool-use-input",
  path,
  problem: "The input of a call is not an object.",
  fix: "Send {} instead, and tell the model in the result what was wrong."
})

const duplicateResult = (path: string, id: string): Violation => ({
  rule: "tool-result-duplicate",
  path,
  problem: `The call ${id} is answered twice.`,
  fix: "Keep one of the results."
})

const orphanResult = (path: string, id: string): Violation => ({
  rule: "tool-result-orphan",
  path,
  problem: `The turn before makes no call ${id}.`,
  fix: "Answer each call in the turn right after it, and nothing else."
})

const missingResult = (path: string, id: string): Violation => ({
  rule: "tool-result-missing",
  path,
  problem: `The call ${id} has no result.`,
  fix: "Give its result, or an error result that says why there is none."
})

const tooManyBreakpoints = (count: number): Violation => ({
  rule: "cache-breakpoints",
  path: "messages",
  problem: `There are ${count} cache breakpoints; the API takes ${maxBreakpoints}.`,
  fix: "Keep the latest four."
})
