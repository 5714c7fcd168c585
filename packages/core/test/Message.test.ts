import * as Message from "@effect-claude/core/Message"
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"

const message = (fields: Partial<Message.Message>): Message.Message => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 },
  ...fields
})

const citation = {
  type: "page_location",
  cited_text: "c",
  document_index: 0,
  start_page_number: 1,
  end_page_number: 2
} as const

const mixed = message({
  content: [
    { type: "thinking", thinking: "hm", signature: "s" },
    { type: "text", text: "a", citations: [citation] },
    { type: "tool_use", id: "1", name: "f", input: {} },
    { type: "server_tool_use", id: "2", name: "web_search", input: {} },
    { type: "text", text: "b", citations: [] },
    { type: "text", text: "c", citations: null }
  ]
})

describe("Message", () => {
  it("text joins the text blocks with nothing between", () => {
    assert.strictEqual(Message.text(mixed), "abc")
    assert.strictEqual(Message.text(message({})), "")
  })

  it("thinking joins what the model thought", () => {
    assert.strictEqual(Message.thinking(mixed), "hm")
  })

  it("toolUses are the calls the caller must answer, not the server's own", () => {
    assert.deepStrictEqual(Message.toolUses(mixed).map((use) => use.id), ["1"])
  })

  it("citations come with the text they support", () => {
    assert.deepStrictEqual(Message.citations(mixed), [{ text: "a", citations: [citation] }])
  })

  it.each(
    [
      ["end_turn", "isComplete"],
      ["stop_sequence", "isComplete"],
      ["max_tokens", "isTruncated"],
      ["model_context_window_exceeded", "isTruncated"],
      ["refusal", "isRefusal"],
      ["pause_turn", "isPaused"],
      ["tool_use", undefined],
      ["tomorrow", undefined],
      [null, undefined],
      [undefined, undefined]
    ] as const
  )("stop_reason %s is answered by %s alone", (stop_reason, expected) => {
    const self = message({ stop_reason })
    const predicates = {
      isComplete: Message.isComplete,
      isTruncated: Message.isTruncated,
      isRefusal: Message.isRefusal,
      isPaused: Message.isPaused
    }
    const holding = Object.entries(predicates).filter(([, holds]) => holds(self)).map(([name]) => name)

    assert.deepStrictEqual(holding, expected === undefined ? [] : [expected])
  })

  describe("refusal", () => {
    it("is none for an answer that is no refusal", () => {
      assert.deepStrictEqual(Message.refusal(message({})), Option.none())
    })

    it("says why, as far as it is told", () => {
      const stop_details = { type: "refusal", category: "bio", explanation: "no" } as const

      assert.deepStrictEqual(
        Message.refusal(message({ stop_reason: "refusal", stop_details })),
        Option.some({ category: "bio", explanation: "no" })
      )
    })

    it.each([null, undefined, { type: "refusal", category: null } as const])(
      "is there even when nothing is told: %j",
      (stop_details) => {
        assert.deepStrictEqual(
          Message.refusal(message({ stop_reason: "refusal", stop_details })),
          Option.some({ category: undefined, explanation: undefined })
        )
      }
    )
  })
})
