/**
 * The command line: every command, and how a line of arguments is run.
 *
 * Running never fails: it ends with the code the shell gets, and whatever went
 * wrong has been said on standard error.
 *
 * @since 0.1.0
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import { ask } from "./commands/ask.ts"
import { batch } from "./commands/batch.ts"
import { cert } from "./commands/cert.ts"
import { chat } from "./commands/chat.ts"
import { count } from "./commands/count.ts"
import { demo } from "./commands/demo.ts"
import { doctor } from "./commands/doctor.ts"
import { explain } from "./commands/explain.ts"
import { files } from "./commands/files.ts"
import { log } from "./commands/log.ts"
import { models } from "./commands/models.ts"
import { replay } from "./commands/replay.ts"
import * as Completions from "./Completions.ts"
import { ExitCode } from "./ExitCode.ts"
import * as Flags from "./Flags.ts"
import * as Help from "./Help.ts"
import * as Layout from "./Layout.ts"
import { Screen } from "./Screen.ts"
import * as TerminalText from "./TerminalText.ts"

// -----------------------------------------------------------------------------
// the tree
// -----------------------------------------------------------------------------

/**
 * The root of all commands.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("effect-claude").pipe(
  Command.withDescription(
    "The Claude API on the command line. Set ANTHROPIC_API_KEY, or say --offline to try everything with a scripted model inside."
  ),
  Command.withSubcommands([
    { group: "Talk", commands: [chat, ask] },
    { group: "Know", commands: [demo, explain, models, count] },
    { group: "Work in bulk", commands: [batch, files] },
    { group: "Look into it", commands: [doctor, log, replay, cert] }
  ]),
  Command.withGlobalFlags(Flags.global)
)

// -----------------------------------------------------------------------------
// running
// -----------------------------------------------------------------------------

/**
 * Runs a line of arguments, and returns the exit code.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: { readonly version: string }) {
  const screen = yield* Screen
  return yield* Command.runWith(command, options)(args).pipe(
    Effect.provideService(CliOutput.Presenter, presenter(screen)),
    // Logs would mix with the output, and --help replaces the wizard.
    Effect.provideService(CliConfig.CliConfig, {
      builtIns: [GlobalFlag.Help, GlobalFlag.Version, Completions.flag]
    }),
    Effect.as(ExitCode.ok),
    Effect.catchCause((cause) =>
      Effect.flatMap(Effect.promise(() => import("./Report.ts")), (report) => report.print(cause))
    )
  )
})

/** Help goes where it was asked to go; a mistake gets a sentence, not a screen. */
const presenter = ({ err, out, width }: Screen["Service"]): CliOutput.Presenter => ({
  present: (event) => {
    switch (event._tag) {
      case "Help":
        return Effect.flatMap(width, (columns) => out.line(Help.format(event.helpDoc, columns, out.style)))
      case "Version":
        return out.line(`${event.name} ${event.version}`)
      case "InvalidInvocation":
        return Effect.gen(function*() {
          const columns = yield* width
          for (const error of event.errors) {
            yield* err.line(Layout.paragraph(TerminalText.sanitize(error.message), columns, err.style.red("✗ ")))
          }
          yield* err.line(
            `  ${err.style.green("→")} ${err.style.cyan(`${event.commandPath.join(" ")} --help`)} shows what there is.`
          )
        })
    }
  }
})
