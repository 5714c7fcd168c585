import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as Shape from "@effect-claude/core/Shape"
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { EventDecoder } from "../../../src/internal/response/eventDecoder.ts"
import * as MissingFields from "../../../src/internal/response/missingFields.ts"

type Fields = { readonly [field: string]: unknown }

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 1 }
}

const without = (fields: Fields, ...left: ReadonlyArray<string>): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => !left.includes(field)))

const start = (fields: Fields): Fields => ({ type: "message_start", message: fields })
const text: Fields = { type: "text", text: "" }
const opened = (content_block: Fields): Fields => ({ type: "content_block_start", index: 0, content_block })
const added = (delta: Fields): Fields => ({ type: "content_block_delta", index: 0, delta })
const hi = added({ type: "text_delta", text: "Hi" })
const end: Fields = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 7 } }
const stop: Fields = { type: "message_stop" }

/** What a decoder folds events to. */
const folded = (events: ReadonlyArray<Fields>) => {
  const decoder = new EventDecoder({ event: 1e6, toolInput: 1e6 })
  const bytes = new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""))
  for (const event of decoder.decode([bytes])) assert.isTrue(Shape.streamEvent.is(event))
  assert.deepStrictEqual(decoder.stop, { _tag: "Done" })
  return Option.getOrThrow(MessageAccumulator.snapshot(decoder.accumulator))
}

describe("missing fields", () => {
  const whole = folded([start(message), opened(text), hi, end, stop])

  for (const missing of [undefined, null]) {
    const kind = missing === undefined ? "missing" : "null"
    const left = (fields: Fields, ...names: ReadonlyArray<string>): Fields =>
      missing === undefined
        ? without(fields, ...names)
        : { ...fields, ...Object.fromEntries(names.map((name) => [name, null])) }

    for (const field of ["type", "role", "content", "stop_reason", "stop_sequence"]) {
      it(`completes a message_start whose ${field} is ${kind}`, () => {
        const actual = folded([start(left(message, field)), opened(text), hi, end, stop])
        assert.deepStrictEqual({ ...actual, stop_sequence: null }, whole)
      })
    }

    for (const field of ["id", "model"]) {
      it(`completes a message_start whose ${field} is ${kind} with an empty string`, () => {
        const actual = folded([start(left(message, field)), opened(text), hi, end, stop])
        assert.deepStrictEqual<unknown>(actual, { ...whole, [field]: "" })
      })
    }

    it(`completes usage that is ${kind} with what a later event counts`, () => {
      const counted = { ...end, usage: { input_tokens: 4522, output_tokens: 7, cache_creation_input_tokens: 4511 } }
      for (
        const started of [
          left(message, "usage"),
          { ...message, usage: {} },
          { ...message, usage: left(message.usage, "input_tokens") }
        ]
      ) {
        const { usage } = folded([start(started), opened(text), hi, counted, stop])
        assert.deepStrictEqual(usage, counted.usage)
      }
    })

    it(`keeps the usage of the start where that of the end is ${kind}`, () => {
      for (
        const ended of [left(end, "usage"), { ...end, usage: {} }, {
          ...end,
          usage: left(message.usage, "output_tokens", "input_tokens")
        }]
      ) {
        assert.deepStrictEqual(folded([start(message), opened(text), hi, ended, stop]).usage, message.usage)
      }
    })

    it(`completes blocks and deltas whose text is ${kind}`, () => {
      const contentOf = (...events: ReadonlyArray<Fields>) => folded([start(message), ...events, end, stop]).content
      const call = { type: "tool_use", id: "t", name: "f", input: {} }
      const thinking = { type: "thinking", thinking: "", signature: "" }

      assert.deepStrictEqual<unknown>(contentOf(opened(left(text, "text")), hi), [{ type: "text", text: "Hi" }])
      assert.deepStrictEqual<unknown>(
        contentOf(opened(left(thinking, "thinking", "signature")), added({ type: "signature_delta", signature: "s" })),
        [{ ...thinking, signature: "s" }]
      )
      assert.deepStrictEqual<unknown>(contentOf(opened(without(call, "input"))), [call])
      assert.deepStrictEqual<unknown>(
        contentOf(opened(left(call, "input")), added({ type: "input_json_delta", partial_json: "{\"a\":1}" })),
        [{ ...call, input: { a: 1 } }]
      )
      assert.deepStrictEqual<unknown>(
        contentOf(opened(text), hi, added(left({ type: "text_delta", text: "" }, "text"))),
        [{ type: "text", text: "Hi" }]
      )
      assert.deepStrictEqual<unknown>(
        contentOf(opened(thinking), added(left({ type: "thinking_delta", thinking: "" }, "thinking"))),
        [thinking]
      )
      assert.deepStrictEqual<unknown>(
        contentOf(opened(call), added(left({ type: "input_json_delta", partial_json: "" }, "partial_json"))),
        [call]
      )
    })

    it(`completes a message_delta whose delta is ${kind}`, () => {
      assert.isNull(folded([start(message), left(end, "delta"), stop]).stop_reason)
    })

    it(`completes a plain message whose fields are ${kind}`, () => {
      const plain = {
        ...message,
        content: [left({ type: "thinking", thinking: "a", signature: "" }, "signature"), text]
      }
      const completed = MissingFields.inMessage(left(plain, "type", "role", "usage"))

      assert.isTrue(Shape.message.is(completed))
      assert.deepStrictEqual(completed, {
        ...plain,
        content: [{ type: "thinking", thinking: "a", signature: "" }, text],
        usage: { input_tokens: 0, output_tokens: 0 }
      })
    })
  }

  it("leaves what is sent and what cannot be completed as it is", () => {
    for (
      const value of [
        null,
        "x",
        [],
        { content: null },
        { id: "x", object: "chat.completion", choices: [] },
        { type: "content_block_delta", delta: { type: "text_delta", text: 1 } },
        { type: "message_start", message: "x" },
        { type: "message_stop" }
      ]
    ) {
      assert.deepStrictEqual(MissingFields.inMessage(value), value)
      assert.deepStrictEqual(MissingFields.inEvent(value), value)
    }
    const wrong: Fields = { ...message, usage: "many", content: [1, { type: "text", text: 2 }] }
    assert.deepStrictEqual(MissingFields.inMessage(wrong), wrong)
  })
})
