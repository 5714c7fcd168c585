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

/** Adds two. The cost is unknown as soon as one is. */
export const combine = (self: Spending, that: Spending): Spending => ({
  spent: Usage.combine(self.spent, that.spent),
  cost: Option.zipWith(self.cost, that.cost, Cost.combine)
})
