/**
 * Converts a message to the events of a stream that folds to it.
 *
 * Pure: the caller determines where texts are split and pings are inserted.
 *
 * @since 0.1.0
 */
import type { ContentBlock } from "../../ContentBlock.ts"
import type { Message } from "../../Message.ts"
import type { Delta, StreamEvent } from "../../StreamEvent.ts"
import * as ToolInput from "../../ToolInput.ts"

/** How the events of a stream are split. */
export interface Cuts {
  /** The lengths of pieces of text, in code points. The list is repeated. */
  readonly lengths: ReadonlyArray<number>
  /** Whether a ping follows an event. The list is repeated. */
  readonly pings: ReadonlyArray<boolean>
}

/** Converts a message to events. */
export const ofMessage = (message: Message, cuts: Cuts): ReadonlyArray<StreamEvent> => {
  const events: Array<StreamEvent> = [startOf(message)]
  message.content.forEach((block, index) => {
    const { deltas, shell } = grow(block, cuts)
    events.push({ type: "content_block_start", index, content_block: shell })
    for (const delta of deltas) events.push({ type: "content_block_delta", index, delta })
    events.push({ type: "content_block_stop", index })
  })
  events.push(endOf(message))
  return [...events.flatMap((event, index) => followed(event, index, cuts)), { type: "message_stop" }]
}

const followed = (event: StreamEvent, index: number, { pings }: Cuts): ReadonlyArray<StreamEvent> =>
  pings.length > 0 && pings[index % pings.length] === true ? [event, { type: "ping" }] : [event]

/** Returns the message of `message_start`: without content and stop reason, and with one output token. */
const startOf = (message: Message): StreamEvent => ({
  type: "message_start",
  message: {
    ...message,
    content: [],
    ...("stop_reason" in message ? { stop_reason: null } : undefined),
    ...("stop_sequence" in message ? { stop_sequence: null } : undefined),
    ...("stop_details" in message ? { stop_details: null } : undefined),
    usage: { ...message.usage, output_tokens: Math.min(1, message.usage.output_tokens) }
  }
})

const endOf = (message: Message): StreamEvent => ({
  type: "message_delta",
  delta: {
    ...("stop_reason" in message ? { stop_reason: message.stop_reason } : undefined),
    ...("stop_sequence" in message ? { stop_sequence: message.stop_sequence } : undefined),
    ...("stop_details" in message ? { stop_details: message.stop_details } : undefined)
  },
  usage: { output_tokens: message.usage.output_tokens }
})

/** Splits a block into its initial state and its deltas. A block without deltas is its own initial state. */
const grow = (
  block: ContentBlock,
  cuts: Cuts
): { readonly shell: ContentBlock; readonly deltas: ReadonlyArray<Delta> } => {
  switch (block.type) {
    case "text": {
      const citations = block.citations ?? []
      return {
        shell: { ...block, text: "", ...(citations.length > 0 ? { citations: [] } : undefined) },
        deltas: [
          ...citations.map((citation): Delta => ({ type: "citations_delta", citation })),
          ...pieces(block.text, cuts).map((text): Delta => ({ type: "text_delta", text }))
        ]
      }
    }
    case "thinking":
      return {
        shell: { ...block, thinking: "", signature: "" },
        deltas: [
          ...pieces(block.thinking, cuts).map((thinking): Delta => ({ type: "thinking_delta", thinking })),
          { type: "signature_delta", signature: block.signature }
        ]
      }
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      // An input that is incomplete, or not an object, would not be restored from its deltas.
      if (!ToolInput.isComplete(block)) return { shell: block, deltas: [] }
      return {
        shell: { ...block, input: {} },
        deltas: ["", ...pieces(JSON.stringify(block.input), cuts)].map((partial_json) => ({
          type: "input_json_delta",
          partial_json
        }))
      }
    default:
      return { shell: block, deltas: [] }
  }
}

/** Splits a text into pieces of the given lengths. No piece ends within a code point. */
const pieces = (text: string, { lengths }: Cuts): ReadonlyArray<string> => {
  const points = Array.from(text)
  const out: Array<string> = []
  for (let at = 0; at < points.length;) {
    const length = Math.max(1, lengths[out.length % Math.max(1, lengths.length)] ?? points.length)
    out.push(points.slice(at, at + length).join(""))
    at += length
  }
  return out
}
