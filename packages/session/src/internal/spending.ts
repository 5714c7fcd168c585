/**
 * What attempts spent, and what that cost.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import * as Usage from "@effect-claude/core/Usage"
import * as Option from "effect/Option"

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
