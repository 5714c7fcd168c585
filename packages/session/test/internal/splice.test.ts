import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import type * as Usage from "@effect-claude/core/Usage"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Array as Arr, Option, Schema } from "effect"
import * as Exchanges from "../../src/internal/exchanges.ts"
import * as Splice from "../../src/internal/splice.ts"

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))

/** An answer as it may arrive: whole, or piece by piece, with usage that grows. */
const Piece = Schema.Struct({
  texts: Schema.Array(Schema.Literals(["a", "bc", ""])),
  started: Schema.Struct({
    input_tokens: Count,
    output_tokens: Count,
    cache_read_input_tokens: Schema.optionalKey(Schema.NullOr(Count))
  }),
  ended: Schema.Struct({
    output_tokens: Count,
    input_tokens: Schema.optionalKey(Schema.NullOr(Count)),
    server_tool_use: Schema.optionalKey(Schema.NullOr(Schema.Struct({ web_search_requests: Count })))
  }),
  stop: Schema.Literals(["end_turn", "pause_turn", "stop_sequence"]),
  details: Schema.NullOr(Schema.Literals(["cyber", "bio"])),
  /** What is said beside the content: as the answer begins, as it ends, or not at all. */
  container: Schema.NullOr(Schema.Literals(["one", "two"])),
  edits: Schema.NullOr(Count),
  field: Schema.NullOr(Count),
  late: Schema.Boolean,
  whole: Schema.Boolean,
  held: Schema.Boolean
})

const Pieces = Arbitrary.array(Arbitrary.schema(Piece), { minLength: 1, maxLength: 4 })

const eventsOf = (piece: typeof Piece.Type, index: number): ReadonlyArray<StreamEvent.StreamEvent> => {
  const stop = {
    stop_reason: piece.stop,
    stop_sequence: piece.stop === "stop_sequence" ? "x" : null,
    stop_details: piece.details === null ? null : { type: "refusal", category: piece.details } as const
  }
  const container = piece.container === null ? null : { id: piece.container, expires_at: "2026-01-01T00:00:00Z" }
  const context_management = piece.edits === null
    ? null
    : { applied_edits: Array.from({ length: piece.edits }, () => ({ type: "later" })) }
  const beside = { context_management, field: piece.field }
  const atStart = piece.late && !piece.whole ? undefined : { container, ...beside }
  const atEnd = piece.late ? { container, ...beside } : undefined
  const content = piece.texts.map((text) => ({ type: "text", text }) as const)
  const message = {
    id: `msg_${index}`,
    type: "message",
    role: "assistant",
    model: `model ${index}`,
    usage: piece.started,
    ...atStart
  } as const
  return piece.whole
    ? [{ type: "message_start", message: { ...message, content, ...stop } }, { type: "message_stop" }]
    : [
      { type: "message_start", message: { ...message, content: [], stop_reason: null } },
      ...content.flatMap(({ text }, index): ReadonlyArray<StreamEvent.StreamEvent> => [
        { type: "content_block_start", index, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index, delta: { type: "text_delta", text } },
        { type: "content_block_stop", index }
      ]),
      { type: "ping" },
      {
        type: "message_delta",
        delta: atEnd === undefined ? stop : { ...stop, container: atEnd.container },
        usage: piece.ended,
        ...(atEnd === undefined ? undefined : beside)
      },
      { type: "message_stop" }
    ]
}

const fold = (events: ReadonlyArray<StreamEvent.StreamEvent>): Message.Message =>
  Option.getOrThrow(MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events)))

/** What a turn does with the events of its answers: the end of each waits until it is known whether it goes on. */
const splice = (pieces: ReadonlyArray<typeof Piece.Type>): ReadonlyArray<StreamEvent.StreamEvent> => {
  const splicer = new Splice.Splicer()
  return pieces.flatMap((piece, index) => {
    const events = eventsOf(piece, index)
    const goesOn = index < pieces.length - 1
    const end = events.findIndex(({ type }) => type === "message_delta")
    const early = piece.held || end === -1 ? [] : splicer.next(events.slice(0, end), false)
    const late = splicer.next(piece.held || end === -1 ? events : events.slice(end), goesOn)
    if (goesOn) splicer.begin()
    return [...early, ...late]
  })
}

/** A message in which absent and null are the same. */
const plain = (message: Message.Message) => ({ ...withoutNull(message), usage: withoutNull(message.usage) })

const withoutNull = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))

describe("splice", () => {
  it.prop("the fold of the spliced events is the joined message", [Pieces], ([pieces]) => {
    const answers = pieces.map((piece, index) => fold(eventsOf(piece, index)))
    if (!Arr.isArrayNonEmpty(answers)) return

    assert.deepStrictEqual(plain(fold(splice(pieces))), plain(Exchanges.join(answers)))
  }, { arbitrary: { runs: 1000 } })

  it.prop("reads like one answer: one start, one end, blocks in order", [Pieces], ([pieces]) => {
    const events = splice(pieces)
    const starts = events.flatMap((event) => event.type === "content_block_start" ? [event.index] : [])
    const first = pieces[0]!.whole ? pieces[0]!.texts.length : 0

    assert.strictEqual(events[0]?.type, "message_start")
    assert.strictEqual(events.filter(({ type }) => type === "message_start").length, 1)
    assert.strictEqual(events.findIndex(({ type }) => type === "message_stop"), events.length - 1)
    const ends = events.flatMap(({ type }, index) => type === "message_delta" ? [index] : [])
    assert.isTrue(ends.every((index) => index === events.length - 2))
    assert.deepStrictEqual(starts, starts.map((_, index) => first + index))
  }, { arbitrary: { runs: 500 } })

  it("hands the events of a single answer down as they are", () => {
    const events = eventsOf({
      texts: ["a"],
      started: { input_tokens: 1, output_tokens: 1 },
      ended: { output_tokens: 2 },
      stop: "end_turn",
      details: null,
      container: "one",
      edits: 1,
      field: null,
      late: true,
      whole: false,
      held: true
    }, 0)
    const splicer = new Splice.Splicer()

    assert.strictEqual(splicer.next(events, false), events)
  })

  describe("addUsage", () => {
    it("adds counts field by field, and takes the later of what is no count", () => {
      const one: Usage.Usage = {
        input_tokens: 1,
        output_tokens: 2,
        cache_read_input_tokens: null,
        cache_creation: { ephemeral_5m_input_tokens: 3 },
        service_tier: "standard",
        iterations: [{ type: "message" }]
      }
      const other: Usage.Usage = {
        input_tokens: 10,
        output_tokens: 20,
        cache_read_input_tokens: 30,
        cache_creation: { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 40 },
        service_tier: "priority",
        iterations: [{ type: "compaction" }],
        speed: null
      }

      assert.deepStrictEqual(Exchanges.addUsage(one, other), {
        input_tokens: 11,
        output_tokens: 22,
        cache_read_input_tokens: 30,
        cache_creation: { ephemeral_5m_input_tokens: 33, ephemeral_1h_input_tokens: 40 },
        service_tier: "priority",
        iterations: [{ type: "message" }, { type: "compaction" }],
        speed: null
      })
    })
  })
})
