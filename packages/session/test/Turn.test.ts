import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as Turn from "@effect-claude/session/Turn"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Stream } from "effect"
import { options, provide, sent, tool, user } from "./scripted.ts"

const { text } = Content

describe("Turn", () => {
  describe("join", () => {
    const part = (
      id: string,
      text: string,
      stop_reason: string,
      fields?: Partial<Message.Message>
    ): Message.Message => ({
      id,
      type: "message",
      role: "assistant",
      model: "m",
      content: [{ type: "text", text }],
      stop_reason,
      usage: { input_tokens: 10, output_tokens: 1 },
      ...fields
    })

    it("is the content of all, the end of the last, and the sum of the usage", () => {
      const joined = Turn.join([
        part("1", "a", "pause_turn", {
          usage: { input_tokens: 1, output_tokens: 2, server_tool_use: { web_search_requests: 1 } }
        }),
        part("2", "b", "stop_sequence", {
          stop_sequence: "x",
          usage: {
            input_tokens: 10,
            output_tokens: 20,
            cache_read_input_tokens: 5,
            server_tool_use: { web_search_requests: 2 }
          }
        })
      ])

      assert.deepStrictEqual(
        [joined.id, Message.text(joined), joined.stop_reason, joined.stop_sequence],
        ["1", "ab", "stop_sequence", "x"]
      )
      assert.deepStrictEqual(joined.usage, {
        input_tokens: 11,
        output_tokens: 22,
        cache_read_input_tokens: 5,
        server_tool_use: { web_search_requests: 3 }
      })
    })

    it("says what the last one said beside its content, and what the first did where the last says nothing", () => {
      const [one, two] = ["one", "two"].map((id) => ({ id, expires_at: "2026-01-01T00:00:00Z" }))
      const details = { type: "refusal", category: "cyber" } as const
      const first = part("1", "a", "pause_turn", { container: one, stop_details: null })
      const other = Turn.join([first, part("2", "b", "refusal", { container: two, stop_details: details })])
      const silent = Turn.join([first, part("2", "b", "end_turn", { container: null })])

      assert.deepStrictEqual([other.container, other.stop_details], [two, details])
      assert.deepStrictEqual(silent.container, one)
      const third = part("3", "c", "end_turn", { container: null })
      assert.deepStrictEqual(Turn.join([first, part("2", "b", "pause_turn", { container: two }), third]).container, two)
      assert.isNull(Turn.join([other, part("3", "c", "end_turn", { stop_details: null })]).stop_details)
    })

    it("is the very message where there is one", () => {
      const message = part("1", "a", "end_turn")

      assert.strictEqual(Turn.join([message]), message)
    })
  })

  describe("isEmpty", () => {
    const answer = (...content: Message.Message["content"]): Message.Message => ({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      content,
      usage: { input_tokens: 1, output_tokens: 1 }
    })

    it("tells an answer that says nothing from one that does", () => {
      assert.isTrue(Turn.isEmpty(answer()))
      assert.isTrue(Turn.isEmpty(answer(text(" \n"), { type: "thinking", thinking: "Hm", signature: "s" })))
      assert.isFalse(Turn.isEmpty(answer(text(""), text("a"))))
      assert.isFalse(Turn.isEmpty(answer({ type: "tool_use", id: "t", name: "a", input: {} })))
    })
  })

  describe("pause_turn", () => {
    const search = (id: string) => ({ type: "server_tool_use", id, name: "web_search", input: { query: "a" } }) as const
    const found = (id: string) => ({ type: "web_search_tool_result", tool_use_id: id, content: [] }) as const
    const usage = { input_tokens: 10, output_tokens: 1, cache_creation: null }
    const paused = (id: string) =>
      Script.message({ content: [text("Searching."), search(id)], stop_reason: "pause_turn", usage })
    const scripts = [
      paused("srvtoolu_1"),
      Script.message({ content: [found("srvtoolu_1"), search("srvtoolu_2")], stop_reason: "pause_turn", usage }),
      Script.message({ content: [found("srvtoolu_2"), text("Found.")], usage }),
      Script.reply("Bye")
    ]

    it.effect("goes on by itself, and reads as one answer", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const answer = yield* session.send("Search")
        yield* session.send("Thanks")

        const content = [
          text("Searching."),
          search("srvtoolu_1"),
          found("srvtoolu_1"),
          search("srvtoolu_2"),
          found("srvtoolu_2"),
          text("Found.")
        ]
        assert.deepStrictEqual(answer.content, content)
        assert.strictEqual(answer.stop_reason, "end_turn")
        assert.strictEqual(answer.usage.input_tokens, 30)
        const bodies = yield* sent
        assert.deepStrictEqual(bodies.map(({ messages }) => messages.map(({ role }) => role).join()), [
          "user",
          "user,assistant",
          "user,assistant",
          "user,assistant,user"
        ])
        assert.deepStrictEqual(bodies[3]?.messages[1]?.content, content)
        assert.strictEqual(History.usage(yield* session.history).input, (yield* session.usage).input)
      }).pipe(provide(...scripts)))

    it.effect("streams as one answer, whose fold is what send returns", () =>
      Effect.gen(function*() {
        const sending = yield* Session.make(options)
        const sentAnswer = yield* sending.send("Search")
        const streaming = yield* Session.make(options)
        const events = yield* Stream.runCollect(streaming.stream("Search"))
        const folded = yield* MessageStream.final(Stream.fromIterable(events))

        assert.deepStrictEqual(
          events.filter(({ type }) => type.startsWith("message_")).map(({ type }) => type),
          [
            "message_start",
            "message_delta",
            "message_stop"
          ]
        )
        assert.deepStrictEqual(folded.content, sentAnswer.content)
        assert.deepStrictEqual(folded.usage, sentAnswer.usage)
        assert.strictEqual(folded.stop_reason, sentAnswer.stop_reason)
        assert.deepStrictEqual(History.toMessages(yield* streaming.history), History.toMessages(yield* sending.history))
        assert.deepStrictEqual(yield* streaming.usage, yield* sending.usage)
      }).pipe(provide(
        ...scripts.slice(0, 3),
        ...scripts.slice(0, 3).map((script, n) =>
          n === 1 ? Script.chunked(script, "perEvent") : Script.chunked(script, "perByte")
        )
      )))

    it.effect("goes on so often and no more, and settles what is open when the user speaks again", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, maxContinuations: 1 })
        const answer = yield* session.send("Search")
        yield* session.send("Stop")

        assert.strictEqual(answer.stop_reason, "pause_turn")
        const last = (yield* sent).at(-1)?.messages
        assert.deepStrictEqual(last?.[1]?.content, [text("Searching."), search("srvtoolu_1"), found("srvtoolu_1")])
        assert.deepStrictEqual(last?.[2], user("Stop"))
      }).pipe(provide(scripts[0]!, scripts[1]!, scripts[3]!)))

    it.effect("goes on eight times by default", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* session.send("Search")

        assert.lengthOf(yield* sent, 9)
        assert.strictEqual((yield* session.history).status, "paused")
      }).pipe(provide(...Array.from({ length: 10 }, (_, n) => paused(`srvtoolu_${n}`)))))

    it.effect("changes nothing where going on fails, and counts all that was used", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        yield* Effect.flip(session.send("Search"))
        yield* Effect.flip(Stream.runDrain(session.stream("Search")))

        assert.strictEqual(yield* session.history, History.empty)
        assert.deepStrictEqual(yield* session.usage, Usage.empty)
        assert.strictEqual((yield* session.spent).input, 20)
      }).pipe(provide(scripts[0]!, Script.status(500), scripts[0]!, Script.status(500))))
  })

  describe("compaction", () => {
    const block = { type: "compaction", content: "We spoke of teapots." } as const
    const edits = {
      context_management: { edits: [{ type: "compact_20260112", pause_after_compaction: true }] }
    } as const
    const stopped = Script.message({ content: [block], stop_reason: "compaction" })

    it.effect("of the API's own is sent back as it came, and an answer that paused for it goes on", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, ...edits })
        const answer = yield* session.send("And lids?")
        const streamed = yield* MessageStream.final(session.stream("And spouts?"))
        yield* session.send("Thanks")

        assert.deepStrictEqual(answer.content, [block, text("Lids, too.")])
        assert.strictEqual(answer.stop_reason, "end_turn")
        assert.deepStrictEqual(streamed.content, [block, text("Spouts, too.")])
        const bodies = yield* sent
        assert.deepStrictEqual(bodies.map(({ messages }) => messages.map(({ role }) => role).join()), [
          "user",
          "user,assistant",
          "user,assistant,user",
          "user,assistant,user,assistant",
          "user,assistant,user,assistant,user"
        ])
        assert.deepStrictEqual(bodies[1]?.messages[1]?.content, [block])
        assert.deepStrictEqual(bodies[4]?.messages[1]?.content, [block, text("Lids, too.")])
      }).pipe(provide(
        stopped,
        Script.reply("Lids, too."),
        stopped,
        Script.reply("Spouts, too."),
        Script.reply("Welcome")
      )))

    it.effect("that was asked for is the answer", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const answer = yield* session.send("Sum up", { compaction: { type: "summarize" } })

        assert.strictEqual(answer.stop_reason, "compaction")
        assert.lengthOf(yield* sent, 1)
        yield* session.send("Go on")
        assert.deepStrictEqual((yield* sent)[1]?.messages[1]?.content, [block])
      }).pipe(provide(stopped, Script.reply("Gladly"))))
  })

  describe("container", () => {
    const container = { id: "container_1", expires_at: "2026-11-21T00:00:00Z", skills: null }
    const calling = Script.message({
      content: [{ type: "tool_use", id: "toolu_1", name: "weather", input: {} }],
      stop_reason: "tool_use",
      container
    } as never)
    const containers = Effect.map(sent, (bodies) => bodies.map((body) => body["container"]))
    const talk = (parameters: Partial<Turn.Parameters>) =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, ...parameters, tools: [tool] })
        yield* session.send("Go")
        yield* session.send(Content.toolResult("toolu_1", "ok"))
        yield* session.send("Thanks")
        return yield* containers
      })

    it.effect("is the one the exchange began in, until it is over", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* talk({}), [undefined, "container_1", undefined])
      }).pipe(provide(calling, Script.reply("a"), Script.reply("b"))))

    it.effect("keeps its skills, and is the program's own where it names one", () =>
      Effect.gen(function*() {
        const skills = [{ type: "anthropic", skill_id: "pdf" }]

        assert.deepStrictEqual(yield* talk({ container: { skills } }), [{ skills }, { skills, id: "container_1" }, {
          skills
        }])
        assert.deepStrictEqual((yield* talk({ container: "mine" })).slice(3), ["mine", "mine", "mine"])
        assert.deepStrictEqual((yield* talk({ container: { id: "mine" } })).slice(7, 8), [{ id: "mine" }])
      }).pipe(provide(
        ...Array.from({ length: 3 }, () => [calling, Script.reply("a"), Script.reply("b")]).flat()
      )))
  })

  describe("onProgress", () => {
    it.effect("tells of attempts before there is content, of sends and of streams", () =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const session = yield* Session.make({
          ...options,
          onProgress: (progress) => Effect.sync(() => seen.push(progress._tag))
        })
        yield* session.send("one")
        yield* Stream.runDrain(session.stream("two"))

        assert.deepStrictEqual(seen.filter((tag) => tag === "Attempt"), ["Attempt", "Attempt"])
      }).pipe(provide(Script.reply("1"), Script.reply("2"))))
  })

  describe("max_tokens", () => {
    const cut = Script.message({ content: [text("One, two")], stop_reason: "max_tokens" })

    it.effect("returns what there is by default", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)

        assert.isTrue(Message.isTruncated(yield* session.send("Count")))
      }).pipe(provide(cut)))

    it.effect("asks the model to go on where so chosen, as one answer and one exchange", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, onMaxTokens: "continue" })
        const answer = yield* session.send("Count")
        const history = yield* session.history

        assert.strictEqual(Message.text(answer), "One, two, three.")
        assert.strictEqual(answer.stop_reason, "end_turn")
        assert.deepStrictEqual(
          (yield* sent)[1]?.messages.at(-1),
          user("Continue exactly where you stopped. Repeat nothing.")
        )
        assert.strictEqual(history.exchanges, 1)
        assert.strictEqual(History.rewind(history, 1), History.empty)
      }).pipe(provide(cut, Script.reply(", three."))))

    it.effect("does not go on where a call was cut", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, tools: [tool], onMaxTokens: "continue" })
        const answer = yield* session.send("Weather?")

        assert.strictEqual(answer.stop_reason, "max_tokens")
        assert.lengthOf(yield* sent, 1)
      }).pipe(provide(Script.toolCall("weather", {}, { stop_reason: "max_tokens" }))))
  })

  describe("keepRefusals", () => {
    it.effect("sends a refused exchange again", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...options, keepRefusals: true })
        yield* session.send("Do harm")
        yield* session.send("Hello")

        assert.lengthOf((yield* sent)[1]?.messages ?? [], 3)
      }).pipe(provide(Script.message({ content: [text("No.")], stop_reason: "refusal" }), Script.reply("Hi!"))))
  })

  describe("onInterrupt: keep", () => {
    const keeping = { ...options, tools: [tool], onInterrupt: "keep" } as const
    const long = Script.reply("Hi there, how are you today?").pipe(Script.chunked("perEvent"))
    const partOf = (messages: ReadonlyArray<MessageRequest.MessageParam>) =>
      messages.map((turn) =>
        MessageRequest.blocks(turn.content).map((block) => block.type === "text" ? block.text : block.type).join("|")
      )

    it.effect("keeps the words and what was said of the answer, when it is cut", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(keeping)
        yield* Effect.flip(session.send("Hello"))
        const kept = partOf(History.toMessages(yield* session.history))
        yield* session.send("Go on")

        assert.strictEqual(kept[0], "Hello")
        assert.isTrue("Hi there, how are you today?".startsWith(kept[1]!) && kept[1] !== "")
        assert.lengthOf((yield* sent)[1]?.messages ?? [], 3)
        assert.isAbove((yield* session.usage).input, 0)
      }).pipe(provide(long.pipe(Script.cutAfter({ events: 4 })), Script.reply("Fine"))))

    it.effect("keeps it when the turn is interrupted, or its stream is left", () =>
      Effect.gen(function*() {
        const sending = yield* Session.make(keeping)
        const fiber = yield* Effect.forkChild(sending.send("Hello"))
        yield* (yield* ClaudeTest.ClaudeTest).awaitRequests(1)
        yield* Effect.yieldNow.pipe(Effect.repeat({ times: 20 }))
        yield* Fiber.interrupt(fiber)
        const streaming = yield* Session.make(keeping)
        yield* streaming.stream("Hello").pipe(Stream.take(4), Stream.runDrain)

        assert.strictEqual((yield* sending.history).status, "ready")
        assert.strictEqual((yield* streaming.history).status, "ready")
        assert.lengthOf(partOf(History.toMessages(yield* streaming.history)), 2)
      }).pipe(provide(long.pipe(Script.stall({ after: { events: 4 } })), long)))

    it.effect("answers the calls it keeps with an error", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(keeping)
        yield* Effect.flip(session.send("Weather?"))
        yield* session.send("Well?")

        const [, calls, next] = (yield* sent)[1]?.messages ?? []
        assert.deepStrictEqual(partOf([calls!, next!]), ["tool_use", "tool_result|Well?"])
        assert.include(JSON.stringify(next), "The turn was interrupted before the call was run.")
      }).pipe(provide(
        Script.toolCalls([{ name: "weather", input: { city: "Paris" } }, { name: "weather", input: { city: "Rome" } }])
          .pipe(
            Script.cutAfter({ events: 7 })
          ),
        Script.reply("Sunny")
      )))

    it.effect("rolls back a turn of which nothing came", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(keeping)
        yield* Effect.flip(session.send("Hello"))

        assert.strictEqual(yield* session.history, History.empty)
      }).pipe(provide(Script.status(500))))

    it.effect.each(
      [
        ["thinking", [{ type: "thinking", thinking: "Hm", signature: "sig" }, text("Hi")], 5, 1],
        ["thinking that is whole", [{ type: "thinking", thinking: "Hm", signature: "sig" }, text("Hi")], 6, 1],
        ["blank text", [text(" "), text("Hi")], 4, 1]
      ] as const
    )("takes %s alone for nothing", ([, content, events, blocks]) =>
      Effect.gen(function*() {
        const session = yield* Session.make(keeping)
        const error = yield* Effect.flip(Stream.runDrain(session.stream("Hello")))

        assert.strictEqual("partial" in error && error.partial?.content.length, blocks)
        assert.strictEqual(yield* session.history, History.empty)
      }).pipe(provide(Script.message({ content }).pipe(Script.cutAfter({ events })))))

    it.effect("does not ask the model to go on with what it keeps", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...keeping, onMaxTokens: "continue" })
        yield* Effect.flip(Stream.runDrain(session.stream("Hello")))
        const history = yield* session.history

        assert.deepStrictEqual([history.status, history.size], ["ready", 2])
        assert.strictEqual(partOf(History.toMessages(history))[1], "Hi there")
      }).pipe(provide(
        // All but the last event came, and with it why the answer ended.
        Script.reply({ text: "Hi there", stop_reason: "max_tokens" }).pipe(
          Script.chunked("perEvent"),
          Script.cutAfter({ events: 6 })
        )
      )))

    it.effect("commits a finished turn as any other", () =>
      Effect.gen(function*() {
        const session = yield* Session.make(keeping)

        assert.strictEqual(Message.text(yield* session.send("Hello")), "Hi there, how are you today?")
        assert.strictEqual((yield* session.history).size, 2)
        assert.strictEqual(
          (yield* session.usage).output,
          Usage.totals(Option.getOrThrow(yield* session.lastResponse).usage).output
        )
        yield* session.undo
        assert.strictEqual(yield* session.history, History.empty)
      }).pipe(provide(long)))

    it.effect("keeps an answer that was to go on once, where it could not", () =>
      Effect.gen(function*() {
        const session = yield* Session.make({ ...keeping, onMaxTokens: "continue" })
        yield* Effect.flip(session.send("Hello"))

        assert.deepStrictEqual(
          partOf(History.toMessages(yield* session.history)).slice(0, 2),
          ["Hello", "Hi there"]
        )
        assert.lengthOf(History.entries(yield* session.history).filter(({ _tag }) => _tag === "Reply"), 1)
      }).pipe(provide(Script.reply({ text: "Hi there", stop_reason: "max_tokens" }), Script.status(500))))
  })
})
