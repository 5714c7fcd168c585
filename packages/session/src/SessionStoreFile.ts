/**
 * Sessions as files: one directory for a session, one file for an entry.
 *
 * A file is written whole and synced under a name of its own, then linked to the
 * name of its position. Linking either makes the name or finds it taken, so an
 * entry is never seen half written, and of two processes at one position
 * exactly one succeeds. What was appended survives the loss of power, as far as
 * the file system keeps its word.
 *
 * The file system must know hard links, as all do that a server or a laptop
 * runs on.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as Random from "effect/Random"
import * as FileName from "./internal/fileName.ts"
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
  /** The directory that holds the sessions. It is made when it is not there. */
  readonly directory: string
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps sessions as files.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<SessionStore.SessionStore["Service"], never, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { directory } = options

  /** Makes what was written to a directory last. Where a directory cannot be synced, it need not be. */
  const syncDirectory = (at: string) =>
    Effect.scoped(Effect.flatMap(fs.open(at, { flag: "r" }), (file) => file.sync)).pipe(Effect.ignore)

  const withDirectory = (id: string) =>
    FileName.encode(id).pipe(
      Effect.mapError((problem): SessionStore.BackendError => ({ problem })),
      Effect.map((name) => path.join(directory, name))
    )

  /** The positions that are taken, in order. Other names are files that were never linked. */
  const positions = (at: string) =>
    fs.readDirectory(at).pipe(
      Effect.map((names) => names.filter((name) => isEntry.test(name)).toSorted()),
      Effect.catchIf(isMissing, () => Effect.succeed<Array<string>>([]))
    )

  /** Writes a file under a name that nobody else has, for as long as the scope lasts. */
  const writePart = Effect.fnUntraced(function*(at: string, text: string) {
    const own = `${at}.${yield* Random.nextInt}.part`
    const file = yield* fs.open(own, { flag: "wx", mode: 0o600 })
    yield* Effect.addFinalizer(() => Effect.ignore(fs.remove(own, { force: true })))
    yield* file.writeAll(new TextEncoder().encode(text))
    yield* file.sync
    return own
  }, Effect.retry({ while: isTaken, times: 8 }))

  return SessionStore.make({
    append: Effect.fnUntraced(
      function*(id, position, line) {
        const at = yield* withDirectory(id)
        if (position === 0) {
          yield* fs.makeDirectory(at, { recursive: true, mode: 0o700 })
          yield* syncDirectory(directory)
        }
        const before = position === 0 || (yield* fs.exists(path.join(at, nameOf(position - 1))))
        if (!before) return false
        const name = path.join(at, nameOf(position))
        const linked = yield* fs.link(yield* writePart(name, line), name).pipe(
          Effect.as(true),
          Effect.catchIf(isTaken, () => Effect.succeed(false))
        )
        yield* syncDirectory(at)
        return linked
      },
      Effect.scoped,
      Effect.mapError(problemOf)
    ),
    read: Effect.fnUntraced(
      function*(id, from) {
        const at = yield* withDirectory(id)
        const names = yield* positions(at)
        return yield* Effect.forEach(names.slice(from), (name) => fs.readFileString(path.join(at, name)))
      },
      Effect.mapError(problemOf)
    ),
    remove: (id) =>
      Effect.flatMap(withDirectory(id), (at) => fs.remove(at, { recursive: true, force: true })).pipe(
        Effect.mapError(problemOf)
      ),
    list: fs.readDirectory(directory).pipe(
      Effect.catchIf(isMissing, () => Effect.succeed<Array<string>>([])),
      Effect.map((names) => names.flatMap(FileName.decode)),
      Effect.mapError(problemOf)
    )
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

const isEntry = /^\d{8,}\.json$/

const isMissing = (error: PlatformError.PlatformError): boolean => error.reason._tag === "NotFound"

const isTaken = (error: PlatformError.PlatformError): boolean => error.reason._tag === "AlreadyExists"

const problemOf = (error: PlatformError.PlatformError | SessionStore.BackendError): SessionStore.BackendError =>
  "problem" in error ? error : { problem: error.message, cause: error }
