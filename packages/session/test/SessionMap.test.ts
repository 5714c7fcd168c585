import * as History from "@effect-claude/session/History"
import type * as Session from "@effect-claude/session/Session"
import * as SessionMap from "@effect-claude/session/SessionMap"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { assistant, options, provide, sent, user } from "./scripted.ts"
import { storeAway } from "./storeAway.ts"

const sessions = (settings?: Partial<SessionMap.Options>, store = SessionStore.layerMemory) =>
  Effect.provide(
    SessionMap.layer({ session: (id) => ({ ...options, metadata: { user_id: id } }), ...settings }).pipe(
      Layer.provide(store)
    )
  )

const replies = ["1", "2", "3"].map((text) => Script.reply(text))

const say = (words: string) => (session: Session.Session) => session.send(words)

describe("SessionMap", () => {
  describe("use", () => {
    it.effect("gives each id a session of its own, as the options say", () =>
      Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        yield* map.use("ada", say("one"))
        yield* map.use("eve", say("two"))
        yield* map.use("ada", say("three"))

        assert.deepStrictEqual((yield* sent).map(({ messages, metadata }) => [metadata, messages]), [
          [{ user_id: "ada" }, [user("one")]],
          [{ user_id: "eve" }, [user("two")]],
          [{ user_id: "ada" }, [user("one"), assistant("1"), user("three")]]
        ])
      }).pipe(sessions(), provide(...replies)))

    it.effect("serialises the turns of one session, whoever sends them", () =>
      Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        yield* Effect.forEach(["one", "two", "three"], (words) => map.use("ada", say(words)), {
          concurrency: "unbounded"
        })

        assert.lengthOf((yield* sent)[2]?.messages ?? [], 5)
      }).pipe(sessions(), provide(...replies)))

    it.effect("fails where the store cannot be read, and tries again next time", () => {
      const store = storeAway()
      return Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        const error = yield* Effect.flip(map.use("ada", say("one")))
        yield* store.back
        yield* map.use("ada", say("one"))

        assert.strictEqual(error._tag, "SessionStoreError")
        assert.lengthOf(yield* sent, 1)
      }).pipe(sessions({}, store.layer), provide(...replies))
    })
  })

  describe("use, of a session that is being opened", () => {
    it.effect("that is given up by one is the same for all others", () => {
      const slow = Layer.effect(
        SessionStore.SessionStore,
        Effect.map(Effect.service(SessionStore.SessionStore), (store) => ({
          ...store,
          read: (id: string, from?: number) => Effect.andThen(Effect.sleep("1 second"), store.read(id, from))
        }))
      ).pipe(Layer.provide(SessionStore.layerMemory))
      return Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        const use = Effect.forkChild(map.use("ada", (session) => Effect.as(Effect.sleep("1 minute"), session)), {
          startImmediately: true
        })
        const [first, gone] = [yield* use, yield* use]
        yield* Fiber.interrupt(gone)
        const later = yield* use
        yield* TestClock.adjust("2 minutes")

        assert.strictEqual(yield* Fiber.join(later), yield* Fiber.join(first))
      }).pipe(sessions({}, slow), provide())
    })

    it.effect("that fails for many is opened once for whoever asks next", () => {
      const store = storeAway()
      return Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        const failing = Effect.exit(map.use("ada", Effect.succeed))
        const next = Effect.gen(function*() {
          yield* failing
          yield* store.back
          return yield* map.use("ada", (session) => Effect.as(Effect.sleep("1 minute"), session))
        })
        const fibers = yield* Effect.forEach(
          [next, Effect.andThen(failing, next), failing, next],
          (use) => Effect.forkChild(use, { startImmediately: true })
        )
        yield* TestClock.adjust("1 hour")
        const opened = yield* Effect.forEach(fibers, Fiber.join)

        assert.strictEqual(opened[0], opened[3])
        assert.strictEqual(opened[0], opened[1])
      }).pipe(sessions({}, store.layer), provide())
    })
  })

  describe("idleTimeToLive", () => {
    it.effect("lets a session go that nobody used for so long, and opens it again with all it knew", () =>
      Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        const first = yield* map.use("ada", (session) => Effect.as(session.send("one"), session))
        yield* TestClock.adjust("9 minutes")
        const still = yield* map.open
        yield* TestClock.adjust("1 minute")
        const gone = yield* map.open
        const second = yield* map.use("ada", (session) => Effect.as(session.send("two"), session))

        assert.deepStrictEqual([still, gone], [["ada"], []])
        assert.notStrictEqual(first, second)
        assert.strictEqual(History.toMessages(yield* second.history).length, 4)
      }).pipe(sessions(), provide(...replies)))

    it.effect("keeps a session that is in use, and can be set", () =>
      Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        const open = yield* map.use("ada", () => Effect.andThen(TestClock.adjust("1 hour"), map.open))
        yield* TestClock.adjust("1 second")

        assert.deepStrictEqual([open, yield* map.open], [["ada"], []])
      }).pipe(sessions({ idleTimeToLive: "1 second" }), provide()))
  })

  describe("get", () => {
    it.effect("keeps the session as long as the scope", () =>
      Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        yield* Effect.scoped(Effect.andThen(map.get("ada"), TestClock.adjust("1 hour")))
        const before = yield* map.open
        yield* TestClock.adjust("10 minutes")

        assert.deepStrictEqual([before, yield* map.open], [["ada"], []])
      }).pipe(sessions(), provide()))
  })

  describe("evict", () => {
    it.effect("lets a session go at once, to be opened anew", () =>
      Effect.gen(function*() {
        const map = yield* SessionMap.SessionMap
        const session = yield* map.use("ada", Effect.succeed)
        yield* map.evict("ada")

        assert.deepStrictEqual(yield* map.open, [])
        assert.notStrictEqual(yield* map.use("ada", Effect.succeed), session)
      }).pipe(sessions(), provide()))
  })
})
