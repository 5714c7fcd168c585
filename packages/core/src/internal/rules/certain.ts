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

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

/** The fields without which there is no request. */
export const requiredFields = (request: Request, context: Context): Found => {
  const required = context.endpoint === "messages" ? ["model", "max_tokens", "messages"] : ["model", "messages"]
  return required.filter((field) => !isPresent(Reflect.get(request, field))).map((field) => ({
    path: field,
    problem: "the field is missing",
    fix: `Give \`${field}\`.`
  }))
}

/** `max_tokens` is a whole number that is not negative. */
export const maxTokens = (request: Request): Found => {
  const value: unknown = request.max_tokens
  if (typeof value !== "number" || (Number.isInteger(value) && value >= 0)) return []
  return [{
    path: "max_tokens",
    problem: `${value} is not a whole number of at least 0`,
    fix: "Give the largest number of tokens the answer may have, or 0 to warm the cache."
  }]
}

/** A call by the model is answered in the turn that follows it. */
export const unansweredToolUse = (request: Request, context: Context): Found => {
  if (context.endpoint !== "messages" || holdsHistoryElsewhere(request)) return []
  const turns = Turns.merged(request)
  return turns.flatMap((turn, index) => {
    const next = turns[index + 1]
    if (turn.role !== "assistant" || next === undefined) return []
    const answered = new Set([...turn.blocks, ...next.blocks].map(({ block }) => block["tool_use_id"]))
    return turn.blocks.filter(({ block }) => isOwnCall(block) && !answered.has(block["id"])).map(({ path }) => ({
      path,
      problem: "the tool call has no result in the turn that follows",
      fix: "Begin that turn with a `tool_result` for its id; say `is_error` if there is nothing to report."
    }))
  })
}

/** A result answers a call of the turn before it. */
export const orphanedToolResult = (request: Request, context: Context): Found => {
  if (context.endpoint !== "messages" || holdsHistoryElsewhere(request)) return []
  const turns = Turns.merged(request)
  return turns.flatMap((turn, index) => {
    if (turn.role !== "user") return []
    const calls = new Set(turns[index - 1]?.blocks.map(({ block }) => block["id"]))
    return turn.blocks.filter(({ block }) => block["type"] === "tool_result" && !calls.has(block["tool_use_id"])).map((
      { path }
    ) => ({
      path: `${path}.tool_use_id`,
      problem: "no tool call in the assistant turn before has this id",
      fix: "Send the turn with the call too, or leave the result out."
    }))
  })
}

/** A text block of a turn has text. */
export const emptyText = (request: Request): Found =>
  Turns.blocks(request)
    .filter(({ block }) => block["type"] === "text" && block["text"] === "")
    .map(({ path }) => ({ path: `${path}.text`, problem: "the text is empty", fix: "Leave the block out." }))

const maxBreakpoints = 4

/** There are at most four cache breakpoints. */
export const cacheBreakpoints = (request: Request): Found => {
  const marked = [
    ...Turns.items(request, "tools"),
    ...Turns.items(request, "system"),
    ...Turns.blocks(request)
  ].filter(({ item }) => isPresent(item["cache_control"]))
  return marked.length <= maxBreakpoints ? [] : [{
    path: `${marked[maxBreakpoints]!.path}.cache_control`,
    problem: `there are ${marked.length} cache breakpoints, and ${maxBreakpoints} are allowed`,
    fix: "Keep the last ones: a breakpoint caches everything before it."
  }]
}

/** What the model may think fits into what it may write, unless it thinks between tools. */
export const thinkingBudget = (request: Request, context: Context): Found => {
  const { max_tokens, thinking } = request
  if (typeof max_tokens !== "number" || max_tokens === 0 || thinking?.type !== "enabled") return []
  if (!(thinking.budget_tokens >= max_tokens) || mayInterleave(request, context.betas)) return []
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

/** The schema of a tool's input says what type it is. */
export const inputSchemaType = (request: Request): Found =>
  Turns.items(request, "tools").filter(({ item }) => {
    const schema = item["input_schema"]
    return (!isPresent(item["type"]) || item["type"] === "custom") && isRecord(schema) &&
      !isPresent(schema["type"])
  }).map(({ path }) => ({
    path: `${path}.input_schema.type`,
    problem: "the schema has no type",
    fix: "Write `type: \"object\"`, also for a tool without input."
  }))

const maxStrictTools = 20

/** At most twenty tools are strict. */
export const strictTools = (request: Request): Found => {
  const strict = Turns.items(request, "tools").filter(({ item }) => item["strict"] === true)
  return strict.length <= maxStrictTools ? [] : [{
    path: `${strict[maxStrictTools]!.path}.strict`,
    problem: `${strict.length} tools are strict, and ${maxStrictTools} may be`,
    fix: "Make only those strict whose input must match to the letter."
  }]
}

// -----------------------------------------------------------------------------

const isPresent = (u: unknown): boolean => u !== undefined && u !== null

/** A call that the caller has to answer: not one by code that runs on the server. */
const isOwnCall = (block: Turns.Json): boolean => {
  const caller = block["caller"]
  return block["type"] === "tool_use" && typeof block["id"] === "string" &&
    (!isRecord(caller) || caller["type"] === "direct")
}

/** Whether calls and results may be out of sight: in a thread, cut by an edit, or folded into a compaction. */
const holdsHistoryElsewhere = (request: Request): boolean =>
  isPresent(request.thread) || isPresent(request.context_management) ||
  Turns.blocks(request).some(({ block }) => block["type"] === "compaction")
