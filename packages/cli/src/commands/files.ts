/**
 * `files`: files that requests refer to by id.
 *
 * @since 0.1.0
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Flags from "../Flags.ts"
import { lazily } from "../internal/lazily.ts"

const id = Argument.String("id").pipe(Argument.withDescription("The id of the file, file_…"))

const list = Command.make("list", {
  limit: Flag.Int("limit").pipe(
    Flag.withAlias("n"),
    Flag.withDescription("How many to list (50)"),
    Flag.withDefault(50)
  ),
  json: Flags.json
}, lazily(() => import("../handlers/files.ts").then(({ list }) => list))).pipe(
  Command.withDescription("List files, newest first")
)

const upload = Command.make("upload", {
  path: Argument.String("path").pipe(Argument.withDescription("The files to upload"), Argument.atLeast(1))
}, lazily(() => import("../handlers/files.ts").then(({ upload }) => upload))).pipe(
  Command.withDescription("Upload files; prints their ids")
)

const get = Command.make(
  "get",
  { id, json: Flags.json },
  lazily(() => import("../handlers/files.ts").then(({ get }) => get))
).pipe(Command.withDescription("Show what is known of a file"))

const download = Command.make("download", {
  id,
  out: Flag.String("out").pipe(
    Flag.withAlias("o"),
    Flag.withDescription("Where to write it: under its own name unless said otherwise"),
    Flag.withMetavar("<file>"),
    Flag.optional
  ),
  force: Flag.Boolean("force").pipe(
    Flag.withAlias("f"),
    Flag.withDescription("Replace the file if it exists"),
    Flag.withoutNegation,
    Flag.withDefault(false)
  )
}, lazily(() => import("../handlers/files.ts").then(({ download }) => download))).pipe(
  Command.withDescription("Download a file that the model's tools wrote")
)

const remove = Command.make("delete", {
  id: Argument.String("id").pipe(Argument.withDescription("The ids of the files"), Argument.atLeast(1))
}, lazily(() => import("../handlers/files.ts").then(({ remove }) => remove))).pipe(
  Command.withDescription("Delete files")
)

/**
 * The command.
 *
 * @category commands
 * @since 0.1.0
 */
export const files = Command.make("files").pipe(
  Command.withDescription("Files: upload once, refer to them by id"),
  Command.withSubcommands([list, upload, get, download, remove]),
  Command.withExamples([
    { command: "effect-claude files upload paper.pdf", description: "Upload a file; prints its id" },
    { command: "effect-claude ask --pdf file_… \"Summarize this\"", description: "Refer to it" }
  ])
)
