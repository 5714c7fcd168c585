import * as ClaudePrompt from "@effect-claude/ai/ClaudePrompt"
import * as ClaudeResponse from "@effect-claude/ai/ClaudeResponse"
import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import type { Message } from "@effect-claude/core/Message"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema, Stream } from "effect"
import { Prompt, Response } from "effect/ai"
import { plain } from "./support.ts"

type Block = { readonly type: string; readonly [field: string]: unknown }

const tools = [
  ClaudeTool.webSearch(),
  ClaudeTool.mcpToolset({ mcp_server_name: "docs" }),
  ClaudeTool.computerToolset()
]

const shell = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [],
  usage: { input_tokens: 3, output_tokens: 5 }
}

const messageOf = (content: ReadonlyArray<Block>, more: object = {}) =>
  ({ ...shell, stop_reason: "end_turn", content, ...more }) as unknown as Message

const events = (...events: ReadonlyArray<Block>) => events as ReadonlyArray<unknown> as ReadonlyArray<StreamEvent>

const start: Block = { type: "message_start", message: shell }
const end: ReadonlyArray<Block> = [
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 5 } },
  { type: "message_stop" }
]

const decode = Schema.decodeUnknownEffect(Schema.Array(Response.AllParts()))

const streamed = (all: ReadonlyArray<StreamEvent>, options?: ClaudeResponse.Options) =>
  Stream.fromIterable(all).pipe(
    ClaudeResponse.fromEvents({ tools, ...options }),
    Stream.runCollect,
    Effect.flatMap(decode)
  )

const whole = (message: Message) => decode(ClaudeResponse.fromMessage(message, { tools }))

const blocksOf = (parts: ReadonlyArray<Response.AnyPart>): ReadonlyArray<unknown> => {
  const [turn] = Result.getOrThrow(ClaudePrompt.fromPrompt(Prompt.fromResponseParts(parts))).messages
  return typeof turn?.content === "string" ? [{ type: "text", text: turn.content }] : turn?.content ?? []
}

const citation = (more: object) => ({ cited_text: "x", ...more })
const page = { document_index: 0, document_title: "Plan", start_page_number: 1, end_page_number: 2 }

describe("ClaudeResponse", () => {
  describe("fromMessage", () => {
    it.effect.each(
      [
        [
          { type: "web_search_result_location", encrypted_index: "i", title: "A", url: "https://example.com/" },
          { sourceType: "url", title: "A", url: new URL("https://example.com/") }
        ],
        [
          { type: "web_search_result_location", encrypted_index: "i", title: null, url: "https://example.com/" },
          { sourceType: "url", title: "https://example.com/", url: new URL("https://example.com/") }
        ],
        [{ type: "page_location", ...page }, { sourceType: "document", title: "Plan", mediaType: "application/pdf" }],
        [
          { type: "char_location", document_index: 1, document_title: null, start_char_index: 0, end_char_index: 1 },
          { sourceType: "document", title: "Document 2", mediaType: "text/plain" }
        ],
        [
          {
            type: "search_result_location",
            search_result_index: 0,
            source: "kb:7",
            title: "Seven",
            start_block_index: 0,
            end_block_index: 1
          },
          { sourceType: "document", title: "Seven", mediaType: "text/plain" }
        ]
      ] as const
    )("makes a source of a citation: %o", ([cited, expected]) =>
      Effect.gen(function*() {
        const citations = [citation(cited)]
        const parts = yield* whole(messageOf([{ type: "text", text: "It says x.", citations }]))
        const source = parts.find(({ type }) => type === "source")

        assert.deepInclude({ ...source }, { ...expected, metadata: { claude: { source: citations[0] } } })
        assert.deepStrictEqual(blocksOf(parts), [{ type: "text", text: "It says x.", citations }])
      }))

    it.effect("makes no source of an address that is none, and keeps the answer", () =>
      Effect.gen(function*() {
        const citations = [
          citation({ type: "web_search_result_location", encrypted_index: "i", title: "A", url: "not an address" })
        ]
        const parts = yield* whole(messageOf([{ type: "text", text: "It says x.", citations }]))

        assert.deepStrictEqual(parts.map(({ type }) => type), ["response-metadata", "text", "finish"])
      }))

    it.effect("keeps what is known of the end of a response", () =>
      Effect.gen(function*() {
        const more = {
          stop_reason: "stop_sequence",
          stop_sequence: "END",
          container: { id: "c1", expires_at: "2027-01-01T00:00:00Z" },
          context_management: { applied_edits: [] },
          stop_details: null
        }
        const parts = yield* decode(ClaudeResponse.fromMessage(messageOf([], more), { requestId: "req_1" }))

        assert.deepStrictEqual(parts.at(-1)?.metadata, {
          claude: {
            stop_reason: "stop_sequence",
            stop_sequence: "END",
            usage: { input_tokens: 3, output_tokens: 5 },
            container: { id: "c1", expires_at: "2027-01-01T00:00:00Z" },
            context_management: { applied_edits: [] },
            request_id: "req_1"
          }
        })
      }))

    it.effect("gives the sources of one response ids of their own", () =>
      Effect.gen(function*() {
        const found = (url: string) => ({ type: "web_search_result", url, title: "A", encrypted_content: "e" })
        const parts = yield* whole(messageOf([
          { type: "server_tool_use", id: "s1", name: "web_search", input: {} },
          {
            type: "web_search_tool_result",
            tool_use_id: "s1",
            content: [found("https://a.example/"), found("https://b.example/")]
          }
        ]))
        const ids = parts.flatMap((part) => part.type === "source" ? [part.id] : [])

        assert.deepStrictEqual(ids, ["msg_1/source/0", "msg_1/source/1"])
      }))

    it.effect("names the result of an earlier turn's call on an MCP server", () =>
      Effect.gen(function*() {
        const result = { type: "mcp_tool_result", tool_use_id: "m1", is_error: false, content: "ok" }
        const parts = yield* decode(
          ClaudeResponse.fromMessage(messageOf([result]), { tools, calls: new Map([["m1", "ClaudeMcp_docs"]]) })
        )

        assert.deepInclude(plain(parts[1] ?? { type: "" }), { type: "tool-result", name: "ClaudeMcp_docs" })
        const withoutTools = yield* decode(
          ClaudeResponse.fromMessage(messageOf([result]), { calls: new Map([["m1", "ClaudeMcp_docs"]]) })
        )
        assert.deepStrictEqual(withoutTools.map(({ type }) => type), ["response-metadata", "text", "finish"])
      }))
  })

  describe("fromEvents", () => {
    it.effect("takes a whole message that comes with the start of the stream", () =>
      Effect.gen(function*() {
        const content = [
          { type: "text", text: "On it." },
          { type: "tool_use", id: "t1", name: "weather", input: { city: "Oslo" } }
        ]
        const parts = yield* streamed(events(
          { type: "message_start", message: { ...shell, content, stop_reason: "tool_use" } },
          { type: "message_stop" }
        ))

        assert.deepStrictEqual(parts.map(({ type }) => type), [
          "response-metadata",
          "text-start",
          "text-delta",
          "text-end",
          "tool-params-start",
          "tool-params-delta",
          "tool-params-end",
          "tool-call",
          "finish"
        ])
        assert.deepStrictEqual(blocksOf(parts), content)
        assert.strictEqual(parts.findLast((part) => part.type === "finish")?.reason, "tool-calls")
      }))

    it.effect("ends a block that has no end of its own where the message ends", () =>
      Effect.gen(function*() {
        const parts = yield* streamed(events(
          start,
          { type: "content_block_start", index: 1, content_block: { type: "text", text: "B" } },
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "A" } },
          ...end
        ))

        assert.deepStrictEqual(
          parts.flatMap((part) => part.type === "text-start" || part.type === "text-end" ? [[part.type, part.id]] : []),
          [["text-start", "msg_1/1"], ["text-start", "msg_1/0"], ["text-end", "msg_1/0"], ["text-end", "msg_1/1"]]
        )
      }))

    it.effect("gives each of two open calls its own input", () =>
      Effect.gen(function*() {
        const call = (index: number) => ({
          type: "content_block_start",
          index,
          content_block: { type: "tool_use", id: `toolu_${index}`, name: "f", input: {} }
        })
        const json = (index: number, partial_json: string) => ({
          type: "content_block_delta",
          index,
          delta: { type: "input_json_delta", partial_json }
        })
        const parts = yield* streamed(events(
          start,
          call(0),
          call(1),
          json(1, "{\"b\":"),
          json(0, "{\"a\":1}"),
          json(1, "2}"),
          { type: "content_block_stop", index: 1 },
          { type: "content_block_stop", index: 0 },
          ...end
        ))

        assert.deepStrictEqual(
          parts.flatMap((part) => part.type === "tool-params-delta" ? [[part.id, part.delta]] : []),
          [["toolu_1", "{\"b\":"], ["toolu_0", "{\"a\":1}"], ["toolu_1", "2}"]]
        )
        assert.deepStrictEqual(
          parts.flatMap((part) => part.type === "tool-call" ? [[part.id, part.params]] : []),
          [["toolu_1", { b: 2 }], ["toolu_0", { a: 1 }]]
        )
      }))

    it.effect("ends without a finish part at a delta of a block that is not open", () =>
      Effect.gen(function*() {
        const parts = yield* streamed(events(
          start,
          { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
          { type: "content_block_delta", index: 4, delta: { type: "text_delta", text: "lost" } },
          { type: "content_block_stop", index: 4 },
          ...end
        ))

        assert.deepStrictEqual(
          parts.map(({ type }) => type),
          ["response-metadata", "text-start"]
        )
      }))

    it.effect("streams what a block has from its start", () =>
      Effect.gen(function*() {
        const content = [
          { type: "thinking", thinking: "Hm.", signature: "c2ln" },
          { type: "text", text: "So.", citations: [citation({ type: "page_location", ...page })] }
        ]
        const parts = yield* streamed(events(
          start,
          ...content.flatMap((content_block, index) => [
            { type: "content_block_start", index, content_block },
            { type: "content_block_stop", index }
          ]),
          ...end
        ))

        assert.deepStrictEqual(blocksOf(parts), content)
        assert.deepStrictEqual(
          parts.map(({ type }) => type).slice(1, -1),
          ["reasoning-start", "reasoning-delta", "reasoning-end", "text-start", "text-delta", "source", "text-end"]
        )
      }))

    it.effect("finishes once, and not without message_stop", () =>
      Effect.gen(function*() {
        const finishes = (parts: ReadonlyArray<Response.AnyPart>) =>
          parts.filter(({ type }) => type === "finish").length

        assert.strictEqual(finishes(yield* streamed(events(start, ...end, { type: "message_stop" }))), 1)
        assert.strictEqual(finishes(yield* streamed(events(start))), 0)
      }))

    it.effect("begins anew each time the stream is run", () =>
      Effect.gen(function*() {
        const stream = ClaudeResponse.fromEvents(
          Stream.fromIterable(events(
            start,
            { type: "content_block_start", index: 0, content_block: { type: "text", text: "A" } },
            { type: "content_block_stop", index: 0 },
            ...end
          ))
        )

        assert.deepStrictEqual(yield* Stream.runCollect(stream), yield* Stream.runCollect(stream))
      }))

    it.effect.prop(
      "streams what a whole answer has, wherever its events are cut",
      { blocks: Schema.Array(Schema.Literals(Object.keys(samples))), seed: Schema.Int },
      ({ blocks, seed }) =>
        Effect.gen(function*() {
          const content = [...blocks.flatMap((name) => samples[name] ?? []), samples["text"] ?? { type: "text" }]
            .map(numbered)
          const inStream = yield* streamed(events(start, ...content.flatMap((b, i) => written(b, i, seed)), ...end))
          const atOnce = yield* whole(messageOf(content))

          assert.deepStrictEqual(blocksOf(inStream), blocksOf(atOnce))
          assert.deepStrictEqual(blocksOf(inStream), content)
          for (const part of inStream) {
            if (part.type !== "tool-call") continue
            const written = inStream.flatMap((p) => p.type === "tool-params-delta" && p.id === part.id ? [p.delta] : [])
            assert.deepStrictEqual(JSON.parse(written.join("")), part.params)
          }
          assert.strictEqual(
            inStream.flatMap((part) => part.type === "text-delta" ? [part.delta] : []).join(""),
            content.flatMap((b) => typeof b["text"] === "string" ? [b["text"]] : []).join("")
          )
          assert.deepStrictEqual(
            inStream.filter(({ type }) => type === "source").map(plain),
            atOnce.filter(({ type }) => type === "source").map(plain)
          )
        })
    )
  })

  describe("usage", () => {
    it("leaves out what the API does not say", () => {
      assert.deepStrictEqual(ClaudeResponse.usage({ input_tokens: 3, output_tokens: 5 }), {
        inputTokens: { uncached: 3, total: 3, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 5, text: undefined, reasoning: undefined }
      })
    })
  })
})

/** A block of every kind. */
const samples: { readonly [name: string]: Block } = {
  text: { type: "text", text: "Some text to cut." },
  cited: {
    type: "text",
    text: "It says x.",
    citations: [
      citation({ type: "page_location", ...page }),
      citation({ type: "web_search_result_location", encrypted_index: "i", title: "A", url: "https://example.com/" })
    ]
  },
  thinking: { type: "thinking", thinking: "Let me see.", signature: "c2ln" },
  hidden: { type: "thinking", thinking: "", signature: "c2ln" },
  redacted: { type: "redacted_thinking", data: "x" },
  server: { type: "server_tool_use", id: "s", name: "web_search", input: { query: "a" }, caller: { type: "direct" } },
  found: { type: "web_search_tool_result", tool_use_id: "s", content: [] },
  undeclared: { type: "server_tool_use", id: "u", name: "web_fetch", input: { url: "https://example.com/" } },
  mcp: { type: "mcp_tool_use", id: "m", name: "search", server_name: "docs", input: { q: "a" } },
  member: { type: "tool_use", id: "t", name: "left_click", input: { coordinate: [1, 2] }, toolset_name: "computer" },
  mcpUndeclared: { type: "mcp_tool_use", id: "n", name: "search", server_name: "other", input: {} },
  compaction: { type: "compaction", content: "In short." },
  upload: { type: "container_upload", file_id: "file_1" },
  unknown: { type: "hologram", faces: 6 }
}

/** Gives a block an id of its own. */
const numbered = (block: Block, index: number): Block =>
  "id" in block ? { ...block, id: `${String(block["id"])}${index}` } : block

/** The events of one block: what streams of it is cut in two somewhere. */
function written(block: Block, index: number, seed: number): ReadonlyArray<Block> {
  const delta = (delta: Block): Block => ({ type: "content_block_delta", index, delta })
  const halves = (text: string) => {
    const at = Math.abs(seed + index) % (text.length + 1)
    return [text.slice(0, at), text.slice(at)]
  }
  const around = (content_block: Block, ...deltas: ReadonlyArray<Block>) => [
    { type: "content_block_start", index, content_block },
    { type: "ping" },
    ...deltas,
    { type: "content_block_stop", index }
  ]
  if (block.type === "text") {
    const citations = Array.isArray(block["citations"]) ? block["citations"] : undefined
    return around(
      { ...block, text: "", ...(citations === undefined ? undefined : { citations: [] }) },
      ...(citations ?? []).map((citation) => delta({ type: "citations_delta", citation })),
      ...halves(String(block["text"])).map((text) => delta({ type: "text_delta", text }))
    )
  }
  if (block.type === "thinking") {
    return around(
      { ...block, thinking: "", signature: "" },
      ...halves(String(block["thinking"])).map((thinking) => delta({ type: "thinking_delta", thinking })),
      delta({ type: "signature_delta", signature: block["signature"] })
    )
  }
  if ("input" in block) {
    return around(
      { ...block, input: {} },
      ...halves(JSON.stringify(block["input"])).map((partial_json) => delta({ type: "input_json_delta", partial_json }))
    )
  }
  return around(block)
}
