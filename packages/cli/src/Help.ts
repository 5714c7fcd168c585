/**
 * Help on a command: what it does, what it takes, how it is used; fitted to the
 * screen.
 *
 * @since 0.1.0
 */
import type * as HelpDoc from "effect/cli/HelpDoc"
import * as Option from "effect/Option"
import * as ExitCode from "./ExitCode.ts"
import * as Layout from "./Layout.ts"
import type { Style } from "./Style.ts"

/**
 * Writes the help of a command. The root has the global flags and the exit codes.
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (doc: HelpDoc.HelpDoc, width: number, style: Style): string => {
  const isRoot = doc.commandPath === undefined || doc.commandPath.length === 1
  const [program = "effect-claude"] = doc.commandPath ?? []
  const section = (title: string, ...lines: ReadonlyArray<string>) => [style.bold(title), ...lines].join("\n")
  const rows = (pairs: ReadonlyArray<readonly [name: string, words: string]>, paint: (text: string) => string) =>
    Layout.pairs(pairs, width - 2, paint).split("\n").map((line) => line === "" ? "" : `  ${line}`).join("\n")
  const flags = (title: string, all: ReadonlyArray<HelpDoc.FlagDoc> | undefined) =>
    all === undefined || all.length === 0 ? [] : [section(title, rows(all.map(flagOf), style.green))]
  return [
    Layout.paragraph(sentence(doc.description), width),
    section("Usage", `  ${style.cyan(doc.usage)}`),
    ...(doc.args === undefined || doc.args.length === 0
      ? []
      : [section("Arguments", rows(doc.args.map(argumentOf), style.green))]),
    ...(doc.subcommands ?? []).map(({ commands, group }) =>
      section(
        group ?? "Commands",
        rows(
          commands.map(({ description, name, shortDescription }) => [
            name.padEnd(longest),
            shortDescription ?? description
          ]),
          style.cyan
        )
      )
    ),
    ...flags("Flags", doc.flags),
    ...(isRoot
      ? flags("Flags of every command", doc.globalFlags)
      : [Layout.paragraph(`\`${program} --help\` lists the flags of every command, such as --offline.`, width)]),
    ...(doc.examples === undefined || doc.examples.length === 0 ? [] : [
      section(
        "Examples",
        ...doc.examples.flatMap(({ command, description }) => [
          ...(description === undefined ? [] : [style.dim(Layout.paragraph(description, width, "  # "))]),
          `  ${style.cyan(command)}`
        ])
      )
    ]),
    ...(isRoot
      ? [section("Exit codes", rows(ExitCode.meanings.map(([code, meaning]) => [String(code), meaning]), style.green))]
      : [])
  ].join("\n\n")
}

/** So that the groups of commands are aligned with one another. */
const longest = "explain".length

const sentence = (text: string): string => /[.!?]$/.test(text) ? text : `${text}.`

const flagOf = ({ aliases, description, name, type }: HelpDoc.FlagDoc): readonly [name: string, words: string] => [
  `${[`--${name}`, ...aliases].join(", ")}${valueOf(type)}`,
  Option.getOrElse(description, () => "")
]

/** What a flag takes. All it may choose from would take the room of what it does. */
const valueOf = (type: string): string =>
  ({ boolean: "", integer: " <n>", number: " <n>", string: " <text>" })[type] ??
    (type.length > 20 ? " <name>" : ` ${type}`)

const argumentOf = (
  { description, name, required, variadic }: HelpDoc.ArgDoc
): readonly [name: string, words: string] => [
  `${name}${variadic ? "…" : ""}${required ? "" : " (optional)"}`,
  Option.getOrElse(description, () => "")
]
