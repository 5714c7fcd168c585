import * as Content from "@effect-claude/core/Content"
import * as Cost from "@effect-claude/core/Cost"
import * as Usage from "@effect-claude/core/Usage"
import type * as HistoryEntry from "@effect-claude/session/HistoryEntry"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as SessionStoreKeyValue from "@effect-claude/session/SessionStoreKeyValue"
import * as SessionStoreRedis from "@effect-claude/session/SessionStoreRedis"
import * as SessionStoreSql from "@effect-claude/session/SessionStoreSql"
import { NodeFileSystem, NodePath, NodeRedis } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, FileSystem, Layer, Redacted, type Scope, Stream } from "effect"
import { KeyValueStore, Redis } from "effect/persistence"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, Statement } from "effect/sql"
import { connect } from "node:net"
import { inspect } from "node:util"

type Store = SessionStore.SessionStore["Service"]

/** Two instances over the same contents, which are gone when the scope is. */
type Stores = Effect.Effect<readonly [one: Store, other: Store], unknown, Scope.Scope>

/** Whether something answers at a port of this machine. */
const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: 1000 })
    const done = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket.on("connect", () => done(true)).on("error", () => done(false)).on("timeout", () => done(false))
  })

const servers = { PostgreSQL: await answers(5432), Redis: await answers(6379) }

/** Runs the laws against a server on this machine, or says loudly that they were not run. */
const where = (server: keyof typeof servers, tests: (name: string) => void) => {
  const up = servers[server]
  if (!up) console.warn(`NOT RUN: the laws of stores against ${server}, since none answers on its local port.`)
  describe.skipIf(!up)(up ? "on a server" : `skipped: no ${server} answers on this machine`, () => tests(server))
}

const laws = (name: string, stores: Stores, options?: { readonly singleWriter?: boolean; readonly many?: number }) => {
  const withStore = <E>(use: (store: Store, other: Store) => Effect.Effect<void, E>) =>
    Effect.scoped(Effect.flatMap(stores, ([store, other]) => use(store, other)))

  describe(name, () => {
    it.effect("has nothing of a session nobody wrote to", () =>
      withStore((store) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* store.read("none"), [])
          assert.deepStrictEqual(yield* store.list, [])
          yield* store.remove("none")
        })
      ))

    it.effect("takes any text for an id, and refuses half of a character", () =>
      withStore((store) =>
        Effect.gen(function*() {
          const ids = ["a/b\nc", "..", "%2e", "A", "a", "\u{1f600}", "é", "e\u0301"]
          for (const id of ids) yield* store.append(id, 0, said(id))

          for (const id of ids) assert.deepStrictEqual((yield* store.read(id)).map(textOf), [id])
          assert.deepStrictEqual((yield* store.list).toSorted(), ids.toSorted())
          const half = "a\ud83d"
          const refused = [
            yield* Effect.flip(store.append(half, 0, said("x"))),
            yield* Effect.flip(store.read(half)),
            yield* Effect.flip(store.remove(half))
          ].map(({ _tag }) => _tag)
          assert.deepStrictEqual(refused, ["SessionStoreError", "SessionStoreError", "SessionStoreError"])
        })
      ))

    it.effect("reads what was appended, in order, from anywhere on", () =>
      withStore((store) =>
        Effect.gen(function*() {
          for (let n = 0; n < 12; n++) yield* store.append("a", n, said(`turn ${n}`))
          const all = yield* store.read("a")

          assert.deepStrictEqual(all.map(textOf), Array.from({ length: 12 }, (_, n) => `turn ${n}`))
          assert.deepStrictEqual((yield* store.read("a", 10)).map(textOf), ["turn 10", "turn 11"])
          assert.deepStrictEqual(yield* store.read("a", 12), [])
          assert.deepStrictEqual(yield* store.read("a", 99), [])
        })
      ))

    it.effect("refuses an entry at any other position, and writes nothing", () =>
      withStore((store) =>
        Effect.gen(function*() {
          const first = yield* Effect.flip(store.append("a", 1, said("early")))
          yield* store.append("a", 0, said("one"))
          const again = yield* Effect.flip(store.append("a", 0, said("again")))
          const gap = yield* Effect.flip(store.append("a", 2, said("gap")))

          assert.deepStrictEqual([first, again, gap].map(({ _tag }) => _tag), [
            "SessionConflictError",
            "SessionConflictError",
            "SessionConflictError"
          ])
          assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["one"])
        })
      ))

    it.effect("lets exactly one of many writers have a position", () =>
      withStore((store, other) =>
        Effect.gen(function*() {
          for (let round = 0; round < 5; round++) {
            const exits = yield* Effect.forEach(
              Array.from({ length: 8 }, (_, n) => n),
              (n) =>
                Effect.exit(
                  (n % 2 === 0 || options?.singleWriter ? store : other).append("a", round, said(`${round}/${n}`))
                ),
              { concurrency: "unbounded" }
            )

            assert.lengthOf(exits.filter(Exit.isSuccess), 1)
            assert.isTrue(exits.every((exit) => Exit.isSuccess(exit) || isConflict(exit.cause)))
          }
          assert.lengthOf(yield* store.read("a"), 5)
        })
      ))

    it.effect("shows one instance what another wrote", () =>
      withStore((store, other) =>
        Effect.gen(function*() {
          yield* store.append("a", 0, said("one"))
          yield* other.append("a", 1, said("two"))

          assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["one", "two"])
          assert.deepStrictEqual(yield* other.list, ["a"])
        })
      ))

    it.effect("lists all sessions, however many there are", () =>
      withStore((store) =>
        Effect.gen(function*() {
          const ids = Array.from({ length: options?.many ?? 300 }, (_, n) => `s${n}`)
          yield* Effect.forEach(ids, (id) => store.append(id, 0, said("one")), { concurrency: 8 })

          assert.deepStrictEqual((yield* store.list).toSorted(), ids.toSorted())
        })
      ), 30_000)

    it.effect("forgets a session that was removed, and no other", () =>
      withStore((store) =>
        Effect.gen(function*() {
          yield* store.append("a", 0, said("one"))
          yield* store.append("b", 0, said("two"))
          yield* store.remove("a")

          assert.deepStrictEqual(yield* store.read("a"), [])
          assert.deepStrictEqual(yield* store.list, ["b"])
          yield* store.append("a", 0, said("new"))
          assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["new"])
        })
      ))

    it.effect("keeps sessions apart whatever their ids", () =>
      withStore((store) =>
        Effect.gen(function*() {
          const ids = [
            "a",
            "A",
            "a/b",
            "a%2fb",
            "..",
            ".",
            "a b",
            "a*",
            "a?",
            "[a]",
            "~41",
            "é",
            "日本",
            "a:0",
            "a\nb",
            "'; --"
          ]
          yield* Effect.forEach(ids, (id) => store.append(id, 0, said(id)))

          for (const id of ids) assert.deepStrictEqual((yield* store.read(id)).map(textOf), [id])
          assert.deepStrictEqual([...yield* store.list].toSorted(), ids.toSorted())
        })
      ))

    it.effect("keeps every kind of entry as it was", () =>
      withStore((store) =>
        Effect.gen(function*() {
          const entries: ReadonlyArray<SessionStore.Entry> = [
            { type: "started", history: { version: 1, entries: [] } },
            said("\u0000 \\u0000 \ud83d\ude00 \ud83d \" ' \n\u2028 日本 é".repeat(2000)),
            {
              type: "changed",
              size: 0,
              entries: [],
              usage: { ...Usage.empty, output: 8 },
              spent: { ...Usage.empty, input: 7 },
              cost: Cost.empty
            },
            { type: "undone" },
            {
              type: "configured",
              parameters: { model: "claude-tomorrow", max_tokens: 3, system: "Be kind." },
              removed: ["tools"]
            }
          ]
          yield* Effect.forEach(entries, (entry, n) => store.append("a", n, entry))

          assert.deepStrictEqual(yield* store.read("a"), entries)
        })
      ))
  })
}

describe("SessionStore", () => {
  const twice = <E, R>(layer: Layer.Layer<SessionStore.SessionStore, E, R>) =>
    Effect.map(
      Effect.all([Layer.build(layer), Layer.build(Layer.fresh(layer))]),
      ([one, other]) =>
        [Context.get(one, SessionStore.SessionStore), Context.get(other, SessionStore.SessionStore)] as const
    )

  const once = <E, R>(layer: Layer.Layer<SessionStore.SessionStore, E, R>) =>
    Effect.map(Layer.build(Layer.fresh(layer)), (context) => {
      const store = Context.get(context, SessionStore.SessionStore)
      return [store, store] as const
    })

  laws("layerMemory", once(SessionStore.layerMemory))

  laws(
    "SessionStoreFile",
    Effect.flatMap(
      Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()),
      (directory) => twice(SessionStoreFile.layer({ directory: `${directory}/sessions` }))
    ).pipe(Effect.provide([NodeFileSystem.layer, NodePath.layer]))
  )

  laws(
    "SessionStoreKeyValue",
    once(SessionStoreKeyValue.layer().pipe(Layer.provide(KeyValueStore.layerMemory))),
    { singleWriter: true }
  )

  where("PostgreSQL", (name) => {
    const sql = PgClient.layer({
      host: "127.0.0.1",
      port: 5432,
      username: process.env["PGUSER"] ?? "root",
      password: process.env["PGPASSWORD"] === undefined ? undefined : Redacted.make(process.env["PGPASSWORD"]),
      database: process.env["PGDATABASE"] ?? "root"
    })
    let tables = 0
    const table = Effect.acquireRelease(
      Effect.sync(() => `effect_claude_test_${process.pid}_${tables++}`),
      (table) => Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.orDie(sql`DROP TABLE IF EXISTS ${sql(table)}`))
    )
    laws(
      name,
      Effect.flatMap(
        Layer.build(sql),
        (context) =>
          Effect.provideContext(Effect.flatMap(table, (table) => twice(SessionStoreSql.layer({ table }))), context)
      )
    )
  })

  where("Redis", (name) => {
    let prefixes = 0
    const prefix = Effect.acquireRelease(
      Effect.sync(() => `effect-claude:test:${process.pid}:${prefixes++}:`),
      (prefix) =>
        Effect.gen(function*() {
          const store = yield* SessionStoreRedis.make({ prefix })
          yield* Effect.forEach(yield* store.list, store.remove)
        }).pipe(Effect.orDie)
    )
    laws(
      name,
      Effect.flatMap(
        Layer.build(NodeRedis.layer({ socket: { host: "127.0.0.1", port: 6379 } })),
        (context) =>
          Effect.provideContext(Effect.flatMap(prefix, (prefix) => twice(SessionStoreRedis.layer({ prefix }))), context)
      ),
      // More keys than one look at them brings.
      { many: 1500 }
    )
  })

  describe("make", () => {
    const over = (lines: ReadonlyArray<string>) =>
      SessionStore.make({
        append: () => Effect.fail({ problem: "the disk is full", cause: new Error("ENOSPC") }),
        read: (_, from) => Effect.succeed(lines.slice(from)),
        remove: () => Effect.void,
        list: Effect.succeed([])
      })

    it.effect("says what failed, for which session, and why", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(over([]).append("a", 0, said("secret")))

        assert.strictEqual(error._tag, "SessionStoreError")
        assert.strictEqual(error.message, "Could not append session \"a\": the disk is full")
      }))

    it.effect("says which entry it cannot read, and quotes nothing of it", () =>
      Effect.gen(function*() {
        const store = over([JSON.stringify({ version: 1, entry: { type: "undone" } }), "{\"secret\":"])
        const error = yield* Effect.flip(store.read("a"))

        assert.strictEqual(error.message, "Could not read session \"a\": entry 1 is not an entry of a journal")
        assert.deepStrictEqual(yield* store.read("a", 0).pipe(Effect.ignore), undefined)
        assert.notInclude(inspect(error, { depth: 9 }), "secret")
      }))

    it.effect("says that a later version wrote an entry", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(over([JSON.stringify({ version: 2, something: "else" })]).read("a"))

        assert.include(error.message, "entry 0 was written in version 2 of the format; this library reads up to 1")
      }))

    it.effect("writes the version with each entry", () =>
      Effect.gen(function*() {
        let written = ""
        const store = SessionStore.make({
          append: (_, __, line) => Effect.sync(() => (written = line) !== ""),
          read: () => Effect.succeed([]),
          remove: () => Effect.void,
          list: Effect.succeed([])
        })
        yield* store.append("a", 0, { type: "undone" })

        assert.deepStrictEqual(JSON.parse(written), { version: 1, entry: { type: "undone" } })
      }))
  })
})

describe("SessionStoreFile", () => {
  const inDirectory = <E>(
    use: (store: Store, directory: string, fs: FileSystem.FileSystem) => Effect.Effect<void, E>
  ) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      yield* use(yield* SessionStoreFile.make({ directory }), directory, fs)
    }).pipe(Effect.scoped, Effect.provide([NodeFileSystem.layer, NodePath.layer]))

  it.effect("leaves no file but the entries", () =>
    inDirectory((store, directory, fs) =>
      Effect.gen(function*() {
        yield* store.append("a", 0, said("one"))
        yield* Effect.ignore(store.append("a", 0, said("again")))
        yield* store.append("a", 1, said("two"))

        assert.deepStrictEqual((yield* fs.readDirectory(`${directory}/a`)).toSorted(), [
          "00000000.json",
          "00000001.json"
        ])
      })
    ))

  it.effect("passes over what a crash left half written", () =>
    inDirectory((store, directory, fs) =>
      Effect.gen(function*() {
        yield* store.append("a", 0, said("one"))
        yield* fs.writeFileString(`${directory}/a/00000001.json.123.part`, "{\"version\":1,\"ent")

        assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["one"])
        yield* store.append("a", 1, said("two"))
        assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["one", "two"])
      })
    ))

  it.effect("keeps what is said from other users of the machine", () =>
    inDirectory((store, directory, fs) =>
      Effect.gen(function*() {
        yield* store.append("a", 0, said("one"))
        const modes = yield* Effect.forEach([`${directory}/a`, `${directory}/a/00000000.json`], (path) =>
          Effect.map(fs.stat(path), ({ mode }) => mode & 0o077))

        assert.deepStrictEqual(modes, [0, 0])
      })
    ))

  it.effect("refuses an id no file can be named after", () =>
    inDirectory((store) =>
      Effect.gen(function*() {
        const problems = yield* Effect.forEach(
          ["", "é".repeat(100), "a".repeat(201)],
          (id) => Effect.flip(store.append(id, 0, said("one")))
        )
        yield* store.append("a".repeat(200), 0, said("one"))

        assert.deepStrictEqual(
          problems.map((error) => "problem" in error && error.problem),
          [
            "the id is empty",
            "the id is too long for a file name",
            "the id is too long for a file name"
          ]
        )
      })
    ))
})

describe("SessionStoreKeyValue", () => {
  it.effect("keeps to its own keys, under the prefix it is told", () =>
    Effect.gen(function*() {
      const kv = yield* KeyValueStore.KeyValueStore
      yield* (yield* SessionStoreKeyValue.make()).append("a", 0, said("one"))
      yield* (yield* SessionStoreKeyValue.make({ prefix: "mine/" })).append("b", 0, said("two"))

      assert.deepStrictEqual([...yield* kv.keys].toSorted(), [
        "effect-claude/session/a/0",
        "effect-claude/session/a/length",
        "effect-claude/session/ids",
        "mine/b/0",
        "mine/b/length",
        "mine/ids"
      ])
    }).pipe(Effect.provide(KeyValueStore.layerMemory)))
})

describe("SessionStoreSql", () => {
  it.effect.each([[undefined, "effect_claude_sessions"], [{ table: "mine" }, "mine"]] as const)(
    "keeps to its own table: %o",
    ([options, table]) =>
      Effect.gen(function*() {
        const statements: Array<string> = []
        const run = (sql: string) => Effect.sync(() => (statements.push(sql), []))
        const connection: SqlConnection.Connection = {
          execute: run,
          executeRaw: run,
          executeUnprepared: run,
          executeValues: run,
          executeValuesUnprepared: run,
          executeStream: () => Stream.empty
        }
        const sql = yield* SqlClient.make({
          acquirer: Effect.succeed(connection),
          compiler: Statement.makeCompilerSqlite(),
          driver: "test",
          spanAttributes: []
        })
        const store = yield* Effect.provideService(SessionStoreSql.make(options), SqlClient.SqlClient, sql)
        yield* Effect.all([
          Effect.exit(store.append("a", 0, said("one"))),
          store.read("a"),
          store.remove("a"),
          store.list
        ])

        assert.lengthOf(statements, 5)
        for (const statement of statements) assert.include(statement, `"${table}"`)
      }).pipe(Effect.provide(Reactivity.layer))
  )
})

describe("SessionStoreRedis", () => {
  it.effect.each([[undefined, "effect-claude:session:"], [{ prefix: "mine:" }, "mine:"]] as const)(
    "keeps to its own keys: %o",
    ([options, prefix]) =>
      Effect.gen(function*() {
        const commands: Array<ReadonlyArray<string>> = []
        const send = <A>(...command: ReadonlyArray<string>) =>
          Effect.sync((): A => {
            commands.push(command)
            return { LRANGE: [], SCAN: ["0", [`${prefix}a`]], EVALSHA: 1 }[command[0] ?? ""] as A
          })
        const redis = yield* Redis.make({
          send,
          subscribe: () => Effect.never,
          connect: Effect.never
        })
        const store = yield* Effect.provideService(SessionStoreRedis.make(options), Redis.Redis, redis)
        yield* Effect.andThen(store.append("a", 0, said("one")), Effect.andThen(store.read("a"), store.remove("a")))

        assert.deepStrictEqual(yield* store.list, ["a"])
        const named = commands.filter(([name]) => name !== "SCRIPT").map((command) => command.join(" "))
        assert.lengthOf(named, 4)
        for (const command of named) assert.include(command, ` ${prefix}`)
      })
  )
})

// -----------------------------------------------------------------------------
// builders
// -----------------------------------------------------------------------------

function said(text: string): SessionStore.Entry {
  const entries: ReadonlyArray<HistoryEntry.Encoded> = [{ type: "user", content: [Content.text(text)] }]
  return { type: "changed", size: 0, entries, usage: Usage.empty, spent: Usage.empty, cost: null }
}

function textOf(entry: SessionStore.Entry): string {
  const first = entry.type === "changed" ? entry.entries[0] : undefined
  const block = first?.type === "user" ? first.content[0] : undefined
  return block?.type === "text" ? block.text : ""
}

function isConflict(cause: Cause.Cause<unknown>): boolean {
  const error = Cause.squash(cause)
  return error instanceof SessionStore.SessionConflictError
}
