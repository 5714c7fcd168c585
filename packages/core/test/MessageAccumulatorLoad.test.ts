import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as V8 from "node:v8"
import * as Vm from "node:vm"

V8.setFlagsFromString("--expose-gc")
const gc: unknown = Vm.runInNewContext("gc")

/** Megabytes in use once garbage was collected. */
const used = (): number => {
  if (typeof gc === "function") gc()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const begin: ReadonlyArray<StreamEvent.StreamEvent> = [
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5-5",
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 }
    }
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }
]

const delta = (text: string): StreamEvent.StreamEvent => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text }
})

const textOf = (state: MessageAccumulator.MessageAccumulator): string => {
  const [block] = Option.getOrThrow(MessageAccumulator.snapshot(state)).content
  return block?.type === "text" ? block.text : ""
}

describe("MessageAccumulator", () => {
  for (const size of [1, 130]) {
    it(`holds the memory of one message, not of its pieces, taking ${size} at a time`, () => {
      const count = 1_000_000
      let state = MessageAccumulator.stepAll(MessageAccumulator.initial, begin)
      const before = used()
      for (let i = 0; i < count; i += size) {
        state = MessageAccumulator.stepAll(state, Array.from({ length: size }, (_, j) => delta(`${(i + j) % 1000} `)))
      }
      const after = used()

      // 3.9 million characters; as many pieces of their own would be 55 MB.
      assert.isAbove(textOf(state).length, 3_800_000)
      assert.isBelow(after - before, 8)
    }, 60_000)
  }
})
