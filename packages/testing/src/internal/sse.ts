/**
 * Server-sent events as the API writes them.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Answer from "./answer.ts"
import { parse, record } from "./json.ts"
import type * as Random from "./random.ts"

/** What travels as one event. */
export interface Event {
  readonly type: string
}

/** Writes one event: its name, its data with the API's random padding, a blank line. */
export const encode = (event: Event, draw: Random.Draw): Answer.Bytes =>
  Answer.bytes(encoder.encode(`event: ${event.type}\ndata: ${pad(event, draw)}\n\n`))

/** Opens all blocks of a message first, sends their deltas in turn, and closes them last. Expects one event a frame. */
export const interleaved = (frames: ReadonlyArray<Answer.Frame>): ReadonlyArray<Answer.Frame> => {
  const blocks = new Map<unknown, Array<Answer.Frame>>()
  const before: Array<Answer.Frame> = []
  const opened: Array<Answer.Frame> = []
  const closed: Array<Answer.Frame> = []
  const after: Array<Answer.Frame> = []
  for (const frame of frames) {
    const { index, type } = record(frame._tag === "Bytes" ? dataOf(frame.bytes) : undefined)
    if (type === "content_block_start") opened.push(frame)
    else if (type === "content_block_stop") closed.push(frame)
    else if (type === "content_block_delta") blocks.set(index, [...blocks.get(index) ?? [], frame])
    else (closed.length === 0 ? before : after).push(frame)
  }
  const lists = [...blocks.values()]
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  const deltas = Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat()
  return [...before, ...opened, ...deltas, ...closed, ...after]
}

const dataOf = (bytes: Uint8Array): unknown => {
  const line = /^data: ?(.*)$/m.exec(decoder.decode(bytes))?.[1]
  return Option.getOrUndefined(parse(line ?? ""))
}

const decoder = new TextDecoder()

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
