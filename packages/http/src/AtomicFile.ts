/**
 * Files that are there whole or not at all.
 *
 * The content is written and synced under a temporary name, then moved to its
 * own name in one step, and the directory is synced. So a crash, or a full disk,
 * never leaves half a file under its name, and what a write returned from
 * survives the loss of power, as far as the file system keeps its word.
 *
 * The temporary file lies in a directory of its own, which only this user can
 * enter, and whose random name the operating system chooses. It is created
 * exclusively, so no other process can plant a link under its name, and it is removed
 * however the write ends. Only a process that is killed leaves one behind, which
 * `removeStale` removes.
 *
 * Works on any platform with Effect's `FileSystem`, and needs hard links for
 * `create`.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import type * as Scope from "effect/Scope"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of a write.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The permissions of the file.
   *
   * @default 0o600, so that only this user can read it
   */
  readonly mode?: number | undefined
  /**
   * The directory for temporary files. It must be on the file system of the file.
   *
   * @default the directory of the file
   */
  readonly temporary?: string | undefined
}

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/**
 * Creates a file. Fails with the reason `AlreadyExists` when the name is taken: of
 * two writers exactly one succeeds.
 *
 * @category writing
 * @since 0.1.0
 */
export const create = (
  path: string,
  content: string | Uint8Array,
  options?: Options
): Effect.Effect<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  publish(path, content, options, (fs, from) => fs.link(from, path))

/**
 * Writes a file, in place of the one that is there. A symbolic link under the name
 * is replaced, not followed.
 *
 * @category writing
 * @since 0.1.0
 */
export const replace = (
  path: string,
  content: string | Uint8Array,
  options?: Options
): Effect.Effect<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> =>
  publish(path, content, options, (fs, from) => fs.rename(from, path))

const publish = Effect.fnUntraced(function*(
  path: string,
  content: string | Uint8Array,
  options: Options | undefined,
  move: (fs: FileSystem.FileSystem, from: string) => Effect.Effect<void, PlatformError.PlatformError>
): Effect.fn.Return<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const { basename, dirname, join } = yield* Path.Path
  const own = yield* fs.makeTempDirectoryScoped({ directory: options?.temporary ?? dirname(path), prefix })
  const from = join(own, basename(path))
  // "x" refuses links on every platform, and `noFollow` is not supported on Windows.
  const file = yield* fs.open(from, { flag: "wx", mode: options?.mode ?? 0o600 })
  yield* file.writeAll(typeof content === "string" ? new TextEncoder().encode(content) : content)
  yield* file.sync
  yield* move(fs, from)
  yield* syncDirectory(dirname(path))
}, Effect.scoped)

/**
 * Adds to the end of a file in one write, and creates the file when it is missing. So
 * the lines of several processes do not mix. Fails at a symbolic link, except on
 * Windows, where links cannot be refused.
 *
 * @category writing
 * @since 0.1.0
 */
export const append = Effect.fnUntraced(function*(
  path: string,
  content: string,
  options?: Pick<Options, "mode">
): Effect.fn.Return<void, PlatformError.PlatformError, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const mode = options?.mode ?? 0o600
  const file = yield* Effect.catch(
    fs.open(path, { flag: "a", mode, noFollow: true }),
    (error) => error.reason._tag === "BadArgument" ? fs.open(path, { flag: "a", mode }) : Effect.fail(error)
  )
  yield* file.writeAll(new TextEncoder().encode(content))
}, Effect.scoped)

/** What the names of temporary directories begin with. */
const prefix = ".writing-"

// -----------------------------------------------------------------------------
// directories
// -----------------------------------------------------------------------------

/**
 * Makes a directory that only this user can enter, and those above it that are
 * missing. A directory that is there already is closed to others.
 *
 * @category directories
 * @since 0.1.0
 */
export const makeDirectory = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  yield* fs.makeDirectory(path, { recursive: true, mode: 0o700 })
  const { mode } = yield* fs.stat(path)
  if ((mode & 0o077) !== 0) yield* fs.chmod(path, 0o700)
  yield* syncDirectory(dirname(path))
})

/**
 * Makes lasting which names a directory holds. Does nothing where directories
 * cannot be synced, as on Windows.
 *
 * @category directories
 * @since 0.1.0
 */
export const syncDirectory = (path: string): Effect.Effect<void, never, FileSystem.FileSystem> =>
  FileSystem.FileSystem.pipe(
    Effect.flatMap((fs) => fs.open(path, { flag: "r" })),
    Effect.flatMap((directory) => directory.sync),
    Effect.scoped,
    Effect.ignore
  )

/**
 * Removes what killed processes left of their writes: temporary directories in
 * `directory` that are older than `age`.
 *
 * @category directories
 * @since 0.1.0
 */
export const removeStale = Effect.fnUntraced(function*(
  directory: string,
  age: Duration.Input = "1 hour"
): Effect.fn.Return<void, never, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const oldest = (yield* Clock.currentTimeMillis) - Duration.toMillis(age)
  const names = yield* Effect.orElseSucceed(fs.readDirectory(directory), (): ReadonlyArray<string> => [])
  yield* Effect.forEach(
    names.filter((name) => name.startsWith(prefix)),
    (name) =>
      Effect.flatMap(
        fs.lstat(join(directory, name)),
        ({ mtime, type }) =>
          type === "Directory" && Option.exists(mtime, (date) => date.getTime() < oldest)
            ? fs.remove(join(directory, name), { recursive: true, force: true })
            : Effect.void
      ).pipe(Effect.ignore),
    { discard: true }
  )
})
