/**
 * Limits on what may be spent: US dollars, tokens, requests, turns, time.
 *
 * Before a request is sent, what it may use at worst is reserved. Once it has
 * ended, what it used is counted and the rest is given back. So concurrent requests
 * never overdraw a budget: a request that could exceed it fails with
 * `BudgetExceededError` before it is sent. Budgets nest, a session's within a
 * tenant's within a program's, and a request must fit into all of them.
 *
 * The worst case counts everything that the request shows: the estimated input with
 * its margin, written to the dearest cache; all of `max_tokens`; speed and geography;
 * each model of `fallbacks`; searches, pages and rounds of server tools within
 * `max_uses`. A request with parts whose size it does not show, such as media by URL
 * or file id, is refused unless `unmeasured` bounds them.
 *
 * Each attempt counts by itself, since an attempt that is repeated is paid again:
 * retries and hedges, in a session and outside. An attempt draws from a budget once,
 * however it reaches it. A response from a `ResponseCache` draws nothing.
 *
 * What an attempt counts depends on how it ended:
 *
 * - with a response: its usage
 * - refused by the API, or never sent: nothing
 * - cut: its prompt, and its output as estimated from what arrived; the worst case
 *   in a `strict` budget
 * - unknown (a lost connection, an interrupt before anything arrived, the other of
 *   two hedged requests): the worst case
 *
 * `make` creates a budget of this process; `shared` one that all processes with the
 * same `BudgetStore` share. Dollars are counted in whole billionths, so sums are
 * exact up to nine million dollars.
 *
 * **Example** (Sharing a budget among sessions)
 *
 * ```ts no-run
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as Budget from "@effect-claude/session/Budget"
 * import * as Session from "@effect-claude/session/Session"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const tenant = yield* Budget.make({ usd: 20 })
 *   const budget = yield* Budget.make({ usd: 0.5, requests: 30, within: tenant })
 *   const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024, budget })
 *   yield* session.send("Hello").pipe(
 *     Effect.catchTag("BudgetExceededError", (error) => Effect.logWarning(error.message))
 *   )
 * })
 *
 * program.pipe(Effect.provide(Claude.layerFetch()), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import { Claude } from "@effect-claude/http/Claude"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { BudgetStore, type BudgetStoreError } from "./BudgetStore.ts"
import * as Account from "./internal/account.ts"
import * as Amounts from "./internal/amounts.ts"
import type { Amount, Budget, BudgetOptionError, Options, SharedOptions } from "./internal/budgetTypes.ts"
import * as Limits from "./internal/limits.ts"
import * as Metering from "./internal/metering.ts"
import * as WorstCase from "./internal/worstCase.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a request uses, or a turn.
 *
 * @category models
 * @since 0.1.0
 */
export type { Amount } from "./internal/budgetTypes.ts"

/**
 * The parts of a request whose size it does not show.
 *
 * @category models
 * @since 0.1.0
 */
export type { Unmeasured } from "./internal/budgetTypes.ts"

/**
 * An amount that is reserved until it is settled.
 *
 * @category models
 * @since 0.1.0
 */
export type { Reservation } from "./internal/budgetTypes.ts"

/**
 * Sums of what has a limit.
 *
 * @category models
 * @since 0.1.0
 */
export type { Sums } from "./internal/budgetTypes.ts"

/**
 * The state of a budget. What has no limit has infinitely much left.
 *
 * @category models
 * @since 0.1.0
 */
export type { State } from "./internal/budgetTypes.ts"

/**
 * A limit on what may be spent. `E` is what reading its state can fail with.
 *
 * @category models
 * @since 0.1.0
 */
export type { Budget } from "./internal/budgetTypes.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * An option of a budget limits nothing, such as `NaN` or a negative number.
 *
 * @category errors
 * @since 0.1.0
 */
export { BudgetOptionError } from "./internal/budgetTypes.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `make`. A limit that is left out does not apply.
 *
 * @category options
 * @since 0.1.0
 */
export type { Options } from "./internal/budgetTypes.ts"

/**
 * Options for `shared`. Every process needs the same limits.
 *
 * @category options
 * @since 0.1.0
 */
export type { SharedOptions } from "./internal/budgetTypes.ts"

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a budget of this process. Fails when an option is not a limit: `NaN`,
 * a negative number, infinity.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<Budget, BudgetOptionError> =>
  Effect.flatMap(
    Limits.read(options),
    (limits) => Effect.map(Account.inMemory, (account) => Limits.on(account, limits))
  )

/**
 * Creates a budget that all processes with the same store and key share. Together
 * they never overdraw it, whatever happens to one of them: what a process that was
 * killed had reserved is counted as spent after `holdFor`. Its `duration` begins
 * with the first reservation.
 *
 * **Example** (Sharing a tenant's budget among machines)
 *
 * ```ts no-run
 * import * as Budget from "@effect-claude/session/Budget"
 * import * as BudgetStoreRedis from "@effect-claude/session/BudgetStoreRedis"
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const StoreLive = BudgetStoreRedis.layer().pipe(Layer.provide(NodeRedis.layer({ url: "redis://localhost:6379" })))
 *
 * const program = Effect.gen(function*() {
 *   const budget = yield* Budget.shared({ key: "acme/2026-11", usd: 100 })
 *   return (yield* budget.state).left.usd
 * }).pipe(Effect.provide(StoreLive))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const shared = (
  options: SharedOptions
): Effect.Effect<Budget<BudgetStoreError>, BudgetOptionError, BudgetStore> =>
  Effect.gen(function*() {
    const limits = yield* Limits.read(options)
    return Limits.on(yield* Account.inStore(yield* BudgetStore, options), limits)
  })

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that draws each attempt of a `Claude`'s messages from a budget.
 *
 * **When to use**
 *
 * Use it for a whole program, or for calls without a session. Sessions with the same
 * budget, or one within it, draw from it only once.
 *
 * **Details**
 *
 * The order of layers does not matter. It always acts next to the transport: what
 * pacing holds back is not drawn yet, and both of two hedged requests are drawn.
 *
 * **Example** (Limiting what one call may cost)
 *
 * ```ts
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as Messages from "@effect-claude/http/Messages"
 * import * as Budget from "@effect-claude/session/Budget"
 * import * as Effect from "effect/Effect"
 *
 * const within = (tenant: Budget.Budget) =>
 *   Messages.create({
 *     model: "claude-sonnet-5-5",
 *     max_tokens: 1024,
 *     messages: [MessageRequest.user("Hello")]
 *   }).pipe(Effect.provide(Budget.layer(tenant)))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (budget: Budget<unknown>): Layer.Layer<Claude, never, Claude> =>
  Layer.effect(
    Claude,
    Effect.map(Claude, (claude) =>
      Interceptor.inside(
        claude,
        (call) =>
          Effect.sync(() =>
            call.request === undefined ? {} : Metering.make(call, Metering.draw(budget, call.request)).follower
          )
      ))
  )

// -----------------------------------------------------------------------------
// amounts
// -----------------------------------------------------------------------------

/**
 * Nothing used.
 *
 * @category amounts
 * @since 0.1.0
 */
export const nothing: Amount = Amounts.nothing

/**
 * Returns what a request may use at worst.
 *
 * @category amounts
 * @since 0.1.0
 */
export const worstCase = (request: MessageRequest.MessageRequest): Effect.Effect<Amount> => WorstCase.ofRequest(request)

/**
 * Returns what a response used. A response that was cut has no `stop_reason`, and
 * reports only its prompt; its output is estimated.
 *
 * @category amounts
 * @since 0.1.0
 */
export const used = (message: Message.Message): Effect.Effect<Amount> => Amounts.used(message)
