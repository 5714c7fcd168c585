/**
 * The message the official SDK makes of a stream, to compare ours with.
 *
 * Both are given the same bytes: the SDK through a `fetch` that answers from
 * them, ours through `EventStream` and the fold. Where ours is knowingly
 * different, `explain` says why.
 *
 * @since 0.1.0
 */
import Anthropic from "@anthropic-ai/sdk"
import type { Message } from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as ToolInput from "@effect-claude/core/ToolInput"
import * as EventStream from "@effect-claude/http/EventStream"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type * as Difference from "./Difference.ts"

/**
 * Folds a recorded stream as the official SDK does. Fails with what it throws.
 *
 * @category folding
 * @since 0.1.0
 */
export const official = (text: string): Effect.Effect<unknown, unknown> =>
  Effect.tryPromise(() => {
    const client = new Anthropic({
      apiKey: "offline",
      maxRetries: 0,
      fetch: () =>
        Promise.resolve(new Response(text, { status: 200, headers: { "content-type": "text/event-stream" } }))
    })
    return client.messages.stream({ model: "m", max_tokens: 1, messages: [{ role: "user", content: "x" }] })
      .finalMessage()
      .then((message) => JSON.parse(JSON.stringify(message)) as unknown)
  })

/**
 * Folds a recorded stream as we do.
 *
 * @category folding
 * @since 0.1.0
 */
export const ours = (text: string) =>
  EventStream.decode(Stream.make(new TextEncoder().encode(text))).pipe(
    Stream.runCollect,
    Effect.map((events) =>
      Option.getOrUndefined(
        MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events))
      )
    ),
    Effect.result,
    Effect.map((result): Message | undefined => Result.isSuccess(result) ? result.success : undefined)
  )

/**
 * Says why ours is knowingly different at a place, or undefined where it should
 * not be.
 *
 * @category comparing
 * @since 0.1.0
 */
export const explain = ({ actual, expected, path }: Difference.Difference, ours: Message): string | undefined => {
  const index = /^\$\.content\[(\d+)\]/.exec(path)?.[1]
  const block = index === undefined ? undefined : ours.content[Number(index)]
  if (block?.type === "mcp_tool_use" || block?.type === "compaction") {
    return `the SDK's helper folds no delta of a beta block (${block.type}); ours does`
  }
  if (block?.type === "tool_use" && !ToolInput.of(block).complete) {
    return "the SDK repairs the input of a call that was cut, without a mark; ours keeps its text"
  }
  if (index === undefined && expected === "nothing") {
    return "the SDK's helper drops what message_delta says beside the fields it knows; ours keeps it"
  }
  if (actual === "nothing" && /\b(?:parsed_output|_request_id)$/.test(path)) {
    return "the SDK adds fields of its own; ours is what the API sent"
  }
  return undefined
}
