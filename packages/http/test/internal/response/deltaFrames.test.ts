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

/** What a decoder makes of texts, each one chunk. */
const decode = (texts: ReadonlyArray<string>, limits = { event: 1000, toolInput: 1000 }) => {
  const decoder = new EventDecoder(limits)
  const events = texts.map((text) => decoder.decode([encoder.encode(text)]))
  return { events: events.flat(), last: events.at(-1)!, stop: decoder.stop }
}

/** A reader that was shown a delta in the form of the API. */
const taught = (example: StreamEvent.ContentBlockDelta = eventOf("text_delta", "")): DeltaFrames => {
  const frames = new DeltaFrames()
  frames.learn("content_block_delta", JSON.stringify(example), example)
  return frames
}

const good = frameOf(eventOf("text_delta", "a"), 2)

/** Frames that are nearly like the example. */
const others: ReadonlyArray<readonly [what: string, frame: string]> = [
  ["has another index", frameOf(eventOf("text_delta", "a", 1))],
  ["is a delta of another kind", frameOf(eventOf("thinking_delta", "a"))],
  ["has no line for the event", good.slice(good.indexOf("data"))],
  ["ends its lines with CRLF", good.replaceAll("\n", "\r\n")],
  ["is not whole", good.slice(0, -1)],
  ["is cut in its string", good.slice(0, good.indexOf("\"a\"") + 2)],
  ["is cut behind its string", good.slice(0, good.indexOf("\"a\"") + 3)],
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
  it("reads what is like its example, where it stands", () => {
    for (const kind of kinds) {
      const frames = taught(eventOf(kind, "x", 12))
      const texts = ["", "a", "twelve chars", "thirteen char", "\"\\/\b\f\n\r\té\u2028💥", "\u0000".repeat(20)]
      for (const [padding, text] of texts.entries()) {
        const event = eventOf(kind, text, 12)
        const frame = frameOf(event, padding)

        assert.deepStrictEqual(frames.read(`??${frame}rest`, 2), event)
        assert.strictEqual(frames.end, 2 + frame.length)
        assert.strictEqual(frames.length, text.length)
      }
    }
  })

  it("reads escapes however they are written", () => {
    const frame = good.replace("\"a\"", "\"\\u0041\\/\\ud83d\\uDCA5\\u000a\"")

    assert.deepStrictEqual(taught().read(frame, 0), eventOf("text_delta", "A/💥\n"))
  })

  it("reads nothing before it was shown an example", () => {
    assert.isUndefined(new DeltaFrames().read(good, 0))
  })

  it("learns nothing from another form, and from other deltas, and keeps what it knows", () => {
    const frames = taught()
    const signature = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "signature_delta", signature: "s" }
    } as const
    const example = eventOf("thinking_delta", "a")
    frames.learn("content_block_delta", JSON.stringify(signature), signature)
    frames.learn("content_block_delta", ` ${JSON.stringify(example)}`, example)

    assert.isDefined(frames.read(good, 0))
    assert.isUndefined(frames.read(frameOf(signature), 0))
    assert.isUndefined(frames.read(frameOf(example), 0))
  })

  it("learns a form without a line for the event", () => {
    const frames = new DeltaFrames()
    const example = eventOf("text_delta", "a")
    frames.learn("", JSON.stringify(example), example)

    assert.deepStrictEqual(frames.read(good.slice(good.indexOf("data")), 0), example)
    assert.isUndefined(frames.read(good, 0))
  })

  for (const [what, frame] of others) {
    it(`leaves a frame to the parsers that ${what}`, () => {
      assert.isUndefined(taught().read(frame, 0))
      const known = decode([good, frame])

      assert.deepStrictEqual({ events: known.last, stop: known.stop }, {
        events: decode([frame]).events,
        stop: decode([frame]).stop
      })
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
        const frame = frameOf(eventOf(kind, text), 3)
        const place = at % (frame.length + 1)
        const changed = frame.slice(0, place) + added + frame.slice(place + removed)
        const after = frameOf(eventOf(kind, "after"))
        const alone = decode([changed + after])
        const known = decode([frameOf(eventOf(kind, "before")), changed + after])

        assert.deepStrictEqual(known.last, alone.events)
        assert.deepStrictEqual(known.stop, alone.stop)
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
        const sent = deltas.map(([kind, text, index]) => eventOf(kind, text, index))
        const bytes = encoder.encode(sent.map((event, i) => frameOf(event, i % 8)).join(""))
        const decoder = new EventDecoder({ event: 1e6, toolInput: 1e6 })
        const events: Array<StreamEvent.StreamEvent> = []
        const chunks: Array<Uint8Array> = []
        for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
        for (const chunk of chunks) events.push(...decoder.decode([chunk]))

        assert.deepStrictEqual(events, sent)
        assert.isUndefined(decoder.stop)
        assert.deepStrictEqual(new EventDecoder({ event: 1e6, toolInput: 1e6 }).decode(chunks), sent)
      }),
    { arbitrary: { runs: 500 } }
  )

  it("keeps to the limits", () => {
    const frames = (kind: Kind, ...sizes: ReadonlyArray<number>) =>
      [1, ...sizes].map((size) => frameOf(eventOf(kind, "x".repeat(size))))

    assert.strictEqual(decode(frames("text_delta", 300), { event: 200, toolInput: 10 }).stop?._tag, "Malformed")
    assert.isUndefined(decode(frames("text_delta", 20), { event: 200, toolInput: 10 }).stop)
    assert.isUndefined(decode(frames("input_json_delta", 10, 9), { event: 200, toolInput: 20 }).stop)
    assert.deepStrictEqual(decode(frames("input_json_delta", 10, 10), { event: 200, toolInput: 20 }).stop, {
      _tag: "Malformed",
      problem: "makes the input of a tool larger than 20 characters"
    })
  })

  it("reads any number of chunks of any size at once", () => {
    for (const sizes of [[], [0], [40_000], [32_000, 768, 1], [1, 32_768, 1, 0, 40_000, 20_000, 20_000]]) {
      const sent = sizes.map((size) => eventOf("text_delta", "x".repeat(size)))
      const chunks = sent.map((event) => encoder.encode(frameOf(event)))
      const decoder = new EventDecoder({ event: 1e6, toolInput: 1e6 })

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
