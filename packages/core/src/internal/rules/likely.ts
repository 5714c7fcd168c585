/**
 * Checks of what the API refuses of some models or most of the time, or accepts
 * and does not do what was meant.
 *
 * @since 0.1.0
 */
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import type { MessageRequest } from "../../MessageRequest.ts"
import * as ModelCatalog from "../../ModelCatalog.ts"
import type { Context, Finding } from "../../Rules.ts"
import * as Turns from "../turns.ts"
import { findings, isPresent } from "./findings.ts"

type Request = Partial<MessageRequest>
type Found = ReadonlyArray<Finding>

const refuses = (request: Request, context: Context, refusal: ModelCatalog.Refusal): boolean =>
  typeof request.model === "string" && ModelCatalog.refuses(context.catalog, request.model, refusal)

/** Two ways of sampling at once. */
export const samplingPair = (request: Request, context: Context): Found =>
  isPresent(request.temperature) && isPresent(request.top_p) && refuses(request, context, "samplingPair")
    ? [{ path: "top_p", problem: "this model takes temperature or top_p, not both", fix: "Leave one of them out." }]
    : Turns.none

const samplers = ["temperature", "top_p", "top_k"] as const

/** Sampling parameters for a model that has none. */
export const sampling = (request: Request, context: Context): Found =>
  samplers.some((field) => isPresent(request[field])) && refuses(request, context, "sampling")
    ? samplers.filter((field) => isPresent(request[field])).map((field) => ({
      path: field,
      problem: "this model takes no sampling parameters",
      fix: `Leave \`${field}\` out, and say in the prompt how varied answers are to be.`
    }))
    : Turns.none

/** An answer begun for a model that begins its own. A paused turn ends with a call, not with text. */
export const prefill = (request: Request, context: Context): Found => {
  const last = Turns.lastThat(request, "messages", isNotSystem)
  if (last === undefined || last.item["role"] !== "assistant" || !refuses(request, context, "prefill")) {
    return Turns.none
  }
  const ending = Turns.lastThat(last.item, "content", constTrue)?.item["type"] ?? "text"
  return ending !== "text" ? Turns.none : [{
    path: last.path,
    problem: "this model does not continue an answer that was begun for it",
    fix: "End with a user turn; for the form of the answer use `output_config.format` or the system prompt."
  }]
}

const isNotSystem = ({ role }: Turns.Json): boolean => role !== "system"

/** A budget for a model that decides by itself how much it thinks. */
export const manualThinking = (request: Request, context: Context): Found =>
  request.thinking?.type === "enabled" && refuses(request, context, "manualThinking")
    ? [{
      path: "thinking.type",
      problem: "this model takes no budget for thinking",
      fix: "Use `thinking: { type: \"adaptive\" }`, and `output_config.effort` for more or less of it."
    }]
    : Turns.none

/** No thinking for a model that always thinks. */
export const noThinking = (request: Request, context: Context): Found =>
  request.thinking?.type === "disabled" && refuses(request, context, "noThinking")
    ? [{
      path: "thinking.type",
      problem: "this model always thinks",
      fix: "Leave `thinking` out, and lower `output_config.effort`."
    }]
    : Turns.none

/** A tool that must be called by a model that thinks first. */
export const forcedTool = (request: Request, context: Context): Found => {
  const forced = request.tool_choice?.type === "any" || request.tool_choice?.type === "tool"
  return forced && (request.thinking?.type === "enabled" || refuses(request, context, "forcedTool"))
    ? [{
      path: "tool_choice",
      problem: "a tool cannot be forced while the model thinks",
      fix: "Use `auto` and ask for the tool in the prompt, or `output_config.format` for a fixed form."
    }]
    : Turns.none
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
    : Turns.none

/** Text that says nothing. In a turn, an empty block is more than likely to be refused, and is not for this rule. */
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

/** Stops at the first character that says something, however long the text. */
const isBlank = (text: unknown): boolean => typeof text === "string" && !/\S/.test(text)

/** Instructions for the whole conversation that are a turn of it. */
export const systemFirst = (request: Request): Found =>
  Turns.firstThat(request, "messages", constTrue)?.item["role"] === "system" && !isPresent(request.thread)
    ? [{
      path: "messages[0]",
      problem: "a system turn is meant for the middle of a conversation",
      fix: "Put what holds from the start into the top-level `system`."
    }]
    : Turns.none

/** An answer longer than the model gives. Betas can raise the limit. */
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

/** Domains that are allowed and domains that are not. */
export const domainLists = (request: Request): Found =>
  findings(Turns.itemsThat(request, "tools", hasBothLists), "blocked_domains", {
    problem: "a tool has a list of allowed or of blocked domains, not both",
    fix: "Leave one of the lists out."
  })

const hasBothLists = ({ allowed_domains, blocked_domains }: Turns.Json): boolean =>
  isPresent(allowed_domains) && isPresent(blocked_domains)

/** The form of the answer, given twice. */
export const outputFormats = (request: Request): Found =>
  isPresent(request.output_format) && isPresent(request.output_config?.format)
    ? [{
      path: "output_format",
      problem: "the form of the answer is given twice",
      fix: "Leave `output_format` out: `output_config.format` replaces it."
    }]
    : Turns.none
