/**
 * The laws of pure policies, as functions that say what is wrong.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import type * as RetryDecision from "@effect-claude/core/RetryDecision"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Arbitraries from "../Arbitraries.ts"
import * as Time from "./time.ts"

interface Parameters {
  readonly maxRetries: number
  readonly base: Duration.Input
  readonly throttledBase: Duration.Input
  readonly factor: number
  readonly cap: Duration.Input
  readonly jitter: "full" | "equal" | "none" | { readonly proportional: number }
  readonly hintLimit: Duration.Input
  readonly hintSpread: Duration.Input
  readonly deadline: Duration.Input
}

interface Policy {
  readonly decide: (input: RetryDecision.Input) => RetryDecision.RetryDecision
  readonly parameters: Parameters
}

type Law = (policy: Policy, input: RetryDecision.Input) => string | undefined

/** The laws that one decision can break, by name. */
export const names = ["P14", "P10", "P1", "P2", "P3", "P4", "P5", "P6"] as const

/** What is wrong with a policy's answer to an input, under one law. */
export const violation = (name: (typeof names)[number], policy: Policy, input: RetryDecision.Input) => {
  const decision = Result.try(() => policy.decide(input))
  if (Result.isFailure(decision)) return `${show(input)} it throws: ${String(decision.failure)}`
  const wrong = laws[name](policy, input)
  return wrong === undefined ? undefined : `${show(input)} it answers ${answer(decision.success)}: ${wrong}`
}

const laws: { readonly [N in (typeof names)[number]]: Law } = {
  P1: (policy, input) => {
    const delay = waits(policy, input)
    if (delay === undefined || hintOf(input.error) > 0) return undefined
    const { hi, lo } = bounds(policy.parameters, input.n, input.error)
    return delay >= lo - grain && delay <= hi + grain
      ? undefined
      : `the delay has to be between ${lo} ms and ${hi} ms.`
  },
  P2: (policy, input) => {
    if (hintOf(input.error) > 0) return undefined
    const early = { ...input, elapsed: Duration.zero }
    const now = waits(policy, early)
    const later = waits(policy, { ...early, n: input.n + 1 })
    return now !== undefined && later !== undefined && later < now - grain
      ? `with the same chance retry ${input.n + 1} waits ${later} ms.`
      : undefined
  },
  P3: (policy, input) => {
    const delay = waits(policy, input)
    const hint = hintOf(input.error)
    if (delay === undefined || hint === 0 || hint > millis(policy.parameters.hintLimit)) return undefined
    if (delay < hint - grain) return `the server asked for ${hint} ms.`
    const { hi } = bounds(policy.parameters, input.n, input.error)
    const most = Math.max(hi, hint) + millis(policy.parameters.hintSpread)
    return delay > most + grain ? `that is longer than ${most} ms.` : undefined
  },
  P4: (policy, input) => {
    const hint = hintOf(input.error)
    const left = millis(policy.parameters.deadline) - millis(input.elapsed)
    if (waits(policy, input) === undefined) return undefined
    if (hint > millis(policy.parameters.hintLimit)) {
      return `the server asked for ${hint} ms, more than ${millis(policy.parameters.hintLimit)} ms.`
    }
    return hint > 0 && hint >= left ? `the server asked for ${hint} ms, and ${left} ms are left.` : undefined
  },
  P5: (policy, input) => {
    const delay = waits(policy, input)
    const start = millis(input.elapsed) + (delay ?? 0)
    return delay !== undefined && start >= millis(policy.parameters.deadline)
      ? `the retry would start ${start} ms after the first attempt, whose deadline is ${
        millis(policy.parameters.deadline)
      } ms.`
      : undefined
  },
  P6: (policy, input) => {
    if (waits(policy, input) === undefined) return undefined
    if (input.n > policy.parameters.maxRetries) return `only ${policy.parameters.maxRetries} retries are allowed.`
    if (input.error.contentHandedOut === true) return "part of the answer was handed out."
    return ErrorTable.isRetryable(input.error) ? undefined : `${input.error._tag} is not retryable.`
  },
  P10: (policy, input) => {
    const again = policy.decide(input)
    return answer(policy.decide(input)) === answer(again) ? undefined : `asked again, it answers ${answer(again)}.`
  },
  P14: (policy, input) => {
    const decision = policy.decide(input)
    if (decision._tag === "GiveUp") return reasons.has(decision.reason) ? undefined : "that is no reason."
    const delay = millis(decision.delay)
    if (!Number.isFinite(delay) || delay < 0) return "that is no delay."
    if (input.error.shouldRetry === false) return "the server said not to retry."
    return input.error.errorCode !== undefined && ErrorTable.finalCodes.has(input.error.errorCode)
      ? `waiting does not help against ${input.error.errorCode}.`
      : undefined
  }
}

const reasons: ReadonlySet<string> = new Set<RetryDecision.GiveUpReason>([
  "notRetryable",
  "maxRetries",
  "deadline",
  "hintTooLong",
  "hintPastDeadline",
  "budget",
  "unknownOutcome",
  "committed",
  "schedule"
])

/** What remains when a duration is kept to the nanosecond. */
const grain = 1e-3

const millis = (duration: Duration.Input): number => Duration.toMillis(duration)

const waits = (policy: Policy, input: RetryDecision.Input): number | undefined => {
  const decision = policy.decide(input)
  return decision._tag === "Wait" ? millis(decision.delay) : undefined
}

const hintOf = (error: ClaudeError): number =>
  error.retryAfter === undefined ? 0 : Math.max(0, millis(error.retryAfter))

const bounds = (parameters: Parameters, n: number, error: ClaudeError) => {
  const throttled = error._tag === "OverloadedError" || error._tag === "RateLimitError"
  // With a hint, either base may be what the backoff begins with.
  const base = hintOf(error) > 0
    ? Math.max(millis(parameters.base), millis(parameters.throttledBase))
    : millis(throttled ? parameters.throttledBase : parameters.base)
  const cap = millis(parameters.cap)
  const ceiling = base === 0 ? 0 : Math.min(cap, base * parameters.factor ** (n - 1))
  const { jitter } = parameters
  switch (jitter) {
    case "full":
      return { lo: 0, hi: ceiling }
    case "equal":
      return { lo: ceiling / 2, hi: ceiling }
    case "none":
      return { lo: ceiling, hi: ceiling }
    default:
      return { lo: ceiling * (1 - jitter.proportional), hi: Math.min(cap, ceiling * (1 + jitter.proportional)) }
  }
}

const show = ({ elapsed, error, n }: RetryDecision.Input): string => {
  const hint = hintOf(error)
  return `For retry ${n}, ${millis(elapsed)} ms after the start, of ${error._tag}` +
    (error.status === undefined ? "" : ` (${error.status})`) + (hint === 0 ? "" : ` with a hint of ${hint} ms`) + ","
}

const answer = (decision: RetryDecision.RetryDecision): string =>
  decision._tag === "Wait" ? `Wait(${millis(decision.delay)} ms)` : `GiveUp(${decision.reason})`

// -----------------------------------------------------------------------------
// hints
// -----------------------------------------------------------------------------

const Value = Schema.Union([
  Schema.Literals(["", "0", "1", "1.5", "60", "NaN", "-1", "Infinity", "1e999", "0x10", "soon", " 2 ", "1,5"]),
  Schema.Literals(["Fri, 01 Jan 2027 00:00:10 GMT", "Thu, 31 Dec 2026 23:59:50 GMT", "Fri, 32 Jan 2027 00:00:00 GMT"]),
  Schema.String,
  Schema.Finite
])

/** Headers a server, or a broken one, may send. */
export const hintHeaders = Arbitrary.schema(Schema.Struct({
  "retry-after": Schema.optionalKey(Value),
  "retry-after-ms": Schema.optionalKey(Value)
}))

/** The first of January 2027. */
const now = 1_798_761_600_000

/** What is wrong with the reading of some headers. */
export const hintViolation = (
  read: (headers: { readonly [name: string]: string }, now: number) => Duration.Duration | undefined,
  given: { readonly [name: string]: string | number | undefined }
): string | undefined => {
  const headers: { [name: string]: string } = {}
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) headers[name] = String(value)
  }
  const shown = JSON.stringify(headers)
  const result = Result.try(() => read(headers, now))
  if (Result.isFailure(result)) return `${shown} makes it throw: ${String(result.failure)}`
  const got = result.success === undefined ? undefined : millis(result.success)
  if (got !== undefined && !(Number.isFinite(got) && got >= 0)) return `${shown} is read as ${got} ms.`
  const expected = plain(headers["retry-after-ms"], 1) ?? plain(headers["retry-after"], 1000) ??
    dates[headers["retry-after"] ?? ""]
  if (expected !== undefined && (got === undefined || Math.abs(got - expected) > 1)) {
    return `${shown} has to be read as ${expected} ms, and is read as ${got === undefined ? "nothing" : `${got} ms`}.`
  }
  const isPast = headers["retry-after"] === Time.httpDate(now - 10_000) && headers["retry-after-ms"] === undefined
  return isPast && got !== undefined && got > 0 ? `${shown} is past, and is read as ${got} ms.` : undefined
}

/** A plain number no larger than a day; what is beyond may be refused. */
const plain = (text: string | undefined, unit: number): number | undefined =>
  text !== undefined && /^\d{1,5}(?:\.\d{1,6})?$/.test(text) ? Number(text) * unit : undefined

const dates: { readonly [date: string]: number } = { "Fri, 01 Jan 2027 00:00:10 GMT": 10_000 }

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/** What the combinators are tried with. */
export const combined = Arbitrary.all({
  input: Arbitraries.retryInput(),
  times: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))),
  within: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 })))
})

/** What is wrong with combinators applied in both orders. */
export const combinatorViolation = <P>(
  kind: {
    readonly policy: P
    readonly never: P
    readonly maxRetries: (policy: P, times: number) => P
    readonly deadline: (policy: P, within: Duration.Duration) => P
    readonly decide: (policy: P, input: RetryDecision.Input) => RetryDecision.RetryDecision
  },
  { input, times, within }: {
    readonly input: RetryDecision.Input
    readonly times: number
    readonly within: number
  }
): string | undefined => {
  const limit = Duration.millis(within)
  const one = answer(kind.decide(kind.deadline(kind.maxRetries(kind.policy, times), limit), input))
  const other = answer(kind.decide(kind.maxRetries(kind.deadline(kind.policy, limit), times), input))
  if (one !== other) {
    return `${show(input)} with ${times} retries and then ${within} ms it answers ${one}, the other way round ${other}.`
  }
  return kind.decide(kind.never, input)._tag === "Wait"
    ? `${show(input)} the policy that never retries waits.`
    : undefined
}
