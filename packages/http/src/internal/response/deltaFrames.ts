/**
 * Reads the frames that make up nearly all of a stream: deltas that add text,
 * thinking or input, in the form in which the API writes them.
 *
 * That form is `event: content_block_delta` on one line, which gateways leave
 * out, and `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}   }`
 * on the next. Only the index, the kind and the string vary, so such a frame
 * needs no JSON parser and no check. A frame in any other form, be it one space
 * more, is left to the parsers: the result is the same either way.
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
const ZERO = 48
const NINE = 57

/** Engines copy a slice that is shorter, and keep the whole text for one that is not. */
const shortSlice = 13

type Kind = "text_delta" | "thinking_delta" | "input_json_delta"

const start = "data: {\"type\":\"content_block_delta\",\"index\":"
const namedStart = `event: content_block_delta\n${start}`

/** What stands between the index and the string. */
const openings: ReadonlyArray<readonly [kind: Kind, opening: string]> = [
  ["text_delta", ",\"delta\":{\"type\":\"text_delta\",\"text\":\""],
  ["input_json_delta", ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\""],
  ["thinking_delta", ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\""]
]

/** Larger indexes are left to the parsers. */
const maxDigits = 9

/** Reads frames in the form of the API. */
export class DeltaFrames {
  /** Where the frame ends that was read last. */
  end = 0
  /** How long its string was. */
  length = 0

  /** Reads the frame that starts at `at`; undefined if it has another form or is cut. */
  read(text: string, at: number): StreamEvent.ContentBlockDelta | undefined {
    let i = at
    if (text.startsWith(namedStart, at)) i += namedStart.length
    else if (text.startsWith(start, at)) i += start.length
    else return undefined
    const digits = i
    let index = 0
    for (let code = text.charCodeAt(i); code >= ZERO && code <= NINE; code = text.charCodeAt(++i)) {
      index = index * 10 + code - ZERO
    }
    const count = i - digits
    // JSON writes no leading zero.
    if (count === 0 || count > maxDigits || (count > 1 && text.charCodeAt(digits) === ZERO)) return undefined
    for (const [kind, opening] of openings) {
      if (text.startsWith(opening, i)) return this.#string(text, i + opening.length, kind, index)
    }
    return undefined
  }

  /** Reads the string whose first character is at `start`, and the end of its frame. */
  #string(text: string, start: number, kind: Kind, index: number): StreamEvent.ContentBlockDelta | undefined {
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
    return { type: "content_block_delta", index, delta: deltaOf(kind, value) }
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

/** How long the escape sequence at a backslash is; 0 for any other text. */
const lengthOfEscape = (text: string, at: number): number => {
  const code = text.charCodeAt(at + 1)
  if (code === QUOTE || code === BACKSLASH || code === SMALL_N) return 2
  const sequence = escapeSequence
  sequence.lastIndex = at
  return sequence.test(text) ? sequence.lastIndex - at : 0
}

const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
