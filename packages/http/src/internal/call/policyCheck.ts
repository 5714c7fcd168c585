/**
 * The one check of the numbers of retrying: for the options of a policy, for whole
 * policies that reach a layer, and for budgets.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Backoff from "../../Backoff.ts"

const amount = OptionCheck.number("a number from 0 up", { min: 0, infinite: true })

const amounts: OptionCheck.Table = {
  capacity: amount,
  cost: amount,
  hintedCost: amount,
  perSuccess: amount,
  perSecond: amount
}

/** Checks the numbers of a budget, all of which are needed. */
export const budget: OptionCheck.Check = (value) =>
  isWhole(value, amounts)
    ? OptionCheck.find(value, amounts)
    : { option: "", expected: `the numbers ${Object.keys(amounts).join(", ")}, as in RetryBudget.standard` }

const finite: OptionCheck.Check = (value) =>
  OptionCheck.duration(value) ??
    OptionCheck.that("a duration that is not infinite", () => value !== Infinity && value !== Duration.infinity)(value)

const numbers = {
  maxRetries: OptionCheck.number("a whole number of retries from 0 up, or Infinity", {
    min: 0,
    integer: true,
    infinite: true
  }),
  base: finite,
  throttledBase: finite,
  factor: OptionCheck.number("a finite number from 1 up", { min: 1 }),
  cap: finite,
  jitter: OptionCheck.that(
    "\"full\", \"equal\", \"none\" or { proportional: a number from 0 to 1 }",
    (value) =>
      value === "full" || value === "equal" || value === "none" ||
      (Predicate.hasProperty(value, "proportional") && typeof value.proportional === "number" &&
        value.proportional >= 0 && value.proportional <= 1)
  ),
  hintLimit: OptionCheck.duration,
  hintSpread: finite,
  deadline: OptionCheck.duration,
  unknownOutcome: OptionCheck.that(
    "\"ifRepeatable\", \"always\" or \"never\"",
    (value) => value === "ifRepeatable" || value === "always" || value === "never"
  )
}

const optionTable: OptionCheck.Table = {
  ...numbers,
  budget: (value) => value === null ? undefined : budget(value)
}

const policyTable: OptionCheck.Table = {
  ...numbers,
  cap: OptionCheck.duration,
  budget,
  ceilings: OptionCheck.that("a schedule of RetryPolicy.fromSchedule", Effect.isEffect),
  onRetry: OptionCheck.list(OptionCheck.that("a function", Predicate.isFunction))
}

/** Checks the options that a policy is made of. */
export const options: OptionCheck.Check = (value) => OptionCheck.find(value, optionTable)

/** Checks a policy, which has to be whole. */
export const policy: OptionCheck.Check = (value) => {
  if (!isWhole(value, policyTable)) {
    return { option: "", expected: "a whole policy, such as RetryPolicy.standard or one of RetryPolicy.make" }
  }
  return OptionCheck.find(value, policyTable) ?? order(value)
}

/** A first delay above the cap would make the cap meaningless. */
const order = (policy: { readonly [name: string]: unknown }): OptionCheck.Problem | undefined => {
  const { base, cap, throttledBase } = policy
  for (const [option, first] of Object.entries({ base, throttledBase })) {
    if (Duration.isDuration(first) && Duration.isDuration(cap) && Duration.isGreaterThan(first, cap)) {
      return { option, expected: "a duration no longer than `cap`" }
    }
  }
  return undefined
}

const isWhole = (
  value: unknown,
  table: OptionCheck.Table
): value is { readonly [name: string]: unknown } =>
  typeof value === "object" && value !== null && Object.keys(table).every((name) => name in value)

/** Writes a problem for callers of `RetryPolicy.make`. */
export const refusal = (
  problem: OptionCheck.Problem | undefined
): { readonly option: string; readonly message: string } | undefined => {
  if (problem === undefined) return undefined
  const { expected, option: place } = problem
  const option = place.split(".", 1)[0] ?? place
  return { option, message: `${option}: ${place === option ? "the value" : place} cannot be used. Give ${expected}.` }
}

/** Reads a duration. One that is negative or cannot be read is zero. */
export const durationOf = (input: Duration.Input): Duration.Duration =>
  Option.match(Duration.fromInput(input), {
    onNone: () => Duration.zero,
    onSome: (duration) => Duration.millis(Math.max(0, Duration.toMillis(duration)))
  })

/** Reads a jitter. An unknown name is `"full"`, and a proportion is clamped to [0, 1]. */
export const jitterOf = (kind: Backoff.Jitter): Backoff.Jitter => {
  if (kind === "equal" || kind === "none") return kind
  return typeof kind === "string" ? "full" : { proportional: Math.min(1, Math.max(0, kind.proportional || 0)) }
}
