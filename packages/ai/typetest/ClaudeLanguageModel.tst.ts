import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import type * as ClaudeToolInput from "@effect-claude/ai/ClaudeToolInput"
import type * as Claude from "@effect-claude/http/Claude"
import { Effect, type Layer, Schema, type Stream } from "effect"
import { type AiError, LanguageModel, type Model, Prompt, type Response, Tool, Toolkit } from "effect/ai"
import { describe, expect, it } from "tstyche"

const answer = LanguageModel.generateText({ prompt: "Hello" })
const stream = LanguageModel.streamText({ prompt: "Hello" })

describe("ClaudeLanguageModel", () => {
  it("provides the language model of effect/ai, and needs Claude alone", () => {
    expect(ClaudeLanguageModel.layer({ model: "claude-sonnet-5-5" })).type.toBe<
      Layer.Layer<LanguageModel.LanguageModel, never, Claude.Claude>
    >()
    expect(ClaudeLanguageModel.model("claude-sonnet-5-5")).type.toBe<
      Model.Model<"anthropic", LanguageModel.LanguageModel, Claude.Claude>
    >()
  })

  it("takes fields of the wire, and not those that effect/ai fills in", () => {
    expect(ClaudeLanguageModel.layer).type.toBeCallableWith({
      model: "claude-sonnet-5-5",
      thinking: { type: "adaptive" },
      service_tier: "auto",
      container: "c1",
      betas: ["context-1m-2025-08-07"]
    })
    expect(ClaudeLanguageModel.layer).type.not.toBeCallableWith({ model: "claude-sonnet-5-5", messages: [] })
    expect(ClaudeLanguageModel.layer).type.not.toBeCallableWith({ model: "claude-sonnet-5-5", maxTokens: 5 })
    expect(ClaudeLanguageModel.layer).type.not.toBeCallableWith({ max_tokens: 5 })
  })

  it("overrides options without a change of type, either way round", () => {
    const overridden = answer.pipe(ClaudeLanguageModel.withConfigOverride({ max_tokens: 5 }))
    expect(overridden).type.toBe<typeof answer>()
    expect(ClaudeLanguageModel.withConfigOverride(stream, { max_tokens: 5 })).type.toBe<typeof stream>()
    expect(stream).type.toBe<
      Stream.Stream<Response.StreamPart<{}>, AiError.AiError, LanguageModel.LanguageModel>
    >()
  })
})

describe("ClaudeTool", () => {
  const own = Tool.make("own", { parameters: Schema.Struct({ n: Schema.Number }), success: Schema.String })

  it("asks for handlers of the tools the caller runs, and of no others", () => {
    const toolkit = Toolkit.make(ClaudeTool.webSearch(), ClaudeTool.codeExecution(), ClaudeTool.bash(), own)

    expect(toolkit.toLayer).type.toBeCallableWith({
      ClaudeBash: () => Effect.succeed(""),
      own: () => Effect.succeed("")
    })
    expect(toolkit.toLayer).type.not.toBeCallableWith({ own: () => Effect.succeed("") })
    expect(Toolkit.make(ClaudeTool.webSearch()).toLayer).type.toBeCallableWith({})
  })

  it("types what a handler receives", () => {
    expect<Tool.Parameters<ReturnType<typeof ClaudeTool.memory>>>().type.toBe<typeof ClaudeToolInput.Memory.Type>()
    expect<Tool.Parameters<ReturnType<typeof ClaudeTool.computerToolset>>["member"]>().type.toBe<string>()
  })

  it("names an MCP toolset after its server", () => {
    expect(ClaudeTool.mcpToolset({ mcp_server_name: "docs" }).name).type.toBe<"ClaudeMcp_docs">()
  })

  it("takes the fields of the wire, and those it must have", () => {
    expect(ClaudeTool.webSearch).type.toBeCallableWith({ max_uses: 3, type: "web_search_20250305" })
    expect(ClaudeTool.webSearch).type.not.toBeCallableWith({ maxUses: 3 })
    expect(ClaudeTool.webSearch).type.not.toBeCallableWith({ name: "web_search" })
    expect(ClaudeTool.advisor).type.not.toBeCallableWith({})
    expect(ClaudeTool.computer).type.not.toBeCallableWith({ display_width_px: 1 })
  })

  it("takes what becomes of a handler's failures", () => {
    const returns = ClaudeTool.bash({ failureMode: "return" })
    const fails = ClaudeTool.bash()

    expect<Tool.HandlerError<typeof returns>>().type.toBe<never>()
    expect<Tool.HandlerError<typeof fails>>().type.toBe<string | AiError.AiError>()
  })
})

describe("options of prompts", () => {
  const cache_control = { type: "ephemeral", ttl: "1h" } as const

  it("are typed on messages, parts and files", () => {
    expect(Prompt.userMessage).type.toBeCallableWith({ content: [], options: { claude: { cache_control } } })
    expect(Prompt.userMessage).type.not.toBeCallableWith({ content: [], options: { claude: { cacheControl: 1 } } })
    expect(Prompt.makePart<"file">).type.toBeCallableWith("file", {
      mediaType: "application/pdf",
      data: "",
      options: { claude: { title: "t", citations: { enabled: true }, cache_control } }
    })
    expect(Prompt.makePart<"file">).type.not.toBeCallableWith("file", {
      mediaType: "application/pdf",
      data: "",
      options: { claude: { citations: true } }
    })
  })

  it("are typed in what an answer says beside its parts", () => {
    expect<NonNullable<Response.FinishPart["metadata"]["claude"]>["stop_reason"]>().type.toBe<string | null>()
    expect<NonNullable<AiError.RateLimitError["metadata"]["claude"]>["requestId"]>().type.toBe<string | undefined>()
  })
})
