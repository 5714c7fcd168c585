/**
 * Servers for the laws of stores: a Redis that is started for these tests, and a
 * database that is created for them in the PostgreSQL of this machine. Nothing
 * else that a server holds is touched.
 */
import { NodeRedis } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { afterAll, describe } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { SqlClient } from "effect/sql"
import { spawn } from "node:child_process"
import { connect, createServer } from "node:net"

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => typeof address === "object" && address !== null ? resolve(address.port) : reject())
    })
  })

/** Whether something listens at a port of this machine. */
const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: 1000 })
    const done = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket.on("connect", () => done(true)).on("error", () => done(false)).on("timeout", () => done(false))
  })

const startRedis = async (): Promise<number | undefined> => {
  const port = await freePort()
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", ""], {
    stdio: "ignore"
  })
  const state = { ended: false }
  server.on("error", () => (state.ended = true)).on("exit", () => (state.ended = true))
  afterAll(() => void server.kill())
  for (let attempt = 0; attempt < 300 && !state.ended; attempt++) {
    if (await listens(port)) return port
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return undefined
}

const pgOptions = (database: string, isolation: string | undefined) =>
  PgClient.layer({
    host: "127.0.0.1",
    port: Number(process.env["PGPORT"] ?? 5432),
    username: process.env["PGUSER"] ?? "root",
    password: process.env["PGPASSWORD"] === undefined ? undefined : Redacted.make(process.env["PGPASSWORD"]),
    database,
    maxConnections: 10,
    startupParameters: isolation === undefined ? {} : { default_transaction_isolation: isolation }
  })

const maintain = (statement: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>) =>
  Effect.runPromise(
    Effect.result(
      Effect.flatMap(SqlClient.SqlClient, statement).pipe(
        Effect.provide(pgOptions(process.env["PGDATABASE"] ?? "root", undefined))
      )
    )
  )

const createDatabase = async (): Promise<string | undefined> => {
  const name = `effect_claude_test_${process.pid}_${await freePort()}`
  const created = await maintain((sql) => sql`CREATE DATABASE ${sql(name)}`)
  if (Result.isFailure(created)) return undefined
  afterAll(() => maintain((sql) => sql`DROP DATABASE ${sql(name)} WITH (FORCE)`))
  return name
}

/** Runs tests against a Redis of their own, or says loudly that they were not run. */
export const withRedis = async (tests: (layer: ReturnType<typeof NodeRedis.layer>, port: number) => void) => {
  const port = await startRedis()
  if (port === undefined) warnOf("Redis", "redis-server does not start")
  describe.skipIf(port === undefined)("on a Redis server", () => {
    const own = port ?? 0
    tests(NodeRedis.layer({ socket: { host: "127.0.0.1", port: own } }), own)
  })
}

/** Runs tests against a database of their own, or says loudly that they were not run. */
export const withPostgres = async (
  tests: (layerOf: (isolation?: "serializable") => Layer.Layer<SqlClient.SqlClient>) => void
) => {
  const database = await createDatabase()
  if (database === undefined) warnOf("PostgreSQL", "no server lets a database be created")
  describe.skipIf(database === undefined)(
    "on a PostgreSQL server",
    () => tests((isolation) => Layer.orDie(pgOptions(database ?? "", isolation)))
  )
}

const warnOf = (server: string, reason: string) =>
  console.warn(`NOT RUN: the laws of stores against ${server}: ${reason}.`)
