import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Deadline from "../../../src/internal/time/deadline.ts"

const made = (longest: number, timer: (context: Context.Context<never>) => Deadline.Timer) =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.sync(() => new Deadline.Deadline(timer(context), longest))
  )

const timers = Deadline.sharedTimers()

const deadline = (longest = Infinity) => made(longest, timers)

const ownDeadline = made(Infinity, Deadline.timer)

/** A turn of the event loop, after which sleeps without a deadline have ended. */
const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Counts the sleeps of the clock that are under way, and records the milliseconds each was to last. */
const sleeping = <A, E, R>(
  use: (count: () => number, slept: ReadonlyArray<number>) => Effect.Effect<A, E, R>
) =>
  Effect.clockWith((clock) => {
    let count = 0
    const slept: Array<number> = []
    const sleep: Clock.Clock["sleep"] = (duration) =>
      Effect.suspend(() => {
        count++
        slept.push(Duration.toMillis(duration))
        return Effect.ensuring(clock.sleep(duration), Effect.sync(() => count--))
      })
    return Effect.provideService(use(() => count, slept), Clock.Clock, { ...clock, sleep })
  })

describe("Deadline", () => {
  it.effect("is reached once, at its instant", () =>
    Effect.gen(function*() {
      const it = yield* deadline()
      let reached = 0
      it.set(it.now() + 100, () => reached++, it.now())
      yield* TestClock.adjust(99)
      assert.strictEqual(reached, 0)
      yield* TestClock.adjust(1)
      assert.strictEqual(reached, 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(reached, 1)
    }))

  it.effect("calls back what was set last, at the instant that was set last", () =>
    Effect.gen(function*() {
      for (const [first, second] of [[100, 50], [50, 100]] as const) {
        const it = yield* deadline()
        const reached: Array<string> = []
        it.set(it.now() + first, () => reached.push("first"), it.now())
        it.set(it.now() + second, () => reached.push("second"), it.now())
        yield* TestClock.adjust(second - 1)
        assert.deepStrictEqual(reached, [])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(reached, ["second"])
      }
    }))

  it.effect("is not reached after it is cleared, and can be set again", () =>
    Effect.gen(function*() {
      const it = yield* deadline()
      const reached: Array<string> = []
      it.set(it.now() + 100, () => reached.push("first"), it.now())
      it.clear()
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(reached, [])
      it.set(it.now() + 100, () => reached.push("second"), it.now())
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(reached, ["second"])
    }))

  it.effect("starts no sleep for an infinite instant", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const it = yield* deadline()
        it.set(Infinity, () => assert.fail("reached"), it.now())

        assert.strictEqual(sleeps(), 0)
      })
    ))

  it.effect("sleeps once when its instant moves away", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const it = yield* deadline()
        for (let i = 0; i < 10; i++) it.set(it.now() + 100 + i, () => undefined, it.now())

        assert.strictEqual(sleeps(), 1)
      })
    ))

  it.effect("is not reached after it is closed, and its sleep ends with the turn", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const it = yield* deadline()
        it.set(it.now() + 100, () => assert.fail("reached"), it.now())
        it.close()
        yield* turn
        assert.strictEqual(sleeps(), 0)
        yield* TestClock.adjust("1 hour")
      })
    ))

  it.effect("cannot be set after it is closed", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        for (const it of [yield* deadline(), yield* ownDeadline]) {
          it.close()
          it.set(it.now() + 100, () => assert.fail("reached"), it.now())
          assert.strictEqual(sleeps(), 0)
        }
        yield* TestClock.adjust("1 hour")
      })
    ))

  it.effect("can be closed twice, and without having been set", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const other = yield* deadline()
        other.set(other.now() + 100, () => undefined, other.now())
        const it = yield* deadline()
        it.close()
        it.close()
        yield* turn

        assert.strictEqual(sleeps(), 1)
        other.close()
        other.close()
        yield* turn
        assert.strictEqual(sleeps(), 0)
      })
    ))
})

describe("a deadline with a timer of its own", () => {
  it.effect("has a sleep of its own, which ends at once when it is closed", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const reached: Array<string> = []
        const one = yield* ownDeadline
        const other = yield* ownDeadline
        one.set(one.now() + 100, () => reached.push("one"), one.now())
        other.set(other.now() + 100, () => reached.push("other"), other.now())
        assert.strictEqual(sleeps(), 2)
        one.close()
        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(100)

        assert.deepStrictEqual(reached, ["other"])
        assert.strictEqual(sleeps(), 0)
      })
    ))
})

describe("deadlines with a shared timer", () => {
  it.effect("share a sleep, and are each reached at their instant", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const reached: Array<number> = []
        for (const after of [300, 100, 200, 100]) {
          const it = yield* deadline()
          it.set(it.now() + after, () => reached.push(after), it.now())
        }

        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(reached, [100, 100])
        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(reached, [100, 100, 200])
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(reached, [100, 100, 200, 300])
        assert.strictEqual(sleeps(), 0)
      })
    ))

  it.effect("keep their sleep for one that is set in the turn in which the last was closed", () =>
    sleeping((_sleeps, slept) =>
      Effect.gen(function*() {
        for (let i = 0; i < 10; i++) {
          const it = yield* deadline()
          it.set(it.now() + 100, () => undefined, it.now())
          it.close()
        }
        const last = yield* deadline()
        let reached = false
        last.set(last.now() + 100, () => reached = true, last.now())
        yield* turn

        assert.strictEqual(slept.length, 1)
        yield* TestClock.adjust(99)
        assert.isFalse(reached)
        yield* TestClock.adjust(1)
        assert.isTrue(reached)
      })
    ))

  it.effect("wake early for one with an earlier instant, and for no other", () =>
    Effect.gen(function*() {
      const reached: Array<string> = []
      const far = yield* deadline()
      far.set(far.now() + 1_000, () => reached.push("far"), far.now())
      const near = yield* deadline()
      near.set(near.now() + 10, () => reached.push("near"), near.now())
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(reached, ["near"])
      yield* TestClock.adjust(989)
      assert.deepStrictEqual(reached, ["near"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(reached, ["near", "far"])
    }))

  it.effect("keep an instant that a callback sets", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const reached: Array<string> = []
        const it = yield* deadline()
        it.set(it.now() + 100, () => {
          reached.push("first")
          it.set(it.now() + 50, () => reached.push("second"), it.now())
        }, it.now())
        yield* TestClock.adjust(100)
        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(49)
        assert.deepStrictEqual(reached, ["first"])
        yield* TestClock.adjust(1)

        assert.deepStrictEqual(reached, ["first", "second"])
      })
    ))

  it.effect("sleep no longer than the shortest of their longest sleeps", () =>
    sleeping((_sleeps, slept) =>
      Effect.gen(function*() {
        const long = yield* deadline()
        const short = yield* deadline(60)
        long.set(long.now() + 1_000, () => undefined, long.now())
        short.set(short.now() + 500, () => undefined, short.now())
        assert.deepStrictEqual(slept, [1_000, 60])
        yield* TestClock.adjust(60)
        assert.deepStrictEqual(slept, [1_000, 60, 60])
        short.close()
        yield* TestClock.adjust(60)

        assert.deepStrictEqual(slept, [1_000, 60, 60, 880])
      })
    ))

  it.effect("have another timer for another clock", () =>
    Effect.gen(function*() {
      const reached: Array<string> = []
      const test = yield* deadline()
      test.set(test.now() + 100, () => reached.push("test"), test.now())
      yield* TestClock.withLive(Effect.gen(function*() {
        const live = yield* deadline()
        live.set(live.now() + 60_000, () => reached.push("live"), live.now())
        live.close()
      }))
      yield* TestClock.adjust(100)

      assert.deepStrictEqual(reached, ["test"])
    }))
})

describe("within", () => {
  it.effect("is the effect itself where there is no limit", () =>
    Effect.sync(() => {
      const self = Effect.succeed(1)

      assert.strictEqual(Deadline.within(self, Infinity, () => "late"), self)
    }))

  it.effect("returns what the effect does, and leaves no timer", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* Deadline.within(Effect.succeed(1), 100, () => "late"), 1)
        assert.strictEqual(yield* Effect.flip(Deadline.within(Effect.fail("broken"), 100, () => "late")), "broken")
        const slow = yield* Effect.forkChild(Deadline.within(Effect.as(Effect.sleep(50), 2), 100, () => "late"))
        yield* TestClock.adjust(50)
        assert.strictEqual(yield* Fiber.join(slow), 2)
        yield* turn
        assert.strictEqual(sleeps(), 0)
      })
    ))

  it.effect("interrupts an effect that takes longer, and fails", () =>
    Effect.gen(function*() {
      let released = false
      const self = Effect.onInterrupt(Effect.never, () => Effect.sync(() => released = true))
      const fiber = yield* Effect.forkChild(Effect.exit(Deadline.within(self, 100, () => "late")))
      yield* TestClock.adjust(99)
      assert.isFalse(released)
      yield* TestClock.adjust(1)

      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.fail("late"))
      assert.isTrue(released)
    }))

  it.effect("interrupts the effect with itself, and waits for it", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        let released = false
        const self = Effect.onInterrupt(
          Effect.never,
          () => Effect.andThen(Effect.yieldNow, Effect.sync(() => released = true))
        )
        const fiber = yield* Effect.forkChild(Deadline.within(self, Duration.toMillis("1 minute"), () => "late"))
        yield* TestClock.adjust(1)
        yield* Fiber.interrupt(fiber)

        assert.isTrue(released)
        yield* turn
        assert.strictEqual(sleeps(), 0)
      })
    ))
})
