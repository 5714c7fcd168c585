/**
 * Limits on what may be spent: US dollars, tokens, requests, time.
 *
 * Before a request is sent, what it may cost at worst is reserved; once its answer
 * is there, what it really used is counted and the rest given back. So a budget is
 * never overdrawn by requests that run at once, however many: what could exceed it
 * is refused with `BudgetExceededError` before it is sent. Budgets nest, a
 * session's within a tenant's within a program's, and a request must fit into all.
 *
 * The worst case of a request is its input as estimated, with the margin of the
 * estimate, and all of `max_tokens`. What only the API can count (files, pages its
 * tools fetch) is not in it, so answers with such parts can use more than was
 * reserved; that is counted, and the next request is refused.
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
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import type { Claude } from "@effect-claude/http/Claude"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a request uses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Amount {
  /** Tokens of all kinds, of the prompt and of the answer. */
  readonly tokens: number
  readonly requests: number
  /** None where the price is not known. */
  readonly usd: Option.Option<number>
}

/**
 * What is set aside for a request until it is settled.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reservation {
  /** Counts what was used and gives the rest back. Only the first time. */
  readonly settle: (used: Amount) => Effect.Effect<void>
}

/**
 * What a budget has seen, and what it has left. Something without a limit is
 * without an end.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  readonly spent: { readonly usd: number; readonly tokens: number; readonly requests: number }
  /** What requests that are under way may use. */
  readonly reserved: { readonly usd: number; readonly tokens: number; readonly requests: number }
  readonly left: { readonly usd: number; readonly tokens: number; readonly requests: number }
}

/**
 * A limit on what may be spent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Budget {
  /** Sets aside what a request may use at worst, here and in every budget around. */
  readonly reserve: (worst: Amount) => Effect.Effect<Reservation, ClaudeError.BudgetExceededError>
  /** What was spent, is reserved, and is left. */
  readonly state: Effect.Effect<State>
}

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
   * How many requests may be sent.
   *
   * @default none
   */
  readonly requests?: number | undefined
  /**
   * How long after it was made the budget may be drawn on.
   *
   * @default none
   */
  readonly duration?: Duration.Input | undefined
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
    const limits = {
      usd: options.usd ?? Infinity,
      tokens: options.tokens ?? Infinity,
      requests: options.requests ?? Infinity
    }
    const spent = { usd: 0, tokens: 0, requests: 0 }
    const reserved = { usd: 0, tokens: 0, requests: 0 }

    /** Why an amount does not fit, if it does not. */
    const refusal = (worst: Amount, now: number): string | undefined => {
      if (now >= until) return `the time of ${name} is over.`
      if (Option.isNone(worst.usd) && limits.usd < Infinity) {
        return `${name} is in US dollars, and the price of the model is not known. Provide it with ModelCatalog.`
      }
      const usd = Option.getOrElse(worst.usd, () => 0)
      if (spent.requests + reserved.requests + worst.requests > limits.requests) {
        return `${name} is for ${limits.requests} requests.`
      }
      if (spent.tokens + reserved.tokens + worst.tokens > limits.tokens) {
        const left = Math.max(0, limits.tokens - spent.tokens - reserved.tokens)
        return `it may use ${worst.tokens} tokens, and ${name} has ${left} left.`
      }
      if (spent.usd + reserved.usd + usd > limits.usd) {
        const left = Math.max(0, limits.usd - spent.usd - reserved.usd)
        return `it may cost ${dollars(usd)}, and ${name} has ${dollars(left)} left.`
      }
      return undefined
    }

    const draw = (worst: Amount): Reservation => {
      const usd = Option.getOrElse(worst.usd, () => 0)
      add(reserved, { ...worst, usd }, 1)
      let open = true
      return {
        settle: (used) =>
          Effect.sync(() => {
            if (!open) return
            open = false
            add(reserved, { ...worst, usd }, -1)
            add(spent, { ...used, usd: Option.getOrElse(used.usd, () => 0) }, 1)
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
          return options.within.reserve(worst).pipe(
            Effect.onError(() => own.settle(nothing)),
            Effect.map((outer): Reservation => ({
              settle: (used) => Effect.andThen(own.settle(used), outer.settle(used))
            }))
          )
        }),
      state: Effect.sync(() => ({
        spent: { ...spent },
        reserved: { ...reserved },
        left: {
          usd: limits.usd - spent.usd - reserved.usd,
          tokens: limits.tokens - spent.tokens - reserved.tokens,
          requests: limits.requests - spent.requests - reserved.requests
        }
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
 * Use it for a whole program, or for calls without a session. A session that has
 * the same budget of its own would draw twice.
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
  Interceptor.layer(
    Effect.succeed(({ request }) => Effect.sync(() => request === undefined ? {} : follow(budget, request)))
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
export const nothing: Amount = { tokens: 0, requests: 0, usd: Option.some(0) }

/**
 * Returns what a request may use at worst.
 *
 * @category amounts
 * @since 0.1.0
 */
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
      usd: prices.length === 0 ? Option.none() : Option.some(Math.max(...prices))
    }
  })

/**
 * Returns what an answer used.
 *
 * @category amounts
 * @since 0.1.0
 */
export const used = (message: Pick<Message.Message, "model" | "usage">): Effect.Effect<Amount> =>
  Effect.map(Cost.ofMessageEffect(message), (cost) => {
    const totals = Usage.totals(message.usage)
    return { tokens: Usage.totalInput(totals) + totals.output, requests: 1, usd: Option.map(cost, Cost.total) }
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** What is set aside for an attempt. */
interface Pending {
  readonly worst: Amount
  readonly reservation: Reservation
}

const follow = (budget: Budget, request: MessageRequest.MessageRequest): Interceptor.Follower => {
  /** Attempts whose end is the end of the call. */
  const open: Array<Pending> = []

  const settle = (
    { reservation, worst }: Pending,
    message: Message.Message | undefined,
    outcome: ClaudeError.Outcome
  ): Effect.Effect<void> =>
    message === undefined
      ? reservation.settle(outcome === "notSent" || outcome === "rejected" ? nothing : worst)
      : Effect.flatMap(used(message), reservation.settle)

  return {
    attempt: (attempt) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(
          worstCase(request),
          (worst) =>
            Effect.flatMap(budget.reserve(worst), (reservation) =>
              Effect.onExit(restore(attempt), (exit) => {
                const pending: Pending = { worst, reservation }
                const error = Exit.isSuccess(exit) ? Option.none() : Cause.findErrorOption(exit.cause)
                if (Option.isSome(error)) return settle(pending, error.value.partial, error.value.outcome)
                open.push(pending)
                return Effect.void
              }))
        )
      ),
    onEnd: (ending) => {
      const [message, outcome] = ending._tag === "Failed"
        ? [ending.error.partial, ending.error.outcome]
        : [ending.message, "unknown" as const]
      // The answer is of the last attempt; nobody knows what came of one that was given up for it.
      return Effect.forEach(
        open.splice(0).toReversed(),
        (pending, index) => index === 0 ? settle(pending, message, outcome) : settle(pending, undefined, "unknown"),
        { discard: true }
      )
    }
  }
}

type Sums = { -readonly [Field in keyof State["spent"]]: number }

const add = (sums: Sums, amount: State["spent"], sign: 1 | -1): void => {
  sums.usd += sign * amount.usd
  sums.tokens += sign * amount.tokens
  sums.requests += sign * amount.requests
}

const dollars = (usd: number): string => `$${usd.toFixed(4)}`

const exceeded = (problem: string): ClaudeError.BudgetExceededError =>
  new ClaudeError.BudgetExceededError({
    message: `The request was not sent: ${problem}`,
    outcome: "notSent"
  })
