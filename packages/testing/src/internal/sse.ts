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

/** The API puts up to fifteen spaces before the last brace of nearly every payload, and writes pings with one. */
const pad = (event: Event, draw: Random.Draw): string => {
  if (event.type === "ping") return `{"type": "ping"}`
  const json = JSON.stringify(event)
  return draw() < 0.01 ? json : `${json.slice(0, -1)}${" ".repeat(Math.floor(draw() * 16))}}`
}

const encoder = new TextEncoder()
