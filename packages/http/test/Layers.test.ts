/** The optional layers together: in every order, a call is what it is without them. */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import type * as Claude from "@effect-claude/http/Claude"
import * as Hedging from "@effect-claude/http/Hedging"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Pacing from "@effect-claude/http/Pacing"
import * as RateLimitState from "@effect-claude/http/RateLimitState"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as Telemetry from "@effect-claude/http/Telemetry"
import type { TrafficEntry } from "@effect-claude/http/TrafficEntry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { question, scripted } from "./scripted.ts"

const limits = { requests: 1_000_000, inputTokens: 1_000_000_000, outputTokens: 1_000_000_000 }

/** Each optional layer, by name. None has a reason to change what becomes of the calls below. */
const layers = {
  breaker: () => CircuitBreaker.layer({ trip: { consecutive: 100 } }),
  cache: () => ResponseCache.layer(),
  hedging: () => Hedging.layer({ after: "1 day" }),
  limits: () => RateLimitState.layer,
  pacing: () => Pacing.layer({ limits }),
  telemetry: () => Telemetry.layer({ content: true }),
  traffic: (entries: Array<TrafficEntry>) =>
    TrafficLog.layer((entry) =>
      Effect.sync(() => {
        entries.push(entry)
      }), { content: "hash" })
} as const

type Name = keyof typeof layers

const hi = Script.reply("Hi! How are you today?").pipe(Script.chunked("perEvent"))

const scripts: ReadonlyArray<Script.Script> = [
  hi,
  Script.sequence(Script.status(529), hi),
  Script.sequence(Script.rateLimited({ retryAfter: "3 seconds" }), hi),
  Script.sequence(Script.overloadedInStream(), hi),
  Script.sequence(hi.pipe(Script.cutAfter({ events: 1 })), hi),
  hi.pipe(Script.cutAfter({ events: 4 })),
  hi.pipe(Script.errorInStream({ after: 4 })),
  Script.status(401),
  Script.forever(Script.status(529)),
  Script.toolCall("look", { at: "this" }),
  Script.refusal()
]

const calls: ReadonlyArray<Effect.Effect<string, ClaudeError, Claude.Claude>> = [
  Effect.map(Messages.create(question, { wire: "json" }), describeMessage),
  Effect.map(Messages.create(question, { wire: "stream" }), describeMessage),
  Effect.map(MessageStream.final(Messages.stream(question)), describeMessage),
  Stream.mkString(MessageStream.text(Messages.stream(question).pipe(Stream.take(4))))
]

function describeMessage(message: Message.Message): string {
  return `${message.stop_reason}: ${Message.text(message)}`
}

/** What becomes of a call under a stack of layers, outermost first. */
const outcome = (stack: ReadonlyArray<Name>, script: Script.Script, call: (typeof calls)[number]) =>
  Effect.gen(function*() {
    const entries: Array<TrafficEntry> = []
    const base = scripted(script, undefined, { rateLimits: limits })
    const all = stack.reduceRight<Layer.Layer<Claude.Claude | ClaudeTest.ClaudeTest, unknown>>(
      (inner, name) => Layer.provideMerge(layers[name](entries), inner),
      base
    )
    const told = Effect.match(call, { onSuccess: (text) => text, onFailure: ({ _tag }) => _tag })
    return yield* Effect.gen(function*() {
      const { open, requests } = yield* ClaudeTest.ClaudeTest
      const result = yield* patiently(told)
      assert.strictEqual(yield* open, 0, "every response was read to its end or given up")
      return { result, sent: (yield* requests).length, entries }
    }).pipe(Effect.provide(all))
  }).pipe(Effect.provide(TestClock.layer()), Effect.scoped)

/** Runs an effect while time passes a second at a turn: hashes are made outside of the clock. */
const patiently = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("1 second")
    }
    return yield* Fiber.join(fiber)
  })

const Index = (length: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: length - 1 }))

const names: ReadonlyArray<Name> = ["breaker", "cache", "hedging", "limits", "pacing", "telemetry", "traffic"]

describe("the optional layers", () => {
  it.effect.prop(
    "change nothing of a call, in any order",
    {
      order: Schema.Array(Index(names.length)).check(Schema.isMaxLength(7)),
      script: Index(scripts.length),
      call: Index(calls.length)
    },
    ({ call, order, script }) =>
      Effect.gen(function*() {
        const stack = [...new Set(order.map((i) => names[i]!))]
        const bare = yield* outcome([], scripts[script]!, calls[call]!)
        const stacked = yield* outcome(stack, scripts[script]!, calls[call]!)

        assert.strictEqual(stacked.result, bare.result)
        assert.strictEqual(stacked.sent, bare.sent)
        assert.strictEqual(stacked.entries.length, stack.includes("traffic") ? 1 : 0)
      }),
    { arbitrary: { runs: 150 }, timeout: 60_000 }
  )

  it.effect("answer from the cache what was asked before, in any order", () =>
    Effect.gen(function*() {
      for (const stack of [names, names.toReversed()]) {
        const twice = Effect.andThen(calls[2]!, calls[0]!)
        const { result, sent } = yield* outcome(stack, hi, twice)

        assert.strictEqual(result, "end_turn: Hi! How are you today?")
        assert.strictEqual(sent, 1)
      }
    }))
})
