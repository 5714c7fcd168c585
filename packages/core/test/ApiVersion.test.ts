import * as ApiVersion from "@effect-claude/core/ApiVersion"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"

const pathsOf = (request: Partial<MessageRequest.MessageRequest>, version = "2026-10-21"): ReadonlyArray<string> =>
  ApiVersion.refused(request, version).map(({ path }) => path)

const pdf = { type: "document", source: { type: "url", url: "https://docs.test/a.pdf" } } as const
const citation = {
  type: "char_location",
  cited_text: "a",
  document_index: 0,
  start_char_index: 0,
  end_char_index: 1
} as const
const cited = { type: "text", text: "a", citations: [citation] } as const

describe("ApiVersion", () => {
  describe("standard", () => {
    it("is the version that accepts sampling parameters", () => {
      assert.strictEqual(ApiVersion.standard, "2023-06-01")
      assert.include(ApiVersion.ApiVersion.known, ApiVersion.standard)
    })
  })

  describe("refused", () => {
    it("names each sampling parameter", () => {
      assert.deepStrictEqual(pathsOf({ temperature: 1, top_p: 0.5, top_k: 3 }), ["temperature", "top_p", "top_k"])
      assert.deepStrictEqual(pathsOf({ top_k: 3 }), ["top_k"])
    })

    it("ignores fields that are undefined", () => {
      assert.deepStrictEqual(pathsOf({ temperature: undefined, top_p: undefined, top_k: undefined }), [])
    })

    it("names a document directly in an assistant turn", () => {
      assert.deepStrictEqual(
        pathsOf({ messages: [{ role: "assistant", content: [{ type: "text", text: "a" }, pdf] }] }),
        ["messages[0].content[1]"]
      )
    })

    it("ignores documents in user turns and tool results", () => {
      assert.deepStrictEqual(
        pathsOf({
          messages: [
            { role: "user", content: [pdf, { type: "tool_result", tool_use_id: "a", content: [pdf] }] },
            {
              role: "assistant",
              content: [{
                type: "web_fetch_tool_result",
                tool_use_id: "b",
                content: {
                  type: "web_fetch_result",
                  url: "https://docs.test",
                  content: { type: "document", source: { type: "text", media_type: "text/plain", data: "a" } }
                }
              }]
            }
          ]
        }),
        []
      )
    })

    it("names cited text in a user turn, also inside a search result", () => {
      assert.deepStrictEqual(
        pathsOf({
          messages: [{
            role: "user",
            content: [cited, {
              type: "search_result",
              source: "s",
              title: "t",
              content: [{ ...cited, citations: [] }, cited]
            }]
          }]
        }),
        ["messages[0].content[0].citations", "messages[0].content[1].content[1].citations"]
      )
    })

    it("ignores cited text of the assistant, empty citations and requested citations", () => {
      assert.deepStrictEqual(
        pathsOf({
          messages: [
            { role: "user", content: [{ ...pdf, citations: { enabled: true } }, { ...cited, citations: [] }] },
            { role: "user", content: [{ ...cited, citations: null }] },
            { role: "assistant", content: [cited] }
          ]
        }),
        []
      )
    })

    it("ignores cited text inside other blocks, and search results without content", () => {
      assert.deepStrictEqual(
        pathsOf({
          messages: [{
            role: "user",
            content: [
              { type: "tool_result", tool_use_id: "a", content: [cited] },
              Wire.unknown({ type: "search_result" })
            ]
          }]
        }),
        []
      )
    })

    it("names the version and a correction", () => {
      const [first] = ApiVersion.refused({ temperature: 1 }, "2026-10-21")

      assert.include(first?.problem, "2026-10-21")
      assert.include(first?.fix, "2023-06-01")
    })

    it("refuses nothing for the standard version and for unknown versions", () => {
      for (const version of ["2023-06-01", "2027-01-01", "toString"]) {
        assert.deepStrictEqual(
          pathsOf({ temperature: 1, messages: [{ role: "assistant", content: [pdf] }] }, version),
          []
        )
      }
    })
  })
})
