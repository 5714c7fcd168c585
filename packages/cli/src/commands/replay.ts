/**
 * `replay`: shows recorded traffic as it went: what was asked, the answer as it
 * was written, what it used, and what an SDK makes of it.
 *
 * Nothing is sent.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { lazily } from "../internal/lazily.ts"

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const replay = Command.make(
  "replay",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription("A cassette, an exchange with request and response, or the body of a response")
    ),
    events: Flag.Boolean("events").pipe(
      Flag.withAlias("e"),
      Flag.withDescription("Show each event of a stream instead of the text"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    ),
    pace: Flag.Int("pace").pipe(
      Flag.withDescription("Milliseconds between events; on a terminal 15 unless said otherwise"),
      Flag.optional
    )
  },
  lazily(() => import("../handlers/replay.ts").then(({ replay }) => replay))
).pipe(
  Command.withDescription(
    "Show recorded traffic again: the request in short, the answer as it was written, what it used, and the error a program would have seen. Nothing is sent. The exit code is that of the first exchange that failed"
  ),
  Command.withShortDescription("Show recorded traffic again, as it went"),
  Command.withExamples([
    { command: "effect-claude replay test/cassettes/weather.json", description: "A cassette" },
    { command: "effect-claude replay stream.sse --events", description: "A stream that was saved, event by event" }
  ])
)
