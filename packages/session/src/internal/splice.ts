/**
 * Joins the responses of a turn that was continued.
 *
 * `join` returns one message of them; `Splicer` returns one stream of their events,
 * whose fold is that message.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Usage from "@effect-claude/core/Usage"
import * as Arr from "effect/Array"
import * as Predicate from "effect/Predicate"

/** Joins messages: all their content, the end of the last, and the sum of their usage. */
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

/** Returns the fields besides content, end and usage. The last value of a field wins. */
const beside = (said: ReadonlyArray<object>): Partial<Message.Message> =>
  Object.fromEntries(
    said.flatMap((fields) => Object.entries(fields))
      .filter(([field, value]) => value !== null && value !== undefined && !ownFields.has(field))
  )

/** Fields that are joined otherwise, or are those of the first message. */
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

/** Adds token counts field by field. For other values, the later one wins. */
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

/** Turns the events of consecutive responses into those of one. */
export class Splicer {
  /** The number of blocks in the responses before. */
  private offset = 0
  private blocks = 0
  /** The usage of the responses before. */
  private before: Usage.Usage | undefined
  private usage: Usage.Usage | undefined
  private continued = false
  /** The other fields of the responses so far, which the end will carry. */
  private told: Partial<Message.Message> = {}

  /** Returns the events to emit. With `continues`, another response follows. */
  next(events: ReadonlyArray<StreamEvent.StreamEvent>, continues: boolean): ReadonlyArray<StreamEvent.StreamEvent> {
    if (!this.continued && !continues) {
      for (const event of events) this.watch(event)
      return events
    }
    return events.flatMap((event) => {
      this.watch(event)
      return this.move(event, continues)
    })
  }

  /** Begins the next response. */
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

  private move(event: StreamEvent.StreamEvent, continues: boolean): ReadonlyArray<StreamEvent.StreamEvent> {
    switch (event.type) {
      case "message_start":
        return this.continued ? this.unfold(event.message, continues) : [event]
      case "content_block_start":
      case "content_block_delta":
      case "content_block_stop":
        return this.offset === 0 ? [event] : [{ ...event, index: event.index + this.offset }]
      case "message_delta":
        this.tell(event, event.delta)
        return continues ? [] : [this.ended(event)]
      case "message_stop":
        return continues ? [] : [event]
      default:
        return [event]
    }
  }

  /** Returns the content that a continuation began with, and its end if it has one, as events. */
  private unfold(message: Message.Message, continues: boolean): ReadonlyArray<StreamEvent.StreamEvent> {
    const blocks = message.content.flatMap((content_block, i): ReadonlyArray<StreamEvent.StreamEvent> => [
      { type: "content_block_start", index: this.offset + i, content_block },
      { type: "content_block_stop", index: this.offset + i }
    ])
    this.tell(message)
    const { stop_details, stop_reason, stop_sequence } = message
    return continues || stop_reason === null || stop_reason === undefined
      ? blocks
      : [...blocks, this.ended({ type: "message_delta", delta: { stop_details, stop_reason, stop_sequence } })]
  }

  private tell(...said: ReadonlyArray<object>): void {
    this.told = { ...this.told, ...beside(said) }
  }

  /** Returns the end of the last response, with the other fields of all. */
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
