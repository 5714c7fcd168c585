import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Bucket from "../../../src/internal/pacing/bucket.ts"
import { Governor, type Limits } from "../../../src/internal/pacing/governor.ts"
import { Line } from "../../../src/internal/pacing/line.ts"

const governor = (limits: Limits) =>
  Effect.map(
    RateLimiter.RateLimiterStore,
    (store) => new Governor(store, { key: "k", limits, headroom: 0, burst: 0.1, maxWait: 600_000, maxQueue: 100 })
  )

const none = { input: 0, output: 0 }

describe("Governor", () => {
  describe("expectedOutput", () => {
    it.effect("is 1,024 before the first answer, and then their running mean", () =>
      Effect.gen(function*() {
        const paced = yield* governor({})
        assert.strictEqual(paced.expectedOutput(8000), 1024)
        assert.strictEqual(paced.expectedOutput(100), 100)

        paced.learn(200)
        assert.strictEqual(paced.expectedOutput(8000), 200)

        paced.learn(700)
        assert.strictEqual(paced.expectedOutput(8000), 300)
        assert.strictEqual(paced.expectedOutput(100), 100)
      }).pipe(Effect.provide(RateLimiter.layerStoreMemory)))
  })

  describe("settle", () => {
    it.effect("lets those of another process go within a second", () =>
      Effect.gen(function*() {
        const here = yield* governor({ inputTokens: 600 })
        const there = yield* governor({ inputTokens: 600 })
        const { reservation } = yield* here.admit({ input: 600, output: 0 }, 0)
        const waiting = yield* Effect.forkChild(
          Effect.andThen(there.admit({ input: 60, output: 0 }, 0), Clock.currentTimeMillis)
        )
        yield* TestClock.adjust("5500 millis")
        yield* here.settle(reservation, { request: 1, tokens: none })
        yield* TestClock.adjust("2 minutes")

        assert.isAtMost(yield* Fiber.join(waiting), 6500)
      }).pipe(Effect.provide(RateLimiter.layerStoreMemory)))
  })

  describe("pause", () => {
    it.effect("holds another process back as well", () =>
      Effect.gen(function*() {
        const here = yield* governor({})
        const there = yield* governor({})
        yield* here.pause(5000)
        const waiting = yield* Effect.forkChild(there.admit(none, 0))
        yield* TestClock.adjust("1 minute")

        assert.strictEqual((yield* Fiber.join(waiting)).waited, 5000)
      }).pipe(Effect.provide(RateLimiter.layerStoreMemory)))
  })
})

describe("Bucket", () => {
  describe("wait", () => {
    const bucket = Bucket.make("b", { limit: 600, headroom: 0.5, burst: 0.1 })

    it("is nothing while the bucket holds what is needed", () => {
      assert.strictEqual(Bucket.wait(bucket, 60, { remaining: 0, elapsed: 0 }), 0)
    })

    it("is until what is owed came back, less the time that has passed", () => {
      assert.strictEqual(Bucket.wait(bucket, 10, { remaining: -10, elapsed: 0 }), 2000)
      assert.strictEqual(Bucket.wait(bucket, 10, { remaining: -10, elapsed: 50 }), 1950)
    })

    it("is until the bucket is full for a need larger than it", () => {
      assert.strictEqual(Bucket.wait(bucket, 100, { remaining: -40, elapsed: 0 }), 0)
      assert.strictEqual(Bucket.wait(bucket, 100, { remaining: -50, elapsed: 0 }), 2000)
    })

    it.effect.prop(
      "never lets more pass in any span of time than the burst and what came back in it",
      {
        limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 })),
        needs: Schema.Array(Schema.Tuple([
          Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 })),
          Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 }))
        ])).check(Schema.isMaxLength(20))
      },
      ({ limit, needs }) =>
        Effect.gen(function*() {
          const store = yield* RateLimiter.RateLimiterStore
          const bucket = Bucket.make("b", { limit, headroom: 0.1, burst: 0.1 })
          const passed: Array<{ readonly at: number; readonly need: number }> = []
          for (const [gap, wanted] of needs) {
            yield* TestClock.adjust(gap)
            const need = Math.min(wanted, bucket.capacity)
            const wait = Bucket.wait(bucket, need, yield* Bucket.take(store, bucket, need))
            passed.push({ at: (yield* Clock.currentTimeMillis) + wait, need })
          }
          for (const { at: start } of passed) {
            for (const { at: end } of passed.filter(({ at }) => at >= start)) {
              const inside = passed.reduce((sum, { at, need }) => at >= start && at <= end ? sum + need : sum, 0)
              // Waits are whole milliseconds.
              const room = bucket.capacity + (end - start + 1) / bucket.refill
              assert.isAtMost(inside, room)
            }
          }
        }).pipe(Effect.provide(RateLimiter.layerStoreMemory), Effect.provide(TestClock.layer()))
    )
  })
})

describe("Line", () => {
  it.effect("loses no turn, whoever leaves and whenever", () =>
    Effect.gen(function*() {
      const line = new Line()
      const first = line.join(0)
      const second = line.join(0)
      const third = line.join(0)

      // Served, and gone before it noticed.
      yield* first.leave
      yield* second.leave
      yield* second.leave

      yield* third.turn
      assert.strictEqual(line.length, 0)
      yield* third.leave
      yield* line.join(0).turn
    }))
})
