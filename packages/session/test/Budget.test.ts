import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Agent from "@effect-claude/session/Agent"
import * as Budget from "@effect-claude/session/Budget"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Redacted, Result, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import { finish, options, provide, sent } from "./scripted.ts"

const amount = (
  fields: Partial<{ readonly tokens: number; readonly requests: number; readonly usd: number }>
): Budget.Amount => ({
  tokens: fields.tokens ?? 0,
  requests: fields.requests ?? 0,
  usd: Option.some(fields.usd ?? 0)
})

const refused = (budget: Budget.Budget, worst: Budget.Amount) =>
  Effect.map(Effect.flip(budget.reserve(worst)), ({ message }) => message)

describe("Budget", () => {
  describe("reserve", () => {
    it.effect("sets aside what a request may use, and gives back what it did not", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 100, usd: 1, requests: 2 })
        const reservation = yield* budget.reserve(amount({ tokens: 80, usd: 0.75, requests: 1 }))
        const during = yield* budget.state
        yield* reservation.settle(amount({ tokens: 10, usd: 0.25, requests: 1 }))
        yield* reservation.settle(amount({ tokens: 10, usd: 0.25, requests: 1 }))
        const after = yield* budget.state

        assert.deepStrictEqual(during.left, { tokens: 20, usd: 0.25, requests: 1 })
        assert.deepStrictEqual(after, {
          spent: { tokens: 10, usd: 0.25, requests: 1 },
          reserved: { tokens: 0, usd: 0, requests: 0 },
          left: { tokens: 90, usd: 0.75, requests: 1 }
        })
      }))

    it.effect("refuses what may not fit, saying why, and takes exactly what is left", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 100, usd: 1, requests: 3, name: "the tenant's budget" })
        yield* budget.reserve(amount({ tokens: 90, usd: 0.5, requests: 2 }))

        assert.strictEqual(
          yield* refused(budget, amount({ tokens: 11 })),
          "The request was not sent: it may use 11 tokens, and the tenant's budget has 10 left."
        )
        assert.strictEqual(
          yield* refused(budget, amount({ usd: 0.51 })),
          "The request was not sent: it may cost $0.5100, and the tenant's budget has $0.5000 left."
        )
        assert.strictEqual(
          yield* refused(budget, amount({ requests: 2 })),
          "The request was not sent: the tenant's budget is for 3 requests."
        )
        yield* budget.reserve(amount({ tokens: 10, usd: 0.5, requests: 1 }))
      }))

    it.effect("refuses a price that is not known where it counts dollars, and only there", () =>
      Effect.gen(function*() {
        const unknown = { ...amount({ tokens: 1 }), usd: Option.none() }
        const dollars = yield* Budget.make({ usd: 1 })
        const tokens = yield* Budget.make({ tokens: 1 })

        assert.include(yield* refused(dollars, unknown), "the price of the model is not known")
        yield* tokens.reserve(unknown)
      }))

    it.effect("refuses once its time is over", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ duration: "1 minute" })
        yield* TestClock.adjust("59 seconds")
        yield* budget.reserve(amount({}))
        yield* TestClock.adjust("1 second")

        assert.include(yield* refused(budget, amount({})), "the time of the budget is over")
      }))

    it.effect("has no end where there is no limit", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        yield* budget.reserve(amount({ tokens: 1e12, usd: 1e12, requests: 1e12 }))

        assert.deepStrictEqual((yield* budget.state).left, { tokens: Infinity, usd: Infinity, requests: Infinity })
      }))

    it.effect("asks every budget around, and takes nothing where one has no room", () =>
      Effect.gen(function*() {
        const program = yield* Budget.make({ tokens: 100, name: "the program's budget" })
        const tenant = yield* Budget.make({ tokens: 80, within: program })
        const [one, other] = yield* Effect.all([
          Budget.make({ within: tenant }),
          Budget.make({ tokens: 50, within: tenant })
        ])
        const reservation = yield* one.reserve(amount({ tokens: 60 }))

        assert.include(yield* refused(other, amount({ tokens: 30 })), "has 20 left")
        assert.deepStrictEqual((yield* other.state).reserved.tokens, 0)
        yield* reservation.settle(amount({ tokens: 5 }))
        assert.deepStrictEqual(
          (yield* Effect.forEach([one, tenant, program], ({ state }) => state)).map((
            { reserved, spent }
          ) => [spent.tokens, reserved.tokens]),
          [[5, 0], [5, 0], [5, 0]]
        )
        yield* tenant.reserve(amount({ tokens: 75 }))
        yield* program.reserve(amount({ tokens: 20 }))
        assert.include(yield* refused(program, amount({ tokens: 1 })), "the program's budget has 0 left")
      }))
  })

  describe("worstCase", () => {
    const request = {
      model: "claude-haiku-4-5",
      max_tokens: 1000,
      messages: [{ role: "user", content: "Hello" }]
    } as const

    it.effect("is the input with its margin and all of max_tokens, at the highest price of input", () =>
      Effect.gen(function*() {
        const worst = yield* Budget.worstCase(request)

        const input = worst.tokens - 1000
        assert.isAbove(input, 5)
        assert.strictEqual(worst.requests, 1)
        assert.closeTo(Option.getOrThrow(worst.usd), (input * 2 + 1000 * 5) / 1e6, 1e-12)
      }))

    it.effect("knows no price for a model nobody knows, unless the catalogue does", () =>
      Effect.gen(function*() {
        const unknown = { ...request, model: "claude-tomorrow" }
        const catalog = ModelCatalog.withEntry(ModelCatalog.released, {
          id: "claude-tomorrow",
          tiers: [{ price: { input: 1, output: 1 } }]
        })
        const known = yield* Effect.provideService(Budget.worstCase(unknown), ModelCatalog.Current, catalog)

        assert.isTrue(Option.isNone((yield* Budget.worstCase(unknown)).usd))
        assert.closeTo(Option.getOrThrow(known.usd), known.tokens / 1e6, 1e-12)
      }))
  })

  describe("layer", () => {
    const request = { model: "claude-sonnet-5-5", max_tokens: 100, messages: [MessageRequest.user("Hello")] }
    const usage = { input_tokens: 10, output_tokens: 5, cache_creation: null }
    const reply = Script.reply({ text: "Hi", usage })

    it.effect("counts what answers really used, whole or streamed, here and around", () =>
      Effect.gen(function*() {
        const tenant = yield* Budget.make({})
        const budget = yield* Budget.make({ within: tenant })
        yield* Effect.gen(function*() {
          yield* Messages.create(request)
          yield* Messages.create(request, { wire: "stream" })
          yield* Stream.runDrain(Messages.stream(request))
        }).pipe(Effect.provide(Budget.layer(budget)))

        for (const each of [budget, tenant]) {
          const { reserved, spent } = yield* each.state
          assert.deepStrictEqual([spent.tokens, spent.requests, reserved.tokens], [45, 3, 0])
        }
      }).pipe(provide(Script.forever(reply))))

    it.effect("refuses what may not fit, sends nothing, and does not try again", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 100 })
        const error = yield* Messages.create(request).pipe(
          Claude.withRetry(RetryPolicy.standard),
          Effect.provide(Budget.layer(budget)),
          Effect.flip
        )

        assert.strictEqual(error._tag, "BudgetExceededError")
        assert.lengthOf(yield* sent, 0)
        assert.strictEqual((yield* budget.state).left.tokens, 100)
      }).pipe(provide(reply)))

    it.effect("draws each attempt by itself: nothing for one that was rejected, the worst where nobody knows", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const { tokens } = yield* Budget.worstCase(request)
        yield* finish(yield* Effect.forkChild(Effect.provide(Messages.create(request), Budget.layer(budget))))

        const { reserved, spent } = yield* budget.state
        assert.lengthOf(yield* sent, 3)
        assert.deepStrictEqual([spent.tokens, spent.requests, reserved.tokens], [tokens + 15, 2, 0])
      }).pipe(Effect.provide(
        Claude.layer({
          apiKey: Redacted.make("sk-ant-test"),
          retry: Result.getOrThrow(RetryPolicy.make({ maxRetries: 2, unknownOutcome: "always" }))
        }).pipe(
          Layer.provideMerge(ClaudeTest.layer(Script.sequence(Script.status(529), Script.status(504), reply)))
        )
      )))

    it.effect("counts what came of an answer that was left, and the worst where nothing did", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const { tokens } = yield* Budget.worstCase(request)
        yield* Messages.stream(request).pipe(Stream.take(2), Stream.runDrain, Effect.provide(Budget.layer(budget)))
        const left = (yield* budget.state).spent.tokens
        const fiber = yield* Effect.forkChild(Effect.provide(Messages.create(request), Budget.layer(budget)))
        yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(2)
        yield* Fiber.interrupt(fiber)

        const { reserved, spent } = yield* budget.state
        assert.isBelow(left, 20)
        assert.isAbove(left, 9)
        assert.deepStrictEqual([spent.tokens - left, reserved.tokens], [tokens, 0])
      }).pipe(provide(
        Script.reply({ text: "one two three four", usage }).pipe(Script.chunked("perEvent")),
        Script.silence
      )))

    it.effect.prop(
      "is not overdrawn by a hundred calls at once, whatever becomes of them",
      [Schema.Array(Schema.Literals(["answered", "rejected", "failed"])).check(Schema.isMinLength(1))],
      ([ends]) =>
        Effect.gen(function*() {
          const budget = yield* Budget.make({ tokens: 3000 })
          const exits = yield* Effect.forEach(
            Array.from({ length: 100 }),
            () => Effect.exit(Messages.create(request)),
            { concurrency: "unbounded" }
          ).pipe(Effect.provide(Budget.layer(budget)))
          const { left, reserved, spent } = yield* budget.state

          assert.isAtMost(spent.tokens, 3000)
          assert.deepStrictEqual([reserved.tokens, left.tokens], [0, 3000 - spent.tokens])
          assert.isTrue(exits.some(Exit.isFailure))
        }).pipe(provide(...Array.from({ length: 100 }, (_, n) => {
          const end = ends[n % ends.length]
          return end === "answered" ? reply : Script.status(end === "rejected" ? 400 : 500)
        }))),
      { arbitrary: { runs: 20 } }
    )
  })

  describe("in a session", () => {
    const usage = { input_tokens: 10, output_tokens: 5, cache_creation: null }
    const reply = Script.reply({ text: "Hi", usage })

    it.effect("counts what answers really used, and refuses before it is overdrawn", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 200 })
        const session = yield* Session.make({ ...options, budget })
        yield* session.send("one")
        yield* Stream.runDrain(session.stream("two"))
        const state = yield* budget.state
        const before = yield* session.history
        const error = yield* Effect.flip(session.send("three", { max_tokens: 4000 }))
        const streamed = yield* Effect.flip(Stream.runDrain(session.stream("three", { max_tokens: 4000 })))

        assert.deepStrictEqual(state.spent, { tokens: 30, requests: 2, usd: state.spent.usd })
        assert.strictEqual(state.reserved.tokens, 0)
        assert.deepStrictEqual([error._tag, streamed._tag], ["BudgetExceededError", "BudgetExceededError"])
        assert.strictEqual(yield* session.history, before)
        assert.lengthOf(yield* sent, 2)
        yield* session.send("three")
      }).pipe(provide(reply, reply, reply)))

    it.effect("counts the worst where nobody knows, and nothing where nothing was done", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const session = yield* Session.make({ ...options, budget })
        const spentBy = (run: Effect.Effect<unknown, unknown>) =>
          Effect.gen(function*() {
            const before = (yield* budget.state).spent.tokens
            yield* Effect.exit(run)
            const { reserved, spent } = yield* budget.state
            assert.strictEqual(reserved.tokens, 0)
            return spent.tokens - before
          })
        const interrupted = Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(session.send("interrupted"))
          yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(2)
          yield* Fiber.interrupt(fiber)
        }).pipe(Effect.provideService(ClaudeTest.ClaudeTest, yield* ClaudeTest.ClaudeTest))

        assert.strictEqual(yield* spentBy(session.send("rejected")), 0)
        assert.isAbove(yield* spentBy(interrupted), 100)
        assert.strictEqual(yield* spentBy(Stream.runDrain(session.stream("cut"))), 11)
        assert.strictEqual(yield* spentBy(session.stream("left").pipe(Stream.take(2), Stream.runDrain)), 11)
        assert.strictEqual(yield* spentBy(session.send(" ")), 0)
      }).pipe(provide(
        Script.status(400),
        Script.silence,
        Script.reply({ text: "one two three four", usage: { ...usage, output_tokens: 9 } }).pipe(
          Script.cutAfter({ events: 4 })
        ),
        Script.reply({ text: "one two three four", usage: { ...usage, output_tokens: 9 } }).pipe(
          Script.chunked("perEvent")
        )
      )))

    it.effect("is asked before each request of an agent, and shared with forks", () =>
      Effect.gen(function*() {
        const toolkit = Toolkit.make(Tool.make("act", { success: Schema.String }))
        const budget = yield* Budget.make({ requests: 2 })
        const session = yield* Session.make({ ...options, budget })
        const error = yield* Agent.run(session, "Go", { toolkit }).pipe(
          Effect.provide(toolkit.toLayer({ act: () => Effect.succeed("ok") })),
          Effect.flip
        )
        const fork = yield* session.fork()

        assert.strictEqual(error._tag, "BudgetExceededError")
        assert.strictEqual((yield* Effect.flip(fork.send("x")))._tag, "BudgetExceededError")
        assert.strictEqual((yield* session.history).status, "awaitingReply")
        assert.deepStrictEqual(History.check(yield* session.history), [])
      }).pipe(provide(
        Script.toolCall("act", {}, { toolUseId: "toolu_1" }),
        Script.toolCall("act", {}, { toolUseId: "toolu_2" })
      )))

    it.effect.prop(
      "is not overdrawn by a hundred sessions at once, whatever their answers use",
      [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))).check(Schema.isMinLength(1))],
      ([outputs]) =>
        Effect.gen(function*() {
          const budget = yield* Budget.make({ tokens: 3000 })
          const exits = yield* Effect.forEach(
            Array.from({ length: 100 }, (_, n) => n),
            () => Effect.flatMap(Session.make({ ...options, budget }), (session) => Effect.exit(session.send("Hello"))),
            { concurrency: "unbounded" }
          )
          const { reserved, spent } = yield* budget.state
          const sum = exits.reduce((sum, exit) =>
            Exit.isSuccess(exit) ? sum + exit.value.usage.input_tokens + exit.value.usage.output_tokens : sum, 0)

          assert.isAtMost(spent.tokens, 3000)
          assert.strictEqual(spent.tokens, sum)
          assert.strictEqual(reserved.tokens, 0)
          assert.isTrue(exits.some(Exit.isSuccess) && exits.some(Exit.isFailure))
        }).pipe(provide(...Array.from({ length: 100 }, (_, n) =>
          Script.reply({
            text: "Hi",
            usage: { input_tokens: 5, output_tokens: outputs[n % outputs.length] ?? 0, cache_creation: null }
          })))),
      { arbitrary: { runs: 20 } }
    )
  })
})
