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
  it("text concatenates the text blocks", () => {
    assert.strictEqual(Message.text(mixed), "abc")
    assert.strictEqual(Message.text(message({})), "")
  })

  it("thinking concatenates the thinking blocks", () => {
    assert.strictEqual(Message.thinking(mixed), "hm")
  })

  it("toolUses are the calls of client tools, not of server tools", () => {
    assert.deepStrictEqual(Message.toolUses(mixed).map((use) => use.id), ["1"])
  })

  it("citations have the text that they support", () => {
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
    it("returns none for a response that is not a refusal", () => {
      assert.deepStrictEqual(Message.refusal(message({})), Option.none())
    })

    it("returns the details of a refusal", () => {
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

  describe("isBlank", () => {
    it("holds for a response without blocks, and for one with blank text", () => {
      assert.isTrue(Message.isBlank(message({})))
      assert.isTrue(Message.isBlank(message({ content: [{ type: "text", text: " \n" }, { type: "text", text: "" }] })))
    })

    it("does not hold for a response with a call or with text", () => {
      assert.isFalse(Message.isBlank(message({ content: [{ type: "tool_use", id: "1", name: "f", input: {} }] })))
      assert.isFalse(Message.isBlank(mixed))
    })
  })

  it("files are those that code created, in order", () => {
    const answer = message({
      content: [
        {
          type: "code_execution_tool_result",
          tool_use_id: "1",
          content: {
            type: "code_execution_result",
            stdout: "",
            stderr: "",
            return_code: 0,
            content: [{ type: "code_execution_output", file_id: "a" }]
          }
        },
        {
          type: "code_execution_tool_result",
          tool_use_id: "2",
          content: {
            type: "encrypted_code_execution_result",
            encrypted_stdout: "",
            stderr: "",
            return_code: 0,
            content: [{ type: "code_execution_output", file_id: "b" }]
          }
        },
        {
          type: "code_execution_tool_result",
          tool_use_id: "3",
          content: { type: "code_execution_tool_result_error", error_code: "unavailable" }
        },
        {
          type: "bash_code_execution_tool_result",
          tool_use_id: "4",
          content: {
            type: "bash_code_execution_result",
            stdout: "",
            stderr: "",
            return_code: 0,
            content: [
              { type: "bash_code_execution_output", file_id: "c" },
              { type: "bash_code_execution_output", file_id: "d" }
            ]
          }
        },
        { type: "text", text: "Done." }
      ]
    })

    assert.deepStrictEqual(Message.files(answer), ["a", "b", "c", "d"])
    assert.deepStrictEqual(Message.files(mixed), [])
  })

  describe("fallbackOffer", () => {
    const refused = (details: object) =>
      Message.fallbackOffer(message({ stop_reason: "refusal", stop_details: { type: "refusal", ...details } }))

    it("has the recommended model and the token, when they are offered", () => {
      assert.deepStrictEqual(
        refused({ recommended_model: "claude-opus-5", fallback_credit_token: "t" }),
        Option.some({ model: "claude-opus-5", creditToken: "t" })
      )
      assert.deepStrictEqual(
        refused({ fallback_credit_token: "t" }),
        Option.some({ model: undefined, creditToken: "t" })
      )
    })

    it("returns none without an offer, and for other responses", () => {
      assert.deepStrictEqual(refused({ recommended_model: null }), Option.none())
      assert.deepStrictEqual(Message.fallbackOffer(message({ stop_reason: "refusal" })), Option.none())
      assert.deepStrictEqual(
        Message.fallbackOffer(message({ stop_details: { type: "refusal", recommended_model: "m" } })),
        Option.none()
      )
    })
  })

  describe("toParam", () => {
    it("keeps every block unchanged, and leaves out blank text", () => {
      const [thinking, text] = mixed.content
      const answer = message({ content: [thinking!, { type: "text", text: " " }, text!] })

      assert.deepStrictEqual(
        Message.toParam(answer),
        Option.some({ role: "assistant" as const, content: [thinking!, text!] })
      )
      assert.strictEqual(Option.getOrThrow(Message.toParam(answer)).content[0], thinking)
    })

    it("returns none when no block is left", () => {
      assert.deepStrictEqual(Message.toParam(message({ content: [{ type: "text", text: "" }] })), Option.none())
    })
  })

  describe("continuation", () => {
    it("is the response itself when it is paused", () => {
      const paused = { ...mixed, stop_reason: "pause_turn" }

      assert.deepStrictEqual(Message.continuation(paused), Message.toParam(paused))
    })

    it("returns none for any other response", () => {
      assert.deepStrictEqual(Message.continuation(mixed), Option.none())
    })
  })
})
