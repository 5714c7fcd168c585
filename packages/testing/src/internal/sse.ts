/**
 * Server-sent events as the API writes them.
 *
 * @since 0.1.0
 */
import * as Answer from "./answer.ts"
import type * as Random from "./random.ts"

/** What travels as one event. */
export interface Event {
  readonly type: string
}

/** Writes one event: its name, its data with the API's random padding, a blank line. */
export const encode = (event: Event, draw: Random.Draw): Answer.Bytes =>
  Answer.bytes(encoder.encode(`event: ${event.type}\ndata: ${pad(event, draw)}\n\n`))

/** Raw bytes of a stream, with an event ending after each blank line. */
export const framed = (bytes: Uint8Array): Answer.Bytes => {
  const ends: Array<number> = []
  let blank = true
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === carriageReturn) continue
    if (bytes[i] !== lineFeed) blank = false
    else if (blank) ends.push(i + 1)
    else blank = true
  }
  return { _tag: "Bytes", bytes, ends }
}

const lineFeed = 10

const carriageReturn = 13

/** The API puts up to fifteen spaces before the last brace of nearly every payload, and writes pings with one. */
const pad = (event: Event, draw: Random.Draw): string => {
  if (event.type === "ping") return `{"type": "ping"}`
  const json = JSON.stringify(event)
  return draw() < 0.01 ? json : `${json.slice(0, -1)}${" ".repeat(Math.floor(draw() * 16))}}`
}

const encoder = new TextEncoder()
