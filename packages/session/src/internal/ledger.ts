/**
 * The arithmetic of budgets: sums in whole units, limits, and what does not fit.
 *
 * Dollars are counted in whole billionths, so that sums are exact.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import type { Amount, Sums } from "./budgetTypes.ts"

/** Sums of nothing. */
export const zero: Sums = { usd: 0, tokens: 0, requests: 0, turns: 0 }

/** A limit in use: what was spent, and what requests under way may use. */
export interface Balance {
  readonly spent: Sums
  readonly reserved: Sums
}

/** Converts an amount to sums, dollars in billionths. An unknown price counts nothing: it is refused where it matters. */
export const sumsOf = ({ requests, tokens, turns, usd }: Amount): Sums => ({
  usd: nanos(Option.getOrElse(usd, () => 0)),
  tokens,
  requests,
  turns
})

/** Converts dollars to billionths. A token of the cheapest class costs several. */
export const nanos = (usd: number): number => Math.round(usd * 1e9)

/** Converts billionths back to dollars. */
export const shown = (sums: Sums): Sums => ({ ...sums, usd: sums.usd / 1e9 })

const combine = (a: Sums, b: Sums, f: (a: number, b: number) => number): Sums => ({
  usd: f(a.usd, b.usd),
  tokens: f(a.tokens, b.tokens),
  requests: f(a.requests, b.requests),
  turns: f(a.turns, b.turns)
})

export const plus = (a: Sums, b: Sums): Sums => combine(a, b, (a, b) => a + b)

export const minus = (a: Sums, b: Sums): Sums => combine(a, b, (a, b) => a - b)

export const most = (a: Sums, b: Sums): Sums => combine(a, b, Math.max)

/** What is left of limits. */
export const left = (limits: Sums, { reserved, spent }: Balance): Sums => minus(minus(limits, spent), reserved)

/** Whether an amount consists of numbers that can be counted. */
export const isCountable = (sums: Sums): boolean =>
  [sums.usd, sums.tokens, sums.requests, sums.turns].every((sum) => Number.isFinite(sum) && sum >= 0)

/** Returns why sums do not fit. Undefined when they do. */
export const refusal = (worst: Sums, limits: Sums, balance: Balance, name: string): string | undefined => {
  if (!isCountable(worst)) return "what it may use is not a number."
  const rest = left(limits, balance)
  if (worst.turns > rest.turns) return `${name} is for ${counted(limits.turns, "turn")}.`
  if (worst.requests > rest.requests) return `${name} is for ${counted(limits.requests, "request")}.`
  if (worst.tokens > rest.tokens) {
    return `it may use ${worst.tokens} tokens, and ${name} has ${Math.max(0, rest.tokens)} left.`
  }
  if (worst.usd > rest.usd) {
    return `it may cost ${dollars(worst.usd)}, and ${name} has ${dollars(Math.max(0, rest.usd))} left.`
  }
  return undefined
}

const dollars = (nanos: number): string => `$${(nanos / 1e9).toFixed(4)}`

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`
