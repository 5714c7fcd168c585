/**
 * A table of a store, under every isolation level of the database.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"

/** Creates a table unless it exists. A role that may not create tables can use one that exists. */
export const ensure = <E, R>(
  sql: SqlClient.SqlClient,
  table: Statement.Identifier,
  create: Effect.Effect<void, E, R>
): Effect.Effect<void, E, R> =>
  Effect.asVoid(sql`SELECT 1 FROM ${table} WHERE 1 = 0`).pipe(
    // Two processes that create the table at once can both find it missing.
    Effect.catch(() => Effect.retry(create, { times: 1 }))
  )

/**
 * Runs a statement, again if the database rolled it back because of others. Inside
 * a transaction of the caller, all of which was rolled back, it fails.
 */
export const run = <A>(
  sql: SqlClient.SqlClient,
  statement: Effect.Effect<A, SqlError.SqlError>
): Effect.Effect<A, SqlError.SqlError> =>
  Effect.flatMap(
    Effect.serviceOption(sql.transactionService),
    (transaction): Effect.Effect<A, SqlError.SqlError> =>
      Option.isSome(transaction) ? statement : Effect.retry(statement, { while: isRolledBack, schedule: again })
  )

const isRolledBack = ({ reason }: SqlError.SqlError): boolean =>
  reason._tag === "SerializationError" || reason._tag === "DeadlockError"

/** Up to half a minute in all: the limit that is set for a store. */
const again = Schedule.min([Schedule.exponential("5 millis"), Schedule.spaced("500 millis")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "30 seconds" })
)

/** The driver's message may quote the values of the statement, so only the kind of failure is given. */
export const problemOf = (cause: SqlError.SqlError) => ({
  problem: `the database failed with ${cause.reason._tag}`,
  cause
})
