/**
 * The rules for the body of a message request: first its shape, then its sense.
 *
 * @since 0.1.0
 */
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as TokenCount from "@effect-claude/core/TokenCount"
import * as Schema from "effect/Schema"
import * as Blocks from "./checkBlocks.ts"
import * as Tools from "./checkTools.ts"
import { type Json, number, record, string } from "./json.ts"
import * as Models from "./models.ts"
import * as Refused from "./refused.ts"
import * as Said from "./said.ts"
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
  /** A context window smaller than the model's. */
  readonly contextWindow: number | undefined
  /** Types of blocks that are refused. */
  readonly refuses: ReadonlyArray<string>
}

/** The context of a request with these headers. */
export const contextOf = (
  headers: { readonly [name: string]: string | undefined },
  options: {
    readonly isModel?: ((id: string) => boolean) | undefined
    readonly contextWindow?: number | undefined
    readonly refuses?: ReadonlyArray<string> | undefined
  }
): Context => ({
  version: headers["anthropic-version"] ?? "",
  betas: headers["anthropic-beta"] ?? "",
  counting: false,
  isModel: options.isModel,
  contextWindow: options.contextWindow,
  refuses: options.refuses ?? []
})

/** Checks shape and sense. */
export const check = (body: Json, context: Context): Problem | undefined => shape(body, context) ?? sense(body, context)

/** Checks that the fields are there, known, and of their types. */
export const shape = (body: Json, context: Context): Problem | undefined => {
  const removed = context.version === current ? sampling.find((field) => body[field] !== undefined) : undefined
  const known = context.counting ? countFields : messageFields
  const unknown = Object.keys(body).find((field) => !known.has(field))
  const message = required(body, context) ??
    (removed === undefined ? undefined : `${removed}: Extra inputs are not permitted`) ??
    (unknown === undefined ? undefined : `${unknown}: Extra inputs are not permitted`) ??
    nulls(body) ??
    types(body) ??
    Blocks.turns(body["messages"], context.version === current) ??
    Blocks.system(body["system"]) ??
    Tools.shape(body)
  return message === undefined ? undefined : { status: 400, message }
}

const current = "2026-10-21"

const sampling = ["temperature", "top_p", "top_k"] as const

const messageFields: ReadonlySet<string> = new Set([...Object.keys(MessageRequest.fields), "user_profile_id"])

const countFields: ReadonlySet<string> = new Set([...Object.keys(TokenCount.fields), "user_profile_id"])

/** What a field that may not be null should be. */
const expected: { readonly [field: string]: string } = {
  stop_sequences: "list",
  tools: "list",
  mcp_servers: "list",
  system: "list",
  messages: "list",
  model: "string",
  temperature: "number",
  top_p: "number",
  top_k: "integer",
  max_tokens: "integer",
  stream: "boolean"
}

/** The fields that core's schema does not take as null. */
const notNull: ReadonlyArray<string> = Object.entries(MessageRequest.fields)
  .filter(([, schema]) => !Schema.is(schema)(null))
  .map(([field]) => field)

const nulls = (body: Json): string | undefined => {
  const field = notNull.find((field) => body[field] === null)
  return field === undefined ? undefined : `${field}: Input should be a valid ${expected[field] ?? "dictionary"}`
}

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
  if (temperature !== undefined && typeof temperature !== "number") return "temperature: Input should be a valid number"
  // Older models took -1 for "not set".
  if (temperature === -1) return "temperature: range: 0..1"
  if (stop_sequences !== undefined) {
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
  const found = Models.find(id)
  const exists = context.isModel === undefined ? found !== undefined : context.isModel(id)
  if (!exists) return { status: 404, message: `model: ${id}` }
  const model = found ?? Models.unknown(id)
  const message = Turns.check(body, model) ??
    thinking(body, model) ??
    both(body, model) ??
    Said.check(body, context) ??
    Refused.check(body, context.refuses) ??
    limits(body, model, context)
  return message === undefined ? undefined : { status: 400, message }
}

const thinking = (body: Json, model: Models.Model): string | undefined => {
  const thinking = record(body["thinking"])
  if (thinking["type"] !== "enabled") return undefined
  if (Models.refuses(model, "manualThinking")) {
    return `"thinking.type.enabled" is not supported for this model. ` +
      `Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`
  }
  const budget = number(thinking["budget_tokens"])
  if (budget === undefined) return "thinking.enabled.budget_tokens: Field required"
  if (budget < 1024) return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
  const choice = record(body["tool_choice"])["type"]
  return choice === "any" || choice === "tool"
    ? "Thinking may not be enabled when tool_choice forces tool use."
    : undefined
}

const both = (body: Json, model: Models.Model): string | undefined =>
  Models.refuses(model, "samplingPair") && number(body["temperature"]) !== undefined &&
    number(body["top_p"]) !== undefined
    ? "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    : undefined

const limits = (body: Json, model: Models.Model, context: Context): string | undefined => {
  const { betas, counting } = context
  const requested = number(body["max_tokens"]) ?? 0
  if (!counting && requested > model.maxTokens && !betas.includes("output-")) {
    return `max_tokens: ${requested} > ${model.maxTokens}, which is the maximum allowed number of output tokens for ${model.id}`
  }
  const window = context.contextWindow ?? (betas.includes("context-1m") ? 1_000_000 : model.contextWindow)
  const tokens = Tokens.ofRequest(body)
  if (tokens > window) return `prompt is too long: ${tokens} tokens > ${window} maximum`
  if (!counting && model.generation >= 307 && tokens + requested > window) {
    return `input length and \`max_tokens\` exceed context limit: ${tokens} + ${requested} > ${window}, ` +
      "decrease input length or `max_tokens` and try again"
  }
  return undefined
}
