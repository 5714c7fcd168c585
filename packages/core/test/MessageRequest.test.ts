import * as MessageRequest from "@effect-claude/core/MessageRequest"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const { assistant, normalize, system, user } = MessageRequest

describe("MessageRequest", () => {
  describe("normalize", () => {
    it("merges consecutive turns of the same role, as the API does", () => {
      assert.deepStrictEqual(
        normalize([user("a"), user("b"), assistant("c"), assistant([{ type: "text", text: "d" }])]),
        [
          user([{ type: "text", text: "a" }, { type: "text", text: "b" }]),
          assistant([{ type: "text", text: "c" }, { type: "text", text: "d" }])
        ]
      )
    })

    it("does not change a conversation that alternates", () => {
      const turns = [user("a"), assistant("b"), user("c")]

      assert.deepStrictEqual(normalize(turns), turns)
    })

    it("never merges system turns", () => {
      assert.strictEqual(normalize([system("a"), system("b")]).length, 2)
    })

    it.prop(
      "changes nothing the second time, and loses no block",
      [Schema.Array(
        Schema.Union([MessageRequest.UserParam, MessageRequest.AssistantParam, MessageRequest.SystemParam])
      )],
      ([turns]) => {
        const once = normalize(turns)
        const count = (all: ReadonlyArray<MessageRequest.MessageParam>) =>
          all.reduce((n, turn) => n + MessageRequest.blocks(turn.content).length, 0)

        assert.deepStrictEqual(normalize(once), once)
        assert.strictEqual(count(once), count(turns))
      }
    )
  })

  describe("blocks", () => {
    it("converts a string to one text block, and absence to none", () => {
      assert.deepStrictEqual(MessageRequest.blocks("a"), [{ type: "text", text: "a" }])
      assert.deepStrictEqual(MessageRequest.blocks(undefined), [])
      assert.deepStrictEqual(MessageRequest.blocks([]), [])
    })
  })

  describe("MessageRequest", () => {
    const request = { model: "claude-tomorrow", max_tokens: 1, messages: [user("a")] }
    const messageOf = (input: unknown) => {
      const result = Schema.decodeUnknownResult(MessageRequest.MessageRequest)(input)
      return result._tag === "Failure" ? result.failure.message : "accepted"
    }

    it("keeps fields that it does not know", () => {
      const input = { ...request, tomorrow: { a: 1 }, tools: [{ type: "laser_20300101", name: "laser" }] }

      assert.strictEqual<unknown>(Schema.decodeUnknownSync(MessageRequest.MessageRequest)(input), input)
    })

    it.each(["model", "max_tokens", "messages"])("requires %s", (field) => {
      assert.strictEqual(messageOf({ ...request, [field]: undefined }).split("\n")[1], `  at ["${field}"]`)
    })

    it("accepts max_tokens 0, which warms the cache", () => {
      assert.strictEqual(messageOf({ ...request, max_tokens: 0 }), "accepted")
    })

    it("names the turn that is malformed", () => {
      const broken = { ...request, messages: [user("a"), { role: "user", content: [{ type: "text" }] }] }

      assert.include(messageOf(broken), "at [\"messages\"][1][\"content\"][0][\"text\"]")
    })
  })
})
