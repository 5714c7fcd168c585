/**
 * Checks of what the API refuses for some models only, or did not always refuse,
 * or accepts with another meaning than expected.
 *
 * @since 0.1.0
 */
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import type { MessageRequest } from "../../MessageRequest.ts"
import * as ModelCatalog from "../../ModelCatalog.ts"
import * as Turns from "../turns.ts"
import { findings, isPresent } from "./findings.ts"
import type { Context, Finding } from "./model.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

const refuses = (request: Request, context: Context, refusal: ModelCatalog.Refusal): boolean =>
  typeof request.model === "string" && ModelCatalog.refuses(context.catalog, request.model, refusal)

/** Temperature and top_p are not set together. */
export const samplingPair = (request: Request, context: Context): Found =>
  isPresent(request.temperature) && isPresent(request.top_p) && refuses(request, context, "samplingPair")
    ? [{ path: "top_p", problem: "this model takes temperature or top_p, not both", fix: "Leave one of them out." }]
    : Turns.none

const samplers = ["temperature", "top_p", "top_k"] as const

/** Models without sampling parameters get none. */
export const sampling = (request: Request, context: Context): Found =>
  samplers.some((field) => isPresent(request[field])) && refuses(request, context, "sampling")
    ? samplers.filter((field) => isPresent(request[field])).map((field) => ({
      path: field,
      problem: "this model takes no sampling parameters",
      fix: `Leave \`${field}\` out, and describe in the prompt how varied responses should be.`
    }))
    : Turns.none

/** Models without prefill get no last assistant turn of text. A paused turn ends with a call. */
export const prefill = (request: Request, context: Context): Found => {
  const last = Turns.lastThat(request, "messages", isNotSystem)
  if (last === undefined || last.item["role"] !== "assistant" || !refuses(request, context, "prefill")) {
    return Turns.none
  }
  const ending = Turns.lastThat(last.item, "content", constTrue)?.item["type"] ?? "text"
  return ending !== "text" ? Turns.none : [{
    path: last.path,
    problem: "this model does not continue a prefilled response",
    fix: "End with a user turn. For the format of the response use `output_config.format` or the system prompt."
  }]
}

const isNotSystem = ({ role }: Turns.Json): boolean => role !== "system"

/** Models with adaptive thinking get no budget. */
export const manualThinking = (request: Request, context: Context): Found =>
  request.thinking?.type === "enabled" && refuses(request, context, "manualThinking")
    ? [{
      path: "thinking.type",
      problem: "this model takes no budget for thinking",
      fix: "Use `thinking: { type: \"adaptive\" }`, and `output_config.effort` for more or less of it."
    }]
    : Turns.none

/** Thinking is not disabled for models that always think. */
export const noThinking = (request: Request, context: Context): Found =>
  request.thinking?.type === "disabled" && refuses(request, context, "noThinking")
    ? [{
      path: "thinking.type",
      problem: "this model always thinks",
      fix: "Leave `thinking` out, and lower `output_config.effort`."
    }]
    : Turns.none

/** No tool is forced while the model thinks. */
export const forcedTool = (request: Request, context: Context): Found => {
  const forced = request.tool_choice?.type === "any" || request.tool_choice?.type === "tool"
  return forced && (request.thinking?.type === "enabled" || refuses(request, context, "forcedTool"))
    ? [{
      path: "tool_choice",
      problem: "a tool cannot be forced while the model thinks",
      fix: "Use `auto` and name the tool in the prompt, or use `output_config.format`."
    }]
    : Turns.none
}

const leastBudget = 1024

/** The thinking budget is not below the documented minimum. */
export const thinkingMinimum = (request: Request): Found =>
  request.thinking?.type === "enabled" && request.thinking.budget_tokens < leastBudget
    ? [{
      path: "thinking.budget_tokens",
      problem: `the budget is less than ${leastBudget}`,
      fix: `Give at least ${leastBudget}, or disable thinking.`
    }]
    : Turns.none

/** Text is not blank. Empty text blocks of turns are the subject of `emptyText`. */
export const blankText = (request: Request): Found => {
  const system = Turns.itemsThat(request, "system", isBlankSystem)
  const turns = Turns.itemsThat(request, "messages", isBlankTurn)
  const blocks = Turns.blocksThat(request, isBlankBlock)
  return system.length + turns.length + blocks.length === 0 ? Turns.none : [
    ...findings(system, "text", blank),
    ...findings(turns, "content", blank),
    ...findings(blocks, "text", blank)
  ]
}

const blank = { problem: "the text is blank", fix: "Leave it out." }

const isBlankSystem = ({ text, type }: Turns.Json): boolean => type === "text" && isBlank(text)

const isBlankTurn = ({ content }: Turns.Json): boolean => isBlank(content)

const isBlankBlock = ({ text, type }: Turns.Json): boolean => type === "text" && text !== "" && isBlank(text)

/** Stops at the first character that is not white space. */
const isBlank = (text: unknown): boolean => typeof text === "string" && !/\S/.test(text)

/** The first turn is not a system turn. */
export const systemFirst = (request: Request): Found =>
  Turns.firstThat(request, "messages", constTrue)?.item["role"] === "system" && !isPresent(request.thread)
    ? [{
      path: "messages[0]",
      problem: "a system turn is meant for the middle of a conversation",
      fix: "Put instructions for the whole conversation into the top-level `system`."
    }]
    : Turns.none

/** `max_tokens` is within the limit of the model. Betas can raise it. */
export const maxTokensLimit = (request: Request, context: Context): Found => {
  const { max_tokens, model } = request
  if (typeof max_tokens !== "number" || typeof model !== "string") return Turns.none
  if (context.betas?.some((beta) => beta.startsWith("output-")) === true) return Turns.none
  const limit = Option.getOrUndefined(ModelCatalog.find(context.catalog, model))?.maxOutput
  return limit === undefined || max_tokens <= limit ? Turns.none : [{
    path: "max_tokens",
    problem: `${max_tokens} is above this model's limit of ${limit}`,
    fix: `Give at most ${limit}.`
  }]
}

/** A tool has allowed or blocked domains, not both. */
export const domainLists = (request: Request): Found =>
  findings(Turns.itemsThat(request, "tools", hasBothLists), "blocked_domains", {
    problem: "a tool has a list of allowed or of blocked domains, not both",
    fix: "Leave one of the lists out."
  })

const hasBothLists = ({ allowed_domains, blocked_domains }: Turns.Json): boolean =>
  isPresent(allowed_domains) && isPresent(blocked_domains)

/** The format of the response is given once. */
export const outputFormats = (request: Request): Found =>
  isPresent(request.output_format) && isPresent(request.output_config?.format)
    ? [{
      path: "output_format",
      problem: "the format of the response is given twice",
      fix: "Leave `output_format` out: `output_config.format` replaces it."
    }]
    : Turns.none
