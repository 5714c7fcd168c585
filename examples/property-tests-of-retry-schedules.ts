// How do I test that my retry schedule backs off, obeys the server's hints and ends?
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as RetryLaws from "@effect-claude/testing/RetryLaws"
import { Console, Duration, Effect, Random, Schedule } from "effect"

const seconds = Duration.toSeconds
const hintOf = (error: ClaudeError) => error.retryAfter === undefined ? 0 : seconds(error.retryAfter)

// The schedule of many programs: exponential, jittered, five times. Which laws of retries does it break?
const usual = Schedule.exponential("1 second").pipe(
  Schedule.jittered,
  Schedule.upTo({ times: 5 }),
  Schedule.setInputType<ClaudeError>()
)

// Waits between zero and a ceiling that doubles up to 30 seconds, and never shorter than the server asks.
const careful = Schedule.exponential("1 second").pipe(
  Schedule.setInputType<ClaudeError>(),
  Schedule.modifyDelay(({ duration, input }) =>
    Effect.map(
      Random.next,
      (chance) => Duration.seconds(Math.max(hintOf(input), chance * Math.min(30, seconds(duration))))
    )
  ),
  // Stops at final errors, at long hints, after five retries, and where a retry would start after two minutes.
  Schedule.while(({ attempt, duration, elapsed, input }) =>
    ErrorTable.isRetryable(input) && hintOf(input) <= 60 && attempt <= 5 && elapsed / 1000 + seconds(duration) < 120
  )
)

/** Tries each law with generated failures. A violation is shrunk to the smallest call that shows it. */
const check = (name: string, schedule: Schedule.Schedule<unknown, ClaudeError>) =>
  RetryLaws.checkSchedule(schedule).pipe(
    Effect.matchEffect({
      onSuccess: () => Console.log(`${name}: keeps every law`),
      onFailure: ({ message }) => Console.log(`${name}: ${message}`)
    })
  )

// In a test: it.effect("backs off", () => RetryLaws.checkSchedule(careful))
Effect.runPromise(Effect.andThen(check("usual", usual), check("careful", careful)))
