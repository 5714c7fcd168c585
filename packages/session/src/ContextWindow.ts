/**
 * What becomes of a conversation that outgrows the model's window.
 *
 * The size of the next prompt is known from the usage of the last response and
 * an estimate of what is new. From a share of the window on, 85 % by default,
 * there is a warning. From 90 % on, and whenever the API says that a prompt does
 * not fit, the strategies of the policy make space: in their order, by size, as
 * often as needed, also between the tool rounds of one exchange. When no strategy
 * can free anything more, the turn fails with `ContextWindowExceededError`.
 *
 * The newest message of the user and calls without a result always stay, and a
 * call never leaves without its result. What is left out of the prompt stays in
 * the history and in the journal: making space adds an entry (`ContextEdit`).
 * Space is kept when the turn then fails. `undo` brings back what was sent before.
 *
 * @since 0.1.0
 */
import type * as ContextManagement from "@effect-claude/core/ContextManagement"
import type * as Message from "@effect-claude/core/Message"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Option from "effect/Option"
import * as History from "./History.ts"
import * as Edits from "./internal/edits.ts"
import * as Exchanges from "./internal/exchanges.ts"
import * as Internal from "./internal/history.ts"
import * as Prompt from "./internal/prompt.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A way to make space in the window. Made by the functions of this module.
 *
 * @category models
 * @since 0.1.0
 */
export type Strategy =
  | { readonly _tag: "ClearToolResults"; readonly keep: number }
  | { readonly _tag: "DropRounds"; readonly keep: number }
  | { readonly _tag: "DropExchanges"; readonly keep: number }
  | {
    readonly _tag: "Compact"
    readonly keep: number
    readonly maxTokens: number
    readonly instructions: string
  }
  | { readonly _tag: "ContextManagement"; readonly edits: NonNullable<ContextManagement.ContextManagement["edits"]> }

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * How a session deals with the model's window.
 *
 * @category options
 * @since 0.1.0
 */
export interface Policy {
  /**
   * The ways to make space, in the order in which they are tried. Without any, a
   * prompt that does not fit fails the turn.
   *
   * @default []
   */
  readonly strategies?: ReadonlyArray<Strategy> | undefined
  /**
   * The size of the window, in tokens. A smaller one than the model's makes
   * prompts cheaper.
   *
   * @default the window of the model in the catalog
   */
  readonly tokens?: number | undefined
  /**
   * The share of the window from which on space is made before a request.
   *
   * @default 0.9
   */
  readonly makeSpaceAt?: number | undefined
  /**
   * The share of the window that is filled at most once space was made. The lower
   * it is, the less often a cached prompt changes.
   *
   * @default 0.5
   */
  readonly fillTo?: number | undefined
  /**
   * The share of the window from which on there is a warning.
   *
   * @default 0.85
   */
  readonly warnAt?: number | undefined
  /**
   * Runs before a request that fills at least that share. The session's state
   * shows the warning, too.
   *
   * @default nothing
   */
  readonly onWarning?: ((warning: TokenEstimate.WindowWarning) => Effect.Effect<void>) | undefined
}

/**
 * Options of a strategy that removes the oldest parts.
 *
 * @category options
 * @since 0.1.0
 */
export interface KeepOptions {
  /**
   * The number of newest parts that stay: results of tools, rounds or exchanges.
   * Those that the model has not seen yet, and the exchange under way, stay in any
   * case and do not count.
   *
   * @default 3 results, 1 round, 0 exchanges
   */
  readonly keep?: number | undefined
}

/**
 * Options of `compact`.
 *
 * @category options
 * @since 0.1.0
 */
export interface CompactOptions extends KeepOptions {
  /**
   * The most tokens of a summary. A summary that is cut is not used.
   *
   * @default 4096
   */
  readonly maxTokens?: number | undefined
  /**
   * What the model is asked for.
   *
   * @default a summary to continue from, with names, numbers, decisions and open tasks
   */
  readonly instructions?: string | undefined
}

// -----------------------------------------------------------------------------
// strategies
// -----------------------------------------------------------------------------

/**
 * Sends the oldest results of tools as a note that they were cleared. The calls
 * stay, so the model knows what it did.
 *
 * @category strategies
 * @since 0.1.0
 */
export const clearToolResults = (options?: KeepOptions): Strategy => ({
  _tag: "ClearToolResults",
  keep: options?.keep ?? 3
})

/**
 * Leaves out the oldest rounds of tool calls and results, also of the exchange
 * under way. A note says how many.
 *
 * @category strategies
 * @since 0.1.0
 */
export const dropRounds = (options?: KeepOptions): Strategy => ({ _tag: "DropRounds", keep: options?.keep ?? 1 })

/**
 * Leaves out the oldest exchanges.
 *
 * @category strategies
 * @since 0.1.0
 */
export const dropExchanges = (options?: KeepOptions): Strategy => ({
  _tag: "DropExchanges",
  keep: options?.keep ?? 0
})

/**
 * Replaces the oldest exchanges, and then the oldest rounds of the exchange under
 * way, by a summary that the model writes. `keep` counts exchanges. A summary that
 * is refused, cut, empty or no smaller than what it replaces is not used, and the
 * next strategy is tried.
 *
 * @category strategies
 * @since 0.1.0
 */
export const compact = (options?: CompactOptions): Strategy => ({
  _tag: "Compact",
  keep: options?.keep ?? 0,
  maxTokens: options?.maxTokens ?? 4096,
  instructions: options?.instructions ??
    "Summarise our conversation so far, for yourself: you will continue from your summary alone. " +
      "Keep what was requested, decided and found out, names, numbers and open tasks. Write nothing else."
})

/**
 * Lets the API make space: each request carries these `context_management` edits.
 * The strategies after it make space when that was not enough.
 *
 * @category strategies
 * @since 0.1.0
 */
export const contextManagement = (edits: NonNullable<ContextManagement.ContextManagement["edits"]>): Strategy => ({
  _tag: "ContextManagement",
  edits
})

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Sends only the latest exchanges. The entries of the others stay in the history.
 *
 * @category combinators
 * @since 0.1.0
 */
export const trim: {
  (keep: number): (self: History.History) => History.History
  (self: History.History, keep: number): History.History
} = dual(2, (self: History.History, keep: number): History.History => {
  const exchanges = Edits.exchangesOf(Prompt.toArray(Internal.nodeOf(self).sent))
  const count = Math.max(0, exchanges.length - Math.max(1, keep))
  return count === 0 ? self : History.edit(self, { type: "drop_exchanges", count, freed: 0 })
})

// -----------------------------------------------------------------------------
// sizes
// -----------------------------------------------------------------------------

/**
 * Returns how many tokens the next prompt of a conversation has: the usage of the
 * last response and its prompt, and an estimate of what was added and removed
 * since. All of it is an estimate when there is no response.
 *
 * @category sizes
 * @since 0.1.0
 */
export const sizeOf = (history: History.History, model: string): number =>
  Exchanges.sizeOf(history, model).tokens ??
    TokenEstimate.ofRequest({ model, messages: History.toMessages(history) }).tokens

/**
 * Returns the warning for the next prompt of a conversation, if there is one.
 *
 * @category sizes
 * @since 0.1.0
 */
export const warning = (
  history: History.History,
  model: string,
  policy?: Pick<Policy, "warnAt">
): Effect.Effect<Option.Option<TokenEstimate.WindowWarning>> =>
  Effect.map(
    ModelCatalog.Current,
    (catalog) => TokenEstimate.warnAt(model, sizeOf(history, model), { share: policy?.warnAt, catalog })
  )

/**
 * Whether a response ended because the window was full. It is committed as far as
 * it came. The turn after it makes space first, as the policy says.
 *
 * @category sizes
 * @since 0.1.0
 */
export const isFull = (message: Message.Message): boolean => Exchanges.isFull(message)
