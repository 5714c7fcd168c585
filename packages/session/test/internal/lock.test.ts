import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Predicate } from "effect"
import { TestClock } from "effect/testing"
import * as Lock from "../../src/internal/lock.ts"

const options = { queue: true, abandonAfter: 30_000 }

const acquire = (lock: Lock.Lock) => Effect.uninterruptibleMask((restore) => Lock.acquire(lock, options, restore))

const waiting = (lock: Lock.Lock) => Effect.forkChild(acquire(lock), { startImmediately: true })

describe("Lock", () => {
  describe("acquire", () => {
    it.effect("passes on what it was given in the moment it was interrupted", () =>
      Effect.gen(function*() {
        const lock = Lock.make()
        const first = yield* acquire(lock)
        const using = Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(Lock.acquire(lock, options, restore), (lease) =>
            Effect.ensuring(restore(Effect.never), Effect.sync(() => Lock.release(lease))))
        )
        const second = yield* Effect.forkChild(using, { startImmediately: true })
        const third = yield* waiting(lock)
        second.interruptUnsafe()
        Lock.release(first)
        const lease = yield* Fiber.join(third)

        assert.isTrue(Lock.holds(lease))
        assert.lengthOf(lock.waiting, 0)
        Lock.release(lease)
        assert.isUndefined(lock.holder)
      }))

    it.effect("passes on what it is given while it is being interrupted", () =>
      Effect.gen(function*() {
        const lock = Lock.make()
        const held = yield* acquire(lock)
        // Rolling the turn back takes a while, and nothing interrupts it.
        held.revoke = Effect.uninterruptible(
          Effect.andThen(Effect.sleep("5 seconds"), Effect.sync(() => Lock.release(held)))
        )
        yield* Lock.rest(held)
        const second = yield* waiting(lock)
        yield* TestClock.adjust("31 seconds")
        second.interruptUnsafe()
        const third = yield* waiting(lock)
        yield* TestClock.adjust("5 seconds")

        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(second)))
        assert.isTrue(Lock.holds(yield* Fiber.join(third)))
      }))

    it.effect("takes over as soon as the holder has rested for so long, whenever that began", () =>
      Effect.gen(function*() {
        const lock = Lock.make()
        const held = yield* acquire(lock)
        let revoked = 0
        held.revoke = Effect.sync(() => {
          revoked++
          Lock.release(held)
        })
        yield* Lock.rest(held)
        yield* TestClock.adjust("20 seconds")
        const fiber = yield* waiting(lock)
        yield* TestClock.adjust("5 seconds")
        // It goes on for a moment, and rests again.
        yield* Effect.withFiber((self) => Effect.sync(() => Lock.drive(held, self)))
        yield* Lock.rest(held)
        yield* TestClock.adjust("29 seconds")
        const before = fiber.pollUnsafe()
        yield* TestClock.adjust("1 second")

        assert.isUndefined(before)
        assert.strictEqual(revoked, 1)
        assert.isTrue(Lock.holds(yield* Fiber.join(fiber)))
      }))

    it.effect("takes over at once where the holder has rested for longer", () =>
      Effect.gen(function*() {
        const lock = Lock.make()
        const held = yield* acquire(lock)
        held.revoke = Effect.sync(() => Lock.release(held))
        yield* Lock.rest(held)
        yield* TestClock.adjust("40 seconds")
        const fiber = yield* waiting(lock)

        assert.isTrue(Lock.holds(yield* Fiber.join(fiber)))
      }))
  })

  describe("release", () => {
    it.effect("does nothing the second time", () =>
      Effect.gen(function*() {
        const lock = Lock.make()
        const first = yield* acquire(lock)
        const second = yield* waiting(lock)
        const third = yield* waiting(lock)
        Lock.release(first)
        Lock.release(first)

        assert.isTrue(Lock.holds(yield* Fiber.join(second)))
        assert.isUndefined(third.pollUnsafe())
      }))
  })

  describe("drive", () => {
    /** How many leases the fiber remembers. */
    const remembered = Effect.map(Effect.context<never>(), (context) => {
      let count = 0
      let at: unknown = context.mapUnsafe.get("@effect-claude/session/Running")
      while (Predicate.hasProperty(at, "outer")) {
        count++
        at = at.outer
      }
      return count
    })

    it.effect("marks the fiber once, and forgets the turns before", () =>
      Effect.gen(function*() {
        const lock = Lock.make()
        for (let turn = 0; turn < 3; turn++) {
          const lease = yield* acquire(lock)
          for (let pull = 0; pull < 3; pull++) {
            yield* Effect.withFiber((self) => Effect.sync(() => Lock.drive(lease, self)))
          }
          Lock.release(lease)
        }
        const after = yield* remembered
        const lease = yield* acquire(lock)
        const within = yield* Lock.under(remembered, lease)

        assert.deepStrictEqual([after, within], [1, 1])
      }))
  })
})
