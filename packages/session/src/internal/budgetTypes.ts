/**
 * What a budget is, which `Budget` exports.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/** What a request uses, or a turn. */
export interface Amount {
  /** Tokens of all kinds, of the prompt and of the answer. */
  readonly tokens: number
  readonly requests: number
  /** Turns of sessions. A turn can take several requests. */
  readonly turns: number
  /** None where the price is not known. */
  readonly usd: Option.Option<number>
  /** Whether it is estimated, from what arrived of an answer that was cut. A strict budget counts what was reserved then. */
  readonly estimated?: boolean | undefined
}

/** What is set aside for a request until it is settled. */
export interface Reservation {
  /** Counts what was used and gives the rest back. Only the first time. */
  readonly settle: (used: Amount) => Effect.Effect<void>
}

/** How much of each thing that has a limit. */
export interface Sums {
  readonly usd: number
  readonly tokens: number
  readonly requests: number
  readonly turns: number
}

/** What a budget has seen, and what it has left. Something without a limit is without an end. */
export interface State {
  readonly spent: Sums
  /** What requests and turns that are under way may use. */
  readonly reserved: Sums
  readonly left: Sums
}

/** A limit on what may be spent. */
export interface Budget {
  /** Sets aside what a request may use at worst, here and in every budget around. */
  readonly reserve: (worst: Amount) => Effect.Effect<Reservation, ClaudeError.BudgetExceededError>
  /** What was spent, is reserved, and is left. */
  readonly state: Effect.Effect<State>
}
