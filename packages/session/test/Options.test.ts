/** Constructors of sessions, agents and stores, as callers without types give them options. */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Claude from "@effect-claude/http/Claude"
import * as Agent from "@effect-claude/session/Agent"
import * as Session from "@effect-claude/session/Session"
import * as SessionMap from "@effect-claude/session/SessionMap"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as SessionStoreFile from "@effect-claude/session/SessionStoreFile"
import * as SessionStoreKeyValue from "@effect-claude/session/SessionStoreKeyValue"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Toolkit from "effect/ai/Toolkit"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"

/** A constructor, with every option it has. */
interface Door {
  readonly options: ReadonlyArray<string>
  readonly valid: { readonly [option: string]: unknown }
  readonly build: (options: unknown) => Effect.Effect<unknown, unknown>
}

/** Options as JavaScript gives them. */
const untyped = (options: unknown) => JSON.parse("[]").concat([options])[0]

const parameters = { model: "claude-sonnet-5-5", max_tokens: 100 }

const settings = [
  "onInterrupt",
  "whenToolsPending",
  "maxContinuations",
  "onMaxTokens",
  "keepRefusals",
  "cache",
  "contextWindow",
  "onEdit",
  "onProgress",
  "whenBusy",
  "abandonAfter",
  "storeTimeout"
]

const services = Layer.merge(
  Layer.provide(Claude.layer({ apiKey: Redacted.make("sk-ant-test") }), ClaudeTest.layer(Script.reply("Hi!"))),
  SessionStore.layerMemory
)

const agentOptions = (options: unknown): Agent.Options<{}> => untyped(options)

const doors: { readonly [name: string]: Door } = {
  "Session.make": {
    options: [...settings, "*"],
    valid: { ...parameters, whenBusy: "fail", contextWindow: { tokens: 1000 }, cache: { ttl: "1h" } },
    build: (options) => Effect.provide(Session.make(untyped(options)), services)
  },
  "Session.open": {
    options: [...settings, "id", "recover", "*"],
    valid: { ...parameters, id: "a" },
    build: (options) => Effect.provide(Session.open(untyped(options)), services)
  },
  "Agent.run": {
    options: [
      "toolkit",
      "sources",
      "maxTurns",
      "concurrency",
      "timeout",
      "maxResultLength",
      "approve",
      "whenInterrupted",
      "turn"
    ],
    valid: { toolkit: Toolkit.empty, maxTurns: 2, concurrency: "unbounded", timeout: "5 seconds" },
    build: (options) =>
      Effect.flatMap(Session.make(parameters), (session) => Agent.run(session, "Hi!", agentOptions(options))).pipe(
        Effect.provide(services)
      )
  },
  "SessionMap.make": {
    options: ["session", "idleTimeToLive"],
    valid: { session: () => parameters },
    build: (options) => Effect.provide(Effect.scoped(SessionMap.make(untyped(options))), services)
  },
  "SessionStoreFile.make": {
    options: ["directory"],
    valid: { directory: "/tmp/effect-claude-options" },
    build: (options) => Effect.provide(SessionStoreFile.make(untyped(options)), NodeServices.layer)
  },
  "SessionStoreKeyValue.make": {
    options: ["prefix"],
    valid: { prefix: "a/" },
    build: (options) => Effect.provide(SessionStoreKeyValue.make(untyped(options)), KeyValueStore.layerMemory)
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

describe("options of a session", () => {
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
        // A turn holds fields of the request, which are open.
        const isOpen = option === "turn" && drawn.value === 5
        if (!isOpen && (error !== undefined || drawn.value !== 2)) {
          const named = error instanceof OptionCheck.ClaudeConfigError ? error.option : `${drawn.door} accepts it`
          assert.isTrue(named.startsWith(option), `${named} for ${option}`)
        }
      }),
    { arbitrary: { runs: 600 } }
  )
})
