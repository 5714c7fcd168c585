import type * as Content from "@effect-claude/core/Content"
import * as Agent from "@effect-claude/session/Agent"
import type { Progress } from "@effect-claude/session/AgentEvent"
import * as Session from "@effect-claude/session/Session"
import * as StopWhen from "@effect-claude/session/StopWhen"
import * as ToolDecision from "@effect-claude/session/ToolDecision"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import { options, provide, sent } from "./scripted.ts"

const Look = Tool.make("look", { parameters: Schema.Struct({ at: Schema.String }), success: Schema.String })

const toolkit = Toolkit.make(Look)

const looks = (ran: Array<string>) =>
  Effect.provide(toolkit.toLayer({ look: ({ at }) => Effect.sync(() => (ran.push(at), `seen ${at}`)) }))

const look = (at: string, id?: string) => Script.toolCall("look", { at }, { toolUseId: id })

const done = Script.reply("Done.")

/** The content and the error flag of the results in a request. */
const results = (request: number) =>
  Effect.map(sent, (bodies) => {
    const content = bodies[request]?.messages.at(-1)?.content
    const blocks = Array.isArray(content) ? content as ReadonlyArray<Content.Content> : []
    return blocks.flatMap((block) => block.type === "tool_result" ? [[block.content, block.is_error === true]] : [])
  })

const texts = (request: number) =>
  Effect.map(sent, (bodies) => {
    const content = bodies[request]?.messages.at(-1)?.content
    const blocks = Array.isArray(content) ? content as ReadonlyArray<Content.Content> : []
    return blocks.flatMap((block) => block.type === "text" ? [block.text] : [])
  })

describe("Agent", () => {
  describe("stopWhen", () => {
    const ends = (stopWhen: StopWhen.StopWhen) =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const { end, turns } = yield* Agent.run(session, "Go", { toolkit, stopWhen }).pipe(looks([]))
        return [end, turns]
      }).pipe(provide(look("a"), look("b"), done))

    it.effect("ends after a number of turns", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* ends(StopWhen.turns(1)), ["stopped", 1])
        assert.deepStrictEqual(yield* ends(StopWhen.turns(2)), ["stopped", 2])
        assert.deepStrictEqual(yield* ends(StopWhen.turns(3)), ["finished", 3])
      }))

    it.effect("ends at a tool, at a number of tokens and at a cost", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* ends(StopWhen.toolCalled("look")), ["stopped", 1])
        assert.deepStrictEqual(yield* ends(StopWhen.toolCalled("other")), ["finished", 3])
        assert.deepStrictEqual(yield* ends(StopWhen.tokens(1)), ["stopped", 1])
        assert.deepStrictEqual(yield* ends(StopWhen.tokens(1_000_000)), ["finished", 3])
        assert.deepStrictEqual(yield* ends(StopWhen.cost(0.0000001)), ["stopped", 1])
        assert.deepStrictEqual(yield* ends(StopWhen.cost(100)), ["finished", 3])
      }))

    it.effect("combines conditions", () =>
      Effect.gen(function*() {
        const [one, two] = [StopWhen.turns(1), StopWhen.turns(2)]
        assert.deepStrictEqual(yield* ends(StopWhen.any(two, one)), ["stopped", 1])
        assert.deepStrictEqual(yield* ends(StopWhen.all(two, one)), ["stopped", 2])
        assert.deepStrictEqual(yield* ends(StopWhen.any()), ["finished", 3])
        assert.deepStrictEqual(yield* ends(StopWhen.all()), ["finished", 3])
      }))

    it("stops at a cost that is not known", () => {
      const progress: Progress = {
        turns: 1,
        calls: 0,
        message: undefined,
        usage: {
          input: 0,
          output: 0,
          cacheRead: 0,
          cacheWrite5m: 0,
          cacheWrite1h: 0,
          thinking: 0,
          webSearches: 0,
          webFetches: 0
        },
        cost: Option.none()
      }
      assert.isTrue(Effect.runSync(StopWhen.cost(1)(progress)))
    })
  })

  describe("prepareTurn", () => {
    it.effect("changes the parameters of each turn", () =>
      Effect.gen(function*() {
        const seen: Array<readonly [number, number, number]> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit,
          prepareTurn: ({ calls, parameters, turns }) =>
            Effect.sync(() => {
              seen.push([turns, calls, parameters.tools?.length ?? 0])
              return turns === 0
                ? { tool_choice: { type: "any" as const } }
                : { model: "claude-haiku-4-5", system: "Be brief.", tools: [] }
            })
        }).pipe(looks([]))
        const bodies = yield* sent

        assert.deepStrictEqual(seen, [[0, 0, 1], [1, 1, 1]])
        assert.deepStrictEqual(bodies.map(({ model }) => model), [options.model, "claude-haiku-4-5"])
        assert.deepStrictEqual(bodies.map(({ system }) => system), [undefined, "Be brief."])
        assert.deepStrictEqual(bodies[0]?.["tool_choice"], { type: "any" })
      }).pipe(provide(look("a"), done)))

    it.effect("can force a tool in every turn", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit,
          maxTurns: 2,
          prepareTurn: () => Effect.succeed({ tool_choice: { type: "any" } })
        }).pipe(looks([]))

        assert.deepStrictEqual((yield* sent).map((body) => body["tool_choice"]), [{ type: "any" }, { type: "any" }])
      }).pipe(provide(look("a"), look("b"))))
  })

  describe("tool_choice", () => {
    const forced = { type: "tool", name: "look", disable_parallel_tool_use: true } as const
    const relaxed = { type: "auto", disable_parallel_tool_use: true }

    it.effect("is forced in the first turn only, of the run's options or the session's", () =>
      Effect.gen(function*() {
        const one = yield* Session.make(options)
        yield* Agent.run(one, "Go", { toolkit, turn: { tool_choice: forced } }).pipe(looks([]))
        const two = yield* Session.make({ ...options, tool_choice: forced })
        yield* Agent.run(two, "Go", { toolkit }).pipe(looks([]))

        assert.deepStrictEqual((yield* sent).map((body) => body["tool_choice"]), [forced, relaxed, forced, relaxed])
      }).pipe(provide(look("a"), done, look("a"), done)))

    it.effect("is not forced again when a run is resumed", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, tool_choice: { type: "any" } })
        yield* Agent.run(session, "Go", { toolkit, maxTurns: 1 }).pipe(looks([]))
        yield* Agent.resume(session, { toolkit }).pipe(looks([]))

        assert.deepStrictEqual((yield* sent).map((body) => body["tool_choice"]), [{ type: "any" }, { type: "auto" }])
      }).pipe(provide(look("a"), done)))

    it.effect("that forces nothing stays", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const none = { type: "none" } as const
        yield* Agent.run(session, "Go", { toolkit, turn: { tool_choice: none } }).pipe(looks([]))

        assert.deepStrictEqual((yield* sent).map((body) => body["tool_choice"]), [none, none])
      }).pipe(provide(look("a"), done)))
  })

  describe("steer", () => {
    it.effect("adds a message to the results of the tools that run", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const handlers = toolkit.toLayer({ look: () => Effect.as(Agent.steer(session, "Be quick."), "seen") })
        yield* Agent.run(session, "Go", { toolkit }).pipe(Effect.provide(handlers))

        assert.deepStrictEqual(yield* texts(1), ["Be quick."])
        assert.deepStrictEqual(yield* results(1), [["seen", false]])
      }).pipe(provide(look("a"), done)))

    it.effect("continues a run that would have finished", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.steer(session, "First this.")
        yield* Agent.steer(session, [{ type: "text", text: "Then that." }])
        const { end, turns } = yield* Agent.run(session, "Go", { toolkit }).pipe(looks([]))

        assert.deepStrictEqual([end, turns], ["finished", 2])
        assert.deepStrictEqual([yield* texts(0), yield* texts(1)], [["Go"], ["First this.", "Then that."]])
      }).pipe(provide(done, done)))

    it.effect("keeps a message whose turn failed, or that came at the last turn", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Agent.steer(session, "And this.")
        yield* Agent.run(session, "Go", { toolkit, maxTurns: 1 }).pipe(looks([]))
        yield* Effect.flip(Agent.resume(session, { toolkit }).pipe(looks([])))
        yield* Agent.resume(session, { toolkit }).pipe(looks([]))

        assert.deepStrictEqual([yield* texts(1), yield* texts(2)], [["And this."], ["And this."]])
      }).pipe(provide(done, Script.status(529), done)))
  })

  describe("hooks", () => {
    it.effect("before a tool can deny the call, or give its result", () =>
      Effect.gen(function*() {
        const ran: Array<string> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit,
          beforeTool: ({ call, tool }) =>
            Effect.sync(() => {
              const { at } = call.input as { readonly at: string }
              if (at === "a") return ToolDecision.deny(`no ${tool.name}`)
              if (at === "b") return ToolDecision.result("cached")
              if (at === "c") throw new Error("hook")
              return undefined
            })
        }).pipe(looks(ran))

        assert.deepStrictEqual(ran, ["d"])
        assert.deepStrictEqual(yield* results(1), [
          ["The call was denied: no look", true],
          ["cached", false],
          ["The call was denied: a hook failed", true],
          ["seen d", false]
        ])
      }).pipe(
        provide(Script.toolCalls(["a", "b", "c", "d"].map((at) => ({ name: "look", input: { at } }))), done)
      ))

    it.effect("before a tool sees the call that runs, and does not change it", () =>
      Effect.gen(function*() {
        const ran: Array<string> = []
        const seen: Array<unknown> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit,
          approve: () => Effect.succeed(ToolDecision.edit({ at: "z" })),
          beforeTool: ({ call }) =>
            Effect.sync(() => {
              const input = call.input as { at: string }
              seen.push({ ...input })
              input.at = "y"
            })
        }).pipe(looks(ran))

        assert.deepStrictEqual([seen, ran], [[{ at: "z" }], ["z"]])
      }).pipe(provide(look("a"), done)))

    it.effect("after a tool can replace its result, and withholds it when it dies", () =>
      Effect.gen(function*() {
        const ran: Array<string> = []
        const session = yield* Session.make(options)
        yield* Agent.run(session, "Go", {
          toolkit,
          afterTool: ({ result }) =>
            Effect.sync(() => {
              if (result.content === "seen a") return ToolDecision.result("***")
              if (result.content === "seen b") throw new Error("hook")
              return undefined
            })
        }).pipe(looks(ran))

        assert.deepStrictEqual(ran, ["a", "b", "c"])
        assert.deepStrictEqual(yield* results(1), [
          ["***", false],
          ["The tool ran, and its result is withheld: a hook failed.", true],
          ["seen c", false]
        ])
      }).pipe(provide(Script.toolCalls(["a", "b", "c"].map((at) => ({ name: "look", input: { at } }))), done)))
  })

  it.effect("lets other tools run while an approval waits", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const approved = yield* Deferred.make<boolean>()
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", {
        toolkit,
        concurrency: 1,
        approve: ({ call }) =>
          call.id === "toolu_1"
            ? Deferred.await(approved)
            : Effect.as(Deferred.succeed(approved, true), true)
      }).pipe(looks(ran))

      assert.deepStrictEqual(ran.toSorted(), ["a", "b"])
    }).pipe(provide(
      Script.toolCalls([
        { name: "look", input: { at: "a" }, id: "toolu_1" },
        { name: "look", input: { at: "b" }, id: "toolu_2" }
      ]),
      done
    )))

  it.effect("runs at most as many tools at once as allowed", () =>
    Effect.gen(function*() {
      let running = 0
      let most = 0
      const handlers = toolkit.toLayer({
        look: () =>
          Effect.sync(() => {
            most = Math.max(most, ++running)
          }).pipe(
            Effect.andThen(Effect.yieldNow),
            Effect.andThen(Effect.sync(() => (running--, "seen")))
          )
      })
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", { toolkit, concurrency: 2 }).pipe(Effect.provide(handlers))

      assert.strictEqual(most, 2)
    }).pipe(provide(Script.toolCalls(["a", "b", "c", "d"].map((at) => ({ name: "look", input: { at } }))), done)))

  it.effect("does not count a slow reader against the time of a tool", () =>
    Effect.gen(function*() {
      const Slow = Toolkit.make(Tool.make("slow", { success: Schema.Finite }))
      const live = Slow.toLayer({
        slow: (_, { preliminary }) =>
          Effect.as(Effect.forEach(Array.from({ length: 100 }, (_, index) => index), preliminary), 100)
      })
      const session = yield* Session.make(options)
      const fiber = yield* Agent.stream(session, "Go", { toolkit: Slow, timeout: "1 second" }).pipe(
        Stream.tap(() => Effect.sleep("100 millis")),
        Stream.runCollect,
        Effect.provide(live),
        Effect.forkChild
      )
      for (let second = 0; second < 30; second++) yield* TestClock.adjust("1 second")
      const events = yield* Fiber.join(fiber)
      const shown = events.flatMap((event) => event._tag === "ToolProgress" ? [event.result] : [])

      assert.deepStrictEqual(shown, Array.from({ length: 100 }, (_, index) => index))
      assert.deepStrictEqual(yield* results(1), [["100", false]])
    }).pipe(provide(Script.toolCall("slow"), done)))
})
