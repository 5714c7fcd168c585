/**
 * Completions for a shell: commands, their flags and the global ones, and the
 * values of both: files, models, scenes, names of errors.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Command from "effect/cli/Command"
import * as Shells from "effect/cli/Completions"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Console from "effect/Console"
import type * as Effect from "effect/Effect"
import * as Flags from "../Flags.ts"
import { scenes } from "./demo.ts"

/**
 * Prints the completions of a command for a shell.
 *
 * @category handlers
 * @since 0.1.0
 */
export const print = (shell: Shells.Shell, command: Command.Command.Any): Effect.Effect<void> =>
  Console.log(Shells.generate(command.name, shell, describe(Shells.fromCommand(command))))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Values = Extract<Shells.FlagType, { readonly _tag: "Choice" | "Path" }>

const choice = (values: ReadonlyArray<string>): Values => ({ _tag: "Choice", values })

const file: Values = { _tag: "Path", pathType: "file" }

/** The values of flags and arguments, by name. */
const valuesOf: { readonly [name: string]: Values | undefined } = {
  "ca": file,
  "file": file,
  "image": file,
  "load": file,
  "out": file,
  "path": { _tag: "Path", pathType: "either" },
  "pdf": file,
  "schema": file,
  "traffic-log": { _tag: "Path", pathType: "directory" },
  "model": choice(ModelCatalog.released.models.map(({ id }) => id)),
  "scene": choice(scenes.map(({ name }) => name)),
  "subject": choice([
    ...Object.keys(ErrorGuide.byStatus),
    ...Object.keys(ClaudeError.classes),
    ...Object.keys(ErrorGuide.byCode)
  ])
}

const globalFlags = Shells.fromCommand(Command.make("", {
  offline: Flags.Offline.flag,
  proxy: Flags.Proxy.flag,
  ca: Flags.Ca.flag,
  baseUrl: Flags.BaseUrl.flag,
  trafficLog: Flags.TrafficLog.flag,
  help: Flag.withoutNegation(GlobalFlag.Help.flag)
})).flags

const describe = (command: Shells.CommandDescriptor): Shells.CommandDescriptor => ({
  ...command,
  flags: [...command.flags, ...globalFlags].map((each) => ({ ...each, type: valuesOf[each.name] ?? each.type })),
  arguments: command.arguments.map((each) => ({ ...each, type: valuesOf[each.name] ?? each.type })),
  subcommands: command.subcommands.map(describe)
})
