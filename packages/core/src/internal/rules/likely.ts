/**
 * Checks of what the API refuses of some models or most of the time, or accepts
 * and does not do what was meant.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import type { MessageRequest } from "../../MessageRequest.ts"
import * as ModelCatalog from "../../ModelCatalog.ts"
import type { Context, Finding } from "../../Rules.ts"
import * as Turns from "../turns.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

const refuses = (request: Request, context: Context, refusal: ModelCatalog.Refusal): boolean =>
  typeof request.model === "string" && ModelCatalog.refuses(context.catalog, request.model, refusal)

/** Two ways of sampling at once. */
export const samplingPair = (request: Request, context: Context): Found =>
  isPresent(request.temperature) && isPresent(request.top_p) && refuses(request, context, "samplingPair")
    ? [{ path: "top_p", problem: "this model takes temperature or top_p, not both", fix: "Leave one of them out." }]
    : []

/** Sampling parameters for a model that has none. */
export const sampling = (request: Request, context: Context): Found =>
  refuses(request, context, "sampling")
    ? (["temperature", "top_p", "top_k"] as const).filter((field) => isPresent(request[field])).map((field) => ({
      path: field,
      problem: "this model takes no sampling parameters",
      fix: `Leave \`${field}\` out, and say in the prompt how varied answers are to be.`
    }))
    : []

/** An answer begun for a model that begins its own. A paused turn ends with a call, not with text. */
export const prefill = (request: Request, context: Context): Found => {
  if (!refuses(request, context, "prefill")) return []
  const turns = Turns.items(request, "messages").filter(({ item }) => item["role"] !== "system")
  const last = turns.at(-1)
  if (last === undefined || last.item["role"] !== "assistant") return []
  const ending = Turns.inside(last, "content").at(-1)?.item["type"] ?? "text"
  return ending !== "text" ? [] : [{
    path: last.path,
    problem: "this model does not continue an answer that was begun for it",
    fix: "End with a user turn; for the form of the answer use `output_config.format` or the system prompt."
  }]
}

/** A budget for a model that decides by itself how much it thinks. */
export const manualThinking = (request: Request, context: Context): Found =>
  request.thinking?.type === "enabled" && refuses(request, context, "manualThinking")
    ? [{
      path: "thinking.type",
      problem: "this model takes no budget for thinking",
      fix: "Use `thinking: { type: \"adaptive\" }`, and `output_config.effort` for more or less of it."
    }]
    : []

/** No thinking for a model that always thinks. */
export const noThinking = (request: Request, context: Context): Found =>
  request.thinking?.type === "disabled" && refuses(request, context, "noThinking")
    ? [{
      path: "thinking.type",
      problem: "this model always thinks",
      fix: "Leave `thinking` out, and lower `output_config.effort`."
    }]
    : []

/** A tool that must be called by a model that thinks first. */
export const forcedTool = (request: Request, context: Context): Found => {
  const forced = request.tool_choice?.type === "any" || request.tool_choice?.type === "tool"
  return forced && (request.thinking?.type === "enabled" || refuses(request, context, "forcedTool"))
    ? [{
      path: "tool_choice",
      problem: "a tool cannot be forced while the model thinks",
      fix: "Use `auto` and ask for the tool in the prompt, or `output_config.format` for a fixed form."
    }]
    : []
}

const leastBudget = 1024

/** A budget too small to think with. */
export const thinkingMinimum = (request: Request): Found =>
  request.thinking?.type === "enabled" && request.thinking.budget_tokens < leastBudget
    ? [{
      path: "thinking.budget_tokens",
      problem: `the budget is less than ${leastBudget}`,
      fix: `Give at least ${leastBudget}, or disable thinking.`
    }]
    : []

/** Text that says nothing. In a turn, an empty block is more than likely to be refused, and is not for this rule. */
export const blankText = (request: Request): Found => {
  const system = Turns.items(request, "system").filter(({ item }) => item["type"] === "text" && isBlank(item["text"]))
  const turns = Turns.items(request, "messages").filter(({ item }) => isBlank(item["content"]))
  const blocks = Turns.blocks(request).filter(({ block }) =>
    block["type"] === "text" && block["text"] !== "" && isBlank(block["text"])
  )
  return [
    ...system.map(({ path }) => `${path}.text`),
    ...turns.map(({ path }) => `${path}.content`),
    ...blocks.map(({ path }) => `${path}.text`)
  ].map((path) => ({ path, problem: "the text is blank", fix: "Leave it out." }))
}

const isBlank = (text: unknown): boolean => typeof text === "string" && text.trim() === ""

/** A conversation the model begins. */
export const assistantFirst = (request: Request): Found =>
  Turns.merged(request)[0]?.role === "assistant" && !isPresent(request.thread)
    ? [{
      path: "messages",
      problem: "the first turn is the assistant's",
      fix: "Begin with a user turn."
    }]
    : []

/** Instructions for the whole conversation that are a turn of it. */
export const systemFirst = (request: Request): Found =>
  Turns.items(request, "messages")[0]?.item["role"] === "system" && !isPresent(request.thread)
    ? [{
      path: "messages[0]",
      problem: "a system turn is meant for the middle of a conversation",
      fix: "Put what holds from the start into the top-level `system`."
    }]
    : []

/** An answer longer than the model gives. Betas can raise the limit. */
export const maxTokensLimit = (request: Request, context: Context): Found => {
  const { max_tokens, model } = request
  if (typeof max_tokens !== "number" || typeof model !== "string") return []
  if (context.betas?.some((beta) => beta.startsWith("output-")) === true) return []
  const limit = Option.getOrUndefined(ModelCatalog.find(context.catalog, model))?.maxOutput
  return limit === undefined || max_tokens <= limit ? [] : [{
    path: "max_tokens",
    problem: `${max_tokens} is above this model's limit of ${limit}`,
    fix: `Give at most ${limit}.`
  }]
}

/** Domains that are allowed and domains that are not. */
export const domainLists = (request: Request): Found =>
  Turns.items(request, "tools").filter(({ item }) =>
    isPresent(item["allowed_domains"]) && isPresent(item["blocked_domains"])
  ).map(({ path }) => ({
    path: `${path}.blocked_domains`,
    problem: "a tool has a list of allowed or of blocked domains, not both",
    fix: "Leave one of the lists out."
  }))

/** The form of the answer, given twice. */
export const outputFormats = (request: Request): Found =>
  isPresent(request.output_format) && isPresent(request.output_config?.format)
    ? [{
      path: "output_format",
      problem: "the form of the answer is given twice",
      fix: "Leave `output_format` out: `output_config.format` replaces it."
    }]
    : []

// -----------------------------------------------------------------------------

const isPresent = (u: unknown): boolean => u !== undefined && u !== null
