/**
 * Limits on what may be spent: US dollars, tokens, requests, turns, time.
 *
 * Before a request is sent, what it may cost at worst is reserved; once its answer
 * is there, what it really used is counted and the rest given back. So a budget is
 * never overdrawn by requests that run at once, however many: what could exceed it
 * is refused with `BudgetExceededError` before it is sent. Budgets nest, a
 * session's within a tenant's within a program's, and a request must fit into all.
 *
 * Each attempt counts by itself, since what is sent again is paid again: retries
 * and hedges, in a session and out of it. An attempt draws from a budget once,
 * however it came to it. An answer that a `ResponseCache` knew draws nothing.
 *
 * What an attempt counts depends on what is known of its end:
 *
 * - answered: what the answer says it used
 * - refused by the API, or never sent: nothing
 * - cut: its prompt, and what it wrote as estimated from what arrived; the worst
 *   in a `strict` budget
 * - nobody knows (a lost connection, an interrupt before anything came, the other
 *   of two hedged requests): the worst
 *
 * The worst case of a request is its input as estimated, with the margin of the
 * estimate, and all of `max_tokens`. What only the API can count (files, pages its
 * tools fetch) is not in it, so answers with such parts can use more than was
 * reserved; that is counted, and the next request is refused. Dollars are counted
 * in whole billionths, so sums are exact up to nine million dollars.
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
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import { Claude } from "@effect-claude/http/Claude"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Amounts from "./internal/amounts.ts"
import type { Amount, Budget, Reservation, Sums } from "./internal/budgetTypes.ts"
import * as Metering from "./internal/metering.ts"

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
 * What is set aside for a request until it is settled.
 *
 * @category models
 * @since 0.1.0
 */
export type { Reservation } from "./internal/budgetTypes.ts"

/**
 * How much of each thing that has a limit.
 *
 * @category models
 * @since 0.1.0
 */
export type { Sums } from "./internal/budgetTypes.ts"

/**
 * What a budget has seen, and what it has left. Something without a limit is
 * without an end.
 *
 * @category models
 * @since 0.1.0
 */
export type { State } from "./internal/budgetTypes.ts"

/**
 * A limit on what may be spent.
 *
 * @category models
 * @since 0.1.0
 */
export type { Budget } from "./internal/budgetTypes.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `make`. A limit that is left out is none.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * US dollars, by the prices of the catalogue in use. A request whose price is
   * not known is refused.
   *
   * @default none
   */
  readonly usd?: number | undefined
  /**
   * Tokens of all kinds, of prompts and of answers.
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
   * How long after it was made the budget may be drawn on.
   *
   * @default none
   */
  readonly duration?: Duration.Input | undefined
  /**
   * Whether an answer that was cut counts what was reserved for it, rather than
   * what can be told of it.
   *
   * @default false
   */
  readonly strict?: boolean | undefined
  /**
   * The budget around this one.
   *
   * @default none
   */
  readonly within?: Budget | undefined
  /**
   * What it is called in errors.
   *
   * @default "the budget"
   */
  readonly name?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a budget nothing was drawn from.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<Budget> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const name = options.name ?? "the budget"
    const until = options.duration === undefined ? Infinity : now + Duration.toMillis(options.duration)
    const limits: Sums = {
      usd: nanos(options.usd ?? Infinity),
      tokens: options.tokens ?? Infinity,
      requests: options.requests ?? Infinity,
      turns: options.turns ?? Infinity
    }
    const spent: Account = { usd: 0, tokens: 0, requests: 0, turns: 0 }
    const reserved: Account = { usd: 0, tokens: 0, requests: 0, turns: 0 }
    const left = (field: keyof Sums): number => limits[field] - spent[field] - reserved[field]

    /** Why an amount does not fit, if it does not. */
    const refusal = (worst: Amount, now: number): string | undefined => {
      if (now >= until) return `the time of ${name} is over.`
      if (Option.isNone(worst.usd) && limits.usd < Infinity) {
        return `${name} is in US dollars, and the price of the model is not known. Provide it with ModelCatalog.`
      }
      const sums = sumsOf(worst)
      if (sums.turns > left("turns")) return `${name} is for ${counted(limits.turns, "turn")}.`
      if (sums.requests > left("requests")) return `${name} is for ${counted(limits.requests, "request")}.`
      if (sums.tokens > left("tokens")) {
        return `it may use ${sums.tokens} tokens, and ${name} has ${Math.max(0, left("tokens"))} left.`
      }
      if (sums.usd > left("usd")) {
        return `it may cost ${dollars(sums.usd)}, and ${name} has ${dollars(Math.max(0, left("usd")))} left.`
      }
      return undefined
    }

    const draw = (worst: Amount): Reservation => {
      const sums = sumsOf(worst)
      add(reserved, sums, 1)
      let open = true
      return {
        settle: (used) =>
          Effect.sync(() => {
            if (!open) return
            open = false
            add(reserved, sums, -1)
            add(spent, options.strict === true && used.estimated === true ? most(sums, sumsOf(used)) : sumsOf(used), 1)
          })
      }
    }

    return {
      reserve: (worst) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const problem = refusal(worst, now)
          if (problem !== undefined) return Effect.fail(exceeded(problem))
          // Drawn at once, so that nobody comes between; given back where a budget around has no room.
          const own = draw(worst)
          if (options.within === undefined) return Effect.succeed(own)
          return Metering.reserve(options.within, worst).pipe(
            Effect.onError(() => own.settle(nothing)),
            Effect.map((outer): Reservation => ({
              settle: (used) => Effect.andThen(own.settle(used), outer.settle(used))
            }))
          )
        }),
      state: Effect.sync(() => ({
        spent: shown(spent),
        reserved: shown(reserved),
        left: shown({ usd: left("usd"), tokens: left("tokens"), requests: left("requests"), turns: left("turns") })
      }))
    }
  })

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that draws the messages a `Claude` asks for from a budget, each attempt by
 * itself: what is sent again is paid again.
 *
 * **When to use**
 *
 * Use it for a whole program, or for calls without a session. Sessions that have
 * the same budget, or one within it, draw from it once all the same.
 *
 * **Details**
 *
 * Other layers may come before or after it: it is always next to what is sent, so
 * that what pacing holds back is not drawn yet, and both of two hedged requests are.
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
export const layer = (budget: Budget): Layer.Layer<Claude, never, Claude> =>
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
export const worstCase = (request: MessageRequest.MessageRequest): Effect.Effect<Amount> => Amounts.worstCase(request)

/**
 * Returns what an answer used. Of one that was cut, which has no `stop_reason`,
 * the API told only what its prompt used; the rest is estimated from what is there.
 *
 * @category amounts
 * @since 0.1.0
 */
export const used = (message: Message.Message): Effect.Effect<Amount> => Amounts.used(message)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Sums, dollars in billionths. */
type Account = { -readonly [Field in keyof Sums]: Sums[Field] }

const sumsOf = ({ requests, tokens, turns, usd }: Amount): Sums => ({
  usd: nanos(Option.getOrElse(usd, () => 0)),
  tokens,
  requests,
  turns
})

const add = (account: Account, sums: Sums, sign: 1 | -1): void => {
  account.usd += sign * sums.usd
  account.tokens += sign * sums.tokens
  account.requests += sign * sums.requests
  account.turns += sign * sums.turns
}

const most = (a: Sums, b: Sums): Sums => ({
  usd: Math.max(a.usd, b.usd),
  tokens: Math.max(a.tokens, b.tokens),
  requests: Math.max(a.requests, b.requests),
  turns: Math.max(a.turns, b.turns)
})

/** Whole billionths of a dollar add up without a rest: a token of the cheapest class costs several. */
const nanos = (usd: number): number => Math.round(usd * 1e9)

const shown = (account: Sums): Sums => ({ ...account, usd: account.usd / 1e9 })

const dollars = (nanos: number): string => `$${(nanos / 1e9).toFixed(4)}`

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

const exceeded = (problem: string): ClaudeError.BudgetExceededError =>
  new ClaudeError.BudgetExceededError({
    message: `The request was not sent: ${problem}`,
    outcome: "notSent"
  })
