/**
 * Effect's `SqlClient` over the SQLite of Node.
 *
 * One connection runs one statement after the other. Node runs it at once, on the
 * thread of the program, so no statement waits inside SQLite: where another process
 * holds the lock, the statement fails and is run again later, and a fiber that waits
 * can be interrupted.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

/** Opens a database, which is closed with the scope. What it commits survives the loss of power. */
export const make = (filename: string): Effect.Effect<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope> =>
  Effect.gen(function*() {
    const database = yield* Effect.acquireRelease(
      attempt(() => new DatabaseSync(filename, { timeout: 0 })),
      (database) => Effect.sync(() => database.close())
    )
    yield* whenFree(attempt(() => database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")))
    return yield* SqlClient.make({
      acquirer: Effect.succeed(connectionOf(database)),
      compiler: Statement.makeCompilerSqlite(),
      driver: "node:sqlite",
      spanAttributes: [["db.system.name", "sqlite"]]
    }).pipe(Effect.provide(Reactivity.layer))
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Rows = ReadonlyArray<Readonly<Record<string, unknown>>>

const connectionOf = (database: DatabaseSync): SqlConnection.Connection => {
  const run = (sql: string, params: ReadonlyArray<unknown>): Effect.Effect<Rows, SqlError.SqlError> =>
    params.every(isInput)
      ? whenFree(attempt(() => database.prepare(sql).all(...params)))
      : Effect.fail(failed(new TypeError("SQLite takes null, text, numbers, bigints and bytes")))
  const execute: SqlConnection.Connection["execute"] = (sql, params, transform) =>
    transform === undefined ? run(sql, params) : Effect.map(run(sql, params), transform)
  const values = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.map(run(sql, params), (rows) => rows.map((row) => Object.values(row)))
  return {
    execute,
    executeRaw: run,
    executeStream: (sql, params, transform) =>
      Stream.unwrap(Effect.map(execute(sql, params, transform), Stream.fromIterable)),
    executeValues: values,
    executeValuesUnprepared: values,
    executeUnprepared: execute
  }
}

const isInput = (value: unknown): value is SQLInputValue =>
  value === null || Predicate.isString(value) || Predicate.isNumber(value) || Predicate.isBigInt(value) ||
  value instanceof Uint8Array

const attempt = <A>(evaluate: () => A): Effect.Effect<A, SqlError.SqlError> =>
  Effect.try({
    try: evaluate,
    catch: failed
  })

const failed = (cause: unknown): SqlError.SqlError =>
  new SqlError.SqlError({
    // Effect looks for SQLite's own code under the name that other drivers give it.
    reason: SqlError.classifySqliteError(
      Predicate.hasProperty(cause, "errcode") ? { errno: cause.errcode, cause } : cause
    )
  })

/** Runs a statement again while another process writes. */
const whenFree = <A>(statement: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A, SqlError.SqlError> =>
  Effect.retry(statement, { while: ({ reason }) => reason._tag === "LockTimeoutError", schedule: again })

/** Up to half a minute in all: the limit that is set for a store. */
const again = Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("50 millis")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "30 seconds" })
)
