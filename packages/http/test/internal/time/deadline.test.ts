import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Alarm from "../../../src/internal/time/deadline.ts"

const made = (longest: number, isShared: boolean) =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.sync(() => new Alarm.Alarm(context, longest, isShared))
  )

const alarm = (longest = Infinity) => made(longest, true)

const ownAlarm = made(Infinity, false)

/** A turn of the event loop, in which sleeps end that nobody needs any more. */
const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Tells how many sleeps of the clock are under way, and how long, in milliseconds, each was to last. */
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

describe("Alarm", () => {
  it.effect("strikes once, at its instant", () =>
    Effect.gen(function*() {
      const it = yield* alarm()
      let struck = 0
      it.set(it.now() + 100, () => struck++, it.now())
      yield* TestClock.adjust(99)
      assert.strictEqual(struck, 0)
      yield* TestClock.adjust(1)
      assert.strictEqual(struck, 1)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(struck, 1)
    }))

  it.effect("strikes at the instant that was set last, with what was set last", () =>
    Effect.gen(function*() {
      for (const [first, second] of [[100, 50], [50, 100]] as const) {
        const it = yield* alarm()
        const struck: Array<string> = []
        it.set(it.now() + first, () => struck.push("first"), it.now())
        it.set(it.now() + second, () => struck.push("second"), it.now())
        yield* TestClock.adjust(second - 1)
        assert.deepStrictEqual(struck, [])
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(struck, ["second"])
      }
    }))

  it.effect("does not strike once it is lifted, and can be set again", () =>
    Effect.gen(function*() {
      const it = yield* alarm()
      const struck: Array<string> = []
      it.set(it.now() + 100, () => struck.push("first"), it.now())
      it.lift()
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(struck, [])
      it.set(it.now() + 100, () => struck.push("second"), it.now())
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(struck, ["second"])
    }))

  it.effect("never sleeps for an instant that never comes", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const it = yield* alarm()
        it.set(Infinity, () => assert.fail("struck"), it.now())

        assert.strictEqual(sleeps(), 0)
      })
    ))

  it.effect("sleeps once for limits that are moved away", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const it = yield* alarm()
        for (let i = 0; i < 10; i++) it.set(it.now() + 100 + i, () => undefined, it.now())

        assert.strictEqual(sleeps(), 1)
      })
    ))

  it.effect("does not strike once it is closed, and sleeps no longer than this turn", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const it = yield* alarm()
        it.set(it.now() + 100, () => assert.fail("struck"), it.now())
        it.close()
        yield* turn
        assert.strictEqual(sleeps(), 0)
        yield* TestClock.adjust("1 hour")
      })
    ))

  it.effect("cannot be set once it is closed", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        for (const it of [yield* alarm(), yield* ownAlarm]) {
          it.close()
          it.set(it.now() + 100, () => assert.fail("struck"), it.now())
          assert.strictEqual(sleeps(), 0)
        }
        yield* TestClock.adjust("1 hour")
      })
    ))

  it.effect("can be closed twice, and without having been set", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const other = yield* alarm()
        other.set(other.now() + 100, () => undefined, other.now())
        const it = yield* alarm()
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

describe("an alarm that shares nothing", () => {
  it.effect("has a sleep of its own, which ends with it at once", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const struck: Array<string> = []
        const one = yield* ownAlarm
        const other = yield* ownAlarm
        one.set(one.now() + 100, () => struck.push("one"), one.now())
        other.set(other.now() + 100, () => struck.push("other"), other.now())
        assert.strictEqual(sleeps(), 2)
        one.close()
        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(100)

        assert.deepStrictEqual(struck, ["other"])
        assert.strictEqual(sleeps(), 0)
      })
    ))
})

describe("the alarms of one clock", () => {
  it.effect("share a sleep, and strike each at its instant", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const struck: Array<number> = []
        for (const after of [300, 100, 200, 100]) {
          const it = yield* alarm()
          it.set(it.now() + after, () => struck.push(after), it.now())
        }

        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(struck, [100, 100])
        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(struck, [100, 100, 200])
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(struck, [100, 100, 200, 300])
        assert.strictEqual(sleeps(), 0)
      })
    ))

  it.effect("go on sleeping for one that is set in the turn in which the last was closed", () =>
    sleeping((_sleeps, slept) =>
      Effect.gen(function*() {
        for (let i = 0; i < 10; i++) {
          const it = yield* alarm()
          it.set(it.now() + 100, () => undefined, it.now())
          it.close()
        }
        const last = yield* alarm()
        let struck = false
        last.set(last.now() + 100, () => struck = true, last.now())
        yield* turn

        assert.strictEqual(slept.length, 1)
        yield* TestClock.adjust(99)
        assert.isFalse(struck)
        yield* TestClock.adjust(1)
        assert.isTrue(struck)
      })
    ))

  it.effect("are woken early by one that strikes earlier, and by no other", () =>
    Effect.gen(function*() {
      const struck: Array<string> = []
      const far = yield* alarm()
      far.set(far.now() + 1_000, () => struck.push("far"), far.now())
      const near = yield* alarm()
      near.set(near.now() + 10, () => struck.push("near"), near.now())
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(struck, ["near"])
      yield* TestClock.adjust(989)
      assert.deepStrictEqual(struck, ["near"])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(struck, ["near", "far"])
    }))

  it.effect("keep what is set by one that strikes", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        const struck: Array<string> = []
        const it = yield* alarm()
        it.set(it.now() + 100, () => {
          struck.push("first")
          it.set(it.now() + 50, () => struck.push("second"), it.now())
        }, it.now())
        yield* TestClock.adjust(100)
        assert.strictEqual(sleeps(), 1)
        yield* TestClock.adjust(49)
        assert.deepStrictEqual(struck, ["first"])
        yield* TestClock.adjust(1)

        assert.deepStrictEqual(struck, ["first", "second"])
      })
    ))

  it.effect("sleep no longer than the shortest of the sleeps they may take", () =>
    sleeping((_sleeps, slept) =>
      Effect.gen(function*() {
        const long = yield* alarm()
        const short = yield* alarm(60)
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

  it.effect("are not those of another clock", () =>
    Effect.gen(function*() {
      const struck: Array<string> = []
      const test = yield* alarm()
      test.set(test.now() + 100, () => struck.push("test"), test.now())
      yield* TestClock.withLive(Effect.gen(function*() {
        const live = yield* alarm()
        live.set(live.now() + 60_000, () => struck.push("live"), live.now())
        live.close()
      }))
      yield* TestClock.adjust(100)

      assert.deepStrictEqual(struck, ["test"])
    }))
})

describe("within", () => {
  it.effect("is the effect itself where there is no limit", () =>
    Effect.sync(() => {
      const self = Effect.succeed(1)

      assert.strictEqual(Alarm.within(self, Infinity, () => "late"), self)
    }))

  it.effect("returns what the effect does, and leaves no timer", () =>
    sleeping((sleeps) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* Alarm.within(Effect.succeed(1), 100, () => "late"), 1)
        assert.strictEqual(yield* Effect.flip(Alarm.within(Effect.fail("broken"), 100, () => "late")), "broken")
        const slow = yield* Effect.forkChild(Alarm.within(Effect.as(Effect.sleep(50), 2), 100, () => "late"))
        yield* TestClock.adjust(50)
        assert.strictEqual(yield* Fiber.join(slow), 2)
        yield* turn
        assert.strictEqual(sleeps(), 0)
      })
    ))

  it.effect("interrupts an effect that takes longer, and fails in its place", () =>
    Effect.gen(function*() {
      let released = false
      const self = Effect.onInterrupt(Effect.never, () => Effect.sync(() => released = true))
      const fiber = yield* Effect.forkChild(Effect.exit(Alarm.within(self, 100, () => "late")))
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
        const fiber = yield* Effect.forkChild(Alarm.within(self, Duration.toMillis("1 minute"), () => "late"))
        yield* TestClock.adjust(1)
        yield* Fiber.interrupt(fiber)

        assert.isTrue(released)
        yield* turn
        assert.strictEqual(sleeps(), 0)
      })
    ))
})
