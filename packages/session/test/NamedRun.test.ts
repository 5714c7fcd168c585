import * as Message from "@effect-claude/core/Message"
import * as Agent from "@effect-claude/session/Agent"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { assistant, options, provide, sent, user } from "./scripted.ts"

const opened = { ...options, id: "ada" }

const toolkit = Toolkit.make(Tool.make("look", { parameters: Schema.Struct({}), success: Schema.String }))

const handlers = toolkit.toLayer({ look: () => Effect.succeed("seen") })

const count = Effect.map(sent, ({ length }) => length)

const call = (id: string) => Script.toolCall("look", {}, { toolUseId: id })

const words = (session: Session.Session) => Effect.map(session.history, History.toMessages)

describe("a named run", () => {
  const run = (session: Session.Session, whenInterrupted: "close" | "rollback" = "close") =>
    Agent.run(session, "Do the job", { toolkit, whenInterrupted, turn: { id: "job" } })

  it.effect("is free again after it was rolled back", () =>
    Effect.gen(function*() {
      const session = yield* Session.open(opened)
      yield* Effect.flip(run(session, "rollback"))
      const before = yield* session.history
      const last = (yield* (yield* SessionStore.SessionStore).read("ada")).at(-1)
      const outcome = yield* run(yield* Session.open(opened), "rollback")

      assert.strictEqual(before.size, 0)
      assert.deepStrictEqual(last?.type === "changed" && last.freed, ["job"])
      assert.deepStrictEqual([outcome.end, Message.text(outcome.message), outcome.turns], ["finished", "Done.", 2])
      assert.strictEqual(yield* count, 4)
    }).pipe(
      Effect.provide([handlers, SessionStore.layerMemory]),
      provide(call("toolu_1"), Script.status(529), call("toolu_2"), Script.reply("Done."))
    ))

  it.effect("goes on where it failed, and keeps that when the second attempt is rolled back", () =>
    Effect.gen(function*() {
      const session = yield* Session.open(opened)
      yield* Effect.flip(run(session))
      const before = yield* words(session)
      yield* Effect.flip(run(session, "rollback"))
      const after = yield* words(session)
      const outcome = yield* run(yield* Session.open(opened))

      assert.deepStrictEqual(after, before)
      assert.deepStrictEqual([outcome.turns, Message.text(outcome.message)], [1, "Done."])
      assert.deepStrictEqual((yield* sent).at(-1)?.messages, before)
    }).pipe(
      Effect.provide([handlers, SessionStore.layerMemory]),
      provide(call("toolu_1"), Script.status(529), call("toolu_2"), Script.status(529), Script.reply("Done."))
    ))

  it.effect("goes on from the entry that an undo leaves", () =>
    Effect.gen(function*() {
      const session = yield* Session.open(opened)
      yield* run(session)
      yield* session.undo
      const outcome = yield* run(yield* Session.open(opened))

      assert.deepStrictEqual([outcome.end, outcome.turns, Message.text(outcome.message)], [
        "finished",
        1,
        "Done again."
      ])
    }).pipe(
      Effect.provide([handlers, SessionStore.layerMemory]),
      provide(call("toolu_1"), Script.reply("Done."), Script.reply("Done again."))
    ))

  it.effect("is recorded with each of its entries, and how it ended with the last", () =>
    Effect.gen(function*() {
      const store = yield* SessionStore.SessionStore
      const session = yield* Session.open(opened)
      yield* run(session)
      yield* session.send("Thanks")
      const entries = yield* store.read("ada")

      assert.deepStrictEqual(entries.map((entry) => entry.type === "changed" ? entry.turn : entry.type), [
        { name: "job", replies: 1, state: "open" },
        { name: "job", replies: 0, state: "open" },
        { name: "job", replies: 1, state: "finished" },
        undefined
      ])
    }).pipe(
      Effect.provide([handlers, SessionStore.layerMemory]),
      provide(call("toolu_1"), Script.reply("Done."), Script.reply("You are welcome."))
    ))

  it.effect("says that it reached its limit, in another process too", () =>
    Effect.gen(function*() {
      const limited = (session: Session.Session) =>
        Agent.run(session, "Do the job", { toolkit, maxTurns: 1, turn: { id: "job" } })
      const first = yield* limited(yield* Session.open(opened))
      const again = yield* limited(yield* Session.open(opened))

      assert.deepStrictEqual([first.end, again.end, again.turns], ["turnLimit", "turnLimit", 0])
      assert.deepStrictEqual(again.message, first.message)
    }).pipe(Effect.provide([handlers, SessionStore.layerMemory]), provide(call("toolu_1"))))

  it.effect("runs the open calls of a run at its limit when it is continued without an input", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Do the job", { toolkit, maxTurns: 1 })
      const { calls, end, message } = yield* Agent.run(session, undefined, { toolkit })

      assert.deepStrictEqual([calls, end, Message.text(message)], [1, "finished", "Done."])
      assert.include(JSON.stringify((yield* sent)[1]?.messages), `"content":"seen"`)
    }).pipe(Effect.provide(handlers), provide(call("toolu_1"), Script.reply("Done."))))

  it.effect("keeps its name when space is made, and frees it when its exchange is rewound after that", () =>
    Effect.gen(function*() {
      const session = yield* Session.open({ ...opened, contextWindow: { strategies: [ContextWindow.dropExchanges()] } })
      yield* session.send("one")
      yield* session.send("two", { id: "2" })
      yield* session.send("three")
      const known = yield* session.send("two", { id: "2" })
      yield* session.rewind(2)
      const again = yield* (yield* Session.open(opened)).send("two", { id: "2" })

      assert.deepStrictEqual([known, again].map(Message.text), ["zwei", "deux"])
    }).pipe(
      Effect.provide(SessionStore.layerMemory),
      provide(
        Script.reply("eins"),
        Script.reply("zwei"),
        Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" }),
        Script.reply("drei"),
        Script.reply("deux")
      )
    ))

  it.effect("reads journals from before runs had a state", () =>
    Effect.gen(function*() {
      const store = yield* SessionStore.SessionStore
      const other = yield* Session.open({ ...options, id: "other" })
      yield* run(other)
      const [first, second] = yield* store.read("other")
      const early = (entry: SessionStore.Entry | undefined, turn: SessionStore.Named | undefined) =>
        entry?.type === "changed" ? [{ ...entry, turn }] : []
      const entries = [...early(first, { name: "job", replies: 1 }), ...early(second, undefined)]
      yield* Effect.forEach(entries.slice(0, 1), (entry, n) => store.append("ada", n, entry))
      const outcome = yield* run(yield* Session.open(opened))

      assert.lengthOf(entries, 2)
      assert.deepStrictEqual([outcome.end, Message.text(outcome.message)], ["finished", "Late."])
    }).pipe(
      Effect.provide([handlers, SessionStore.layerMemory]),
      provide(call("toolu_1"), Script.reply("Done."), Script.reply("Late."))
    ))
})

describe("the name of a turn", () => {
  const Op = Schema.Union([
    Schema.Struct({ _tag: Schema.Literal("Send"), name: Schema.Literals(["a", "b", "c"]), edits: Schema.Boolean }),
    Schema.Struct({ _tag: Schema.Literal("Rewind") }),
    Schema.Struct({ _tag: Schema.Literal("Undo") }),
    Schema.Struct({ _tag: Schema.Literal("Reopen") }),
    Schema.Struct({ _tag: Schema.Literal("Other") })
  ])
  const Program = Arbitrary.array(Arbitrary.schema(Op), { minLength: 1, maxLength: 12 })

  it.effect("is taken if and only if its exchange is in the history", () =>
    Effect.gen(function*() {
      let programs = 0
      const check = (program: ReadonlyArray<typeof Op.Type>) =>
        Effect.gen(function*() {
          const id = `session ${programs++}`
          let session = yield* Session.open({ ...options, id })
          for (const op of program) {
            if (op._tag === "Reopen") session = yield* Session.open({ ...options, id })
            else if (op._tag === "Rewind") yield* session.rewind()
            else if (op._tag === "Undo") yield* session.undo
            else if (op._tag === "Other") yield* session.send("other")
            else {
              const before = yield* count
              const text = JSON.stringify(yield* words(session))
              const isThere = text.includes(`"name ${op.name}"`)
              yield* session.send(`name ${op.name}`, { id: op.name, rewind: op.edits ? 1 : 0 })
              if (((yield* count) === before) !== isThere) return false
              if (!JSON.stringify(yield* words(session)).includes(`"name ${op.name}"`)) return false
            }
          }
          return true
        })
      const result = yield* Arbitrary.checkEffect(Program, check, { runs: 300, size: 12 })

      assert.isUndefined(Arbitrary.formatCheckFailure(result))
    }).pipe(Effect.provide(SessionStore.layerMemory), provide(Script.forever(Script.reply("Yes.")))), 60_000)

  it.effect("is free again when another process takes the turn back, and taken when it does not", () =>
    Effect.gen(function*() {
      const here = yield* Session.open(opened)
      yield* here.send("one", { id: "1" })
      const there = yield* Session.open(opened)
      yield* there.send("two")
      const known = yield* here.send("one", { id: "1" })
      yield* there.rewind(2)
      const error = yield* Effect.flip(here.send("one", { id: "1" }))
      yield* here.refresh
      const anew = yield* here.send("one", { id: "1" })

      assert.strictEqual(error._tag, "SessionConflictError")
      assert.deepStrictEqual([known, anew].map(Message.text), ["un", "eins"])
      assert.strictEqual(yield* count, 3)
    }).pipe(
      Effect.provide(SessionStore.layerMemory),
      provide(Script.reply("un"), Script.reply("deux"), Script.reply("eins"))
    ))

  it.effect("of an edit that fails stays with what the edit would have replaced", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* session.send("one", { id: "1" })
      const failed = yield* Effect.exit(session.edit(1, "two"))
      const known = yield* session.send("one", { id: "1" })
      yield* session.edit(1, "two")
      const anew = yield* session.send("one", { id: "1" })

      assert.isTrue(Exit.isFailure(failed))
      assert.deepStrictEqual([known, anew].map(Message.text), ["un", "eins"])
      assert.deepStrictEqual(yield* words(session), [user("two"), assistant("deux"), user("one"), assistant("eins")])
    }).pipe(provide(Script.reply("un"), Script.status(529), Script.reply("deux"), Script.reply("eins"))))
})
