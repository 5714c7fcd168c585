/**
 * The machines of the cluster example: processes on this one, which share a database and nothing else. It is PostgreSQL
 * where one answers at its local port (`PGUSER` and the like say how), and a file of SQLite otherwise. Both lease shards
 * to one process at a time; Effect's storage in memory would give all of them to everybody.
 *
 * Nothing of it is needed in a program of your own: `NodeClusterSocket.layer()` over `PgClient.layer()` is the cluster.
 */
import * as SessionStoreSql from "@effect-claude/session/SessionStoreSql"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import type * as Script from "@effect-claude/testing/Script"
import { NodeClusterSocket, NodeCrypto } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Config, Console, Context, Effect, Layer, Option, Queue, Random, Redacted, References } from "effect"
import { RunnerAddress, ShardingConfig, SqlMessageStorage, SqlRunnerStorage } from "effect/cluster"
import { SqlClient } from "effect/sql"
import { fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import * as Sqlite from "./Sqlite.ts"

/** Where the machines meet: a file of SQLite, or PostgreSQL, in tables of their own. */
interface Place {
  readonly file: string
  readonly prefix: string
}

const databaseIn = ({ file }: Place) => {
  if (file !== "") return Sqlite.layer({ filename: file })
  return PgClient.layer({
    host: "127.0.0.1",
    username: process.env["PGUSER"] ?? "root",
    password: process.env["PGPASSWORD"] === undefined ? undefined : Redacted.make(process.env["PGPASSWORD"]),
    database: process.env["PGDATABASE"] ?? "root"
  })
}

/** The cluster as it is seen from a machine that listens at a port, or from a client, which runs no sessions. */
const clusterIn = ({ prefix }: Place, port?: number) => {
  // A machine that falls silent is given up after seconds, to make a short show. The defaults wait for half a minute.
  const config = {
    runnerAddress: port === undefined ? Option.none() : Option.some(RunnerAddress.make("127.0.0.1", port)),
    shardsPerGroup: 8,
    shardLockExpiration: "3 seconds",
    shardLockRefreshInterval: "1 second",
    refreshAssignmentsInterval: "500 millis",
    entityMessagePollInterval: "1 second"
  } as const
  const storage = Layer.mergeAll(
    SqlRunnerStorage.layerWith({ prefix }),
    SqlMessageStorage.layerWith({ prefix })
  ).pipe(Layer.provide([ShardingConfig.layer(config), NodeCrypto.layerDigest]))
  const options = { storage: "byo", shardingConfig: config } as const
  const cluster = port === undefined
    ? NodeClusterSocket.layer({ ...options, clientOnly: true })
    : NodeClusterSocket.layer(options)
  return Layer.provideMerge(cluster, storage).pipe(Layer.provide(quiet))
}

/** That connections to a machine end when it is killed is no news here. */
const quiet = Layer.succeed(References.MinimumLogLevel, "Fatal")

// -----------------------------------------------------------------------------
// in the process of a machine
// -----------------------------------------------------------------------------

/** Whether this process is a machine. */
export const isMachine = process.argv[2] === "machine"

/** The cluster and the store, as this machine sees them. */
export const here = Layer.unwrap(Effect.gen(function*() {
  const [, , , port = "", prefix = "", file = ""] = process.argv
  process.on("disconnect", () => process.exit()) // never outlives who started it
  const place = { file, prefix }
  return Layer.mergeAll(
    clusterIn(place, Number(port)),
    SessionStoreSql.layer({ table: `${prefix}_sessions` })
  ).pipe(Layer.provideMerge(databaseIn(place)))
}))

/** Tells whoever started this machine that it asks Claude. */
export const asks: Effect.Effect<void> = Effect.sync(() => process.send?.("asks"))

// -----------------------------------------------------------------------------
// in the process that starts them
// -----------------------------------------------------------------------------

export interface Machine {
  readonly name: string
  /** Ends it as a power cut would, without a word to anybody. */
  readonly kill: Effect.Effect<void>
  /** Stops it in the middle of things, as a machine under too much load. */
  readonly freeze: Effect.Effect<void>
  /** Lets it go on, with whatever it takes for the truth. */
  readonly thaw: Effect.Effect<void>
}

export class Machines extends Context.Service<Machines, {
  readonly database: "PostgreSQL" | "SQLite"
  readonly start: (name: string) => Effect.Effect<Machine>
  /** The machines that asked Claude, each time they did. */
  readonly asking: Queue.Dequeue<Machine>
}>()("examples/support/Machines") {}

/** Machines that run a program, and the cluster as a client of it sees it. */
export const layer = (options: {
  readonly program: string
  readonly script: Script.Script
  readonly database?: "SQLite" | undefined
}) =>
  Layer.unwrap(Effect.gen(function*() {
    const prefix = `claude_${process.pid}_${yield* Random.nextIntBetween(0, 1_000_000)}`
    const postgres = { file: "", prefix }
    const place = options.database !== "SQLite" && (yield* hasPostgres)
      ? postgres
      : { file: `${yield* temporary}/cluster.db`, prefix }
    const database = place === postgres ? "PostgreSQL" : "SQLite"
    const machines = Effect.gen(function*() {
      const env = yield* environment(options.script)
      if (place === postgres) yield* Effect.addFinalizer(() => Effect.orDie(dropTables(prefix)))
      const asking = yield* Queue.unbounded<Machine>()
      const start = Effect.fnUntraced(function*(name: string) {
        const port = yield* freePort
        const child = fork(options.program, ["machine", String(port), prefix, place.file], { env, execArgv: [] })
        const ended = new Promise((resolve) => child.on("exit", resolve))
        const kill = Effect.promise(() => {
          child.kill("SIGKILL")
          return ended
        })
        const machine: Machine = {
          name,
          kill: Effect.asVoid(kill),
          freeze: Effect.sync(() => void child.kill("SIGSTOP")),
          thaw: Effect.sync(() => void child.kill("SIGCONT"))
        }
        child.on("message", () => Queue.offerUnsafe(asking, machine))
        return machine
      })
      const started = new Set<Machine>()
      yield* Effect.addFinalizer(() => Effect.forEach(started, ({ kill }) => kill))
      return Machines.of({
        database,
        start: (name) => Effect.tap(start(name), (machine) => Effect.sync(() => started.add(machine))),
        asking
      })
    })
    return Layer.provideMerge(Layer.effect(Machines, machines), clusterIn(place)).pipe(
      Layer.provideMerge(databaseIn(place))
    )
  }))

/** What the machines are told of Claude: the API's key where there is one, and otherwise a stand-in on this machine. */
const environment = Effect.fnUntraced(function*(script: Script.Script) {
  const key = yield* Config.option(Config.Redacted("ANTHROPIC_API_KEY"))
  if (Option.isSome(key)) return process.env
  yield* Console.error("(no ANTHROPIC_API_KEY: a scripted stand-in answers, on this machine)\n")
  const { url } = yield* ClaudeServer.make(script)
  return { ...process.env, ANTHROPIC_API_KEY: "sk-ant-offline", ANTHROPIC_BASE_URL: url }
})

/** Whether PostgreSQL answers on this machine. */
export const hasPostgres: Effect.Effect<boolean> = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT 1`).pipe(
  Effect.provide(databaseIn({ file: "", prefix: "" })),
  Effect.timeout("5 seconds"),
  Effect.isSuccess
)

const dropTables = Effect.fnUntraced(function*(prefix: string) {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ readonly tablename: string }>`
    SELECT tablename FROM pg_tables WHERE starts_with(tablename, ${prefix})
  `
  yield* Effect.forEach(tables, ({ tablename }) => sql`DROP TABLE ${sql(tablename)}`)
})

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(`${tmpdir()}/claude-cluster-`)),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})
