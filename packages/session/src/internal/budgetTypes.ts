/**
 * The types of budgets, which `Budget` exports.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/**
 * What a request uses, or a turn.
 */
export interface Amount {
  /** Tokens of all kinds, of prompts and of responses. */
  readonly tokens: number
  readonly requests: number
  /** Turns of sessions. A turn can take several requests. */
  readonly turns: number
  /** None when the price is unknown. */
  readonly usd: Option.Option<number>
  /** Whether it is estimated, from what arrived of a response that was cut. */
  readonly estimated?: boolean | undefined
  /** The parts of the request that are not in it, since the request does not show their size. */
  readonly unmeasured?: Unmeasured | undefined
}

/**
 * The parts of a request whose size it does not show.
 */
export interface Unmeasured {
  /** Where in the request they are. */
  readonly parts: ReadonlyArray<string>
  /** Returns the whole amount when each part has at most this many tokens. */
  readonly boundedBy: (tokensPerPart: number) => Amount
}

/**
 * An amount that is reserved until it is settled.
 */
export interface Reservation {
  /** Counts what was used and gives the rest back. Only the first call has an effect. */
  readonly settle: (used: Amount) => Effect.Effect<void>
}

/**
 * Sums of what has a limit.
 */
export interface Sums {
  readonly usd: number
  readonly tokens: number
  readonly requests: number
  readonly turns: number
}

/**
 * The state of a budget. What has no limit has infinitely much left.
 */
export interface State {
  readonly spent: Sums
  /** What requests and turns that are under way may use. */
  readonly reserved: Sums
  readonly left: Sums
}

/**
 * A limit on what may be spent. `E` is what reading its state can fail with.
 */
export interface Budget<out E = never> {
  /** Reserves what a request may use at worst, here and in every budget around. */
  readonly reserve: (worst: Amount) => Effect.Effect<Reservation, ClaudeError.BudgetExceededError>
  /** What was spent, is reserved, and is left. */
  readonly state: Effect.Effect<State, E>
}

/**
 * An option of a budget limits nothing, such as `NaN` or a negative number.
 */
export class BudgetOptionError extends Data.TaggedError("BudgetOptionError")<{
  /** The option. */
  readonly option: string
  /** What is wrong with it. */
  readonly problem: string
}> {
  override get message(): string {
    return `The option ${this.option} of the budget ${this.problem}`
  }
}

/**
 * Options for `make`. A limit that is left out does not apply.
 */
export interface Options {
  /**
   * US dollars, by the prices of the catalogue in use. A request whose price is
   * unknown is refused.
   *
   * @default none
   */
  readonly usd?: number | undefined
  /**
   * Tokens of all kinds, of prompts and of responses.
   *
   * @default none
   */
  readonly tokens?: number | undefined
  /**
   * How many requests may be sent, each attempt by itself.
   *
   * @default none
   */
  readonly requests?: number | undefined
  /**
   * How many turns of sessions may be committed. A turn that fails is given back.
   *
   * @default none
   */
  readonly turns?: number | undefined
  /**
   * How long the budget may be drawn on after it was made.
   *
   * @default none
   */
  readonly duration?: Duration.Input | undefined
  /**
   * Whether a response that was cut counts what was reserved for it, rather than an
   * estimate.
   *
   * @default false
   */
  readonly strict?: boolean | undefined
  /**
   * What a limit on dollars or tokens does with parts of a request whose size it does
   * not show: media by URL or file id, and results of tools that the API runs.
   *
   * - `"refuse"`: the request fails with `BudgetExceededError`
   * - a number: each part, and each use of a tool, is reserved as this many tokens
   * - `"allow"`: nothing is reserved for them, so that the budget can be overdrawn by
   *   what they use; that is counted, and the next request is refused
   *
   * @default "refuse"
   */
  readonly unmeasured?: "refuse" | "allow" | number | undefined
  /**
   * The budget around this one.
   *
   * @default none
   */
  readonly within?: Budget<unknown> | undefined
  /**
   * The name of the budget in errors.
   *
   * @default "the budget"
   */
  readonly name?: string | undefined
}

/**
 * Options for `shared`. Every process needs the same limits.
 */
export interface SharedOptions extends Options {
  /** The key in the store. Another key is another budget: `tenant/2026-11` is one for a month. */
  readonly key: string
  /**
   * How long a reservation is held. After that the worst case is counted, as for a
   * process that was killed. It must be longer than a request can take.
   *
   * @default "1 hour"
   */
  readonly holdFor?: Duration.Input | undefined
  /**
   * How long the store may take. A reservation that takes longer fails, and the
   * request is not sent.
   *
   * @default "30 seconds"
   */
  readonly storeTimeout?: Duration.Input | undefined
}
