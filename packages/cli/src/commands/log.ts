/**
 * `log`: what a traffic log says: the latest calls, what they add up to, what
 * was slow and what failed.
 *
 * A line that is no entry is counted and passed over.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Flags from "../Flags.ts"
import { lazily } from "../internal/lazily.ts"

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const log = Command.make(
  "log",
  {
    path: Argument.String("path").pipe(
      Argument.withDescription("Files of JSON lines, or directories with such files"),
      Argument.atLeast(1)
    ),
    last: Flag.Int("last").pipe(
      Flag.withAlias("n"),
      Flag.withDescription("How many of the latest calls to list (20)"),
      Flag.withDefault(20)
    ),
    model: Flag.String("model").pipe(
      Flag.withAlias("m"),
      Flag.withDescription("Only calls of this model"),
      Flag.optional
    ),
    errors: Flag.Boolean("errors").pipe(
      Flag.withDescription("Only calls that failed"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    ),
    since: Flag.String("since").pipe(
      Flag.withDescription("Only calls from this day or time on, such as 2026-11-20 or 2026-11-20T10:00Z"),
      Flag.withMetavar("<time>"),
      Flag.optional
    ),
    json: Flags.json
  },
  lazily(() => import("../handlers/log.ts").then(({ log }) => log))
).pipe(
  Command.withDescription(
    "Read a traffic log, as --traffic-log and TrafficLog.layerFiles write it: the latest calls, totals and cost by model, what was slow, and what failed"
  ),
  Command.withShortDescription("Read a traffic log: totals, cost, slow calls, errors"),
  Command.withExamples([
    { command: "effect-claude ask hello --traffic-log traffic", description: "Keep a log" },
    { command: "effect-claude log traffic", description: "Read it" },
    { command: "effect-claude log traffic --errors --since 2026-11-20", description: "What failed lately" }
  ])
)
