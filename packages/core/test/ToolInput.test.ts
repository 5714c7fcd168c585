import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as PartialJson from "@effect-claude/core/PartialJson"
import * as ToolInput from "@effect-claude/core/ToolInput"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const call = (input: unknown): ContentBlock.ToolUse => ({ type: "tool_use", id: "toolu_1", name: "f", input })

describe("ToolInput", () => {
  describe("of", () => {
    it("takes an object for complete", () => {
      for (const input of [{}, { a: 1 }, { INVALID_JSON: 1 }, { INVALID_JSON: "{", a: 1 }]) {
        assert.deepStrictEqual(ToolInput.of(call(input)), { complete: true, value: input })
      }
    })

    it("returns the text of an input that did not arrive whole, and what it shows", () => {
      const input = ToolInput.of(call(ToolInput.incomplete("{\"a\": \"on")))

      assert.deepStrictEqual(input, { complete: false, json: "{\"a\": \"on", value: { a: "on" } })
      assert.deepStrictEqual(ToolInput.of(call(ToolInput.incomplete(""))), { complete: false, json: "", value: {} })
    })

    it("takes no other JSON value for complete", () => {
      assert.deepStrictEqual(ToolInput.of(call("{\"a\": 1}")), { complete: false, json: "{\"a\": 1}", value: { a: 1 } })
      for (const input of [[1], 1, null, true]) {
        assert.deepStrictEqual(ToolInput.of(call(input)), { complete: false, json: "", value: input })
      }
    })

    it("reads inputs of any depth", () => {
      const deep: unknown = PartialJson.parse(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`).value

      assert.isTrue(ToolInput.of(call(deep)).complete)
      assert.isFalse(ToolInput.of(call([deep])).complete)
    })
  })

  describe("parse", () => {
    it.prop(
      "returns an input that says whether its text is a JSON object, also after a copy",
      [Schema.String, Schema.Record(Schema.String.check(Schema.isPattern(/^[a-z]*$/)), Schema.Natural), Schema.Natural],
      ([text, record, length]) => {
        const whole = JSON.stringify(record)
        const cut = whole.slice(0, 1 + length % (whole.length - 1))
        const copies = [
          (block: ContentBlock.ToolUse): ContentBlock.ToolUse => block,
          (block: ContentBlock.ToolUse): ContentBlock.ToolUse => ({ ...block }),
          (block: ContentBlock.ToolUse): ContentBlock.ToolUse => structuredClone(block),
          (block: ContentBlock.ToolUse): ContentBlock.ToolUse => JSON.parse(JSON.stringify(block))
        ]
        for (const copied of copies) {
          assert.deepStrictEqual(ToolInput.of(copied(call(ToolInput.parse(whole)))), { complete: true, value: record })
          for (const json of [cut, `[${whole}]`, `${whole}${whole}`, `?${text}`]) {
            const input = ToolInput.of(copied(call(ToolInput.parse(json))))
            assert.isTrue(!input.complete && input.json === json)
          }
        }
      }
    )

    it("takes a blank text for the empty object", () => {
      for (const json of ["", " \n\t"]) assert.deepStrictEqual(ToolInput.parse(json), {})
    })
  })
})
