/**
 * What becomes of a conversation that outgrows the model's window.
 *
 * Before a request is sent, its size is known from what the last one really used,
 * and an estimate of what is new. From a part of the window on, 85 % unless told
 * otherwise, there is a warning. When the API says that a prompt does not fit,
 * room is made as the policy says, once, and the turn goes on; when it still does
 * not fit, the turn fails with `ContextWindowExceededError`.
 *
 * Room is made by whole exchanges, so a call is never parted from its result.
 * `undo` brings back what was there before.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Option from "effect/Option"
import * as History from "./History.ts"
import * as Exchanges from "./internal/exchanges.ts"

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
   * The part of the window from which on there is a warning.
   *
   * @default 0.85
   */
  readonly warnAt?: number | undefined
  /**
   * Runs before a request that fills so much of the window. The session's state
   * shows the warning, too.
   *
   * @default nothing
   */
  readonly onWarning?: ((warning: TokenEstimate.WindowWarning) => Effect.Effect<void>) | undefined
  /**
   * What becomes of a prompt that does not fit.
   *
   * - `fail`: the turn fails
   * - `trim`: the older half of the exchanges is left out
   * - `compact`: they are replaced by a summary the model writes; where it cannot,
   *   they are left out
   *
   * @default "fail"
   */
  readonly onOverflow?: "fail" | "trim" | "compact" | undefined
  /**
   * How many of the latest exchanges stay as they are, besides the one under way.
   *
   * @default half of them
   */
  readonly keep?: number | undefined
}

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Leaves out all but the latest exchanges: those before begin to be forgotten,
 * whole, and nothing of the others is touched.
 *
 * @category combinators
 * @since 0.1.0
 */
export const trim: {
  (keep: number): (self: History.History) => History.History
  (self: History.History, keep: number): History.History
} = dual(2, (self: History.History, keep: number): History.History => Exchanges.split(self, keep).rest(History.empty))

// -----------------------------------------------------------------------------
// sizes
// -----------------------------------------------------------------------------

/**
 * Returns how many tokens the next prompt of a conversation will be: what the last
 * answer and its prompt really were, and an estimate of what was said since. All
 * of it is estimated where no answer tells.
 *
 * @category sizes
 * @since 0.1.0
 */
export const sizeOf = (history: History.History, model: string): number => {
  const { last, since } = Exchanges.sinceLastReply(history)
  const estimate = since.length === 0 ? 0 : TokenEstimate.ofRequest({ model, messages: since }).tokens
  if (last === undefined) return estimate
  const totals = Usage.totals(last.usage)
  return Usage.totalInput(totals) + totals.output + estimate
}

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
 * Whether an answer ended because the window was full. It is committed as far as it
 * came; the turn after it makes room first, where the policy does.
 *
 * @category sizes
 * @since 0.1.0
 */
export const isFull = (message: Message.Message): boolean => message.stop_reason === "model_context_window_exceeded"
