import type * as Exchange from "@effect-claude/http/Exchange"
import * as Timeouts from "@effect-claude/http/Timeouts"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Deadline from "../../../src/internal/time/deadline.ts"
import * as Body from "../../../src/internal/transport/body.ts"

interface Given extends Timeouts.Options {
  readonly endBy?: number
}

const off = { idle: Infinity, firstContent: Infinity, nextContent: Infinity }

/** A reader over a queue, kept to limits in milliseconds, whose deadline sleeps no longer than `longest`. */
const limited = Effect.fnUntraced(
  function*({ endBy, ...timeouts }: Given, longest = Infinity) {
    const deadline = yield* Effect.acquireRelease(
      Effect.contextWith((context: Context.Context<never>) =>
        Effect.sync(() => new Deadline.Deadline(new Deadline.Timer(context), longest))
      ),
      (deadline) => Effect.sync(() => deadline.close())
    )
    const queue = yield* Queue.unbounded<string, Exchange.Failure | Cause.Done>()
    const source = yield* Body.fromPull(
      Effect.map(Queue.take(queue), (text) => [new TextEncoder().encode(text)] as const)
    )
    const reader = new Body.LimitedReader(source, deadline, Timeouts.make({ ...off, ...timeouts }), endBy)
    return { queue, reader, read: Effect.map(Body.read(reader), textOf) }
  }
)

const textOf = (chunks: ReadonlyArray<Uint8Array>): string =>
  chunks.map((chunk) => new TextDecoder().decode(chunk)).join("")

const drain = (
  reader: Exchange.Reader,
  onText: (text: string) => boolean
): Effect.Effect<string, Exchange.Failure | Cause.Done> =>
  Effect.map(
    Effect.callback<ReadonlyArray<Uint8Array>, Exchange.Failure | Cause.Done>((resume) =>
      Effect.sync(Body.drain(reader, (chunks) => onText(textOf(chunks)) ? "enough" : "filler", resume))
    ),
    textOf
  )

/** The limit that a read reaches, and when, in milliseconds from now. */
const reached = <A>(read: Effect.Effect<A, Exchange.Failure | Cause.Done>) =>
  Effect.gen(function*() {
    const before = yield* Clock.currentTimeMillis
    const fiber = yield* Effect.forkChild(Effect.flatMap(Effect.flip(read), (failure) =>
      Effect.map(Clock.currentTimeMillis, (at) =>
        [limitOf(failure), at - before] as const)))
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const limitOf = (failure: Exchange.Failure | Cause.Done): string | undefined =>
  Cause.isDone(failure) ? "done" : failure.reason.limit

describe("LimitedReader", () => {
  describe("take", () => {
    it.effect("limits each read to the idle time", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ idle: 100 })
        for (const text of ["a", "b", "c"]) {
          const fiber = yield* Effect.forkChild(read)
          yield* TestClock.adjust("99 millis")
          yield* Queue.offer(queue, text)
          assert.strictEqual(yield* Fiber.join(fiber), text)
        }

        assert.deepStrictEqual(yield* reached(read), ["idle", 100])
      }))

    it.effect("does not count the time between reads as idle", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ idle: 100 })
        yield* Queue.offer(queue, "a")
        assert.strictEqual(yield* read, "a")
        yield* TestClock.adjust("1234567 millis")

        assert.deepStrictEqual(yield* reached(read), ["idle", 100])
      }))

    it.effect("reaches the earliest limit", () =>
      Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        const limits = [
          { firstContent: 70, idle: 100, endBy: now + 200 },
          { firstContent: 70, endBy: now + 50 },
          { firstContent: 70, idle: 30 }
        ]
        const fibers = yield* Effect.forEach(limits, (given) =>
          Effect.forkChild(Effect.scoped(Effect.flatMap(limited(given), ({ read }) =>
            Effect.flatMap(Effect.flip(read), (failure) =>
              Effect.map(Clock.currentTimeMillis, (at) => [limitOf(failure), at - now]))))))
        yield* TestClock.adjust("1 hour")

        assert.deepStrictEqual(yield* Effect.forEach(fibers, Fiber.join), [
          ["firstContent", 70],
          ["total", 50],
          ["idle", 30]
        ])
      }))

    it.effect("limits the first content over all reads that bring none", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ firstContent: 70 })
        for (let i = 0; i < 3; i++) {
          const fiber = yield* Effect.forkChild(read)
          yield* TestClock.adjust("20 millis")
          yield* Queue.offer(queue, "ping")
          yield* Fiber.join(fiber)
        }

        assert.deepStrictEqual(yield* reached(read), ["firstContent", 10])
      }))

    it.effect("limits the time to the next content, anew after each content", () =>
      Effect.gen(function*() {
        const { queue, read, reader } = yield* limited({ firstContent: 10, nextContent: 70 })
        for (const isContent of [true, false, false, true, false]) {
          const fiber = yield* Effect.forkChild(read)
          yield* TestClock.adjust(isContent ? "9 millis" : "30 millis")
          yield* Queue.offer(queue, "a")
          yield* Fiber.join(fiber)
          if (isContent) reader.contentArrived()
        }

        assert.deepStrictEqual(yield* reached(read), ["nextContent", 40])
      }))

    it.effect("fails a read that starts after the end of the call at once", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ endBy: (yield* Clock.currentTimeMillis) + 70 })
        yield* Queue.offer(queue, "late")
        yield* TestClock.adjust("1 second")

        assert.deepStrictEqual(yield* reached(read), ["total", 0])
      }))

    it.effect("loses nothing when a read is interrupted", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ idle: 100 })
        const fiber = yield* Effect.forkChild(read)
        yield* TestClock.adjust("50 millis")
        yield* Fiber.interrupt(fiber)
        yield* Queue.offerAll(queue, ["a", "b"])
        yield* TestClock.adjust("1 second")

        assert.strictEqual(yield* read, "a")
        assert.strictEqual(yield* read, "b")
        assert.deepStrictEqual(yield* reached(read), ["idle", 100])
      }))

    it.effect("loses nothing when a limit is reached", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ idle: 100 })
        assert.deepStrictEqual(yield* reached(read), ["idle", 100])
        yield* Queue.offer(queue, "a")

        assert.strictEqual(yield* read, "a")
      }))

    it.effect("reads no further than requested", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ idle: 100 })
        yield* Queue.offerAll(queue, ["a", "b", "c"])
        assert.strictEqual(yield* read, "a")
        yield* TestClock.adjust("1 second")

        assert.strictEqual(yield* Queue.size(queue), 2)
      }))

    it.effect("delivers the end again to each later read", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({ idle: 100 })
        yield* Queue.end(queue)

        assert.deepStrictEqual(yield* Effect.exit(read), Exit.fail(Cause.Done()))
        assert.deepStrictEqual(yield* Effect.exit(read), Exit.fail(Cause.Done()))
      }))

    it.effect("waits without an end where no limit is set", () =>
      Effect.gen(function*() {
        const { queue, read } = yield* limited({})
        const fiber = yield* Effect.forkChild(read)
        yield* TestClock.adjust("30 days")
        yield* Queue.offer(queue, "a")

        assert.strictEqual(yield* Fiber.join(fiber), "a")
      }))

    it.effect("reaches a limit at the same instant however short its deadline sleeps", () =>
      Effect.gen(function*() {
        for (const longest of [1, 33, 100, 101]) {
          const { queue, read } = yield* limited({ idle: 100 }, longest)
          yield* Queue.offer(queue, "a")
          yield* read

          assert.deepStrictEqual(yield* reached(read), ["idle", 100])
        }
      }))
  })

  describe("endWithin", () => {
    it.effect("replaces all limits", () =>
      Effect.gen(function*() {
        for (const within of [50, 500]) {
          const { read, reader } = yield* limited({ idle: 100, firstContent: 70 })
          reader.endWithin(within)

          assert.deepStrictEqual(yield* reached(read), ["total", within])
        }
      }))
  })
})

const readerOf = (body: Exchange.Body, scope: Scope.Scope, timeouts: Timeouts.Timeouts) =>
  Body.withReader(body, scope, timeouts, undefined, (reader) => Effect.succeed(reader))

describe("withReader", () => {
  it.effect("uses the reader of a body", () =>
    Effect.gen(function*() {
      const { reader } = yield* limited({})

      assert.strictEqual(
        yield* readerOf(Body.make(reader), yield* Effect.scope, Timeouts.defaults),
        reader
      )
    }))

  it.effect("limits a stream that replaced the body", () =>
    Effect.gen(function*() {
      const { reader } = yield* limited({})
      const replaced = Stream.tap(Body.make(reader), () => Effect.void)
      const own = yield* readerOf(replaced, yield* Effect.scope, Timeouts.make({ ...off, idle: 100 }))

      assert.deepStrictEqual(yield* reached(Body.read(own)), ["idle", 100])
    }))
})

describe("make", () => {
  it.effect("streams a body within its limits, and takes every chunk for content", () =>
    Effect.gen(function*() {
      const { queue, reader } = yield* limited({ firstContent: 60, nextContent: 70 })
      const text = yield* Effect.forkChild(Effect.result(Stream.runFold(
        Stream.decodeText(Body.make(reader)),
        () => "",
        (all, text) => all + text
      )))
      for (const chunk of ["a", "b", "c"]) {
        yield* TestClock.adjust("50 millis")
        yield* Queue.offer(queue, chunk)
      }
      yield* TestClock.adjust("69 millis")
      assert.isUndefined(text.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const end = yield* Fiber.join(text)

      assert.strictEqual(end._tag === "Failure" && limitOf(end.failure), "nextContent")
    }))
})

describe("drain", () => {
  it.effect("reads the chunks that are there and those that arrive, until it is enough", () =>
    Effect.gen(function*() {
      const { queue, reader } = yield* limited({ idle: 100 })
      const texts: Array<string> = []
      yield* Queue.offerAll(queue, ["a", "b"])
      const fiber = yield* Effect.forkChild(drain(reader, (text) => texts.push(text) === 4))
      yield* TestClock.adjust("99 millis")
      yield* Queue.offer(queue, "c")
      yield* TestClock.adjust("99 millis")
      assert.deepStrictEqual(texts, ["a", "b", "c"])
      yield* Queue.offerAll(queue, ["d", "e"])
      yield* Fiber.join(fiber)

      assert.deepStrictEqual(texts, ["a", "b", "c", "d"])
      assert.strictEqual(yield* Queue.size(queue), 1)
    }))

  it.effect("reads any number of chunks that are there already", () =>
    Effect.gen(function*() {
      const { queue, reader } = yield* limited({ idle: 100 })
      let count = 0
      yield* Queue.offerAll(queue, Array.from({ length: 50_000 }, () => "a"))
      yield* drain(reader, () => ++count === 50_000)

      assert.strictEqual(count, 50_000)
    }))

  it.effect("ends at a limit", () =>
    Effect.gen(function*() {
      const { queue, reader } = yield* limited({ idle: 100 })
      yield* Queue.offer(queue, "a")

      assert.deepStrictEqual(yield* reached(drain(reader, () => false)), ["idle", 100])
    }))

  it.effect("leaves the chunk it waited for to the next read", () =>
    Effect.gen(function*() {
      const { queue, read, reader } = yield* limited({ idle: 100 })
      const fiber = yield* Effect.forkChild(drain(reader, () => false))
      yield* TestClock.adjust("1 milli")
      yield* Fiber.interrupt(fiber)
      yield* Queue.offer(queue, "a")
      yield* TestClock.adjust("1 second")

      assert.strictEqual(yield* read, "a")
    }))
})
