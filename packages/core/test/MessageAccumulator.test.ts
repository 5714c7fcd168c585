import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"

const empty: Message.Message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 1 }
}

const begin: StreamEvent.StreamEvent = { type: "message_start", message: empty }
const stop: StreamEvent.StreamEvent = { type: "message_stop" }
const ping: StreamEvent.StreamEvent = { type: "ping" }

const end = (stop_reason: string, output_tokens = 9): StreamEvent.StreamEvent => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null },
  usage: { output_tokens }
})

const block = (
  index: number,
  content_block: ContentBlock.ContentBlock,
  deltas: ReadonlyArray<StreamEvent.Delta> = []
): ReadonlyArray<StreamEvent.StreamEvent> => [
  { type: "content_block_start", index, content_block },
  ...deltas.map((delta): StreamEvent.StreamEvent => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index }
]

const textDelta = (text: string): StreamEvent.Delta => ({ type: "text_delta", text })
const jsonDelta = (partial_json: string): StreamEvent.Delta => ({ type: "input_json_delta", partial_json })

const fold = (events: Iterable<StreamEvent.StreamEvent>) =>
  MessageAccumulator.stepAll(MessageAccumulator.initial, events)

const contentOf = (events: Iterable<StreamEvent.StreamEvent>) =>
  Option.getOrThrow(MessageAccumulator.snapshot(fold([begin, ...events]))).content

const toolUse: ContentBlock.ToolUse = { type: "tool_use", id: "toolu_1", name: "f", input: {} }

const inputOf = (events: Iterable<StreamEvent.StreamEvent>) => {
  const last = contentOf(events).at(-1)
  return last?.type === "tool_use" ? MessageAccumulator.toolInput(last) : undefined
}

/** Every string in pieces of the given sizes, empty ones among them. */
const pieces = (text: string, sizes: ReadonlyArray<number>): ReadonlyArray<string> => {
  const out: Array<string> = []
  let at = 0
  for (const size of sizes) {
    out.push(text.slice(at, at + size % 7))
    at += size % 7
  }
  return [...out, text.slice(at)]
}

describe("MessageAccumulator", () => {
  describe("step", () => {
    it("folds text, thinking and a tool call into a message", () => {
      const state = fold([
        begin,
        ...block(0, { type: "thinking", thinking: "", signature: "" }, [
          { type: "thinking_delta", thinking: "Let " },
          { type: "thinking_delta", thinking: "me see." },
          { type: "signature_delta", signature: "sig" }
        ]),
        ping,
        ...block(1, { type: "text", text: "" }, [textDelta("He"), textDelta("llo")]),
        ...block(2, toolUse, [jsonDelta(""), jsonDelta("{\"a\":"), jsonDelta("1}  ")]),
        end("tool_use"),
        stop
      ])

      assert.isTrue(state.done)
      assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(state)), {
        ...empty,
        content: [
          { type: "thinking", thinking: "Let me see.", signature: "sig" },
          { type: "text", text: "Hello" },
          { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } }
        ],
        stop_reason: "tool_use",
        usage: { input_tokens: 10, output_tokens: 9 }
      })
    })

    it("takes data last as well", () => {
      assert.deepStrictEqual(
        MessageAccumulator.step(begin)(MessageAccumulator.initial),
        MessageAccumulator.step(MessageAccumulator.initial, begin)
      )
    })

    it("takes a whole message from message_start", () => {
      const whole = { ...empty, content: [toolUse], stop_reason: "tool_use" }
      const state = fold([{ type: "message_start", message: whole }, stop])

      assert.isTrue(state.done)
      assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(state)), whole)
    })

    it("keeps a block that is finished when it starts", () => {
      const result = { type: "redacted_thinking", data: "sealed" } as const

      assert.deepStrictEqual(contentOf(block(0, result)), [result])
      assert.deepStrictEqual(contentOf(block(0, { ...toolUse, input: { b: 2 } })), [{ ...toolUse, input: { b: 2 } }])
    })

    it("folds a turn without blocks", () => {
      assert.deepStrictEqual(contentOf([end("end_turn"), stop]), [])
    })

    it("keeps thinking whose text is hidden and only the signature comes", () => {
      const events = block(0, { type: "thinking", thinking: "", signature: "" }, [
        { type: "signature_delta", signature: "a" },
        { type: "signature_delta", signature: "b" }
      ])

      assert.deepStrictEqual(contentOf(events), [{ type: "thinking", thinking: "", signature: "b" }])
    })

    it("collects citations, whatever the block began with", () => {
      const citation = {
        type: "char_location",
        cited_text: "x",
        document_index: 0,
        start_char_index: 0,
        end_char_index: 1
      } as const
      const deltas: ReadonlyArray<StreamEvent.Delta> = [
        textDelta("a"),
        { type: "citations_delta", citation },
        { type: "citations_delta", citation: { ...citation, document_index: 1 } }
      ]
      const expected = [citation, { ...citation, document_index: 1 }]

      for (const citations of [undefined, null, []]) {
        const start = citations === undefined ? { text: "" } : { text: "", citations }
        const events = block(0, { type: "text", ...start }, deltas)
        assert.deepStrictEqual(contentOf(events), [{ type: "text", text: "a", citations: expected }])
      }
    })

    it("replaces what a compaction block holds", () => {
      const events = block(0, { type: "compaction", content: null }, [
        { type: "compaction_delta", content: "a" },
        { type: "compaction_delta", content: "summary", encrypted_content: "sealed" }
      ])

      assert.deepStrictEqual(contentOf(events), [
        { type: "compaction", content: "summary", encrypted_content: "sealed" }
      ])
    })

    it("takes usage for cumulative, and null for silence", () => {
      const delta = (usage: StreamEvent.MessageDelta["usage"]): StreamEvent.StreamEvent => ({
        type: "message_delta",
        delta: { stop_reason: "end_turn" },
        usage
      })
      const state = fold([
        begin,
        delta({ output_tokens: 5, input_tokens: 20 }),
        delta({ output_tokens: 7, input_tokens: null }),
        delta(null),
        delta(undefined)
      ])

      assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(state)).usage, {
        input_tokens: 20,
        output_tokens: 7
      })
    })

    it("keeps the container, and what stands beside the delta, unless they are null", () => {
      const container = { id: "c", expires_at: "soon" }
      const state = fold([
        begin,
        { type: "message_delta", delta: { container }, context_management: { applied_edits: [] } },
        { type: "message_delta", delta: { container: null, stop_reason: "end_turn" }, context_management: null }
      ])
      const message = Option.getOrThrow(MessageAccumulator.snapshot(state))

      assert.deepStrictEqual(message.container, container)
      assert.deepStrictEqual(message.context_management, { applied_edits: [] })
      assert.strictEqual(message.stop_reason, "end_turn")
    })

    it("passes over unknown events and deltas, and keeps unknown blocks", () => {
      const unknown = Wire.unknown({ type: "hologram", data: [1] })
      const events = [
        Wire.unknown({ type: "tomorrow" }),
        ...block(0, unknown, [Wire.unknown({ type: "hologram_delta" })]),
        ...block(1, { type: "text", text: "" }, [Wire.unknown({ type: "shine_delta" }), textDelta("a")])
      ]

      assert.deepStrictEqual(contentOf(events), [unknown, { type: "text", text: "a" }])
    })

    it("ignores a delta for a block that is not open", () => {
      const events: ReadonlyArray<StreamEvent.StreamEvent> = [
        ...block(0, { type: "text", text: "a" }),
        { type: "content_block_delta", index: 0, delta: textDelta("late") },
        { type: "content_block_delta", index: 7, delta: textDelta("stray") },
        { type: "content_block_stop", index: 7 }
      ]

      assert.deepStrictEqual(contentOf(events), [{ type: "text", text: "a" }])
    })

    it("closes a block that was left open when the next one starts", () => {
      const events: ReadonlyArray<StreamEvent.StreamEvent> = [
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "a" } },
        ...block(1, { type: "text", text: "b" }),
        stop
      ]

      assert.deepStrictEqual(contentOf(events), [{ type: "text", text: "a" }, { type: "text", text: "b" }])
    })

    it("is pure: a state can be stepped twice, in two directions", () => {
      const open = fold([begin, { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }])
      const a = MessageAccumulator.step(open, { type: "content_block_delta", index: 0, delta: textDelta("a") })
      const b = MessageAccumulator.step(open, { type: "content_block_delta", index: 0, delta: textDelta("b") })

      assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(a)).content, [{ type: "text", text: "a" }])
      assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(b)).content, [{ type: "text", text: "b" }])
    })

    it.prop(
      "folds the same message however its text and input are cut, with pings anywhere",
      // Keys without escapes: the JSON.parse of V8 13.6 misreads some objects whose keys are written with them.
      [
        Schema.String,
        Schema.Record(Schema.String.check(Schema.isPattern(/^\w*$/)), Schema.Int),
        Schema.Array(Schema.Natural)
      ],
      ([text, input, sizes]) => {
        const json = JSON.stringify(input)
        const events = [
          ...block(0, { type: "text", text: "" }, pieces(text, sizes).map(textDelta)),
          ...block(1, toolUse, pieces(json, sizes).map(jsonDelta)),
          end("tool_use"),
          stop
        ].flatMap((event) => [event, ping])

        assert.deepStrictEqual(contentOf(events), [{ type: "text", text }, { ...toolUse, input: JSON.parse(json) }])
      }
    )
  })

  describe("stepAll", () => {
    it("takes data last as well", () => {
      const events = [begin, ...block(0, { type: "text", text: "" }, [textDelta("a")])]

      assert.deepStrictEqual(MessageAccumulator.stepAll(events)(MessageAccumulator.initial), fold(events))
    })

    it("hands back the state that nothing was added to", () => {
      const state = fold([begin, { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }])

      assert.strictEqual(MessageAccumulator.stepAll(state, []), state)
      assert.strictEqual(
        MessageAccumulator.stepAll(state, [{ type: "content_block_delta", index: 0, delta: textDelta("") }]),
        state
      )
    })

    it.prop(
      "shows what as many steps show, whatever the order of events and however many at once",
      [
        Schema.Array(Schema.Tuple([
          Schema.Literals([
            "start text",
            "start thinking",
            "start tool",
            "text",
            "thinking",
            "json",
            "signature",
            "ping",
            "stop",
            "begin",
            "end"
          ]),
          Schema.Literals([0, 1]),
          Schema.Literals(["", "a", "{\"b\":", "x".repeat(1500)])
        ])),
        Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))
      ],
      ([steps, size]) => {
        const events = steps.map(([what, index, piece]): StreamEvent.StreamEvent => {
          const opened = (content_block: ContentBlock.ContentBlock): StreamEvent.StreamEvent => ({
            type: "content_block_start",
            index,
            content_block
          })
          const grown = (delta: StreamEvent.Delta): StreamEvent.StreamEvent => ({
            type: "content_block_delta",
            index,
            delta
          })
          switch (what) {
            case "start text":
              return opened({ type: "text", text: piece })
            case "start thinking":
              return opened({ type: "thinking", thinking: piece, signature: "" })
            case "start tool":
              return opened(toolUse)
            case "text":
              return grown(textDelta(piece))
            case "thinking":
              return grown({ type: "thinking_delta", thinking: piece })
            case "json":
              return grown(jsonDelta(piece))
            case "signature":
              return grown({ type: "signature_delta", signature: piece })
            case "ping":
              return ping
            case "stop":
              return { type: "content_block_stop", index }
            case "begin":
              return begin
            case "end":
              return stop
          }
        })
        const stepped = events.reduce<MessageAccumulator.MessageAccumulator>(
          (state, event) => MessageAccumulator.step(state, event),
          MessageAccumulator.initial
        )
        let chunked = MessageAccumulator.initial
        for (let at = 0; at < events.length; at += size) {
          chunked = MessageAccumulator.stepAll(chunked, events.slice(at, at + size))
        }

        for (const state of [fold(events), chunked]) {
          assert.deepStrictEqual(MessageAccumulator.snapshot(state), MessageAccumulator.snapshot(stepped))
          assert.strictEqual(state.done, stepped.done)
        }
      },
      { arbitrary: { runs: 500 } }
    )
  })

  describe("snapshot", () => {
    it("is none before message_start", () => {
      assert.deepStrictEqual(MessageAccumulator.snapshot(fold([ping])), Option.none())
    })

    it("shows what has come of an open block", () => {
      const opened: ReadonlyArray<StreamEvent.StreamEvent> = [
        { type: "content_block_start", index: 0, content_block: toolUse },
        { type: "content_block_delta", index: 0, delta: jsonDelta("{\"city\": \"Par") }
      ]

      assert.deepStrictEqual(contentOf(opened), [{ ...toolUse, input: { city: "Par" } }])
    })
  })

  describe("hasContent", () => {
    const opened: StreamEvent.StreamEvent = {
      type: "content_block_start",
      index: 0,
      content_block: { type: "text", text: "" }
    }

    it("is true from the start of the first block on", () => {
      assert.isFalse(MessageAccumulator.hasContent(fold([begin])))
      assert.isTrue(MessageAccumulator.hasContent(fold([begin, opened])))
      assert.isTrue(MessageAccumulator.hasContent(fold([begin, opened, { type: "content_block_stop", index: 0 }])))
    })
  })

  describe("toolInput", () => {
    it("says that a whole input is complete, and keeps its text", () => {
      const events = block(0, toolUse, [jsonDelta("{\"a\": 1}")])

      assert.deepStrictEqual(inputOf(events), { json: "{\"a\": 1}", value: { a: 1 }, complete: true })
    })

    it("flags the input of a call that was cut by max_tokens", () => {
      const events = [...block(0, toolUse, [jsonDelta("{\"a\": \"on")]), end("max_tokens"), stop]

      assert.deepStrictEqual(inputOf(events), { json: "{\"a\": \"on", value: { a: "on" }, complete: false })
    })

    it("flags an input that is not JSON, and keeps its text", () => {
      const input = inputOf(block(0, toolUse, [jsonDelta("{\"a\": oops}")]))

      assert.deepStrictEqual(input, { json: "{\"a\": oops}", value: {}, complete: false })
    })

    it("takes an empty text for an empty input", () => {
      assert.deepStrictEqual(inputOf(block(0, toolUse, [jsonDelta("")])), { json: "{}", value: {}, complete: true })
    })

    it("flags the input of an open block", () => {
      const events: ReadonlyArray<StreamEvent.StreamEvent> = [
        { type: "content_block_start", index: 0, content_block: toolUse },
        { type: "content_block_delta", index: 0, delta: jsonDelta("{}") }
      ]

      assert.isFalse(inputOf(events)?.complete)
    })

    it("takes the input of a plain answer for complete", () => {
      const input = MessageAccumulator.toolInput({ ...toolUse, input: { a: 1 } })

      assert.deepStrictEqual(input, { json: "{\"a\":1}", value: { a: 1 }, complete: true })
    })
  })

  describe("cost", () => {
    it("of a step does not grow with the answer: states share what they have in common", () => {
      const text = block(0, { type: "text", text: "" })
      const state = fold([begin, ...Array.from({ length: 1000 }, () => text).flat()])
      const next = MessageAccumulator.step(state, end("end_turn"))

      assert.strictEqual(next.closed, state.closed)
      const opened = MessageAccumulator.step(state, text[0]!)
      assert.strictEqual(opened.closed, state.closed)
      assert.strictEqual(MessageAccumulator.step(opened, text[1]!).closed?.before, state.closed)
    })
  })
})
