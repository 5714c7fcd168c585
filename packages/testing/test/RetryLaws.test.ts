import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as RetryDecision from "@effect-claude/core/RetryDecision"
import * as RetryHint from "@effect-claude/core/RetryHint"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as RetryLaws from "@effect-claude/testing/RetryLaws"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Random, Ref, Result, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"

const millis = (input: Duration.Input) => Duration.toMillis(input)

/** What a policy is made of here: each step can be replaced by a broken one. */
interface Steps {
  readonly jitter: (ceiling: number, chance: number, cap: number) => number
  readonly ceiling: (base: number, n: number, cap: number) => number
  readonly hint: (error: ClaudeError.ClaudeError) => number
  readonly join: (backoff: number, hint: number, spread: number) => number
  readonly isTooLong: (hint: number, limit: number, left: number) => boolean
  readonly isLate: (delay: number, left: number) => boolean
  readonly isRetryable: (error: ClaudeError.ClaudeError) => boolean
  readonly isSpent: (n: number, maxRetries: number) => boolean
}

const sound: Steps = {
  jitter: (ceiling, chance) => ceiling * chance,
  ceiling: (base, n, cap) => Math.min(cap, base * 2 ** (n - 1)),
  hint: ({ retryAfter }) => retryAfter === undefined ? 0 : millis(retryAfter),
  join: (backoff, hint, spread) => hint === 0 ? backoff : Math.max(backoff, hint) + spread,
  isTooLong: (hint, limit, left) => hint > limit || (hint > 0 && hint >= left),
  isLate: (delay, left) => delay >= left,
  isRetryable: (error) => error.contentHandedOut !== true && ErrorTable.isRetryable(error),
  isSpent: (n, maxRetries) => n > maxRetries
}

const policy = (
  broken: Partial<Steps> = {},
  parameters: RetryLaws.Parameters = RetryLaws.standard
): RetryLaws.Policy => {
  const steps = { ...sound, ...broken }
  return {
    parameters,
    decide: ({ draw, elapsed, error, n }) => {
      const left = millis(parameters.deadline) - millis(elapsed)
      const hint = steps.hint(error)
      const throttled = error._tag === "OverloadedError" || (error._tag === "RateLimitError" && hint === 0)
      const base = millis(throttled ? parameters.throttledBase : parameters.base)
      const cap = millis(parameters.cap)
      if (!steps.isRetryable(error)) return RetryDecision.giveUp("notRetryable")
      if (steps.isSpent(n, parameters.maxRetries)) return RetryDecision.giveUp("maxRetries")
      if (steps.isTooLong(hint, millis(parameters.hintLimit), left)) return RetryDecision.giveUp("hintTooLong")
      const backoff = steps.jitter(steps.ceiling(base, n, cap), draw.jitter, cap)
      const delay = steps.join(backoff, hint, draw.spread * millis(parameters.hintSpread))
      return steps.isLate(delay, left) ? RetryDecision.giveUp("deadline") : RetryDecision.wait(Duration.millis(delay))
    }
  }
}

const broken = (subject: RetryLaws.Policy) => Effect.flip(RetryLaws.check(subject))

describe("RetryLaws", () => {
  describe("check", () => {
    it.effect("accepts a sound policy, whatever its jitter", () =>
      Effect.gen(function*() {
        const half = 0.5
        yield* RetryLaws.check(policy())
        yield* RetryLaws.check(policy({ jitter: (c) => c }, { ...RetryLaws.standard, jitter: "none" }))
        yield* RetryLaws.check(
          policy({ jitter: (c, chance) => c / 2 + chance * c / 2 }, { ...RetryLaws.standard, jitter: "equal" })
        )
        yield* RetryLaws.check(
          policy(
            { jitter: (c, chance, cap) => Math.min(cap, c * (1 - half + 2 * half * chance)) },
            { ...RetryLaws.standard, jitter: { proportional: half } }
          )
        )
      }), 60_000)

    const defects: ReadonlyArray<readonly [string, RetryLaws.Name, Partial<Steps>, Partial<RetryLaws.Parameters>]> = [
      ["jitter after the cap", "P1", { jitter: (c, chance) => c * (0.8 + 0.4 * chance) }, {
        jitter: { proportional: 0.2 },
        maxRetries: 12
      }],
      ["a cap that is ignored", "P1", { ceiling: (base, n) => base * 2 ** (n - 1) }, {
        maxRetries: 12,
        deadline: "1 hour"
      }],
      ["a ceiling that falls", "P1", { ceiling: (base, n) => base * 2 ** (n > 4 ? 0 : n - 1) }, { jitter: "none" }],
      ["a hint that is ignored", "P3", { hint: () => 0 }, {}],
      ["a hint that is jittered", "P3", { hint: (error) => sound.hint(error) * 0.8 }, {}],
      ["a spread without bounds", "P3", {
        join: (backoff, hint, spread) => hint === 0 ? backoff : Math.max(backoff, hint) + 3 * spread
      }, {}],
      ["an early retry for a hint that is too long", "P4", {
        isTooLong: () => false,
        hint: (error) => {
          const hint = sound.hint(error)
          return hint > 60_000 ? 0 : hint
        }
      }, {}],
      ["an hour's sleep", "P4", { isTooLong: () => false }, { deadline: "1 day" }],
      ["a sleep past the deadline", "P5", { isLate: () => false }, {}],
      ["retries without end", "P6", { isSpent: () => false }, {}],
      ["one retry too many", "P6", { isSpent: (n, maxRetries) => n > maxRetries + 1 }, {}],
      ["a retry of what cannot succeed", "P6", {
        isRetryable: ({ errorCode, shouldRetry }) => shouldRetry !== false && errorCode === undefined
      }, {}],
      ["a retry the server forbids", "P14", { isRetryable: ({ _tag }) => ErrorTable.retryableTags[_tag] }, {}],
      ["a delay without end", "P14", { jitter: () => Infinity, isLate: () => false }, {}]
    ]

    it.effect.each(defects.map(([name, law, steps, parameters]) => ({ name, law, steps, parameters })))(
      "finds $name ($law)",
      ({ law, parameters, steps }) =>
        Effect.gen(function*() {
          const found = yield* broken(policy(steps, { ...RetryLaws.standard, ...parameters }))

          assert.strictEqual(found.law, law, found.message)
          assert.include(found.message, RetryLaws.statements[law])
        }),
      30_000
    )

    it.effect("finds a ceiling that falls by stepping from one retry to the next (P2)", () =>
      Effect.gen(function*() {
        const found = yield* broken(
          policy({ ceiling: (base, n, cap) => Math.min(cap, base * 2 ** (n - 1)) / (n > 3 ? 8 : 1) })
        )

        assert.strictEqual(found.law, "P2")
      }))

    it.effect("finds a policy with a will of its own (P10)", () =>
      Effect.gen(function*() {
        let asked = 0
        const found = yield* broken(policy({ jitter: (c) => c * ((asked++ % 7) / 7) }))

        assert.strictEqual(found.law, "P10")
      }))

    it.effect("finds a policy that throws (P14)", () =>
      Effect.gen(function*() {
        const found = yield* broken({
          ...policy(),
          decide: () => JSON.parse("{")
        })

        assert.strictEqual(found.law, "P14")
        assert.include(found.message, "it throws")
      }))

    it.effect("shrinks to a small counterexample, the same for the same seed", () =>
      Effect.gen(function*() {
        const one = yield* broken(policy({ isLate: () => false }))
        const two = yield* broken(policy({ isLate: () => false }))

        assert.strictEqual(one.message, two.message)
        assert.match(one.message, /^P5 is broken: No retry starts at or after the deadline\. For retry 1, \d+ ms after/)
      }))
  })

  describe("checkHints", () => {
    it.effect("accepts the reader of core", () =>
      RetryLaws.checkHints((headers, now) => RetryHint.fromHeaders(headers, now).retryAfter))

    const readers: ReadonlyArray<readonly [string, Parameters<typeof RetryLaws.checkHints>[0]]> = [
      [
        "no dates",
        (headers, now) =>
          RetryHint.fromHeaders({ ...headers, "retry-after": headers["retry-after"]?.replace(/.*GMT/, "") }, now)
            .retryAfter
      ],
      [
        "past dates",
        (headers, now) =>
          headers["retry-after"]?.startsWith("Thu")
            ? Duration.seconds(10)
            : RetryHint.fromHeaders(headers, now).retryAfter
      ],
      [
        "numbers that are none",
        (headers, now) =>
          RetryHint.fromHeaders(headers, now).retryAfter ??
            (headers["retry-after"] === "Infinity" ? Duration.infinity : undefined)
      ],
      ["no milliseconds", (headers, now) => RetryHint.parseRetryAfter(headers["retry-after"], now)],
      [
        "whole seconds only",
        (headers, now) =>
          RetryHint.fromHeaders({ ...headers, "retry-after": headers["retry-after"]?.replace(/\.\d+$/, "") }, now)
            .retryAfter
      ],
      ["nothing", () => undefined]
    ]

    it.effect.each(readers.map(([name, read]) => ({ name, read })))(
      "finds a reader of $name",
      ({ read }) =>
        Effect.gen(function*() {
          const found = yield* Effect.flip(RetryLaws.checkHints(read))

          assert.strictEqual(found.law, "P12")
        })
    )
  })

  describe("checkCombinators", () => {
    const kind = {
      policy: RetryLaws.standard,
      never: { ...RetryLaws.standard, maxRetries: 0 },
      maxRetries: (self: RetryLaws.Parameters, times: number) => ({ ...self, maxRetries: times }),
      deadline: (self: RetryLaws.Parameters, within: Duration.Duration) => ({ ...self, deadline: within }),
      decide: (self: RetryLaws.Parameters, input: RetryDecision.Input) => policy({}, self).decide(input)
    }

    it.effect("accepts combinators that commute", () => RetryLaws.checkCombinators(kind))

    it.effect("finds a deadline that forgets the retries", () =>
      Effect.gen(function*() {
        const found = yield* Effect.flip(RetryLaws.checkCombinators({
          ...kind,
          deadline: (_, within) => ({ ...RetryLaws.standard, deadline: within })
        }))

        assert.strictEqual(found.law, "P13")
      }))

    it.effect("finds a never that tries again", () =>
      Effect.gen(function*() {
        const found = yield* Effect.flip(RetryLaws.checkCombinators({ ...kind, never: RetryLaws.standard }))

        assert.include(found.message, "the policy that never retries waits")
      }))
  })

  describe("checkDriver", () => {
    it.effect("accepts a sound driver", () => RetryLaws.checkDriver(driver({})), 60_000)

    const defects: ReadonlyArray<readonly [string, RetryLaws.Name, Defects]> = [
      ["no budget", "P7", { unpaid: true }],
      ["no return for waiting as told", "P9", { keeps: true }],
      ["a pause before the first attempt", "P8", { hesitates: true }],
      ["a price for a first success", "P8", { alwaysPays: true }],
      ["a stream begun again in the middle", "P11", { replays: true }]
    ]

    it.effect.each(defects.map(([name, law, defects]) => ({ name, law, defects })))(
      "finds $name ($law)",
      ({ defects, law }) =>
        Effect.gen(function*() {
          const found = yield* Effect.flip(RetryLaws.checkDriver(driver(defects)))

          assert.strictEqual(found._tag, "BrokenLaw")
          if (found._tag === "BrokenLaw") assert.strictEqual(found.law, law, found.message)
        }),
      60_000
    )
  })
})

/** What can be wrong with a driver. */
interface Defects {
  readonly unpaid?: boolean
  readonly keeps?: boolean
  readonly hesitates?: boolean
  readonly alwaysPays?: boolean
  readonly replays?: boolean
}

/** What one attempt at a stream gave. */
interface Attempt {
  readonly all: ReadonlyArray<StreamEvent.StreamEvent>
  readonly failure: ClaudeError.ClaudeError | undefined
}

const budget = { capacity: 100, cost: 5, hintedCost: 1, perSuccess: 1, perSecond: 1 }

/** A small driver of the sound policy, with the defects it is told to have. */
const driver = (defects: Defects): Effect.Effect<RetryLaws.Driver, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    const client = yield* HttpClient.HttpClient
    const start = yield* Clock.currentTimeMillis
    const state = yield* Ref.make({ left: budget.capacity, at: start })

    const change = (amount: number) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Ref.modify(state, ({ at, left }) => {
          const filled = Math.min(budget.capacity, left + (now - at) / 1000 * budget.perSecond)
          const after = Math.min(budget.capacity, filled + amount)
          return after < 0 ? [false, { left: filled, at: now }] : [true, { left: after, at: now }]
        }))

    const post = (stream: boolean) =>
      Effect.gen(function*() {
        const response = yield* Effect.orDie(client.execute(
          HttpClientRequest.post("https://api.anthropic.com/v1/messages").pipe(
            HttpClientRequest.setHeaders(ClaudeTest.headers),
            HttpClientRequest.bodyJsonUnsafe({ model: "claude-sonnet-5-5", max_tokens: 9, stream, messages: [] })
          )
        ))
        const text = yield* Effect.orDie(response.text)
        const now = yield* Clock.currentTimeMillis
        if (response.status === 200) return text
        return yield* ErrorResponse.toError({ status: response.status, headers: response.headers, text, now })
      })

    const retried = <A>(
      attempt: Effect.Effect<A, ClaudeError.ClaudeError>
    ): Effect.Effect<A, ClaudeError.ClaudeError> =>
      Effect.gen(function*() {
        const began = yield* Clock.currentTimeMillis
        let spent = 0
        if (defects.hesitates) yield* Effect.sleep(10)
        if (defects.alwaysPays) yield* change(-1 - budget.perSuccess)
        for (let n = 1;; n++) {
          const result = yield* Effect.result(attempt)
          if (Result.isSuccess(result)) {
            yield* change(budget.perSuccess + spent)
            return result.success
          }
          const error = result.failure
          const decision = policy().decide({
            n,
            error,
            elapsed: Duration.millis((yield* Clock.currentTimeMillis) - began),
            draw: { jitter: yield* Random.next, spread: yield* Random.next }
          })
          const cost = error.retryAfter === undefined ? budget.cost : budget.hintedCost
          if (decision._tag === "GiveUp" || !(defects.unpaid || (yield* change(-cost)))) return yield* error
          spent += cost
          yield* Effect.sleep(decision.delay).pipe(
            defects.keeps ? (wait) => wait : Effect.onInterrupt(() => change(cost))
          )
        }
      })

    const events = (text: string) =>
      text.split("\n\n").filter((event) => event !== "").map((event): unknown =>
        JSON.parse(event.split("\ndata: ")[1]!)
      )

    const failures = (parsed: ReadonlyArray<unknown>) =>
      parsed.flatMap((event) =>
        StreamEvent.is(event) && event.type === "error" ? [ErrorResponse.fromEvent(event, {})] : []
      )

    /** Hands out what arrived before the failure only when it is not tried again. */
    const stream = Stream.unwrap(Effect.gen(function*() {
      const delivered: Array<StreamEvent.StreamEvent> = []
      const parsed = yield* retried(
        Effect.flatMap(post(true), (text): Effect.Effect<Attempt, ClaudeError.ClaudeError> => {
          const all = events(text).filter(StreamEvent.is)
          const [failure] = failures(all)
          const before = all.filter((event) => event.type !== "error")
          const committed = before.some((event) => event.type === "content_block_delta")
          if (failure === undefined) return Effect.succeed({ all, failure: undefined })
          if (defects.replays) delivered.push(...before)
          return committed && !defects.replays
            ? Effect.succeed({ all: before, failure })
            : Effect.fail(failure)
        })
      )
      const head = Stream.fromIterable([...delivered, ...parsed.all])
      return parsed.failure === undefined ? head : Stream.concat(head, Stream.fail(parsed.failure))
    }))

    return {
      call: retried(post(false)),
      stream,
      available: Effect.map(Effect.andThen(change(0), Ref.get(state)), ({ left }) => left),
      budget
    }
  })
