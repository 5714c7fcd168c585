/**
 * `batch`: many requests at half the price, answered within a day.
 *
 * What was submitted is never lost: the id is on standard error before the wait
 * begins, and every later step starts from it.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Flags from "../Flags.ts"
import { lazily } from "../internal/lazily.ts"

const id = Argument.String("id").pipe(Argument.withDescription("The id of the batch, msgbatch_…"))

const wait = Flag.Boolean("wait").pipe(
  Flag.withAlias("w"),
  Flag.withDescription("Wait until the batch has ended"),
  Flag.withoutNegation,
  Flag.withDefault(false)
)

const out = Flag.String("out").pipe(
  Flag.withAlias("o"),
  Flag.withDescription("Write the results to this file instead of standard output"),
  Flag.withMetavar("<file>"),
  Flag.optional
)

const submit = Command.make(
  "submit",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription(
        "One request a line: JSON with custom_id and params, the body of a request, or just the words of a prompt; - is standard input"
      )
    ),
    model: Flags.model,
    system: Flags.system,
    maxTokens: Flags.maxTokens,
    wait,
    out
  },
  lazily(() => import("../handlers/batch.ts").then(({ submit }) => submit))
).pipe(Command.withDescription("Submit the requests of a file as a batch"))

const status = Command.make(
  "status",
  { id, wait, json: Flags.json },
  lazily(() => import("../handlers/batch.ts").then(({ status }) => status))
).pipe(Command.withDescription("Show how far a batch has come"))

const results = Command.make(
  "results",
  { id, wait, out },
  lazily(() => import("../handlers/batch.ts").then(({ results }) => results))
).pipe(
  Command.withDescription(
    "Print the results of a batch that has ended, in no particular order: as JSON lines in a file or pipe, in short on a terminal"
  )
)

const list = Command.make("list", {
  limit: Flag.Int("limit").pipe(
    Flag.withAlias("n"),
    Flag.withDescription("How many to list (20)"),
    Flag.withDefault(20)
  ),
  json: Flags.json
}, lazily(() => import("../handlers/batch.ts").then(({ list }) => list))).pipe(
  Command.withDescription("List batches, newest first")
)

const cancel = Command.make("cancel", { id }, lazily(() => import("../handlers/batch.ts").then(({ cancel }) => cancel)))
  .pipe(Command.withDescription("Cancel a batch"))

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const batch = Command.make("batch").pipe(
  Command.withDescription("Batches: many requests at half the price, answered within a day"),
  Command.withSubcommands([submit, status, results, list, cancel]),
  Command.withExamples([
    { command: "effect-claude batch submit questions.txt --wait", description: "Ask one question a line, and wait" },
    { command: "effect-claude batch status msgbatch_…", description: "See how far it has come" },
    { command: "effect-claude batch results msgbatch_… --out answers.jsonl", description: "Get the answers" }
  ])
)
