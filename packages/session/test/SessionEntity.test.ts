import * as Message from "@effect-claude/core/Message"
import * as Agent from "@effect-claude/session/Agent"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as SessionEntity from "@effect-claude/session/SessionEntity"
import * as SessionMap from "@effect-claude/session/SessionMap"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Option, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { Entity, ShardingConfig, TestRunner } from "effect/cluster"
import { TestClock } from "effect/testing"
import { assistant, options, provide, sent, user } from "./scripted.ts"
import { storeAway } from "./storeAway.ts"

const Chat = SessionEntity.make("Chat")

const SessionsLive = SessionMap.layer({ session: () => options })

const opened = Effect.map(
  Layer.build(Layer.fresh(SessionsLive)),
  (context) => Context.get(context, SessionMap.SessionMap)
)

/** The sessions of one runner. */
const runner = Effect.fnUntraced(function*<E extends SessionEntity.Failure = never, R = never>(
  settings?: SessionEntity.Options<E, R>,
  known?: SessionMap.SessionMap["Service"]
) {
  const map = known ?? (yield* opened)
  const live = SessionEntity.layer(Chat, settings).pipe(Layer.provide(Layer.succeed(SessionMap.SessionMap, map)))
  return { map, sessions: yield* Entity.makeTestClient(Chat, live) }
})

const memory = Effect.provide([SessionStore.layerMemory, ShardingConfig.layer()])

const replies = (...texts: ReadonlyArray<string>) => provide(...texts.map((text) => Script.reply(text)))

const bodies = Effect.map(sent, (bodies) => bodies.map(({ messages }) => messages))

describe("SessionEntity", () => {
  describe("Send", () => {
    it.effect("says words in the session of the entity's id, and returns the answer", () =>
      Effect.gen(function*() {
        const { sessions } = yield* runner()
        const [ada, eve] = yield* Effect.all([sessions("ada"), sessions("eve")])
        const answer = yield* ada.Send({ id: "1", input: "one" })
        yield* eve.Send({ id: "1", input: "two" })
        yield* ada.Send({ id: "2", input: [{ type: "text", text: "three" }] })

        assert.strictEqual(Message.text(answer), "un")
        assert.deepStrictEqual(yield* bodies, [
          [user("one")],
          [user("two")],
          [user("one"), assistant("un"), user("three")]
        ])
      }).pipe(Effect.scoped, memory, replies("un", "deux", "trois")))

    it.effect("says nothing twice under one id, whichever runner is asked", () =>
      Effect.gen(function*() {
        const [one, other] = yield* Effect.all([runner(), runner()])
        const first = yield* (yield* one.sessions("ada")).Send({ id: "1", input: "one" })
        const again = yield* (yield* other.sessions("ada")).Send({ id: "1", input: "one" })

        assert.deepStrictEqual(again, first)
        assert.lengthOf(yield* sent, 1)
      }).pipe(Effect.scoped, memory, replies("un", "never")))

    it.effect("catches up with what another runner wrote in between", () =>
      Effect.gen(function*() {
        const [one, other] = yield* Effect.all([runner(), runner()])
        const [here, there] = yield* Effect.all([one.sessions("ada"), other.sessions("ada")])
        yield* here.Send({ id: "1", input: "one" })
        yield* there.Send({ id: "2", input: "two" })
        const answer = yield* here.Send({ id: "3", input: "three" })

        assert.strictEqual(Message.text(answer), "trois")
        assert.deepStrictEqual((yield* bodies).slice(2), [
          [user("one"), assistant("un"), user("two"), assistant("deux"), user("three")]
        ])
      }).pipe(Effect.scoped, memory, replies("un", "deux", "trois")))

    it.effect("opens a session anew that this process knew from earlier", () =>
      Effect.gen(function*() {
        const { map, sessions } = yield* runner()
        yield* map.use("ada", (session) => session.send("one"))
        const elsewhere = yield* Session.open({ ...options, id: "ada" })
        yield* elsewhere.send("two")
        yield* (yield* sessions("ada")).Send({ id: "1", input: "three" })

        assert.lengthOf(yield* sent, 3)
      }).pipe(Effect.scoped, memory, replies("un", "deux", "trois", "never")))

    it.effect("fails with what can be told of the failure, and can be said again under the same id", () =>
      Effect.gen(function*() {
        const { sessions } = yield* runner()
        const ada = yield* sessions("ada")
        const overloaded = yield* Effect.flip(ada.Send({ id: "1", input: "one" }))
        const refused = yield* Effect.flip(ada.Send({ id: "1", input: "one" }))
        yield* ada.Send({ id: "1", input: "one" })

        assert.deepInclude(overloaded, {
          _tag: "SessionEntityError",
          reason: "OverloadedError",
          retryable: true,
          status: 529,
          requestId: "req_1"
        })
        assert.include(overloaded.message, "529")
        assert.deepInclude(refused, { reason: "InvalidRequestError", retryable: false, status: 400 })
        assert.deepStrictEqual((yield* bodies).at(-1), [user("one")])
      }).pipe(
        Effect.scoped,
        memory,
        provide(
          Script.status(529, { headers: { "request-id": "req_1" } }),
          Script.status(400),
          Script.reply("un")
        )
      ))

    it.effect("fails when the store does, and works again when it does", () => {
      const store = storeAway()
      return Effect.gen(function*() {
        const { sessions } = yield* runner()
        const ada = yield* sessions("ada")
        const error = yield* Effect.flip(ada.Send({ id: "1", input: "one" }))
        yield* store.back
        yield* ada.Send({ id: "1", input: "one" })

        assert.deepInclude(error, { reason: "SessionStoreError", retryable: false })
        assert.include(error.message, "it is away")
      }).pipe(Effect.scoped, Effect.provide([store.layer, ShardingConfig.layer()]), replies("un"))
    })

    it.effect("does what the options say, such as running an agent", () => {
      const Look = Tool.make("look", { parameters: Schema.Struct({ at: Schema.String }), success: Schema.String })
      const toolkit = Toolkit.make(Look)
      return Effect.gen(function*() {
        const { sessions } = yield* runner({
          send: (session, input, id) =>
            Effect.map(Agent.run(session, input, { toolkit, turn: { id } }), ({ message }) => message)
        })
        const ada = yield* sessions("ada")
        const answer = yield* ada.Send({ id: "1", input: "Look around" })
        const text = yield* Stream.runCollect(ada.Text({ id: "1", input: "Look around" }))

        assert.strictEqual(Message.text(answer), "All is well.")
        assert.deepStrictEqual(Array.from(text), ["All is well."])
        assert.lengthOf(yield* sent, 2)
      }).pipe(
        Effect.scoped,
        memory,
        Effect.provide(toolkit.toLayer({ look: ({ at }) => Effect.succeed(`${at} seen`) })),
        provide(Script.toolCall("look", { at: "left" }), Script.reply("All is well."))
      )
    })
  })

  describe("Send, which runs an agent", () => {
    const toolkit = Toolkit.make(Tool.make("look", { parameters: Schema.Struct({}), success: Schema.String }))
    const runs = runner({
      send: (session, input, id) =>
        Effect.map(Agent.run(session, input, { toolkit, turn: { id } }), ({ message }) => message)
    })
    const handlers = Effect.provide(toolkit.toLayer({ look: () => Effect.succeed("seen") }))
    const call = (id: string) => Script.toolCall("look", {}, { toolUseId: id })

    it.effect("knows a run on every runner, and runs it anew where it was taken back", () =>
      Effect.gen(function*() {
        const [one, other] = yield* Effect.all([runs, runs])
        const [here, there] = yield* Effect.all([one.sessions("ada"), other.sessions("ada")])
        const first = yield* here.Send({ id: "1", input: "Look" })
        const known = yield* there.Send({ id: "1", input: "Look" })
        // Neither runner is told that another program takes the run back.
        yield* (yield* Session.open({ ...options, id: "ada" })).rewind()
        const anew = yield* here.Send({ id: "1", input: "Look" })
        const again = yield* there.Send({ id: "1", input: "Look" })

        assert.deepStrictEqual([first, known, anew, again].map(Message.text), ["un", "un", "deux", "deux"])
        assert.lengthOf(yield* sent, 4)
      }).pipe(
        Effect.scoped,
        memory,
        handlers,
        provide(call("toolu_1"), Script.reply("un"), call("toolu_2"), Script.reply("deux"))
      ))

    it.effect("continues a run that failed on another runner, and is finished on both", () =>
      Effect.gen(function*() {
        const [one, other] = yield* Effect.all([runs, runs])
        const [here, there] = yield* Effect.all([one.sessions("ada"), other.sessions("ada")])
        const error = yield* Effect.flip(here.Send({ id: "1", input: "Look" }))
        const there1 = yield* there.Send({ id: "1", input: "Look" })
        const here1 = yield* here.Send({ id: "1", input: "Look" })

        assert.strictEqual(error._tag === "SessionEntityError" && error.reason, "OverloadedError")
        assert.deepStrictEqual([there1, here1].map(Message.text), ["un", "un"])
        assert.lengthOf(yield* sent, 3)
      }).pipe(
        Effect.scoped,
        memory,
        handlers,
        provide(call("toolu_1"), Script.status(529), Script.reply("un"))
      ))

    it.effect("runs again what was undone up to its first entry", () =>
      Effect.gen(function*() {
        const { map, sessions } = yield* runs
        const ada = yield* sessions("ada")
        yield* ada.Send({ id: "1", input: "Look" })
        // The response, the result of the tool, and the call.
        yield* map.use("ada", (session) => Effect.repeat(session.undo, { times: 2 }))
        const anew = yield* ada.Send({ id: "1", input: "Look" })

        assert.strictEqual(Message.text(anew), "deux")
        assert.lengthOf(yield* sent, 4)
      }).pipe(
        Effect.scoped,
        memory,
        handlers,
        provide(call("toolu_1"), Script.reply("un"), call("toolu_2"), Script.reply("deux"))
      ))
  })

  describe("Text", () => {
    it.effect("streams the text of the answer, which Send then knows", () =>
      Effect.gen(function*() {
        const { sessions } = yield* runner()
        const ada = yield* sessions("ada")
        const text = yield* Stream.runCollect(ada.Text({ id: "1", input: "one" }))
        const answer = yield* ada.Send({ id: "1", input: "one" })

        assert.isAbove(text.length, 1)
        assert.strictEqual(Array.from(text).join(""), "So many words, one after the other.")
        assert.strictEqual(Message.text(answer), "So many words, one after the other.")
        assert.lengthOf(yield* sent, 1)
      }).pipe(Effect.scoped, memory, replies("So many words, one after the other.", "never")))

    it.effect("fails where another runner wrote in between, and catches up for the next", () =>
      Effect.gen(function*() {
        const [one, other] = yield* Effect.all([runner(), runner()])
        const [here, there] = yield* Effect.all([one.sessions("ada"), other.sessions("ada")])
        const text = (input: string) => Stream.mkString(here.Text({ id: input, input }))
        yield* text("one")
        yield* there.Send({ id: "two", input: "two" })
        const error = yield* Effect.flip(text("three"))
        const again = yield* text("three")

        assert.strictEqual(error._tag === "SessionEntityError" && error.reason, "SessionConflictError")
        assert.strictEqual(again, "trois")
        assert.deepStrictEqual((yield* bodies).at(-1), [
          user("one"),
          assistant("un"),
          user("two"),
          assistant("deux"),
          user("three")
        ])
      }).pipe(Effect.scoped, memory, replies("un", "deux", "trois")))

    it.effect("that is cut off leaves no trace, and Send asks anew", () =>
      Effect.gen(function*() {
        const { sessions } = yield* runner()
        const ada = yield* sessions("ada")
        const error = yield* Effect.flip(Stream.runDrain(ada.Text({ id: "1", input: "one" })))
        yield* ada.Send({ id: "1", input: "one" })

        assert.strictEqual(error._tag === "SessionEntityError" && error.reason, "StreamTruncatedError")
        assert.deepStrictEqual(yield* bodies, [[user("one")], [user("one")]])
      }).pipe(
        Effect.scoped,
        memory,
        provide(Script.reply("cut off here").pipe(Script.cutAfter({ events: 4 })), Script.reply("un"))
      ))
  })

  describe("Send, interrupted", () => {
    it.effect("leaves the session as it was", () =>
      Effect.gen(function*() {
        const { map, sessions } = yield* runner()
        const ada = yield* sessions("ada")
        const running = yield* Effect.forkChild(ada.Send({ id: "1", input: "one" }), { startImmediately: true })
        yield* TestClock.adjust("1 second")
        assert.lengthOf(yield* sent, 1)
        yield* Fiber.interrupt(running)
        yield* ada.Send({ id: "2", input: "two" })

        const history = yield* map.use("ada", (session) => session.history)
        assert.deepStrictEqual(History.toMessages(history), [user("two"), assistant("deux")])
      }).pipe(
        Effect.scoped,
        memory,
        provide(Script.reply("un").pipe(Script.delay("1 minute")), Script.reply("deux"))
      ))
  })

  describe("Export", () => {
    it.effect("tells what was said, without waiting for a turn that runs", () =>
      Effect.gen(function*() {
        const { sessions } = yield* runner()
        const ada = yield* sessions("ada")
        yield* ada.Send({ id: "1", input: "one" })
        const running = yield* Effect.forkChild(ada.Send({ id: "2", input: "two" }), { startImmediately: true })
        const exported = yield* ada.Export()
        const copy = yield* Session.restore(exported)

        assert.deepStrictEqual(History.toMessages(yield* copy.history), [user("one"), assistant("un")])
        assert.isUndefined(running.pollUnsafe())
        yield* Fiber.interrupt(running)
      }).pipe(
        Effect.scoped,
        memory,
        provide(Script.reply("un"), Script.reply("deux").pipe(Script.delay("1 minute")))
      ))
  })

  describe("layer", () => {
    it.effect("streams what the options say", () =>
      Effect.gen(function*() {
        const { sessions } = yield* runner({
          text: (session, input, id) => Stream.make(`${session.id} `, `${id} ${input}`)
        })
        const text = yield* Stream.runCollect((yield* sessions("ada")).Text({ id: "1", input: "one" }))

        assert.deepStrictEqual(Array.from(text), ["ada ", "1 one"])
      }).pipe(Effect.scoped, memory, replies()))

    it.effect("lets go of a session that has left its runner", () =>
      Effect.gen(function*() {
        const map = yield* opened
        const whileThere = yield* Effect.scoped(Effect.gen(function*() {
          const { sessions } = yield* runner(undefined, map)
          yield* (yield* sessions("ada")).Send({ id: "1", input: "one" })
          return yield* map.open
        }))

        assert.deepStrictEqual([whileThere, yield* map.open], [["ada"], []])
      }).pipe(Effect.scoped, memory, replies("un")))

    it.live("works through the cluster's serialization, blocks and errors included", () =>
      Effect.gen(function*() {
        const sessions = yield* Chat.client
        const answer = yield* sessions("ada").Send({ id: "1", input: "one" })
        const error = yield* Effect.flip(sessions("eve").Send({ id: "2", input: "two" }))
        const text = yield* Stream.runCollect(sessions("eve").Text({ id: "3", input: "three" }))
        const copy = yield* Session.restore(yield* sessions("ada").Export())

        assert.deepStrictEqual<unknown>(answer.content, [{ type: "hologram", beams: 3 }, { type: "text", text: "un" }])
        assert.isTrue(error instanceof SessionEntity.SessionEntityError)
        assert.strictEqual(Array.from(text).join(""), "trois")
        assert.deepStrictEqual(yield* copy.lastResponse, Option.some(answer))
      }).pipe(
        Effect.provide(
          SessionEntity.layer(Chat).pipe(Layer.provide(SessionsLive), Layer.provideMerge(TestRunner.layer))
        ),
        Effect.provide(SessionStore.layerMemory),
        provide(
          Script.message({ content: [{ type: "hologram", beams: 3 }, { type: "text", text: "un" }] }),
          Script.status(400),
          Script.reply("trois")
        )
      ))
  })
})
