import * as Thread from "@effect-claude/core/Thread"
import { assert, describe, it } from "@effect/vitest"

describe("Thread", () => {
  it("create starts a thread", () => {
    assert.deepStrictEqual(Thread.create, { type: "create" })
  })

  it("continueFrom continues from a response", () => {
    assert.deepStrictEqual(Thread.continueFrom("msg_1"), { type: "continue", previous_message_id: "msg_1" })
  })
})
