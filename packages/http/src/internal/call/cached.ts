/**
 * A message that is known already, as the stream that would have brought it.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Interceptor from "../../Interceptor.ts"
import type * as Open from "../response/eventReader.ts"

/** What is said of an answer that was known already. */
export const meta = { cached: true, attempts: 0 } as const

/** Streams a message, and tells the follower of the call about it as of any other. */
export const stream = (
  message: Message.Message,
  follower: Interceptor.Follower,
  ended: (cause: Cause.Cause<Cause.Done>) => Effect.Effect<void>
): { readonly read: Open.Read; readonly stream: Stream.Stream<StreamEvent.StreamEvent> } => {
  const all = StreamEvent.ofMessage(message)
  const whole = MessageAccumulator.stepAll(MessageAccumulator.initial, all)
  return {
    read: { meta, accumulator: () => whole },
    stream: Stream.fromArray(all).pipe(
      Stream.onStart(follower.onContent ?? Effect.void),
      Stream.onEnd(Effect.suspend(() => ended(Cause.fail(Cause.Done()))))
    )
  }
}
