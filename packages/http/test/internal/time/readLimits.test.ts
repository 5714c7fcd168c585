import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/testing/TestClock"
import { Alarm } from "../../../src/internal/time/deadline.ts"
import * as Watchdog from "../../../src/internal/time/readLimits.ts"
import * as Source from "../../../src/internal/transport/body.ts"

type Limit = "idle" | "content" | "end"

interface Given {
  readonly idle?: number
  readonly content?: number
  readonly end?: number
}

/** Reads of a queue, kept to limits in milliseconds, with an alarm that sleeps no longer than `longest`. */
const watched = Effect.fnUntraced(
  function*(limits: Given, longest = Infinity) {
    const alarm = yield* alarmOf(longest)
    const queue = yield* Queue.unbounded<string>()
    const given: Watchdog.Limits<Limit> = {
      idle: limits.idle ?? Infinity,
      contentBy: limits.content ?? Infinity,
      endBy: limits.end ?? Infinity,
      late: { idle: "idle", content: "content", end: "end" }
    }
    const read: Effect.Effect<string, Limit> = Queue.take(queue)
    const source = yield* Source.ofRead(read)
    return { alarm, given, queue, source, read: Watchdog.watch(source, given, alarm) }
  }
)

/** An alarm that ends with the scope of the test. */
const alarmOf = (longest: number) =>
  Effect.acquireRelease(
    Effect.contextWith((context: Context.Context<never>) => Effect.sync(() => new Alarm(context, longest))),
    (alarm) => Effect.sync(() => alarm.close())
  )

/** The effect that drains a source. */
const drain = (
  source: Source.Source<string, Limit>,
  limits: Watchdog.Limits<Limit>,
  alarm: Alarm,
  onPiece: (piece: string) => boolean
): Effect.Effect<string, Limit> =>
  Effect.callback((resume) => Effect.sync(Watchdog.drain(source, limits, alarm, onPiece, resume)))

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
        const { alarm, given } = yield* watched({ idle: 100 })
        const source = yield* Source.ofRead<string, Limit>(Effect.fail("end"))

        assert.deepStrictEqual(yield* Effect.exit(Watchdog.watch(source, given, alarm)), Exit.fail<Limit>("end"))
      }))

    it.effect("waits for as long as it takes where there is no limit", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* watched({})
        const fiber = yield* Effect.forkChild(read)
        yield* TestClock.adjust("30 days")
        yield* Queue.offer(queue, "a")

        assert.strictEqual(yield* Fiber.join(fiber), "a")
      }))

    it.effect("strikes at the same instant however short the alarm sleeps", () =>
      Effect.gen(function*() {
        for (const longest of [1, 33, 100, 101]) {
          const { queue, read } = yield* watched({ idle: 100 }, longest)
          yield* Queue.offer(queue, "a")
          yield* read

          assert.deepStrictEqual(yield* struck(read), ["idle", 100])
        }
      }))

    it.effect("moves the alarm closer for a limit that comes sooner than the one it sleeps for", () =>
      Effect.gen(function*() {
        const { alarm, queue, source } = yield* watched({})
        const long: Watchdog.Limits<Limit> = {
          idle: 1000,
          contentBy: Infinity,
          endBy: Infinity,
          late: { idle: "idle", content: "content", end: "end" }
        }
        const fiber = yield* Effect.forkChild(Watchdog.watch(source, long, alarm))
        yield* TestClock.adjust("1 milli")
        yield* Queue.offer(queue, "a")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(yield* struck(Watchdog.watch(source, { ...long, idle: 20 }, alarm)), ["idle", 20])
      }))
  })

  describe("drain", () => {
    const collected = (limits: Given, enough: number) =>
      Effect.gen(function*() {
        const { alarm, given, queue, source } = yield* watched(limits)
        const pieces: Array<string> = []
        const drained = drain(source, given, alarm, (piece) => pieces.push(piece) === enough)
        return { queue, pieces, drained }
      })

    it.effect("reads what is there and what comes, until it is enough", () =>
      Effect.gen(function*() {
        const { drained, pieces, queue } = yield* collected({ idle: 100 }, 4)
        yield* Queue.offerAll(queue, ["a", "b"])
        const fiber = yield* Effect.forkChild(drained)
        yield* TestClock.adjust("99 millis")
        yield* Queue.offer(queue, "c")
        yield* TestClock.adjust("99 millis")
        assert.deepStrictEqual(pieces, ["a", "b", "c"])
        yield* Queue.offerAll(queue, ["d", "e"])
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(pieces, ["a", "b", "c", "d"])
        assert.strictEqual(yield* Queue.size(queue), 1)
      }))

    it.effect("reads any number of pieces that are there already", () =>
      Effect.gen(function*() {
        const { drained, pieces, queue } = yield* collected({ idle: 100 }, 50_000)
        yield* Queue.offerAll(queue, Array.from({ length: 50_000 }, () => "a"))
        yield* drained

        assert.strictEqual(pieces.length, 50_000)
      }))

    it.effect("strikes a piece that does not come", () =>
      Effect.gen(function*() {
        const idle = yield* collected({ idle: 100 }, 2)
        yield* Queue.offer(idle.queue, "a")
        assert.deepStrictEqual(yield* struck(idle.drained), ["idle", 100])

        const now = yield* Clock.currentTimeMillis
        const end = yield* collected({ end: now + 50 }, 2)
        assert.deepStrictEqual(yield* struck(end.drained), ["end", 50])
      }))

    it.effect("leaves a piece it waited for to the next", () =>
      Effect.gen(function*() {
        const { alarm, given, queue, read, source } = yield* watched({ idle: 100 })
        const fiber = yield* Effect.forkChild(drain(source, given, alarm, () => false))
        yield* TestClock.adjust("1 milli")
        yield* Fiber.interrupt(fiber)
        yield* Queue.offer(queue, "a")
        yield* TestClock.adjust("1 second")

        assert.strictEqual(yield* read, "a")
      }))
  })
})
