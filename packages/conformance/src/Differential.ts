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
 * The places where ours is knowingly different, each with its reason.
 *
 * @category comparing
 * @since 0.1.0
 */
export const explain = (difference: Difference.Difference): string | undefined =>
  exceptions.find(({ when }) => when(difference))?.reason

const exceptions: ReadonlyArray<{
  readonly reason: string
  readonly when: (difference: Difference.Difference) => boolean
}> = [
  {
    reason: "the SDK drops what message_delta says beside the fields it knows; ours keeps it",
    when: ({ expected, path }) => expected === "nothing" && !path.includes("content[")
  },
  {
    reason: "the SDK adds fields of its own to a message (parsed_output, _request_id); ours is what the API sent",
    when: ({ actual, path }) => actual === "nothing" && /parsed_output|_request_id/.test(path)
  }
]
