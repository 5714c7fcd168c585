/**
 * Reads JSON that is still arriving: the input of a tool call, piece by piece.
 *
 * The reader keeps its place between pieces, so reading costs time in
 * proportion to the text and not to the number of pieces. What it shows is never
 * more than what has arrived: an unfinished string is shown as far as it goes,
 * an unfinished number, literal or key not at all, and nothing is repaired in
 * silence: `state` says whether the text was complete.
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How far a text has come.
 *
 * - `empty`: nothing but white space
 * - `partial`: a prefix of a JSON text
 * - `complete`: a whole JSON text
 * - `malformed`: no continuation can make it JSON
 *
 * @category models
 * @since 0.1.0
 */
export type State = "empty" | "partial" | "complete" | "malformed"

/**
 * A reader of one JSON text.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader {
  /** Takes the next piece. Pieces may end anywhere, inside an escape or a number. */
  readonly push: (piece: string) => void
  /** How far the text has come. */
  readonly state: () => State
  /**
   * What can be shown of it. A live view: the reader goes on filling the same
   * objects and arrays, so keep a snapshot rather than the view.
   */
  readonly value: () => unknown
  /**
   * What can be shown of it, as a value that stays as it is. What is complete is
   * shared between snapshots; only objects and arrays that still grow are copied.
   */
  readonly snapshot: () => unknown
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a reader of one JSON text.
 *
 * **Example** (Watching a tool's input arrive)
 *
 * ```ts
 * import * as PartialJson from "@effect-claude/core/PartialJson"
 *
 * const reader = PartialJson.make()
 * reader.push("{\"city\": \"Par")
 *
 * reader.value() // => { city: "Par" }
 * reader.state() // => "partial"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Reader => new Machine()

/**
 * Reads a text at once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string): { readonly state: State; readonly value: unknown } => {
  const reader = make()
  reader.push(text)
  return { state: reader.state(), value: reader.value() }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Frame =
  | { readonly kind: "array"; array: Array<unknown> }
  | { readonly kind: "object"; object: { [key: string]: unknown }; key: string }

/** What may come next. */
type Expect =
  | "value" // a value
  | "firstItem" // a value, or the end of the array
  | "firstKey" // a key, or the end of the object
  | "key" // a key
  | "colon"
  | "next" // a comma, or the end of the array or object
  | "end" // nothing but white space
  | "string" // more of a string
  | "scalar" // more of a number or literal
  | "malformed"

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const numberPrefix = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|(?:0|[1-9]\d*)(?:\.\d+)?[eE][+-]?\d*)?$/
const literals: { readonly [text: string]: boolean | null } = { true: true, false: false, null: null }
const escapes: { readonly [char: string]: string } = {
  "\"": "\"",
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t"
}

class Machine implements Reader {
  private expect: Expect = "value"
  private readonly frames: Array<Frame> = []
  private root: unknown = undefined
  private hasRoot = false
  /** The string, number or literal that is being read. */
  private token = ""
  /** An escape sequence that is being read, from its backslash on. */
  private escape = ""
  private readingKey = false
  private sawText = false
  /** Whether a snapshot holds what the frames hold. */
  private shared = false

  push(piece: string): void {
    let i = 0
    while (i < piece.length && this.expect !== "malformed") {
      i = this.expect === "string" ? this.readString(piece, i) : this.expect === "scalar"
        ? this.readScalar(piece, i)
        : this.readToken(piece, i)
    }
    if (this.expect === "string" && !this.readingKey) this.show(this.token)
  }

  state(): State {
    if (this.expect === "malformed") return "malformed"
    if (!this.sawText) return "empty"
    if (this.expect === "end") return "complete"
    return this.expect === "scalar" && this.frames.length === 0 && this.scalar() !== undefined ? "complete" : "partial"
  }

  value(): unknown {
    if (this.hasRoot) return this.root
    return this.expect === "scalar" && this.frames.length === 0 ? this.scalar()?.value : undefined
  }

  snapshot(): unknown {
    this.shared = true
    return this.value()
  }

  /** Reads white space and punctuation, and the first character of anything else. */
  private readToken(piece: string, i: number): number {
    const char = piece[i]!
    if (char === " " || char === "\n" || char === "\r" || char === "\t") return i + 1
    this.sawText = true
    switch (this.expect) {
      case "firstItem":
        if (char === "]") return this.close(i)
        return this.readValue(char, i)
      case "value":
        return this.readValue(char, i)
      case "firstKey":
        if (char === "}") return this.close(i)
        return this.readKey(char, i)
      case "key":
        return this.readKey(char, i)
      case "colon":
        if (char !== ":") return this.fail(i)
        this.expect = "value"
        return i + 1
      case "next": {
        const frame = this.frames[this.frames.length - 1]!
        if (char === ",") {
          this.expect = frame.kind === "array" ? "value" : "key"
          return i + 1
        }
        return char === (frame.kind === "array" ? "]" : "}") ? this.close(i) : this.fail(i)
      }
      default:
        return this.fail(i)
    }
  }

  private readKey(char: string, i: number): number {
    if (char !== "\"") return this.fail(i)
    this.startString(true)
    return i + 1
  }

  private readValue(char: string, i: number): number {
    if (char === "\"") {
      this.startString(false)
      this.place("")
      return i + 1
    }
    if (char === "[") {
      const array: Array<unknown> = []
      this.place(array)
      this.frames.push({ kind: "array", array })
      this.expect = "firstItem"
      return i + 1
    }
    if (char === "{") {
      const object: { [key: string]: unknown } = {}
      this.place(object)
      this.frames.push({ kind: "object", object, key: "" })
      this.expect = "firstKey"
      return i + 1
    }
    this.token = char
    this.expect = "scalar"
    return isScalarPrefix(char) ? i + 1 : this.fail(i)
  }

  private startString(isKey: boolean): void {
    this.token = ""
    this.escape = ""
    this.readingKey = isKey
    this.expect = "string"
  }

  /** Reads as much of a string as the piece has, a run of plain characters at a time. */
  private readString(piece: string, start: number): number {
    let i = start
    while (i < piece.length) {
      if (this.escape !== "") {
        this.escape += piece[i]!
        i++
        if (!this.readEscape()) return this.fail(i)
        continue
      }
      let end = i
      while (end < piece.length) {
        const code = piece.charCodeAt(end)
        if (code === 34 || code === 92 || code < 32) break
        end++
      }
      if (end > i) this.token += piece.slice(i, end)
      if (end === piece.length) return end
      const char = piece[end]!
      if (char === "\"") {
        this.endString()
        return end + 1
      }
      if (char !== "\\") return this.fail(end)
      this.escape = "\\"
      i = end + 1
    }
    return i
  }

  /** Takes an escape sequence when it is whole; false when it can never be one. */
  private readEscape(): boolean {
    const kind = this.escape[1]!
    if (kind === "u") {
      if (!/^\\u[0-9a-fA-F]{0,4}$/.test(this.escape)) return false
      if (this.escape.length === 6) {
        this.token += String.fromCharCode(Number.parseInt(this.escape.slice(2), 16))
        this.escape = ""
      }
      return true
    }
    const char = escapes[kind]
    if (char === undefined) return false
    this.token += char
    this.escape = ""
    return true
  }

  private endString(): void {
    if (this.readingKey) {
      const frame = this.frames[this.frames.length - 1]!
      if (frame.kind === "object") frame.key = this.token
      this.expect = "colon"
      return
    }
    this.show(this.token)
    this.afterValue()
  }

  /** Reads as much of a number or literal as the piece has. */
  private readScalar(piece: string, start: number): number {
    let i = start
    while (i < piece.length && /[-+.\w]/.test(piece[i]!)) {
      this.token += piece[i]!
      i++
    }
    if (!isScalarPrefix(this.token)) return this.fail(i)
    if (i === piece.length) return i
    const scalar = this.scalar()
    if (scalar === undefined) return this.fail(i)
    this.place(scalar.value)
    this.afterValue()
    return i
  }

  private scalar(): { readonly value: unknown } | undefined {
    if (Object.hasOwn(literals, this.token)) return { value: literals[this.token] }
    return number.test(this.token) ? { value: Number(this.token) } : undefined
  }

  private afterValue(): void {
    this.expect = this.frames.length === 0 ? "end" : "next"
  }

  private close(i: number): number {
    this.frames.pop()
    this.afterValue()
    return i + 1
  }

  private fail(i: number): number {
    this.expect = "malformed"
    return i + 1
  }

  /** Puts a new value where it belongs. */
  private place(value: unknown): void {
    this.own()
    const frame = this.frames[this.frames.length - 1]
    if (frame === undefined) {
      this.root = value
      this.hasRoot = true
    } else if (frame.kind === "array") frame.array.push(value)
    else define(frame.object, frame.key, value)
  }

  /** Replaces the value that was placed last. */
  private show(value: string): void {
    this.own()
    this.replace(this.frames[this.frames.length - 1], value)
  }

  /** Leaves to the snapshots what they hold, and goes on with copies of what still grows. */
  private own(): void {
    if (!this.shared) return
    this.shared = false
    let parent: Frame | undefined
    for (const frame of this.frames) {
      if (frame.kind === "array") this.replace(parent, frame.array = [...frame.array])
      else this.replace(parent, frame.object = { ...frame.object })
      parent = frame
    }
  }

  private replace(frame: Frame | undefined, value: unknown): void {
    if (frame === undefined) this.root = value
    else if (frame.kind === "array") frame.array[frame.array.length - 1] = value
    else define(frame.object, frame.key, value)
  }
}

/** Assigns as `JSON.parse` does: `__proto__` is a key like any other. */
const define = (object: { [key: string]: unknown }, key: string, value: unknown): void => {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else object[key] = value
}

const isScalarPrefix = (token: string): boolean =>
  numberPrefix.test(token) ||
  Object.keys(literals).some((literal) => token !== "" && literal.startsWith(token))
