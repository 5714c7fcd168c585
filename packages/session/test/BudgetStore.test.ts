import * as Budget from "@effect-claude/session/Budget"
import * as BudgetStore from "@effect-claude/session/BudgetStore"
import * as BudgetStoreRedis from "@effect-claude/session/BudgetStoreRedis"
import * as BudgetStoreSql from "@effect-claude/session/BudgetStoreSql"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Fiber, Layer, Option, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { options, provide, sent } from "./scripted.ts"
import { withPostgres, withRedis } from "./servers.ts"

const amount = (fields: Partial<Budget.Sums>): Budget.Amount => ({
  tokens: fields.tokens ?? 0,
  requests: fields.requests ?? 0,
  turns: fields.turns ?? 0,
  usd: Option.some(fields.usd ?? 0)
})

/** The laws of a store, over two connections to the same contents. */
const laws = (name: string, layer: () => Layer.Layer<BudgetStore.BudgetStore>) => {
  describe(name, () => {
    it.live(
      "never overdraws, however many processes and fibers draw at once",
      () =>
        Effect.scoped(Effect.gen(function*() {
          const stores = yield* Effect.all([Layer.build(layer()), Layer.build(Layer.fresh(layer()))])
          const key = `race ${name}`
          const budgets = yield* Effect.forEach(
            [stores[0], stores[0], stores[1]],
            (store) => Effect.provideContext(Budget.shared({ key, usd: 1, requests: 25 }), store)
          )
          const draws = yield* Effect.forEach(
            Array.from({ length: 45 }, (_, n) => n),
            (n) =>
              Effect.gen(function*() {
                const budget = budgets[n % 3]!
                const drawn = yield* Effect.result(budget.reserve(amount({ usd: 0.05, requests: 1 })))
                if (Result.isFailure(drawn)) return { ok: false, usd: 0 }
                const used = (n % 5) / 100
                yield* drawn.success.settle(amount({ usd: used, requests: 1 }))
                return { ok: true, usd: used }
              }),
            { concurrency: "unbounded" }
          )
          const states = yield* Effect.forEach(budgets, ({ state }) => state)
          const spent = draws.reduce((sum, { usd }) => sum + usd, 0)
          const count = draws.filter(({ ok }) => ok).length

          for (const state of states) assert.deepStrictEqual(state, states[0])
          assert.closeTo(states[0]!.spent.usd, spent, 1e-9)
          assert.strictEqual(states[0]!.spent.requests, count)
          assert.isAtMost(count, 25)
          assert.isAbove(count, 0)
          assert.strictEqual(states[0]!.reserved.usd, 0)
        })),
      60_000
    )

    it.live("keeps budgets apart by key", () =>
      Effect.gen(function*() {
        const a = yield* Budget.shared({ key: "a", usd: 1 })
        const b = yield* Budget.shared({ key: "b", usd: 1 })
        yield* a.reserve(amount({ usd: 1 }))

        assert.deepStrictEqual([(yield* a.state).left.usd, (yield* b.state).left.usd], [0, 1])
      }).pipe(Effect.provide(layer())))

    it.live("replaces a text only if it is the expected one", () =>
      Effect.gen(function*() {
        const store = yield* BudgetStore.BudgetStore
        const first = yield* store.replace("key", undefined, "one")
        const again = yield* store.replace("key", undefined, "two")
        const wrong = yield* store.replace("key", "zero", "two")
        const right = yield* store.replace("key", "one", "it's \"two\"")

        assert.deepStrictEqual([first, again, wrong, right], [true, false, false, true])
        assert.strictEqual(yield* store.get("key"), "it's \"two\"")
        assert.isUndefined(yield* store.get("other"))
      }).pipe(Effect.provide(layer())))
  })
}

describe("BudgetStore", async () => {
  const memory = BudgetStore.layerMemory
  laws("layerMemory", () => Layer.succeedContext(memoryContext))
  const memoryContext = await Effect.runPromise(Effect.scoped(Layer.build(memory)))

  await withRedis((redis) => {
    laws("BudgetStoreRedis", () => BudgetStoreRedis.layer().pipe(Layer.provide(redis), Layer.orDie))
  })

  await withPostgres((layerOf) => {
    laws("BudgetStoreSql", () => BudgetStoreSql.layer().pipe(Layer.provide(layerOf()), Layer.orDie))
    laws("BudgetStoreSql, serializable", () =>
      BudgetStoreSql.layer({ table: "serializable_budgets" }).pipe(
        Layer.provide(layerOf("serializable")),
        Layer.orDie
      ))
  })
})

describe("Budget", () => {
  describe("shared", () => {
    it.effect("counts the worst for a process that was killed, once its hold ends", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.shared({ key: "a", usd: 1, holdFor: "10 minutes" })
        yield* budget.reserve(amount({ usd: 0.75 }))
        yield* TestClock.adjust("9 minutes")
        const held = yield* budget.state
        yield* TestClock.adjust("1 minute")
        const other = yield* Budget.shared({ key: "a", usd: 1, holdFor: "10 minutes" })
        const ended = yield* other.state
        const refused = yield* Effect.flip(other.reserve(amount({ usd: 0.26 })))
        yield* other.reserve(amount({ usd: 0.25 }))

        assert.deepStrictEqual([held.spent.usd, held.reserved.usd, held.left.usd], [0, 0.75, 0.25])
        assert.deepStrictEqual([ended.spent.usd, ended.reserved.usd, ended.left.usd], [0.75, 0, 0.25])
        assert.strictEqual(refused._tag, "BudgetExceededError")
      }).pipe(Effect.provide(BudgetStore.layerMemory)))

    it.effect("counts a reservation once that is settled after its hold ended", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.shared({ key: "a", usd: 1, holdFor: "10 minutes" })
        const late = yield* budget.reserve(amount({ usd: 0.5 }))
        yield* TestClock.adjust("10 minutes")
        yield* Effect.flatMap(budget.reserve(amount({ usd: 0.1 })), ({ settle }) => settle(amount({ usd: 0.1 })))
        yield* late.settle(amount({ usd: 0.2 }))
        yield* late.settle(amount({ usd: 0.2 }))

        assert.deepStrictEqual((yield* budget.state).spent.usd, 0.6)
      }).pipe(Effect.provide(BudgetStore.layerMemory)))

    it.effect("begins its duration with the first reservation, in whichever process", () =>
      Effect.gen(function*() {
        const one = yield* Budget.shared({ key: "a", duration: "1 hour" })
        yield* TestClock.adjust("2 hours")
        yield* one.reserve(amount({}))
        yield* TestClock.adjust("59 minutes")
        const other = yield* Budget.shared({ key: "a", duration: "1 hour" })
        yield* other.reserve(amount({}))
        yield* TestClock.adjust("1 minute")

        assert.include((yield* Effect.flip(other.reserve(amount({})))).message, "the time of the budget is over")
      }).pipe(Effect.provide(BudgetStore.layerMemory)))

    it.effect("sends nothing when its store fails or hangs, and says so", () => {
      let hangs = false
      const broken = Layer.succeed(BudgetStore.BudgetStore, {
        get: () =>
          hangs
            ? Effect.uninterruptible(Effect.never)
            : Effect.fail(new BudgetStore.BudgetStoreError({ problem: "the disk is full" })),
        replace: () => Effect.succeed(true)
      })
      return Effect.gen(function*() {
        const budget = yield* Budget.shared({ key: "a", usd: 1 })
        const session = yield* Session.make({ ...options, budget })
        const failed = yield* Effect.flip(session.send("one"))
        hangs = true
        const turn = yield* Effect.forkChild(Effect.flip(session.send("one")))
        yield* TestClock.adjust("30 seconds")
        const late = yield* Fiber.join(turn)

        assert.strictEqual(failed._tag, "BudgetExceededError")
        assert.include(failed.message, "The store of the budget failed: the disk is full.")
        assert.include(late.message, "it did not respond within 30s")
        assert.lengthOf(yield* sent, 0)
      }).pipe(Effect.provide(broken), provide())
    })

    it.effect("refuses a text that is not of a budget", () =>
      Effect.gen(function*() {
        const store = yield* BudgetStore.BudgetStore
        yield* store.replace("a", undefined, "{}")
        const budget = yield* Budget.shared({ key: "a", usd: 1 })

        assert.include((yield* Effect.flip(budget.reserve(amount({})))).message, "does not hold a budget")
        assert.strictEqual((yield* Effect.flip(budget.state))._tag, "BudgetStoreError")
      }).pipe(Effect.provide(BudgetStore.layerMemory)))

    it.effect("is drawn from by the sessions of several processes", () =>
      Effect.gen(function*() {
        const [one, other] = yield* Effect.all([
          Budget.shared({ key: "a", requests: 2 }),
          Budget.shared({ key: "a", requests: 2 })
        ])
        yield* (yield* Session.make({ ...options, budget: one })).send("one")
        yield* (yield* Session.make({ ...options, budget: other })).send("two")
        const exit = yield* Effect.exit((yield* Session.make({ ...options, budget: one })).send("three"))

        assert.isTrue(Exit.isFailure(exit))
        assert.lengthOf(yield* sent, 2)
      }).pipe(Effect.provide(BudgetStore.layerMemory), provide(Script.reply("1"), Script.reply("2"))))

    const Step = Schema.Struct({
      process: Schema.Literals([0, 1, 2]),
      what: Schema.Literals(["reserve", "reserve", "settle", "crash", "wait", "lose"]),
      size: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 }))
    })

    it.effect(
      "is never overdrawn by random processes, crashes and lost responses of the store",
      () =>
        Effect.gen(function*() {
          const limit = 100
          let runs = 0
          const check = (steps: ReadonlyArray<typeof Step.Type>) =>
            Effect.gen(function*() {
              const inner = yield* BudgetStore.BudgetStore
              let loses = false
              const lossy: BudgetStore.BudgetStore["Service"] = {
                ...inner,
                // The text is replaced, but the writer does not get to know.
                replace: (key, expected, next) =>
                  Effect.flatMap(inner.replace(key, expected, next), (done) => {
                    if (!loses) return Effect.succeed(done)
                    loses = false
                    return Effect.fail(new BudgetStore.BudgetStoreError({ problem: "lost" }))
                  })
              }
              const key = `run ${runs++}`
              const open: Array<{ reservation: Budget.Reservation; size: number }> = []
              let [settled, held] = [0, 0]
              for (const { process, size, what } of steps) {
                const budget = yield* Effect.provideService(
                  Budget.shared({ key, tokens: limit, name: `process ${process}`, holdFor: "1 hour" }),
                  BudgetStore.BudgetStore,
                  lossy
                )
                if (what === "lose") loses = true
                if (what === "wait") yield* TestClock.adjust("20 minutes")
                if (what === "crash") open.splice(0)
                if (what === "settle") {
                  const own = open.pop()
                  if (own !== undefined) {
                    const used = Math.min(size, own.size)
                    yield* Effect.forkDetach(own.reservation.settle(amount({ tokens: used })), {
                      startImmediately: true
                    })
                    yield* TestClock.adjust("1 second")
                    settled += used
                  }
                }
                if (what === "reserve") {
                  const drawn = yield* Effect.result(budget.reserve(amount({ tokens: size })))
                  if (Result.isSuccess(drawn)) {
                    open.push({ reservation: drawn.success, size })
                    held += size
                  }
                }
                const { reserved, spent } = yield* budget.state
                if (spent.tokens + reserved.tokens > limit) return false
                if (spent.tokens < 0 || reserved.tokens < 0) return false
              }
              yield* TestClock.adjust("2 hours")
              const last = yield* Effect.provideService(
                Budget.shared({ key, tokens: limit }),
                BudgetStore.BudgetStore,
                inner
              )
              const { reserved, spent } = yield* last.state
              return reserved.tokens === 0 && spent.tokens >= settled && spent.tokens <= limit && held >= 0
            })
          const result = yield* Arbitrary.checkEffect(
            Arbitrary.array(Arbitrary.schema(Step), { minLength: 1, maxLength: 25 }),
            check,
            { runs: 150, size: 25 }
          )

          assert.isUndefined(Arbitrary.formatCheckFailure(result))
        }).pipe(Effect.provide(BudgetStore.layerMemory)),
      60_000
    )
  })
})
