/**
 * The laws of schedules that retry calls, as functions that describe a violation.
 *
 * A schedule is stepped with failures and a clock of its own: nothing waits. Its
 * chance is seeded, so a violation can be replayed.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as Arbitrary from "effect/Arbitrary"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

/** A schedule whose input is the failure of a call. */
export type Retries = Schedule.Schedule<unknown, ClaudeError, unknown>

/** The limits a schedule is held to, in milliseconds. */
export interface Bounds {
  readonly maxRetries: number
  readonly cap: number
  readonly hintLimit: number
  readonly deadline: number
}

/** A failed attempt: how long it took, and how it failed. */
export interface Failed {
  readonly error: ClaudeError
  readonly took: number
}

/** One call: its failed attempts in order, and the seed of chance. */
export interface Call {
  readonly seed: number
  readonly failures: ReadonlyArray<Failed>
}

export type Name = "S1" | "S2" | "S3" | "S4" | "S5" | "S6" | "S7" | "S8" | "S9" | "S10"

/** A law: the calls it is tried with, and what is wrong with a schedule for one of them. */
export interface Law {
  readonly name: Name
  /** The most runs the law needs. Laws about many callers need few. */
  readonly runs: number
  readonly calls: Arbitrary.Arbitrary<Call>
  readonly violation: (schedule: Retries, bounds: Bounds, call: Call) => Effect.Effect<string | undefined>
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Seed = int(0, 1_000_000)

/** Hints in seconds, by index, so that a hint shrinks to the shortest that still breaks a law. */
const hints = [0, 1, 2, 5, 10, 29, 30, 31, 59, 60, 61, 100, 3600]

const Attempt = Schema.Struct({
  kind: Schema.Literals(["overloaded", "rateLimited", "final", "handedOut"]),
  hint: int(0, hints.length - 1),
  took: int(0, 5000)
})

const failed = (status: number, seconds: number, took: number, handedOut = false): Failed => {
  const error = ErrorResponse.toError({
    status,
    now: 0,
    headers: seconds === 0 ? {} : { "retry-after": String(seconds) },
    text: ""
  })
  return { took, error: handedOut ? error.with({ contentHandedOut: true }) : error }
}

const ofAttempt = ({ hint, kind, took }: typeof Attempt.Type): Failed => {
  switch (kind) {
    case "overloaded":
      return failed(529, 0, took)
    case "rateLimited":
      return failed(429, hints[hint] ?? 0, took)
    case "final":
      return failed(400, 0, took)
    case "handedOut":
      return failed(529, 0, took, true)
  }
}

const anyCalls: Arbitrary.Arbitrary<Call> = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({
    seed: Seed,
    failures: Schema.Array(Attempt).check(Schema.isMinLength(1), Schema.isMaxLength(8))
  })),
  ({ failures, seed }) => ({ seed, failures: failures.map(ofAttempt) })
)

/** An outage without hints, and one in which each response asks for a wait. */
const outages: Arbitrary.Arbitrary<Call> = Arbitrary.map(
  Arbitrary.schema(
    Schema.Struct({ seed: Seed, count: int(1, 40), hint: Schema.Literals([0, 30]), took: int(0, 5000) })
  ),
  ({ count, hint, seed, took }) => ({
    seed,
    failures: Array.from({ length: count }, () => failed(hint === 0 ? 529 : 429, hint, took))
  })
)

const outage = (seed: number): Call => ({ seed, failures: Array.from({ length: 8 }, () => failed(529, 0, 0)) })

/** Laws about chance compare many callers, so one input is all there is. */
const oneOutage: Arbitrary.Arbitrary<Call> = Arbitrary.map(Arbitrary.schema(Seed), outage)

// -----------------------------------------------------------------------------
// runs
// -----------------------------------------------------------------------------

/** What a schedule decided after a failure, at a time since the first failure. */
interface Decision {
  readonly n: number
  readonly at: number
  readonly error: ClaudeError
  /** The wait in milliseconds; undefined where the schedule stopped, and a text where it failed. */
  readonly delay: number | string | undefined
}

/** A clock on which every sleep is over at once, and has taken its time. */
const passing = (start: number): Clock.Clock => {
  let now = start
  const nanos = () => BigInt(Math.round(now * 1e6))
  return {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => Effect.sync(() => void (now += Duration.toMillis(duration)))
  }
}

/** Steps a schedule through the failures of a call, until it stops. */
const run = (schedule: Retries, { failures, seed }: Call): Effect.Effect<ReadonlyArray<Decision>> =>
  Effect.gen(function*() {
    const step = yield* Schedule.toStep(schedule)
    const out: Array<Decision> = []
    let at = 0
    for (const [i, { error, took }] of failures.entries()) {
      if (i > 0) at += took
      const time = passing(at)
      const delay = yield* Pull.matchEffect(Effect.provideService(step(at, error), Clock.Clock, time), {
        // A step may wait by itself before it returns what else is to be waited.
        onSuccess: ([, delay]) => Effect.succeed(time.currentTimeMillisUnsafe() - at + Duration.toMillis(delay)),
        onDone: () => Effect.undefined,
        onFailure: (cause) => Effect.succeed(String(cause))
      })
      out.push({ n: i + 1, at, error, delay })
      if (typeof delay !== "number") break
      at += delay
    }
    return out
  }).pipe(
    Effect.catchDefect((defect) => Effect.succeed([{ n: 1, at: 0, error: failures[0]!.error, delay: String(defect) }])),
    Random.withSeed(seed)
  )

type Wait = Decision & { readonly delay: number }

const isWait = (decision: Decision): decision is Wait => typeof decision.delay === "number"

const hintOf = ({ error }: Decision): number => error.retryAfter === undefined ? 0 : Duration.toMillis(error.retryAfter)

const each =
  (check: (wait: Wait, bounds: Bounds) => string | undefined): Law["violation"] => (schedule, bounds, call) =>
    Effect.map(run(schedule, call), (decisions) => {
      for (const decision of decisions) {
        const wrong = isWait(decision) ? check(decision, bounds) : undefined
        if (wrong !== undefined) return `${show(decision)} ${wrong}`
      }
      return undefined
    })

const show = ({ at, delay, error, n }: Decision): string => {
  const hint = error.retryAfter === undefined ? "" : ` with a hint of ${Duration.toMillis(error.retryAfter)} ms`
  return `After failure ${n} (${error._tag}${hint}), ${at} ms after the first, it waits ${delay} ms:`
}

/** What remains when a duration is kept to the nanosecond. */
const grain = 1e-3

const callers = 24

/** The delays of many callers in one outage, by number of the retry. */
const crowd = (schedule: Retries, seed: number): Effect.Effect<ReadonlyArray<ReadonlyArray<number>>> =>
  Effect.map(
    Effect.forEach(Array.from({ length: callers }), (_, i) => run(schedule, outage(seed + i))),
    (runs) => {
      const waits = runs.map((decisions) => decisions.filter(isWait).map(({ delay }) => delay))
      const longest = Math.max(...waits.map(({ length }) => length))
      return Array.from({ length: longest }, (_, i) => waits.flatMap((delays) => delays.slice(i, i + 1)))
    }
  )

// -----------------------------------------------------------------------------
// laws
// -----------------------------------------------------------------------------

/** The laws, those first whose violation explains those of others. */
export const laws: ReadonlyArray<Law> = [
  {
    name: "S9",
    runs: Infinity,
    calls: anyCalls,
    violation: (schedule, _, call) =>
      Effect.map(run(schedule, call), (decisions) => {
        const wrong = decisions.find(({ delay }) =>
          typeof delay === "string" || (delay !== undefined && !(delay >= 0 && Number.isFinite(delay)))
        )
        return wrong === undefined ? undefined : `${show(wrong)} that is no delay.`
      })
  },
  {
    name: "S7",
    runs: Infinity,
    calls: anyCalls,
    violation: each(({ error }) => {
      if (error.contentHandedOut === true) return "part of the response was handed out."
      return ErrorTable.isRetryable(error) ? undefined : "the error is not retryable."
    })
  },
  {
    name: "S4",
    runs: Infinity,
    calls: anyCalls,
    violation: each((wait, { hintLimit }) =>
      hintOf(wait) > hintLimit ? `the hint is above the limit of ${hintLimit} ms.` : undefined
    )
  },
  {
    name: "S3",
    runs: Infinity,
    calls: anyCalls,
    violation: each((wait) => wait.delay < hintOf(wait) - grain ? "that is shorter than the hint." : undefined)
  },
  {
    name: "S1",
    runs: Infinity,
    calls: outages,
    violation: each((wait, { cap }) =>
      hintOf(wait) === 0 && wait.delay > cap + grain ? `the cap is ${cap} ms.` : undefined
    )
  },
  {
    name: "S6",
    runs: Infinity,
    calls: outages,
    violation: each(({ n }, { maxRetries }) => n > maxRetries ? `only ${maxRetries} retries are allowed.` : undefined)
  },
  {
    name: "S5",
    runs: Infinity,
    calls: outages,
    violation: each(({ at, delay }, { deadline }) =>
      at + delay >= deadline
        ? `the retry starts ${at + delay} ms after the first failure, not before ${deadline}.`
        : undefined
    )
  },
  {
    name: "S10",
    runs: Infinity,
    calls: outages,
    violation: (schedule, _, call) =>
      Effect.map(Effect.all([run(schedule, call), run(schedule, call)]), ([first, second]) => {
        const delays = (decisions: ReadonlyArray<Decision>) =>
          JSON.stringify(decisions.map(({ delay }) => delay ?? null))
        return delays(first) === delays(second)
          ? undefined
          : `With the same failures and the same chance it waits ${delays(first)} ms, and the next time ${
            delays(second)
          } ms.`
      })
  },
  {
    name: "S2",
    runs: 5,
    calls: oneOutage,
    violation: (schedule, { cap }, { seed }) =>
      Effect.map(crowd(schedule, seed), (delays) => {
        const longest = delays.map((each) => Math.max(...each))
        const [first = 0, ...later] = longest
        return later.length === 0 || first >= cap - grain || later.some((delay) => delay > first + grain)
          ? undefined
          : `The longest waits of ${callers} callers in an outage are ${longest.join(", ")} ms.`
      })
  },
  {
    name: "S8",
    runs: 5,
    calls: oneOutage,
    violation: (schedule, _, { seed }) =>
      Effect.map(crowd(schedule, seed), ([first = []]) =>
        first.length < 2 || new Set(first).size > 1
          ? undefined
          : `In an outage all of ${callers} callers wait ${first[0]} ms.`)
  }
]
