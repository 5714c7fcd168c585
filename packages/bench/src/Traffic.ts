/**
 * The bytes every client is given: made once, the same for all of them.
 *
 * Shaped like real traffic: names of events, padding before the last brace,
 * usage in the first and last event. Made without chance, so that runs compare.
 *
 * @since 0.1.0
 */

/**
 * A stream as the pieces the server writes, and what a client must find in it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Traffic {
  readonly writes: ReadonlyArray<Uint8Array>
  /** How many events there are. */
  readonly events: number
  /** How many characters of text, thinking and tool input they carry. */
  readonly characters: number
}

const encoder = new TextEncoder()

const frame = (event: { readonly type: string }, i: number): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event).slice(0, -1)}${" ".repeat(i % 8)}}\n\n`

const begin = {
  type: "message_start",
  message: {
    id: "msg_01BenchmarkBenchmark",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5-5",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: 25,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1,
      service_tier: "standard"
    }
  }
}

const end = (stop_reason: string) => [
  { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 1000 } },
  { type: "message_stop" }
]

const block = (index: number, content_block: object, deltas: ReadonlyArray<object>) => [
  { type: "content_block_start", index, content_block },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index }
]

const words = ["stream", " of", " small", " words", ", each", " an", " event", ".\n"]

const repeat = <A>(count: number, f: (i: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, i) => f(i))

const word = (i: number): string => words[i % words.length]!

const lengthOf = (deltas: ReadonlyArray<string>): number => deltas.reduce((sum, text) => sum + text.length, 0)

const textEvents = (count: number) =>
  block(0, { type: "text", text: "" }, repeat(count, (i) => ({ type: "text_delta", text: word(i) })))

const make = (
  events: ReadonlyArray<{ readonly type: string }>,
  characters: number,
  cut: (frames: ReadonlyArray<string>) => ReadonlyArray<Uint8Array>
): Traffic => ({ writes: cut(events.map(frame)), events: events.length, characters })

/** Writes of 16 KB, as a busy connection brings them. */
const in16k = (frames: ReadonlyArray<string>): ReadonlyArray<Uint8Array> =>
  slices(encoder.encode(frames.join("")), () => 16_384)

const perEvent = (frames: ReadonlyArray<string>): ReadonlyArray<Uint8Array> =>
  frames.map((text) => encoder.encode(text))

/** Pieces of 1 to 1,024 bytes, from a fixed sequence. */
const anywhere = (frames: ReadonlyArray<string>): ReadonlyArray<Uint8Array> => {
  let state = 1
  return slices(encoder.encode(frames.join("")), () => {
    state = (state * 48_271) % 2_147_483_647
    return 1 + state % 1024
  })
}

const slices = (bytes: Uint8Array, next: () => number): ReadonlyArray<Uint8Array> => {
  const out: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length;) {
    const size = next()
    out.push(bytes.subarray(at, at + size))
    at += size
  }
  return out
}

const text = (count: number, cut: (frames: ReadonlyArray<string>) => ReadonlyArray<Uint8Array>): Traffic =>
  make([begin, ...textEvents(count), ...end("end_turn")], lengthOf(repeat(count, word)), cut)

const thinkingAndTool = (count: number): Traffic => {
  const half = Math.floor(count / 2)
  const json = JSON.stringify({ words: repeat(half, word) })
  const pieces = repeat(
    half,
    (i) => json.slice(i * Math.ceil(json.length / half), (i + 1) * Math.ceil(json.length / half))
  )
  const events = [
    begin,
    ...block(0, { type: "thinking", thinking: "", signature: "" }, [
      ...repeat(half, (i) => ({ type: "thinking_delta", thinking: word(i) })),
      { type: "signature_delta", signature: "c2lnbmF0dXJl" }
    ]),
    ...block(
      1,
      { type: "tool_use", id: "toolu_01", name: "write", input: {} },
      pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }))
    ),
    ...end("tool_use")
  ]
  return make(events, lengthOf(repeat(half, word)) + json.length, in16k)
}

const bigTool = (): Traffic => {
  const json = JSON.stringify({ path: "a.txt", content: word(0).repeat(Math.ceil(200_000 / word(0).length)) })
  const pieces = repeat(Math.ceil(json.length / 20), (i) => json.slice(i * 20, i * 20 + 20))
  const events = [
    begin,
    ...block(
      0,
      { type: "tool_use", id: "toolu_01", name: "write", input: {} },
      pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }))
    ),
    ...end("tool_use")
  ]
  return make(events, json.length, in16k)
}

/**
 * The streams, by name.
 *
 * @category constants
 * @since 0.1.0
 */
export const streams: { readonly [name: string]: () => Traffic } = {
  "text-16k": () => text(50_000, in16k),
  "text-per-event": () => text(50_000, perEvent),
  "text-anywhere": () => text(50_000, anywhere),
  "thinking-tool": () => thinkingAndTool(50_000),
  "big-tool": bigTool,
  "small-stream": () => text(5, perEvent),
  million: () => text(1_000_000, in16k)
}

const reply = (characters: number): string =>
  JSON.stringify({
    ...begin.message,
    content: [{ type: "text", text: word(0).repeat(Math.ceil(characters / word(0).length)).slice(0, characters) }],
    stop_reason: "end_turn"
  })

/**
 * The plain answers, by name.
 *
 * @category constants
 * @since 0.1.0
 */
export const replies: { readonly [name: string]: { readonly body: string; readonly characters: number } } = {
  "small-reply": { body: reply(300), characters: 300 },
  "large-reply": { body: reply(100_000), characters: 100_000 }
}
