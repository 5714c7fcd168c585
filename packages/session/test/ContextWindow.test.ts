import * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import type * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Agent from "@effect-claude/session/Agent"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Result, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { answer, apply, say, Steps } from "./builders.ts"
import { assistant, options, provide, sent, tool, user } from "./scripted.ts"

const { text } = { text: (text: string) => ({ type: "text", text }) as const }

const tooLong = Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" })

const long = (exchanges: number): History.History => {
  let history = History.empty
  for (let n = 0; n < exchanges; n++) history = answer(say(history, `q${n}`), [text(`a${n}`)])
  return history
}

const summaryIntro = "This is your summary of the conversation so far:\n\n"

describe("ContextWindow", () => {
  describe("trim", () => {
    it("sends only the latest exchanges, and keeps the entries of the others", () => {
      const trimmed = ContextWindow.trim(long(3), 1)

      assert.deepStrictEqual(History.toMessages(trimmed), [user("q2"), assistant("a2")])
      assert.deepStrictEqual(History.entries(trimmed).slice(0, 6), History.entries(long(3)))
      assert.deepStrictEqual(History.toMessages(History.rewind(trimmed, 1)), History.toMessages(long(2)))
    })

    it("keeps the last exchange, and returns a history that is short enough", () => {
      const history = long(2)

      assert.deepStrictEqual(History.toMessages(ContextWindow.trim(history, 0)), [user("q1"), assistant("a1")])
      assert.strictEqual(ContextWindow.trim(history, 9), history)
    })

    it.prop("keeps the rules and the status, however the conversation went", [Steps], ([steps]) => {
      const history = steps.reduce(apply, History.empty)
      for (const keep of [0, 1, 2, 3]) {
        const trimmed = ContextWindow.trim(history, keep)

        assert.deepStrictEqual(History.check(trimmed), [])
        assert.strictEqual(trimmed.exchanges, history.exchanges)
        assert.deepStrictEqual(History.entries(trimmed).slice(0, history.size), History.entries(history))
        assert.strictEqual(trimmed.status, history.status)
      }
    }, { arbitrary: { runs: 500 } })
  })

  describe("sizeOf", () => {
    it("is what the last answer and its prompt really were, and an estimate of what is new", () => {
      const history = answer(say(History.empty, "q"), [text("a")])

      assert.strictEqual(ContextWindow.sizeOf(history, "claude-haiku-4-5"), 4)
      assert.isAbove(ContextWindow.sizeOf(say(history, "word ".repeat(1000)), "claude-haiku-4-5"), 800)
      assert.isBelow(ContextWindow.sizeOf(say(history, "word ".repeat(1000)), "claude-haiku-4-5"), 1300)
    })

    it("is an estimate where no answer tells", () => {
      const size = ContextWindow.sizeOf(say(History.empty, "word ".repeat(1000)), "claude-haiku-4-5")

      assert.isTrue(size > 800 && size < 1300)
    })

    it("counts what the model said where only that is known of it", () => {
      const words = "word ".repeat(1000)
      const imported = (...turns: ReadonlyArray<MessageRequest.MessageParam>) =>
        ContextWindow.sizeOf(Result.getOrThrow(History.make(turns)), "claude-haiku-4-5")

      assert.isAbove(imported(user("a"), assistant(words)), imported(user("a"), assistant("b")) + 800)
    })
  })

  describe("a warning", () => {
    const usage = (input_tokens: number) => Script.reply({ text: "ok", usage: { input_tokens, output_tokens: 0 } })
    const haiku = { ...options, model: "claude-haiku-4-5" }

    const warned = (contextWindow: ContextWindow.Policy) =>
      Effect.gen(function*() {
        const seen: Array<readonly [TokenEstimate.WindowWarning, number]> = []
        const requests = yield* Effect.map(sent, () => 0)
        let count = requests
        const session = yield* Session.make({
          ...haiku,
          contextWindow: {
            ...contextWindow,
            onWarning: (warning) => Effect.sync(() => seen.push([warning, count]))
          }
        })
        for (const words of ["one", "two", "three"]) {
          count++
          yield* session.send(words)
        }
        return { seen, session }
      })

    it.effect("comes before a request that fills so much of the window, and is shown", () =>
      Effect.gen(function*() {
        const { seen, session } = yield* warned({})

        assert.deepStrictEqual(seen.map(([{ contextWindow }, request]) => [contextWindow, request]), [[200_000, 3]])
        assert.isAtLeast(seen[0]?.[0].tokens ?? 0, 170_000)
        assert.deepStrictEqual(session.state.value.window, Option.some(seen[0]?.[0]))
      }).pipe(provide(usage(169_000), usage(170_001), usage(9))))

    it.effect("comes when it is told to", () =>
      Effect.gen(function*() {
        const { seen } = yield* warned({ warnAt: 0.5 })

        assert.deepStrictEqual(seen.map(([, request]) => request), [2, 3])
      }).pipe(provide(usage(101_000), usage(101_000), usage(9))))

    it.effect("is shown where nobody else is told of it", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(haiku)
        yield* session.send("one")
        yield* session.send("two")

        assert.isTrue(Option.isSome(session.state.value.window))
      }).pipe(provide(usage(190_000), usage(190_000))))

    it.effect("counts the system prompt of a first request", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({
          ...haiku,
          system: "word ".repeat(150_000),
          contextWindow: { warnAt: 0.7 }
        })
        yield* session.send("one")

        assert.isTrue(Option.isSome(session.state.value.window))
      }).pipe(provide(usage(9))))

    it.effect("counts what is left after space was made", () =>
      Effect.gen(function*() {
        const { seen, session } = yield* warned({ strategies: [ContextWindow.dropExchanges()] })

        assert.lengthOf(seen, 0)
        assert.deepStrictEqual(session.state.value.window, Option.none())
      }).pipe(provide(usage(9), usage(190_000), usage(9))))

    it.effect("goes away when there is room again", () =>
      Effect.gen(function*() {
        const { session } = yield* warned({})

        assert.deepStrictEqual(session.state.value.window, Option.none())
      }).pipe(provide(usage(190_000), usage(9), usage(9))))
  })

  describe("a prompt that does not fit", () => {
    const talking = (contextWindow?: ContextWindow.Policy) =>
      Session.make({ ...options, tools: [tool], history: long(4), contextWindow })

    it.effect("fails the turn unless told otherwise", () =>
      Effect.gen(function*() {
        const session = yield* talking()
        const error = yield* Effect.flip(session.send("Now?"))

        assert.strictEqual(error._tag, "ContextWindowExceededError")
        assert.lengthOf(yield* sent, 1)
        assert.strictEqual((yield* session.history).exchanges, 4)
      }).pipe(provide(tooLong)))

    it.effect.each(["send", "stream"] as const)(
      "loses as many of its oldest exchanges as is enough: %s",
      (how) =>
        Effect.gen(function*() {
          const session = yield* talking({ strategies: [ContextWindow.dropExchanges()] })
          const before = yield* session.history
          yield* how === "send" ? session.send("Now?") : Stream.runDrain(session.stream("Now?"))

          const left = [user("q2"), assistant("a2"), user("q3"), assistant("a3"), user("Now?")]
          assert.deepStrictEqual((yield* sent)[1]?.messages, left)
          assert.deepStrictEqual(History.toMessages(yield* session.history), [...left, assistant("ok")])
          yield* session.undo
          assert.strictEqual(yield* session.history, before)
        }).pipe(provide(tooLong, Script.reply("ok")))
    )

    it.effect.each([[0, 1], [1, 3], [2, 5]] as const)(
      "keeps the latest exchanges that it is told to keep: %s",
      ([keep, messages]) =>
        Effect.gen(function*() {
          const session = yield* talking({ strategies: [ContextWindow.dropExchanges({ keep })], fillTo: 0 })
          yield* session.send("Now?")

          assert.lengthOf((yield* sent)[1]?.messages ?? [], messages)
        }).pipe(provide(tooLong, Script.reply("ok")))
    )

    it.effect("makes space as often as needed, and fails when nothing is left to remove", () =>
      Effect.gen(function*() {
        const session = yield* talking({ strategies: [ContextWindow.dropExchanges()] })
        const error = yield* Effect.flip(session.send("Now?"))

        assert.strictEqual(error._tag, "ContextWindowExceededError")
        assert.deepStrictEqual((yield* sent).map(({ messages }) => messages.length), [9, 5, 3, 1])
      }).pipe(provide(Script.forever(tooLong))))

    it.effect("keeps the space that it made, although the turn fails", () =>
      Effect.gen(function*() {
        const session = yield* talking({ strategies: [ContextWindow.dropExchanges()] })
        const before = yield* session.history
        yield* Effect.flip(session.send("Now?"))
        yield* Effect.flip(Stream.runDrain(session.stream("And now?")))
        const after = yield* session.history

        assert.deepStrictEqual((yield* sent).map(({ messages }) => messages.length), [9, 5, 5, 1])
        assert.deepStrictEqual(History.entries(after).slice(0, before.size), History.entries(before))
        assert.deepStrictEqual(
          History.entries(after).slice(before.size).map((entry) =>
            entry._tag === "Edit" ? entry.edit.type : entry._tag
          ),
          ["drop_exchanges", "drop_exchanges"]
        )
        assert.deepStrictEqual(session.state.value.edits.map(({ type }) => type), ["drop_exchanges"])
      }).pipe(provide(tooLong, Script.status(529), tooLong, Script.status(529))))

    it.effect("fails when there is nothing to remove", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({
          ...options,
          contextWindow: { strategies: [ContextWindow.dropExchanges()] }
        })
        yield* Effect.flip(session.send("Now?"))

        assert.lengthOf(yield* sent, 1)
      }).pipe(provide(tooLong, Script.reply("no"))))

    it.effect("reports each edit, and shows those of the last turn", () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const session = yield* talking({ strategies: [ContextWindow.dropExchanges()] })
        yield* session.send("Now?", { onEdit: ({ type }) => Effect.sync(() => seen.push(type)) })

        assert.deepStrictEqual(seen, ["drop_exchanges"])
        assert.deepStrictEqual(session.state.value.edits.map(({ type }) => type), seen)
        yield* session.send("And now?")
        assert.deepStrictEqual(session.state.value.edits, [])
      }).pipe(provide(tooLong, Script.reply("ok"), Script.reply("ok"))))

    it.effect("is made small enough before it is sent, when its size is known", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({
          ...options,
          contextWindow: { strategies: [ContextWindow.dropExchanges()], tokens: 100_000 }
        })
        for (const text of ["one", "two", "three"]) yield* session.send(text)

        assert.deepStrictEqual((yield* sent).map(({ messages }) => messages.length), [1, 3, 3])
      }).pipe(provide(
        Script.reply({ text: "1", usage: { input_tokens: 89_000 } }),
        Script.reply({ text: "2", usage: { input_tokens: 91_000 } }),
        Script.reply("3")
      )))

    it.effect("carries the edits that the API makes itself", () =>
      Effect.gen(function*() {
        const edits = [{ type: "clear_tool_uses_20250919" }] as const
        const session = yield* talking({ strategies: [ContextWindow.contextManagement(edits)] })
        yield* session.send("Now?")

        assert.deepStrictEqual((yield* sent)[0]?.["context_management"], { edits })
      }).pipe(provide(Script.reply("ok"))))

    it.effect("is replaced by a summary of its oldest exchanges", () =>
      Effect.gen(function*() {
        const session = yield* talking({ strategies: [ContextWindow.compact({ keep: 1 })], fillTo: 0 })
        yield* session.send("Now?", { tool_choice: { type: "any" } })

        const [, request, after] = yield* sent
        assert.deepStrictEqual(request?.messages.slice(0, 2), [user("q0"), assistant("a0")])
        assert.lengthOf(request?.messages ?? [], 7)
        assert.include(JSON.stringify(request?.messages.at(-1)), "Summarise our conversation")
        assert.deepStrictEqual([request?.["tool_choice"], request?.["tools"]], [{ type: "none" }, [tool]])
        assert.strictEqual(request?.["max_tokens"], 4096)
        assert.deepStrictEqual(after?.messages, [
          { role: "user", content: [text(`${summaryIntro}They asked four times.`), text("q3")] },
          assistant("a3"),
          user("Now?")
        ])
        assert.deepStrictEqual(after?.["tool_choice"], { type: "any" })
        assert.strictEqual((yield* session.spent).output, 9 + (yield* session.usage).output)
      }).pipe(provide(
        tooLong,
        Script.reply({ text: "They asked four times.", usage: { output_tokens: 9 } }),
        Script.reply("ok")
      )))

    it.effect.each<readonly [string, Script.Script]>([
      ["is empty", Script.reply("")],
      ["is refused", Script.reply({ text: "I cannot.", stop_reason: "refusal" })],
      ["is cut", Script.reply({ text: "We talked about th", stop_reason: "max_tokens" })],
      ["is a call of a tool", Script.toolCall("weather")],
      ["does not fit itself", tooLong],
      ["is refused as invalid", Script.status(400, { message: "messages.0: no" })],
      ["is no smaller than what it replaces", Script.reply("word ".repeat(1000))]
    ])(
      "falls back to the next strategy when the summary %s",
      ([, summary]) =>
        Effect.gen(function*() {
          const session = yield* talking({
            strategies: [ContextWindow.compact({ keep: 1 }), ContextWindow.dropExchanges({ keep: 1 })],
            fillTo: 0
          })
          yield* session.send("Now?")

          assert.deepStrictEqual((yield* sent)[2]?.messages, [user("q3"), assistant("a3"), user("Now?")])
        }).pipe(provide(tooLong, summary, Script.reply("ok")))
    )

    it.effect("fails as the summary fails", () =>
      Effect.gen(function*() {
        const session = yield* talking({ strategies: [ContextWindow.compact()] })
        const error = yield* Effect.flip(session.send("Now?"))

        assert.strictEqual(error._tag, "OverloadedError")
        assert.strictEqual((yield* session.history).exchanges, 4)
      }).pipe(provide(tooLong, Script.status(529))))

    it.effect("never parts a call from its result, and an agent goes on", () =>
      Effect.gen(function*() {
        const act = Toolkit.make(Tool.make("act", { success: Schema.String }))
        const session = yield* Session.open({
          ...options,
          id: "ada",
          history: long(2),
          contextWindow: { strategies: [ContextWindow.dropExchanges()] }
        })
        const { message } = yield* Agent.run(session, "Go", { toolkit: act }).pipe(
          Effect.provide(act.toLayer({ act: () => Effect.succeed("ok") }))
        )
        const again = yield* Session.open({ ...options, id: "ada" })

        assert.strictEqual(Message.text(message), "Done")
        assert.deepStrictEqual((yield* sent).at(-1)?.messages.map(({ role }) => role), ["user", "assistant", "user"])
        assert.deepStrictEqual(History.entries(yield* again.history), History.entries(yield* session.history))
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(Script.toolCall("act", {}, { toolUseId: "toolu_1" }), tooLong, Script.reply("Done"))
      ))
  })

  describe("an answer that found the window full", () => {
    const full = Script.message({ content: [text("cut")], stop_reason: "model_context_window_exceeded" })

    it.effect("is committed as far as it came, and the next turn makes room first", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({
          ...options,
          history: long(2),
          contextWindow: { strategies: [ContextWindow.dropExchanges()] }
        })
        const cut = yield* session.send("Now?")
        yield* session.send("Go on")

        assert.isTrue(ContextWindow.isFull(cut))
        assert.deepStrictEqual((yield* sent)[1]?.messages, [user("Now?"), assistant("cut"), user("Go on")])
      }).pipe(provide(full, Script.reply("ok"))))

    it.effect("is not one that was cut by max_tokens", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({
          ...options,
          history: long(2),
          contextWindow: { strategies: [ContextWindow.dropExchanges()] }
        })
        const cut = yield* session.send("Now?")
        yield* session.send("Go on")

        assert.isFalse(ContextWindow.isFull(cut))
        assert.lengthOf((yield* sent)[1]?.messages ?? [], 7)
      }).pipe(provide(Script.reply({ text: "cut", stop_reason: "max_tokens" }), Script.reply("ok"))))

    it.effect("is an answer like any other unless told otherwise", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, history: long(2) })
        yield* session.send("Now?")
        yield* session.send("Go on")

        assert.lengthOf((yield* sent)[1]?.messages ?? [], 7)
      }).pipe(provide(full, Script.reply("ok"))))
  })
})
