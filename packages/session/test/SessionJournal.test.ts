import * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import * as Budget from "@effect-claude/session/Budget"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import type * as Turn from "@effect-claude/session/Turn"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import { inspect } from "node:util"
import { assistant, options, provide, sent, tool, user } from "./scripted.ts"

const { SessionStore: Store } = SessionStore

const opened = { ...options, id: "ada" }

const used = (text: string) => Script.reply({ text, usage: { input_tokens: 10, output_tokens: 1 } })

/** A store in memory that can be told to fail. */
const faulty = (faults: { append?: "before" | "after" | undefined; read?: boolean }) =>
  Layer.effect(
    Store,
    Effect.map(Effect.service(Store), (store) => ({
      ...store,
      append: (id: string, position: number, entry: SessionStore.Entry) => {
        const failure = new SessionStore.SessionStoreError({ operation: "append", id, problem: "the disk is full" })
        if (faults.append === "before") return Effect.fail(failure)
        const done = store.append(id, position, entry)
        return faults.append === "after" ? Effect.andThen(done, Effect.fail(failure)) : done
      },
      read: (id: string, from?: number) =>
        faults.read === true
          ? Effect.fail(new SessionStore.SessionStoreError({ operation: "read", id, problem: "it is away" }))
          : store.read(id, from)
    }))
  ).pipe(Layer.provide(SessionStore.layerMemory))

/** Runs an effect while the request of a turn is under way. */
const meanwhile = (effect: Effect.Effect<unknown, unknown>): Turn.Options => {
  let left = Effect.orDie(Effect.asVoid(effect))
  return {
    onProgress: () =>
      Effect.suspend(() => {
        const once = left
        left = Effect.void
        return once
      })
  }
}

describe("Session", () => {
  describe("open", () => {
    it.effect("goes on where the session was left", () =>
      Effect.gen(function*() {
        const before = yield* Session.open(opened)
        yield* before.send("one")
        yield* before.send("two")
        const after = yield* Session.open(opened)
        yield* after.send("three")

        assert.deepStrictEqual((yield* sent)[2]?.messages, [
          user("one"),
          assistant("1"),
          user("two"),
          assistant("2"),
          user("three")
        ])
        assert.strictEqual((yield* after.usage).input, 30)
        assert.deepStrictEqual(yield* after.spent, yield* after.usage)
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(used("1"), used("2"), used("3"))))

    it.effect("knows everything the session knew", () =>
      Effect.gen(function*() {
        const before = yield* Session.open(opened)
        yield* before.send("one")
        yield* Effect.exit(Stream.runDrain(before.stream("lost")))
        yield* before.send("two")
        yield* before.edit(1, "deux")
        yield* before.configure({ max_tokens: 7, system: undefined })
        const after = yield* Session.open({ ...opened, system: "Be kind." })

        const [one, other] = yield* Effect.all([before.state, after.state].map((ref) => Effect.sync(() => ref.value)))
        assert.deepStrictEqual(History.entries(other!.history), History.entries(one!.history))
        assert.deepStrictEqual([other!.usage, other!.spent], [one!.usage, one!.spent])
        assert.deepStrictEqual(other!.cost, one!.cost)
        assert.deepStrictEqual(Option.map(other!.lastResponse, Message.text), Option.some("3"))
        assert.deepStrictEqual([other!.parameters.max_tokens, other!.parameters.system], [7, undefined])
        assert.isAbove(other!.spent.input, other!.usage.input)
        yield* after.undo
        yield* after.undo
        assert.deepStrictEqual(History.toMessages(yield* after.history), [user("one"), assistant("1")])
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(used("1"), used("lost, all of it").pipe(Script.cutAfter({ events: 4 })), used("2"), used("3"))
      ))

    it.effect("counts each response once when space was made", () =>
      Effect.gen(function*() {
        const policy = { contextWindow: { strategies: [ContextWindow.dropExchanges({ keep: 1 })] } } as const
        const before = yield* Session.open({ ...opened, ...policy })
        for (const words of ["one", "two", "three"]) yield* before.send(words)
        const after = yield* Session.open(opened)

        assert.lengthOf(History.toMessages(yield* after.history), 4)
        assert.strictEqual((yield* before.usage).input, 30)
        assert.deepStrictEqual(yield* after.usage, yield* before.usage)
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(
          used("1"),
          used("2"),
          Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" }),
          used("3")
        )
      ))

    it.effect("knows a turn that was continued as one exchange", () =>
      Effect.gen(function*() {
        const before = yield* Session.open({ ...opened, onMaxTokens: "continue" })
        yield* before.send("one")
        yield* before.send("two")
        const after = yield* Session.open(opened)

        assert.deepStrictEqual([(yield* before.history).exchanges, (yield* after.history).exchanges], [2, 2])
        yield* after.rewind()
        assert.deepStrictEqual(
          Option.map(yield* after.lastResponse, Message.text),
          Option.some("One, andthat is all.")
        )
        yield* after.rewind()
        assert.strictEqual((yield* after.history).size, 0)
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(
          Script.reply({ text: "One, and", stop_reason: "max_tokens" }),
          used("that is all."),
          used("2")
        )
      ))

    it.effect("knows an answer that paused and went on as one", () => {
      const search = { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} } as const
      return Effect.gen(function*() {
        const before = yield* Session.open(opened)
        yield* before.send("zero")
        const answer = yield* before.send("one")
        const after = yield* Session.open(opened)

        assert.lengthOf(answer.content, 2)
        assert.deepStrictEqual(yield* after.lastResponse, Option.some(answer))
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(used("0"), Script.message({ content: [search], stop_reason: "pause_turn" }), used("found"))
      )
    })

    it.effect("keeps rewinds, undos and open calls", () =>
      Effect.gen(function*() {
        const before = yield* Session.open({ ...opened, tools: [tool] })
        yield* before.send("one")
        yield* before.send("two")
        yield* before.rewind(2)
        yield* before.undo
        yield* before.rewind(1)
        yield* before.send("weather?")
        const after = yield* Session.open({ ...opened, tools: [tool] })

        const history = yield* after.history
        assert.deepStrictEqual(History.entries(history), History.entries(yield* before.history))
        assert.strictEqual(history.status, "awaitingToolResults")
        yield* after.send("never mind")
        assert.lengthOf((yield* sent).at(-1)?.messages ?? [], 5)
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(used("1"), used("2"), Script.toolCall("weather"), used("4"))
      ))

    it.effect("writes what the session began with, once it says something", () =>
      Effect.gen(function*() {
        const store = yield* Store
        const history = History.repair([user("zero"), assistant("0")]).history
        const before = yield* Session.open({ ...opened, history })
        assert.deepStrictEqual(yield* store.list, [])
        yield* before.send("one")
        const after = yield* Session.open(opened)

        assert.lengthOf(yield* store.read("ada"), 2)
        assert.deepStrictEqual(History.toMessages(yield* after.history).length, 4)
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(used("1"))))

    it.effect("fails where the store cannot be read", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Session.open(opened))

        assert.strictEqual(error.message, "Could not read session \"ada\": it is away")
      }).pipe(Effect.provide(faulty({ read: true })), provide()))

    it.effect("fails where the journal does not hold together, and quotes nothing of it", () =>
      Effect.gen(function*() {
        const store = yield* Store
        const entries: ReadonlyArray<SessionStore.Entry> = [
          { type: "changed", size: 3, entries: [], usage: Usage.empty, spent: Usage.empty, cost: null },
          { type: "undone" },
          {
            type: "changed",
            size: 0,
            entries: [{ type: "assistant", content: [{ type: "text", text: "secret" }] }],
            usage: Usage.empty,
            spent: Usage.empty,
            cost: null
          }
        ]
        const problems = yield* Effect.forEach(entries, (entry, n) =>
          store.append(String(n), 0, entry).pipe(
            Effect.andThen(Effect.flip(Session.open({ ...options, id: String(n) }))),
            Effect.map(({ message }) => message)
          ))

        assert.include(
          problems[0],
          "entry 0 does not follow from those before it: there are no 3 entries to go back to"
        )
        assert.include(problems[1], "there is nothing to undo")
        assert.include(problems[2], "no response is expected")
        assert.notInclude(problems.join(), "secret")
      }).pipe(Effect.provide(SessionStore.layerMemory), provide()))
  })

  describe("with a store", () => {
    it.effect("fails a turn the store refuses, with the answer on the error and what it used counted", () => {
      const faults: { append?: "before" | undefined } = { append: "before" }
      return Effect.gen(function*() {
        const session = yield* Session.open(opened)
        const error = yield* Effect.flip(session.send("one"))
        const streamed = yield* Effect.flip(Stream.runDrain(session.stream("one")))

        for (const failure of [error, streamed]) {
          assert.strictEqual(failure._tag, "SessionStoreError")
          if (failure._tag !== "SessionStoreError") continue
          assert.strictEqual(failure.answer === undefined ? "" : Message.text(failure.answer), "secret")
          for (const shown of [inspect(failure, { depth: 9 }), JSON.stringify(failure), String(failure)]) {
            assert.notInclude(shown, "secret")
          }
        }
        assert.strictEqual(yield* session.history, History.empty)
        assert.deepStrictEqual(yield* session.usage, Usage.empty)
        assert.strictEqual((yield* session.spent).input, 20)

        delete faults.append
        yield* session.send("one")
        assert.deepStrictEqual((yield* sent).at(-1)?.messages, [user("one")])
        assert.deepStrictEqual(yield* (yield* Session.open(opened)).spent, yield* session.spent)
      }).pipe(Effect.provide(faulty(faults)), provide(used("secret"), used("secret"), used("3")))
    })

    it.effect("hands down no message_stop for a turn the store refuses", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        const seen: Array<string> = []
        yield* session.stream("one").pipe(
          Stream.runForEach(({ type }) => Effect.sync(() => seen.push(type))),
          Effect.ignore
        )

        assert.notInclude(seen, "message_stop")
        assert.include(seen, "content_block_delta")
      }).pipe(Effect.provide(faulty({ append: "before" })), provide(used("1"))))

    it.effect("looks at the journal before it takes an append for failed", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.send("one")
        yield* session.send("two")

        assert.strictEqual((yield* session.history).exchanges, 2)
        assert.strictEqual((yield* (yield* Session.open(opened)).history).exchanges, 2)
      }).pipe(Effect.provide(faulty({ append: "after" })), provide(used("1"), used("2"))))

    it.effect("gives a turn that could not be written back to the budget of turns", () =>
      Effect.gen(function*() {
        const budget = yield* Budget.make({ turns: 1 })
        const session = yield* Session.open({ ...opened, budget })
        yield* Effect.flip(session.send("one"))
        yield* Effect.flip(Stream.runDrain(session.stream("one")))

        assert.strictEqual((yield* budget.state).left.turns, 1)
        assert.strictEqual((yield* budget.state).spent.requests, 2)
      }).pipe(Effect.provide(faulty({ append: "before" })), provide(used("1"), used("1"))))

    it.effect("takes an append for failed where somebody else's entry is in its place", () => {
      const faults: { append?: "before" | undefined } = {}
      return Effect.gen(function*() {
        const one = yield* Session.open(opened)
        const other = yield* Session.open(opened)
        const error = yield* Effect.flip(
          one.send("one", meanwhile(Effect.andThen(other.send("two"), Effect.sync(() => (faults.append = "before")))))
        )

        assert.strictEqual(error._tag, "SessionStoreError")
        assert.strictEqual(yield* one.history, History.empty)
      }).pipe(Effect.provide(faulty(faults)), provide(used("2"), used("1")))
    })

    it.effect("tells the second of two processes, which catches up and goes on", () =>
      Effect.gen(function*() {
        const one = yield* Session.open(opened)
        const other = yield* Session.open(opened)
        yield* one.send("one")
        const error = yield* Effect.flip(other.send("two"))
        const before = yield* other.history
        yield* other.refresh
        yield* other.send("two")
        yield* one.refresh

        assert.strictEqual(error._tag, "SessionConflictError")
        assert.include(error.message, "Session \"ada\" was changed by another process")
        assert.strictEqual(before, History.empty)
        assert.deepStrictEqual((yield* sent).at(-1)?.messages, [user("one"), assistant("1"), user("two")])
        assert.deepStrictEqual(
          History.entries(yield* one.history),
          History.entries(yield* other.history)
        )
        assert.strictEqual((yield* one.usage).input, 20)
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(used("1"), used("2"))))

    it.effect("goes on counting what it spent itself when it catches up, and tells the others", () =>
      Effect.gen(function*() {
        const one = yield* Session.open(opened)
        const other = yield* Session.open(opened)
        const lost = yield* Effect.flip(other.send("lost", meanwhile(one.send("one"))))
        const each = Option.getOrThrow(yield* one.cost).input
        const total = ({ cost, spent }: Session.Session) =>
          Effect.map(Effect.all([spent, cost]), ([{ input }, cost]) => [
            input / 10,
            Option.map(cost, (cost) => Math.round(cost.input / each))
          ])
        yield* one.configure({ max_tokens: 7 })
        yield* other.refresh
        const caughtUp = yield* total(other)
        yield* one.configure({ max_tokens: 8 })
        yield* other.refresh
        const again = yield* total(other)
        yield* other.send("two")
        yield* one.refresh

        assert.strictEqual(lost._tag, "SessionConflictError")
        assert.deepStrictEqual(caughtUp, [2, Option.some(2)])
        assert.deepStrictEqual(again, caughtUp)
        assert.deepStrictEqual(yield* total(other), [3, Option.some(3)])
        assert.deepStrictEqual(yield* total(one), [3, Option.some(3)])
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(used("1"), used("lost"), used("2"))))

    it.effect("counts once what it wrote although that failed, and could not be looked at", () => {
      const faults: { append?: "before" | "after" | undefined; read?: boolean } = {}
      return Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.send("zero")
        const fail = Effect.sync(() => Object.assign(faults, { append: "after", read: true }))
        const tags = [(yield* Effect.flip(session.send("one", meanwhile(fail))))._tag]
        // The first is there. As long as that cannot be read, nothing is sent.
        delete faults.append
        tags.push((yield* Effect.flip(session.send("two")))._tag)
        faults.read = false
        yield* session.refresh
        const known = [(yield* session.history).exchanges, (yield* session.spent).input]
        yield* session.refresh
        yield* session.send("four")

        assert.deepStrictEqual(tags, ["SessionStoreError", "SessionStoreError"])
        assert.deepStrictEqual(known, [2, 20])
        assert.strictEqual((yield* session.spent).input, 30)
        assert.lengthOf(yield* sent, 3)
        assert.deepStrictEqual(yield* (yield* Session.open(opened)).spent, yield* session.spent)
      }).pipe(
        Effect.provide(faulty(faults)),
        provide(used("0"), used("1"), used("4"))
      )
    })

    it.effect("begins once where two processes begin a session with what was said before", () =>
      Effect.gen(function*() {
        const seeded = yield* Session.make(options)
        yield* seeded.send("zero")
        const history = yield* seeded.history
        const one = yield* Session.open({ ...opened, history })
        const other = yield* Session.open({ ...opened, history })
        yield* one.send("one")
        const error = yield* Effect.flip(other.send("two"))
        yield* other.refresh
        yield* other.send("two")
        const again = yield* Session.open(opened)

        assert.strictEqual(error._tag, "SessionConflictError")
        assert.deepStrictEqual(History.toMessages(yield* again.history), [
          user("zero"),
          assistant("0"),
          user("one"),
          assistant("1"),
          user("two"),
          assistant("2")
        ])
        assert.deepStrictEqual(yield* again.history, yield* other.history)
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(used("0"), used("1"), used("2"))))

    it.effect("tells the second when it rewinds, configures or undoes, too", () =>
      Effect.gen(function*() {
        const one = yield* Session.open(opened)
        yield* one.send("one")
        const other = yield* Session.open(opened)
        yield* one.configure({ max_tokens: 7 })
        const changes = [other.rewind(), other.configure({ max_tokens: 8 }), other.undo]
        const tags = yield* Effect.forEach(changes, (change) => Effect.map(Effect.flip(change), ({ _tag }) => _tag))
        yield* other.refresh

        assert.deepStrictEqual([...new Set(tags)], ["SessionConflictError"])
        assert.strictEqual((yield* other.parameters).max_tokens, 7)
        assert.strictEqual((yield* other.history).exchanges, 1)
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(used("1"))))

    it.effect("writes a fork that is given an id, with all that was said before", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.send("one")
        const fork = yield* session.fork({ id: "eve" })
        const again = yield* Session.open({ ...options, id: "eve" })
        const taken = yield* Effect.flip(session.fork({ id: "ada" }))
        yield* fork.send("two")

        assert.strictEqual(fork.id, "eve")
        assert.deepStrictEqual(History.toMessages(yield* again.history), [user("one"), assistant("1")])
        assert.strictEqual(taken._tag, "SessionConflictError")
        assert.strictEqual((yield* session.history).exchanges, 1)
        assert.strictEqual((yield* (yield* Session.open({ ...options, id: "eve" })).history).exchanges, 2)
        assert.isUndefined((yield* session.fork()).id)
      }).pipe(Effect.provide(SessionStore.layerMemory), provide(used("1"), used("2"))))

    it.effect("writes what was configured to a fork, and to one of that", () =>
      Effect.gen(function*() {
        const session = yield* Session.open({ ...opened, system: "Be brief." })
        yield* session.configure({ max_tokens: 7, system: undefined })
        const caught = yield* Session.open(opened)
        yield* session.configure({ temperature: 0.5 })
        yield* caught.refresh
        for (const one of [session, caught]) {
          const id = one === session ? "eve" : "cain"
          const fork = yield* one.fork({ id })
          yield* fork.fork({ id: `${id}'s` })
          for (const name of [id, `${id}'s`]) {
            const parameters = yield* (yield* Session.open({ ...options, system: "Be brief.", id: name })).parameters

            assert.strictEqual(parameters.max_tokens, 7, name)
            assert.strictEqual(parameters.temperature, 0.5, name)
            assert.isUndefined(parameters.system, name)
          }
        }
      }).pipe(Effect.provide(SessionStore.layerMemory), provide()))

    it.effect("writes no credentials", () =>
      Effect.gen(function*() {
        const session = yield* Session.open(opened)
        yield* session.configure({
          mcp_servers: [{ type: "url", name: "a", url: "https://a.example", authorization_token: "secret" }],
          fallback_credit_token: "secret"
        })

        assert.notInclude(JSON.stringify(yield* (yield* Store).read("ada")), "secret")
      }).pipe(Effect.provide(SessionStore.layerMemory), provide()))

    it.effect("keeps what can be kept of an interrupted turn", () =>
      Effect.gen(function*() {
        const session = yield* Session.open({ ...opened, onInterrupt: "keep" })
        yield* Effect.ignore(session.send("one"))
        const again = yield* Session.open(opened)

        assert.deepStrictEqual(History.entries(yield* again.history), History.entries(yield* session.history))
        assert.strictEqual((yield* again.history).size, 2)
      }).pipe(
        Effect.provide(SessionStore.layerMemory),
        provide(used("Hi there, how are you?").pipe(Script.cutAfter({ events: 5 })))
      ))
  })

  describe("layerOpen", () => {
    it.effect("opens the session for the whole program", () =>
      Effect.gen(function*() {
        const session = yield* Session.CurrentSession
        yield* session.send("one")

        assert.strictEqual(session.id, "ada")
        assert.deepStrictEqual(yield* (yield* Store).list, ["ada"])
      }).pipe(
        Effect.provide(Session.layerOpen(opened).pipe(Layer.provideMerge(SessionStore.layerMemory))),
        provide(used("1"))
      ))
  })
})
