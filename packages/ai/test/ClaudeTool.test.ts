import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import * as Tool from "@effect-claude/core/Tool"
import * as Wire from "@effect-claude/core/Wire"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Schema, Stream } from "effect"
import { Chat, LanguageModel, type Response, Tool as AiTool, Toolkit } from "effect/ai"
import { collect, lastBody, layer, plain } from "./support.ts"

const onServer = {
  ClaudeWebSearch: ClaudeTool.webSearch(),
  ClaudeWebFetch: ClaudeTool.webFetch(),
  ClaudeCodeExecution: ClaudeTool.codeExecution(),
  ClaudeToolSearch: ClaudeTool.toolSearch(),
  ClaudeAdvisor: ClaudeTool.advisor({ model: "claude-opus-5-5" }),
  ClaudeMcp_docs: ClaudeTool.mcpToolset({ mcp_server_name: "docs" })
}

const onClient = {
  ClaudeBash: ClaudeTool.bash(),
  ClaudeTextEditor: ClaudeTool.textEditor(),
  ClaudeMemory: ClaudeTool.memory(),
  ClaudeComputer: ClaudeTool.computer({ display_width_px: 800, display_height_px: 600 }),
  ClaudeComputerToolset: ClaudeTool.computerToolset(),
  ClaudeBrowserToolset: ClaudeTool.browserToolset()
}

const tools: ReadonlyArray<readonly [string, AiTool.AnyProviderDefined]> = Object.entries({ ...onServer, ...onClient })

/** The definitions a toolkit is sent as. */
const sent = (...tools: ReadonlyArray<AiTool.Any>) =>
  Effect.gen(function*() {
    yield* LanguageModel.generateText({
      prompt: "Hello",
      toolkit: Toolkit.make(...tools) as unknown as Toolkit.WithHandler<{}>,
      disableToolCallResolution: true
    })
    return (yield* lastBody).tools ?? []
  }).pipe(Effect.provide(layer(Script.reply("Hi!"), {}, { check: false })))

const partsOf = (content: ReadonlyArray<Script.Tagged>, ...tools: ReadonlyArray<AiTool.Any>) =>
  Effect.gen(function*() {
    const response = yield* LanguageModel.generateText({
      prompt: "Hello",
      toolkit: Toolkit.make(...tools) as unknown as Toolkit.WithHandler<{}>
    })
    return (response.content as ReadonlyArray<Response.AnyPart>).map(plain)
  }).pipe(Effect.provide(layer(Script.message({ content }), {}, { check: false })))

describe("ClaudeTool", () => {
  describe("definitions", () => {
    it.effect.each(tools)("of %s are ones the wire knows", ([name, tool]) =>
      Effect.gen(function*() {
        const [definition] = yield* sent(tool)

        assert.strictEqual(tool.name, name)
        assert.isTrue(Wire.is(Tool.Tool)(definition))
        assert.isFalse(Tool.Tool.isUnknown(definition as Tool.Tool))
      }))

    it.effect("have the newest version unless another is named, and a name that goes with it", () =>
      Effect.gen(function*() {
        const definitions = yield* Effect.forEach([
          ClaudeTool.webSearch({ max_uses: 3 }),
          ClaudeTool.webSearch({ type: "web_search_20250305" }),
          ClaudeTool.textEditor(),
          ClaudeTool.textEditor({ type: "text_editor_20250124" }),
          ClaudeTool.toolSearch(),
          ClaudeTool.toolSearch({ type: "tool_search_tool_regex_20251119" }),
          ClaudeTool.computerToolset()
        ], (tool) => Effect.map(sent(tool), ([definition]) => definition))

        assert.deepStrictEqual(definitions, [
          { name: "web_search", max_uses: 3, type: "web_search_20260318" },
          { name: "web_search", type: "web_search_20250305" },
          { name: "str_replace_based_edit_tool", type: "text_editor_20250728" },
          { name: "str_replace_editor", type: "text_editor_20250124" },
          { name: "tool_search_tool_bm25", type: "tool_search_tool_bm25_20251119" },
          { name: "tool_search_tool_regex", type: "tool_search_tool_regex_20251119" },
          { type: "computer_toolset_20260801" }
        ])
      }))

    it.effect("are chosen by their names here, and sent by those on the wire", () =>
      Effect.gen(function*() {
        yield* LanguageModel.generateText({
          prompt: "Hello",
          toolkit: Toolkit.make(onClient.ClaudeBash),
          toolChoice: { tool: "ClaudeBash" },
          disableToolCallResolution: true
        })

        assert.deepStrictEqual((yield* lastBody)["tool_choice"], { type: "tool", name: "bash" })
      }).pipe(Effect.provide(layer(Script.reply("Hi!"), {}, { check: false }))))

    it.effect("say nothing of what becomes of a handler's failures", () =>
      Effect.gen(function*() {
        const tool = ClaudeTool.bash({ failureMode: "return" })

        assert.strictEqual(tool.failureMode, "return")
        assert.deepStrictEqual(yield* sent(tool), [{ name: "bash", type: "bash_20250124" }])
      }))
  })

  describe("tools the server runs", () => {
    it.effect("search the web: a call, a result, and a source for each page", () =>
      Effect.gen(function*() {
        const found = {
          type: "web_search_result",
          url: "https://example.com/a",
          title: "A",
          encrypted_content: "e",
          page_age: "1 day"
        }
        const parts = yield* partsOf([
          { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "a" } },
          { type: "web_search_tool_result", tool_use_id: "s1", content: [found] }
        ], onServer.ClaudeWebSearch)

        assert.deepStrictEqual(parts.slice(1, -1), [
          {
            type: "tool-call",
            id: "s1",
            name: "ClaudeWebSearch",
            params: { query: "a" },
            providerExecuted: true,
            metadata: { claude: { block: { type: "server_tool_use", name: "web_search" } } }
          },
          {
            type: "tool-result",
            id: "s1",
            name: "ClaudeWebSearch",
            isFailure: false,
            result: [found],
            encodedResult: [found],
            providerExecuted: true,
            preliminary: false,
            metadata: { claude: { block: { type: "web_search_tool_result" } } }
          },
          {
            type: "source",
            sourceType: "url",
            id: parts[3]?.["id"],
            url: new URL("https://example.com/a"),
            title: "A",
            metadata: { claude: { source: { type: "web_search_result", page_age: "1 day" } } }
          }
        ])
      }))

    it.effect("say that they failed", () =>
      Effect.gen(function*() {
        const failure = { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" }
        const parts = yield* partsOf([
          { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "a" } },
          { type: "web_search_tool_result", tool_use_id: "s1", content: failure }
        ], onServer.ClaudeWebSearch)

        assert.deepInclude(parts[2], { type: "tool-result", isFailure: true, result: failure })
      }))

    it.effect("fetch pages: the page is a source, by its title or else its address", () =>
      Effect.gen(function*() {
        const fetched = (url: string, title: string | null) => ({
          type: "web_fetch_result",
          url,
          content: { type: "document", source: { type: "text", media_type: "text/plain", data: "x" }, title }
        })
        const parts = yield* partsOf([
          { type: "web_fetch_tool_result", tool_use_id: "s1", content: fetched("https://example.com/a", "A") },
          { type: "web_fetch_tool_result", tool_use_id: "s2", content: fetched("https://example.com/b", null) }
        ], onServer.ClaudeWebFetch)

        assert.deepStrictEqual(
          parts.flatMap(({ metadata, title, type }) => type === "source" ? [[title, metadata]] : []),
          [
            ["A", { claude: { source: { type: "web_fetch_result" } } }],
            ["https://example.com/b", { claude: { source: { type: "web_fetch_result" } } }]
          ]
        )
      }))

    it.effect("run code under one name, whatever the wire calls it, and name the files it made", () =>
      Effect.gen(function*() {
        const output = {
          type: "bash_code_execution_result",
          stdout: "",
          stderr: "",
          return_code: 0,
          content: [{ type: "bash_code_execution_output", file_id: "file_1" }]
        }
        const parts = yield* partsOf([
          { type: "server_tool_use", id: "s1", name: "bash_code_execution", input: { command: "plot" } },
          { type: "bash_code_execution_tool_result", tool_use_id: "s1", content: output },
          { type: "container_upload", file_id: "file_2" }
        ], onServer.ClaudeCodeExecution)

        assert.deepStrictEqual(parts.map(({ name, type }) => name ?? type), [
          "response-metadata",
          "ClaudeCodeExecution",
          "ClaudeCodeExecution",
          "source",
          "text",
          "source",
          "finish"
        ])
        assert.deepStrictEqual(
          parts.flatMap(({ metadata, title, type }) => type === "source" ? [[title, metadata]] : []),
          [
            ["file_1", { claude: { source: { type: "file", file_id: "file_1", tool_use_id: "s1" } } }],
            ["file_2", { claude: { source: { type: "file", file_id: "file_2" } } }]
          ]
        )
      }))

    it.effect("go by the name of their server where it speaks MCP", () =>
      Effect.gen(function*() {
        const parts = yield* partsOf([
          { type: "mcp_tool_use", id: "m1", name: "search", server_name: "docs", input: { q: "a" } },
          { type: "mcp_tool_result", tool_use_id: "m1", is_error: true, content: [{ type: "text", text: "No." }] },
          { type: "mcp_tool_use", id: "m2", name: "search", server_name: "other", input: {} }
        ], onServer.ClaudeMcp_docs)

        assert.deepInclude(parts[1], { name: "ClaudeMcp_docs", params: { name: "search", input: { q: "a" } } })
        assert.deepInclude(parts[2], { name: "ClaudeMcp_docs", isFailure: true })
        assert.deepInclude(parts[3], { type: "text", text: "" })
      }))

    it.effect("keep their calls and results without parts where the toolkit does not have them", () =>
      Effect.gen(function*() {
        const content = [
          { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "a" } },
          {
            type: "web_search_tool_result",
            tool_use_id: "s1",
            content: [{ type: "web_search_result", url: "https://example.com/", title: "A", encrypted_content: "e" }]
          },
          { type: "text", text: "Found." }
        ]
        yield* Effect.gen(function*() {
          const chat = yield* Chat.empty
          const { content: parts, text } = yield* chat.generateText({ prompt: "Search." })
          yield* chat.generateText({ prompt: "And?" })

          assert.strictEqual(text, "Found.")
          assert.isTrue(parts.some(({ type }) => type === "source"))
          const body = yield* lastBody
          assert.deepStrictEqual(body.messages[1]?.content, content)
          assert.deepStrictEqual(body["tool_choice"], { type: "auto" })
        }).pipe(Effect.provide(layer(
          Script.sequence(Script.message({ content }), Script.reply("So.")),
          { tools: [{ type: "web_search_20260318", name: "web_search" }] }
        )))
      }))

    it.effect("stream as they answer", () =>
      Effect.gen(function*() {
        const { parts } = yield* collect(LanguageModel.streamText({
          prompt: "Search.",
          toolkit: Toolkit.make(onServer.ClaudeWebSearch)
        }))

        assert.deepStrictEqual(
          parts.map(({ type }) => type).filter((type) => type !== "tool-params-delta"),
          [
            "response-metadata",
            "tool-params-start",
            "tool-params-end",
            "tool-call",
            "tool-result",
            "source",
            "finish"
          ]
        )
      }).pipe(Effect.provide(layer(Script.message({
        content: [
          { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "a" } },
          {
            type: "web_search_tool_result",
            tool_use_id: "s1",
            content: [{ type: "web_search_result", url: "https://example.com/", title: "A", encrypted_content: "e" }]
          }
        ]
      })))))
  })

  describe("tools the caller runs", () => {
    it.effect("call the handler under their own name, and are answered under the wire's", () =>
      Effect.gen(function*() {
        const calls = yield* Ref.make<ReadonlyArray<unknown>>([])
        const toolkit = Toolkit.make(onClient.ClaudeMemory)
        const handlers = toolkit.toLayer({
          ClaudeMemory: (input) => Effect.as(Ref.update(calls, (all) => [...all, input]), "notes.txt")
        })
        const chat = yield* Chat.empty
        const first = yield* chat.generateText({ prompt: "Remember.", toolkit }).pipe(Effect.provide(handlers))
        yield* chat.generateText({ prompt: [], toolkit }).pipe(Effect.provide(handlers))

        assert.deepStrictEqual(first.toolResults.map(({ name, result }) => [name, result]), [
          ["ClaudeMemory", "notes.txt"]
        ])
        assert.deepStrictEqual(yield* Ref.get(calls), [
          { command: "create", path: "/memories/notes.txt", file_text: "hello" }
        ])
        const { messages } = yield* lastBody
        assert.include(JSON.stringify(messages[1]?.content), `"name":"memory"`)
        assert.deepStrictEqual(messages[2]?.content, [
          { type: "tool_result", tool_use_id: "t1", content: "notes.txt" }
        ])
      }).pipe(Effect.provide(layer(Script.sequence(
        Script.toolCall("memory", { command: "create", path: "/memories/notes.txt", file_text: "hello" }, {
          toolUseId: "t1"
        }),
        Script.reply("Done.")
      )))))

    it.effect("tell the model of a failure where asked", () =>
      Effect.gen(function*() {
        const toolkit = Toolkit.make(ClaudeTool.bash({ failureMode: "return" }))
        const chat = yield* Chat.empty
        const handlers = toolkit.toLayer({ ClaudeBash: () => Effect.fail("no shell here") })
        yield* chat.generateText({ prompt: "List.", toolkit }).pipe(Effect.provide(handlers))
        yield* chat.generateText({ prompt: [], toolkit }).pipe(Effect.provide(handlers))

        assert.deepStrictEqual((yield* lastBody).messages[2]?.content, [
          { type: "tool_result", tool_use_id: "t1", content: "no shell here", is_error: true }
        ])
      }).pipe(Effect.provide(layer(Script.sequence(
        Script.toolCall("bash", { command: "ls" }, { toolUseId: "t1" }),
        Script.reply("Sorry.")
      )))))

    it.effect("tell the one handler of a toolset which member is called, and take an image for an answer", () =>
      Effect.gen(function*() {
        const image = {
          type: "image",
          source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" }
        } as const
        const toolkit = Toolkit.make(onClient.ClaudeComputerToolset)
        const members = yield* Ref.make<ReadonlyArray<string>>([])
        const handlers = toolkit.toLayer({
          ClaudeComputerToolset: ({ member }) => Effect.as(Ref.update(members, (all) => [...all, member]), [image])
        })
        const chat = yield* Chat.empty
        yield* chat.streamText({ prompt: "Look.", toolkit }).pipe(Stream.runDrain, Effect.provide(handlers))
        yield* chat.generateText({ prompt: [], toolkit }).pipe(Effect.provide(handlers))

        assert.deepStrictEqual(yield* Ref.get(members), ["screenshot"])
        const { messages } = yield* lastBody
        assert.deepStrictEqual(messages[1]?.content, [
          { type: "tool_use", id: "t1", name: "screenshot", input: {}, toolset_name: "computer" }
        ])
        assert.deepStrictEqual(messages[2]?.content, [
          { type: "tool_result", tool_use_id: "t1", content: [image], toolset_name: "computer" }
        ])
      }).pipe(Effect.provide(layer(
        Script.sequence(
          Script.message({
            content: [{ type: "tool_use", id: "t1", name: "screenshot", input: {}, toolset_name: "computer" }],
            stop_reason: "tool_use"
          }),
          Script.reply("I see.")
        ),
        {},
        { check: false }
      ))))

    it.effect("do not take the place of a tool of the caller's by the same name", () =>
      Effect.gen(function*() {
        const own = AiTool.make("bash", {
          parameters: Schema.Struct({ command: Schema.String }),
          success: Schema.String
        })
        const toolkit = Toolkit.make(own)
        const { toolResults } = yield* LanguageModel.generateText({ prompt: "List.", toolkit }).pipe(
          Effect.provide(toolkit.toLayer({ bash: () => Effect.succeed("mine") }))
        )

        assert.deepStrictEqual(toolResults.map(({ result }) => result), ["mine"])
      }).pipe(Effect.provide(layer(Script.toolCall("bash", { command: "ls" })))))
  })
})
