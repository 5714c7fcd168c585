/**
 * What requests use: at worst, and as far as their answers tell.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Amount } from "./budgetTypes.ts"

/** Nothing used. */
export const nothing: Amount = { tokens: 0, requests: 0, turns: 0, usd: Option.some(0) }

/** What a request may use at worst. */
export const worstCase = (request: MessageRequest.MessageRequest): Effect.Effect<Amount> =>
  Effect.map(ModelCatalog.Current, (catalog) => {
    const estimate = TokenEstimate.ofRequest(request)
    const input = estimate.tokens + estimate.margin
    // Input that is written to the cache costs more than any other.
    const written = { ...Usage.empty, output: request.max_tokens, cacheWrite1h: input }
    const read = { ...Usage.empty, output: request.max_tokens, input }
    const prices = [written, read].flatMap((totals) =>
      Option.toArray(Option.map(Cost.ofTotals(request.model, totals, { catalog }), Cost.total))
    )
    return {
      tokens: input + request.max_tokens,
      requests: 1,
      turns: 0,
      usd: prices.length === 0 ? Option.none() : Option.some(Math.max(...prices))
    }
  })

/** What an answer used, whole or cut. */
export const used = (message: Message.Message): Effect.Effect<Amount> =>
  Effect.suspend(() => {
    const known = settled(message)
    const totals = Usage.totals(known.usage)
    return Effect.map(Cost.ofMessageEffect(known), (cost) => ({
      tokens: Usage.totalInput(totals) + totals.output,
      requests: 1,
      turns: 0,
      usd: Option.map(cost, Cost.total),
      estimated: known !== message
    }))
  })

/**
 * A message whose usage says what it used. The API tells of the prompt when an
 * answer begins, and of what it wrote only when it ends: of an answer that was
 * cut, that is estimated from what arrived.
 */
export const settled = (message: Message.Message): Message.Message => {
  if (!isCut(message)) return message
  const { tokens } = TokenEstimate.ofText(message.content.map(written).join("\n"), message.model)
  return { ...message, usage: { ...message.usage, output_tokens: Math.max(message.usage.output_tokens, tokens) } }
}

const isCut = ({ stop_reason }: Message.Message): boolean => stop_reason === null || stop_reason === undefined

/** What the model wrote of a block. What the server's tools found is not its own. */
const written = (block: Message.Message["content"][number]): string => {
  switch (block.type) {
    case "text":
      return block.text
    case "thinking":
      return block.thinking
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return typeof block.input === "string" ? block.input : JSON.stringify(block.input)
    default:
      return ""
  }
}
