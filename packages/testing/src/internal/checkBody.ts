/**
 * The rules for the body of a message request: first its shape, then its sense.
 *
 * @since 0.1.0
 */
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Blocks from "./checkBlocks.ts"
import * as Tools from "./checkTools.ts"
import { isRecord, type Json, number, record, string } from "./json.ts"
import * as Models from "./models.ts"
import * as Tokens from "./tokens.ts"
import * as Turns from "./turns.ts"

/** Why a body is refused. */
export interface Problem {
  readonly status: number
  readonly message: string
}

/** What the rules depend on besides the body. */
export interface Context {
  readonly version: string
  readonly betas: string
  /** Whether tokens are only counted: no `max_tokens` then. */
  readonly counting: boolean
  readonly isModel: ((id: string) => boolean) | undefined
}

/** Checks shape and sense. */
export const check = (body: Json, context: Context): Problem | undefined => shape(body, context) ?? sense(body, context)

/** Checks that the fields are there, known, and of their types. */
export const shape = (body: Json, context: Context): Problem | undefined => {
  const removed = context.version === current ? sampling.find((field) => body[field] !== undefined) : undefined
  const unknown = Object.keys(body).find((field) => !known.has(field))
  const message = required(body, context) ??
    (removed === undefined ? undefined : `${removed}: Extra inputs are not permitted`) ??
    (unknown === undefined ? undefined : `${unknown}: Extra inputs are not permitted`) ??
    types(body) ??
    Blocks.turns(body["messages"], context.version === current) ??
    Blocks.system(body["system"]) ??
    Tools.shape(body)
  return message === undefined ? undefined : { status: 400, message }
}

const current = "2026-10-21"

const sampling = ["temperature", "top_p", "top_k"] as const

const known: ReadonlySet<string> = new Set([...Object.keys(MessageRequest.fields), "user_profile_id", "betas"])

const required = (body: Json, { counting }: Context): string | undefined =>
  ["model", ...(counting ? [] : ["max_tokens"]), "messages"]
    .filter((field) => body[field] === undefined)
    .map((field) => `${field}: Field required`)[0]

const types = (body: Json): string | undefined => {
  const { max_tokens, messages, model, stop_sequences, stream, temperature } = body
  if (typeof model !== "string") return "model: Input should be a valid string"
  if (model === "") return "model: String should have at least 1 character"
  if (max_tokens !== undefined && !Number.isInteger(max_tokens)) return "max_tokens: Input should be a valid integer"
  if (number(max_tokens) !== undefined && Number(max_tokens) < 0) {
    return "max_tokens: Input should be greater than or equal to 0"
  }
  if (!Array.isArray(messages)) return "messages: Input should be a valid list"
  if (messages.length === 0) return "messages: at least one message is required"
  if (stream !== undefined && typeof stream !== "boolean") return "stream: Input should be a valid boolean"
  if (temperature !== undefined && temperature !== null) {
    if (typeof temperature !== "number") return "temperature: Input should be a valid number"
    if (temperature < 0 || temperature > 1) return "temperature: range: 0..1"
  }
  if (stop_sequences !== undefined && stop_sequences !== null) {
    if (!Array.isArray(stop_sequences)) return "stop_sequences: Input should be a valid list"
    if (stop_sequences.some((each) => typeof each !== "string")) {
      return "stop_sequences.0: Input should be a valid string"
    }
    if (stop_sequences.some((each) => typeof each === "string" && each.trim() === "")) {
      return "stop_sequences: each stop sequence must contain non-whitespace"
    }
  }
  return undefined
}

/** Checks what the fields mean together, and for this model. */
const sense = (body: Json, context: Context): Problem | undefined => {
  const id = string(body["model"]) ?? ""
  const model = Models.find(id)
  const exists = context.isModel === undefined ? model !== undefined : context.isModel(id)
  if (!exists) return { status: 404, message: `model: ${id}` }
  const message = Turns.check(body, model ?? fallback) ??
    Tools.sense(body) ??
    breakpoints(body) ??
    thinking(body, model ?? fallback, context) ??
    both(body, model ?? fallback) ??
    limits(body, model ?? fallback, context)
  return message === undefined ? undefined : { status: 400, message }
}

/** A model the options declare and the families do not know is taken for a recent one. */
const fallback: Models.Model = { id: "", line: "sonnet", generation: 505, contextWindow: 1_000_000, maxTokens: 128_000 }

const breakpoints = (body: Json): string | undefined => {
  const found = Tokens.inCacheOrder(body).filter(Tokens.isBreakpoint).length + (isRecord(body["cache_control"]) ? 1 : 0)
  return found > 4 ? `A maximum of 4 blocks with cache_control may be provided. Found ${found}.` : undefined
}

const thinking = (body: Json, model: Models.Model, { betas, counting }: Context): string | undefined => {
  const thinking = record(body["thinking"])
  if (thinking["type"] !== "enabled") return undefined
  if (model.generation >= 407) {
    return `"thinking.type.enabled" is not supported for this model. ` +
      `Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`
  }
  const budget = number(thinking["budget_tokens"])
  if (budget === undefined) return "thinking.enabled.budget_tokens: Field required"
  if (budget < 1024) return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
  if (!counting && budget >= (number(body["max_tokens"]) ?? 0) && !betas.includes("interleaved-thinking")) {
    return "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at " +
      "https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size"
  }
  if (number(body["temperature"]) !== undefined && body["temperature"] !== 1) {
    return "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at " +
      "https://docs.claude.com/en/docs/build-with-claude/extended-thinking#important-considerations-when-using-extended-thinking"
  }
  const choice = record(body["tool_choice"])["type"]
  return choice === "any" || choice === "tool"
    ? "Thinking may not be enabled when tool_choice forces tool use."
    : undefined
}

const both = (body: Json, model: Models.Model): string | undefined =>
  model.generation >= 401 && number(body["temperature"]) !== undefined && number(body["top_p"]) !== undefined
    ? "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    : undefined

const limits = (body: Json, model: Models.Model, { betas, counting }: Context): string | undefined => {
  const asked = number(body["max_tokens"]) ?? 0
  if (!counting && asked > model.maxTokens && !betas.includes("output-")) {
    return `max_tokens: ${asked} > ${model.maxTokens}, which is the maximum allowed number of output tokens for ${model.id}`
  }
  const window = betas.includes("context-1m") ? 1_000_000 : model.contextWindow
  const tokens = Tokens.ofRequest(body)
  if (tokens > window) return `prompt is too long: ${tokens} tokens > ${window} maximum`
  if (!counting && model.generation >= 307 && tokens + asked > window) {
    return `input length and \`max_tokens\` exceed context limit: ${tokens} + ${asked} > ${window}, ` +
      "decrease input length or `max_tokens` and try again"
  }
  return undefined
}
