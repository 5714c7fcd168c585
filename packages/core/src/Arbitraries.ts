/**
 * Values to test a program with: answers, conversations, requests and streams as
 * the API has them.
 *
 * Every wire schema derives an arbitrary of its own (`Arbitrary.schema`), which
 * makes any value that has the right shape. The ones here make values that also
 * make sense: calls are answered, ids are their own, an answer stops for the
 * reason it shows, and the events of a stream fold to its message. All of them
 * shrink.
 *
 * They are built on `effect/Arbitrary`, which may change in a minor release of
 * Effect. Nothing else in this package depends on it.
 *
 * @since 0.1.0
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import type { ContentBlock } from "./ContentBlock.ts"
import * as Events from "./internal/arbitrary/events.ts"
import * as Plan from "./internal/arbitrary/plan.ts"
import type { Message } from "./Message.ts"
import type { MessageParam, MessageRequest } from "./MessageRequest.ts"
import type { StreamEvent } from "./StreamEvent.ts"

// -----------------------------------------------------------------------------
// answers
// -----------------------------------------------------------------------------

/**
 * Makes answers: text, thinking, citations and tool calls, and now and then
 * nothing at all.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const message: Arbitrary.Arbitrary<Message> = Arbitrary.schema(Plan.Answer).pipe(
  Arbitrary.map((plan) => Plan.toMessage(plan))
)

/**
 * Makes the blocks of an answer.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const content: Arbitrary.Arbitrary<ReadonlyArray<ContentBlock>> = message.pipe(
  Arbitrary.map((message) => message.content)
)

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/**
 * Makes conversations that the API accepts: the user begins and has the last
 * word, turns alternate, and every tool call is answered in the turn after it.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const conversation: Arbitrary.Arbitrary<ReadonlyArray<MessageParam>> = Arbitrary.schema(Plan.Conversation).pipe(
  Arbitrary.map(Plan.toTurns)
)

/**
 * Makes requests that no rule refuses, in whatever version of the API.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const request: Arbitrary.Arbitrary<MessageRequest> = Arbitrary.schema(Plan.Request).pipe(
  Arbitrary.map(Plan.toRequest)
)

// -----------------------------------------------------------------------------
// streams
// -----------------------------------------------------------------------------

const Cuts = Schema.Struct({
  lengths: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))),
  pings: Schema.Array(Schema.Boolean)
})

/**
 * Makes the streams that a message can arrive as: its texts cut anywhere, pings
 * anywhere. Each of them folds to the message.
 *
 * **Example** (Folding what was made)
 *
 * ```ts
 * import * as Arbitraries from "@effect-claude/core/Arbitraries"
 * import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
 * import * as Arbitrary from "effect/Arbitrary"
 * import * as Effect from "effect/Effect"
 *
 * const arriving = Arbitraries.message.pipe(Arbitrary.flatMap(Arbitraries.events))
 *
 * const [stream] = Effect.runSync(Arbitrary.sampleEffect(arriving, { count: 1, seed: 1 }))
 * const state = MessageAccumulator.stepAll(MessageAccumulator.initial, stream ?? [])
 *
 * state.done // => true
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const events = (message: Message): Arbitrary.Arbitrary<ReadonlyArray<StreamEvent>> =>
  Arbitrary.schema(Cuts).pipe(Arbitrary.map((cuts) => Events.ofMessage(message, cuts)))

/**
 * Makes messages together with a stream each can arrive as.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const stream: Arbitrary.Arbitrary<{
  readonly message: Message
  readonly events: ReadonlyArray<StreamEvent>
}> = message.pipe(
  Arbitrary.flatMap((message) => events(message).pipe(Arbitrary.map((events) => ({ message, events }))))
)

/**
 * Makes the ways in which bytes can arrive: in chunks of any lengths, none empty.
 * Together they are the bytes.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const chunks = (bytes: Uint8Array): Arbitrary.Arbitrary<ReadonlyArray<Uint8Array>> =>
  Arbitrary.schema(Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64 })))).pipe(
    Arbitrary.map((lengths) => {
      const out: Array<Uint8Array> = []
      for (let at = 0; at < bytes.length;) {
        const length = lengths[out.length % Math.max(1, lengths.length)] ?? bytes.length
        out.push(bytes.subarray(at, at + length))
        at += length
      }
      return out
    })
  )
