import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/testing/TestClock"
import * as Watchdog from "../../src/internal/watchdog.ts"

type Limit = "idle" | "content" | "end"

/** Reads of a queue, kept to limits in milliseconds. */
const watched = Effect.fnUntraced(
  function*(limits: { readonly idle?: number; readonly content?: number; readonly end?: number }) {
    const scope = yield* Effect.scope
    const queue = yield* Queue.unbounded<string>()
    const given: Watchdog.Limits<Limit> = {
      idle: limits.idle ?? Infinity,
      onIdle: () => "idle",
      contentBy: limits.content ?? Infinity,
      onContentLate: () => "content",
      endBy: limits.end ?? Infinity,
      onEndLate: () => "end"
    }
    const read: Effect.Effect<string, Limit> = Queue.take(queue)
    return { given, queue, read: yield* Watchdog.watch(read, given, scope) }
  }
)

/** When, in milliseconds from now, a read fails, and of what. */
const struck = <A>(read: Effect.Effect<A, Limit>) =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    const fiber = yield* Effect.forkChild(Effect.flatMap(Effect.flip(read), (limit) =>
      Effect.map(Clock.currentTimeMillis, (at) =>
        [limit, at - before] as const)))
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

describe("Watchdog", () => {
  describe("watch", () => {
    it.effect("strikes a read after the idle time, each read anew", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* watched({ idle: 100 })
        for (const text of ["a", "b", "c"]) {
          const fiber = yield* Effect.forkChild(read)
          yield* TestClock.adjust("99 millis")
          yield* Queue.offer(queue, text)
          assert.strictEqual(yield* Fiber.join(fiber), text)
        }

        assert.deepStrictEqual(yield* struck(read), ["idle", 100])
      }))

    it.effect("does not count the time between reads", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* watched({ idle: 100 })
        yield* Queue.offer(queue, "a")
        assert.strictEqual(yield* read, "a")
        yield* TestClock.adjust("1234567 millis")

        assert.deepStrictEqual(yield* struck(read), ["idle", 100])
      }))

    it.effect("strikes at the instant the content or the end must have arrived, whichever comes first", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* struck((yield* watched({ content: 70, idle: 100, end: 200 })).read), [
          "content",
          70
        ])
        const now = yield* Clock.currentTimeMillis
        assert.deepStrictEqual(yield* struck((yield* watched({ content: now + 70, end: now + 50 })).read), ["end", 50])
      }))

    it.effect("forgets about content once it has arrived", () =>
      Effect.gen(function*() {
        const { given, read } = yield* watched({ content: 70, end: 200 })
        given.contentBy = Infinity

        assert.deepStrictEqual(yield* struck(read), ["end", 200])
      }))

    it.effect("strikes a read that starts too late at once", () =>
      Effect.gen(function*() {
        const late = yield* watched({ content: 70 })
        const later = yield* watched({ end: 70 })
        yield* TestClock.adjust("1 second")

        assert.deepStrictEqual(yield* struck(late.read), ["content", 0])
        assert.deepStrictEqual(yield* struck(later.read), ["end", 0])
      }))

    it.effect("keeps a limit that is set off while another passed between reads", () =>
      Effect.gen(function*() {
        const { given, queue, read } = yield* watched({ content: 70, end: 5_000 })
        yield* Queue.offer(queue, "a")
        yield* read
        yield* TestClock.adjust("1 second")
        given.contentBy = Infinity

        assert.deepStrictEqual(yield* struck(read), ["end", 4_000])
      }))

    it.effect("loses nothing when a read is interrupted", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* watched({ idle: 100 })
        const fiber = yield* Effect.forkChild(read)
        yield* TestClock.adjust("50 millis")
        yield* Fiber.interrupt(fiber)
        yield* Queue.offerAll(queue, ["a", "b"])
        yield* TestClock.adjust("1 second")

        assert.strictEqual(yield* read, "a")
        assert.strictEqual(yield* read, "b")
        assert.deepStrictEqual(yield* struck(read), ["idle", 100])
      }))

    it.effect("reads no further than it is asked to", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* watched({ idle: 100 })
        yield* Queue.offerAll(queue, ["a", "b", "c"])
        assert.strictEqual(yield* read, "a")
        yield* TestClock.adjust("1 second")

        assert.strictEqual(yield* Queue.size(queue), 2)
      }))

    it.effect("passes failures on", () =>
      Effect.gen(function*() {
        const scope = yield* Effect.scope
        const { given } = yield* watched({ idle: 100 })
        const read = yield* Watchdog.watch<string, Limit>(Effect.fail("end"), given, scope)

        assert.deepStrictEqual(yield* Effect.exit(read), Exit.fail<Limit>("end"))
      }))

    it.effect("is the read itself where there is no limit", () =>
      Effect.gen(function*() {
        const scope = yield* Effect.scope
        const { given } = yield* watched({})
        const read: Effect.Effect<string, Limit> = Effect.succeed("a")

        assert.strictEqual(yield* Watchdog.watch(read, given, scope), read)
      }))
  })
})
