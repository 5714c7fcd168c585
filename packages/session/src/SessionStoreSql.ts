/**
 * Sessions in a table, through Effect's `SqlClient`.
 *
 * Session and position are the primary key, so of two writers at one position
 * the database lets one through. The table is made when it is not there; the
 * statements are those PostgreSQL and SQLite share.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
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
   * The table.
   *
   * @default "effect_claude_sessions"
   */
  readonly table?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps sessions in a table, and the table.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<SessionStore.SessionStore["Service"], SqlError.SqlError, SqlClient.SqlClient> {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const table = sql(options?.table ?? "effect_claude_sessions")
  // Two processes that make the table at once can both find it missing.
  yield* sql`
    CREATE TABLE IF NOT EXISTS ${table} (
      session_id TEXT NOT NULL,
      seq INTEGER NOT NULL,
      entry TEXT NOT NULL,
      PRIMARY KEY (session_id, seq)
    )
  `.pipe(Effect.catchIf(isTaken, () => Effect.void), Effect.retry({ times: 1 }))

  return SessionStore.make({
    append: (id, position, line) =>
      sql<{ readonly seq: number }>`
        INSERT INTO ${table} (session_id, seq, entry)
        SELECT ${id}, CAST(${position} AS INTEGER), ${line}
        WHERE (SELECT COUNT(*) FROM ${table} WHERE session_id = ${id}) = CAST(${position} AS INTEGER)
        RETURNING seq
      `.pipe(
        Effect.map((rows) => rows.length === 1),
        Effect.catchIf(isTaken, () => Effect.succeed(false)),
        Effect.mapError(problemOf)
      ),
    read: (id, from) =>
      sql<{ readonly entry: string }>`
        SELECT entry FROM ${table}
        WHERE session_id = ${id} AND seq >= CAST(${from} AS INTEGER) ORDER BY seq
      `.pipe(
        Effect.map((rows) => rows.map(({ entry }) => entry)),
        Effect.mapError(problemOf)
      ),
    remove: (id) =>
      sql`DELETE FROM ${table} WHERE session_id = ${id}`.pipe(
        Effect.asVoid,
        Effect.mapError(problemOf)
      ),
    list: sql<{ readonly session_id: string }>`SELECT DISTINCT session_id FROM ${table}`.pipe(
      Effect.map((rows) => rows.map(({ session_id }) => session_id)),
      Effect.mapError(problemOf)
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

const isTaken = (error: SqlError.SqlError): boolean => error.reason._tag === "UniqueViolation"

// The driver's own words may quote the statement's values, so only the kind of failure is told.
const problemOf = (error: SqlError.SqlError): SessionStore.BackendError => ({
  problem: `the database failed with ${error.reason._tag}`,
  cause: error
})
