/**
 * Sessions as files: one directory for a session, one file for an entry.
 *
 * An entry is written and synced under a temporary name, then linked to the name
 * of its position. Linking either creates the name or finds it taken, so an entry
 * is never seen half written, and of two processes at one position exactly one
 * succeeds. What was appended survives the loss of power, as far as the file
 * system keeps its word. Files can be read by their owner only.
 *
 * The file system must support hard links, as those of servers and laptops do.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as AtomicFile from "@effect-claude/http/AtomicFile"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as FileName from "./internal/fileName.ts"
import * as Door from "./internal/options.ts"
import * as SessionStore from "./SessionStore.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The directory that holds the sessions. It is created when it is missing. */
  readonly directory: string
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps sessions as files. Removes what processes that were
 * killed more than an hour ago left half written.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<SessionStore.SessionStore["Service"], never, FileSystem.FileSystem | Path.Path> {
  yield* OptionCheck.orDie(options, Door.file)
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  const { directory } = options
  // Names of sessions have no dot.
  const temporary = path.join(directory, ".temporary")
  yield* AtomicFile.removeStale(temporary)

  const directoryOf = (id: string) => path.join(directory, ...FileName.encode(id))
  const fileOf = (id: string, position: number) => path.join(directoryOf(id), nameOf(position))

  /** Fails when another user could have chosen where the session is written. */
  const refuseLink = (at: string): Effect.Effect<void, PlatformError.PlatformError | SessionStore.BackendError> =>
    Effect.flatMap(fs.lstat(at), ({ type }) =>
      type === "SymbolicLink"
        ? Effect.fail({ problem: `the directory of the session is a symbolic link. Remove ${at}` })
        : Effect.void)

  const ids = (outer: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>, PlatformError.PlatformError> =>
    fs.readDirectory(path.join(directory, ...outer)).pipe(
      Effect.catchIf(isMissing, () => Effect.succeed<Array<string>>([])),
      Effect.flatMap(
        Effect.forEach((name) =>
          FileName.isOuter(name) ? ids([...outer, name]) : Effect.succeed(FileName.decode([...outer, name]))
        )
      ),
      Effect.map((found) => found.flat())
    )

  /** Reads entries until a position is empty: positions have no gap. */
  const read = Effect.fnUntraced(function*(id: string, from: number) {
    const lines: Array<string> = []
    while (true) {
      const line: string | undefined = yield* fs.readFileString(fileOf(id, from + lines.length)).pipe(
        Effect.catchIf(isMissing, () => Effect.undefined)
      )
      if (line === undefined) return lines
      lines.push(line)
    }
  })

  const remove = (id: string) => fs.remove(directoryOf(id), { recursive: true, force: true })

  return SessionStore.make({
    append: Effect.fnUntraced(
      function*(id, position, line) {
        const at = directoryOf(id)
        if (position === 0) {
          yield* AtomicFile.makeDirectory(temporary)
          yield* AtomicFile.makeDirectory(at)
          yield* refuseLink(at)
        } else if (!(yield* fs.exists(fileOf(id, position - 1)))) return false
        return yield* AtomicFile.create(fileOf(id, position), line, { temporary }).pipe(
          Effect.as(true),
          Effect.catchIf(isTaken, () => Effect.succeed(false))
        )
      },
      Effect.provideContext(services),
      Effect.mapError(problemOf)
    ),
    read: (id, from) => Effect.mapError(read(id, from), problemOf),
    truncate: Effect.fnUntraced(
      function*(id, length) {
        if (length === 0) return yield* remove(id)
        // From the end, so that a crash leaves no gap.
        const { length: count } = yield* read(id, length)
        for (let position = length + count - 1; position >= length; position--) yield* fs.remove(fileOf(id, position))
        yield* AtomicFile.syncDirectory(directoryOf(id))
      },
      Effect.provideContext(services),
      Effect.mapError(problemOf)
    ),
    remove: (id) => Effect.mapError(remove(id), problemOf),
    list: Effect.mapError(ids([]), problemOf)
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps sessions as files.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<SessionStore.SessionStore, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(SessionStore.SessionStore, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const nameOf = (position: number): string => `${String(position).padStart(8, "0")}.json`

const isMissing = (error: PlatformError.PlatformError): boolean => error.reason._tag === "NotFound"

const isTaken = (error: PlatformError.PlatformError): boolean => error.reason._tag === "AlreadyExists"

const problemOf = (error: PlatformError.PlatformError | SessionStore.BackendError): SessionStore.BackendError =>
  "problem" in error ? error : { problem: error.message, cause: error }
