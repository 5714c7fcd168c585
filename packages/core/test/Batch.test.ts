import * as Batch from "@effect-claude/core/Batch"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"

const batch = (processing: number, succeeded: number, processing_status = "in_progress"): Batch.MessageBatch => ({
  id: "msgbatch_1",
  type: "message_batch",
  processing_status,
  request_counts: { processing, succeeded, errored: 1, canceled: 0, expired: 0 },
  created_at: "",
  expires_at: ""
})

describe("Batch", () => {
  describe("progress", () => {
    it("counts every request that is no longer processed", () => {
      assert.strictEqual(Batch.progress(batch(2, 1)), 0.5)
      assert.strictEqual(Batch.progress(batch(0, 3)), 1)
    })

    it("reports an empty batch as done", () => {
      const { request_counts, ...rest } = batch(0, 0)

      assert.strictEqual(Batch.progress({ ...rest, request_counts: { ...request_counts, errored: 0 } }), 1)
    })
  })

  it("isEnded is true only for the status ended", () => {
    assert.isFalse(Batch.isEnded(batch(0, 1, "canceling")))
    assert.isTrue(Batch.isEnded(batch(0, 1, "ended")))
  })

  it("keeps a result of an unknown type", () => {
    const line = { custom_id: "1", result: { type: "postponed", until: "later" } }

    assert.strictEqual<unknown>(Schema.decodeUnknownSync(Batch.BatchResult)(line), line)
  })

  it("refuses a succeeded result without a message", () => {
    const line = { custom_id: "1", result: { type: "succeeded" } }

    assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(Batch.BatchResult)(line)))
  })
})
