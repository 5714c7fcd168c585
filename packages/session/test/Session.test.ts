import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ContextWindow from "@effect-claude/session/ContextWindow"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as Turn from "@effect-claude/session/Turn"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Option, Result, Scope, Stream, SubscriptionRef, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { assistant, busy, options, provide, sent, tool, user } from "./scripted.ts"

describe("Session", () => {
  describe("send", () => {
    it.effect("sends a message and returns the response", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)

        assert.strictEqual(Message.text(yield* session.send("Hello")), "Hi!")
      }).pipe(provide(Script.reply("Hi!"))))

    it.effect("sends the whole conversation with each turn", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, system: "Be kind." })
        yield* session.send("one")
        yield* session.send("two")

        const bodies = yield* sent
        assert.deepStrictEqual(bodies.map((body) => body.messages), [
          [user("one")],
          [user("one"), assistant("1"), user("two")]
        ])
        assert.deepStrictEqual(bodies.map((body) => [body.system, body.model, body.max_tokens]), [
          ["Be kind.", "claude-sonnet-5-5", 100],
          ["Be kind.", "claude-sonnet-5-5", 100]
        ])
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))

    it.effect("changes nothing when the request fails, so that it can be sent again", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const error = yield* Effect.flip(session.send("Hello"))
        const after = yield* session.history
        yield* session.send("Hello")

        assert.strictEqual(error._tag, "ApiError")
        assert.strictEqual(after, History.empty)
        assert.deepStrictEqual((yield* sent)[1]?.messages, [user("Hello")])
      }).pipe(provide(Script.status(500), Script.reply("Hi!"))))

    it.effect("changes nothing when it is interrupted", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const fiber = yield* Effect.forkChild(session.send("Hello"))
        yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(1)
        yield* Fiber.interrupt(fiber)

        assert.strictEqual(yield* session.history, History.empty)
        assert.strictEqual((yield* SubscriptionRef.get(session.state)).phase, "idle")
        assert.strictEqual(Message.text(yield* session.send("Hello")), "Hi!")
      }).pipe(provide(Script.silence, Script.reply("Hi!"))))

    it.effect("refuses a blank message before anything is sent", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)

        assert.strictEqual((yield* Effect.flip(session.send(" ")))._tag, "RequestValidationError")
        assert.lengthOf(yield* sent, 0)
        assert.strictEqual(Message.text(yield* session.send("Hello")), "Hi!")
      }).pipe(provide(Script.reply("Hi!"))))

    it.effect("adds a message to the one before it when that had an empty response", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("Hello")
        yield* session.send("Hello?")

        assert.deepStrictEqual((yield* sent)[1]?.messages, [
          MessageRequest.user([{ type: "text", text: "Hello" }, { type: "text", text: "Hello?" }])
        ])
        assert.strictEqual((yield* session.history).size, 4)
      }).pipe(provide(Script.reply(""), Script.reply("Hi!"))))

    it.effect("shows a refusal and does not send it again", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const refusal = yield* session.send("Do harm")
        yield* session.send("Hello")

        assert.isTrue(Message.isRefusal(refusal))
        assert.deepStrictEqual((yield* sent)[1]?.messages, [user("Hello")])
        assert.strictEqual((yield* session.history).exchanges, 2)
      }).pipe(provide(Script.refusal("No."), Script.reply("Hi!"))))

    it.effect("takes parameters and instructions for one turn", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one", { max_tokens: 7, instructions: "Be brief." })
        yield* session.send("two")

        const [first, second] = yield* sent
        assert.deepStrictEqual(first?.messages, [user("one"), MessageRequest.system("Be brief.")])
        assert.deepStrictEqual([first?.max_tokens, second?.max_tokens], [7, 100])
        assert.isUndefined(first?.["instructions"])
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))

    it.effect("sends instructions after the message or the results that they come with", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, tools: [tool] })
        const { content } = yield* session.send("one")
        const results = content.flatMap((block) => block.type === "tool_use" ? [Turn.toolResult(block, "ok")] : [])
        yield* session.send(results, { instructions: "Be brief." })

        const roles = (yield* sent).map(({ messages }) => messages.map(({ role }) => role).join())
        assert.deepStrictEqual(roles, ["user", "user,assistant,user,system"])
      }).pipe(provide(Script.toolCall("weather"), Script.reply("2"))))

    it.effect("keeps instructions with their message when it is refused, edited or removed", () =>
      Effect.gen(function*() {
        const instructions = "Be brief."
        const session = yield* Session.make({
          ...options,
          contextWindow: { strategies: [ContextWindow.dropExchanges()], fillTo: 0 }
        })
        yield* session.send("refused", { instructions })
        yield* session.send("one", { instructions })
        yield* session.edit(1, "uno", { instructions })
        yield* session.rewind()
        yield* session.send("two")
        yield* session.send("three", { instructions })

        const together = (words: string) => [user(words), MessageRequest.system(instructions)]
        assert.deepStrictEqual((yield* sent).map(({ messages }) => messages), [
          together("refused"),
          together("one"),
          together("uno"),
          [user("two")],
          [user("two"), assistant("2"), ...together("three")],
          together("three")
        ])
      }).pipe(provide(
        Script.refusal("No."),
        Script.reply("1"),
        Script.reply("uno"),
        Script.reply("2"),
        Script.status(400, { message: "prompt is too long: 200016 tokens > 200000 maximum" }),
        Script.reply("3")
      )))

    it.effect("spends cache breakpoints on what comes last, and at most four", () =>
      Effect.gen(function*() {
        const marked = (text: string) => ({ type: "text", text, cache_control: { type: "ephemeral" } } as const)
        const session = yield* Session.make({
          ...options,
          system: [marked("s"), { type: "text", text: "t", cache_control: null }],
          tools: [tool],
          cache_control: { type: "ephemeral" }
        })
        yield* session.send([marked("a"), marked("b"), marked("c")])

        const content = (yield* sent)[0]?.messages[0]?.content
        assert.deepStrictEqual(content, [{ type: "text", text: "a" }, marked("b"), marked("c")])
      }).pipe(provide(Script.reply("1"))))

    describe("with tool calls open", () => {
      it.effect("closes them with an error, and sends the message after it", () =>
        Effect.gen(function*() {
          const session = yield* Session.make({ ...options, tools: [tool] })
          yield* session.send("Weather?")
          yield* session.send("Never mind")

          const content = (yield* sent)[1]?.messages[2]?.content
          assert.deepStrictEqual(content, [
            {
              type: "tool_result",
              tool_use_id: "toolu_1",
              content: "The call has no result: the conversation continued without it.",
              is_error: true
            },
            { type: "text", text: "Never mind" }
          ])
        }).pipe(provide(Script.toolCall("weather", {}, { toolUseId: "toolu_1" }), Script.reply("Fine"))))

      it.effect("closes them for a message of blocks, too", () =>
        Effect.gen(function*() {
          const session = yield* Session.make({ ...options, tools: [tool] })
          yield* session.send("Weather?")
          yield* session.send([{ type: "text", text: "Never mind" }])

          assert.lengthOf((yield* sent)[1]?.messages[2]?.content ?? [], 2)
        }).pipe(provide(Script.toolCall("weather"), Script.reply("Fine"))))

      it.effect("fails with the calls when configured to", () =>
        Effect.gen(function*() {
          const session = yield* Session.make({ ...options, tools: [tool], whenToolsPending: "fail" })
          yield* session.send("Weather?")
          const error = yield* Effect.flip(session.send("Never mind"))

          assert.strictEqual(error._tag, "ToolResultsPendingError")
          assert.include(error.message, "1 tool call waits")
          assert.lengthOf(yield* sent, 1)
        }).pipe(provide(Script.toolCall("weather"))))

      it.effect("takes their results", () =>
        Effect.gen(function*() {
          const session = yield* Session.make({ ...options, tools: [tool], whenToolsPending: "fail" })
          const [call] = Message.toolUses(yield* session.send("Weather?"))
          yield* session.send(Turn.toolResult(call!, "Sunny"))

          assert.deepStrictEqual((yield* sent)[1]?.messages[2]?.content, [
            { type: "tool_result", tool_use_id: call!.id, content: "Sunny" }
          ])
        }).pipe(provide(Script.toolCall("weather"), Script.reply("Sunny!"))))
    })
  })

  describe("stream", () => {
    it.effect("streams the response, and commits what send would", () =>
      Effect.gen(function*() {
        const streaming = yield* Session.make(options)
        const text = yield* streaming.stream("Hello").pipe(MessageStream.text, Stream.mkString)
        const sending = yield* Session.make(options)
        yield* sending.send("Hello")

        assert.strictEqual(text, "Hi there!")
        assert.deepStrictEqual(
          History.toMessages(yield* streaming.history),
          History.toMessages(yield* sending.history)
        )
        assert.deepStrictEqual(yield* streaming.usage, yield* sending.usage)
      }).pipe(provide(Script.reply("Hi there!"), Script.reply("Hi there!"))))

    it.effect("sends nothing until it is run, and again for each run", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const stream = session.stream("Hello")
        assert.lengthOf(yield* sent, 0)
        yield* Stream.runDrain(stream)
        yield* Stream.runDrain(stream)

        assert.lengthOf(yield* sent, 2)
        assert.strictEqual((yield* session.history).exchanges, 2)
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))

    it.effect("costs nothing and releases the session when it is left before its first request", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Effect.scoped(Stream.toPull(session.stream("one")))

        assert.deepStrictEqual(yield* session.spent, Usage.empty)
        assert.strictEqual(session.state.value.phase, "idle")
        assert.lengthOf(yield* sent, 0)
        yield* session.send("two")
      }).pipe(provide(Script.reply("2"))))

    it.effect("is committed before message_stop is handed down", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const sizes: Array<readonly [string, number]> = []
        yield* session.stream("Hello").pipe(
          Stream.tap((event) => Effect.map(session.history, ({ size }) => sizes.push([event.type, size]))),
          Stream.runDrain
        )

        assert.deepStrictEqual(sizes.at(-1), ["message_stop", 2])
        assert.isTrue(sizes.some(([, size]) => size === 0))
      }).pipe(provide(Script.reply("Hi there!").pipe(Script.chunked("perEvent")))))

    it.effect("keeps a finished turn when its consumer stops at message_stop", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.stream("Hello").pipe(
          Stream.takeUntil((event) => event.type === "message_stop"),
          Stream.runDrain
        )

        assert.strictEqual((yield* session.history).size, 2)
      }).pipe(provide(Script.reply("Hi!"))))

    it.effect("changes nothing when it is left before its end, and counts what was spent", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.stream("Hello").pipe(Stream.take(3), Stream.runDrain)

        assert.strictEqual(yield* session.history, History.empty)
        assert.deepStrictEqual(yield* session.usage, Usage.empty)
        assert.isAbove((yield* session.spent).input, 0)
        assert.strictEqual(yield* (yield* ClaudeTest.ClaudeTest).open, 0)
      }).pipe(provide(Script.reply("Hi there, how are you today?").pipe(Script.chunked("perEvent")))))

    it.effect("changes nothing when it is cut", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const error = yield* Effect.flip(Stream.runDrain(session.stream("Hello")))

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(yield* session.history, History.empty)
        assert.isAbove((yield* session.spent).input, 0)
      }).pipe(provide(Script.reply("Hi there, how are you?").pipe(Script.cutAfter({ events: 4 })))))

    it.effect("releases the session once message_stop was emitted", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const replies = yield* session.stream("one").pipe(
          Stream.filter((event) => event.type === "message_stop"),
          Stream.mapEffect(() => session.send("two")),
          Stream.runCollect
        )

        assert.deepStrictEqual(replies.map(Message.text), ["2"])
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))
  })

  describe("one turn at a time", () => {
    it.effect("queues turns of several fibers, first come, first served", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Effect.forEach(["one", "two", "three"], (words) => session.send(words), { concurrency: "unbounded" })

        assert.deepStrictEqual((yield* sent)[2]?.messages, [
          user("one"),
          assistant("1"),
          user("two"),
          assistant("2"),
          user("three")
        ])
      }).pipe(provide(Script.reply("1"), Script.reply("2"), Script.reply("3"))))

    it.effect("fails other turns when configured to", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, whenBusy: "fail" })
        const fiber = yield* Effect.forkChild(session.send("one"))
        yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(1)
        const error = yield* Effect.flip(session.send("two"))
        yield* Fiber.interrupt(fiber)

        assert.deepStrictEqual([error._tag, busy(error)], ["SessionBusyError", false])
        assert.strictEqual(Message.text(yield* session.send("three")), "3")
      }).pipe(provide(Script.silence, Script.reply("3"))))

    it.effect("gives up its place in the queue when it is interrupted", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const first = yield* Effect.forkChild(session.send("one"), { startImmediately: true })
        const second = yield* Effect.forkChild(session.send("two"), { startImmediately: true })
        const third = yield* Effect.forkChild(session.send("three"), { startImmediately: true })
        yield* Fiber.interrupt(second)
        yield* Fiber.interrupt(first)

        assert.strictEqual(Message.text(yield* Fiber.join(third)), "3")
        assert.deepStrictEqual((yield* sent).at(-1)?.messages, [user("three")])
      }).pipe(provide(Script.silence, Script.reply("3"))))

    it.effect.each(
      [
        [
          "the stream's consumer",
          (session: Session.Session) => session.stream("one").pipe(Stream.runForEach(() => session.send("two")))
        ],
        [
          "the stream's consumer in a fiber of its own",
          (session: Session.Session) =>
            session.stream("one").pipe(
              Stream.runForEach(() => Effect.flatMap(Effect.forkChild(session.send("two")), Fiber.join))
            )
        ],
        ["a concurrent consumer", (session: Session.Session) =>
          session.stream("one").pipe(
            Stream.mapEffect(() => session.send("two"), { concurrency: 2 }),
            Stream.runDrain
          )],
        ["the consumer of a stream with services of its own", (session: Session.Session) =>
          session.stream("one").pipe(
            Stream.provideService(Tracer.DisablePropagation, true),
            Stream.runForEach(() => session.send("two"))
          )],
        ["a fiber that was handed such a stream", (session: Session.Session) =>
          Effect.scoped(
            Effect.flatMap(
              Stream.toPull(Stream.provideService(session.stream("one"), Tracer.DisablePropagation, true)),
              (pull) => Effect.flatMap(Effect.forkChild(Effect.andThen(pull, session.send("two"))), Fiber.join)
            )
          ).pipe(Effect.catchIf(Cause.isDone, () => Effect.die("it is done")))],
        ["a stream within the stream", (session: Session.Session) =>
          session.stream("one").pipe(
            Stream.flatMap(() => session.stream("two")),
            Stream.runDrain
          )]
      ] as const
    )("fails a turn from inside the running one: %s", ([, inside]) =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const error = yield* Effect.flip(inside(session))

        assert.deepStrictEqual([error._tag, busy(error)], ["SessionBusyError", true])
        assert.strictEqual(yield* session.history, History.empty)
        assert.strictEqual(Message.text(yield* session.send("three")), "3")
      }).pipe(provide(Script.reply("Hi there!").pipe(Script.chunked("perEvent")), Script.reply("3"))))

    it.effect("releases the session once a stream is left", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Stream.runHead(session.stream("one"))

        assert.strictEqual(Message.text(yield* session.send("two")), "2")
      }).pipe(provide(Script.reply("Hi there!").pipe(Script.chunked("perEvent")), Script.reply("2"))))

    it.effect("revokes the session of a stream that is not read, and fails its reader", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const scope = yield* Scope.make()
        const pull = yield* Effect.forkChild(
          Effect.flatMap(Stream.toPull(session.stream("one")), (pull) => Effect.as(pull, pull)).pipe(
            Scope.provide(scope)
          )
        ).pipe(Effect.flatMap(Fiber.join))
        const waiting = yield* Effect.forkChild(session.send("two"), { startImmediately: true })
        yield* TestClock.adjust("29 seconds")
        const before = waiting.pollUnsafe()
        yield* TestClock.adjust("1 second")

        assert.isUndefined(before)
        assert.strictEqual(Message.text(yield* Fiber.join(waiting)), "2")
        assert.deepStrictEqual((yield* sent).at(-1)?.messages, [user("two")])
        assert.strictEqual((yield* Effect.exit(pull)).toString().includes("TurnAbandonedError"), true)
        assert.strictEqual(yield* (yield* ClaudeTest.ClaudeTest).open, 0)
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual((yield* session.history).exchanges, 1)
      }).pipe(provide(Script.reply("Hi there!").pipe(Script.chunked("perEvent")), Script.reply("2"))))

    it.effect("does not revoke it while a stream waits for the API", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const first = yield* Effect.forkChild(Stream.runDrain(session.stream("one")), { startImmediately: true })
        yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(1)
        const second = yield* Effect.forkChild(session.send("two"), { startImmediately: true })
        yield* TestClock.adjust("80 seconds")
        yield* Fiber.join(first)
        yield* Fiber.join(second)

        assert.strictEqual((yield* session.history).exchanges, 2)
      }).pipe(provide(Script.reply("1").pipe(Script.delay("80 seconds")), Script.reply("2"))))
  })

  describe("state", () => {
    it.effect("can be followed", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const seen = yield* SubscriptionRef.changes(session.state).pipe(
          Stream.map(({ history, phase }) => `${phase} ${history.size}`),
          Stream.changes,
          Stream.takeUntil((shown) => shown === "idle 2"),
          Stream.runCollect,
          Effect.forkChild({ startImmediately: true })
        )
        yield* session.send("Hello")

        assert.deepStrictEqual(yield* Fiber.join(seen), ["idle 0", "running 0", "running 2", "idle 2"])
      }).pipe(provide(Script.reply("Hi!"))))

    it.effect("shows the running turn although an earlier stream is closed", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const scope = yield* Scope.make()
        const pull = yield* Scope.provide(Stream.toPull(session.stream("one")), scope)
        while (!(yield* pull).some(({ type }) => type === "message_stop"));
        const next = yield* Effect.forkChild(session.send("two"))
        yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(2)
        yield* Scope.close(scope, Exit.void)
        const phase = session.state.value.phase
        yield* Fiber.interrupt(next)

        assert.strictEqual(phase, "running")
        assert.strictEqual(session.state.value.phase, "idle")
      }).pipe(provide(Script.reply("1"), Script.silence)))

    it.effect("is a copy: writing to it corrupts nothing", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one")
        yield* SubscriptionRef.update(session.state, (state) => ({ ...state, history: History.empty }))
        yield* session.send("two")

        assert.strictEqual((yield* session.history).exchanges, 2)
        assert.strictEqual((yield* SubscriptionRef.get(session.state)).history.exchanges, 2)
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))
  })

  describe("usage", () => {
    it.effect("is the sum of the committed responses, and spent that of all", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one")
        yield* Effect.exit(Stream.runDrain(session.stream("two")))
        yield* session.send("three")

        assert.deepStrictEqual(yield* session.usage, { ...Usage.empty, input: 20, output: 2 })
        assert.strictEqual((yield* session.spent).input, 30)
        assert.isTrue(Option.isSome(yield* session.cost))
        assert.deepStrictEqual(Option.map(yield* session.lastResponse, Message.text), Option.some("3"))
      }).pipe(provide(
        Script.reply({ text: "1", usage: { input_tokens: 10, output_tokens: 1 } }),
        Script.reply({ text: "Hi there, how are you?", usage: { input_tokens: 10, output_tokens: 9 } }).pipe(
          Script.cutAfter({ events: 4 })
        ),
        Script.reply({ text: "3", usage: { input_tokens: 10, output_tokens: 1 } })
      )))
  })

  describe("layer", () => {
    it.effect("provides one session to the whole program", () =>
      Effect.gen(function*() {
        yield* Effect.flatMap(Session.CurrentSession, (session) => session.send("one"))
        yield* Effect.flatMap(Session.CurrentSession, (session) => session.send("two"))

        assert.lengthOf((yield* sent)[1]?.messages ?? [], 3)
      }).pipe(Effect.provide(Session.layer(options)), provide(Script.reply("1"), Script.reply("2"))))
  })

  describe("make", () => {
    it.effect("continues a history", () =>
      Effect.gen(function*() {
        const history = Result.getOrThrow(History.make([user("one"), assistant("1")]))
        const session = yield* Session.make({ ...options, history })
        yield* session.send("two")

        assert.deepStrictEqual((yield* sent)[0]?.messages, [user("one"), assistant("1"), user("two")])
      }).pipe(provide(Script.reply("2"))))
  })

  describe("resume", () => {
    it.effect("requests the response to the last message", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("Hello")
        const answer = yield* session.resume()

        assert.strictEqual(Message.text(answer), "Hi!")
        assert.deepStrictEqual((yield* sent)[1]?.messages, [user("Hello")])
      }).pipe(provide(Script.reply(""), Script.reply("Hi!"))))

    it.effect("fails when no message needs a response", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const error = yield* Effect.flip(session.resume())

        assert.strictEqual(
          error.message,
          "input: The history is ready: no message needs a response. Give an input."
        )
        assert.lengthOf(yield* sent, 0)
      }).pipe(provide()))
  })

  describe("rewind", () => {
    it.effect("removes the last exchange, or the last count", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        for (const words of ["one", "two", "three"]) yield* session.send(words)
        yield* session.rewind()
        yield* session.rewind(1)
        yield* session.send("four")

        assert.deepStrictEqual((yield* sent).at(-1)?.messages, [user("one"), assistant("1"), user("four")])
        assert.deepStrictEqual(Option.map(yield* session.lastResponse, Message.text), Option.some("4"))
      }).pipe(provide(...["1", "2", "3", "4"].map((text) => Script.reply(text)))))

    it.effect("shows the response before it as the last, and keeps the usage", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one")
        yield* session.send("two")
        const before = yield* session.usage
        yield* session.rewind()

        assert.deepStrictEqual(Option.map(yield* session.lastResponse, Message.text), Option.some("1"))
        assert.deepStrictEqual(yield* session.usage, before)
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))

    it.effect("waits for the running turn", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Effect.all([session.send("one"), session.rewind()], { concurrency: "unbounded" })

        assert.strictEqual(yield* session.history, History.empty)
      }).pipe(provide(Script.reply("1"))))
  })

  describe("undo", () => {
    it.effect("reverts turns, rewinds and edits, one by one", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const said = Effect.map(session.history, (history) => History.toMessages(history).length)
        yield* session.send("one")
        yield* session.send("two")
        yield* session.rewind(2)
        const lengths = [yield* said]
        const answers: Array<string> = []
        for (let n = 0; n < 4; n++) {
          lengths.push(Number(yield* session.undo), yield* said)
          answers.push(Option.match(yield* session.lastResponse, { onNone: () => "none", onSome: Message.text }))
        }

        assert.deepStrictEqual(lengths, [0, 1, 4, 1, 2, 1, 0, 0, 0])
        assert.deepStrictEqual(answers, ["2", "1", "none", "none"])
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))
  })

  describe("edit", () => {
    it.effect("replaces the last message", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one")
        yield* session.send("two")
        yield* session.edit(2, "uno")

        assert.deepStrictEqual((yield* sent).at(-1)?.messages, [user("uno")])
        assert.strictEqual((yield* session.history).exchanges, 1)
      }).pipe(provide(Script.reply("1"), Script.reply("2"), Script.reply("3"))))

    it.effect("changes nothing when it fails", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one")
        const before = yield* session.history
        yield* Effect.flip(session.edit(1, "uno"))
        const streamed = yield* Effect.flip(Stream.runDrain(session.stream("uno", { rewind: 1 })))

        assert.strictEqual(streamed._tag, "OverloadedError")
        assert.strictEqual(yield* session.history, before)
      }).pipe(provide(Script.reply("1"), Script.status(500), Script.status(529))))
  })

  describe("fork", () => {
    it.effect("shares the history so far, and nothing after it", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("one")
        const fork = yield* session.fork()
        yield* Effect.all([session.send("two"), fork.send("zwei")])

        const bodies = yield* sent
        assert.deepStrictEqual(bodies.slice(1).map((body) => body.messages), [
          [user("one"), assistant("1"), user("two")],
          [user("one"), assistant("1"), user("zwei")]
        ])
        assert.deepStrictEqual(yield* fork.usage, Usage.totals({ input_tokens: 10, output_tokens: 1 }))
      }).pipe(
        provide(...["1", "2", "3"].map((text) =>
          Script.reply({ text, usage: { input_tokens: 10, output_tokens: 1, cache_creation: null } })
        ))
      ))

    it.effect("can be made and used while a turn runs, even from inside it", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const replies = yield* session.stream("one").pipe(
          Stream.take(1),
          Stream.mapEffect(() => Effect.flatMap(session.fork(), (fork) => fork.send("two"))),
          Stream.runCollect
        )

        assert.deepStrictEqual(replies.map(Message.text), ["2"])
      }).pipe(provide(Script.reply("Hi there!").pipe(Script.chunked("perEvent")), Script.reply("2"))))
  })

  describe("configure", () => {
    it.effect("changes parameters for the turns that follow", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, system: "Be kind." })
        yield* session.send("one")
        yield* session.configure({ model: "claude-opus-5-5", system: undefined, tools: [tool] })
        yield* session.send("two")

        const [before, after] = yield* sent
        assert.deepStrictEqual([before?.model, before?.system, before?.tools], [
          "claude-sonnet-5-5",
          "Be kind.",
          undefined
        ])
        assert.deepStrictEqual([after?.model, after?.system, after?.tools], ["claude-opus-5-5", undefined, [tool]])
        assert.strictEqual((yield* session.parameters).model, "claude-opus-5-5")
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))
  })

  describe("restore", () => {
    it.effect("continues an exported session, through JSON text", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, system: "Be kind." })
        yield* session.send("one")
        const text = JSON.stringify(yield* session.export)
        const again = yield* Session.restore(JSON.parse(text), { max_tokens: 7, cache: "manual" })
        yield* again.send("two")

        const body = (yield* sent)[1]
        assert.deepStrictEqual(body?.messages, [user("one"), assistant("1"), user("two")])
        assert.deepStrictEqual([body?.system, body?.max_tokens], ["Be kind.", 7])
        assert.strictEqual((yield* again.usage).output, 2)
        assert.isTrue(Option.isSome(yield* again.cost))
      }).pipe(provide(
        Script.reply({ text: "1", usage: { output_tokens: 1 } }),
        Script.reply({ text: "2", usage: { output_tokens: 1 } })
      )))

    it.effect("leaves credentials out of what is exported", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({
          ...options,
          mcp_servers: [{ type: "url", name: "a", url: "https://a.example", authorization_token: "secret" }],
          fallback_credit_token: "secret"
        })

        assert.notInclude(JSON.stringify(yield* session.export), "secret")
      }).pipe(provide()))

    it.effect.each(
      [
        ["what was never exported", { a: 1 }, "It does not have the form of an exported session."],
        ["what a later version exported", { version: 2 }, "The session was written in version 2"]
      ] as const
    )("refuses %s", ([, json, problem]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Session.restore(json))

        assert.strictEqual(error._tag, "RequestValidationError")
        assert.include(error.message, problem)
      }).pipe(provide()))
  })
})
