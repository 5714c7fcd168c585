/**
 * A message that is known already, as the stream that would have brought it.
 *
 * @since 0.1.0
 */
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Interceptor from "../Interceptor.ts"
import type * as Open from "./open.ts"

/** What is said of an answer that was known already. */
export const meta = { cached: true, attempts: 0 } as const

/** Streams a message, and tells the follower of the call about it as of any other. */
export const stream = (
  message: Message.Message,
  follower: Interceptor.Follower,
  ended: (cause: Cause.Cause<Cause.Done>) => Effect.Effect<void>
): { readonly read: Open.Read; readonly stream: Stream.Stream<StreamEvent.StreamEvent> } => {
  const all = events(message)
  const whole = MessageAccumulator.stepAll(MessageAccumulator.initial, all)
  return {
    read: { meta, accumulator: () => whole },
    stream: Stream.fromIterable(all).pipe(
      Stream.onStart(follower.onContent ?? Effect.void),
      Stream.onEnd(Effect.suspend(() => ended(Cause.fail(Cause.Done()))))
    )
  }
}

/** Writes a message as events. Folded, they are the message again. */
export const events = (message: Message.Message): ReadonlyArray<StreamEvent.StreamEvent> => [
  { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
  ...message.content.flatMap(blockEvents),
  {
    type: "message_delta",
    delta: { stop_reason: message.stop_reason ?? null, stop_sequence: message.stop_sequence ?? null },
    usage: { output_tokens: message.usage.output_tokens }
  },
  { type: "message_stop" }
]

const blockEvents = (block: ContentBlock.ContentBlock, index: number): ReadonlyArray<StreamEvent.StreamEvent> => {
  const { deltas, shell } = parts(block)
  return [
    { type: "content_block_start", index, content_block: shell },
    ...deltas.map((delta): StreamEvent.StreamEvent => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index }
  ]
}

/** A block as the shell it starts as, and what then fills it. Blocks that do not grow come whole. */
const parts = (
  block: ContentBlock.ContentBlock
): { readonly shell: ContentBlock.ContentBlock; readonly deltas: ReadonlyArray<StreamEvent.Delta> } => {
  switch (block.type) {
    case "text":
      return { shell: { ...block, text: "" }, deltas: [{ type: "text_delta", text: block.text }] }
    case "thinking":
      return {
        shell: { ...block, thinking: "", signature: "" },
        deltas: [
          { type: "thinking_delta", thinking: block.thinking },
          { type: "signature_delta", signature: block.signature }
        ]
      }
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return {
        shell: { ...block, input: {} },
        deltas: [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }]
      }
    default:
      return { shell: block, deltas: [] }
  }
}
