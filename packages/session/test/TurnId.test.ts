import * as Content from "@effect-claude/core/Content"
import * as Cost from "@effect-claude/core/Cost"
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as Usage from "@effect-claude/core/Usage"
import * as Agent from "@effect-claude/session/Agent"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as StructuredOutput from "@effect-claude/session/StructuredOutput"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { assistant, options, provide, sent, user } from "./scripted.ts"

const opened = { ...options, id: "ada" }

const replies = (...texts: ReadonlyArray<string>) => provide(...texts.map((text) => Script.reply(text)))

const words = (session: Session.Session) => Effect.map(session.history, History.toMessages)

const count = Effect.map(sent, ({ length }) => length)

/** What a run that returns its outcome again did. */
const nothing = { turns: 0, calls: 0, usage: Usage.empty, cost: Option.some(Cost.empty) }

describe("Turn", () => {
  describe("id", () => {
    it.effect("lets a turn be said again without being said twice", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const first = yield* session.send("one", { id: "1" })
        const again = yield* session.send("one", { id: "1" })

        assert.deepStrictEqual(again, first)
        assert.strictEqual(yield* count, 1)
        assert.deepStrictEqual(yield* words(session), [user("one"), assistant("un")])
      }).pipe(replies("un", "never")))

    it.effect("is known whatever was sent since, and free when the turn is taken back", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one", { id: "1" })
        yield* session.send("two", { id: "2" })
        yield* session.send("three")
        yield* session.rewind(2)
        const [one, two] = yield* Effect.all([session.send("one", { id: "1" }), session.send("two", { id: "2" })])

        assert.deepStrictEqual([one, two].map(Message.text), ["un", "zwei"])
        assert.strictEqual(yield* count, 4)
        assert.deepStrictEqual(yield* words(session), [user("one"), assistant("un"), user("two"), assistant("zwei")])
      }).pipe(replies("un", "deux", "trois", "zwei")))

    it.effect("tells turns apart", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one", { id: "1" })
        yield* session.send("one", { id: "2" })

        assert.strictEqual((yield* session.history).exchanges, 2)
      }).pipe(replies("un", "un")))

    it.effect("is no parameter of the request", () =>
      Effect.gen(function*() {
        yield* (yield* Session.make(options)).send("one", { id: "1" })

        assert.notProperty((yield* sent)[0], "id")
      }).pipe(replies("un")))

    it.effect("is known to other processes, with the whole answer", () =>
      Effect.gen(function*() {
        const before = yield* Session.open(opened)
        const told = yield* before.send("one", { id: "1", onMaxTokens: "continue" })
        const other = yield* Session.open(opened)
        yield* other.send("two", { id: "2" })
        yield* before.refresh

        assert.deepStrictEqual(yield* other.send("one", { id: "1" }), told)
        assert.strictEqual(Message.text(yield* before.send("two", { id: "2" })), "deux")
        assert.strictEqual(yield* count, 3)
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(Script.reply({ text: "u", stop_reason: "max_tokens" }), Script.reply("n"), Script.reply("deux"))
      ))

    it.effect("returns its own response when space was made", () =>
      Effect.gen(function*() {
        const policy = { contextWindow: { strategies: [ContextWindow.dropExchanges({ keep: 1 })] } } as const
        const before = yield* Session.open({ ...opened, ...policy })
        yield* before.send("one")
        yield* before.send("two")
        const answer = yield* before.send("three", { id: "turn-3" })
        const after = yield* Session.open(opened)
        const again = yield* after.send("three", { id: "turn-3" })

        assert.deepStrictEqual(again, answer)
        assert.strictEqual(Message.text(again), "3")
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(
          Script.reply("1"),
          Script.reply("2"),
          Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" }),
          Script.reply("3")
        )
      ))

    it.effect("of a turn that failed is free", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Effect.flip(session.send("one", { id: "1" }))

        assert.strictEqual(Message.text(yield* session.send("one", { id: "1" })), "un")
        assert.deepStrictEqual(yield* words(session), [user("one"), assistant("un")])
      }).pipe(provide(Script.status(529), Script.reply("un"))))

    it.effect("of a turn that was kept in part is free: it has no answer", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Effect.exit(session.send("one", { id: "1", onInterrupt: "keep" }))

        assert.strictEqual(Message.text(yield* session.send("one", { id: "1" })), "un")
      }).pipe(provide(Script.reply("cut off here").pipe(Script.cutAfter({ events: 4 })), Script.reply("un"))))

    it.effect("is unknown to a fork", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one", { id: "1" })
        const fork = yield* session.fork()

        assert.strictEqual(Message.text(yield* fork.send("one", { id: "1" })), "eins")
      }).pipe(replies("un", "eins")))

    it.effect("streams the answer that is known, and leaves the session free", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const told = Array.from(yield* Stream.runCollect(session.stream("one", { id: "1" })))
        const again = Array.from(yield* Stream.runCollect(session.stream("one", { id: "1" })))
        // A stream that asks nothing keeps nobody out, not even whoever reads it.
        yield* Stream.runForEach(Stream.take(session.stream("one", { id: "1" }), 1), () => session.send("two"))

        const [first, second] = [told, again].map((events) =>
          MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events))
        )
        assert.deepStrictEqual(Option.map(second!, Message.text), Option.some("un"))
        assert.deepStrictEqual(second, first)
        assert.strictEqual(yield* count, 2)
      }).pipe(replies("un", "deux")))

    it.effect("of a typed answer is that of the question, not of what mended it", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const ask = StructuredOutput.send(session, "A year?", Schema.Struct({ year: Schema.Int }), { id: "1" })

        assert.deepStrictEqual((yield* ask).value, { year: 1975 })
        assert.strictEqual(yield* count, 2)
      }).pipe(replies(`{"year":"?"}`, `{"year":1975}`)))
  })

  describe("id, of an agent's run", () => {
    const Look = Tool.make("look", { parameters: Schema.Struct({ at: Schema.String }), success: Schema.String })
    const toolkit = Toolkit.make(Look)
    const looks = (seen: Array<string>) =>
      toolkit.toLayer({ look: ({ at }) => Effect.sync(() => `${seen.push(at)} seen`) })
    const run = (session: Session.Session) => Agent.run(session, "Look around", { toolkit, turn: { id: "1" } })
    /** A session whose process was killed after so many entries of the journal of another. */
    const killed = Effect.fnUntraced(
      function*(
        entries: number,
        run: (session: Session.Session) => Effect.Effect<unknown, unknown, Tool.HandlersFor<typeof toolkit.tools>>
      ) {
        const store = yield* SessionStore.SessionStore
        yield* run(yield* Session.open({ ...opened, id: "whole" }))
        const all = yield* store.read("whole")
        yield* Effect.forEach(all.slice(0, entries), (entry, n) => store.append("ada", n, entry))
        return yield* Session.open(opened)
      }
    )
    const script = [
      Script.toolCall("look", { at: "left" }, { toolUseId: "toolu_1" }),
      Script.toolCall("look", { at: "right" }, { toolUseId: "toolu_2" }),
      Script.reply("All is well.")
    ]

    it.effect("lets it be run again without being run twice", () => {
      const seen: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* run(session)
        const again = yield* run(session)

        assert.deepStrictEqual([Message.text(again.message), again.end], ["All is well.", "finished"])
        assert.deepStrictEqual(seen, ["left", "right"])
        assert.strictEqual(yield* count, 3)
      }).pipe(Effect.provide(looks(seen)), provide(...script))
    })

    it.effect.each([1, 2, 3, 4])("lets it go on where its process was killed: after %i entries", (kept) => {
      const seen: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* killed(kept, run)
        seen.length = 0
        const outcome = yield* run(session)

        assert.strictEqual(Message.text(outcome.message), "Both sides, I believe.")
        assert.lengthOf(yield* (yield* SessionStore.SessionStore).read("whole"), 5)
        assert.deepStrictEqual(seen, [], "no tool is run again")
        const history = yield* session.history
        assert.deepStrictEqual(History.check(history), [])
        const said = History.entries(history).filter((entry) =>
          entry._tag === "User" && JSON.stringify(entry.content) === JSON.stringify([Content.text("Look around")])
        )
        assert.lengthOf(said, 1)
      }).pipe(
        Effect.provide(looks(seen)),
        Effect.provide(SessionStore.layerMemory),
        provide(...script, Script.reply("Both sides, I believe."))
      )
    })

    it.effect("begins it anew when something else was sent since it was cut off", () => {
      const seen: Array<string> = []
      return Effect.gen(function*() {
        const session = yield* killed(1, run)
        yield* session.send("What is the status?")
        const { end, message, turns } = yield* run(session)

        assert.deepStrictEqual([Message.text(message), turns, end], ["Done now.", 1, "finished"])
        assert.deepStrictEqual((yield* words(session)).slice(-2), [user("Look around"), assistant("Done now.")])
        assert.deepStrictEqual((yield* run(session)).message, message)
        assert.strictEqual(yield* count, 5)
      }).pipe(
        Effect.provide(looks(seen)),
        Effect.provide(SessionStore.layerMemory),
        provide(...script, Script.reply("I do not know."), Script.reply("Done now."))
      )
    })

    it.effect("lets it go on though its answer had paused", () => {
      const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} } as const
      return Effect.gen(function*() {
        const session = yield* killed(1, run)
        const { message, turns } = yield* run(session)

        assert.deepStrictEqual([Message.text(message), turns], ["Both sides, I believe.", 1])
      }).pipe(
        Effect.provide(looks([])),
        Effect.provide(SessionStore.layerMemory),
        provide(
          Script.message({ content: [search], stop_reason: "pause_turn" }),
          ...script,
          Script.reply("Both sides, I believe.")
        )
      )
    })

    it.effect.each(["run", "stream"] as const)(
      "goes back and instructs once, and not again when it goes on: %s",
      (how) => {
        const turn = { id: "1", rewind: 1, instructions: "Be brief." }
        return Effect.gen(function*() {
          const session = yield* killed(3, (session) =>
            Effect.andThen(
              Effect.andThen(session.send("Hello"), session.send("Hello?")),
              Agent.run(session, "Look around", { toolkit, turn })
            ))
          yield* how === "run"
            ? Agent.run(session, "Look around", { toolkit, turn })
            : Stream.runDrain(Agent.stream(session, "Look around", { toolkit, turn }))

          assert.deepStrictEqual((yield* sent).at(-1)?.messages.map(({ role }) => role), [
            "user",
            "assistant",
            "user",
            "system",
            "assistant",
            "user"
          ])
        }).pipe(
          Effect.provide(looks([])),
          Effect.provide(SessionStore.layerMemory),
          provide(Script.reply("Hi"), Script.reply("Hi!"), ...script, Script.reply("Both sides, I believe."))
        )
      }
    )

    it.effect("goes back and instructs when there is nothing to say, streamed or not", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const turn = { instructions: "Be brief.", max_tokens: 7 }
        yield* session.send("Hello")
        yield* Agent.run(session, undefined, { toolkit, turn })
        yield* session.undo
        yield* Stream.runDrain(Agent.stream(session, undefined, { toolkit, turn }))

        assert.deepStrictEqual(
          (yield* sent).slice(1).map(({ messages }) => messages.map(({ role }) => role)),
          [["user", "system"], ["user", "system"]]
        )
      }).pipe(
        Effect.provide(looks([])),
        provide(Script.message({ content: [] }), Script.reply("1"), Script.reply("2"))
      ))

    it.effect("that ended at its limit is answered as it ended, in another process, too", () => {
      const seen: Array<string> = []
      const limited = (session: Session.Session) =>
        Agent.run(session, "Look around", { toolkit, turn: { id: "1" }, maxTurns: 2 })
      return Effect.gen(function*() {
        const session = yield* Session.open(opened)
        const first = yield* limited(session)
        const here = yield* limited(session)
        const elsewhere = yield* Session.open(opened)
        const there = yield* run(elsewhere)

        assert.strictEqual(first.end, "turnLimit")
        assert.deepStrictEqual(here, { ...first, ...nothing })
        assert.deepStrictEqual(there, here)
        assert.deepStrictEqual(seen, ["left"])
        assert.strictEqual((yield* elsewhere.history).status, "awaitingToolResults")
        assert.strictEqual(yield* count, 2)
      }).pipe(Effect.provide(looks(seen)), Effect.provide(SessionStore.layerMemory), provide(...script))
    })

    it.effect("that was killed in an earlier turn is not taken for one that ended at its limit", () =>
      Effect.gen(function*() {
        const limited = (session: Session.Session) =>
          Agent.run(session, "Look around", { toolkit, turn: { id: "1" }, maxTurns: 2 })
        const { end, turns } = yield* limited(yield* killed(1, limited))

        assert.deepStrictEqual([end, turns], ["finished", 1])
      }).pipe(Effect.provide(looks([])), Effect.provide(SessionStore.layerMemory), provide(...script)))

    it.effect("that ended on its last turn with an answer is answered with it", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const limited = Agent.run(session, "Look around", { toolkit, turn: { id: "1" }, maxTurns: 3 })
        yield* limited

        assert.deepInclude(yield* limited, { turns: 0, end: "finished" })
      }).pipe(Effect.provide(looks([])), provide(...script)))

    it.effect("that came to nothing is answered with that", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const first = yield* run(session)
        const again = yield* run(session)

        assert.deepStrictEqual(again, { ...first, ...nothing })
        assert.strictEqual(yield* count, 1)
      }).pipe(Effect.provide(looks([])), provide(Script.message({ content: [] }), Script.reply("never"))))
  })
})
