/**
 * The line parser of server-sent events: text in, frames out.
 *
 * Follows the WHATWG rules (lines end in LF, CR or CRLF, split anywhere;
 * comments; several `data` lines joined with LF; one space after the colon; no
 * dispatch without a blank line, though `end` hands out what is left), except that it keeps no last event id and no
 * reconnection time: a stream of the API is never resumed.
 *
 * Linear in the length of the text, however small the pieces it arrives in: the
 * pieces of an unfinished line are kept and joined once. The byte order mark is
 * the business of whoever decodes the bytes.
 *
 * @since 0.1.0
 */

const LF = 10
const SPACE = 32

/** Receives one event: its name (empty when the event has no `event` line) and its data. */
export type OnFrame = (event: string, data: string) => void

/** Reads the frame that starts at `at` by other means. Returns where it ends, or -1 to leave it to the parser. */
export type ReadFrame = (text: string, at: number) => number

/** An incremental parser. It holds at most one unfinished event. */
export class SseParser {
  /** The pieces of the unfinished line. */
  #pieces: Array<string> = []
  /** Whether the text ended in CR, so that an LF at the start of the next is part of it. */
  #afterCarriageReturn = false
  #event = ""
  #data: string | undefined = undefined
  /** The `data` lines after the first, joined when the event is complete. */
  #moreData: Array<string> | undefined = undefined
  /** Characters held in the `data` lines of the unfinished event. */
  #held = 0
  /** Characters held in all, the unfinished line included. */
  #size = 0
  readonly #maxEventSize: number
  readonly #onFrame: OnFrame
  readonly #readFrame: ReadFrame

  constructor(maxEventSize: number, onFrame: OnFrame, readFrame: ReadFrame = leave) {
    this.#maxEventSize = maxEventSize
    this.#onFrame = onFrame
    this.#readFrame = readFrame
  }

  /** Reads more text. Returns false as soon as one event is larger than allowed. */
  feed(text: string): boolean {
    if (text.length === 0) return true
    let start = 0
    if (this.#afterCarriageReturn) {
      this.#afterCarriageReturn = false
      if (text.charCodeAt(0) === LF) start = 1
    }
    start = this.#readFrames(text, start)
    // The API ends lines with LF: one search settles that a text has no CR.
    let cr = text.indexOf("\r", start)
    let lf = text.indexOf("\n", start)
    while (lf !== -1 || cr !== -1) {
      const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr
      if (this.#pieces.length === 0) {
        if (!this.#line(text, start, end)) return false
      } else {
        this.#pieces.push(text.slice(start, end))
        const line = this.#pieces.join("")
        this.#pieces = []
        if (!this.#line(line, 0, line.length)) return false
      }
      start = end + 1
      // What is read by other means has no CR.
      if (end === lf) start = this.#readFrames(text, start)
      if (end === cr) {
        if (start === text.length) this.#afterCarriageReturn = true
        else if (text.charCodeAt(start) === LF) start++
        cr = text.indexOf("\r", start)
        if (lf !== -1 && lf < start) lf = text.indexOf("\n", start)
      } else {
        lf = text.indexOf("\n", start)
      }
    }
    if (start < text.length) {
      this.#pieces.push(start === 0 ? text : text.slice(start))
      this.#size += text.length - start
    }
    return this.#size <= this.#maxEventSize
  }

  /** Reads frames by other means, as long as that goes. */
  #readFrames(text: string, start: number): number {
    let at = start
    if (this.#data !== undefined || this.#event !== "" || this.#pieces.length > 0) return at
    for (let end = this.#readFrame(text, at); end !== -1; end = this.#readFrame(text, at)) at = end
    return at
  }

  /** Takes the event that the end of the text left without its blank line, its last line included. */
  end(): { readonly event: string; readonly data: string } | undefined {
    const line = this.#pieces.join("")
    this.#pieces = []
    if (line !== "") this.#line(line, 0, line.length)
    let pending: { readonly event: string; readonly data: string } | undefined
    this.#dispatch((event, data) => {
      pending = { event, data }
    })
    return pending
  }

  /** Reads one complete line, `text` from `start` to `end`. */
  #line(text: string, start: number, end: number): boolean {
    if (start === end) {
      this.#dispatch()
      return true
    }
    if (text.startsWith("data:", start)) {
      const from = start + 5
      this.#addData(text.slice(text.charCodeAt(from) === SPACE ? from + 1 : from, end))
    } else if (text.startsWith("event:", start)) {
      const from = start + 6
      this.#event = text.slice(text.charCodeAt(from) === SPACE ? from + 1 : from, end)
    } else if (end - start === 4 && text.startsWith("data", start)) {
      this.#addData("")
    } else if (end - start === 5 && text.startsWith("event", start)) {
      this.#event = ""
    }
    this.#size = this.#held
    return this.#size <= this.#maxEventSize
  }

  #addData(value: string): void {
    this.#held += value.length + 1
    if (this.#data === undefined) this.#data = value
    else (this.#moreData ??= []).push(value)
  }

  #dispatch(onFrame: OnFrame = this.#onFrame): void {
    const data = this.#data
    const event = this.#event
    const more = this.#moreData
    this.#event = ""
    this.#data = undefined
    this.#moreData = undefined
    this.#size = 0
    this.#held = 0
    if (data !== undefined) onFrame(event, more === undefined ? data : `${data}\n${more.join("\n")}`)
  }
}

const leave: ReadFrame = () => -1
