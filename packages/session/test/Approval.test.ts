import type * as Content from "@effect-claude/core/Content"
import * as Agent from "@effect-claude/session/Agent"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Schema, SchemaGetter, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import { options, provide, sent } from "./scripted.ts"

const done = Script.reply("Done.")

/** The results that the second request carries. */
const results = Effect.map(sent, (bodies) => {
  const content = bodies[1]?.messages.at(-1)?.content
  return Array.isArray(content)
    ? (content as ReadonlyArray<Content.ToolResult>).map(({ content, is_error }) => [content, is_error === true])
    : []
})

class Rates extends Context.Service<Rates, { readonly of: (amount: number) => Effect.Effect<number> }>()("Rates") {}

/** An amount in the program's currency, which only a service can tell. */
const Converted = Schema.Finite.pipe(Schema.decodeTo(Schema.Finite, {
  decode: SchemaGetter.transformEffect((amount: number) => Effect.flatMap(Rates, (rates) => rates.of(amount))),
  encode: SchemaGetter.passthrough()
}))

const Pay = Tool.make("pay", {
  parameters: Schema.Struct({ amount: Converted }),
  success: Schema.Finite,
  needsApproval: ({ amount }) => amount > 10
})

const paying = Toolkit.make(Pay)

const handled = (paid: Array<number>) =>
  Effect.provide(paying.toLayer({ pay: ({ amount }) => Effect.sync(() => (paid.push(amount), amount)) }))

const rates = (of: (amount: number) => Effect.Effect<number>) => Effect.provide(Layer.succeed(Rates, { of }))

const pay = (...amounts: ReadonlyArray<unknown>) =>
  Script.toolCalls(amounts.map((amount) => ({ name: "pay", input: { amount } })))

describe("Approval", () => {
  describe("of a decoded input", () => {
    it.effect("decodes with the services of the program", () =>
      Effect.gen(function*() {
        const paid: Array<number> = []
        const session = yield* Session.make(options)
        const { end } = yield* Agent.run(session, "Go", { toolkit: paying }).pipe(
          handled(paid),
          rates((amount) => Effect.succeed(amount * 100))
        )

        assert.deepStrictEqual([end, paid], ["awaitingApproval", []])
      }).pipe(provide(pay(1), done)))

    it.effect("waits for a decoding that takes time", () =>
      Effect.gen(function*() {
        const paid: Array<number> = []
        const asked: Array<boolean> = []
        const session = yield* Session.make(options)
        const fiber = yield* Agent.run(session, "Go", {
          toolkit: paying,
          approve: ({ required }) => Effect.sync(() => asked.push(required) > 1)
        }).pipe(
          handled(paid),
          rates((amount) => Effect.as(Effect.sleep("1 second"), amount * 100)),
          Effect.forkChild
        )
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual([asked, paid], [[true], []])
      }).pipe(provide(pay(1), done)))

    it.effect("does not run a call whose input takes too long to decode", () =>
      Effect.gen(function*() {
        const paid: Array<number> = []
        const session = yield* Session.make(options)
        const fiber = yield* Agent.run(session, "Go", { toolkit: paying, timeout: "1 second" }).pipe(
          handled(paid),
          rates(() => Effect.never),
          Effect.forkChild
        )
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(paid, [])
        assert.deepStrictEqual(yield* results, [["The tool did not finish within 1s.", true]])
      }).pipe(provide(pay(1), done)))

    it.effect("does not run a call whose first decoding fails and whose second would not", () =>
      Effect.gen(function*() {
        const paid: Array<number> = []
        let decodings = 0
        const flaky = Schema.Finite.pipe(Schema.decodeTo(Schema.Finite, {
          decode: SchemaGetter.checkEffect((_: number) => Effect.sync(() => ++decodings > 1)),
          encode: SchemaGetter.passthrough()
        }))
        const Tricky = Tool.make("pay", {
          parameters: Schema.Struct({ amount: flaky }),
          success: Schema.Finite,
          needsApproval: () => true
        })
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", { toolkit: Toolkit.make(Tricky) }).pipe(handled(paid))

        assert.deepStrictEqual([decodings, paid], [1, []])
        assert.isTrue((yield* results)[0]?.[1])
      }).pipe(provide(pay(99), done)))

    it.effect("does not run a call whose input cannot be decoded without dying", () =>
      Effect.gen(function*() {
        const paid: Array<number> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", { toolkit: paying }).pipe(
          handled(paid),
          rates(() => Effect.die("no rate"))
        )

        assert.deepStrictEqual(paid, [])
        assert.deepStrictEqual(yield* results, [["The tool failed unexpectedly.", true]])
      }).pipe(provide(pay(1), done)))
  })

  describe("fails closed", () => {
    const Guarded = Tool.make("pay", {
      parameters: Schema.Struct({ amount: Schema.Finite }),
      success: Schema.Finite,
      needsApproval: true
    })
    const guarded = Toolkit.make(Guarded)

    const refusals: ReadonlyArray<readonly [string, Agent.Options<{}>["approve"], string]> = [
      ["dies", () => Effect.die("broken"), "The call was denied: the approval failed"],
      ["interrupts itself", () => Effect.interrupt, "The call was denied: the approval failed"],
      ["throws", () => {
        throw new Error("broken")
      }, "The call was denied: the approval failed"],
      ["gives an empty reason", () => Effect.succeed(""), "The call was denied: "]
    ]
    for (const [what, approve, text] of refusals) {
      it.effect(`denies a call whose approval ${what}`, () =>
        Effect.gen(function*() {
          const paid: Array<number> = []
          const session = yield* Session.make(options)
          yield* Agent.run(session, "Go", { toolkit: guarded, approve }).pipe(handled(paid))

          assert.deepStrictEqual(paid, [])
          assert.deepStrictEqual(yield* results, [[text, true]])
        }).pipe(provide(pay(1), done)))
    }

    it.effect("requires approval where the tool's own check fails", () =>
      Effect.gen(function*() {
        for (const needsApproval of [() => Effect.die("x"), () => Effect.interrupt]) {
          const paid: Array<number> = []
          const Check = Tool.make("pay", {
            parameters: Schema.Struct({ amount: Schema.Finite }),
            success: Schema.Finite,
            needsApproval
          })
          const session = yield* Session.make(options)
          yield* Agent.run(session, "Go", { toolkit: Toolkit.make(Check) }).pipe(handled(paid))
          assert.deepStrictEqual(paid, [])
        }
      }).pipe(provide(pay(1), done, pay(1), done)))

    it.effect("runs the input that was approved, whatever the approval does to its copy", () =>
      Effect.gen(function*() {
        const paid: Array<number> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit: guarded,
          approve: ({ call }) => Effect.as(Effect.sync(() => Reflect.set(Object(call.input), "amount", 1000)), true)
        }).pipe(handled(paid))

        assert.deepStrictEqual(paid, [1])
        assert.include(JSON.stringify((yield* sent)[1]), `"input":{"amount":1}`)
      }).pipe(provide(pay(1), done)))
  })

  describe("of a foreign tool", () => {
    const Remote = Tool.dynamic("pay", { parameters: { type: "object" }, success: Schema.Finite })
    type Config = {
      readonly parameters: typeof Schema.Unknown
      readonly success: typeof Schema.Finite
      readonly failure: typeof Schema.Never
      readonly failureMode: "error"
    }
    const variants: ReadonlyArray<readonly [string, Tool.Tool<"pay", Config>]> = [
      ["Readonly", Remote.annotate(Tool.Readonly, true)],
      ["needsApproval: false", Remote.setNeedsApproval(false)]
    ] as const

    const asked = (tool: Tool.Tool<"pay", Config>, source?: Agent.SourceOptions | "toolkit") =>
      Effect.gen(function*() {
        const remote = Toolkit.make(tool)
        const handlers = yield* Effect.provide(remote, remote.toLayer({ pay: () => Effect.succeed(1) }))
        const session = yield* Session.make(options)
        let count = 0
        const approve = () => Effect.sync(() => ++count > 0)
        yield* source === "toolkit"
          ? Agent.run(session, "Go", { toolkit: handlers, approve })
          : Agent.run(session, "Go", {
            toolkit: yield* Toolkit.empty,
            sources: [Agent.source(handlers, source)],
            approve
          })
        assert.strictEqual(History.pendingTools(yield* session.history).length, 0)
        return count
      }).pipe(provide(pay(1), done))

    for (const [name, tool] of variants) {
      it.effect(`does not believe ${name}`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual([yield* asked(tool), yield* asked(tool, {}), yield* asked(tool, "toolkit")], [1, 1, 1])
        }))

      it.effect(`believes ${name} of a trusted source`, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* asked(tool, { trusted: true }), 0)
        }))
    }

    it.effect("believes a foreign tool that requires approval", () =>
      Effect.gen(function*() {
        const remote = Toolkit.make(Remote.setNeedsApproval(true))
        const handlers = yield* Effect.provide(remote, remote.toLayer({ pay: () => Effect.succeed(1) }))
        const session = yield* Session.make(options)
        const last = yield* Stream.runLast(Agent.stream(session, "Go", { toolkit: handlers }))
        const event = Option.getOrThrow(last)
        assert.strictEqual(event._tag === "Finished" && event.outcome.end, "awaitingApproval")
      }).pipe(provide(pay(1), done)))
  })
})
