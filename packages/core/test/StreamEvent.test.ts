import * as Arbitraries from "@effect-claude/core/Arbitraries"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"

describe("StreamEvent", () => {
  describe("ofMessage", () => {
    it.effect.prop("fold to the message they were made from", [Arbitraries.message], ([message]) =>
      Effect.sync(() => {
        const events = StreamEvent.ofMessage(message)
        const folded = MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events))

        assert.isTrue(events.every(StreamEvent.is))
        assert.deepStrictEqual<unknown>(Option.getOrThrow(folded), {
          stop_reason: null,
          stop_sequence: null,
          ...message
        })
      }))

    it.effect.prop("have the text in deltas", [Arbitraries.message], ([message]) =>
      Effect.sync(() => {
        const said = StreamEvent.ofMessage(message).flatMap((event) =>
          event.type === "content_block_delta" && event.delta.type === "text_delta" ? [event.delta.text] : []
        )

        assert.deepStrictEqual(said, message.content.flatMap((block) => block.type === "text" ? [block.text] : []))
      }))
  })
})
