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

const contentOf = (events: Iterable<StreamEvent.StreamEvent>) => {
  const state = fold([begin, ...events])
  assert.isUndefined(state.problem)
  return Option.getOrThrow(MessageAccumulator.snapshot(state)).content
}

const toolUse: ContentBlock.ToolUse = { type: "tool_use", id: "toolu_1", name: "f", input: {} }

const started = (index: number, content_block: ContentBlock.ContentBlock): StreamEvent.StreamEvent => ({
  type: "content_block_start",
  index,
  content_block
})

const added = (index: number, delta: StreamEvent.Delta): StreamEvent.StreamEvent => ({
  type: "content_block_delta",
  index,
  delta
})

const ended = (index: number): StreamEvent.StreamEvent => ({ type: "content_block_stop", index })

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

    it("keeps a count of input that falls to 0, and takes one that was not known", () => {
      const usage = { input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0 }
      const state = fold([begin, { type: "message_delta", delta: {}, usage }])

      assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(state)).usage, {
        ...usage,
        input_tokens: 10
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

    it("folds blocks that are open at the same time, each with its own deltas", () => {
      const state = fold([
        begin,
        started(0, { ...toolUse, id: "a" }),
        started(1, { ...toolUse, id: "b" }),
        added(1, jsonDelta("{\"all\":")),
        added(0, jsonDelta("{\"id\": 7")),
        added(1, jsonDelta("true}")),
        ended(1),
        added(0, jsonDelta("}")),
        ended(0),
        stop
      ])

      assert.isUndefined(state.problem)
      assert.deepStrictEqual(Option.getOrThrow(MessageAccumulator.snapshot(state)).content, [
        { ...toolUse, id: "a", input: { id: 7 } },
        { ...toolUse, id: "b", input: { all: true } }
      ])
    })

    it("orders blocks by their index, whatever the order and the gaps they start in", () => {
      const indexes = [7, 2_147_483_647, 3, 0, 1_000_000]
      const events = indexes.flatMap((index) => block(index, { type: "text", text: `${index}` }))

      assert.deepStrictEqual(
        contentOf(events).map((block) => block.type === "text" ? block.text : ""),
        ["0", "3", "7", "1000000", "2147483647"]
      )
    })

    it("keeps a block open until it is ended, and ends what is open at the end", () => {
      const opened = [
        begin,
        started(0, toolUse),
        added(0, jsonDelta("{\"a\":1}")),
        ...block(1, { type: "text", text: "b" })
      ]

      assert.deepStrictEqual(MessageAccumulator.blocks(fold(opened)).map(({ open }) => open), [true, false])
      assert.deepStrictEqual(contentOf([...opened.slice(1), stop]), [{ ...toolUse, input: { a: 1 } }, {
        type: "text",
        text: "b"
      }])
    })

    it("adds to a block of a type it does not know by the first kind of text that comes", () => {
      const unknown = Wire.unknown({ type: "hologram", text: "a" })

      assert.deepStrictEqual<unknown>(contentOf(block(0, unknown, [textDelta("b"), textDelta("c")])), [
        { type: "hologram", text: "abc" }
      ])
      assert.deepStrictEqual<unknown>(
        contentOf(block(0, unknown, [{ type: "thinking_delta", thinking: "hm" }, {
          type: "signature_delta",
          signature: "s"
        }])),
        [{ type: "hologram", text: "a", thinking: "hm", signature: "s" }]
      )
      assert.deepStrictEqual<unknown>(contentOf(block(0, unknown, [jsonDelta("{\"a\":1}")])), [
        { type: "hologram", text: "a", input: { a: 1 } }
      ])
    })

    it("passes over what adds nothing, wherever it stands", () => {
      const events = [
        textDelta(""),
        { type: "thinking_delta", thinking: "" } as const,
        jsonDelta("")
      ].map((delta) => added(3, delta))

      assert.deepStrictEqual(
        contentOf([...events, ended(3), ...block(0, { type: "text", text: "a" }), ended(0), ping, stop, ping, stop]),
        [{ type: "text", text: "a" }]
      )
    })

    it("passes over the input that the API repeats in the result of a web search", () => {
      const result = { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] } as const

      assert.deepStrictEqual(contentOf(block(0, result, [jsonDelta("{\"query\":\"a\"}")])), [result])
    })

    it("names the model that a fallback continues with", () => {
      const fallback = {
        type: "fallback",
        from: { model: "claude-sonnet-5-5" },
        to: { model: "claude-haiku-4-5" }
      } as const
      const message = Option.getOrThrow(MessageAccumulator.snapshot(fold([begin, ...block(0, fallback), stop])))

      assert.strictEqual(message.model, "claude-haiku-4-5")
      assert.deepStrictEqual(message.content, [fallback])
    })

    describe("problem", () => {
      const text = { type: "text", text: "" } as const
      const signature = { type: "signature_delta", signature: "s" } as const
      const citation = {
        type: "citations_delta",
        citation: { type: "char_location", cited_text: "x", document_index: 0, start_char_index: 0, end_char_index: 1 }
      } as const
      const cases: ReadonlyArray<readonly [problem: string, events: ReadonlyArray<StreamEvent.StreamEvent>]> = [
        ["adds to block 7, which has not started", [begin, ...block(0, text), added(7, textDelta("a"))]],
        ["adds to block 0, which has ended", [begin, ...block(0, text), added(0, textDelta("late"))]],
        ["starts block 0 a second time", [begin, started(0, text), added(0, textDelta("a")), started(0, text)]],
        ["starts block 1 a second time", [begin, ...block(0, text), ...block(1, text), started(1, text)]],
        ["starts block -1, which is no position", [begin, started(-1, text)]],
        ["starts block 0.5, which is no position", [begin, started(0.5, text)]],
        ["starts block 2147483648, which is no position", [begin, started(2 ** 31, text)]],
        ["starts a second message", [begin, ...block(0, text), begin]],
        ["starts block 0 outside `message_start` and `message_stop`", [started(0, text)]],
        ["starts block 1 outside `message_start` and `message_stop`", [
          begin,
          ...block(0, text),
          stop,
          started(1, text)
        ]],
        ["adds to the message outside `message_start` and `message_stop`", [end("end_turn"), begin]],
        ["adds to the message outside `message_start` and `message_stop`", [begin, stop, end("end_turn")]],
        ["adds to block 0, which has ended", [begin, started(0, text), stop, added(0, textDelta("a"))]],
        ["adds input_json_delta to block 0, which is of type text", [
          begin,
          started(0, text),
          added(0, jsonDelta("a"))
        ]],
        ["adds signature_delta to block 0, which is of type text", [begin, started(0, text), added(0, signature)]],
        ["adds text_delta to block 0, which is of type tool_use", [
          begin,
          started(0, toolUse),
          added(0, textDelta("a"))
        ]],
        ["adds citations_delta to block 0, which is of type tool_use", [
          begin,
          started(0, toolUse),
          added(0, citation)
        ]],
        [
          "adds thinking_delta to block 0, which is of type compaction",
          [begin, started(0, { type: "compaction" }), added(0, { type: "thinking_delta", thinking: "a" })]
        ],
        ...[
          { type: "redacted_thinking", data: "" } as const,
          { type: "container_upload", file_id: "file_1" } as const,
          { type: "fallback", from: { model: "a" }, to: { model: "b" } } as const,
          { type: "mcp_tool_result", tool_use_id: "mcptoolu_1", is_error: false, content: [] } as const
        ].map((whole) =>
          [
            `adds text_delta to block 0, which is of type ${whole.type}`,
            [begin, started(0, whole), added(0, textDelta("a"))]
          ] as const
        ),
        [
          "adds compaction_delta to block 0, which is of type thinking",
          [begin, started(0, { type: "thinking", thinking: "", signature: "" }), added(0, { type: "compaction_delta" })]
        ],
        [
          "adds text_delta to block 0, which is of type thinking",
          [
            begin,
            started(0, { type: "thinking", thinking: "", signature: "" }),
            added(0, { type: "thinking_delta", thinking: "a" }),
            added(0, textDelta("b"))
          ]
        ],
        [
          "adds text_delta to block 0, which is of type hologram",
          [begin, started(0, Wire.unknown({ type: "hologram" })), added(0, jsonDelta("{")), added(0, textDelta("b"))]
        ]
      ]
      for (const [problem, events] of cases) {
        it(`is that an event ${problem}`, () => {
          const state = fold(events)

          assert.strictEqual(state.problem, problem)
          assert.deepStrictEqual(fold([...events, ...block(9, text), stop]), state)
        })
      }
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
    it("returns none before message_start", () => {
      assert.deepStrictEqual(MessageAccumulator.snapshot(fold([ping])), Option.none())
    })

    it("shows what has come of an open block", () => {
      const opened: ReadonlyArray<StreamEvent.StreamEvent> = [
        { type: "content_block_start", index: 0, content_block: toolUse },
        { type: "content_block_delta", index: 0, delta: jsonDelta("{\"city\": \"Par") }
      ]

      assert.deepStrictEqual(contentOf(opened), [{ ...toolUse, input: { INVALID_JSON: "{\"city\": \"Par" } }])
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

  describe("tool inputs", () => {
    const inputOf = (events: Iterable<StreamEvent.StreamEvent>): unknown => {
      const last = contentOf(events).at(-1)
      return last?.type === "tool_use" ? last.input : undefined
    }

    it("are objects when they are whole", () => {
      assert.deepStrictEqual(inputOf(block(0, toolUse, [jsonDelta("{\"a\": 1}")])), { a: 1 })
      assert.deepStrictEqual(inputOf(block(0, toolUse, [jsonDelta("")])), {})
      assert.deepStrictEqual(inputOf(block(0, toolUse, [jsonDelta(" \n")])), {})
    })

    it("keep their text when they were cut, are not JSON, or are no object", () => {
      for (const json of ["{\"a\": \"on", "{\"a\": oops}", "{} {}", "[1]", "\"a\"", "1"]) {
        const events = [...block(0, toolUse, [jsonDelta(json)]), end("max_tokens"), stop]
        assert.deepStrictEqual(inputOf(events), { INVALID_JSON: json })
      }
    })

    it("keep their text while they are open, even before the first piece", () => {
      assert.deepStrictEqual(inputOf([started(0, toolUse)]), { INVALID_JSON: "" })
      assert.deepStrictEqual(inputOf([started(0, toolUse), added(0, jsonDelta("{}"))]), { INVALID_JSON: "{}" })
    })

    it("are those of the start when no delta follows, and of the deltas otherwise", () => {
      const call = { ...toolUse, input: { a: 1 } }

      assert.deepStrictEqual(inputOf([started(0, call)]), { a: 1 })
      assert.deepStrictEqual(inputOf(block(0, call)), { a: 1 })
      assert.deepStrictEqual(inputOf(block(0, call, [jsonDelta("{\"b\":2}")])), { b: 2 })
    })
  })

  describe("cost", () => {
    it("of a step does not grow with the message: states share what they have in common", () => {
      const texts = Array.from({ length: 1024 }, (_, index) => block(index, { type: "text", text: "" })).flat()
      const state = fold([begin, ...texts])

      assert.strictEqual(MessageAccumulator.step(state, end("end_turn")).slots, state.slots)
      const opened = MessageAccumulator.step(state, started(1024, { type: "text", text: "" }))
      assert.strictEqual(opened.slots, state.slots)
      const closed = MessageAccumulator.step(opened, ended(1024)).slots
      assert.isTrue(closed?.leaf === false && closed.zero === state.slots)
    })
  })
})
