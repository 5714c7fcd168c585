import * as Content from "@effect-claude/core/Content"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as History from "@effect-claude/session/History"
import * as HistoryJson from "@effect-claude/session/HistoryJson"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { apply, assistantOf, json, message, rules, say, Steps } from "./builders.ts"

const { text } = Content

describe("HistoryJson", () => {
  describe("encode", () => {
    it.prop("is undone by decode, through JSON text", [Steps], ([steps]) => {
      const history = steps.reduce(apply, History.empty)
      const decoded = Result.getOrThrow(HistoryJson.decode(JSON.parse(JSON.stringify(HistoryJson.encode(history)))))

      assert.deepStrictEqual(json(History.entries(decoded)), json(History.entries(history)))
      assert.deepStrictEqual(json(History.toMessages(decoded)), json(History.toMessages(history)))
      assert.strictEqual(decoded.status, history.status)
    })

    it("names the version of the format", () => {
      assert.deepStrictEqual(HistoryJson.encode(say(History.empty, "a")), {
        version: 1,
        entries: [{ type: "user", content: [text("a")] }]
      })
    })
  })

  describe("decode", () => {
    it("reads a bare array of turns as the oldest version", () => {
      const messages = [MessageRequest.user([text("a")])]

      assert.deepStrictEqual(History.toMessages(Result.getOrThrow(HistoryJson.decode(messages))), messages)
      assert.deepStrictEqual(rules(HistoryJson.decode([assistantOf("a")])), ["roles-alternate messages[0].role"])
    })

    it("says that a later version wrote it", () => {
      assert.deepStrictEqual(rules(HistoryJson.decode({ version: 2, turns: [] })), ["version version"])
    })

    it("says where the form is wrong, and quotes nothing of it", () => {
      const result = HistoryJson.decode({
        version: 1,
        entries: [{ type: "user", content: [{ type: "text", text: ["secret"] }] }]
      })

      assert.deepStrictEqual(rules(result), ["shape entries.0.content.0.text"])
      assert.deepStrictEqual(rules(HistoryJson.decode("secret")), ["shape history"])
      assert.deepStrictEqual(rules(HistoryJson.decode({ version: 1, entries: 1 })), ["shape entries"])
      assert.notInclude(JSON.stringify(result), "secret")
    })

    it("refuses entries that do not make a conversation, by the path of the entry", () => {
      const reply = { type: "reply", message: message([text("a")]) }

      assert.deepStrictEqual(rules(HistoryJson.decode({ version: 1, entries: [reply] })), [
        "reply-unasked entries[0].reply"
      ])
      assert.deepStrictEqual(
        rules(HistoryJson.decode({ version: 1, entries: [{ type: "assistant", content: [text("a")] }] })),
        ["reply-unasked entries[0].reply"]
      )
    })
  })
})
