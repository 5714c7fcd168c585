/**
 * Sessions in a table, through Effect's `SqlClient`.
 *
 * Session and position are the primary key, so of two writers at one position
 * the database lets one through. An append looks at the entry before it and at
 * nothing else, so its cost does not depend on the length of the session. The
 * statements are those PostgreSQL and SQLite share.
 *
 * Works under every isolation level: a statement that the database rolled back
 * because of others (a serialization failure, a deadlock) is tried again. Inside a
 * transaction of the caller it fails instead, since all of that was rolled back.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as Door from "./internal/options.ts"
import * as SqlTable from "./internal/sqlTable.ts"
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
  /**
   * The table. A name with a dot is that of a schema and a table in it.
   *
   * @default "effect_claude_sessions"
   */
  readonly table?: string | undefined
  /**
   * Whether the table is created when it is missing. Without that, create it with
   * `migration`.
   *
   * @default true
   */
  readonly createTable?: boolean | undefined
}

// -----------------------------------------------------------------------------
// migrations
// -----------------------------------------------------------------------------

/**
 * Creates the table unless it exists, in the form that Effect's `Migrator` takes.
 *
 * **When to use**
 *
 * Use it where the role that uses the store may not create tables. That role needs
 * `SELECT`, `INSERT` and `DELETE`.
 *
 * **Example** (Creating the table with the others of a program)
 *
 * ```ts no-run
 * import * as SessionStoreSql from "@effect-claude/session/SessionStoreSql"
 * import * as PgMigrator from "@effect/sql-pg/PgMigrator"
 *
 * const migrate = PgMigrator.run({
 *   loader: PgMigrator.fromRecord({ "0001_sessions": SessionStoreSql.migration() })
 * })
 * ```
 *
 * @category migrations
 * @since 0.1.0
 */
export const migration = (
  options?: Pick<Options, "table">
): Effect.Effect<void, SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.flatMap(SqlClient.SqlClient, (client) => {
    const sql = client.withoutTransforms()
    return Effect.asVoid(sql`
      CREATE TABLE IF NOT EXISTS ${tableOf(sql, options)} (
        session_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        entry TEXT NOT NULL,
        PRIMARY KEY (session_id, seq)
      )
    `)
  })

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps sessions in a table, and the table when it is
 * missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<SessionStore.SessionStore["Service"], SqlError.SqlError, SqlClient.SqlClient> {
  yield* OptionCheck.orDie(options, Door.sql)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const table = tableOf(sql, options)
  if (options?.createTable !== false) yield* SqlTable.ensure(sql, table, migration(options))
  const run = <A>(statement: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A, SessionStore.BackendError> =>
    Effect.mapError(SqlTable.run(sql, statement), SqlTable.problemOf)

  return SessionStore.make({
    append: (id, position, line) =>
      run(
        sql<{ readonly seq: number }>`
          INSERT INTO ${table} (session_id, seq, entry)
          SELECT ${id}, CAST(${position} AS INTEGER), ${line}
          WHERE CAST(${position} AS INTEGER) = 0 OR EXISTS (
            SELECT 1 FROM ${table} WHERE session_id = ${id} AND seq = CAST(${position - 1} AS INTEGER)
          )
          ON CONFLICT DO NOTHING
          RETURNING seq
        `
      ).pipe(Effect.map((rows) => rows.length === 1)),
    read: (id, from) =>
      run(
        sql<{ readonly entry: string }>`
          SELECT entry FROM ${table}
          WHERE session_id = ${id} AND seq >= CAST(${from} AS INTEGER) ORDER BY seq
        `
      ).pipe(Effect.map((rows) => rows.map(({ entry }) => entry))),
    truncate: (id, length) =>
      Effect.asVoid(run(sql`DELETE FROM ${table} WHERE session_id = ${id} AND seq >= CAST(${length} AS INTEGER)`)),
    remove: (id) => Effect.asVoid(run(sql`DELETE FROM ${table} WHERE session_id = ${id}`)),
    list: run(sql<{ readonly session_id: string }>`SELECT session_id FROM ${table} WHERE seq = 0`).pipe(
      Effect.map((rows) => rows.map(({ session_id }) => session_id))
    )
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps sessions in a table.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<SessionStore.SessionStore, SqlError.SqlError, SqlClient.SqlClient> =>
  Layer.effect(SessionStore.SessionStore, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const tableOf = (sql: SqlClient.SqlClient, options: Pick<Options, "table"> | undefined) =>
  sql(options?.table ?? "effect_claude_sessions")
