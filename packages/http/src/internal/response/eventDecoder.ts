/**
 * From bytes to events, without an effect: what is done to each chunk.
 *
 * Deltas in the form of the API, which are nearly all events, are read by
 * `DeltaFrames`; every other event costs the parsing of its JSON and one
 * compiled check. The fold takes a chunk at a time. An event that has no place in
 * the message is not handed out: it ends the stream.
 *
 * A body that begins with a brace is JSON, whatever its type says: gateways send a
 * message or an error that way although a stream was requested.
 *
 * @since 0.1.0
 */
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as JsonText from "@effect-claude/core/JsonText"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as Shape from "@effect-claude/core/Shape"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Limits } from "../../Limits.ts"
import { DeltaFrames } from "./deltaFrames.ts"
import * as MissingFields from "./missingFields.ts"
import { SseParser } from "./sse.ts"

/** Why no further event can be decoded. */
export type Stop =
  | { readonly _tag: "Done" }
  | { readonly _tag: "ErrorEvent"; readonly event: unknown }
  | { readonly _tag: "Malformed"; readonly problem: string }

/** Turns the chunks of one response into events. */
export class EventDecoder {
  /** Set as soon as the stream is over, whatever the reason. What follows is not looked at. */
  stop: Stop | undefined = undefined
  /** The message as far as it has come. */
  accumulator: MessageAccumulator.MessageAccumulator = MessageAccumulator.initial
  /** Whether any event was decoded. */
  started = false
  /** The body as far as it arrived, if it is JSON. No line of an event begins with a brace. */
  #json: string | undefined
  /** Whether the body has begun, and is not JSON. */
  #isEvents = false
  /** The decoded events that were not returned yet. */
  #events: Array<StreamEvent.StreamEvent> = []
  readonly #text = new TextDecoder()
  readonly #parser: SseParser
  readonly #deltas = new DeltaFrames()
  readonly #limits: Pick<Limits, "event" | "toolInput">
  /** Characters of the tool inputs that are being written, by the index of their block. */
  readonly #toolInputs = new Map<number, number>()

  constructor(limits: Pick<Limits, "event" | "toolInput">) {
    this.#limits = limits
    this.#parser = new SseParser(
      limits.event,
      (event, data) => this.#frame(event, data),
      (text, at) => this.#delta(text, at)
    )
  }

  /** Reads chunks and returns the events that they complete. */
  decode(chunks: ReadonlyArray<Uint8Array>): Array<StreamEvent.StreamEvent> {
    const fed = Result.try(() => {
      for (let from = 0; from < chunks.length;) {
        const to = endOfBatch(chunks, from)
        if (!this.#feed(this.#text.decode(joined(chunks, from, to), streaming))) return false
        from = to
      }
      return true
    })
    if (this.stop === undefined) {
      if (Result.isFailure(fed)) this.stop = malformed(`is not JSON${placeOf(fed.failure)}`)
      else if (!fed.success) this.stop = malformed(`is larger than ${this.#limits.event} characters`)
    }
    return this.#take()
  }

  /** Reads a text. Returns false as soon as more is held than allowed. */
  #feed(text: string): boolean {
    if (this.#json === undefined && !this.#isEvents) {
      if (/^\s*\{/.test(text)) this.#json = ""
      else if (text.trim() !== "") this.#isEvents = true
    }
    if (this.#json === undefined) return this.#parser.feed(text)
    this.#json += text
    return this.#json.length <= this.#limits.event
  }

  /** Reads a body that is JSON in place of events: a message, or what the server says went wrong. */
  #readJson(json: string): void {
    if (JsonText.isDeep(json)) {
      this.stop = malformed("is nested too deeply")
      return
    }
    const value = Result.getOrUndefined(Result.try((): unknown => JSON.parse(json)))
    // It was cut.
    if (value === undefined) return
    const message = Shape.message.is(value) ? value : MissingFields.inMessage(value)
    if (Shape.message.is(message)) {
      this.#events = [...StreamEvent.ofMessage(message)]
      this.stop = { _tag: "Done" }
    } else if (ErrorResponse.isError(value)) this.stop = { _tag: "ErrorEvent", event: value }
    else this.stop = malformed(`that is a whole message does not match: ${mismatch(Shape.message, message)}`)
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
    if (this.#json !== undefined) this.#readJson(this.#json)
    const pending = this.#parser.end()
    if (pending !== undefined && isJson(pending.data)) this.#frame(pending.event, pending.data)
    return this.#take()
  }

  /** Folds the events and returns them, up to the first that has no place in the message. */
  #take(): Array<StreamEvent.StreamEvent> {
    const events = this.#events
    this.#events = []
    if (events.length === 0) return events
    this.started = true
    const next = MessageAccumulator.stepAll(this.accumulator, events)
    if (next.problem !== undefined) {
      this.stop = malformed(next.problem)
      return this.#takeUntilProblem(events)
    }
    this.accumulator = next
    return events
  }

  #takeUntilProblem(events: Array<StreamEvent.StreamEvent>): Array<StreamEvent.StreamEvent> {
    for (const [at, event] of events.entries()) {
      const next = MessageAccumulator.step(this.accumulator, event)
      if (next.problem !== undefined) return events.slice(0, at)
      this.accumulator = next
    }
    return events
  }

  /** Reads the frame that starts at `at` if it is a delta in the form of the API. Returns where it ends, or -1. */
  #delta(text: string, at: number): number {
    if (this.stop !== undefined) return -1
    const deltas = this.#deltas
    const limits = this.#limits
    const event = deltas.read(text, at)
    if (event === undefined || deltas.end - at > limits.event) return -1
    // The other way says what is wrong.
    if (event.delta.type === "input_json_delta" && !this.#fits(event.index, deltas.length)) return -1
    this.#events.push(event)
    return deltas.end
  }

  /** Counts a piece of a tool's input. Returns whether the input is still within the limit. */
  #fits(index: number, length: number): boolean {
    const size = (this.#toolInputs.get(index) ?? 0) + length
    if (size > this.#limits.toolInput) return false
    this.#toolInputs.set(index, size)
    return true
  }

  #frame(name: string, data: string): void {
    if (this.stop !== undefined || (data === "" && name !== "error")) return
    if (JsonText.isDeep(data)) {
      this.stop = malformed("is nested too deeply")
      return
    }
    // What is not JSON is no part of a message under a name that the API does not use for one.
    if (name !== "" && name !== "error" && !isPart.test(name) && !isJson(data)) return
    const parsed: unknown = name === "error" && !isJson(data) ? data : JSON.parse(data)
    const value = name === "" || !Predicate.isReadonlyObject(parsed) || "type" in parsed
      ? parsed
      : { type: name, ...parsed }
    // Errors are recognised by intent: gateways send them in shapes of their own.
    if (name === "error" || ErrorResponse.isError(value)) {
      this.stop = { _tag: "ErrorEvent", event: value }
      return
    }
    const event = Shape.streamEvent.is(value) ? value : MissingFields.inEvent(value)
    if (!Shape.streamEvent.is(event)) {
      this.stop = malformed(`does not match: ${mismatch(Shape.streamEvent, event)}`)
      return
    }
    if (
      event.type === "content_block_delta" && event.delta.type === "input_json_delta" &&
      !this.#fits(event.index, event.delta.partial_json.length)
    ) {
      this.stop = malformed(`makes the input of a tool larger than ${this.#limits.toolInput} characters`)
      return
    }
    if (event.type === "content_block_stop") this.#toolInputs.delete(event.index)
    this.#events.push(event)
    if (event.type === "message_stop") this.stop = { _tag: "Done" }
  }
}

const streaming = { stream: true }

/** The names of events that hold parts of a message. A server of events without names of their own uses `message`. */
const isPart = /^(?:message|content_block)/

/**
 * Bytes that are read as one text. A server that writes small pieces brings many
 * at once: together they hold fewer events that are cut.
 */
const batch = 32_768

const endOfBatch = (chunks: ReadonlyArray<Uint8Array>, from: number): number => {
  let to = from
  for (let size = 0; to < chunks.length; to++) {
    size += chunks[to]!.byteLength
    if (size > batch && to > from) break
  }
  return to
}

const joined = (chunks: ReadonlyArray<Uint8Array>, from: number, to: number): Uint8Array => {
  if (to - from === 1) return chunks[from]!
  let size = 0
  for (let i = from; i < to; i++) size += chunks[i]!.byteLength
  const bytes = new Uint8Array(size)
  let at = 0
  for (let i = from; i < to; i++) {
    bytes.set(chunks[i]!, at)
    at += chunks[i]!.byteLength
  }
  return bytes
}

const isJson = (text: string): boolean => Result.isSuccess(JsonText.parse(text))

const malformed = (problem: string): Stop => ({ _tag: "Malformed", problem })

/** Returns the first place where a value does not match. */
const mismatch = <A>(shape: Shape.Shape<A>, value: unknown): string =>
  Shape.format(shape.issues(value, "first")).replace(/\s+/g, " ").slice(0, 200)

/** Where a parser stopped. Engines quote the text around it, which is part of the answer. */
const placeOf = (failure: unknown): string => {
  const place = Predicate.isError(failure) ? /position \d+/.exec(failure.message) : null
  return place === null ? "" : ` (at ${place[0]})`
}
