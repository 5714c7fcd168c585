/**
 * The input of a tool call while it is being written. It is parsed only as far as
 * it is read, and each character once when it is read in the order of the text.
 *
 * @since 0.1.0
 */
import * as PartialJson from "@effect-claude/core/PartialJson"

/** The input of one call, whose text comes in pieces. */
export class LiveInput {
  readonly #start: unknown
  readonly #reader = PartialJson.make()
  /** How many characters were read. */
  #read = 0
  /** What came since all was read, and how much of it was read. */
  #recent = ""
  #readOfRecent = 0

  /** Takes the input that the call started with. */
  constructor(start: unknown) {
    this.#start = start
  }

  push(piece: string): void {
    if (this.#readOfRecent === this.#recent.length) {
      this.#recent = ""
      this.#readOfRecent = 0
    }
    this.#recent += piece
  }

  /** The value of the first characters, which are those of `json`. */
  at(json: string): unknown {
    if (json === "") return this.#start
    const more = json.length - this.#read
    if (more < 0) return PartialJson.parse(json).value
    if (more > 0) {
      this.#reader.push(this.#recent.slice(this.#readOfRecent, this.#readOfRecent + more))
      this.#readOfRecent += more
      this.#read = json.length
    }
    return this.#reader.snapshot()
  }
}
