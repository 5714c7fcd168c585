import * as Content from "@effect-claude/core/Content"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Agent from "@effect-claude/session/Agent"
import type { AgentEvent } from "@effect-claude/session/AgentEvent"
import * as History from "@effect-claude/session/History"
import * as HistoryJson from "@effect-claude/session/HistoryJson"
import * as Session from "@effect-claude/session/Session"
import * as SessionStore from "@effect-claude/session/SessionStore"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { answer, message, say } from "./builders.ts"
import { assistant, options, provide, sent, user } from "./scripted.ts"

const toolkit = Toolkit.make(
  Tool.make("look", { parameters: Schema.Struct({ at: Schema.optional(Schema.String) }), success: Schema.Unknown })
)

const looking = (result: unknown) => Effect.provide(toolkit.toLayer({ look: () => Effect.succeed(result) }))

const call = (
  id: string,
  input: Record<string, unknown> = {}
) => ({ type: "tool_use", id, name: "look", input } as const)

const calls = (...ids: ReadonlyArray<string>): Script.Script =>
  Script.message({ content: ids.map((id) => call(id)), stop_reason: "tool_use" })

const deep = (levels: number): Record<string, unknown> => {
  let value: Record<string, unknown> = {}
  for (let n = 0; n < levels; n++) value = { value }
  return value
}

const png = "iVBORw0KGgo="

// -----------------------------------------------------------------------------
// what may be sent back
// -----------------------------------------------------------------------------

describe("what is sent back", () => {
  it.effect("has whole characters, although a tool cut an emoji in half", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const { end } = yield* Agent.run(session, "Go", { toolkit })
      yield* session.send("half a pair: \ud83d")

      assert.strictEqual(end, "finished")
      assert.isTrue((yield* sent).every((body) => !/\\ud[89a-f]/.test(JSON.stringify(body))))
      assert.include(JSON.stringify((yield* sent)[1]), "😀\ufffd")
    }).pipe(looking("😀😀".slice(0, 3)), provide(calls("toolu_1"), Script.reply("ok"), Script.reply("ok"))))

  it.effect("has an id of its own for each call, in one response and over several", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const { calls } = yield* Agent.run(session, "Go", { toolkit })
      yield* session.send("And now?")

      assert.strictEqual(calls, 3)
      const ids = (yield* sent).at(-1)?.messages.flatMap(({ content, role }) =>
        role === "assistant" && typeof content === "object"
          ? content.flatMap((block) => block.type === "tool_use" ? [block.id] : [])
          : []
      )
      assert.deepStrictEqual(ids, ["call_0", "call_0_2", "call_0_3"])
    }).pipe(
      looking("seen"),
      provide(calls("call_0", "call_0"), calls("call_0"), Script.reply("ok"), Script.reply("ok"))
    ))

  it("has results for calls with one id, by either id and in their order", () => {
    const asked = answer(say(History.empty, "Go"), [call("a:b"), call("a:b")], "tool_use")
    const [first, second] = History.pendingTools(asked)
    const results = (history: History.History) =>
      History.toMessages(history)[2]?.content?.valueOf() as ReadonlyArray<Content.ToolResult>

    assert.deepStrictEqual([first?.id, second?.id], ["a_b", "a_b_2"])
    const byOwn = History.user(asked, [Content.toolResult("a:b", "1"), Content.toolResult("a:b", "2")])
    const bySent = History.user(asked, [Content.toolResult("a_b_2", "2"), Content.toolResult("a_b", "1")])
    for (const history of [byOwn, bySent].map(Result.getOrThrow)) {
      const again = Result.getOrThrow(HistoryJson.decode(JSON.parse(JSON.stringify(HistoryJson.encode(history)))))

      assert.deepStrictEqual(results(history).map(({ content, tool_use_id }) => [tool_use_id, content]), [
        ["a_b", "1"],
        ["a_b_2", "2"]
      ])
      assert.deepStrictEqual(History.toMessages(again), History.toMessages(history))
    }
  })

  it.effect("has inputs that a parser reads, although the model nested one without end", () =>
    Effect.gen(function*() {
      const session = yield* Session.open({ ...options, id: "ada" })
      yield* Agent.run(session, "Go", { toolkit })
      yield* (yield* Session.open({ ...options, id: "ada" })).send("And now?")

      assert.deepStrictEqual(blocksOf((yield* sent).at(-1), 1)[0], call("toolu_1"))
    }).pipe(
      looking("seen"),
      Effect.provide(SessionStore.layerMemory),
      provide(
        Script.message({ content: [call("toolu_1", deep(400))], stop_reason: "tool_use" }),
        Script.reply("ok"),
        Script.reply("ok")
      )
    ))

  it.effect("fails the turn when a store cannot hold what a model nested without end", () =>
    Effect.gen(function*() {
      const session = yield* Session.open({ ...options, id: "ada" })
      const error = yield* Effect.flip(Stream.runDrain(session.stream("Go")))
      yield* session.send("And now?")
      const again = yield* Session.open({ ...options, id: "ada" })

      assert.strictEqual(error._tag, "SessionStoreError")
      assert.include(error.message, "nested deeper than 1000 levels")
      assert.strictEqual("answer" in error ? error.answer?.stop_reason : undefined, "tool_use")
      assert.deepStrictEqual(History.toMessages(yield* again.history), [user("And now?"), assistant("ok")])
    }).pipe(
      Effect.provide(SessionStore.layerMemory),
      provide(
        Script.message({ content: [call("toolu_1", deep(2000))], stop_reason: "tool_use" }),
        Script.reply("ok")
      )
    ))

  it.effect("has no block of the model that only a user may send", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* session.send("Go")
      yield* session.send("And now?")

      assert.deepStrictEqual((yield* sent).at(-1)?.messages, [user("Go"), assistant("ok"), user("And now?")])
    }).pipe(provide(
      Script.message({ content: [Content.toolResult("toolu_1", "seen"), Content.text("ok")] }),
      Script.reply("ok")
    )))

  it.effect("has whole characters where an error of the API was cut", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", { toolkit })

      const [result] = blocksOf((yield* sent).at(-1), 2)
      assert.isTrue(result?.type === "tool_result" && String(result.content).endsWith("\ufffd"))
    }).pipe(
      looking("seen"),
      provide(calls("toolu_1"), refused(`x${"😀".repeat(300)}`), Script.reply("ok"))
    ))

  it.effect("has the media type of the bytes, and a text in place of bytes that are no image", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", { toolkit })

      const [result] = blocksOf((yield* sent)[1], 2)
      assert.deepStrictEqual(result?.type === "tool_result" ? result.content : undefined, [
        Content.imageBase64(png, "image/png"),
        Content.text("[image left out: The data is not a JPEG, PNG, GIF or WebP image in base64.]"),
        Content.text(`[image left out: The data has 6000012 characters of base64; the API accepts 5242880.]`)
      ])
    }).pipe(
      looking([
        Content.imageBase64(`data:image/jpeg;base64,${png}`, "image/jpeg"),
        Content.imageBase64("aGk=", "image/png"),
        Content.imageBase64("iVBORw0KGgoA" + "A".repeat(6_000_000), "image/png")
      ]),
      provide(calls("toolu_1"), Script.reply("ok"))
    ))

  it.effect("has no image of the user that the API would refuse: it fails before anything is sent", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const error = yield* Effect.flip(session.send([Content.text("See"), Content.imageBase64("aGk=", "image/png")]))
      yield* session.send([Content.text("See"), Content.imageBase64(png, "image/jpeg")])

      assert.strictEqual(error._tag, "RequestValidationError")
      assert.include(error.message, "input[1].source")
      assert.lengthOf(yield* sent, 1)
      assert.deepStrictEqual(blocksOf((yield* sent)[0], 0)[1], Content.imageBase64(png, "image/png"))
    }).pipe(provide(Script.reply("ok"))))

  it("has no thinking without a signature, and names that the API accepts", () => {
    const history = answer(
      say(History.empty, "Go"),
      [
        { type: "thinking", thinking: "Hm", signature: "" },
        { ...call("toolu_1"), name: "functions.look" }
      ],
      "tool_use"
    )

    assert.deepStrictEqual(History.toMessages(History.closeTools(history))[1], {
      role: "assistant",
      content: [{ ...call("toolu_1"), name: "functions_look" }]
    })
    assert.strictEqual(History.pendingTools(history)[0]?.name, "functions.look")
  })

  it.prop("keeps the rules whatever a model and a tool write", [Arbitrary.schema(Schema.Array(Schema.Struct({
    id: Schema.Literals(["a", "a", "a:b", "", "x".repeat(300), "toolu_1"]),
    name: Schema.Literals(["look", "no.such", "", "x".repeat(300)]),
    text: Schema.Literals(["hi", " ", "\ud83d", "\udc00\ud83d", ""]),
    media: Schema.Literals([png, "aGk=", "", "data:image/png;base64,iVBORw0KGgo="]),
    nested: Schema.Literals([0, 99, 100, 500]),
    stop: Schema.Literals(["tool_use", "max_tokens", "end_turn"])
  })))], ([rounds]) => {
    let history: History.History = History.empty
    for (const { id, media, name, nested, stop, text } of rounds) {
      if (history.status === "ready") history = say(history, "Go")
      history = Result.getOrThrow(History.reply(
        history,
        message([
          { type: "text", text },
          { ...call(id), name, input: { text, ...deep(nested) } },
          call("a")
        ], stop)
      ))
      const results = History.pendingTools(history).map(({ id }) =>
        Content.toolResult(id, [Content.text(text), Content.imageBase64(media, "image/png")])
      )
      history = History.closeTools(history, "", results)

      assert.strictEqual(History.check(history).map(({ path, rule }) => `${rule} ${path}`).join(), "")
      const again = Result.getOrThrow(HistoryJson.decode(HistoryJson.encode(history)))
      assert.deepStrictEqual(History.toMessages(again), History.toMessages(history))
    }
  }, { arbitrary: { runs: 300 } })
})

// -----------------------------------------------------------------------------
// what the API refuses
// -----------------------------------------------------------------------------

const refused = (message: string) => Script.status(400, { message })

describe("a result that the API refuses", () => {
  const image = [Content.text("a shot"), Content.imageBase64(png, "image/png")]

  it.effect.each(["run", "stream"] as const)(
    "is replaced by an error that says why: %s",
    (how) =>
      Effect.gen(function*() {
        const session = yield* Session.make(options)
        const run = { toolkit } as const
        const events: ReadonlyArray<AgentEvent> = how === "run"
          ? yield* Effect.as(Agent.run(session, "Go", run), [])
          : yield* Stream.runCollect(Agent.stream(session, "Go", run))
        yield* session.send("And now?")

        const [first, second] = blocksOf((yield* sent)[2], 2)
        assert.include(JSON.stringify(first), "Could not process image")
        assert.deepStrictEqual([first, second].map((block) => block?.type === "tool_result" && block.is_error), [
          true,
          true
        ])
        assert.lengthOf(yield* sent, 4)
        // The history keeps what the tool returned.
        assert.include(JSON.stringify(History.entries(yield* session.history)), png)
        if (how === "run") return
        const edits = events.flatMap((event) => event._tag === "ContextEdited" ? [event.edit] : [])
        assert.deepStrictEqual(edits.map(({ type }) => type), ["replace_results"])
      }).pipe(
        looking(image),
        provide(calls("toolu_1", "toolu_2"), refused("Could not process image"), Script.reply("ok"), Script.reply("ok"))
      )
  )

  it.effect("is not the reason given when another refusal ends the turn", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const error = yield* Effect.flip(Agent.run(session, "Go", { toolkit }))

      assert.strictEqual(error._tag, "ContextWindowExceededError")
    }).pipe(
      looking(image),
      provide(
        calls("toolu_1"),
        refused("Could not process image"),
        refused("prompt is too long: 200016 tokens > 200000 maximum")
      )
    ))

  it.effect("is the only one that is replaced when the API names it", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", { toolkit })

      const [first, second] = blocksOf((yield* sent)[2], 2)
      assert.deepStrictEqual(first?.type === "tool_result" && first.is_error, undefined)
      assert.deepStrictEqual(second?.type === "tool_result" && second.is_error, true)
    }).pipe(
      looking("seen"),
      provide(
        calls("toolu_1", "toolu_2"),
        refused("messages.2.content.1: no"),
        Script.reply("ok")
      )
    ))

  it.effect("stays when replacing it does not help, and the refusal is the error", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      const error = yield* Effect.flip(Agent.run(session, "Go", { toolkit }))

      assert.include(error.message, "temperature: no")
      assert.lengthOf(yield* sent, 3)
      assert.include(JSON.stringify(History.toMessages(yield* session.history)), `"content":"seen"`)
    }).pipe(looking("seen"), provide(calls("toolu_1"), refused("temperature: no"), refused("again"))))

  it.effect("is replaced by the next message of the user, when the run failed before", () =>
    Effect.gen(function*() {
      const session = yield* Session.open({ ...options, id: "ada" })
      yield* Effect.flip(Agent.run(session, "Go", { toolkit }))
      yield* (yield* Session.open({ ...options, id: "ada" })).send("Never mind")

      assert.include(JSON.stringify(blocksOf((yield* sent).at(-1), 2)), "The API refused the result")
    }).pipe(
      looking("seen"),
      Effect.provide(SessionStore.layerMemory),
      provide(calls("toolu_1"), Script.status(529), refused("no"), Script.reply("ok"))
    ))

  it.effect("is withdrawn with its call when the API refuses the response itself", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Effect.flip(Agent.run(session, "Go", { toolkit }))
      yield* session.send("Never mind")
      yield* session.send("Hello")

      assert.deepStrictEqual((yield* sent).slice(-2).map(({ messages }) => messages.length), [1, 3])
      assert.deepStrictEqual(
        History.entries(yield* session.history).flatMap((entry) => entry._tag === "Edit" ? [entry.edit.type] : []),
        ["replace_results", "withdraw_response"]
      )
    }).pipe(
      looking("seen"),
      provide(
        calls("toolu_1"),
        Script.status(529),
        refused("messages.1.content.0: no"),
        refused("messages.1.content.0: no"),
        Script.reply("ok"),
        Script.reply("ok")
      )
    ))

  it.effect("is no reason to change anything when the user's own message is refused", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* session.send("Hello")
      const before = yield* session.history
      const error = yield* Effect.flip(session.send([Content.text("See"), Content.imageBase64(png, "image/png")]))

      assert.strictEqual(error._tag, "InvalidRequestError")
      assert.strictEqual(yield* session.history, before)
      yield* session.send("Then not")
      assert.lengthOf(yield* sent, 3)
    }).pipe(provide(Script.reply("ok"), refused("messages.2.content.1: Could not process image"), Script.reply("ok"))))

  it.effect("is replaced when the request is too large", () =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* Agent.run(session, "Go", { toolkit })

      assert.include(JSON.stringify(blocksOf((yield* sent)[2], 2)), "The API refused the result")
    }).pipe(looking("seen"), provide(calls("toolu_1"), Script.status(413), Script.reply("ok"))))
})

// -----------------------------------------------------------------------------
// cut calls
// -----------------------------------------------------------------------------

describe("a call at the end of a response", () => {
  it.effect.each(
    [
      ["run", "max_tokens"],
      ["run", "model_context_window_exceeded"],
      ["stream", "max_tokens"],
      ["stream", "model_context_window_exceeded"]
    ] as const
  )("is not run when the response was cut: %s, %s", ([how, stop_reason]) =>
    Effect.gen(function*() {
      const session = yield* Session.make(options)
      yield* how === "run"
        ? Agent.run(session, "Go", { toolkit })
        : Stream.runDrain(Agent.stream(session, "Go", { toolkit }))

      const contents = blocksOf((yield* sent)[1], 2).map((block) => block.type === "tool_result" && block.content)
      assert.strictEqual(contents[0], "seen")
      assert.include(String(contents[1]), "The call was not run")
    }).pipe(
      looking("seen"),
      provide(
        Script.message({ content: [call("toolu_1"), call("toolu_2", { at: "ho" })], stop_reason }),
        Script.reply("ok")
      )
    ))
})

const blocksOf = (
  body: { readonly messages: ReadonlyArray<MessageRequest.MessageParam> } | undefined,
  index: number
): ReadonlyArray<Content.Content> => MessageRequest.blocks(body?.messages[index]?.content)
