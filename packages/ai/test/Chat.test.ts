import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Ref, Schema, Stream } from "effect"
import { Chat, type Prompt, Tool, Toolkit } from "effect/ai"
import { lastBody, layer } from "./support.ts"

const Slow = Tool.make("slow", { parameters: Schema.Struct({ n: Schema.Int }), success: Schema.String })
const toolkit = Toolkit.make(Slow)

const thinking = { type: "thinking", thinking: "Let me see.", signature: "c2ln" }

const roles = (body: { readonly messages: ReadonlyArray<{ readonly role: string }> }) =>
  body.messages.map(({ role }) => role)

/** Runs a stream until so many parts have come, then interrupts it. */
const interruptAfter = <A, E, R>(self: Stream.Stream<A, E, R>, parts: number) =>
  Effect.gen(function*() {
    const reached = yield* Deferred.make<void>()
    let seen = 0
    const fiber = yield* Stream.runForEach(self, () =>
      ++seen === parts ? Effect.andThen(Deferred.succeed(reached, undefined), Effect.never) : Effect.void).pipe(
        Effect.forkChild
      )
    yield* Deferred.await(reached)
    yield* Fiber.interrupt(fiber)
  })

// Every request below is checked as the API checks it: a history it would refuse fails the test.
describe("Chat over ClaudeLanguageModel", () => {
  it.effect("goes on after a handler was interrupted, telling the model that there is no result", () =>
    Effect.gen(function*() {
      const chat = yield* Chat.empty
      const started = yield* Deferred.make<void>()
      const handlers = toolkit.toLayer({
        slow: () => Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
      })
      const fiber = yield* chat.streamText({ prompt: "Do it.", toolkit }).pipe(
        Stream.runDrain,
        Effect.provide(handlers),
        Effect.forkChild
      )
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)

      const { text } = yield* chat.generateText({ prompt: "Never mind." })

      assert.strictEqual(text, "Fine.")
      const body = yield* lastBody
      assert.deepStrictEqual(roles(body), ["user", "assistant", "user"])
      assert.deepStrictEqual(body.messages[2]?.content, [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: "There is no result: the call was interrupted before it could be answered.",
          is_error: true
        },
        { type: "text", text: "Never mind." }
      ])
    }).pipe(Effect.provide(layer(Script.sequence(
      Script.toolCall("slow", { n: 1 }, { toolUseId: "toolu_1", text: "On it." }),
      Script.reply("Fine.")
    )))))

  it.effect("goes on after a stream was interrupted at any part", () =>
    Effect.gen(function*() {
      for (let parts = 1; parts <= 12; parts++) {
        const chat = yield* Chat.empty
        yield* interruptAfter(
          chat.streamText({ prompt: "Think, then call.", toolkit, disableToolCallResolution: true }),
          parts
        )
        const { text } = yield* chat.generateText({ prompt: "And now?" })

        assert.strictEqual(text, "Fine.")
        const sent = roles(yield* lastBody)
        assert.strictEqual(sent.at(-1), "user")
        assert.isTrue(sent.every((role, index) => role !== sent[index - 1]), sent.join(", "))
      }
    }).pipe(Effect.provide([
      layer(Script.forever(Script.sequence(
        Script.message({
          content: [
            thinking,
            { type: "text", text: "First." },
            { type: "tool_use", id: "toolu_1", name: "slow", input: { n: 1 } }
          ],
          stop_reason: "tool_use"
        }),
        Script.reply("Fine.")
      ))),
      toolkit.toLayer({ slow: () => Effect.succeed("done") })
    ])))

  it.effect("goes on after a stream failed in the middle, however often it was tried", () =>
    Effect.gen(function*() {
      const chat = yield* Chat.empty
      for (const _ of [1, 2, 3]) {
        const exit = yield* Effect.exit(Stream.runDrain(chat.streamText({ prompt: "Hello" })))
        assert.isTrue(Exit.isFailure(exit))
      }
      yield* chat.generateText({ prompt: "Hello" })

      // Chat keeps what each attempt left: the question again and again, with half an answer between.
      assert.deepStrictEqual(roles(yield* lastBody), [
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
        "assistant",
        "user"
      ])
    }).pipe(Effect.provide(layer(Script.sequence(
      Script.reply("Half an answer is lost").pipe(Script.cutAfter({ events: 5 }), Script.times(3)),
      Script.reply("Fine.")
    )))))

  it.effect("goes on after the server's search was cut off", () =>
    Effect.gen(function*() {
      const chat = yield* Chat.empty
      const searching = Toolkit.make(ClaudeTool.webSearch())
      yield* Effect.exit(Stream.runDrain(chat.streamText({ prompt: "Search.", toolkit: searching })))
      yield* chat.generateText({ prompt: "Never mind.", toolkit: searching })

      assert.deepStrictEqual((yield* lastBody).messages[1], { role: "assistant", content: "Let me see." })
    }).pipe(Effect.provide(layer(Script.sequence(
      Script.message({
        content: [
          { type: "text", text: "Let me see." },
          { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } },
          { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] }
        ]
      }).pipe(Script.cutAfter({ events: 8 })),
      Script.reply("Fine.")
    )))))

  it.effect("goes on where the server paused", () =>
    Effect.gen(function*() {
      const chat = yield* Chat.empty
      const searching = Toolkit.make(ClaudeTool.webSearch())
      const first = yield* chat.generateText({ prompt: "Search.", toolkit: searching })
      const second = yield* chat.generateText({ prompt: [], toolkit: searching })

      assert.strictEqual(first.finishReason, "pause")
      assert.strictEqual(second.text, "Found.")
      assert.deepStrictEqual((yield* lastBody).messages[1], {
        role: "assistant",
        content: [{ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } }]
      })
    }).pipe(Effect.provide(layer(
      Script.sequence(
        Script.message({
          content: [{ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } }],
          stop_reason: "pause_turn"
        }),
        Script.reply("Found.")
      ),
      { model: "claude-sonnet-4-5" }
    ))))

  it.effect("sends the same conversation again after it was exported and read back", () =>
    Effect.gen(function*() {
      const searching = Toolkit.make(ClaudeTool.webSearch())
      const chat = yield* Chat.empty
      yield* chat.generateText({ prompt: "Search.", toolkit: searching })
      const copy = yield* Chat.fromJson(yield* chat.exportJson)
      yield* chat.generateText({ prompt: "And?", toolkit: searching })
      const original = yield* lastBody
      yield* copy.generateText({ prompt: "And?", toolkit: searching })

      assert.deepStrictEqual(yield* lastBody, original)
      assert.deepStrictEqual(original.messages[1]?.content, content)
    }).pipe(Effect.provide(layer(Script.sequence(
      Script.message({ content }),
      Script.forever(Script.reply("Fine."))
    )))))

  it.effect("keeps nothing of a turn that failed before it began", () =>
    Effect.gen(function*() {
      const chat = yield* Chat.empty
      yield* Effect.exit(chat.generateText({ prompt: "Hello" }))

      assert.deepStrictEqual((yield* Ref.get(chat.history)).content, [] as ReadonlyArray<Prompt.Message>)
    }).pipe(Effect.provide(layer(Script.status(529)))))
})

const content = [
  thinking,
  { type: "redacted_thinking", data: "x" },
  { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" }, caller: { type: "direct" } },
  {
    type: "web_search_tool_result",
    tool_use_id: "srvtoolu_1",
    content: [{
      type: "web_search_result",
      url: "https://example.com/",
      title: "Example",
      encrypted_content: "e",
      page_age: null
    }],
    caller: { type: "direct" }
  },
  {
    type: "text",
    text: "It says so.",
    citations: [{
      type: "web_search_result_location",
      cited_text: "so",
      encrypted_index: "i",
      title: "Example",
      url: "https://example.com/"
    }]
  }
]
