import * as Content from "@effect-claude/core/Content"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const bytes = new Uint8Array([1, 2, 3])
const accepts = Schema.is(Content.Content)

describe("Content", () => {
  it.each([
    ["text", Content.text("a"), { type: "text", text: "a" }],
    ["image", Content.image(bytes, "image/png"), {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "AQID" }
    }],
    ["imageBase64", Content.imageBase64("AQID", "image/gif"), {
      type: "image",
      source: { type: "base64", media_type: "image/gif", data: "AQID" }
    }],
    ["imageUrl", Content.imageUrl("u"), { type: "image", source: { type: "url", url: "u" } }],
    ["imageFile", Content.imageFile("f"), { type: "image", source: { type: "file", file_id: "f" } }],
    ["pdf", Content.pdf(bytes), {
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data: "AQID" }
    }],
    ["pdfUrl", Content.pdfUrl("u", { title: "T", context: "C", citations: true }), {
      type: "document",
      source: { type: "url", url: "u" },
      title: "T",
      context: "C",
      citations: { enabled: true }
    }],
    ["documentFile", Content.documentFile("f"), { type: "document", source: { type: "file", file_id: "f" } }],
    ["documentText", Content.documentText("t", { citations: false }), {
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "t" },
      citations: { enabled: false }
    }],
    ["documentContent", Content.documentContent([Content.text("a")]), {
      type: "document",
      source: { type: "content", content: [{ type: "text", text: "a" }] }
    }],
    ["toolResult", Content.toolResult("t", "ok"), { type: "tool_result", tool_use_id: "t", content: "ok" }],
    ["toolResult of a failure", Content.toolResult("t", "no", { isError: true }), {
      type: "tool_result",
      tool_use_id: "t",
      content: "no",
      is_error: true
    }],
    ["searchResult", Content.searchResult({ source: "s", title: "t", text: ["a", "b"], citations: true }), {
      type: "search_result",
      source: "s",
      title: "t",
      content: [{ type: "text", text: "a" }, { type: "text", text: "b" }],
      citations: { enabled: true }
    }],
    ["searchResult of one text", Content.searchResult({ source: "s", title: "t", text: "a" }), {
      type: "search_result",
      source: "s",
      title: "t",
      content: [{ type: "text", text: "a" }]
    }]
  ])("%s builds the plain wire value", (_, block, expected) => {
    assert.deepStrictEqual<unknown>(block, expected)
    assert.isTrue(accepts(block))
  })

  describe("cached", () => {
    it("marks a block as a breakpoint and keeps the rest", () => {
      assert.deepStrictEqual(Content.cached(Content.text("a")), {
        type: "text",
        text: "a",
        cache_control: { type: "ephemeral" }
      })
    })

    it("takes a ttl, data first and data last", () => {
      const block = Content.imageUrl("u")
      const expected = { ...block, cache_control: { type: "ephemeral", ttl: "1h" } }

      assert.deepStrictEqual<unknown>(Content.cached(block, { ttl: "1h" }), expected)
      assert.deepStrictEqual<unknown>(Content.cached({ ttl: "1h" })(block), expected)
      assert.strictEqual(Content.cached()(block).cache_control.ttl, undefined)
    })
  })

  describe("resultOf", () => {
    const call = { type: "tool_use", id: "toolu_1", name: "look", input: {} } as const

    it("refers to the call by its id", () => {
      assert.deepStrictEqual(Content.resultOf(call, "seen"), {
        type: "tool_result",
        tool_use_id: "toolu_1",
        content: "seen"
      })
      assert.strictEqual(Content.resultOf(call, "lost", { isError: true }).is_error, true)
    })

    it("names the toolset of the call", () => {
      assert.strictEqual(Content.resultOf({ ...call, toolset_name: "browser" }, "seen").toolset_name, "browser")
      assert.notProperty(Content.resultOf({ ...call, toolset_name: null }, "seen"), "toolset_name")
    })
  })

  it("toolUse creates a call", () => {
    assert.deepStrictEqual(Content.toolUse("toolu_1", "look", { at: "sky" }), {
      type: "tool_use",
      id: "toolu_1",
      name: "look",
      input: { at: "sky" }
    })
  })

  it("browserState has tabs, and changes when there are any", () => {
    const tabs = [{ tab_id: "1", title: "Docs", url: "https://docs.test" }]
    const change = { type: "tab_opened", tab_id: "1" } as const

    assert.deepStrictEqual(Content.browserState(tabs), { type: "browser_state", tabs })
    assert.deepStrictEqual(Content.browserState(tabs, [change]).state_changes, [change])
  })

  it("toolReference and containerUpload name what they refer to", () => {
    assert.deepStrictEqual(Content.toolReference("look"), { type: "tool_reference", tool_name: "look" })
    assert.deepStrictEqual(Content.containerUpload("file_1"), { type: "container_upload", file_id: "file_1" })
  })
})
