/**
 * From bytes to events, without an effect: what is done to each chunk.
 *
 * Per event the cost is the parsing of its JSON, one compiled check, and one
 * step of the fold that keeps the partial message for errors.
 *
 * @since 0.1.0
 */
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Limits } from "../Limits.ts"
import { SseParser } from "./sse.ts"

/** Why no further event can be decoded. */
export type Stop =
  | { readonly _tag: "Done" }
  | { readonly _tag: "ErrorEvent"; readonly event: StreamEvent.Error }
  | { readonly _tag: "Malformed"; readonly problem: string }

/** Turns the chunks of one response into events. */
export class EventDecoder {
  /** Set as soon as the stream is over, whatever the reason. What follows is not looked at. */
  stop: Stop | undefined = undefined
  /** The message as far as it has come. */
  accumulator: MessageAccumulator.MessageAccumulator = MessageAccumulator.initial
  /** Whether any event was decoded. */
  started = false
  /** The decoded events nobody took yet. */
  #events: Array<StreamEvent.StreamEvent> = []
  readonly #text = new TextDecoder()
  readonly #parser: SseParser
  readonly #limits: Pick<Limits, "event" | "toolInput">
  /** Characters of the tool input that is being written. */
  #toolInput = 0

  constructor(limits: Pick<Limits, "event" | "toolInput">) {
    this.#limits = limits
    this.#parser = new SseParser(limits.event, (event, data) => this.#frame(event, data))
  }

  /** Reads a chunk and returns the events that it completes. */
  decode(bytes: Uint8Array): Array<StreamEvent.StreamEvent> {
    const text = this.#text.decode(bytes, { stream: true })
    const fed = Result.try(() => this.#parser.feed(text))
    if (this.stop === undefined) {
      if (Result.isFailure(fed)) this.stop = malformed(`is not JSON${placeOf(fed.failure)}`)
      else if (!fed.success) this.stop = malformed(`is larger than ${this.#limits.event} characters`)
    }
    const events = this.#events
    this.#events = []
    return events
  }

  /**
   * Reads the end of the bytes, and returns the event that lacks nothing but its
   * blank line, if there is one.
   *
   * The rules for event streams drop such an event, since nothing tells that it
   * is whole. Here its JSON tells: an object that parses has arrived to its last
   * brace, and what a recorder or gateway trimmed was white space.
   */
  end(): Array<StreamEvent.StreamEvent> {
    if (this.stop !== undefined) return []
    const pending = this.#parser.end()
    if (pending !== undefined && isJson(pending.data)) this.#frame(pending.event, pending.data)
    const events = this.#events
    this.#events = []
    return events
  }

  #frame(name: string, data: string): void {
    if (this.stop !== undefined || data === "") return
    const parsed: unknown = JSON.parse(data)
    const value = name === "" || !Predicate.isReadonlyObject(parsed) || "type" in parsed
      ? parsed
      : { type: name, ...parsed }
    if (!StreamEvent.is(value)) {
      this.stop = malformed(`does not match: ${mismatch(value)}`)
      return
    }
    if (value.type === "error") {
      this.stop = { _tag: "ErrorEvent", event: value }
      return
    }
    if (value.type === "content_block_start") {
      this.#toolInput = 0
    } else if (value.type === "content_block_delta" && value.delta.type === "input_json_delta") {
      this.#toolInput += value.delta.partial_json.length
      if (this.#toolInput > this.#limits.toolInput) {
        this.stop = malformed(`makes the input of a tool larger than ${this.#limits.toolInput} characters`)
        return
      }
    }
    this.started = true
    this.accumulator = MessageAccumulator.step(this.accumulator, value)
    this.#events.push(value)
    if (value.type === "message_stop") this.stop = { _tag: "Done" }
  }
}

const isJson = (text: string): boolean => Result.isSuccess(Result.try((): unknown => JSON.parse(text)))

const malformed = (problem: string): Stop => ({ _tag: "Malformed", problem })

const decodeEvent = Schema.decodeUnknownResult(StreamEvent.StreamEvent)

/** Says where a value differs from every known event. */
const mismatch = (value: unknown): string => {
  const result = decodeEvent(value)
  const text = Result.isFailure(result) ? String(result.failure.message) : "no reason found"
  return text.replace(/\s+/g, " ").slice(0, 200)
}

/** Where a parser stopped. Engines quote the text around it, which is part of the answer. */
const placeOf = (failure: unknown): string => {
  const place = Predicate.isError(failure) ? /position \d+/.exec(failure.message) : null
  return place === null ? "" : ` (at ${place[0]})`
}
