/**
 * `files`: files that requests refer to by id.
 *
 * @since 0.1.0
 */
import * as ApiFiles from "@effect-claude/http/Files"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Stream from "effect/Stream"
import { typeOf } from "../Attachment.ts"
import * as Connected from "../Connected.ts"
import { ExitCode } from "../ExitCode.ts"
import { Failure, usage } from "../Failure.ts"
import * as Files from "../Files.ts"
import * as Layout from "../Layout.ts"
import * as Progress from "../Progress.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"
import * as TerminalText from "../TerminalText.ts"

/**
 * What `files list` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ListInput {
  readonly limit: number
  readonly json: boolean
}

/**
 * Runs `files list`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const list = (input: ListInput) =>
  Connected.connected(Effect.gen(function*() {
    const { out, tableWidth } = yield* Screen
    const files = yield* Stream.runCollect(Stream.take(ApiFiles.list(), input.limit))
    if (input.json) return yield* out.line(JSON.stringify(files, null, 2))
    if (files.length === 0) return yield* out.line("No files.")
    yield* out.line(Layout.table(
      [
        { title: "id", paint: out.style.bold },
        { title: "size", align: "right" },
        { title: "type" },
        { title: "created", paint: out.style.dim },
        { title: "name" }
      ],
      files.map((file) => [
        file.id,
        Render.bytes(file.size_bytes),
        TerminalText.sanitize(file.mime_type),
        file.created_at.slice(0, 16).replace("T", " "),
        TerminalText.sanitize(file.filename)
      ]),
      yield* tableWidth,
      out.style
    ))
  }))

/**
 * What `files upload` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface UploadInput {
  readonly path: ReadonlyArray<string>
}

/**
 * Runs `files upload`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const upload = (input: UploadInput) =>
  Connected.connected(Effect.gen(function*() {
    const { err, out } = yield* Screen
    const { basename } = yield* Path.Path
    const screen = yield* Effect.context<Screen>()
    for (const path of input.path) {
      const bytes = yield* Files.bytes(path)
      const name = basename(path)
      const file = yield* ApiFiles.upload(bytes, {
        filename: name,
        mediaType: typeOf(bytes) ?? (isText(bytes) ? "text/plain" : "application/octet-stream"),
        onProgress: (sent) =>
          Effect.provideContext(Progress.bar(Math.min(sent, bytes.length), bytes.length, name), screen)
      }).pipe(Effect.ensuring(err.isTerminal ? err.overwrite("") : Effect.void))
      yield* out.line(out.isTerminal ? `${file.id}  ${Render.bytes(file.size_bytes)}  ${name}` : file.id)
    }
    yield* err.note("Use it by its id: effect-claude ask --image file_… or --pdf file_…")
  }))

/** Whether bytes are UTF-8 text. */
const isText = (bytes: Uint8Array): boolean =>
  !bytes.slice(0, 4096).includes(0) && !new TextDecoder().decode(bytes).includes("\ufffd")

/**
 * What `files get` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface GetInput {
  readonly id: string
  readonly json: boolean
}

/**
 * Runs `files get`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const get = (input: GetInput) =>
  Connected.connected(Effect.gen(function*() {
    const { out, width } = yield* Screen
    const file = yield* ApiFiles.get(input.id)
    if (input.json) return yield* out.line(JSON.stringify(file, null, 2))
    const rows: ReadonlyArray<readonly [string, string]> = [
      ["file", file.id],
      ["name", TerminalText.sanitize(file.filename)],
      ["type", TerminalText.sanitize(file.mime_type)],
      ["size", Render.bytes(file.size_bytes)],
      ["created", file.created_at],
      ["download", file.downloadable === true ? "yes" : "no: only what the model's tools wrote can be downloaded"]
    ]
    yield* out.line(Layout.pairs(rows, yield* width, out.style.dim))
  }))

/**
 * What `files download` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface DownloadInput {
  readonly id: string
  readonly out: Option.Option<string>
  readonly force: boolean
}

/**
 * Runs `files download`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const download = (input: DownloadInput) =>
  Connected.connected(Effect.gen(function*() {
    const { out } = yield* Screen
    const { basename } = yield* Path.Path
    const file = yield* ApiFiles.get(input.id)
    // A name from elsewhere must not lead out of this directory.
    const name = basename(file.filename.replaceAll("\\", "/"))
    const path = Option.getOrElse(input.out, () => name)
    if (path === "" || path === "." || path === "..") {
      return yield* usage(
        `The file's name, ${JSON.stringify(file.filename)}, cannot be used here.`,
        "Give one with --out."
      )
    }
    const chunks = yield* Stream.runCollect(ApiFiles.download(file))
    yield* Files.write(path, concat(chunks), { replace: input.force })
    yield* out.line(`${path}  ${Render.bytes(file.size_bytes)}`)
  }))

const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const out = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

/**
 * What `files remove` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoveInput {
  readonly id: ReadonlyArray<string>
}

/**
 * Runs `files remove`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const remove = (input: RemoveInput) =>
  Connected.connected(Effect.gen(function*() {
    const { out } = yield* Screen
    for (const id of input.id) {
      const deleted = yield* ApiFiles.delete(id)
      if (deleted.id !== id) {
        return yield* new Failure({
          message: `Asked to delete ${id}, the API answered for ${deleted.id}.`,
          remedy: "List the files to see what is left.",
          exitCode: ExitCode.failed
        })
      }
      yield* out.line(`${id} deleted`)
    }
  }))
