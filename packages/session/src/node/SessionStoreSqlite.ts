/**
 * Sessions in one SQLite file, for programs on one machine. Needs Node 22.13 or
 * newer, and no package.
 *
 * It is `SessionStoreSql` over the SQLite of Node, so it keeps the same laws: of two
 * processes that append at one position exactly one succeeds, and what was appended
 * survives the loss of power. The file can be read by its owner only.
 *
 * **When to use**
 *
 * With many sessions on one machine. `SessionStoreFile` keeps each entry as a file
 * that people can read; `SessionStoreSql` over PostgreSQL serves several machines.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as PlatformError from "effect/PlatformError"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type * as SessionStore from "../SessionStore.ts"
import * as SessionStoreSql from "../SessionStoreSql.ts"
import * as SqliteClient from "./internal/sqliteClient.ts"

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
  /** The file. It is created when it is missing; its directory must exist. */
  readonly filename: string
  /**
   * The table.
   *
   * @default "effect_claude_sessions"
   */
  readonly table?: string | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps sessions in a SQLite file. Fails when the file cannot be created
 * or is not a database.
 *
 * **Example** (Keeping sessions in a file)
 *
 * ```ts no-run
 * import * as SessionStoreSqlite from "@effect-claude/session/node/SessionStoreSqlite"
 * import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
 * import * as Layer from "effect/Layer"
 *
 * const StoreLive = SessionStoreSqlite.layer({ filename: "sessions.db" }).pipe(
 *   Layer.provide(NodeFileSystem.layer)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  { filename, table }: Options
): Layer.Layer<
  SessionStore.SessionStore,
  PlatformError.PlatformError | SqlError.SqlError,
  FileSystem.FileSystem
> =>
  SessionStoreSql.layer({ table }).pipe(
    Layer.provide(
      Layer.effect(SqlClient.SqlClient, Effect.andThen(createFile(filename), SqliteClient.make(filename)))
    )
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Creates the file, readable by its owner. SQLite gives its other files the mode of this one. */
const createFile = (filename: string): Effect.Effect<void, PlatformError.PlatformError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.writeFileString(filename, "", { flag: "a", mode: 0o600 }))
