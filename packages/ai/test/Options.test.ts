/** Constructors of models, as callers without types give them options. */
import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
import * as ClaudeTokenizer from "@effect-claude/ai/ClaudeTokenizer"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Claude from "@effect-claude/http/Claude"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
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

const claude = Layer.provide(
  Claude.layer({ apiKey: Redacted.make("sk-ant-test") }),
  ClaudeTest.layer(Script.reply("Hi!"))
)

const built = <A, E>(layer: Layer.Layer<A, E, Claude.Claude>): Effect.Effect<unknown, unknown> =>
  Effect.scoped(Layer.build(Layer.provide(layer, claude)))

const doors: { readonly [name: string]: Door } = {
  "ClaudeLanguageModel.layer": {
    options: ["model", "tools", "betas", "disableParallelToolUse", "strictTools", "systemMessages", "*"],
    valid: { model: "claude-sonnet-5-5", systemMessages: "top", max_tokens: 5 },
    build: (options) => built(ClaudeLanguageModel.layer(untyped(options)))
  },
  "ClaudeTokenizer.layer": {
    options: ["model"],
    valid: { model: "claude-sonnet-5-5" },
    build: (options) => built(ClaudeTokenizer.layer(untyped(options)))
  },
  "ClaudeTokenizer.layerEstimate": {
    options: ["model"],
    valid: { model: "claude-sonnet-5-5" },
    build: (options) => built(ClaudeTokenizer.layerEstimate(untyped(options)))
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

describe("options of a model", () => {
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
