import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as RetryLaws from "@effect-claude/testing/RetryLaws"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"

type Retries = Schedule.Schedule<unknown, ClaudeError, unknown>

const seconds = Duration.toSeconds

const hintOf = (error: ClaudeError): number => error.retryAfter === undefined ? 0 : seconds(error.retryAfter)

const isWorthRetrying = (error: ClaudeError): boolean => ErrorTable.isRetryable(error) && hintOf(error) <= 60

const exponential = Schedule.exponential("1 second").pipe(Schedule.setInputType<ClaudeError>())

/** Draws a wait between zero and the delay of a schedule, which is at most 30 seconds. */
const fullJitter = <O>(self: Schedule.Schedule<O, ClaudeError>) =>
  Schedule.modifyDelay(
    self,
    ({ duration }) => Effect.map(Random.next, (chance) => Duration.seconds(chance * Math.min(30, seconds(duration))))
  )

/** Waits at least as long as the server asks. */
const hintFloor = <O>(self: Schedule.Schedule<O, ClaudeError>) =>
  Schedule.modifyDelay(
    self,
    ({ duration, input }) => Effect.succeed(Duration.seconds(Math.max(hintOf(input), seconds(duration))))
  )

/** Stops at errors that are final, at long hints, at the sixth failure, and before a retry would start too late. */
const guarded = <O>(self: Schedule.Schedule<O, ClaudeError>) =>
  Schedule.while(
    self,
    ({ attempt, duration, elapsed, input }) =>
      isWorthRetrying(input) && attempt <= 5 && elapsed / 1000 + seconds(duration) < 120
  )

const lawful = exponential.pipe(fullJitter, hintFloor, guarded)

/** Well-known mistakes, and the law that each breaks. */
const gallery: ReadonlyArray<readonly [what: string, schedule: Retries, law: RetryLaws.Name]> = [
  ["a fixed delay", Schedule.spaced("1 second").pipe(Schedule.setInputType<ClaudeError>(), hintFloor, guarded), "S2"],
  [
    "no delay at all",
    Schedule.recurs(5).pipe(Schedule.setInputType<ClaudeError>(), hintFloor, guarded),
    "S2"
  ],
  ["no cap", Schedule.exponential("10 seconds").pipe(Schedule.setInputType<ClaudeError>(), hintFloor, guarded), "S1"],
  [
    "jitter after the cap",
    exponential.pipe(
      Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.seconds(Math.min(30, 16 * seconds(duration))))),
      Schedule.jittered,
      hintFloor,
      guarded
    ),
    "S1"
  ],
  ["no jitter", exponential.pipe(hintFloor, guarded), "S8"],
  ["the hint ignored", exponential.pipe(fullJitter, guarded), "S3"],
  ["jitter that undercuts the hint", exponential.pipe(hintFloor, Schedule.jittered, guarded), "S3"],
  [
    "any hint obeyed",
    exponential.pipe(
      fullJitter,
      hintFloor,
      Schedule.while(({ attempt, input }) => ErrorTable.isRetryable(input) && attempt <= 5)
    ),
    "S4"
  ],
  [
    "no deadline",
    exponential.pipe(
      fullJitter,
      hintFloor,
      Schedule.while(({ attempt, input }) => isWorthRetrying(input) && attempt <= 5)
    ),
    "S5"
  ],
  [
    "a deadline that leaves out the wait",
    exponential.pipe(
      fullJitter,
      hintFloor,
      Schedule.while(({ attempt, elapsed, input }) => isWorthRetrying(input) && attempt <= 5 && elapsed < 120_000)
    ),
    "S5"
  ],
  [
    "no limit of retries",
    exponential.pipe(
      fullJitter,
      hintFloor,
      Schedule.while(({ duration, elapsed, input }) =>
        isWorthRetrying(input) && elapsed / 1000 + seconds(duration) < 120
      )
    ),
    "S6"
  ],
  [
    "every error retried",
    exponential.pipe(fullJitter, hintFloor, Schedule.while(({ attempt }) => attempt <= 5)),
    "S7"
  ],
  [
    "a stream retried after content",
    exponential.pipe(
      fullJitter,
      hintFloor,
      Schedule.while(({ attempt, duration, elapsed, input }) =>
        ErrorTable.isRetryable({ ...input, contentHandedOut: false, _tag: input._tag }) && hintOf(input) <= 60 &&
        attempt <= 5 && elapsed / 1000 + seconds(duration) < 120
      )
    ),
    "S7"
  ],
  [
    "a wait that never ends",
    Schedule.spaced(Duration.infinity).pipe(
      Schedule.setInputType<ClaudeError>(),
      Schedule.while(({ input }) => isWorthRetrying(input))
    ),
    "S9"
  ],
  [
    "a schedule that fails",
    Schedule.modifyDelay(lawful, () => Effect.fail("no")),
    "S9"
  ]
]

describe("RetryLaws", () => {
  describe("checkSchedule", () => {
    it.effect("accepts a schedule that keeps every law", () => RetryLaws.checkSchedule(lawful))

    it.effect("accepts a schedule that never retries", () =>
      RetryLaws.checkSchedule(Schedule.recurs(0).pipe(Schedule.setInputType<ClaudeError>())))

    for (const [what, schedule, law] of gallery) {
      it.effect(`finds ${what}`, () =>
        Effect.gen(function*() {
          const broken = yield* Effect.flip(RetryLaws.checkSchedule(schedule))

          assert.strictEqual(broken.law, law, broken.message)
          assert.strictEqual(broken.statement, RetryLaws.statements[law])
          assert.isNotEmpty(broken.violation)
        }))
    }

    it.effect("finds a schedule that remembers other calls", () =>
      Effect.gen(function*() {
        let calls = 0
        const remembering = Schedule.modifyDelay(lawful, ({ duration }) =>
          Effect.sync(() => Duration.sum(duration, Duration.millis(++calls / 1000))))
        const broken = yield* Effect.flip(RetryLaws.checkSchedule(remembering, { cap: "40 seconds" }))

        assert.strictEqual(broken.law, "S10", broken.message)
      }))

    it.effect("shrinks to one failure where one is enough", () =>
      Effect.gen(function*() {
        const broken = yield* Effect.flip(RetryLaws.checkSchedule(exponential.pipe(fullJitter, guarded)))

        assert.match(
          broken.violation,
          /^After failure 1 \(RateLimitError with a hint of \d+ ms\), 0 ms after the first/
        )
      }))

    it.effect("takes other limits", () =>
      Effect.gen(function*() {
        const limits: ReadonlyArray<RetryLaws.ScheduleOptions> = [{ maxRetries: 4 }, { cap: "5 seconds" }, {
          hintLimit: "10 seconds"
        }, { deadline: "60 seconds" }]
        const laws = yield* Effect.forEach(limits, (options) =>
          Effect.map(Effect.flip(RetryLaws.checkSchedule(lawful, options)), ({ law }) => law))

        assert.deepStrictEqual(laws, ["S6", "S1", "S4", "S5"])
      }))
  })
})
