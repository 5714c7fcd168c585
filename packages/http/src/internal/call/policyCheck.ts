/**
 * Checks the numbers of a retry policy.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Backoff from "../../Backoff.ts"
import type * as RetryBudget from "../../RetryBudget.ts"

/** The numbers of a policy. */
export interface Numbers extends Backoff.Backoff {
  readonly maxRetries: number
  readonly hintLimit: Duration.Duration
  readonly hintSpread: Duration.Duration
  readonly deadline: Duration.Duration
  readonly budget: RetryBudget.Options | undefined
}

/** An option that is out of its range, and what is accepted. */
export interface Refusal {
  readonly option: keyof Numbers
  readonly message: string
}

/** Returns the first number of a policy that is out of its range. */
export const refusal = (policy: Numbers): Refusal | undefined => {
  const { budget, factor, jitter, maxRetries } = policy
  if (!(maxRetries >= 0) || (Number.isFinite(maxRetries) && !Number.isInteger(maxRetries))) {
    return refuse("maxRetries", `${maxRetries} is not a number of retries`, "a whole number from 0 up, or Infinity")
  }
  for (const option of ["base", "throttledBase", "cap", "hintSpread"] as const) {
    const millis = Duration.toMillis(policy[option])
    if (!(millis >= 0 && Number.isFinite(millis))) {
      return refuse(option, "the duration is negative or infinite", "a finite duration from zero up")
    }
  }
  for (const option of ["hintLimit", "deadline"] as const) {
    if (!(Duration.toMillis(policy[option]) >= 0)) {
      return refuse(option, "the duration is negative", "a duration from zero up, or Duration.infinity")
    }
  }
  for (const option of ["base", "throttledBase"] as const) {
    if (Duration.isGreaterThan(policy[option], policy.cap)) {
      return refuse(option, "it is above the cap", "a duration no longer than `cap`")
    }
  }
  if (!(factor >= 1 && Number.isFinite(factor))) {
    return refuse("factor", `${factor} would not let the delay grow`, "a finite number from 1 up")
  }
  if (typeof jitter !== "string" && !(jitter.proportional >= 0 && jitter.proportional <= 1)) {
    return refuse("jitter", `${jitter.proportional} is not a proportion`, "a number from 0 to 1")
  }
  if (budget !== undefined && Object.values(budget).some((n) => !(n >= 0))) {
    return refuse("budget", "a number in it is negative", "numbers from 0 up")
  }
  return undefined
}

const refuse = (option: keyof Numbers, problem: string, accepted: string): Refusal => ({
  option,
  message: `${option}: ${problem}. Give ${accepted}.`
})
