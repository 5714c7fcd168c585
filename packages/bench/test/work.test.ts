import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as PartialJson from "@effect-claude/core/PartialJson"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Claude from "@effect-claude/http/Claude"
import * as EventStream from "@effect-claude/http/EventStream"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import * as Limits from "../../tools/limits.mjs"
import { fetchOf, request } from "../src/Client.ts"
import { charactersIn, effectsIn } from "./work.ts"

const encoder = new TextEncoder()

const frame = (event: { readonly type: string }): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

const usage = { input_tokens: 1, output_tokens: 1 }
const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], usage } as const

const opening: ReadonlyArray<StreamEvent> = [
  { type: "message_start", message },
  { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "a", name: "f", input: {} } }
]
const closing: ReadonlyArray<StreamEvent> = [{ type: "content_block_stop", index: 0 }, { type: "message_stop" }]

const deltaOf = (partial_json: string): StreamEvent => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "input_json_delta", partial_json }
})

const json = (deltas: number): ReadonlyArray<string> => [
  "{\"a\":[",
  ...Array.from({ length: deltas }, (_, i) => i % 2 === 0 ? `${i}` : `,"${i}\\n",`),
  "0]}"
]

/** A stream as chunks that hold so many deltas each. */
const chunksOf = (chunks: number, perChunk: number): ReadonlyArray<Uint8Array> => {
  const deltas = json(chunks * perChunk).map((piece) => frame(deltaOf(piece)))
  const out = [opening.map(frame).join("")]
  for (let at = 0; at < deltas.length; at += perChunk) out.push(deltas.slice(at, at + perChunk).join(""))
  return [...out, closing.map(frame).join("")].map((text) => encoder.encode(text))
}

const inPieces = (text: string, size: number): ReadonlyArray<Uint8Array> => {
  const bytes = encoder.encode(text)
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

const decoded = (chunks: ReadonlyArray<Uint8Array>): Stream.Stream<StreamEvent> =>
  Stream.fromIterable(chunks).pipe(Stream.rechunk(1), EventStream.decode(), Stream.orDie)

/** The whole client, over a `fetch` that hands out these chunks. */
const streamed = (chunks: ReadonlyArray<Uint8Array>): Stream.Stream<StreamEvent> =>
  Messages.stream(request).pipe(
    Stream.provide(Claude.layerFetch({ apiKey: Redacted.make("sk-ant-test") })),
    Stream.provideService(FetchHttpClient.Fetch, fetchOf(chunks)),
    Stream.orDie
  )

const drained = <A>(stream: Stream.Stream<A>): Effect.Effect<void> => Stream.runForEachArray(stream, () => Effect.void)

type Source = (chunks: ReadonlyArray<Uint8Array>) => Stream.Stream<StreamEvent>

/** How many effects each chunk takes, once a stream runs. */
const effectsPerChunk = Effect.fnUntraced(
  function*(perChunk: number, run: (chunks: ReadonlyArray<Uint8Array>) => Effect.Effect<unknown>) {
    const few = yield* effectsIn(run(chunksOf(20, perChunk)))
    const many = yield* effectsIn(run(chunksOf(60, perChunk)))
    return (many - few) / 40
  }
)

const sources: ReadonlyArray<readonly [name: string, source: Source, atMost: number]> = [
  ["bytes decoded as events", decoded, Limits.effectsPerChunk.decoded],
  ["a call over fetch", streamed, Limits.effectsPerChunk.streamed]
]

const consumers: ReadonlyArray<
  readonly [name: string, run: (events: Stream.Stream<StreamEvent>) => Effect.Effect<unknown>]
> = [
  ["events", drained],
  ["MessageStream.text", (events) => drained(MessageStream.text(events))],
  ["MessageStream.thinking", (events) => drained(MessageStream.thinking(events))],
  ["MessageStream.toolInputs", (events) => drained(MessageStream.toolInputs(events))],
  ["MessageStream.snapshots", (events) => drained(Stream.orDie(MessageStream.snapshots(events)))],
  ["MessageStream.final", (events) => Effect.orDie(MessageStream.final(events))]
]

/** Asserts that twice as much takes twice the work. */
const assertLinear = (work: (n: number) => number): void => {
  const once = work(2000)
  const twice = work(4000)

  assert.isAbove(once, 2000)
  assert.isAtLeast(twice / once, 1.8)
  assert.isAtMost(twice / once, 2.2)
}

describe("effects per chunk", () => {
  for (const [name, source, atMost] of sources) {
    for (const [consumer, run] of consumers) {
      it.effect(`of ${name}, as ${consumer}: as many for one event as for thirty`, () =>
        Effect.gen(function*() {
          const one = yield* effectsPerChunk(1, (chunks) => run(source(chunks)))
          const thirty = yield* effectsPerChunk(30, (chunks) => run(source(chunks)))

          assert.isAtLeast(one, 1)
          assert.isAtMost(one, atMost)
          assert.approximately(thirty, one, 0.5)
        }), 30_000)
    }
  }
})

describe("parsers", () => {
  it("are asked for few of the deltas that the API writes", () => {
    const deltas = 10_000
    const bytes = [...chunksOf(deltas, 1)].map((chunk) => new TextDecoder().decode(chunk)).join("")
    const events = inPieces(bytes, 16_384)
    const plain = charactersIn(() => Effect.runSync(drained(decoded(chunksOf(deltas, 1)))))
    const cut = charactersIn(() => Effect.runSync(drained(decoded(events))))

    // Strings with an escape are parsed by themselves, all others of whole frames not at all.
    assert.isBelow(plain.parsed, deltas / 2 + 20)
    assert.isBelow(cut.parsed, deltas / 2 + events.length + 20)
  })
})

describe("work in proportion to the text", () => {
  it("of one huge event in small pieces", () => {
    assertLinear((n) => {
      const events = [...opening, deltaOf("x".repeat(n * 100)), ...closing]
      const chunks = inPieces(events.map(frame).join(""), 100)
      return charactersIn(() => Effect.runSync(drained(decoded(chunks)))).characters
    })
  })

  it("of one huge event in many lines", () => {
    assertLinear((n) => {
      const data = `data: {\n${"data: \n".repeat(n)}data: "type":"message_stop"}\n\n`
      return charactersIn(() => Effect.runSync(drained(decoded(inPieces(data, 1000))))).characters
    })
  })

  for (const size of [7, 16_384]) {
    it(`of many events in pieces of ${size} bytes`, () => {
      assertLinear((n) => {
        const text = [...opening, ...json(n).map(deltaOf), ...closing].map(frame).join("")
        const chunks = inPieces(text, size)
        return charactersIn(() => Effect.runSync(drained(decoded(chunks)))).characters
      })
    })
  }

  for (const size of [1, 100]) {
    it(`of a fold that takes ${size} at a time`, () => {
      assertLinear((n) => {
        const events = [...opening, ...json(n).map(deltaOf), ...closing]
        return charactersIn(() => {
          let state = MessageAccumulator.initial
          for (let at = 0; at < events.length; at += size) {
            state = MessageAccumulator.stepAll(state, events.slice(at, at + size))
          }
          assert.isTrue(Option.isSome(MessageAccumulator.snapshot(state)))
        }).characters
      })
    })
  }

  it("of a reader that is looked at after every piece", () => {
    assertLinear((n) => {
      const pieces = json(n)
      return charactersIn(() => {
        const reader = PartialJson.make()
        for (const piece of pieces) {
          reader.push(piece)
          reader.snapshot()
        }
        assert.strictEqual(reader.state(), "complete")
      }).characters
    })
  })

  it("of a tool's input that is looked at after every piece", () => {
    assertLinear((n) => {
      const events = Stream.fromArray([...opening, ...json(n).map(deltaOf), ...closing])
      let looks = 0
      const run = Stream.runForEach(MessageStream.toolInputs(events), (input) =>
        Effect.sync(() => {
          if (input.value !== undefined) looks++
        }))
      const { characters } = charactersIn(() => Effect.runSync(run))

      assert.isAtLeast(looks, n)
      return characters
    })
  })
})
