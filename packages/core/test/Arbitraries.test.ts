import * as Arbitraries from "@effect-claude/core/Arbitraries"
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Rules from "@effect-claude/core/Rules"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const fold = (events: ReadonlyArray<StreamEvent.StreamEvent>): MessageAccumulator.MessageAccumulator =>
  MessageAccumulator.stepAll(MessageAccumulator.initial, events)

const sample = <A>(arbitrary: Arbitrary.Arbitrary<A>) => Arbitrary.sampleEffect(arbitrary, { count: 200, seed: 1 })

describe("Arbitraries", () => {
  describe("message", () => {
    it.effect.prop(
      "makes messages that stop for the reason they show",
      { message: Arbitraries.message },
      ({ message }) =>
        Effect.sync(() => {
          assert.isTrue(Schema.is(Message.Message)(message))
          assert.strictEqual(message.stop_reason === "tool_use", Message.toolUses(message).length > 0)
          assert.strictEqual(message.stop_sequence !== null, message.stop_reason === "stop_sequence")
        })
    )

    it.effect("generates responses of every kind, empty ones included", () =>
      Effect.gen(function*() {
        const messages = yield* sample(Arbitraries.message)
        const types = new Set(messages.flatMap(({ content }) => content.map(({ type }) => String(type))))

        assert.deepStrictEqual([...types].toSorted(), ["text", "thinking", "tool_use"])
        assert.isTrue(messages.some(({ content }) => content.length === 0))
        assert.isTrue(messages.some((message) => Message.citations(message).length > 0))
        assert.isTrue(messages.some(Message.isRefusal))
      }))
  })

  describe("content", () => {
    it.effect.prop(
      "makes the blocks of an answer, each id once",
      { content: Arbitraries.content },
      ({ content }) =>
        Effect.sync(() => {
          const ids = content.flatMap((block) => block.type === "tool_use" ? [block.id] : [])

          assert.strictEqual(new Set(ids).size, ids.length)
        })
    )
  })

  describe("conversation", () => {
    it.effect.prop(
      "makes conversations that begin and end with the user and alternate",
      { turns: Arbitraries.conversation },
      ({ turns }) =>
        Effect.sync(() => {
          assert.isTrue(turns.length % 2 === 1)
          assert.isTrue(turns.every(({ role }, index) => role === (index % 2 === 0 ? "user" : "assistant")))
          assert.deepStrictEqual(MessageRequest.normalize(turns), turns)
        })
    )

    it.effect("generates conversations with calls and results, failed ones included", () =>
      Effect.gen(function*() {
        const blocks = (yield* sample(Arbitraries.conversation)).flat().flatMap(({ content }) =>
          MessageRequest.blocks(content)
        )

        assert.isTrue(blocks.some((block) => block.type === "tool_use"))
        assert.isTrue(blocks.some((block) => block.type === "tool_result" && block.is_error === true))
        assert.isTrue(blocks.some((block) => block.type === "tool_result" && block.is_error === undefined))
      }))
  })

  describe("request", () => {
    it.effect.prop(
      "makes requests that no rule refuses or warns of",
      { request: Arbitraries.request },
      ({ request }) =>
        Effect.sync(() => {
          assert.isTrue(Schema.is(MessageRequest.MessageRequest)(request))
          for (const version of ["2023-06-01", "2026-10-21"]) {
            assert.deepStrictEqual(Rules.check(request, { version }), { refused: [], warnings: [] })
          }
        })
    )

    it.effect("generates requests that a broken turn would make invalid", () =>
      Effect.gen(function*() {
        const [spoilt] = (yield* sample(Arbitraries.request)).flatMap((request) => {
          const messages = request.messages.filter(({ role }) => role === "assistant")
          return messages.some(({ content }) => MessageRequest.blocks(content).some(({ type }) => type === "tool_use"))
            ? [{ ...request, messages: [...messages, MessageRequest.user("And?")] }]
            : []
        })

        assert.isNotEmpty(Rules.check(spoilt!).refused)
      }))
  })

  describe("events", () => {
    it.effect.prop(
      "fold to the message, whatever it is",
      { stream: Arbitraries.stream },
      ({ stream }) =>
        Effect.sync(() => {
          const state = fold(stream.events)

          assert.isTrue(state.done)
          assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(state)), stream.message)
        })
    )

    const any = Arbitrary.schema(Message.Message).pipe(
      Arbitrary.flatMap((message) => {
        const sent: Message.Message = JSON.parse(JSON.stringify(message))
        return Arbitraries.events(sent).pipe(Arbitrary.map((events) => ({ sent, events })))
      })
    )

    it.effect.prop(
      "fold to the message, also where it only has the right shape",
      { any },
      ({ any: { events, sent } }) =>
        Effect.sync(() => {
          const fallback = sent.content.findLast((block) => block.type === "fallback")
          assert.deepStrictEqual<unknown>(
            Option.getOrThrow(MessageAccumulator.snapshot(fold(events))),
            fallback === undefined ? sent : { ...sent, model: fallback.to.model }
          )
        })
    )

    it.effect.prop(
      "are events, and survive the wire",
      { stream: Arbitraries.stream },
      ({ stream }) =>
        Effect.sync(() => {
          for (const event of stream.events) {
            assert.isTrue(StreamEvent.is(event))
            assert.deepStrictEqual<unknown>(
              JSON.parse(new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(event)))),
              event
            )
          }
        })
    )

    it.effect("split texts and insert pings", () =>
      Effect.gen(function*() {
        const streams = yield* sample(Arbitraries.stream)
        const pieces = streams.map(({ events }) =>
          events.filter((event) => event.type === "content_block_delta" && event.delta.type === "text_delta").length
        )

        assert.isAbove(Math.max(...pieces), 5)
        assert.isTrue(streams.some(({ events }) => events.some(({ type }) => type === "ping")))
        assert.isTrue(streams.some(({ events }) => events.every(({ type }) => type !== "ping")))
      }))
  })

  describe("chunks", () => {
    const bytes = new TextEncoder().encode("data: naïve 🍵\n\n".repeat(8))

    it.effect.prop(
      "are together the bytes, and none is empty",
      { chunks: Arbitraries.chunks(bytes) },
      ({ chunks }) =>
        Effect.sync(() => {
          assert.deepStrictEqual(chunks.flatMap((chunk) => [...chunk]), [...bytes])
          assert.isTrue(chunks.every(({ length }) => length > 0))
        })
    )

    it.effect("have chunks of one byte and of many bytes", () =>
      Effect.gen(function*() {
        const counts = (yield* sample(Arbitraries.chunks(bytes))).map(({ length }) => length)

        assert.strictEqual(Math.min(...counts), 1)
        assert.isAbove(Math.max(...counts), 20)
      }))
  })
})
