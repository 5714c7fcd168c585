/**
 * Effect's `SqlClient` over the SQLite that Node brings along, so that the cluster example finds a database that several
 * processes share on any machine. In a program of your own, take a driver of Effect's, such as `@effect/sql-pg`.
 */
import { Effect, Layer, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import * as Sqlite from "node:sqlite"

export const layer = (options: { readonly filename: string }): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(options.filename)).pipe(Layer.provide(Reactivity.layer))

const make = Effect.fnUntraced(function*(filename: string) {
  const database = yield* Effect.acquireRelease(
    // Whoever finds the file locked by another process waits for it.
    tried(() => new Sqlite.DatabaseSync(filename, { timeout: 10_000 })),
    (database) => Effect.sync(() => database.close())
  )
  yield* tried(() => database.exec("PRAGMA journal_mode = WAL"))

  const all = (sql: string, params: ReadonlyArray<unknown>) =>
    tried(() => database.prepare(sql).all(...params.map(toSqlite)))
  const values = (sql: string, params: ReadonlyArray<unknown>) =>
    tried(() => {
      const statement = database.prepare(sql)
      statement.setReturnArrays(true)
      return statement.all(...params.map(toSqlite)).map((row) => Object.values(row))
    })
  const connection: SqlConnection.Connection = {
    execute: all,
    executeRaw: all,
    executeUnprepared: all,
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: (sql, params) => Stream.fromIterableEffect(all(sql, params))
  }
  const { isTransaction: _, ...acquirers } = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connection),
    semaphore: yield* Semaphore.make(1)
  })
  return yield* SqlClient.make({
    ...acquirers,
    compiler: Statement.makeCompilerSqlite(),
    // A transaction that first reads and then writes would not wait for others, but fail.
    beginTransaction: "BEGIN IMMEDIATE",
    driver: "node:sqlite",
    spanAttributes: []
  })
})

const tried = <A>(run: () => A): Effect.Effect<A, SqlError.SqlError> =>
  Effect.try({
    try: run,
    catch: (cause) => new SqlError.SqlError({ reason: SqlError.classifySqliteError(cause) })
  })

const toSqlite = (value: unknown): Sqlite.SQLInputValue => {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return value
    case "boolean":
      return value ? 1 : 0
    default:
      return value instanceof Uint8Array ? value : value instanceof Date ? value.toISOString() : null
  }
}
