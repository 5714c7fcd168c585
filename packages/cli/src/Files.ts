/**
 * Files a command is given: read and written with failures in plain words.
 *
 * @since 0.1.0
 */
import * as JsonText from "@effect-claude/core/JsonText"
import * as AtomicFile from "@effect-claude/http/AtomicFile"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { ExitCode } from "./ExitCode.ts"
import { Failure, usage } from "./Failure.ts"

/**
 * Reads a file.
 *
 * @category readers
 * @since 0.1.0
 */
export const bytes = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<Uint8Array, Failure, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.mapError(fs.readFile(path), (error) => unreadable(path, error))
})

/**
 * Reads a file of text.
 *
 * @category readers
 * @since 0.1.0
 */
export const text = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<string, Failure, FileSystem.FileSystem> {
  const content = yield* bytes(path)
  return new TextDecoder().decode(content)
})

/**
 * Reads a file of JSON.
 *
 * @category readers
 * @since 0.1.0
 */
export const json = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<unknown, Failure, FileSystem.FileSystem> {
  const content = yield* text(path)
  return yield* Effect.mapError(
    Effect.fromResult(JsonText.parse(content)),
    ({ message }) => usage(`${path} is not JSON: ${message}.`, "Mend the file.")
  )
})

/**
 * Writes a file in one step: what was there stays until the new content is complete. A
 * file that exists is kept, unless `replace` is set. Only this user can read the file,
 * unless a `mode` is given. A symbolic link under the name is not followed.
 *
 * @category writers
 * @since 0.1.0
 */
export const write = (
  path: string,
  content: string | Uint8Array,
  { mode, replace }: { readonly replace: boolean; readonly mode?: number | undefined }
): Effect.Effect<void, Failure, FileSystem.FileSystem | Path.Path> =>
  Effect.mapError(
    (replace ? AtomicFile.replace : AtomicFile.create)(path, content, { mode }),
    (error) =>
      error.reason._tag === "AlreadyExists"
        ? usage(`${path} exists.`, "Choose another name, or use --force to replace it.")
        : new Failure({
          message: `${path} could not be written: ${reason(error)}.`,
          remedy: "Check that the directory exists and may be written to.",
          exitCode: ExitCode.failed
        })
  )

const unreadable = (path: string, error: PlatformError): Failure =>
  usage(`${path} could not be read: ${reason(error)}.`, "Check the name, and that you may read it.")

const reason = (error: PlatformError): string => {
  switch (error.reason._tag) {
    case "NotFound":
      return "there is no such file"
    case "PermissionDenied":
      return "permission denied"
    case "BadResource":
      return "it is not a file"
    default:
      return error.reason.description ?? error.reason._tag
  }
}
