/**
 * Checks of the fields and turns that the API is certain to refuse. Each leaves
 * out what the API accepts: results of code or of the server, turns that are
 * merged on arrival, history that the server keeps or edits itself.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { MessageRequest } from "../../MessageRequest.ts"
import * as Turns from "../turns.ts"
import { findings, isPresent } from "./findings.ts"
import type { Context, Finding } from "./model.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

const required = {
  messages: ["model", "max_tokens", "messages"],
  countTokens: ["model", "messages"]
} as const

/** The required fields are present. */
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
    fix: "Give the largest number of tokens the response may have, or 0 to warm the cache."
  }]
}

/** The turn after a tool call has its result. */
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
      fix: "Begin that turn with a `tool_result` for its id, with `is_error` if the tool did not run."
    }))
  })
}

/** A tool result belongs to a call of the turn before it. */
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

/** Text blocks of turns are not empty. */
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

/** The thinking budget is less than `max_tokens`, unless the model thinks between tool calls. */
export const thinkingBudget = (request: Request, context: Context): Found => {
  const { max_tokens, thinking } = request
  if (typeof max_tokens !== "number" || max_tokens === 0 || thinking?.type !== "enabled") return Turns.none
  if (!(thinking.budget_tokens >= max_tokens) || mayInterleave(request, context.betas)) return Turns.none
  return [{
    path: "thinking.budget_tokens",
    problem: `the budget of ${thinking.budget_tokens} is not less than max_tokens, which is ${max_tokens}`,
    fix: "Raise `max_tokens`, which includes thinking, or lower the budget."
  }]
}

/** With tools and a beta, the budget holds for a whole turn of several responses. */
const mayInterleave = (request: Request, betas: ReadonlyArray<string> | undefined): boolean =>
  (Turns.items(request, "tools").length > 0 || isPresent(request.mcp_servers)) &&
  (betas === undefined || betas.some((beta) => beta.startsWith("interleaved-thinking-")))

// -----------------------------------------------------------------------------

/** A call whose result the caller sends: not one by code that runs on the server. */
const isOwnCall = ({ caller, id, type }: Turns.Json): boolean =>
  type === "tool_use" && typeof id === "string" && (!Predicate.isObject(caller) || caller["type"] === "direct")

const isResult = ({ type }: Turns.Json): boolean => type === "tool_result"

const isCompaction = ({ type }: Turns.Json): boolean => type === "compaction"

/** Whether there are such blocks, and the request contains the whole history. */
const mayPair = (request: Request, { endpoint }: Context, is: (block: Turns.Json) => boolean): boolean =>
  endpoint === "messages" && Turns.someBlock(request, is) && !holdsHistoryElsewhere(request)

/** Whether calls and results may be missing: kept in a thread, removed by an edit, or part of a compaction. */
const holdsHistoryElsewhere = (request: Request): boolean =>
  isPresent(request.thread) || isPresent(request.context_management) || Turns.someBlock(request, isCompaction)
