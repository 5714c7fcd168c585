/**
 * `count`: how many tokens a prompt has and what it costs to send, estimated
 * here or counted by the API.
 *
 * @since 0.1.0
 */
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
export const count = Command.make(
  "count",
  {
    ...Flags.question,
    estimate: Flag.Boolean("estimate").pipe(
      Flag.withAlias("e"),
      Flag.withDescription("Estimate here: no key, no network, and says how far off it may be"),
      Flag.withoutNegation,
      Flag.withDefault(false)
    ),
    json: Flags.json
  },
  lazily(() => import("../handlers/count.ts").then(({ count }) => count))
).pipe(
  Command.withDescription(
    "Count the tokens of a prompt, and what it costs to send. The API counts for free; --estimate needs no key"
  ),
  Command.withShortDescription("Count the tokens of a prompt, and what they cost"),
  Command.withExamples([
    { command: "effect-claude count \"Why is the sky blue?\"", description: "Let the API count" },
    { command: "effect-claude count --estimate < book.txt", description: "Estimate a file, without a key" },
    { command: "effect-claude count --pdf paper.pdf \"Summarize this\"", description: "Count a document" }
  ])
)
