import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DeltaFrames } from "../../../src/internal/response/deltaFrames.ts"
import { EventDecoder } from "../../../src/internal/response/eventDecoder.ts"

const encoder = new TextEncoder()

/** Bytes hold no half of a pair. */
const wellFormed = Schema.makeFilter((text: string) => new TextDecoder().decode(encoder.encode(text)) === text)

type Kind = "text_delta" | "thinking_delta" | "input_json_delta"

const kinds: ReadonlyArray<Kind> = ["text_delta", "thinking_delta", "input_json_delta"]

const deltaOf = (kind: Kind, text: string): StreamEvent.Delta =>
  kind === "text_delta"
    ? { type: kind, text }
    : kind === "thinking_delta"
    ? { type: kind, thinking: text }
    : { type: kind, partial_json: text }

const eventOf = (kind: Kind, text: string, index = 0): StreamEvent.ContentBlockDelta => ({
  type: "content_block_delta",
  index,
  delta: deltaOf(kind, text)
})

const frameOf = (event: StreamEvent.StreamEvent, padding = 0): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event).slice(0, -1)}${" ".repeat(padding)}}\n\n`

const usage = { input_tokens: 1, output_tokens: 1 }

/** Blocks 0, 1 and 2 take text, 3, 4 and 5 thinking, 6, 7 and 8 input. */
const opening = [
  { type: "message_start", message: { id: "m", type: "message", role: "assistant", model: "m", content: [], usage } },
  ...[
    { type: "text", text: "" },
    { type: "thinking", thinking: "", signature: "" },
    { type: "tool_use", id: "t", name: "f", input: {} }
  ].flatMap((content_block, kind) =>
    [0, 1, 2].map((index) => ({ type: "content_block_start", index: 3 * kind + index, content_block }))
  )
].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")

/** The index of a block that takes a kind of delta. */
const indexOf = (kind: Kind, index: number): number => 3 * kinds.indexOf(kind) + index

const open = (limits: { readonly event: number; readonly toolInput: number }): EventDecoder => {
  const decoder = new EventDecoder(limits)
  decoder.decode([encoder.encode(opening)])
  return decoder
}

/** What a decoder makes of texts, each one chunk, in a message that is open. */
const decode = (texts: ReadonlyArray<string>, limits = { event: 1000, toolInput: 1000 }) => {
  const decoder = open(limits)
  const events = texts.map((text) => decoder.decode([encoder.encode(text)]))
  return { events: events.flat(), last: events.at(-1)!, stop: decoder.stop }
}

/** The same events in a form that only the parsers read: with a comment before each line. */
const commented = (text: string): string => text.replace(/^(?=event|data)/gm, ":\n")

const good = frameOf(eventOf("text_delta", "a"), 2)

/** Frames that are nearly in the form of the API. */
const others: ReadonlyArray<readonly [what: string, frame: string]> = [
  ["ends its lines with CRLF", good.replaceAll("\n", "\r\n")],
  ["is not whole", good.slice(0, -1)],
  ["is cut in its string", good.slice(0, good.indexOf("\"a\"") + 2)],
  ["is cut behind its string", good.slice(0, good.indexOf("\"a\"") + 3)],
  ["has an index with a leading zero", good.replace("\"index\":0", "\"index\":01")],
  ["has a negative index", good.replace("\"index\":0", "\"index\":-1")],
  ["has a fractional index", good.replace("\"index\":0", "\"index\":0.5")],
  ["has an index of ten digits", good.replace("\"index\":0", "\"index\":1234567890")],
  ["has no index", good.replace("\"index\":0", "\"index\":")],
  ["is a delta of another kind", good.replace("text_delta", "test_delta")],
  ["has another event name", good.replace("event: content_block_delta", "event: content_block_deltas")],
  ["has one more field in the delta", good.replace("\"a\"", "\"a\",\"b\":1")],
  ["has one more field", good.replace("}  }", "},\"b\":1  }")],
  ["has another field first", good.replace("{\"type\"", "{\"a\":1,\"type\"")],
  ["has a data line more", good.replace("\n\n", "\ndata: \n\n")],
  ["has a comment in it", good.replace("\n\n", "\n:\n\n")],
  ["has a number for its string", good.replace("\"a\"", "1")],
  ["has a space before its brace", good.replace("}  }", " }  }")],
  ["has a tab before its last brace", good.replace("}  }", "}\t}")],
  ["lacks a brace", good.replace("}  }", "}")],
  ["has a brace too many", good.replace("}  }", "}}}")],
  ["holds a control character", good.replace("\"a\"", "\"a\u0001\"")],
  ["holds an escape that is none", good.replace("\"a\"", "\"\\x\"")],
  ["holds an escape that is cut", good.replace("\"a\"", "\"\\u12g4\"")],
  ["ends in a backslash", good.replace("\"a\"", "\"a\\\"")]
]

describe("DeltaFrames", () => {
  it("reads text, thinking and input for any index, named or not, where they stand", () => {
    for (const kind of kinds) {
      const frames = new DeltaFrames()
      const texts = ["", "a", "twelve chars", "thirteen char", "\"\\/\b\f\n\r\té\u2028💥", "\u0000".repeat(20)]
      for (const [padding, text] of texts.entries()) {
        for (const index of [0, 7, 12, 999_999_999]) {
          const event = eventOf(kind, text, index)
          const named = frameOf(event, padding)
          for (const frame of [named, named.slice(named.indexOf("data"))]) {
            assert.deepStrictEqual(frames.read(`??${frame}rest`, 2), event)
            assert.strictEqual(frames.end, 2 + frame.length)
            assert.strictEqual(frames.length, text.length)
          }
        }
      }
    }
  })

  it("reads escapes however they are written", () => {
    const frame = good.replace("\"a\"", "\"\\u0041\\/\\ud83d\\uDCA5\\u000a\"")

    assert.deepStrictEqual(new DeltaFrames().read(frame, 0), eventOf("text_delta", "A/💥\n"))
  })

  for (const [what, frame] of others) {
    it(`leaves a frame to the parsers that ${what}`, () => {
      assert.isUndefined(new DeltaFrames().read(frame, 0))
      assert.deepStrictEqual(decode([frame]), decode([commented(frame)]))
    })
  }

  it.effect.prop(
    "makes no difference to what is decoded, whatever is changed in a frame",
    {
      kind: Schema.Literals(kinds),
      text: Schema.String,
      at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 })),
      removed: Schema.Literals([0, 1, 2]),
      added: Schema.Literals(["", "\"", "\\", "}", "{", " ", "\n", "\r", "\t", ",", ":", "x", "7", "\\u0041", "\n\n"])
    },
    ({ added, at, kind, removed, text }) =>
      Effect.sync(() => {
        const frame = frameOf(eventOf(kind, text, indexOf(kind, 0)), 3)
        const place = at % (frame.length + 1)
        const changed = frame.slice(0, place) + added + frame.slice(place + removed)
        const after = frameOf(eventOf(kind, "after", indexOf(kind, 0)))

        assert.deepStrictEqual(decode([changed + after]), decode([commented(changed + after)]))
      }),
    { arbitrary: { runs: 2000 } }
  )

  it.effect.prop(
    "makes no difference to a stream of deltas, however it is cut",
    {
      deltas: Schema.Array(
        Schema.Tuple([Schema.Literals(kinds), Schema.String.check(wellFormed), Schema.Literals([0, 1, 2])])
      ),
      size: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 400 }))
    },
    ({ deltas, size }) =>
      Effect.sync(() => {
        const sent = deltas.map(([kind, text, index]) => eventOf(kind, text, indexOf(kind, index)))
        const bytes = encoder.encode(sent.map((event, i) => frameOf(event, i % 8)).join(""))
        const decoder = open({ event: 1e6, toolInput: 1e6 })
        const events: Array<StreamEvent.StreamEvent> = []
        const chunks: Array<Uint8Array> = []
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
        for (const chunk of chunks) events.push(...decoder.decode([chunk]))

        assert.deepStrictEqual(events, sent)
        assert.isUndefined(decoder.stop)
        assert.deepStrictEqual(open({ event: 1e6, toolInput: 1e6 }).decode(chunks), sent)
      }),
    { arbitrary: { runs: 500 } }
  )

  it("keeps to the limits", () => {
    const frames = (kind: Kind, ...sizes: ReadonlyArray<number>) =>
      [1, ...sizes].map((size) => frameOf(eventOf(kind, "x".repeat(size), indexOf(kind, 0))))

    assert.strictEqual(decode(frames("text_delta", 300), { event: 200, toolInput: 10 }).stop?._tag, "Malformed")
    assert.isUndefined(decode(frames("text_delta", 20), { event: 200, toolInput: 10 }).stop)
    assert.isUndefined(decode(frames("input_json_delta", 10, 9), { event: 200, toolInput: 20 }).stop)
    assert.deepStrictEqual(decode(frames("input_json_delta", 10, 10), { event: 200, toolInput: 20 }).stop, {
      _tag: "Malformed",
      problem: "makes the input of a tool larger than 20 characters"
    })
  })

  it("counts the input of each tool by itself, and anew after its end", () => {
    const piece = (index: number) => frameOf(eventOf("input_json_delta", "x".repeat(9), index))
    const stop = frameOf({ type: "content_block_stop", index: 6 })

    assert.isUndefined(decode([piece(6), piece(7), piece(6), piece(7)], { event: 200, toolInput: 20 }).stop)
    assert.strictEqual(
      decode([piece(6), piece(7), stop, piece(7), piece(7)], { event: 200, toolInput: 20 }).stop?._tag,
      "Malformed"
    )
  })

  it("hands out what comes before an event that has no place in the message, and fails there", () => {
    const lost = eventOf("text_delta", "lost", 9)
    const before = [eventOf("text_delta", "a", 0), eventOf("thinking_delta", "b", 3)]
    for (const form of [(text: string) => text, commented]) {
      const text = form([...before, lost, eventOf("text_delta", "c", 0)].map((event) => frameOf(event)).join(""))

      assert.deepStrictEqual(decode([text]), {
        events: before,
        last: before,
        stop: { _tag: "Malformed", problem: "adds to block 9, which has not started" }
      })
    }
  })

  it("reads any number of chunks of any size at once", () => {
    for (const sizes of [[], [0], [40_000], [32_000, 768, 1], [1, 32_768, 1, 0, 40_000, 20_000, 20_000]]) {
      const sent = sizes.map((size) => eventOf("text_delta", "x".repeat(size)))
      const chunks = sent.map((event) => encoder.encode(frameOf(event)))
      const decoder = open({ event: 1e6, toolInput: 1e6 })

      assert.deepStrictEqual(decoder.decode([...chunks, new Uint8Array()]), sent)
      assert.isUndefined(decoder.stop)
    }
  })

  it("reads nothing after the end", () => {
    const { events, last } = decode([good, frameOf({ type: "message_stop" }), good])

    assert.strictEqual(events.length, 2)
    assert.deepStrictEqual(last, [])
  })
})
