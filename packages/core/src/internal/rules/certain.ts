/**
 * Checks of what the API is certain to refuse. Each is told apart from its
 * accepted neighbours: results that belong to code or to the server, turns that
 * are merged on arrival, history that the server holds or cuts itself.
 *
 * @since 0.1.0
 */
import type { MessageRequest } from "../../MessageRequest.ts"
import type { Context, Finding } from "../../Rules.ts"
import { isRecord } from "../record.ts"
import * as Turns from "../turns.ts"
import { findings, isPresent } from "./findings.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

const required = {
  messages: ["model", "max_tokens", "messages"],
  countTokens: ["model", "messages"]
} as const

/** The fields without which there is no request. */
export const requiredFields = (request: Request, context: Context): Found =>
  required[context.endpoint].every((field) => isPresent(request[field]))
    ? Turns.none
    : required[context.endpoint].filter((field) => !isPresent(request[field])).map((field) => ({
      path: field,
      problem: "the field is missing",
      fix: `Give \`${field}\`.`
    }))

/** `max_tokens` is a whole number that is not negative. */
export const maxTokens = (request: Request): Found => {
  const value: unknown = request.max_tokens
  if (typeof value !== "number" || (Number.isInteger(value) && value >= 0)) return Turns.none
  return [{
    path: "max_tokens",
    problem: `${value} is not a whole number of at least 0`,
    fix: "Give the largest number of tokens the answer may have, or 0 to warm the cache."
  }]
}

/** A call by the model is answered in the turn that follows it. */
export const unansweredToolUse = (request: Request, context: Context): Found => {
  if (!mayPair(request, context, isOwnCall)) return Turns.none
  return Turns.merged(request).flatMap((turn, index, turns): Found => {
    const next = turns[index + 1]
    if (turn.role !== "assistant" || next === undefined) return Turns.none
    const calls = turn.blocks.filter(({ block }) => isOwnCall(block))
    if (calls.length === 0) return Turns.none
    const answered = new Set([...turn.blocks, ...next.blocks].map(({ block }) => block["tool_use_id"]))
    return calls.filter(({ block }) => !answered.has(block["id"])).map(({ path }) => ({
      path,
      problem: "the tool call has no result in the turn that follows",
      fix: "Begin that turn with a `tool_result` for its id; say `is_error` if there is nothing to report."
    }))
  })
}

/** A result answers a call of the turn before it. */
export const orphanedToolResult = (request: Request, context: Context): Found => {
  if (!mayPair(request, context, isResult)) return Turns.none
  return Turns.merged(request).flatMap((turn, index, turns): Found => {
    if (turn.role !== "user") return Turns.none
    const results = turn.blocks.filter(({ block }) => isResult(block))
    if (results.length === 0) return Turns.none
    const calls = new Set(turns[index - 1]?.blocks.map(({ block }) => block["id"]))
    return results.filter(({ block }) => !calls.has(block["tool_use_id"])).map(({ path }) => ({
      path: `${path}.tool_use_id`,
      problem: "no tool call in the assistant turn before has this id",
      fix: "Send the turn with the call too, or leave the result out."
    }))
  })
}

/** A text block of a turn has text. */
export const emptyText = (request: Request): Found =>
  findings(Turns.blocksThat(request, isEmptyText), "text", {
    problem: "the text is empty",
    fix: "Leave the block out."
  })

const isEmptyText = ({ text, type }: Turns.Json): boolean => type === "text" && text === ""

const maxBreakpoints = 4

/** There are at most four cache breakpoints. A top-level `cache_control` is one: it marks the last block. */
export const cacheBreakpoints = (request: Request): Found => {
  const marked = [
    ...Turns.itemsThat(request, "tools", isMarked),
    ...Turns.itemsThat(request, "system", isMarked),
    ...Turns.blocksThat(request, isMarked)
  ]
  const count = marked.length + (isPresent(request.cache_control) ? 1 : 0)
  const fifth = marked[maxBreakpoints]
  return count <= maxBreakpoints ? Turns.none : [{
    path: fifth === undefined ? "cache_control" : `${fifth.path}.cache_control`,
    problem: `there are ${count} cache breakpoints, and ${maxBreakpoints} are allowed`,
    fix: "Keep the last ones: a breakpoint caches everything before it."
  }]
}

const isMarked = (item: Turns.Json): boolean => isPresent(item["cache_control"])

/** What the model may think fits into what it may write, unless it thinks between tools. */
export const thinkingBudget = (request: Request, context: Context): Found => {
  const { max_tokens, thinking } = request
  if (typeof max_tokens !== "number" || max_tokens === 0 || thinking?.type !== "enabled") return Turns.none
  if (!(thinking.budget_tokens >= max_tokens) || mayInterleave(request, context.betas)) return Turns.none
  return [{
    path: "thinking.budget_tokens",
    problem: `the budget of ${thinking.budget_tokens} is not less than max_tokens, which is ${max_tokens}`,
    fix: "Raise `max_tokens`, which holds thinking and answer, or lower the budget."
  }]
}

/** Only between tool calls, and only by a beta, may the model think more than one answer holds. */
const mayInterleave = (request: Request, betas: ReadonlyArray<string> | undefined): boolean =>
  (Turns.items(request, "tools").length > 0 || isPresent(request.mcp_servers)) &&
  (betas === undefined || betas.some((beta) => beta.startsWith("interleaved-thinking-")))

// -----------------------------------------------------------------------------

/** A call that the caller has to answer: not one by code that runs on the server. */
const isOwnCall = ({ caller, id, type }: Turns.Json): boolean =>
  type === "tool_use" && typeof id === "string" && (!isRecord(caller) || caller["type"] === "direct")

const isResult = ({ type }: Turns.Json): boolean => type === "tool_result"

const isCompaction = ({ type }: Turns.Json): boolean => type === "compaction"

/** Whether there are such blocks, and everything that belongs to them is in sight. */
const mayPair = (request: Request, { endpoint }: Context, is: (block: Turns.Json) => boolean): boolean =>
  endpoint === "messages" && Turns.someBlock(request, is) && !holdsHistoryElsewhere(request)

/** Whether calls and results may be out of sight: in a thread, cut by an edit, or folded into a compaction. */
const holdsHistoryElsewhere = (request: Request): boolean =>
  isPresent(request.thread) || isPresent(request.context_management) || Turns.someBlock(request, isCompaction)
