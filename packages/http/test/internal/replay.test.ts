import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Arbitraries from "@effect-claude/testing/Arbitraries"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Replay from "../../src/internal/replay.ts"

describe("Replay", () => {
  describe("events", () => {
    it.effect.prop("fold to the message they were made of", [Arbitraries.message], ([message]) =>
      Effect.sync(() => {
        const events = Replay.events(message)
        const folded = MessageAccumulator.snapshot(MessageAccumulator.stepAll(MessageAccumulator.initial, events))

        assert.isTrue(events.every(StreamEvent.is))
        assert.deepStrictEqual<unknown>(Option.getOrThrow(folded), {
          stop_reason: null,
          stop_sequence: null,
          ...message
        })
      }))

    it.effect.prop("say the text in deltas, as a stream does", [Arbitraries.message], ([message]) =>
      Effect.sync(() => {
        const said = Replay.events(message).flatMap((event) =>
          event.type === "content_block_delta" && event.delta.type === "text_delta" ? [event.delta.text] : []
        )

        assert.deepStrictEqual(said, message.content.flatMap((block) => block.type === "text" ? [block.text] : []))
      }))
  })
})
