import * as Agent from "@effect-claude/session/Agent"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import { assistant, options, provide, sent, user } from "./scripted.ts"

const { SessionStore: Store } = SessionStore

const opened = { ...options, id: "ada" }

const words = (session: Session.Session) => Effect.map(session.history, History.toMessages)

const replies = (...texts: ReadonlyArray<string>) => provide(...texts.map((text) => Script.reply(text)))

/** Ignores interruption, as a driver does that cannot cancel what it sent. */
const hang = Effect.uninterruptible(Effect.never)

interface Faults {
  append?: "hangs" | "writes, then hangs" | "takes a while"
  read?: "hangs"
}

const slow = (faults: Faults) =>
  Layer.effect(
    Store,
    Effect.map(Effect.service(Store), (store) => ({
      ...store,
      append: (id: string, position: number, entry: SessionStore.Entry) => {
        const done = store.append(id, position, entry)
        switch (faults.append) {
          case "hangs":
            return hang
          case "writes, then hangs":
            return Effect.andThen(done, hang)
          case "takes a while":
            return Effect.andThen(Effect.sleep("900 millis"), done)
          default:
            return done
        }
      },
      read: (id: string, from?: number) => faults.read === "hangs" ? hang : store.read(id, from)
    }))
  ).pipe(Layer.provide(SessionStore.layerMemory))

/** Starts an effect and lets it run until it waits. */
const start = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.tap(Effect.forkChild(self), () => Effect.repeat(Effect.yieldNow, { times: 200 }))

describe("a store that does not respond", () => {
  it.effect("fails a turn after the limit, which keeps the response on the error", () => {
    const faults: Faults = { append: "hangs" }
    return Effect.gen(function*() {
      const session = yield* Session.open(opened)
      const turn = yield* start(session.send("one"))
      yield* TestClock.adjust("29 seconds")
      const early = turn.pollUnsafe()
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(turn))

      assert.isUndefined(early)
      assert.strictEqual(error.message, `Could not append session "ada": the store did not respond within 30s`)
      assert.isTrue("answer" in error && error.answer !== undefined)
      delete faults.append
      yield* session.send("one again")
      assert.deepStrictEqual(yield* words(session), [user("one again"), assistant("deux")])
    }).pipe(Effect.provide(slow(faults)), replies("un", "deux"))
  })

  it.effect("has the limit that the session is given", () =>
    Effect.gen(function*() {
      const session = yield* Session.open({ ...opened, storeTimeout: "3 seconds" })
      const turn = yield* start(session.send("one"))
      yield* TestClock.adjust("3 seconds")

      assert.include((yield* Effect.flip(Fiber.join(turn))).message, "did not respond within 3s")
      assert.notProperty((yield* sent)[0], "storeTimeout")
    }).pipe(Effect.provide(slow({ append: "hangs" })), replies("un")))

  it.effect("holds up an interrupted turn for at most a second more", () =>
    Effect.gen(function*() {
      const session = yield* Session.open(opened)
      const turn = yield* start(session.send("one"))
      const interrupted = yield* start(Fiber.interrupt(turn))
      yield* TestClock.adjust("999 millis")
      const early = interrupted.pollUnsafe()
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(interrupted)

      assert.isUndefined(early)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(turn)))
    }).pipe(Effect.provide(slow({ append: "hangs" })), replies("un")))

  it.effect("commits an interrupted turn when it responds within that second", () =>
    Effect.gen(function*() {
      const session = yield* Session.open(opened)
      const turn = yield* start(session.send("one"))
      const interrupted = yield* start(Fiber.interrupt(turn))
      yield* TestClock.adjust("900 millis")
      yield* Fiber.join(interrupted)

      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(turn)))
      assert.deepStrictEqual(yield* words(session), [user("one"), assistant("un")])
    }).pipe(Effect.provide(slow({ append: "takes a while" })), replies("un")))

  it.effect.each(["send", "name", "stream", "refresh"] as const)(
    "leaves a doubtful entry, which the next read settles: %s",
    (next) => {
      const faults: Faults = { append: "writes, then hangs" }
      return Effect.gen(function*() {
        const session = yield* Session.open(opened)
        const turn = yield* start(session.send("one", { id: "1" }))
        yield* TestClock.adjust("30 seconds")
        const failed = yield* Fiber.await(turn)
        const before = yield* words(session)
        delete faults.append
        if (next === "send") yield* session.send("two")
        if (next === "stream") yield* session.send("two", { onInterrupt: "keep" })
        if (next === "name") yield* session.send("one", { id: "1" })
        if (next === "refresh") yield* session.refresh

        assert.isTrue(Exit.isFailure(failed))
        assert.deepStrictEqual(before, [])
        assert.deepStrictEqual((yield* words(session)).slice(0, 2), [user("one"), assistant("un")])
        assert.lengthOf(yield* sent, next === "send" || next === "stream" ? 2 : 1)
        assert.deepStrictEqual(yield* (yield* Session.open(opened)).spent, yield* session.spent)
      }).pipe(Effect.provide(slow(faults)), replies("un", "deux"))
    }
  )

  it.effect("fails to open after the limit, and a turn before anything is paid for", () => {
    const faults: Faults = {}
    return Effect.gen(function*() {
      const session = yield* Session.open(opened)
      faults.read = "hangs"
      const opening = yield* start(Session.open(opened))
      const turn = yield* start(session.send("one"))
      yield* TestClock.adjust("30 seconds")
      const errors = yield* Effect.forEach([opening, turn], (fiber) => Effect.flip(Fiber.join<unknown, Error>(fiber)))

      for (const error of errors) {
        assert.strictEqual(error.message, `Could not read session "ada": the store did not respond within 30s`)
      }
      assert.lengthOf(yield* sent, 0)
    }).pipe(Effect.provide(slow(faults)), replies())
  })

  it.effect("does not hold up what is interrupted while it is read", () => {
    const faults: Faults = {}
    return Effect.gen(function*() {
      const session = yield* Session.open(opened)
      faults.read = "hangs"
      const turn = yield* start(session.send("one"))
      yield* Fiber.interrupt(turn)
      delete faults.read

      yield* session.send("one")
      assert.strictEqual((yield* session.history).exchanges, 1)
    }).pipe(Effect.provide(slow(faults)), replies("un"))
  })
})

describe("a tool that ignores interruption", () => {
  const toolkit = Toolkit.make(Tool.make("wait", { parameters: Schema.Struct({}), success: Schema.String }))
  const handlers = toolkit.toLayer({ wait: () => hang })
  const script = [Script.toolCall("wait", {}, { toolUseId: "toolu_1" }), Script.reply("It takes too long.")]

  it.effect("is given up at its timeout", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const run = yield* start(Agent.run(session, "Wait", { toolkit, timeout: "1 minute" }))
      yield* TestClock.adjust("59 seconds")
      const early = run.pollUnsafe()
      yield* TestClock.adjust("1 second")
      const { calls, end } = yield* Fiber.join(run)

      assert.isUndefined(early)
      assert.deepStrictEqual([calls, end], [1, "finished"])
      assert.include(JSON.stringify((yield* sent)[1]?.messages), "The tool did not finish within 1m.")
    }).pipe(Effect.provide(handlers), provide(...script)))

  it.effect("holds up an interrupted run for at most a second", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const run = yield* start(Agent.run(session, "Wait", { toolkit, timeout: Duration.infinity }))
      const interrupted = yield* start(Fiber.interrupt(run))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(interrupted)

      assert.strictEqual((yield* session.history).status, "awaitingReply")
      assert.include(JSON.stringify(yield* words(session)), "interrupted before it had a result")
    }).pipe(Effect.provide(handlers), provide(...script)))

  it.effect("runs its finalizers before an interrupted run ends", () => {
    const seen: Array<string> = []
    const polite = toolkit.toLayer({
      wait: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => seen.push("released")))
    })
    return Effect.gen(function*() {
      const session = yield* Session.make(options)
      const run = yield* start(Agent.run(session, "Wait", { toolkit }))
      yield* Fiber.interrupt(run)

      assert.deepStrictEqual(seen, ["released"])
    }).pipe(Effect.provide(polite), provide(...script))
  })
})
