import * as Content from "@effect-claude/core/Content"
import * as Cost from "@effect-claude/core/Cost"
import * as Usage from "@effect-claude/core/Usage"
import type * as HistoryEntry from "@effect-claude/session/HistoryEntry"
import * as SessionStoreSqlite from "@effect-claude/session/node/SessionStoreSqlite"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as SessionStoreKeyValue from "@effect-claude/session/SessionStoreKeyValue"
import * as SessionStoreRedis from "@effect-claude/session/SessionStoreRedis"
import * as SessionStoreSql from "@effect-claude/session/SessionStoreSql"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Effect, Exit, Fiber, FileSystem, Layer, type Path, type Scope, Stream } from "effect"
import { KeyValueStore, Redis } from "effect/persistence"
import { Reactivity } from "effect/reactivity"
import { Migrator, SqlClient, type SqlConnection, Statement } from "effect/sql"
import { TestClock } from "effect/testing"
import { DatabaseSync } from "node:sqlite"
import { inspect } from "node:util"
import { withPostgres, withRedis } from "./servers.ts"

type Store = SessionStore.SessionStore["Service"]

/** Two instances over the same contents, which are gone when the scope is. */
type Stores = Effect.Effect<readonly [one: Store, other: Store], unknown, Scope.Scope>

const laws = (name: string, stores: Stores, options?: { readonly singleWriter?: boolean; readonly many?: number }) => {
  const withStore = <E>(use: (store: Store, other: Store) => Effect.Effect<void, E>) =>
    Effect.scoped(Effect.flatMap(stores, ([store, other]) => use(store, other)))

  describe(name, () => {
    it.live("has nothing of a session nobody wrote to", () =>
      withStore((store) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* store.read("none"), [])
          assert.deepStrictEqual(yield* store.list, [])
          yield* store.remove("none")
        })
      ))

    it.live("takes any well-formed text of up to 512 bytes for an id", () =>
      withStore((store) =>
        Effect.gen(function*() {
          const long = ["a".repeat(512), "É".repeat(256), `${"a".repeat(200)}b`, "a".repeat(200), "a".repeat(400)]
          const ids = ["a/b\nc", "..", "%2e", "A", "a", "\u{1f600}", "é", "e\u0301", ...long]
          for (const id of ids) yield* store.append(id, 0, said(id))

          for (const id of ids) assert.deepStrictEqual((yield* store.read(id)).map(textOf), [id])
          assert.deepStrictEqual((yield* store.list).toSorted(), ids.toSorted())
        })
      ))

    it.live.each(
      [
        ["half of a surrogate pair", "a\ud83d", "the id has half of a surrogate pair. Use well-formed text"],
        ["a NUL character", "a\0b", "the id has a NUL character. Use text without it"],
        ["nothing", "", "the id is empty"],
        ["more than 512 bytes", "é".repeat(257), "the id has 514 bytes of UTF-8. Use at most 512"]
      ] as const
    )("refuses an id that is or has %s", ([, id, problem]) =>
      withStore((store) =>
        Effect.gen(function*() {
          const errors = [
            yield* Effect.flip(store.append(id, 0, said("x"))),
            yield* Effect.flip(store.read(id)),
            yield* Effect.flip(store.truncate(id, 0)),
            yield* Effect.flip(store.remove(id))
          ]

          for (const error of errors) assert.strictEqual("problem" in error && error.problem, problem)
        })
      ))

    it.live("removes the entries from a position on, and goes on there", () =>
      withStore((store, other) =>
        Effect.gen(function*() {
          for (let n = 0; n < 5; n++) yield* store.append("a", n, said(`turn ${n}`))
          yield* store.append("b", 0, said("other"))
          yield* store.truncate("a", 9)
          yield* store.truncate("a", 2)
          const left = (yield* other.read("a")).map(textOf)
          yield* other.append("a", 2, said("again"))
          yield* store.truncate("b", 0)
          yield* store.truncate("none", 0)

          assert.deepStrictEqual(left, ["turn 0", "turn 1"])
          assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["turn 0", "turn 1", "again"])
          assert.deepStrictEqual(yield* store.list, ["a"])
          yield* store.append("b", 0, said("new"))
        })
      ))

    it.live("reads what was appended, in order, from anywhere on", () =>
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

    it.live("refuses an entry at any other position, and writes nothing", () =>
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

    it.live("lets exactly one of many writers have a position", () =>
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

    it.live("shows one instance what another wrote", () =>
      withStore((store, other) =>
        Effect.gen(function*() {
          yield* store.append("a", 0, said("one"))
          yield* other.append("a", 1, said("two"))

          assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["one", "two"])
          assert.deepStrictEqual(yield* other.list, ["a"])
        })
      ))

    it.live("lists all sessions, however many there are", () =>
      withStore((store) =>
        Effect.gen(function*() {
          const ids = Array.from({ length: options?.many ?? 300 }, (_, n) => `s${n}`)
          yield* Effect.forEach(ids, (id) => store.append(id, 0, said("one")), { concurrency: 8 })

          assert.deepStrictEqual((yield* store.list).toSorted(), ids.toSorted())
        })
      ), 30_000)

    it.live("forgets a session that was removed, and no other", () =>
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

    it.live("keeps sessions apart whatever their ids", () =>
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

    it.live("keeps every kind of entry as it was", () =>
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

/** What holds where the database rolls back whatever it cannot put in an order. */
const serializable = (layerOf: (isolation?: "serializable") => Layer.Layer<SqlClient.SqlClient>) => {
  it.live("lets no session fail another's appends, under SERIALIZABLE", () =>
    Effect.gen(function*() {
      const store = yield* SessionStoreSql.make({ table: "unrelated" })
      const exits = yield* Effect.forEach(
        Array.from({ length: 30 }, (_, n) => `s${n}`),
        (id) => Effect.forEach([0, 1, 2, 3, 4], (n) => Effect.exit(store.append(id, n, said(`turn ${n}`)))),
        { concurrency: "unbounded" }
      )

      assert.lengthOf(exits.flat().filter(Exit.isSuccess), 150)
    }).pipe(Effect.provide(layerOf("serializable"))), 60_000)

  it.live("works for a role that may not create tables, once the table is there", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const role = sql(`effect_claude_role_${process.pid}`)
      yield* SessionStoreSql.migration({ table: "granted" })
      yield* SessionStoreSql.migration({ table: "granted" })
      yield* Effect.acquireRelease(
        sql`CREATE ROLE ${role}`,
        () => Effect.orDie(Effect.andThen(sql`DROP OWNED BY ${role}`, sql`DROP ROLE ${role}`))
      )
      yield* sql`GRANT SELECT, INSERT, DELETE ON granted TO ${role}`
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`SET LOCAL ROLE ${role}`
        const store = yield* SessionStoreSql.make({ table: "granted" })
        yield* store.append("a", 0, said("one"))
        assert.lengthOf(yield* store.read("a"), 1)
        yield* store.remove("a")
      }))
      const missing = yield* Effect.flip(sql.withTransaction(
        Effect.andThen(sql`SET LOCAL ROLE ${role}`, SessionStoreSql.make({ table: "elsewhere" }))
      ))

      assert.strictEqual(missing._tag, "SqlError")
    }).pipe(Effect.scoped, Effect.provide(layerOf())))

  it.live("creates its table as a migration, in a schema of its own", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE SCHEMA claude`
      yield* Migrator.make({})({
        loader: Migrator.fromRecord({ "0001_sessions": SessionStoreSql.migration({ table: "claude.sessions" }) })
      })
      const store = yield* SessionStoreSql.make({ table: "claude.sessions", createTable: false })
      yield* store.append("a", 0, said("one"))

      assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["one"])
      assert.lengthOf(
        yield* sql`SELECT 1 FROM information_schema.tables WHERE table_schema = 'claude' AND table_name = 'sessions'`,
        1
      )
    }).pipe(Effect.provide(layerOf())))

  it.live("appends by index, however long the session is", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* SessionStoreSql.migration({ table: "long" })
      yield* sql`INSERT INTO long SELECT 'a', n, 'x' FROM generate_series(0, 19999) AS n`
      const store = yield* SessionStoreSql.make({ table: "long" })
      const read = sql<{ readonly n: number }>`
        SELECT CAST(heap_blks_read + heap_blks_hit AS INTEGER) AS n FROM pg_statio_user_tables WHERE relname = 'long'
      `
      const blocks = Effect.map(Effect.andThen(sql`SELECT pg_stat_force_next_flush()`, read), (rows) => rows[0]?.n ?? 0)
      const before = yield* blocks
      for (let n = 0; n < 10; n++) yield* store.append("a", 20_000 + n, said("x"))
      const after = yield* blocks

      assert.isAtMost(after - before, 100, "ten appends look at a few blocks each, not at the session")
    }).pipe(Effect.provide(layerOf())))
}

describe("SessionStore", async () => {
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

  const databases = (sql: Layer.Layer<SqlClient.SqlClient>): Stores => {
    const table = `sessions_${tables++}`
    return Effect.flatMap(
      Layer.build(sql),
      (context) => Effect.provideContext(twice(SessionStoreSql.layer({ table })), context)
    )
  }
  let tables = 0

  await withPostgres((layerOf) => {
    laws("SessionStoreSql", Effect.suspend(() => databases(layerOf())))
    laws("SessionStoreSql, serializable", Effect.suspend(() => databases(layerOf("serializable"))))
    serializable(layerOf)
  })

  const file = Effect.flatMap(
    FileSystem.FileSystem,
    (fs) => Effect.map(fs.makeTempDirectoryScoped(), (directory) => `${directory}/sessions.db`)
  ).pipe(Effect.provide(NodeFileSystem.layer))

  const sqlite = (filename: string) => SessionStoreSqlite.layer({ filename }).pipe(Layer.provide(NodeFileSystem.layer))

  laws("SessionStoreSqlite", Effect.flatMap(file, (filename) => twice(sqlite(filename))), { many: 1500 })

  describe("SessionStoreSqlite", () => {
    it.live("creates files that their owner alone can read", () =>
      Effect.gen(function*() {
        const filename = yield* file
        const [store] = yield* twice(sqlite(filename))
        yield* store.append("a", 0, said("secret"))

        const modes = yield* Effect.forEach(["", "-wal", "-shm"], (end) =>
          Effect.map(
            Effect.flatMap(FileSystem.FileSystem, (fs) => fs.stat(filename + end)),
            ({ mode }) => (mode & 0o777).toString(8)
          ))
        assert.deepStrictEqual(modes, ["600", "600", "600"])
      }).pipe(Effect.provide(NodeFileSystem.layer), Effect.scoped))

    it.live("waits for a process that writes, and can be interrupted meanwhile", () =>
      Effect.gen(function*() {
        const filename = yield* file
        const [store] = yield* twice(sqlite(filename))
        yield* store.append("a", 0, said("first"))
        const other = new DatabaseSync(filename)
        other.exec("BEGIN IMMEDIATE")
        const abandoned = yield* Effect.forkChild(store.append("b", 0, said("given up")))
        const waiting = yield* Effect.forkChild(store.append("a", 1, said("second")))
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(abandoned)
        other.exec("COMMIT")
        other.close()
        yield* Fiber.join(waiting)

        assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["first", "second"])
        assert.deepStrictEqual(yield* store.list, ["a"])
      }).pipe(Effect.scoped))

    it.live("fails when the file is not a database", () =>
      Effect.gen(function*() {
        const filename = yield* file
        yield* Effect.flatMap(
          FileSystem.FileSystem,
          (fs) => fs.writeFileString(filename, "not a database ".repeat(100))
        )
        const error = yield* Effect.flip(Layer.build(sqlite(filename)))

        assert.strictEqual(error._tag, "SqlError")
      }).pipe(Effect.provide(NodeFileSystem.layer), Effect.scoped))
  })

  await withRedis((redis) => {
    let prefixes = 0
    laws(
      "SessionStoreRedis",
      Effect.flatMap(
        Layer.build(redis),
        (context) =>
          Effect.provideContext(
            Effect.suspend(() => twice(SessionStoreRedis.layer({ prefix: `test:${prefixes++}:` }))),
            context
          )
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
        truncate: () => Effect.void,
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

        assert.strictEqual(
          error.message,
          "Could not read session \"a\": entry 1 is not an entry of a journal. The 1 entries before it can be read: " +
            "open the session with `recover: true` to go on there"
        )
        assert.strictEqual(error.readable, 1)
        assert.deepStrictEqual(yield* store.read("a", 0).pipe(Effect.ignore), undefined)
        assert.notInclude(inspect(error, { depth: 9 }), "secret")
      }))

    it.effect("says that a later version wrote an entry", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(over([JSON.stringify({ version: 2, something: "else" })]).read("a"))

        assert.include(error.message, "entry 0 was written in version 2 of the format; this library reads up to 1")
        assert.isUndefined(error.readable, "what a later version wrote is not damaged")
      }))

    it.effect("writes the version with each entry", () =>
      Effect.gen(function*() {
        let written = ""
        const store = SessionStore.make({
          append: (_, __, line) => Effect.sync(() => (written = line) !== ""),
          read: () => Effect.succeed([]),
          truncate: () => Effect.void,
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
    use: (
      store: Store,
      directory: string,
      fs: FileSystem.FileSystem
    ) => Effect.Effect<void, E, FileSystem.FileSystem | Path.Path>
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

  it.effect("reads over what a crash left half written, and removes it an hour later", () =>
    inDirectory((store, directory, fs) =>
      Effect.gen(function*() {
        yield* store.append("a", 0, said("one"))
        const left = `${directory}/.temporary/.writing-abc`
        yield* fs.makeDirectory(left)
        yield* fs.writeFileString(`${left}/00000001.json`, "{\"version\":1,\"ent")
        yield* store.append("a", 1, said("two"))
        yield* SessionStoreFile.make({ directory })
        const early = yield* fs.exists(left)
        yield* fs.utimes(left, new Date(0), new Date(0))
        yield* TestClock.setTime(3_600_001)
        yield* SessionStoreFile.make({ directory })

        assert.deepStrictEqual((yield* store.read("a")).map(textOf), ["one", "two"])
        assert.deepStrictEqual(yield* store.list, ["a"])
        assert.isTrue(early)
        assert.isFalse(yield* fs.exists(left))
      })
    ))

  it.effect("refuses a directory of a session that is a symbolic link", () =>
    inDirectory((store, directory, fs) =>
      Effect.gen(function*() {
        yield* fs.makeDirectory(`${directory}/elsewhere`)
        yield* fs.symlink(`${directory}/elsewhere`, `${directory}/a`)
        const error = yield* Effect.flip(store.append("a", 0, said("one")))

        assert.include(error.message, "the directory of the session is a symbolic link")
        assert.deepStrictEqual(yield* fs.readDirectory(`${directory}/elsewhere`), [])
      })
    ))

  it.effect("keeps what is said from other users of the machine", () =>
    inDirectory((store, directory, fs) =>
      Effect.gen(function*() {
        yield* fs.makeDirectory(`${directory}/a`, { mode: 0o755 })
        yield* store.append("a", 0, said("one"))
        const modes = yield* Effect.forEach([`${directory}/a`, `${directory}/a/00000000.json`], (path) =>
          Effect.map(fs.stat(path), ({ mode }) => mode & 0o077))

        assert.deepStrictEqual(modes, [0, 0])
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
        for (const statement of statements) assert.notInclude(statement, "COUNT(")
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
