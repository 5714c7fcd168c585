/**
 * Several answers as one: a turn that was continued reads like a turn that was
 * not.
 *
 * `join` makes one message of them; `Splicer` makes one stream of their events,
 * whose fold is that message.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Usage from "@effect-claude/core/Usage"
import * as Arr from "effect/Array"
import * as Predicate from "effect/Predicate"

/** One message of several: all their content, the end of the last, and the sum of what they used. */
export const join = (messages: Arr.NonEmptyReadonlyArray<Message.Message>): Message.Message => {
  const first = Arr.headNonEmpty(messages)
  const last = Arr.lastNonEmpty(messages)
  if (messages.length === 1) return first
  const { stop_details, stop_reason, stop_sequence } = last
  return {
    ...first,
    ...beside(messages.slice(1)),
    content: messages.flatMap((message) => message.content),
    stop_reason,
    stop_sequence,
    stop_details,
    usage: messages.slice(1).reduce((sum, message) => addUsage(sum, message.usage), first.usage)
  }
}

/** What answers, or events of them, say beside their content, their end and what they used. The last one has the word. */
const beside = (said: ReadonlyArray<object>): Partial<Message.Message> =>
  Object.fromEntries(
    said.flatMap((fields) => Object.entries(fields))
      .filter(([field, value]) => value !== null && value !== undefined && !ownFields.has(field))
  )

/** What is joined in a way of its own, or belongs to the first answer. */
const ownFields: ReadonlySet<string> = new Set([
  "id",
  "type",
  "role",
  "model",
  "content",
  "delta",
  "stop_reason",
  "stop_sequence",
  "stop_details",
  "usage"
])

/** Adds token counts field by field; what is not a count is the later one's. */
export const addUsage = (self: Usage.Usage, that: Usage.Usage): Usage.Usage => {
  const out: { [field: string]: unknown } = { ...self }
  for (const [field, value] of Object.entries(that)) {
    if (value !== null && value !== undefined) out[field] = addValue(out[field], value)
  }
  return { ...self, ...that, ...out }
}

const addValue = (a: unknown, b: unknown): unknown => {
  if (typeof a === "number" && typeof b === "number") return a + b
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
  if (!Predicate.isObject(a) || !Predicate.isObject(b)) return b
  const out: { [field: string]: unknown } = { ...a }
  for (const [field, value] of Object.entries(b)) out[field] = addValue(out[field], value)
  return out
}

/** Turns the events of one answer after the other into those of one. */
export class Splicer {
  /** How many blocks the answers before this one had. */
  private offset = 0
  private blocks = 0
  /** What the answers before this one used. */
  private before: Usage.Usage | undefined
  private usage: Usage.Usage | undefined
  private continued = false
  /** What the answers so far said beside all that, and was not handed down yet. */
  private told: Partial<Message.Message> = {}

  /** The events to hand down. With `goesOn`, the answer they end is not the last. */
  next(events: ReadonlyArray<StreamEvent.StreamEvent>, goesOn: boolean): ReadonlyArray<StreamEvent.StreamEvent> {
    if (!this.continued && !goesOn) {
      for (const event of events) this.watch(event)
      return events
    }
    return events.flatMap((event) => {
      this.watch(event)
      return this.move(event, goesOn)
    })
  }

  /** Begins the next answer. */
  begin(): void {
    this.offset += this.blocks
    this.before = this.usage === undefined
      ? this.before
      : this.before === undefined
      ? this.usage
      : addUsage(this.before, this.usage)
    this.continued = true
  }

  private watch(event: StreamEvent.StreamEvent): void {
    if (event.type === "message_start") {
      this.blocks = event.message.content.length
      this.usage = event.message.usage
    } else if (event.type === "content_block_start") this.blocks = Math.max(this.blocks, event.index + 1)
    else if (event.type === "message_delta" && this.usage !== undefined) {
      this.usage = event.usage === undefined || event.usage === null
        ? this.usage
        : Usage.applyDelta(this.usage, event.usage)
    }
  }

  private move(event: StreamEvent.StreamEvent, goesOn: boolean): ReadonlyArray<StreamEvent.StreamEvent> {
    switch (event.type) {
      case "message_start":
        return this.continued ? this.unfold(event.message, goesOn) : [event]
      case "content_block_start":
      case "content_block_delta":
      case "content_block_stop":
        return this.offset === 0 ? [event] : [{ ...event, index: event.index + this.offset }]
      case "message_delta":
        this.tell(event, event.delta)
        return goesOn ? [] : [this.ended(event)]
      case "message_stop":
        return goesOn ? [] : [event]
      default:
        return [event]
    }
  }

  /** The content a continuation began with, and its end where it came whole, as events of the first answer. */
  private unfold(message: Message.Message, goesOn: boolean): ReadonlyArray<StreamEvent.StreamEvent> {
    const blocks = message.content.flatMap((content_block, i): ReadonlyArray<StreamEvent.StreamEvent> => [
      { type: "content_block_start", index: this.offset + i, content_block },
      { type: "content_block_stop", index: this.offset + i }
    ])
    this.tell(message)
    const { stop_details, stop_reason, stop_sequence } = message
    return goesOn || stop_reason === null || stop_reason === undefined
      ? blocks
      : [...blocks, this.ended({ type: "message_delta", delta: { stop_details, stop_reason, stop_sequence } })]
  }

  private tell(...said: ReadonlyArray<object>): void {
    this.told = { ...this.told, ...beside(said) }
  }

  /** The end of the last answer, which says what the others said as well. */
  private ended(event: StreamEvent.MessageDelta): StreamEvent.MessageDelta {
    const { container, ...told } = this.told
    const delta = container === undefined ? event.delta : { ...event.delta, container }
    return { ...event, ...told, type: event.type, delta, usage: this.total() }
  }

  private total(): Usage.Usage {
    const usage = this.usage ?? { input_tokens: 0, output_tokens: 0 }
    return this.before === undefined ? usage : addUsage(this.before, usage)
  }
}
