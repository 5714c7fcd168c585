import * as Thread from "@effect-claude/core/Thread"
import { assert, describe, it } from "@effect/vitest"

describe("Thread", () => {
  it("create begins a thread", () => {
    assert.deepStrictEqual(Thread.create, { type: "create" })
  })

  it("continueFrom goes on from an answer", () => {
    assert.deepStrictEqual(Thread.continueFrom("msg_1"), { type: "continue", previous_message_id: "msg_1" })
  })
})
