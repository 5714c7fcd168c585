import * as RateLimits from "@effect-claude/core/RateLimits"
import type * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Identity from "@effect-claude/http/Identity"
import * as Messages from "@effect-claude/http/Messages"
import * as Pacing from "@effect-claude/http/Pacing"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Telemetry from "@effect-claude/http/Telemetry"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { question, scripted } from "./scripted.ts"

const free = { requests: 1_000_000, inputTokens: 1_000_000_000, outputTokens: 1_000_000_000 }

const used = (input_tokens: number, output_tokens = 1) =>
  Script.reply({ text: "Hi!", usage: { input_tokens, output_tokens } })

/** A request that says how much it needs. */
const needing = (inputTokens: number, outputTokens = 1) => ({
  ...question,
  system: `${inputTokens} ${outputTokens}`
})

/** Believes what `needing` says. */
const believing: Pacing.Options["estimate"] = ({ system }) => {
  const [inputTokens, outputTokens] = String(system).split(" ").map(Number)
  return { inputTokens: inputTokens!, outputTokens: outputTokens! }
}

const paced = (
  options: Pacing.Options,
  script: Script.Script = Script.forever(used(0)),
  test?: ClaudeTest.Options
): Layer.Layer<Claude.Claude | ClaudeTest.ClaudeTest, ClaudeConfig.ClaudeConfigError> =>
  Layer.provideMerge(
    Pacing.layer({ limits: free, ...options }),
    scripted(script, { retry: RetryPolicy.never }, { rateLimits: free, ...test })
  )

/** When requests arrived, in seconds since the first. */
const arrivals = Effect.gen(function*() {
  const { requests } = yield* ClaudeTest.ClaudeTest
  const times = (yield* requests).map(({ at }) => at)
  return times.map((at) => (at - times[0]!) / 1000)
})

/** Starts calls, and lets an hour pass. */
const all = <E, R>(calls: Iterable<Effect.Effect<unknown, E, R>>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.forEach(calls, Effect.exit, { concurrency: "unbounded" }))
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const times = <A>(count: number, value: A): Array<A> => Array.from({ length: count }, () => value)

/** The most of something in any minute of a list of times and amounts. */
const mostInAMinute = (events: ReadonlyArray<readonly [at: number, amount: number]>): number =>
  Math.max(
    ...events.map(([start]) =>
      events.reduce((sum, [at, amount]) => at >= start && at < start + 60 ? sum + amount : sum, 0)
    )
  )

describe("Pacing", () => {
  describe("requests", () => {
    it.effect("go at once up to a burst, and then evenly", () =>
      Effect.gen(function*() {
        yield* all(times(6, Messages.create(question)))

        // A tenth of 30 at once; then 27 a minute.
        assert.deepStrictEqual((yield* arrivals).map((at) => Math.round(at * 10) / 10), [0, 0, 0, 2.2, 4.4, 6.7])
      }).pipe(Effect.provide(paced({ limits: { requests: 30 } }))))

    it.effect("keep to the headroom and the burst that are given", () =>
      Effect.gen(function*() {
        yield* all(times(4, Messages.create(question)))

        assert.deepStrictEqual(yield* arrivals, [0, 0, 4, 8])
      }).pipe(Effect.provide(paced({ limits: { requests: 20 }, headroom: 0.25, burst: 0.1 }))))

    it.effect("are paced again for each retry", () =>
      Effect.gen(function*() {
        yield* all([Messages.create(question)])

        const [, retried] = yield* arrivals
        assert.isAbove(retried!, 60)
      }).pipe(Effect.provide(Layer.provideMerge(
        Pacing.layer({ limits: { requests: 1 }, maxWait: "5 minutes" }),
        scripted(Script.sequence(Script.status(529), used(1)), undefined, { rateLimits: free })
      ))))

    it.effect("that stream are paced like others", () =>
      Effect.gen(function*() {
        yield* all(times(3, Stream.runDrain(Messages.stream(question))))

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 7, 13])
      }).pipe(Effect.provide(paced({ limits: { requests: 10 } }))))

    const Load = Schema.Struct({
      limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 50 })),
      gaps: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5000 }))).check(
        Schema.isMinLength(1),
        Schema.isMaxLength(60)
      )
    })
    it.effect.prop(
      "are never more in any minute than the limit, however they come",
      [Load],
      ([{ gaps, limit }]) =>
        Effect.gen(function*() {
          const waits = gaps.map((_, i) => gaps.slice(0, i + 1).reduce((sum, gap) => sum + gap, 0))
          yield* all(waits.map((wait) => Effect.delay(Messages.create(question), Duration.millis(wait))))

          const sent = yield* arrivals
          assert.strictEqual(sent.length, gaps.length)
          assert.isAtMost(mostInAMinute(sent.map((at) => [at, 1])), limit)
        }).pipe(
          Effect.provide(paced({ limits: { requests: limit }, maxWait: "10 hours" })),
          Effect.provide(TestClock.layer())
        ),
      {
        arbitrary: { runs: 30 },
        timeout: 60_000
      }
    )
  })

  describe("tokens", () => {
    it.effect("of input are paced by what requests are expected to need", () =>
      Effect.gen(function*() {
        yield* all(times(4, Messages.create(needing(500))))

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 0, 3, 7])
      }).pipe(
        Effect.provide(paced({ limits: { inputTokens: 10_000 }, estimate: believing }, Script.forever(used(500))))
      ))

    it.effect("of output are paced by a limit of their own", () =>
      Effect.gen(function*() {
        yield* all(times(4, Messages.create(needing(1, 500))))

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 0, 3, 7])
      }).pipe(Effect.provide(
        paced({ limits: { outputTokens: 10_000 }, estimate: believing }, Script.forever(used(1, 500)))
      )))

    it.effect("that were reserved and not used let the next request go", () =>
      Effect.gen(function*() {
        yield* all(times(2, Messages.create(needing(1000))))

        // The second waits for the answer of the first, not for the minute.
        assert.deepStrictEqual(yield* arrivals, [0, 2.5])
      }).pipe(Effect.provide(paced(
        { limits: { inputTokens: 10_000 }, estimate: believing },
        Script.forever(used(10).pipe(Script.delay("2500 millis")))
      ))))

    it.effect("that were used and not reserved hold the next request back", () =>
      Effect.gen(function*() {
        yield* Messages.create(needing(10))
        yield* all([Messages.create(needing(10))])

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 27])
      }).pipe(
        Effect.provide(paced({ limits: { inputTokens: 10_000 }, estimate: believing }, Script.forever(used(5000))))
      ))

    it.effect("read from the cache do not count", () =>
      Effect.gen(function*() {
        yield* Messages.create(needing(900))
        yield* all([Messages.create(needing(900))])

        assert.deepStrictEqual(yield* arrivals, [0, 0])
      }).pipe(Effect.provide(paced(
        { limits: { inputTokens: 10_000 }, estimate: believing },
        Script.forever(Script.reply({
          text: "Hi!",
          usage: { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 890 }
        }))
      ))))

    it.effect("of a request that was refused are given back", () =>
      Effect.gen(function*() {
        yield* Effect.exit(Messages.create(needing(1000)))
        yield* all([Messages.create(needing(1000))])

        assert.deepStrictEqual(yield* arrivals, [0, 0])
      }).pipe(
        Effect.provide(
          paced({ limits: { inputTokens: 10_000 }, estimate: believing }, Script.forever(Script.status(529)))
        )
      ))

    it.effect("of a stream that broke off stay reserved, as far as is not known better", () =>
      Effect.gen(function*() {
        yield* Effect.exit(Stream.runDrain(Messages.stream(needing(1, 1000))))
        yield* all([Messages.create(needing(1, 1000))])

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 7])
      }).pipe(Effect.provide(paced(
        { limits: { outputTokens: 10_000 }, estimate: believing },
        Script.sequence(
          Script.reply("Hi! How are you?").pipe(Script.chunked("perEvent"), Script.cutAfter({ events: 4 })),
          used(1)
        )
      ))))

    it.effect("of a call that was interrupted stay reserved", () =>
      Effect.gen(function*() {
        const { awaitRequests } = yield* ClaudeTest.ClaudeTest
        const fiber = yield* Effect.forkChild(Messages.create(needing(1000)))
        yield* awaitRequests(1)
        yield* Fiber.interrupt(fiber)
        yield* all([Messages.create(needing(1000))])

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 7])
      }).pipe(Effect.provide(paced(
        { limits: { inputTokens: 10_000 }, estimate: believing },
        Script.sequence(used(1).pipe(Script.stall({ after: "headers" })), used(1))
      ))))

    it.effect("and the request itself are given back when it was not sent", () =>
      Effect.gen(function*() {
        yield* Effect.forEach(times(5, Messages.create(needing(1000))), Effect.exit)
        const [error] = yield* all([Messages.create(needing(1000))])

        assert.match(String(error), /AuthenticationError/)
      }).pipe(Effect.provide(Layer.provideMerge(
        Pacing.layer({ limits: { requests: 10, inputTokens: 10_000 }, estimate: believing, maxWait: 0 }),
        scripted(Script.empty, { apiKey: Effect.fail("no key") })
      ))))

    it.effect("of a request larger than a burst let it go when the burst is full", () =>
      Effect.gen(function*() {
        yield* all(times(2, Messages.create(needing(5000))))

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 33])
      }).pipe(
        Effect.provide(paced({ limits: { inputTokens: 10_000 }, estimate: believing }, Script.forever(used(5000))))
      ))

    it.effect("are estimated when nothing else is said: input by its text, output by the answers before", () =>
      Effect.gen(function*() {
        const long = {
          ...question,
          max_tokens: 8000,
          messages: [{ role: "user", content: "word ".repeat(1000) }]
        } as const
        yield* Messages.create(long)
        yield* all(times(2, Messages.create(long)))

        // About 1,000 tokens of input, and 500 of output as the first answer had.
        const [, second, third] = yield* arrivals
        assert.strictEqual(second, 0)
        assert.isAbove(third!, 3)
        assert.isBelow(third!, 12)
      }).pipe(Effect.provide(
        paced({ limits: { inputTokens: 30_000, outputTokens: 10_000 } }, Script.forever(used(1000, 500)))
      )))
  })

  describe("priority", () => {
    it.effect("decides who goes first, and those of equal priority go in order", () =>
      Effect.gen(function*() {
        const order: Array<string> = []
        const named = (name: string, priority?: number) => {
          const call = Effect.andThen(Messages.create(question), Effect.sync(() => order.push(name)))
          return priority === undefined ? call : Pacing.withPriority(call, priority)
        }
        yield* all([
          named("first"),
          named("waits at the head"),
          named("low 1", -1),
          named("normal 1"),
          named("high", 5),
          named("normal 2"),
          named("low 2", -1)
        ])

        assert.deepStrictEqual(order, [
          "first",
          "waits at the head",
          "high",
          "normal 1",
          "normal 2",
          "low 1",
          "low 2"
        ])
      }).pipe(Effect.provide(paced({ limits: { requests: 10 } }))))
  })

  describe("refusing", () => {
    const outcomes = (exits: ReadonlyArray<Exit.Exit<unknown, unknown>>) =>
      exits.map((exit) => Exit.isSuccess(exit) ? "sent" : "refused")

    it.effect("fails at once who would have to wait longer than allowed, and says how long", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        const error = yield* Effect.flip(Messages.create(question))

        assert.strictEqual(error._tag, "PacingError")
        assert.strictEqual(error.outcome, "notSent")
        assert.strictEqual(Duration.toMillis(error.retryAfter!), 6667)
        assert.match(error.message, /no room in the rate limits of claude-sonnet-5-5 for 6.7 s/)
        assert.strictEqual((yield* arrivals).length, 1)
      }).pipe(Effect.provide(paced({ limits: { requests: 10 }, maxWait: "5 seconds" }))))

    it.effect("takes nothing from the limit for who is refused", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        yield* Effect.all(times(20, Effect.exit(Messages.create(question))))
        yield* TestClock.adjust("7 seconds")
        yield* Messages.create(question)

        assert.deepStrictEqual(yield* arrivals, [0, 7])
      }).pipe(Effect.provide(paced({ limits: { requests: 10 }, maxWait: "1 second" }))))

    it.effect("fails who waited in line for as long as allowed", () =>
      Effect.gen(function*() {
        const exits = yield* all(times(5, Messages.create(question)))

        assert.deepStrictEqual(outcomes(exits), ["sent", "sent", "sent", "refused", "refused"])
      }).pipe(Effect.provide(paced({ limits: { requests: 10 }, maxWait: "15 seconds" }))))

    it.effect("fails at once when too many wait", () =>
      Effect.gen(function*() {
        const exits = yield* all(times(6, Messages.create(question)))

        // One goes, one is at the head of the line, two wait in it.
        assert.deepStrictEqual(outcomes(exits), ["sent", "sent", "sent", "sent", "refused", "refused"])
        const error = yield* Effect.flip(Effect.flatten(Effect.succeed(exits[5]!)))
        assert.match(String(error), /2 requests wait for room in the rate limits/)
      }).pipe(Effect.provide(paced({ limits: { requests: 10 }, maxQueue: 2 }))))
  })

  describe("interruption", () => {
    it.effect("in line leaves no gap, and gives back what was taken", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        const head = yield* Effect.forkChild(Messages.create(question))
        const waiting = yield* Effect.forkChild(Messages.create(question))
        const last = yield* Effect.forkChild(Messages.create(question))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(waiting)
        yield* Fiber.interrupt(head)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(last)

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 7])
      }).pipe(Effect.provide(paced({ limits: { requests: 10 } }))))
  })

  describe("keys", () => {
    it.effect("are the models, each with limits of its own", () =>
      Effect.gen(function*() {
        const haiku = { ...question, model: "claude-haiku-4-5" }
        yield* all([question, haiku, question, haiku].map((request) => Messages.create(request)))

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 0, 7, 7])
      }).pipe(Effect.provide(paced({ limits: { requests: 10 } }))))

    it.effect("are of each tenant, with the limits a function gives them", () =>
      Effect.gen(function*() {
        const keys: Array<string> = []
        yield* all([
          ...times(2, Identity.withTenant(Messages.create(question), "small")),
          ...times(2, Identity.withTenant(Stream.runDrain(Messages.stream(question)), "large"))
        ]).pipe(Effect.provide(Layer.provide(
          Pacing.layer({
            limits: (key) => {
              keys.push(key)
              return { requests: key.startsWith("small") ? 10 : 100 }
            }
          }),
          scripted(Script.forever(used(1)), undefined, { rateLimits: free })
        )))

        assert.deepStrictEqual(keys, ["small/claude-sonnet-5-5", "large/claude-sonnet-5-5"])
      }))

    it.effect("nest: a tenant's limits within those of all", () =>
      Effect.gen(function*() {
        yield* all([
          ...times(3, Identity.withTenant(Messages.create(question), "acme")),
          ...times(3, Identity.withTenant(Messages.create(question), "brown"))
        ])

        // Each tenant alone: 0, 6.7, 13.3. Together, 20 in a minute: 0, 0, 3.3 …
        assert.isAtMost(mostInAMinute((yield* arrivals).map((at) => [at, 1])), 20)
        assert.deepStrictEqual((yield* arrivals).map(Math.round).slice(0, 3), [0, 0, 7])
      }).pipe(Effect.provide(
        Pacing.layer({ limits: { requests: 10 } }).pipe(
          Layer.provideMerge(paced({ limits: { requests: 20 }, key: () => "all" }))
        )
      )))
  })

  describe("the API's word", () => {
    const reporting = (limits: RateLimits.RateLimits) =>
      Script.forever(used(1).pipe(Script.withHeaders(RateLimits.toHeaders(limits))))

    it.effect("on its limits is taken where none are given", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        yield* all(times(3, Messages.create(question)))

        assert.deepStrictEqual((yield* arrivals).map(Math.round), [0, 0, 7, 13])
      }).pipe(Effect.provide(Layer.provideMerge(
        Pacing.layer(),
        scripted(reporting({ requests: { limit: 10, remaining: 9 } }), undefined, { rateLimits: free })
      ))))

    it.effect("on what is left is believed when it is less than was thought", () =>
      Effect.gen(function*() {
        yield* Messages.create(question)
        yield* all([Messages.create(question)])

        // Ten were thought to be left; there are none.
        assert.deepStrictEqual(yield* arrivals, [0, 1])
      }).pipe(Effect.provide(paced(
        { limits: { requests: 100 }, headroom: 0.4 },
        reporting({ requests: { limit: 100, remaining: 0 } })
      ))))

    it.effect("on when to come back is kept by everyone", () =>
      Effect.gen(function*() {
        yield* Effect.exit(Messages.create(question))
        yield* all(times(3, Messages.create(question)))

        assert.deepStrictEqual(yield* arrivals, [0, 20, 20, 20])
      }).pipe(
        Effect.provide(
          paced({}, Script.sequence(Script.rateLimited({ retryAfter: "20 seconds" }), Script.forever(used(1))))
        )
      ))

    it.effect("on when to retry is not added up over concurrent requests", () =>
      Effect.gen(function*() {
        const refused = yield* Effect.forkChild(
          Effect.forEach(times(5, Messages.create(question)), Effect.exit, { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(refused)
        yield* all([Messages.create(question)])

        assert.deepStrictEqual((yield* arrivals).slice(5), [21])
      }).pipe(Effect.provide(paced(
        {},
        Script.sequence(
          Script.times(Script.rateLimited({ retryAfter: "20 seconds" }).pipe(Script.delay("1 second")), 5),
          Script.forever(used(1))
        )
      ))))
  })

  describe("a known limit", () => {
    const limits = { requests: 60, inputTokens: 60_000 }
    const enforced = { ...limits, enforce: true }

    it.effect("is never met by a steady load below it", () =>
      Effect.gen(function*() {
        const calls = Array.from(
          { length: 250 },
          (_, i) => Effect.delay(Messages.create(needing(900)), Duration.millis(i * 1200))
        )
        const exits = yield* all(calls)

        assert.isTrue(exits.every(Exit.isSuccess), "no 429, and nobody refused")
        assert.strictEqual((yield* arrivals).length, 250)
      }).pipe(Effect.provide(paced(
        { limits, estimate: believing },
        Script.forever(used(900)),
        { rateLimits: enforced }
      ))))

    it.effect("is never met by a crowd that comes at once, and is used well", () =>
      Effect.gen(function*() {
        const exits = yield* all(times(250, Messages.create(needing(100))))

        assert.isTrue(exits.every(Exit.isSuccess), "no 429, and nobody refused")
        // 250 at 54 a minute, after a burst of 6.
        assert.isBelow((yield* arrivals).at(-1)!, 280)
      }).pipe(Effect.provide(paced(
        { limits, estimate: believing, maxWait: "1 hour" },
        Script.forever(used(100)),
        { rateLimits: enforced }
      ))))

    it.effect("is met again and again without pacing", () =>
      Effect.gen(function*() {
        const exits = yield* all(times(250, Messages.create(needing(100))))

        assert.strictEqual(exits.filter(Exit.isFailure).length, 190)
      }).pipe(Effect.provide(
        scripted(Script.forever(used(100)), { retry: RetryPolicy.never }, { rateLimits: enforced })
      )))
  })

  describe("a store that fails", () => {
    it.effect("lets requests pass, and says so", () =>
      Effect.gen(function*() {
        const warnings: Array<unknown> = []
        const broken = Layer.succeed(RateLimiter.RateLimiterStore, {
          fixedWindow: () => down,
          tokenBucket: () => down,
          adaptiveConsume: () => down,
          adaptiveFeedback: () => down
        })
        const exit = yield* Effect.exit(Messages.create(question)).pipe(
          Effect.provide(Layer.provide(Pacing.layerStore({ limits: { requests: 10 } }), [
            broken,
            scripted(used(1))
          ])),
          Effect.provide(Logger.layer([Logger.make(({ message }) => warnings.push(message))]))
        )

        assert.isTrue(Exit.isSuccess(exit))
        assert.match(String(warnings[0]), /goes on without its store/)
      }))
  })

  describe("telemetry", () => {
    it.effect("shows in the span of an attempt how long it waited", () =>
      Effect.gen(function*() {
        const spans: Array<Tracer.NativeSpan> = []
        const tracer = Tracer.make({
          span: (options) => {
            const span = new Tracer.NativeSpan(options)
            spans.push(span)
            return span
          }
        })
        yield* all(times(2, Messages.create(question))).pipe(
          Effect.provide(Layer.provide(Telemetry.layer(), paced({ limits: { requests: 10 } }))),
          Effect.provideService(Tracer.Tracer, tracer)
        )

        const events = spans.flatMap(({ events }) => events.map(([name, , attributes]) => [name, attributes]))
        assert.deepStrictEqual(events, [["paced", { "claude.pacing.wait_ms": 6667 }]])
      }))
  })
})

const down = Effect.fail(
  new RateLimiter.RateLimiterError({ reason: new RateLimiter.RateLimitStoreError({ message: "the store is down" }) })
)
