/**
 * What responses used, as far as they show it, and what that cost.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Amount } from "./budgetTypes.ts"

/** Nothing used. */
export const nothing: Amount = { tokens: 0, requests: 0, turns: 0, usd: Option.some(0) }

/** What a response used, complete or cut. */
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
 * A message with its usage. The API reports the prompt when a response begins, and
 * the output only when it ends. For a response that was cut, the output is
 * estimated from what arrived.
 */
export const settled = (message: Message.Message): Message.Message => {
  if (!isCut(message)) return message
  const { tokens } = TokenEstimate.ofText(message.content.map(written).join("\n"), message.model)
  return { ...message, usage: { ...message.usage, output_tokens: Math.max(message.usage.output_tokens, tokens) } }
}

const isCut = ({ stop_reason }: Message.Message): boolean => stop_reason === null || stop_reason === undefined

/** What the model wrote of a block. The results of the server's tools are not its output. */
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

// -----------------------------------------------------------------------------
// spending
// -----------------------------------------------------------------------------

/** What an attempt spent, and what that cost if the price is known. */
export interface Spending {
  readonly spent: Usage.Totals
  readonly cost: Option.Option<Cost.Cost>
}

/** Returns what was spent since `before`. The cost is unknown as soon as that of one attempt is. */
export const since = (before: Spending, now: Spending): Spending => ({
  spent: usageSince(before.spent, now.spent),
  cost: Option.zipWith(before.cost, now.cost, costSince)
})

const usageSince = (before: Usage.Totals, now: Usage.Totals): Usage.Totals => ({
  input: now.input - before.input,
  output: now.output - before.output,
  cacheRead: now.cacheRead - before.cacheRead,
  cacheWrite5m: now.cacheWrite5m - before.cacheWrite5m,
  cacheWrite1h: now.cacheWrite1h - before.cacheWrite1h,
  thinking: now.thinking - before.thinking,
  webSearches: now.webSearches - before.webSearches,
  webFetches: now.webFetches - before.webFetches
})

const costSince = (before: Cost.Cost, now: Cost.Cost): Cost.Cost => ({
  input: now.input - before.input,
  output: now.output - before.output,
  cacheRead: now.cacheRead - before.cacheRead,
  cacheWrite5m: now.cacheWrite5m - before.cacheWrite5m,
  cacheWrite1h: now.cacheWrite1h - before.cacheWrite1h,
  webSearch: now.webSearch - before.webSearch
})

/** Adds two. The cost is unknown as soon as one is. */
export const combine = (self: Spending, that: Spending): Spending => ({
  spent: Usage.combine(self.spent, that.spent),
  cost: Option.zipWith(self.cost, that.cost, Cost.combine)
})
