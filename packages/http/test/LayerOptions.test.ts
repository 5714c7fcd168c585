/** The layers around a `Claude` and the settings of one effect, as callers without types give them. */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import * as Claude from "@effect-claude/http/Claude"
import * as Hedging from "@effect-claude/http/Hedging"
import * as Pacing from "@effect-claude/http/Pacing"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Telemetry from "@effect-claude/http/Telemetry"
import * as TrafficLog from "@effect-claude/http/TrafficLog"
import * as UserOAuth from "@effect-claude/http/UserOAuth"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { key } from "./scripted.ts"

/** A constructor, with every option it has. */
interface Door {
  readonly options: ReadonlyArray<string>
  readonly valid: { readonly [option: string]: unknown }
  readonly build: (options: unknown) => Effect.Effect<unknown, unknown>
}

/** Options as JavaScript gives them. */
const untyped = (options: unknown) => JSON.parse("[]").concat([options])[0]

const api = ClaudeTest.layer(Script.reply("Hi!"))

const claude = Layer.provide(Claude.layer({ apiKey: Redacted.make(key) }), api)

const built = <A, E>(layer: Layer.Layer<A, E, Claude.Claude>): Effect.Effect<unknown, unknown> =>
  Effect.scoped(Layer.build(Layer.provide(layer, claude)))

/** Options of a combinator are named below it: `timeouts.idle`. */
const within = (self: Effect.Effect<void>): Effect.Effect<unknown, unknown> =>
  Effect.catchDefect(self, (defect) =>
    Effect.fail(
      defect instanceof OptionCheck.ClaudeConfigError
        ? new OptionCheck.ClaudeConfigError({ ...defect, option: defect.option.replace(/^(?:retry|timeouts)\./, "") })
        : defect
    ))

const doors: { readonly [name: string]: Door } = {
  "Hedging.layer": {
    options: ["after", "isFor", "onHedge"],
    valid: { after: "1 second" },
    build: (options) => built(Hedging.layer(untyped(options)))
  },
  "Pacing.layer": {
    options: ["limits", "key", "estimate", "headroom", "burst", "maxWait", "maxQueue"],
    valid: { limits: { requests: 5 }, headroom: 0, burst: 1, maxWait: 0, maxQueue: 0 },
    build: (options) => built(Pacing.layer(untyped(options)))
  },
  "CircuitBreaker.layer": {
    options: ["trip", "openFor", "key", "judge"],
    valid: { trip: { share: 0.5, of: 20, atLeast: 10 }, openFor: "1 second" },
    build: (options) => built(CircuitBreaker.layer(untyped(options)))
  },
  "ResponseCache.layer": {
    options: ["timeToLive", "isFor", "storeId", "shared"],
    valid: { timeToLive: "1 hour", shared: false },
    build: (options) => built(ResponseCache.layer(untyped(options)))
  },
  "Telemetry.layer": {
    options: ["content", "attributes"],
    valid: { content: true },
    build: (options) => built(Telemetry.layer(untyped(options)))
  },
  "TrafficLog.layer": {
    options: ["content"],
    valid: { content: "hash" },
    build: (options) => built(TrafficLog.layer(() => Effect.void, untyped(options)))
  },
  "TrafficLog.layerFiles": {
    options: ["directory", "prefix", "formats", "content"],
    valid: { directory: "/tmp", formats: ["log"] },
    build: (options) => built(Layer.provide(TrafficLog.layerFiles(untyped(options)), NodeServices.layer))
  },
  "UserOAuth.make": {
    options: ["credentialsPath", "clientId", "workspaceId", "baseUrl"],
    valid: { credentialsPath: "/tmp/tokens.json", baseUrl: "https://api.example" },
    build: (options) => Effect.provide(UserOAuth.make(untyped(options)), Layer.merge(api, NodeServices.layer))
  },
  "Claude.withTimeouts": {
    options: ["connect", "headers", "jsonHeaders", "uploadRate", "firstContent", "nextContent", "idle", "total"],
    valid: { idle: "5 seconds" },
    build: (options) => within(Claude.withTimeouts(Effect.void, untyped(options)))
  },
  "Claude.withRetry": {
    options: ["maxRetries", "base", "factor", "cap", "jitter", "deadline", "budget", "onRetry"],
    valid: { ...RetryPolicy.standard },
    build: (options) => within(Claude.withRetry(Effect.void, untyped(options)))
  }
}

/** The error of building from options, and all that is shown of it. */
const refusal = (door: Door, options: object) =>
  Effect.map(Effect.exit(Effect.suspend(() => door.build(untyped(options)))), (exit) => {
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    const shown = [String(error), JSON.stringify(error), inspect(error, { depth: 9, showHidden: true })]
    return { error, shown: [...shown, Exit.isFailure(exit) ? Cause.pretty(exit.cause) : ""].join("\n") }
  })

const wrongValues = (secret: string): ReadonlyArray<unknown> => [
  null,
  Number.NaN,
  -1,
  secret,
  [secret],
  { [secret]: secret },
  Symbol(secret)
]

describe("layers around a client", () => {
  it.effect.each(Object.entries(doors))(
    "%s accepts what is valid, and refuses a name it does not know",
    ([, door]) =>
      Effect.gen(function*() {
        assert.isUndefined((yield* refusal(door, door.valid)).error)
        const { error } = yield* refusal(door, { ...door.valid, ...(door.options.includes("*") ? {} : { retires: 1 }) })
        if (door.options.includes("*")) assert.isUndefined(error)
        else assert.instanceOf(error, OptionCheck.ClaudeConfigError)
      })
  )

  it.effect.prop(
    "name a wrong option, and never show a key that was put into it",
    {
      door: Schema.Literals(Object.keys(doors)),
      option: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
      value: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 })),
      number: Schema.Int.check(Schema.isBetween({ minimum: 100_000, maximum: 999_999 }))
    },
    (drawn) =>
      Effect.gen(function*() {
        const door = doors[drawn.door]!
        const options = door.options.filter((option) => option !== "*")
        const option = options[drawn.option % options.length]!
        const secret = `sk-ant-k${drawn.number}`
        const { error, shown } = yield* refusal(door, { ...door.valid, [option]: wrongValues(secret)[drawn.value] })

        assert.notInclude(shown, secret)
        if (error !== undefined || drawn.value !== 2) {
          const named = error instanceof OptionCheck.ClaudeConfigError ? error.option : `${drawn.door} accepts it`
          assert.isTrue(named.startsWith(option), `${named} for ${option}`)
        }
      }),
    { arbitrary: { runs: 600 } }
  )
})
