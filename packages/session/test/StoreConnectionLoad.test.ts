import * as Agent from "@effect-claude/session/Agent"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStoreRedis from "@effect-claude/session/SessionStoreRedis"
import * as SessionStoreSql from "@effect-claude/session/SessionStoreSql"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Random, Schedule, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { Redis } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { options, provide } from "./scripted.ts"
import { withPostgres, withRedis } from "./servers.ts"

const toolkit = Toolkit.make(Tool.make("look", { parameters: Schema.Struct({}), success: Schema.String }))

const handlers = toolkit.toLayer({ look: () => Effect.succeed("seen") })

/** Calls the tool where there is one, and responds to its result. */
const model = Script.forever(Script.respondWith(({ body }) => {
  const text = JSON.stringify(body)
  const isResult = text.slice(text.lastIndexOf(`"role":"user"`)).includes("tool_result")
  return text.includes(`"name":"look"`) && !isResult ? Script.toolCall("look", {}) : Script.reply("Yes.")
}))

const ids = ["s0", "s1", "s2", "s3"]

const turns = 8

const saidIn = (id: string) => Array.from({ length: turns }, (_, n) => `${id} turn ${n};`)

const opened = (id: string) => Session.open({ ...options, id })

/** Sends each message until it succeeds, always under the same id. Returns the tags of the failures. */
const talk = Effect.fnUntraced(function*(id: string) {
  const session = yield* Effect.retry(opened(id), Schedule.spaced("5 millis"))
  const failures: Array<string> = []
  for (const [n, text] of saidIn(id).entries()) {
    const turn = { id: String(n) }
    const send = n % 2 === 0
      ? Effect.asVoid(session.send(text, turn))
      : Effect.asVoid(Agent.run(session, text, { toolkit, turn }))
    yield* send.pipe(
      Effect.tapError(({ _tag }) => Effect.sync(() => failures.push(_tag))),
      Effect.retry(Schedule.spaced("5 millis"))
    )
  }
  return failures
})

/** Talks in sessions while connections are cut, and checks what the store holds then. */
const survive = <E, R>(cut: Effect.Effect<void, E, R>) =>
  Effect.gen(function*() {
    const cutting = yield* Effect.forkChild(
      // New connections take their time, so the cuts come to an end.
      Effect.repeat(
        Effect.andThen(
          Effect.flatMap(Random.nextIntBetween(20, 150), (millis) => Effect.sleep(millis)),
          Effect.ignore(cut)
        ),
        { times: 20 }
      )
    )
    const failures = yield* Effect.forEach(ids, talk, { concurrency: "unbounded" })
    yield* Fiber.interrupt(cutting)

    // The cuts came in the middle of turns, and cost nothing but another attempt.
    assert.deepStrictEqual(new Set(failures.flat()), new Set(["SessionStoreError"]))
    for (const id of ids) {
      const session = yield* Effect.retry(opened(id), { times: 20 })
      const history = yield* session.history
      const said = JSON.stringify(History.toMessages(history)).match(/s\d turn \d+;/g)

      assert.deepStrictEqual(said?.map(String), saidIn(id))
      assert.deepStrictEqual(History.check(history), [])
      assert.strictEqual(history.exchanges, turns)
    }
  }).pipe(Random.withSeed("cuts"), Effect.scoped)

await withPostgres((layerOf) => {
  describe("turns whose database backends are terminated", () => {
    it.live("are committed once each, when they are sent again under their ids", () =>
      survive(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()`
      })).pipe(
        Effect.provide([
          handlers,
          layerOf(),
          SessionStoreSql.layer({ table: "cut_sessions" }).pipe(Layer.provide(Layer.fresh(layerOf())), Layer.orDie)
        ]),
        provide(model)
      ), 120_000)
  })
})

await withRedis((redis) => {
  describe("turns whose Redis connections are killed", () => {
    it.live("are committed once each, when they are sent again under their ids", () =>
      survive(
        Effect.flatMap(Redis.Redis, (redis) => redis.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
      ).pipe(
        Effect.provide([
          handlers,
          Layer.orDie(redis),
          SessionStoreRedis.layer().pipe(Layer.provide(Layer.fresh(redis)), Layer.orDie)
        ]),
        provide(model)
      ), 120_000)
  })
})
