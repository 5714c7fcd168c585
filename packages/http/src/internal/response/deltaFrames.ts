/**
 * The frames that make up nearly all of a stream: deltas that differ from the
 * one before them in nothing but a string.
 *
 * The API writes them in one form, `event: content_block_delta` on one line and
 * `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}   }`
 * on the next.
 *
 * Once a delta was parsed and checked, the next that begins and ends alike is
 * known to be as valid, and what it holds is known apart from the string. A
 * frame in any other form, be it one space more, is left to the parsers: what
 * comes of a frame is the same either way.
 *
 * @since 0.1.0
 */
import type * as StreamEvent from "@effect-claude/core/StreamEvent"

const QUOTE = 34
const BACKSLASH = 92
const BRACE = 125
const SPACE = 32
const LF = 10
const SMALL_N = 110

/** Engines copy a slice that is shorter, and keep the whole text for one that is not. */
const shortSlice = 13

type Kind = "text_delta" | "thinking_delta" | "input_json_delta"

const field = { text_delta: "text", thinking_delta: "thinking", input_json_delta: "partial_json" } as const

/** Reads frames that are like the last delta it was shown. */
export class DeltaFrames {
  /** Where the frame ends that was read last. */
  end = 0
  /** How long the string was. */
  length = 0
  #prefix = ""
  #kind: Kind | undefined = undefined
  #index = 0

  /** Takes a delta that was parsed and checked as the example of those to come. */
  learn(name: string, data: string, { delta, index }: StreamEvent.ContentBlockDelta): void {
    const { type } = delta
    if (type !== "text_delta" && type !== "thinking_delta" && type !== "input_json_delta") return
    const opening = `{"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${field[type]}":"`
    if (!data.startsWith(opening)) return
    this.#prefix = `${name === "" ? "" : `event: ${name}\n`}data: ${opening}`
    this.#kind = type
    this.#index = index
  }

  /** Reads the frame that starts at `at`, unless it is of another form, or not whole. */
  read(text: string, at: number): StreamEvent.ContentBlockDelta | undefined {
    const kind = this.#kind
    const prefix = this.#prefix
    if (kind === undefined) return undefined
    const start = at + prefix.length
    if (text.slice(at, start) !== prefix) return undefined
    const string = endOfString(text, start)
    const close = string < 0 ? ~string : string
    if (text.charCodeAt(close) !== QUOTE || text.charCodeAt(close + 1) !== BRACE) return undefined
    let end = close + 2
    while (text.charCodeAt(end) === SPACE) end++
    if (text.charCodeAt(end) !== BRACE || text.charCodeAt(end + 1) !== LF || text.charCodeAt(end + 2) !== LF) {
      return undefined
    }
    const value: unknown = string >= 0 && close - start < shortSlice
      ? text.slice(start, close)
      : JSON.parse(text.slice(start - 1, close + 1))
    if (typeof value !== "string") return undefined
    this.end = end + 3
    this.length = value.length
    return { type: "content_block_delta", index: this.#index, delta: deltaOf(kind, value) }
  }
}

const deltaOf = (type: Kind, value: string): StreamEvent.Delta => {
  switch (type) {
    case "text_delta":
      return { type, text: value }
    case "thinking_delta":
      return { type, thinking: value }
    case "input_json_delta":
      return { type, partial_json: value }
  }
}

/**
 * Where a string ends whose first character is at `start`, or the first
 * character that no string can hold. Inverted when there are escapes.
 */
const endOfString = (text: string, start: number): number => {
  let escaped = false
  let i = start
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE || code < SPACE) break
    if (code === BACKSLASH) {
      const length = lengthOfEscape(text, i)
      if (length === 0) break
      escaped = true
      i += length - 1
    }
  }
  return escaped ? ~i : i
}

/** How long the escape sequence at a backslash is; 0 if it is none. */
const lengthOfEscape = (text: string, at: number): number => {
  const code = text.charCodeAt(at + 1)
  if (code === QUOTE || code === BACKSLASH || code === SMALL_N) return 2
  const sequence = escapeSequence
  sequence.lastIndex = at
  return sequence.test(text) ? sequence.lastIndex - at : 0
}

const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
