import * as Message from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { layer, question } from "./support.ts"

const answer = Messages.stream(question)

const perEvent = (script: Script.Script) => script.pipe((self) => Script.chunked(self, "perEvent"))

describe("MessageStream", () => {
  describe("text", () => {
    it.effect("keeps the text, piece by piece", () =>
      Effect.gen(function*() {
        const pieces = yield* Stream.runCollect(MessageStream.text(answer))

        assert.isAbove(pieces.length, 1)
        assert.isFalse(pieces.includes(""))
        assert.strictEqual(pieces.join(""), "Hello there, how are you?")
      }).pipe(Effect.provide(layer(perEvent(Script.reply({ text: "Hello there, how are you?", thinking: "Hm." }))))))

    it.effect("includes the text a block starts with", () =>
      Effect.gen(function*() {
        const events: ReadonlyArray<StreamEvent> = [
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "Hel" } },
          { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "lo" } }
        ]

        assert.deepStrictEqual(yield* Stream.runCollect(MessageStream.text(Stream.fromArray(events))), ["Hel", "lo"])
      }))
  })

  describe("thinking", () => {
    it.effect("keeps the thinking, piece by piece", () =>
      Effect.gen(function*() {
        const pieces = yield* Stream.runCollect(MessageStream.thinking(answer))

        assert.strictEqual(pieces.join(""), "Let me think about it.")
      }).pipe(Effect.provide(layer(perEvent(Script.thinking("Let me think about it.", "Hello"))))))
  })

  describe("toolInputs", () => {
    it.effect("shows the input as it is written, and when it is complete", () =>
      Effect.gen(function*() {
        const steps = yield* Stream.runCollect(MessageStream.toolInputs(answer))
        const last = steps.at(-1)

        assert.deepStrictEqual(last?.value, { city: "Paris", days: [1, 2, 3] })
        assert.deepStrictEqual(steps.map(({ done }) => done), steps.map((_, i) => i === steps.length - 1))
        assert.strictEqual(steps.map(({ delta }) => delta).join(""), last?.json)
        assert.strictEqual(last?.name, "weather")
        assert.strictEqual(last?.id, "toolu_1")
        assert.isTrue(steps.some(({ done, value }) => !done && JSON.stringify(value)?.includes("Par")))
      }).pipe(Effect.provide(layer(
        perEvent(
          Script.toolCall("weather", { city: "Paris", days: [1, 2, 3] }, { toolUseId: "toolu_1", text: "Let me look." })
        )
      ))))

    it.effect("follows one call after the other, and begins anew on each run", () =>
      Effect.gen(function*() {
        const inputs = MessageStream.toolInputs(answer).pipe(
          Stream.filter(({ done }) => done),
          Stream.map(({ id, index, value }) => [index, id, value]),
          Stream.runCollect
        )
        const expected = [[0, "a", { x: 1 }], [1, "b", {}]]

        assert.deepStrictEqual(yield* inputs, expected)
        assert.deepStrictEqual(yield* inputs, expected)
      }).pipe(Effect.provide(layer(Script.forever(
        Script.toolCalls([{ name: "f", id: "a", input: { x: 1 } }, { name: "g", id: "b" }])
      )))))

    it.effect("shows the input a call starts with", () =>
      Effect.gen(function*() {
        const events: ReadonlyArray<StreamEvent> = [
          {
            type: "content_block_start",
            index: 0,
            content_block: { type: "tool_use", id: "a", name: "f", input: { x: 1 } }
          },
          { type: "content_block_stop", index: 0 }
        ]
        const steps = yield* Stream.runCollect(MessageStream.toolInputs(Stream.fromArray(events)))

        assert.deepStrictEqual(steps.map(({ done, value }) => [done, value]), [[true, { x: 1 }]])
      }))
  })

  describe("snapshots", () => {
    it.effect("shows the message grow", () =>
      Effect.gen(function*() {
        const shown = yield* Stream.runCollect(MessageStream.snapshots(answer))
        const texts = shown.map(Message.text)

        assert.strictEqual(texts.at(-1), "One two three four five")
        for (const [i, text] of texts.entries()) assert.isTrue(text.startsWith(texts[i - 1] ?? ""))
        assert.strictEqual(shown.at(-1)?.stop_reason, "end_turn")
      }).pipe(Effect.provide(layer(perEvent(Script.reply("One two three four five"))))))
  })

  describe("tapText", () => {
    it.effect("sees each piece of text and passes every event on", () =>
      Effect.gen(function*() {
        const pieces: Array<string> = []
        const events = yield* answer.pipe(
          MessageStream.tapText((text) => Effect.sync(() => pieces.push(text))),
          Stream.runCollect
        )

        assert.strictEqual(pieces.join(""), "One two three")
        assert.strictEqual(events.at(-1)?.type, "message_stop")
      }).pipe(Effect.provide(layer(Script.reply("One two three")))))

    it.effect("fails with the effect's own error", () =>
      Effect.gen(function*() {
        const error = yield* answer.pipe(
          MessageStream.tapText(() => Effect.fail("mine" as const)),
          Stream.runDrain,
          Effect.flip
        )

        assert.strictEqual(error, "mine")
      }).pipe(Effect.provide(layer(Script.reply("One two three")))))
  })

  describe("final", () => {
    it.effect("is the message create returns", () =>
      Effect.gen(function*() {
        const folded = yield* MessageStream.final(answer)
        const created = yield* Messages.create(question)

        assert.deepStrictEqual<unknown>(
          { ...folded, id: "", usage: null },
          { ...created, id: "", usage: null }
        )
      }).pipe(Effect.provide(layer(Script.sequence(Script.reply("Hi!"), Script.reply("Hi!"))))))

    it.effect("fails with the partial message when the stream is left early", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          answer.pipe(Stream.takeUntil(({ type }) => type === "content_block_delta"), MessageStream.final)
        )

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(error.outcome, "partial")
        assert.isDefined(error.partial)
      }).pipe(Effect.provide(layer(perEvent(Script.reply("One two three"))))))

    it.effect("fails when nothing came at all", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(MessageStream.final(Stream.empty))

        assert.strictEqual(error._tag, "StreamTruncatedError")
        assert.strictEqual(error.outcome, "unknown")
      }))
  })
})
