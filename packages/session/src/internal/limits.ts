/**
 * The limits of a budget, and a budget of limits on an account.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Account from "./account.ts"
import * as Amounts from "./amounts.ts"
import {
  type Amount,
  type Budget,
  BudgetOptionError,
  type Options,
  type Reservation,
  type Sums
} from "./budgetTypes.ts"
import * as Ledger from "./ledger.ts"
import * as Metering from "./metering.ts"

/** The options of a budget, checked and with their defaults. */
export interface Limits {
  readonly sums: Sums
  /** Milliseconds. */
  readonly duration: number
  readonly strict: boolean
  readonly unmeasured: "refuse" | "allow" | number
  readonly within: Budget<unknown> | undefined
  readonly name: string
}

/** Checks the options of a budget. */
export const read = (options: Options): Effect.Effect<Limits, BudgetOptionError> =>
  Effect.gen(function*() {
    const usd = yield* limit("usd", options.usd, Number.MAX_SAFE_INTEGER / 1e9)
    const tokens = yield* limit("tokens", options.tokens)
    const requests = yield* limit("requests", options.requests)
    const turns = yield* limit("turns", options.turns)
    const { duration, name = "the budget", strict = false, unmeasured = "refuse", within } = options
    if (unmeasured !== "refuse" && unmeasured !== "allow") yield* limit("unmeasured", unmeasured)
    return {
      sums: { usd: Ledger.nanos(usd), tokens, requests, turns },
      duration: duration === undefined ? Infinity : yield* millis(duration),
      strict,
      unmeasured,
      within,
      name
    }
  })

const limit = (
  option: string,
  value: number | undefined,
  most: number = Number.MAX_SAFE_INTEGER
): Effect.Effect<number, BudgetOptionError> => {
  if (value === undefined) return Effect.succeed(Infinity)
  return typeof value === "number" && value >= 0 && value <= most
    ? Effect.succeed(value)
    : Effect.fail(
      new BudgetOptionError({
        option,
        problem: `is ${String(value)}, which limits nothing. Give a number from 0 to ${most}, or leave it out.`
      })
    )
}

const millis = (input: Duration.Input): Effect.Effect<number, BudgetOptionError> =>
  Option.match(Option.filter(Duration.fromInput(input), (duration) => isLength(input, duration)), {
    onNone: () =>
      Effect.fail(
        new BudgetOptionError({ option: "duration", problem: "is not a length of time. Give one, or leave it out." })
      ),
    onSome: (duration) => Effect.succeed(Duration.toMillis(duration))
  })

/** Not a number, as an input, is a duration of nothing. */
const isLength = (input: Duration.Input, duration: Duration.Duration): boolean =>
  !Number.isNaN(input) && Duration.isFinite(duration) && Duration.toMillis(duration) >= 0

/** Creates the budget of some limits on an account. */
export const on = <E>(account: Account.Account<E>, limits: Limits): Budget<E> => {
  const { name, strict, within } = limits

  const reserve = (worst: Amount): Effect.Effect<Reservation, string> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const bounded = bound(worst, limits)
      if (Result.isFailure(bounded)) return Effect.fail(bounded.failure)
      const sums = Ledger.sumsOf(bounded.success)
      const refusal: Account.Refusal = (balance, began) =>
        now >= began + limits.duration
          ? `the time of ${name} is over.`
          : Ledger.refusal(sums, limits.sums, balance, name)
      return Effect.map(account.reserve(sums, refusal), (settle): Reservation => ({
        settle: (used) => settle(counted(used, bounded.success, sums))
      }))
    })

  /** What is counted for an amount that was used. What cannot be counted counts as reserved. */
  const counted = (used: Amount, worst: Amount, reserved: Sums): Sums => {
    const sums = Ledger.sumsOf(used.unmeasured === undefined ? used : worst)
    if (!Ledger.isCountable(sums)) return reserved
    if (strict && used.estimated === true) return Ledger.most(reserved, sums)
    return Option.isNone(used.usd) ? { ...sums, usd: reserved.usd } : sums
  }

  return {
    reserve: (worst) =>
      Effect.flatMap(
        Effect.mapError(reserve(worst), exceeded),
        (own) =>
          within === undefined ? Effect.succeed(own) : Metering.reserve(within, worst).pipe(
            // Drawn before the budget around is asked, and given back when that refuses.
            Effect.onError(() => own.settle(Amounts.nothing)),
            Effect.map((outer): Reservation => ({
              settle: (used) => Effect.andThen(own.settle(used), outer.settle(used))
            }))
          )
      ),
    state: Effect.map(account.balance, (balance) => ({
      spent: Ledger.shown(balance.spent),
      reserved: Ledger.shown(balance.reserved),
      left: Ledger.shown(Ledger.left(limits.sums, balance))
    }))
  }
}

/** Bounds an amount, or says why it cannot be. */
const bound = (worst: Amount, { name, sums, unmeasured }: Limits): Result.Result<Amount, string> => {
  const isBounding = sums.usd < Infinity || sums.tokens < Infinity
  if (worst.unmeasured !== undefined && isBounding && unmeasured !== "allow") {
    const { boundedBy, parts } = worst.unmeasured
    if (unmeasured === "refuse") {
      return Result.fail(
        `it does not show the size of ${shorten(parts)}, and ${name} counts it. ` +
          "Bound each part by a number of tokens with `unmeasured`."
      )
    }
    return priced(boundedBy(unmeasured), name, sums)
  }
  return priced(worst, name, sums)
}

const priced = (worst: Amount, name: string, sums: Sums): Result.Result<Amount, string> =>
  Option.isNone(worst.usd) && sums.usd < Infinity
    ? Result.fail(`${name} is in US dollars, and the price of the model is not known. Provide it with ModelCatalog.`)
    : Result.succeed(worst)

const shorten = (parts: ReadonlyArray<string>): string =>
  parts.length <= 3 ? parts.join(", ") : `${parts.slice(0, 3).join(", ")} and ${parts.length - 3} more`

const exceeded = (problem: string): ClaudeError.BudgetExceededError =>
  new ClaudeError.BudgetExceededError({
    message: `The request was not sent: ${problem}`,
    outcome: "notSent"
  })
