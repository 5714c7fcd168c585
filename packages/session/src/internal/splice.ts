/**
 * Joins the event streams of a turn that was continued.
 *
 * `Splicer` returns one stream of events. Its fold is what `Exchanges.join` returns
 * for the messages.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Usage from "@effect-claude/core/Usage"
import { addUsage, beside } from "./exchanges.ts"

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
