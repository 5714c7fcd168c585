/**
 * Arbitraries of responses, conversations, requests and streams that the API
 * could produce or accept.
 *
 * Every wire schema derives an arbitrary (`Arbitrary.schema`) that generates
 * any value of the right shape. The arbitraries of this module generate
 * consistent values: every tool call has a result, ids are unique, the stop
 * reason matches the content, and the events of a stream fold to its message.
 * All of them shrink.
 *
 * They use `effect/Arbitrary`, which may change in a minor release of Effect.
 * No other module of this package depends on it.
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
// responses
// -----------------------------------------------------------------------------

/**
 * Generates responses with text, thinking, citations and tool calls, and
 * sometimes without content.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const message: Arbitrary.Arbitrary<Message> = Arbitrary.schema(Plan.Answer).pipe(
  Arbitrary.map((plan) => Plan.toMessage(plan))
)

/**
 * Generates the blocks of a response.
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
 * Generates conversations that the API accepts: the first and the last turn are
 * the user's, roles alternate, and every tool call has its result in the next
 * turn.
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const conversation: Arbitrary.Arbitrary<ReadonlyArray<MessageParam>> = Arbitrary.schema(Plan.Conversation).pipe(
  Arbitrary.map(Plan.toTurns)
)

/**
 * Generates requests that no rule refuses, in any version of the API.
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
 * Generates the streams of a message, with texts split and pings inserted at
 * any place. Each stream folds to the message.
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
 * Generates messages, each with one of its streams.
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
 * Generates the ways to split bytes into chunks that are not empty.
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
