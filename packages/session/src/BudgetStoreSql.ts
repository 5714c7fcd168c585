/**
 * Shared budgets in a table, through Effect's `SqlClient`: a row for each.
 *
 * The statements are those PostgreSQL and SQLite share. Works under every isolation
 * level: a statement that the database rolled back because of others is tried
 * again.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as BudgetStore from "./BudgetStore.ts"
import * as Door from "./internal/options.ts"
import * as SqlTable from "./internal/sqlTable.ts"

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
   * @default "effect_claude_budgets"
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
 * A role that uses the store needs `SELECT`, `INSERT` and `UPDATE`.
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
        budget TEXT NOT NULL PRIMARY KEY,
        state TEXT NOT NULL
      )
    `)
  })

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a store that keeps budgets in a table, and the table when it is missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options?: Options
): Effect.fn.Return<BudgetStore.BudgetStore["Service"], SqlError.SqlError, SqlClient.SqlClient> {
  yield* OptionCheck.orDie(options, Door.sql)
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const table = tableOf(sql, options)
  if (options?.createTable !== false) yield* SqlTable.ensure(sql, table, migration(options))
  const run = <A>(statement: Effect.Effect<ReadonlyArray<A>, SqlError.SqlError>) =>
    Effect.mapError(
      SqlTable.run(sql, statement),
      (error) => new BudgetStore.BudgetStoreError(SqlTable.problemOf(error))
    )
  return {
    get: (key) =>
      Effect.map(
        run(sql<{ readonly state: string }>`SELECT state FROM ${table} WHERE budget = ${key}`),
        (rows) => rows[0]?.state
      ),
    replace: (key, expected, next) =>
      Effect.map(
        run(
          expected === undefined
            ? sql`INSERT INTO ${table} (budget, state) VALUES (${key}, ${next}) ON CONFLICT DO NOTHING RETURNING budget`
            : sql`UPDATE ${table} SET state = ${next} WHERE budget = ${key} AND state = ${expected} RETURNING budget`
        ),
        (rows) => rows.length === 1
      )
  }
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps budgets in a table.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<BudgetStore.BudgetStore, SqlError.SqlError, SqlClient.SqlClient> =>
  Layer.effect(BudgetStore.BudgetStore, make(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const tableOf = (sql: SqlClient.SqlClient, options: Pick<Options, "table"> | undefined) =>
  sql(options?.table ?? "effect_claude_budgets")
