import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Claude from "@effect-claude/http/Claude"
import * as Hedging from "@effect-claude/http/Hedging"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Messages from "@effect-claude/http/Messages"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
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
import { message } from "./builders.ts"
import { assistant, finish, options, provide, sent, user } from "./scripted.ts"

const amount = (fields: Partial<Budget.Sums>): Budget.Amount => ({
  tokens: fields.tokens ?? 0,
  requests: fields.requests ?? 0,
  turns: fields.turns ?? 0,
  usd: Option.some(fields.usd ?? 0)
})

const refused = (budget: Budget.Budget, worst: Budget.Amount) =>
  Effect.map(Effect.flip(budget.reserve(worst)), ({ message }) => message)

/** The scripted API, with retries of all that went wrong before an answer had content. */
const retrying = (...scripts: ReadonlyArray<Script.Script>) =>
  Effect.provide(
    Claude.layer({
      apiKey: Redacted.make("sk-ant-test"),
      retry: Result.getOrThrow(RetryPolicy.make({ maxRetries: 3, unknownOutcome: "always" }))
    }).pipe(Layer.provideMerge(ClaudeTest.layer(Script.sequence(...scripts))))
  )

describe("Budget", () => {
  describe("reserve", () => {
    it.effect("sets aside what a request may use, and gives back what it did not", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 100, usd: 1, requests: 2, turns: 4 })
        const reservation = yield* budget.reserve(amount({ tokens: 80, usd: 0.75, requests: 1, turns: 3 }))
        const during = yield* budget.state
        yield* reservation.settle(amount({ tokens: 10, usd: 0.25, requests: 1, turns: 1 }))
        yield* reservation.settle(amount({ tokens: 10, usd: 0.25, requests: 1, turns: 1 }))
        const after = yield* budget.state

        assert.deepStrictEqual(during.reserved, { tokens: 80, usd: 0.75, requests: 1, turns: 3 })
        assert.deepStrictEqual(during.left, { tokens: 20, usd: 0.25, requests: 1, turns: 1 })
        assert.deepStrictEqual(after, {
          spent: { tokens: 10, usd: 0.25, requests: 1, turns: 1 },
          reserved: { tokens: 0, usd: 0, requests: 0, turns: 0 },
          left: { tokens: 90, usd: 0.75, requests: 1, turns: 3 }
        })
      }))

    it.effect("refuses what may not fit, saying why, and takes exactly what is left", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 100, usd: 1, requests: 3, turns: 2, name: "the tenant's budget" })
        yield* budget.reserve(amount({ tokens: 90, usd: 0.5, requests: 2, turns: 1 }))

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
        assert.strictEqual(
          yield* refused(budget, amount({ turns: 2 })),
          "The request was not sent: the tenant's budget is for 2 turns."
        )
        yield* budget.reserve(amount({ tokens: 10, usd: 0.5, requests: 1, turns: 1 }))
      }))

    it.effect("speaks of one as one", () =>
      Effect.gen(function*() {
        const single = yield* Budget.make({ requests: 1 })
        assert.strictEqual(
          yield* refused(single, amount({ requests: 2 })),
          "The request was not sent: the budget is for 1 request."
        )
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
        yield* budget.reserve(amount({ tokens: 1e12, usd: 1e12, requests: 1e12, turns: 1e12 }))

        assert.deepStrictEqual((yield* budget.state).left, {
          tokens: Infinity,
          usd: Infinity,
          requests: Infinity,
          turns: Infinity
        })
      }))

    it.effect("has nothing left once answers used more than was set aside", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 100, usd: 1 })
        yield* (yield* budget.reserve(amount({ tokens: 60, usd: 0.5 }))).settle(amount({ tokens: 160, usd: 1.5 }))

        assert.deepStrictEqual((yield* budget.state).left, {
          tokens: -60,
          usd: -0.5,
          requests: Infinity,
          turns: Infinity
        })
        assert.include(yield* refused(budget, amount({ tokens: 1 })), "the budget has 0 left")
        const dollars = yield* Budget.make({ usd: 1 })
        yield* (yield* dollars.reserve(amount({ usd: 0.5 }))).settle(amount({ usd: 1.5 }))
        assert.include(yield* refused(dollars, amount({ usd: 0.1 })), "the budget has $0.0000 left")
        // What costs nothing still does.
        yield* (yield* Budget.make({ usd: 0 })).reserve(amount({}))
      }))

    it.effect("takes ten dimes from a dollar, and no eleventh", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ usd: 1 })
        for (let n = 0; n < 10; n++) {
          yield* (yield* budget.reserve(amount({ usd: 0.1 }))).settle(amount({ usd: 0.1 }))
        }

        assert.deepStrictEqual([(yield* budget.state).spent.usd, (yield* budget.state).left.usd], [1, 0])
        assert.include(yield* refused(budget, amount({ usd: 0.000000001 })), "has $0.0000 left")
      }))

    it.effect.prop(
      "adds dollars up without a rest, in whatever order they are settled",
      [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e13 })))],
      ([billionths]) =>
        Effect.gen(function*() {
          const budget = yield* Budget.make({ usd: 9e6 })
          const kept = billionths.filter((_, n) => n < 800)
          const reservations = yield* Effect.forEach(kept, (n) => budget.reserve(amount({ usd: n / 1e9 })))
          yield* Effect.forEach(
            reservations.map((reservation, n) => [reservation, kept[n] ?? 0] as const).toReversed(),
            ([{ settle }, n]) => settle(amount({ usd: n / 1e9 }))
          )
          const { left, reserved, spent } = yield* budget.state
          const sum = kept.reduce((sum, n) => sum + n, 0)

          assert.deepStrictEqual([spent.usd, reserved.usd, left.usd], [sum / 1e9, 0, (9e15 - sum) / 1e9])
        })
    )

    it.effect("counts what was reserved where it is strict and what was used is a guess", () =>
      Effect.gen(function*() {
        const around = yield* Budget.make({})
        const strict = yield* Budget.make({ strict: true, within: around })
        const worst = amount({ tokens: 80, usd: 0.75, requests: 1, turns: 1 })
        const guess = { ...amount({ tokens: 90, usd: 0.25 }), estimated: true }
        yield* (yield* strict.reserve(worst)).settle(guess)
        yield* (yield* strict.reserve(worst)).settle({ ...guess, estimated: false })

        assert.deepStrictEqual((yield* strict.state).spent, { tokens: 180, usd: 1, requests: 1, turns: 1 })
        assert.deepStrictEqual((yield* around.state).spent, { tokens: 180, usd: 0.5, requests: 0, turns: 0 })
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

  describe("used", () => {
    const text = "The quick brown fox jumps over the lazy dog, and does so again."
    const tokens = TokenEstimate.ofText(text, "claude-sonnet-5-5").tokens
    const whole = message([{ type: "text", text }])
    const cut = { ...whole, stop_reason: null }
    const input = { city: "Paris, where else?" }
    const call = { type: "tool_use", id: "toolu_1", name: "weather" } as const

    it.effect("is what an answer says", () =>
      Effect.gen(function*() {
        const used = yield* Budget.used(whole)

        assert.deepStrictEqual([used.tokens, used.requests, used.turns, used.estimated], [4, 1, 0, false])
        assert.closeTo(Option.getOrThrow(used.usd), (3 * 2 + 10) / 1e6, 1e-12)
      }))

    it.effect.each<readonly [string, Message.Message["content"], number]>([
      ["text", cut.content, tokens],
      ["thinking", [{ type: "thinking", thinking: text, signature: "" }], tokens],
      ["a call", [{ ...call, input }], TokenEstimate.ofText(JSON.stringify(input), "claude-sonnet-5-5").tokens],
      ["a call whose input is cut", [{ ...call, input: text }], tokens],
      ["what a server's tool found", [{ type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] }], 1],
      ["nothing", [], 1]
    ])(
      "of an answer that was cut is its prompt, and what is there as estimated: %s",
      ([, content, output]) =>
        Effect.gen(function*() {
          assert.isAbove(tokens, 9)
          const used = yield* Budget.used({ ...cut, content })

          assert.deepStrictEqual([used.tokens, used.estimated], [3 + output, true])
          assert.closeTo(Option.getOrThrow(used.usd), (3 * 2 + output * 10) / 1e6, 1e-12)
        })
    )

    it.effect("of an answer that was cut is never less than the API told", () =>
      Effect.gen(function*() {
        const used = yield* Budget.used({ ...cut, usage: { input_tokens: 3, output_tokens: 500 } })

        assert.strictEqual(used.tokens, 503)
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

    const long = "The quick brown fox jumps over the lazy dog, and does so again."
    const cut = Script.reply({ text: long, usage }).pipe(Script.cutAfter({ events: 6 }))

    it.effect("counts what a cut answer wrote, though the API did not come to tell, and the worst where it is strict", () =>
      Effect.gen(function*() {
        const around = yield* Budget.make({})
        const strict = yield* Budget.make({ strict: true, within: around })
        const error = yield* Messages.stream(request).pipe(
          Stream.runDrain,
          Effect.flip,
          Effect.provide(Budget.layer(strict))
        )
        const told = error.partial?.usage.output_tokens ?? 0

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.isAbove((yield* around.state).spent.tokens, 10 + told)
        assert.isBelow((yield* around.state).spent.tokens, 40)
        assert.strictEqual((yield* strict.state).spent.tokens, (yield* Budget.worstCase(request)).tokens)
      }).pipe(provide(cut)))

    it.effect("counts a cut answer once, and the worst for the attempt after it that brought nothing", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const { tokens } = yield* Budget.worstCase(request)
        const fiber = yield* Effect.forkChild(
          Messages.create(request, { wire: "stream" }).pipe(
            Effect.provide(Budget.layer(budget)),
            Claude.withRetry(Result.getOrThrow(RetryPolicy.make({ maxRetries: 1 })))
          )
        )
        const observations = yield* ClaudeTest.ClaudeTest
        while ((yield* observations.requests).length < 2) yield* TestClock.adjust("1 second")
        const first = (yield* budget.state).spent.tokens
        yield* Fiber.interrupt(fiber)

        assert.isAbove(first, 10)
        assert.isBelow(first, 40)
        assert.strictEqual((yield* budget.state).spent.tokens, first + tokens)
      }).pipe(provide(cut, Script.silence)))

    it.effect.each(["inside", "outside"])(
      "counts both of two hedged requests, hedged %s of it",
      (where) =>
        Effect.gen(function*() {
          const budget = yield* Budget.make({})
          const { tokens } = yield* Budget.worstCase(request)
          const hedging = Hedging.layer({ after: "1 second" })
          const layer = where === "inside"
            ? Layer.provide(Budget.layer(budget), hedging)
            : Layer.provide(hedging, Budget.layer(budget))
          const calls = Effect.gen(function*() {
            const won = yield* Messages.create(request)
            const first = (yield* budget.state).spent
            yield* Stream.runDrain(Messages.stream(request))
            const second = (yield* budget.state).spent
            yield* Messages.create(request)
            return [Usage.totals(won.usage).output, first, second] as const
          }).pipe(Effect.provide(layer))
          const [output, first, second] = yield* finish(yield* Effect.forkChild(calls))
          const { reserved, spent } = yield* budget.state

          // The one that was taken says what it used; the other was given up, and nobody knows.
          assert.strictEqual(output, 5)
          assert.deepStrictEqual([first.tokens, first.requests], [15 + tokens, 2])
          assert.deepStrictEqual([second.tokens, second.requests], [2 * (15 + tokens), 4])
          // One that was refused cost nothing.
          assert.deepStrictEqual([spent.tokens - second.tokens, spent.requests, reserved.tokens], [15, 5, 0])
          assert.lengthOf(yield* sent, 6)
        }).pipe(provide(
          Script.silence,
          reply,
          Script.silence,
          reply,
          Script.delay(Script.status(400), "3 seconds"),
          Script.delay(reply, "5 seconds")
        ))
    )

    it.effect("counts both of two hedged requests that were given up", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const { tokens } = yield* Budget.worstCase(request)
        const fiber = yield* Messages.create(request).pipe(
          Effect.provide(Budget.layer(budget)),
          Effect.provide(Hedging.layer({ after: "1 second" })),
          Effect.forkChild
        )
        yield* TestClock.adjust("2 seconds")
        yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(2)
        yield* Fiber.interrupt(fiber)

        const { reserved, spent } = yield* budget.state
        assert.deepStrictEqual([spent.tokens, spent.requests, reserved.tokens], [2 * tokens, 2, 0])
      }).pipe(provide(Script.silence, Script.silence)))

    it.effect("refuses to hedge what does not fit a second time, and lets the first go on", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ requests: 1 })
        const fiber = yield* Messages.create(request).pipe(
          Effect.provide(Budget.layer(budget)),
          Effect.provide(Hedging.layer({ after: "1 second" })),
          Effect.forkChild
        )

        assert.strictEqual((yield* finish(fiber)).usage.output_tokens, 5)
        assert.lengthOf(yield* sent, 1)
        assert.strictEqual((yield* budget.state).spent.requests, 1)
      }).pipe(provide(Script.delay(reply, "5 seconds"))))

    it.effect("draws nothing for an answer that was known already", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const ask = Effect.andThen(Messages.create(request), Stream.runDrain(Messages.stream(request)))
        yield* Effect.provide(Effect.andThen(ask, ask), Layer.provide(ResponseCache.layer(), Budget.layer(budget)))

        assert.lengthOf(yield* sent, 1)
        assert.deepStrictEqual([(yield* budget.state).spent.tokens, (yield* budget.state).spent.requests], [15, 1])
      }).pipe(provide(reply)))

    it.effect("draws once from a budget that a call comes to on several ways", () =>
      Effect.gen(function*() {
        const tenant = yield* Budget.make({})
        const one = yield* Budget.make({ within: tenant })
        const other = yield* Budget.make({ within: tenant })
        const layer = [one, tenant, one, other].reduce(
          (outer, budget) => Layer.provide(outer, Budget.layer(budget)),
          Interceptor.layer(Effect.succeed(() => Effect.succeed({})))
        )
        yield* Effect.provide(Effect.andThen(Messages.create(request), Messages.create(request)), layer)

        for (const budget of [one, other, tenant]) {
          const { reserved, spent } = yield* budget.state
          assert.deepStrictEqual([spent.tokens, spent.requests, reserved.tokens], [30, 2, 0])
        }
      }).pipe(provide(reply, reply)))

    it.effect("counts what is asked while another call is under way", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const claude = yield* Claude.Claude
        const other = Effect.ignore(Effect.provideService(Messages.create(request), Claude.Claude, claude))
        yield* Effect.gen(function*() {
          const own = yield* Claude.Claude
          let asked = false
          yield* Messages.create(request, {
            onProgress: () =>
              Effect.suspend(() => {
                if (asked) return other
                asked = true
                return Effect.ignore(Effect.provideService(Messages.create(request), Claude.Claude, own))
              })
          })
        }).pipe(Effect.provide(Budget.layer(budget)))

        assert.deepStrictEqual([(yield* budget.state).spent.requests, (yield* sent).length], [2, 2])
      }).pipe(provide(Script.forever(reply))))

    it.effect.prop(
      "is not overdrawn by a hundred calls at once, however often each is tried",
      [
        Schema.Array(Schema.Literals(["answered", "overloaded", "lost", "cut"])).check(Schema.isMinLength(1)),
        Schema.Literals([0, 1, 3])
      ],
      ([ends, maxRetries]) =>
        Effect.gen(function*() {
          const tenant = yield* Budget.make({ tokens: 3000, usd: 0.02, requests: 40 })
          const budget = yield* Budget.make({ strict: true, within: tenant })
          const { tokens: worst } = yield* Budget.worstCase(request)
          const fiber = yield* Effect.forEach(
            Array.from({ length: 100 }),
            (_, n) =>
              Effect.exit(
                n % 2 === 0
                  ? Messages.create(request, { wire: "stream" })
                  : Stream.runDrain(Messages.stream(request))
              ),
            { concurrency: "unbounded" }
          ).pipe(
            Effect.provide(Budget.layer(budget)),
            Claude.withRetry(Result.getOrThrow(RetryPolicy.make({ maxRetries, unknownOutcome: "always" }))),
            Effect.forkChild
          )
          const exits = yield* finish(fiber)
          const attempts = (yield* sent).length
          const count = (end: string) =>
            Array.from({ length: attempts }, (_, n) => ends[n % ends.length]).filter((each) => each === end).length
          const { reserved, spent } = yield* budget.state

          // Each attempt that was sent is counted by what became of it, and only those.
          assert.strictEqual(spent.requests, attempts - count("overloaded"))
          assert.strictEqual(spent.tokens, 15 * count("answered") + worst * (count("lost") + count("cut")))
          assert.deepStrictEqual(reserved, { usd: 0, tokens: 0, requests: 0, turns: 0 })
          const outside = (yield* tenant.state).spent
          assert.isTrue(outside.tokens <= 3000 && outside.usd <= 0.02 && outside.requests <= 40)
          assert.isTrue(exits.some(Exit.isFailure))
        }).pipe(provide(Script.forever(Script.sequence(...ends.map((end) => {
          switch (end) {
            case "answered":
              return reply
            case "cut":
              return cut
            default:
              return Script.status(end === "lost" ? 504 : 529)
          }
        }))))),
      { arbitrary: { runs: 20 }, timeout: 60_000 }
    )

    it.effect.prop(
      "is not overdrawn by a hundred calls at once, whatever becomes of them",
      [Schema.Array(Schema.Literals(["answered", "rejected", "failed"])).check(Schema.isMinLength(1))],
      ([ends]) =>
        Effect.gen(function*() {
          const budget = yield* Budget.make({ tokens: 3000 })
          const fiber = yield* Effect.forEach(
            Array.from({ length: 100 }),
            () => Effect.exit(Messages.create(request)),
            { concurrency: "unbounded" }
          ).pipe(Effect.provide(Budget.layer(budget)), Effect.forkChild)
          const exits = yield* finish(fiber)
          const { left, reserved, spent } = yield* budget.state

          assert.isAtMost(spent.tokens, 3000)
          assert.deepStrictEqual([reserved.tokens, left.tokens], [0, 3000 - spent.tokens])
          assert.isTrue(exits.some(Exit.isFailure))
        }).pipe(provide(...Array.from({ length: 100 }, (_, n) => {
          const end = ends[n % ends.length]
          return end === "answered" ? Script.slow(reply, "1 second") : Script.status(end === "rejected" ? 400 : 500)
        }))),
      { arbitrary: { runs: 20 }, timeout: 60_000 }
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

        assert.deepStrictEqual(state.spent, { tokens: 30, requests: 2, turns: 2, usd: 0.00014 })
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
        assert.strictEqual(yield* spentBy(Stream.runDrain(session.stream("cut"))), 13)
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
        const { end, turns } = yield* Agent.run(session, "Go", { toolkit }).pipe(
          Effect.provide(toolkit.toLayer({ act: () => Effect.succeed("ok") }))
        )
        const fork = yield* session.fork()

        assert.deepStrictEqual([end, turns], ["budget", 2])
        assert.strictEqual((yield* Effect.flip(fork.send("x")))._tag, "BudgetExceededError")
        assert.strictEqual((yield* session.history).status, "awaitingReply")
        assert.deepStrictEqual(History.check(yield* session.history), [])
      }).pipe(provide(
        Script.toolCall("act", {}, { toolUseId: "toolu_1" }),
        Script.toolCall("act", {}, { toolUseId: "toolu_2" })
      )))

    it.effect("counts each attempt, in what the session spent as well, where the API told what it used", () =>
      Effect.gen(function*() {
        const tenant = yield* Budget.make({})
        const budget = yield* Budget.make({ within: tenant })
        const session = yield* Session.make({ ...options, budget })
        yield* finish(yield* Effect.forkChild(Stream.runDrain(session.stream("one"))))
        const first = (yield* budget.state).spent
        const { tokens: worst } = yield* Budget.worstCase({
          ...options,
          messages: [user("one"), assistant("Hi"), user("two")]
        })
        yield* finish(yield* Effect.forkChild(session.send("two")))
        const { reserved, spent } = yield* budget.state

        // An overload is refused, and an answer that was cut before its first content has its prompt.
        assert.deepStrictEqual([first.tokens, first.requests], [11 + 15, 2])
        // Nobody knows what a gateway gave up on.
        assert.deepStrictEqual([spent.tokens - first.tokens, spent.requests - first.requests], [worst + 15, 2])
        assert.deepStrictEqual(reserved, { usd: 0, tokens: 0, requests: 0, turns: 0 })
        assert.deepStrictEqual((yield* tenant.state).spent, spent)
        assert.deepStrictEqual(yield* session.spent, { ...Usage.empty, input: 30, output: 11 })
        assert.deepStrictEqual(yield* session.usage, { ...Usage.empty, input: 20, output: 10 })
        assert.closeTo(Cost.total(Option.getOrThrow(yield* session.cost)), (30 * 2 + 11 * 10) / 1e6, 1e-12)
        assert.lengthOf(yield* sent, 5)
      }).pipe(retrying(
        Script.status(529),
        reply.pipe(Script.cutAfter({ events: 1 })),
        reply,
        Script.status(504),
        reply
      )))

    it.effect("refuses a further attempt that does not fit, and leaves the history as it was", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ tokens: 150 })
        const session = yield* Session.make({ ...options, budget })
        const fiber = yield* Effect.forkChild(Effect.flip(session.send("one")))
        const error = yield* finish(fiber)

        assert.strictEqual(error._tag, "BudgetExceededError")
        assert.lengthOf(yield* sent, 1)
        assert.strictEqual((yield* session.history).size, 0)
      }).pipe(retrying(Script.status(504), reply)))

    it.effect("draws once where a layer has the same budget, or one around it", () =>
      Effect.gen(function*() {
        const tenant = yield* Budget.make({})
        const budget = yield* Budget.make({ within: tenant })
        for (const outside of [tenant, budget]) {
          const before = (yield* tenant.state).spent
          const session = yield* Effect.provide(Session.make({ ...options, budget }), Budget.layer(outside))
          yield* session.send("one")
          yield* Stream.runDrain(session.stream("two"))
          const { reserved, spent } = yield* tenant.state

          assert.deepStrictEqual([spent.tokens - before.tokens, spent.requests - before.requests], [30, 2])
          assert.deepStrictEqual(reserved, { usd: 0, tokens: 0, requests: 0, turns: 0 })
          assert.deepStrictEqual((yield* budget.state).spent, spent)
        }
      }).pipe(provide(Script.forever(reply))))

    it.effect("counts nothing for an answer that was known already, which still says what it once used", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const [one, other] = yield* Effect.all([
          Session.make({ ...options, budget }),
          Session.make({ ...options, budget })
        ]).pipe(Effect.provide(ResponseCache.layer()))
        yield* one!.send("Hello")
        yield* other!.send("Hello")
        yield* other!.rewind()
        yield* Stream.runDrain(other!.stream("Hello"))

        assert.lengthOf(yield* sent, 1)
        assert.deepStrictEqual([(yield* budget.state).spent.tokens, (yield* budget.state).spent.requests], [15, 1])
        assert.deepStrictEqual([(yield* one!.spent).input, (yield* other!.spent).input], [10, 0])
        assert.deepStrictEqual(yield* other!.spent, Usage.empty)
        assert.strictEqual(Cost.total(Option.getOrThrow(yield* other!.cost)), 0)
        assert.strictEqual((yield* other!.usage).input, 20)
      }).pipe(provide(reply)))

    it.effect("counts an answer before its last event is handed down, and once", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({})
        const session = yield* Session.make({ ...options, budget })
        yield* session.stream("one").pipe(
          Stream.takeUntil(({ type }) => type === "message_stop"),
          Stream.tap(({ type }) =>
            type !== "message_stop" ? Effect.void : Effect.gen(function*() {
              assert.strictEqual((yield* budget.state).spent.tokens, 15)
              assert.strictEqual((yield* session.spent).output, 5)
            })
          ),
          Stream.runDrain
        )

        assert.deepStrictEqual([(yield* budget.state).spent.tokens, (yield* budget.state).spent.requests], [15, 1])
        assert.strictEqual((yield* session.spent).output, 5)
      }).pipe(provide(reply)))

    it.effect("counts turns that were committed, and gives back those that were not", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ turns: 3 })
        const session = yield* Session.make({ ...options, budget })
        const counted = Effect.map(budget.state, ({ reserved, spent }) => [spent.turns, reserved.turns])
        yield* session.send("one")
        assert.deepStrictEqual(yield* counted, [1, 0])
        yield* Effect.flip(session.send("refused"))
        yield* Effect.flip(Stream.runDrain(session.stream("cut")))
        yield* Effect.flip(Stream.runDrain(session.stream("refused", { onInterrupt: "keep" })))
        assert.deepStrictEqual(yield* counted, [1, 0])
        yield* Effect.flip(Stream.runDrain(session.stream("kept", { onInterrupt: "keep" })))
        assert.deepStrictEqual(yield* counted, [2, 0])
        const during = yield* session.stream("two").pipe(Stream.mapEffect(() => counted), Stream.runCollect)
        assert.deepStrictEqual([during[0], during.at(-1)], [[2, 1], [3, 0]])
        const error = yield* Effect.flip(session.send("three"))
        const streamed = yield* Effect.flip(Stream.runDrain(session.stream("three")))

        assert.include(error.message, "the budget is for 3 turns.")
        assert.strictEqual(streamed.message, error.message)
        assert.strictEqual(session.state.value.phase, "idle")
        assert.lengthOf(yield* sent, 6)
      }).pipe(provide(
        reply,
        Script.status(400),
        reply.pipe(Script.cutAfter({ events: 4 })),
        Script.status(400),
        Script.reply({ text: "one two three four", usage }).pipe(Script.cutAfter({ events: 4 })),
        reply.pipe(Script.chunked("perEvent"))
      )))

    it.effect("gets everything back of an agent that is left while it waits to be read", () =>
      Effect.gen(function*() {
        const toolkit = Toolkit.make(Tool.make("act", { success: Schema.String }))
        const budget = yield* Budget.make({})
        const session = yield* Session.make({ ...options, budget })
        yield* Agent.stream(session, "Go", { toolkit }).pipe(
          Stream.rechunk(1),
          Stream.mapEffect((event) => Effect.as(Effect.sleep("1 second"), event)),
          Stream.take(2),
          Stream.runDrain,
          Effect.provide(toolkit.toLayer({ act: () => Effect.succeed("ok") })),
          Effect.forkChild,
          Effect.flatMap(finish)
        )
        const { reserved, spent } = yield* budget.state

        assert.deepStrictEqual(reserved, { usd: 0, tokens: 0, requests: 0, turns: 0 })
        assert.deepStrictEqual([spent.requests, spent.turns], [1, 0])
        assert.strictEqual((yield* session.history).size, 0)
        assert.strictEqual(session.state.value.phase, "idle")
      }).pipe(provide(
        Script.reply({ text: "word ".repeat(60), usage }).pipe(Script.chunked("perEvent"))
      )))

    it.effect.prop(
      "is not overdrawn by a hundred sessions at once, however often each of their requests is tried",
      [Schema.Array(Schema.Literals(["answered", "overloaded", "lost"])).check(Schema.isMinLength(1))],
      ([ends]) =>
        Effect.gen(function*() {
          const tenant = yield* Budget.make({ tokens: 3000 })
          const fiber = yield* Effect.forEach(
            Array.from({ length: 100 }, (_, n) => n),
            (n) =>
              Effect.gen(function*() {
                const budget = yield* Budget.make({ within: tenant, turns: 1 })
                const session = yield* Session.make({ ...options, budget })
                yield* Effect.exit(n % 2 === 0 ? session.send("Hello") : Stream.runDrain(session.stream("Hello")))
                return [budget, session] as const
              }),
            { concurrency: "unbounded" }
          ).pipe(Effect.provide(Budget.layer(tenant)), Effect.forkChild)
          const all = yield* finish(fiber)
          const attempts = (yield* sent).length
          const count = (end: string) =>
            Array.from({ length: attempts }, (_, n) => ends[n % ends.length]).filter((each) => each === end).length
          const { tokens: worst } = yield* Budget.worstCase({ ...options, messages: [user("Hello")] })
          const { reserved, spent } = yield* tenant.state
          const sum = yield* Effect.reduce(all, () =>
            0, (sum, [budget]) =>
            Effect.map(budget.state, ({ spent }) => sum + spent.tokens))
          const told = yield* Effect.reduce(all, () =>
            0, (sum, [, session]) =>
            Effect.map(session.spent, ({ input, output }) =>
              sum + input + output))

          assert.isAtMost(spent.tokens, 3000)
          assert.strictEqual(spent.tokens, 15 * count("answered") + worst * count("lost"))
          assert.deepStrictEqual([sum, told], [spent.tokens, 15 * count("answered")])
          assert.deepStrictEqual([reserved.tokens, spent.turns], [0, count("answered")])
        }).pipe(retrying(Script.forever(Script.sequence(...ends.map((end) =>
          end === "answered" ? reply : Script.status(end === "lost" ? 504 : 529)
        ))))),
      { arbitrary: { runs: 20 }, timeout: 60_000 }
    )

    it.effect.prop(
      "is not overdrawn by a hundred sessions at once, whatever their answers use",
      [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 }))).check(Schema.isMinLength(1))],
      ([outputs]) =>
        Effect.gen(function*() {
          const budget = yield* Budget.make({ tokens: 3000 })
          const fiber = yield* Effect.forEach(
            Array.from({ length: 100 }, (_, n) => n),
            () => Effect.flatMap(Session.make({ ...options, budget }), (session) => Effect.exit(session.send("Hello"))),
            { concurrency: "unbounded" }
          ).pipe(Effect.forkChild)
          const exits = yield* finish(fiber)
          const { reserved, spent } = yield* budget.state
          const sum = exits.reduce((sum, exit) =>
            Exit.isSuccess(exit) ? sum + exit.value.usage.input_tokens + exit.value.usage.output_tokens : sum, 0)

          assert.isAtMost(spent.tokens, 3000)
          assert.strictEqual(spent.tokens, sum)
          assert.strictEqual(reserved.tokens, 0)
          assert.isTrue(exits.some(Exit.isSuccess) && exits.some(Exit.isFailure))
        }).pipe(provide(...Array.from({ length: 100 }, (_, n) =>
          Script.slow(
            Script.reply({
              text: "Hi",
              usage: { input_tokens: 5, output_tokens: outputs[n % outputs.length] ?? 0, cache_creation: null }
            }),
            "1 second"
          )))),
      { arbitrary: { runs: 20 }, timeout: 60_000 }
    )
  })
})
