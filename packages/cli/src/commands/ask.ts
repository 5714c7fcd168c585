/**
 * `ask`: one question, one answer: from the arguments or standard input to
 * standard output.
 *
 * Standard output holds the answer and nothing else, so it can be piped on. What
 * the answer cost, and why it is not complete, is said on standard error.
 *
 * @since 0.1.0
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Flags from "../Flags.ts"
import { lazily } from "../internal/lazily.ts"

const config = {
  ...Flags.question,
  maxTokens: Flags.maxTokens,
  temperature: Flag.Finite("temperature").pipe(
    Flag.withAlias("t"),
    Flag.withDescription("How freely to answer, from 0 to 1; newer models refuse it"),
    Flag.optional
  ),
  thinking: Flags.thinking,
  schema: Flag.String("schema").pipe(
    Flag.withDescription("Answer in JSON that matches the JSON Schema of this file"),
    Flag.withMetavar("<file>"),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("Print the whole message as JSON, as the API sent it"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("Print the request as JSON and send nothing"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  ),
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withAlias("q"),
    Flag.withDescription("Do not say what the answer cost"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  )
}

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const ask = Command.make(
  "ask",
  config,
  lazily(() => import("../handlers/ask.ts").then(({ ask }) => ask))
).pipe(
  Command.withDescription(
    "Ask one question. The answer goes to standard output as it is written, everything else to standard error; the exit code is 7 when the answer is cut or refused"
  ),
  Command.withShortDescription("Ask one question"),
  Command.withExamples([
    { command: "effect-claude ask \"Why is the sky blue?\"", description: "Ask from the arguments" },
    { command: "git diff | effect-claude ask \"Review this change\"", description: "Add what comes on standard input" },
    { command: "effect-claude ask --image plot.png \"What is odd here?\"", description: "Show it an image" },
    {
      command: "effect-claude ask --schema invoice.json --pdf invoice.pdf \"Read it\"",
      description: "Get JSON that fits a schema"
    },
    { command: "effect-claude ask --dry-run hello", description: "See the request, and send nothing" }
  ])
)
