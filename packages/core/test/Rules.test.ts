import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Rules from "@effect-claude/core/Rules"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Recordings from "./recordings.ts"

type Request = Partial<MessageRequest.MessageRequest>
type Turn = MessageRequest.MessageParam

const hello: Turn = { role: "user", content: "Hello" }
const base: Request = { model: "claude-sonnet-4-5", max_tokens: 1024, messages: [hello] }
const on = (model: string, request: Request = {}): Request => ({ ...base, model, ...request })

const call = (id: string) => ({ type: "tool_use", id, name: "look", input: {} }) as const
const result = (tool_use_id: string) => ({ type: "tool_result", tool_use_id, content: "seen" }) as const
const text = (text: string) => ({ type: "text", text }) as const
const user = (...content: ReadonlyArray<Exclude<MessageRequest.UserParam["content"], string>[number]>): Turn => ({
  role: "user",
  content
})
const assistant = (...content: ReadonlyArray<Exclude<MessageRequest.UserParam["content"], string>[number]>): Turn => ({
  role: "assistant",
  content
})
const talk = (...messages: ReadonlyArray<Turn>): Request => ({ ...base, messages: [hello, ...messages] })

const object = { type: "object" } as const
const tools = (count: number, strict: boolean) =>
  Array.from({ length: count }, (_, index) => ({ name: `tool_${index}`, input_schema: object, strict }))
const image = (data: string, media_type = "image/png") =>
  ({ type: "image", source: { type: "base64", media_type, data } }) as const
const png = "iVBORw0KGgoAAAANSUhEUgAA"
const jpeg = "/9j/4AAQSkZJRgABAQAAAQAB"
const half = "log \ud83d"
const named = (name: string) => ({ name, input_schema: object })
const mark = { cache_control: { type: "ephemeral" } } as const

/** What breaks each rule, and where. */
const broken: {
  readonly [N in Rules.Name]: ReadonlyArray<
    readonly [what: string, request: Request, paths: ReadonlyArray<string>, options?: Rules.Options]
  >
} = {
  requiredFields: [
    ["no field at all", {}, ["model", "max_tokens", "messages"]],
    ["no max_tokens", { model: "m", messages: [hello] }, ["max_tokens"]],
    ["no messages to count", { model: "m" }, ["messages"], { endpoint: "countTokens" }]
  ],
  maxTokens: [
    ["a negative limit", { ...base, max_tokens: -1 }, ["max_tokens"]],
    ["half a token", { ...base, max_tokens: 0.5 }, ["max_tokens"]]
  ],
  unansweredToolUse: [
    ["a call that is talked over", talk(assistant(call("a")), user(text("Well?"))), ["messages[1].content[0]"]],
    ["one call of two", talk(assistant(text("I look."), call("a"), call("b")), user(result("a"))), [
      "messages[1].content[2]"
    ]],
    ["a call answered one turn late", talk(assistant(call("a")), hello, assistant(text("So?")), user(result("a"))), [
      "messages[1].content[0]"
    ]],
    [
      "a call made directly",
      talk(assistant({ ...call("a"), caller: { type: "direct" } }), hello),
      ["messages[1].content[0]"]
    ]
  ],
  orphanedToolResult: [
    ["a result without a call", talk(user(result("a"))), ["messages[1].content[0].tool_use_id"]],
    ["a result at the very start", { ...base, messages: [user(result("a"))] }, [
      "messages[0].content[0].tool_use_id"
    ]],
    ["a result for another call", talk(assistant(call("a")), user(result("a"), result("b"))), [
      "messages[2].content[1].tool_use_id"
    ]],
    ["a result after an answer of text", talk({ role: "assistant", content: "Yes?" }, user(result("a"))), [
      "messages[2].content[0].tool_use_id"
    ]]
  ],
  emptyText: [
    ["an empty block", talk(user(text("")), assistant(text("a"), text(""))), [
      "messages[1].content[0].text",
      "messages[2].content[1].text"
    ]]
  ],
  cacheBreakpoints: [
    ["five marks over tools, system and turns", {
      ...base,
      tools: [{ name: "a", input_schema: object, ...mark }],
      system: [{ ...text("a"), ...mark }],
      messages: [user({ ...text("a"), ...mark }, { ...text("b"), ...mark }, { ...text("c"), ...mark })]
    }, ["messages[0].content[2].cache_control"]],
    ["four marks beside one for the whole request", {
      ...base,
      ...mark,
      messages: [user(...[1, 2, 3, 4].map(() => ({ ...text("a"), ...mark })))]
    }, ["cache_control"]]
  ],
  thinkingBudget: [
    ["a budget as large as the answer", on("m", { thinking: { type: "enabled", budget_tokens: 1024 } }), [
      "thinking.budget_tokens"
    ]],
    [
      "a budget larger than the answer beside tools, sent without the beta",
      on("m", { thinking: { type: "enabled", budget_tokens: 2048 }, tools: tools(1, false) }),
      ["thinking.budget_tokens"],
      { betas: ["context-1m-2025-08-07"] }
    ]
  ],
  inputSchemaType: [
    ["a schema without a type", {
      ...base,
      tools: [
        { name: "a", input_schema: object },
        Wire.unknown({ type: "custom", name: "b", input_schema: {} })
      ]
    }, ["tools[1].input_schema.type"]],
    ["a schema of text", {
      ...base,
      tools: [Wire.unknown({ type: "custom", name: "a", input_schema: { type: "string" } })]
    }, [
      "tools[0].input_schema.type"
    ]]
  ],
  inputSchemaRoot: [
    ["a union", {
      ...base,
      tools: [{ name: "a", input_schema: { type: "object", anyOf: [{ type: "object" }] } }]
    }, ["tools[0].input_schema"]]
  ],
  wellFormedText: [
    ["half a character in a prompt", talk(user(text(half))), ["messages[1].content[0].text"]],
    ["half a character in a result, a system prompt and a name of an input", {
      ...talk(
        assistant({ ...call("a"), input: { nested: [{ [half]: 1 }] } }),
        user({ ...result("a"), content: half })
      ),
      system: half
    }, ["messages[1].content[0].input", "messages[2].content[0].content", "system"]],
    ["the other half, at the start", talk(user(text("\ude00 end"))), ["messages[1].content[0].text"]]
  ],
  toolNames: [
    ["a name with a dot, and one of 129 characters", { ...base, tools: [named("a.b"), named("a".repeat(129))] }, [
      "tools[0].name",
      "tools[1].name"
    ]],
    ["a call with a space in its name", talk(assistant({ ...call("a"), name: "look up" }), user(result("a"))), [
      "messages[1].content[0].name"
    ]]
  ],
  uniqueTools: [
    ["two tools of one name", { ...base, tools: [named("a"), named("b"), named("a")] }, ["tools[2].name"]]
  ],
  toolChoice: [
    ["a tool there is not", { ...base, tools: [named("a")], tool_choice: { type: "tool", name: "b" } }, [
      "tool_choice.name"
    ]],
    ["a tool of no tools", { ...base, tool_choice: { type: "tool", name: "b" } }, ["tool_choice.name"]]
  ],
  closedObjects: [
    ["an open object in the format of the response", {
      ...base,
      output_config: {
        format: {
          type: "json_schema",
          schema: {
            type: "object",
            properties: { a: { type: "array", items: { type: "object" } } },
            additionalProperties: false
          }
        }
      }
    }, ["output_config.format.schema.properties.a.items"]],
    ["an open object in a strict tool", { ...base, tools: [{ ...named("a"), strict: true }] }, [
      "tools[0].input_schema"
    ]],
    ["an open definition in the older format", {
      ...base,
      output_format: {
        type: "json_schema",
        schema: { anyOf: [{ $ref: "#/$defs/a" }], $defs: { a: { type: "object", additionalProperties: true } } }
      }
    }, ["output_format.schema.$defs.a"]]
  ],
  toolUseIds: [
    ["one id for two calls", talk(assistant(call("a"), call("a")), user(result("a"))), ["messages[1].content[1].id"]],
    ["one id in two turns", talk(assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))), [
      "messages[3].content[0].id"
    ]],
    ["an id of another provider", talk(assistant(call("functions.look:0")), user(result("functions.look:0"))), [
      "messages[1].content[0].id",
      "messages[2].content[0].tool_use_id"
    ]],
    ["an empty id", talk(assistant(call("")), user(result(""))), [
      "messages[1].content[0].id",
      "messages[2].content[0].tool_use_id"
    ]]
  ],
  mediaData: [
    ["an image without data", talk(user(image(""))), ["messages[1].content[0].source.data"]],
    ["a data URL", talk(user(image(`data:image/png;base64,${png}`))), ["messages[1].content[0].source.data"]],
    [
      "data that is not base64, in the result of a tool",
      talk(assistant(call("a")), user({ ...result("a"), content: [text("a"), image("!!!")] })),
      ["messages[2].content[0].content[1].source.data"]
    ]
  ],
  mediaType: [
    ["a JPEG declared as PNG", talk(user(image(jpeg))), ["messages[1].content[0].source.media_type"]],
    ["a type that is no image the API takes", talk(user(image(png, "image/tiff"))), [
      "messages[1].content[0].source.media_type"
    ]],
    [
      "an image as a document",
      talk(user({ type: "document", source: { type: "base64", media_type: "image/png", data: png } })),
      ["messages[1].content[0].source.media_type"]
    ]
  ],
  samplingRange: [
    ["values outside", on("m", { temperature: 1.1, top_p: 2, top_k: 1.5 }), ["temperature", "top_p", "top_k"]],
    ["values below", on("m", { temperature: -0.1, top_p: -0.1, top_k: -2 }), ["temperature", "top_p", "top_k"]]
  ],
  thinkingSampling: [
    [
      "sampling beside a budget",
      on("m", { max_tokens: 2048, thinking: { type: "enabled", budget_tokens: 1024 }, temperature: 0, top_p: 0.9 }),
      ["temperature", "top_p"]
    ],
    ["sampling beside adaptive thinking", on("m", { thinking: { type: "adaptive" }, top_k: 5 }), ["top_k"]]
  ],
  strictTools: [
    ["twenty-one strict tools", { ...base, tools: tools(21, true) }, ["tools[20].strict"]]
  ],
  apiVersion: [
    ["sampling on the new version", { ...base, temperature: 1 }, ["temperature"], { version: "2026-10-21" }]
  ],
  samplingPair: [
    ["both parameters on a model that takes one", on("claude-haiku-4-5-20251001", { temperature: 1, top_p: 1 }), [
      "top_p"
    ]]
  ],
  sampling: [
    ["any of them on a model that takes none", on("claude-opus-4-7", { temperature: 1, top_k: 1 }), [
      "temperature",
      "top_k"
    ]]
  ],
  prefill: [
    ["an answer begun", { ...on("claude-sonnet-5"), messages: [hello, assistant(text("{"))] }, ["messages[1]"]],
    ["an answer begun without a question", { ...on("claude-sonnet-5"), messages: [assistant(text("{"))] }, [
      "messages[0]"
    ]],
    ["an answer begun as text", { ...on("claude-sonnet-5"), messages: [hello, { role: "assistant", content: "{" }] }, [
      "messages[1]"
    ]],
    [
      "an answer begun before a system turn",
      {
        ...on("claude-sonnet-5"),
        messages: [hello, assistant(text("{")), { role: "system", content: "Be brief." }]
      },
      ["messages[1]"]
    ]
  ],
  manualThinking: [
    ["a budget", on("claude-sonnet-5", { thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 2048 }), [
      "thinking.type"
    ]]
  ],
  noThinking: [
    ["no thinking", on("claude-opus-5-5", { thinking: { type: "disabled" } }), ["thinking.type"]]
  ],
  forcedTool: [
    ["a forced tool where the model always thinks", on("claude-opus-5-5", { tool_choice: { type: "any" } }), [
      "tool_choice"
    ]],
    [
      "a forced tool beside a budget",
      on("claude-haiku-4-5", {
        max_tokens: 4096,
        thinking: { type: "enabled", budget_tokens: 1024 },
        tool_choice: { type: "tool", name: "a" }
      }),
      ["tool_choice"]
    ]
  ],
  thinkingMinimum: [
    ["too small a budget", { ...base, thinking: { type: "enabled", budget_tokens: 1023 } }, ["thinking.budget_tokens"]]
  ],
  blankText: [
    ["a blank block", talk(user(text(" \n"))), ["messages[1].content[0].text"]],
    ["a blank or empty system block", { ...base, system: [text("a"), text(" "), text("")] }, [
      "system[1].text",
      "system[2].text"
    ]],
    ["a blank turn", talk({ role: "user", content: " " }, { role: "assistant", content: "" }), [
      "messages[1].content",
      "messages[2].content"
    ]]
  ],
  systemFirst: [
    ["a system turn first", { ...base, messages: [{ role: "system", content: "a" }, hello] }, ["messages[0]"]]
  ],
  maxTokensLimit: [
    ["more than the model gives", on("claude-haiku-4-5-20251001", { max_tokens: 64_001 }), ["max_tokens"]]
  ],
  mediaSize: [
    ["an image of more than 5 MB", talk(user(image(png + "A".repeat(5 * 1024 * 1024)))), [
      "messages[1].content[0].source.data"
    ]]
  ],
  domainLists: [
    ["both lists", {
      ...base,
      tools: [{ type: "web_search_20260318", name: "web_search", allowed_domains: ["a.test"], blocked_domains: [] }]
    }, ["tools[0].blocked_domains"]]
  ],
  outputFormats: [
    ["both names of the format", {
      ...base,
      output_format: { type: "json_schema", schema: {} },
      output_config: { format: { type: "json_schema", schema: {} } }
    }, ["output_format"]]
  ]
}

/** What comes close to breaking a rule and does not. */
const kept: ReadonlyArray<readonly [rule: Rules.Name, what: string, request: Request, options?: Rules.Options]> = [
  ["requiredFields", "a count of tokens without max_tokens", { model: "m", messages: [] }, { endpoint: "countTokens" }],
  ["maxTokens", "0, which warms the cache", { ...base, max_tokens: 0 }],
  ["unansweredToolUse", "a call at the end", talk(assistant(call("a")))],
  [
    "unansweredToolUse",
    "answers spread over turns that merge",
    talk(
      assistant(call("a")),
      assistant(call("b")),
      user(result("b")),
      user(result("a"))
    )
  ],
  [
    "unansweredToolUse",
    "a system turn before the answer",
    talk(
      assistant(call("a")),
      { role: "system", content: "Be brief." },
      user(result("a"))
    )
  ],
  [
    "unansweredToolUse",
    "a call by code on the server",
    talk(
      assistant({ ...call("a"), caller: { type: "code_execution_20260120", tool_id: "srvtoolu_1" } }),
      hello
    )
  ],
  [
    "unansweredToolUse",
    "a call of the server's own tool",
    talk(
      assistant({ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }),
      hello
    )
  ],
  [
    "unansweredToolUse",
    "a call of an MCP tool",
    talk(
      assistant({ type: "mcp_tool_use", id: "mcptoolu_1", name: "ask", server_name: "s", input: {} }),
      hello
    )
  ],
  [
    "unansweredToolUse",
    "a result of a kind not known yet",
    talk(
      assistant(call("a")),
      user(Wire.unknown({ type: "video_result", tool_use_id: "a" }))
    )
  ],
  ["unansweredToolUse", "a call that an edit may cut", {
    ...talk(assistant(call("a")), hello),
    context_management: { edits: [] }
  }],
  ["unansweredToolUse", "a count of tokens", talk(assistant(call("a")), hello), { endpoint: "countTokens" }],
  ["orphanedToolResult", "a count of tokens", talk(user(result("a"))), { endpoint: "countTokens" }],
  ["orphanedToolResult", "a thread that goes on", {
    ...base,
    messages: [user(result("a"))],
    thread: { type: "continue", previous_message_id: "msg_1" }
  }],
  ["orphanedToolResult", "a call that an edit cut", {
    ...base,
    messages: [user(result("a"))],
    context_management: { edits: [{ type: "clear_tool_uses_20250919" }] }
  }],
  ["orphanedToolResult", "a call folded into a compaction", {
    ...base,
    messages: [assistant({ type: "compaction", content: "so far" }), user(result("a"))]
  }],
  [
    "orphanedToolResult",
    "a result for code on the server",
    talk(
      assistant({ ...call("a"), caller: { type: "code_execution_20260120", tool_id: "srvtoolu_1" } }),
      user(result("a"))
    )
  ],
  [
    "orphanedToolResult",
    "a result for a call of a kind not known yet",
    talk(
      assistant(Wire.unknown({ type: "gesture_use", id: "a" })),
      user(result("a"))
    )
  ],
  [
    "orphanedToolResult",
    "a result after other turns of the user",
    talk(assistant(call("a")), hello, user(result("a")))
  ],
  ["emptyText", "blank text", talk(user(text(" ")))],
  ["emptyText", "an empty system block", { ...base, system: [text("")] }],
  [
    "emptyText",
    "empty text inside a tool's result",
    talk(
      assistant(call("a")),
      user({ type: "tool_result", tool_use_id: "a", content: [text("")] })
    )
  ],
  ["cacheBreakpoints", "four marks and nulls", {
    ...base,
    messages: [
      user(
        ...[1, 2, 3, 4].map(() => ({ ...text("a"), ...mark })),
        { ...text("a"), cache_control: null },
        text("b")
      )
    ]
  }],
  ["thinkingBudget", "a budget below the answer", on("m", { thinking: { type: "enabled", budget_tokens: 1023 } })],
  ["thinkingBudget", "a warmed cache", on("m", { max_tokens: 0, thinking: { type: "enabled", budget_tokens: 1024 } })],
  [
    "thinkingBudget",
    "a larger budget between tools, with the beta",
    on("m", { thinking: { type: "enabled", budget_tokens: 9999 }, tools: tools(1, false) }),
    { betas: ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"] }
  ],
  [
    "thinkingBudget",
    "a larger budget between tools, where betas are not known",
    on("m", { thinking: { type: "enabled", budget_tokens: 9999 }, tools: tools(1, false) })
  ],
  ["inputSchemaType", "a tool that has no schema", { ...base, tools: [{ type: "bash_20250124", name: "bash" }] }],
  ["inputSchemaType", "a tool of a type not known yet", {
    ...base,
    tools: [Wire.unknown({ type: "oven_20270101", input_schema: {} })]
  }],
  ["strictTools", "twenty strict tools of forty", { ...base, tools: [...tools(20, true), ...tools(20, false)] }],
  ["inputSchemaRoot", "a union below the top", {
    ...base,
    tools: [{ name: "a", input_schema: { type: "object", properties: { a: { anyOf: [{ type: "string" }] } } } }]
  }],
  ["wellFormedText", "whole characters", { ...talk(user(text("\u{1F600}"))), system: "é 漢 \u{1F600}" }],
  ["toolNames", "a name of 128 characters, and no name", {
    ...base,
    tools: [named("a".repeat(128)), { type: "computer_toolset_20260801" }]
  }],
  ["toolNames", "a longer name in a call", talk(assistant({ ...call("a"), name: "a".repeat(200) }), user(result("a")))],
  ["uniqueTools", "toolsets, which have no names", {
    ...base,
    tools: [{ type: "computer_toolset_20260801" }, { type: "browser_toolset_20260801" }]
  }],
  ["toolChoice", "a tool there is", { ...base, tools: [named("a")], tool_choice: { type: "tool", name: "a" } }],
  ["toolChoice", "a member of a toolset", {
    ...base,
    tools: [{ type: "computer_toolset_20260801" }],
    tool_choice: { type: "tool", name: "screenshot" }
  }],
  ["toolChoice", "a tool of a thread", {
    ...base,
    thread: { type: "continue", previous_message_id: "msg_1" },
    tool_choice: { type: "tool", name: "a" }
  }],
  ["closedObjects", "closed objects, and an open one in a tool that is not strict", {
    ...base,
    tools: [named("a")],
    output_config: {
      format: { type: "json_schema", schema: { type: "object", additionalProperties: false, required: ["a"] } }
    }
  }],
  [
    "toolUseIds",
    "calls of the server, which has ids of its own",
    talk(
      assistant(
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }
      ),
      hello
    )
  ],
  [
    "mediaData",
    "base64 in lines, and a source elsewhere",
    talk(user(
      image(`${png}\n${png}==`),
      { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "" } }
    ))
  ],
  ["mediaType", "a type that the bytes do not show", talk(user(image("AAAA")))],
  ["mediaType", "what a model of 2024 accepted", { ...talk(user(image(jpeg))), model: "claude-3-5-sonnet-20240620" }],
  ["samplingRange", "the bounds, and -1 for not set", on("m", { temperature: 0, top_p: 1, top_k: -1 })],
  ["thinkingSampling", "the defaults", on("m", { thinking: { type: "adaptive" }, temperature: 1, top_p: 0.95 })],
  ["thinkingSampling", "no thinking", on("m", { thinking: { type: "disabled" }, temperature: 0 })],
  ["mediaSize", "an image of 5 MB", talk(user(image("A".repeat(5 * 1024 * 1024))))],
  ["apiVersion", "sampling on the standard version", { ...base, temperature: 1 }],
  [
    "samplingPair",
    "both parameters on a model that takes both",
    on("claude-sonnet-4-0", {
      temperature: 1,
      top_p: 1
    })
  ],
  ["samplingPair", "one parameter", on("claude-haiku-4-5", { temperature: 1 })],
  ["samplingPair", "both parameters on a model not known yet", on("claude-sonnet-9", { temperature: 1, top_p: 1 })],
  ["sampling", "parameters on a model that takes them", on("claude-haiku-4-5", { temperature: 1, top_k: 1 })],
  ["sampling", "no parameters", on("claude-opus-4-7", { temperature: undefined })],
  ["prefill", "an answer begun for a model that continues it", { ...base, messages: [hello, assistant(text("{"))] }],
  ["prefill", "a paused turn", {
    ...on("claude-sonnet-5"),
    messages: [hello, assistant(text("I search."), { type: "server_tool_use", id: "s", name: "web_search", input: {} })]
  }],
  ["prefill", "a turn of the user at the end", on("claude-sonnet-5")],
  ["manualThinking", "adaptive thinking", on("claude-sonnet-5", { thinking: { type: "adaptive" } })],
  [
    "noThinking",
    "no thinking on a model that can do without",
    on("claude-haiku-4-5", {
      thinking: { type: "disabled" }
    })
  ],
  ["forcedTool", "a forced tool without thinking", on("claude-haiku-4-5", { tool_choice: { type: "any" } })],
  ["forcedTool", "a free choice", on("claude-opus-5-5", { tool_choice: { type: "auto" } })],
  ["thinkingMinimum", "the least budget", { ...base, thinking: { type: "enabled", budget_tokens: 1024 } }],
  ["blankText", "text", talk(user(text(" a ")))],
  ["systemFirst", "a system turn in the middle", talk({ role: "system", content: "a" })],
  ["maxTokensLimit", "the limit itself", on("claude-haiku-4-5", { max_tokens: 64_000 })],
  ["maxTokensLimit", "a model not known yet", on("claude-sonnet-9", { max_tokens: 10_000_000 })],
  ["maxTokensLimit", "a limit that a beta raises", on("claude-haiku-4-5", { max_tokens: 100_000 }), {
    betas: ["context-1m-2025-08-07", "output-128k-2025-02-19"]
  }],
  ["domainLists", "one list", {
    ...base,
    tools: [{ type: "web_search_20260318", name: "web_search", allowed_domains: ["a.test"], blocked_domains: null }]
  }],
  ["outputFormats", "one format", {
    ...base,
    output_format: { type: "json_schema", schema: {} },
    output_config: { effort: "low" }
  }]
]

const found = (report: Rules.Report): ReadonlyArray<ClaudeError.Violation> => [...report.refused, ...report.warnings]

describe("Rules", () => {
  describe("all", () => {
    it("names each rule once", () => {
      assert.strictEqual(new Set(Rules.all.map(({ name }) => name)).size, Rules.all.length)
    })

    it("refuses by structure and warns of the rest", () => {
      assert.deepStrictEqual(Rules.all.filter(({ level }) => level === "refuse").map(({ name }) => name), [
        "requiredFields",
        "maxTokens",
        "unansweredToolUse",
        "orphanedToolResult",
        "emptyText",
        "cacheBreakpoints",
        "thinkingBudget",
        "inputSchemaType",
        "strictTools",
        "wellFormedText",
        "toolNames",
        "uniqueTools",
        "toolChoice",
        "inputSchemaRoot",
        "closedObjects",
        "toolUseIds",
        "mediaData",
        "mediaType",
        "samplingRange",
        "thinkingSampling",
        "apiVersion"
      ])
    })

    for (const rule of Rules.all) {
      for (const [what, request, paths, options] of broken[rule.name]) {
        it(`${rule.name} ${rule.level === "refuse" ? "refuses" : "warns of"} ${what}`, () => {
          const report = Rules.check(request, options)
          const here = rule.level === "refuse" ? report.refused : report.warnings

          assert.deepStrictEqual(
            here.filter((violation) => violation.rule === rule.name).map(({ path }) => path),
            paths
          )
        })
      }
    }

    for (const [rule, what, request, options] of kept) {
      it(`${rule} keeps quiet at ${what}`, () => {
        const violations = found(Rules.check(request, options)).filter((violation) => violation.rule === rule)

        assert.deepStrictEqual(violations, [])
      })
    }
  })

  describe("make", () => {
    const blank: Request = { ...base, messages: [{ role: "user", content: " " }] }
    const rulesOf = (report: Rules.Report) => [report.refused.map(({ rule }) => rule), report.warnings.length] as const

    it("holds requests to the table, for the version and the betas of the call", () => {
      assert.deepStrictEqual(rulesOf(Rules.standard.check(blank, {})), [[], 1])
      assert.deepStrictEqual(
        Rules.standard.check({ ...blank, temperature: 1 }, { version: "2026-10-21" }),
        Rules.check({ ...blank, temperature: 1 }, { version: "2026-10-21" })
      )
      assert.lengthOf(Rules.standard.check({ ...base, temperature: 1 }, { version: "2026-10-21" }).refused, 1)
    })

    it("changes levels, which the call may change again", () => {
      const strict = Rules.make({ rules: { blankText: "refuse", systemFirst: "off" } })

      assert.deepStrictEqual(rulesOf(strict.check(blank, {})), [["blankText"], 0])
      assert.deepStrictEqual(rulesOf(strict.check(blank, { rules: { blankText: "off" } })), [[], 0])
      assert.deepStrictEqual(
        rulesOf(strict.check({ ...blank, messages: [{ role: "system", content: "a" }, hello] }, {})),
        [[], 0]
      )
    })

    it("adds rules of one's own, and another catalogue", () => {
      const own = Rules.make({
        custom: [{
          name: "own",
          level: "refuse",
          evidence: "ours",
          check: (_, { version }) => [{ path: "", problem: version, fix: "" }]
        }],
        catalog: { asOf: "2026-01-01", models: [{ id: "tiny", maxOutput: 10 }] }
      })

      assert.deepStrictEqual(rulesOf(own.check({ ...base, model: "tiny" }, {})), [["own"], 1])
    })

    it.effect("tells of warnings in the log, or where it is told to", () =>
      Effect.gen(function*() {
        const lines: Array<string> = []
        const told: Array<string> = []
        const { warnings } = Rules.check(blank)
        const logger = Logger.make(({ logLevel, message }) => {
          lines.push(`${logLevel} ${String(message)}`)
        })
        yield* Rules.standard.warn(warnings).pipe(Effect.provide(Logger.layer([logger])))
        yield* Rules.make({ warn: (all) => Effect.sync(() => told.push(...all.map(({ rule }) => rule))) }).warn(
          warnings
        )
        yield* Rules.none.warn(warnings)

        assert.deepStrictEqual(lines, [
          "Warn The API may refuse this request: messages[0].content: the text is blank. Leave it out. (blankText)"
        ])
        assert.deepStrictEqual(told, ["blankText"])
      }))

    describe("announce", () => {
      const catalog = {
        asOf: "2026-11-24",
        models: [
          { id: "old", retiresOn: "2027-01-22", replacement: "new" },
          { id: "older", retiresOn: "2026-06-30" },
          { id: "new" }
        ]
      }

      /** The warnings of calls with these models, the day being given. */
      const warningsOf = (day: string, ...models: ReadonlyArray<string>) =>
        Effect.gen(function*() {
          const lines: Array<string> = []
          const logger = Logger.make(({ message }) => {
            lines.push(String(message))
          })
          const rules = Rules.make({ catalog })
          yield* TestClock.setTime(Date.parse(day))
          yield* Effect.forEach(models, (model) => rules.announce?.(model) ?? Effect.void).pipe(
            Effect.provide(Logger.layer([logger]))
          )
          return lines
        })

      it.effect("warns once about a model that retires within 90 days", () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* warningsOf("2026-12-01", "old", "old", "new"), [
            "The model old retires on 2027-01-22, in 52 days. Use new."
          ])
        }))

      it.effect("warns about a model that is retired", () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* warningsOf("2026-12-01", "older", "unknown"), [
            "The model older retired on 2026-06-30."
          ])
        }))

      it.effect("begins to warn 90 days before", () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* warningsOf("2026-10-23T23:59:59Z", "old"), [])
          assert.lengthOf(yield* warningsOf("2026-10-24", "old"), 1)
        }))
    })

    it("is nothing at all for none", () => {
      assert.deepStrictEqual(Rules.none.check({}, { rules: { requiredFields: "refuse" } }), {
        refused: [],
        warnings: []
      })
    })
  })

  describe("check", () => {
    it("finds nothing wrong with a plain request", () => {
      assert.deepStrictEqual(Rules.check(base), { refused: [], warnings: [] })
    })

    it("says what is wrong, what to do, and how that is known", () => {
      const [violation] = Rules.check(talk(user(text("")))).refused

      assert.deepStrictEqual(violation, {
        rule: "emptyText",
        path: "messages[1].content[0].text",
        problem: "the text is empty",
        fix: "Leave the block out.",
        evidence: Rules.all.find(({ name }) => name === "emptyText")!.evidence
      })
    })

    it("moves a rule to the level it is given", () => {
      const request = talk(user(text("")))

      assert.strictEqual(Rules.check(request, { rules: { emptyText: "warn" } }).warnings[0]?.rule, "emptyText")
      assert.deepStrictEqual(Rules.check(request, { rules: { emptyText: "warn" } }).refused, [])
      assert.deepStrictEqual(found(Rules.check(request, { rules: { emptyText: "off" } })), [])
      assert.strictEqual(
        Rules.check(talk(user(text(" "))), { rules: { blankText: "refuse" } }).refused[0]?.rule,
        "blankText"
      )
    })

    it("applies rules of one's own, at the level they are given", () => {
      const noHaiku: Rules.Rule = {
        name: "noHaiku",
        level: "refuse",
        evidence: "Our own policy.",
        check: (request) => request.model === "claude-haiku-4-5" ? [{ path: "model", problem: "p", fix: "f" }] : []
      }

      assert.strictEqual(Rules.check(on("claude-haiku-4-5"), { custom: [noHaiku] }).refused[0]?.rule, "noHaiku")
      assert.deepStrictEqual(Rules.check(base, { custom: [noHaiku] }).refused, [])
      assert.deepStrictEqual(
        found(Rules.check(on("claude-haiku-4-5"), { custom: [noHaiku], rules: { noHaiku: "off" } })),
        []
      )
    })

    it("knows models by the catalogue it is given", () => {
      const catalog = ModelCatalog.withEntry(ModelCatalog.released, { id: "claude-sonnet-9", maxOutput: 8 })

      assert.strictEqual(Rules.check(on("claude-sonnet-9"), { catalog }).warnings[0]?.rule, "maxTokensLimit")
    })

    it("quotes nothing of the prompt", () => {
      const secret = "grandmother's recipe"
      const request: Request = {
        ...base,
        temperature: 1,
        system: [text(""), text(secret)],
        messages: [assistant({ ...call(secret), name: secret, input: { secret } }), user(text(secret), result(secret))]
      }

      const violations = found(Rules.check({ ...request, messages: [...request.messages!, user(result(secret))] }))

      assert.isNotEmpty(violations)
      assert.notInclude(JSON.stringify(violations), secret)
    })

    it.effect.prop(
      "is total over anything that can stand where a field is expected",
      {
        field: Schema.Literals(["messages", "tools", "system", "thinking", "model", "max_tokens"]),
        value: Schema.Json
      },
      ({ field, value }) =>
        Effect.sync(() => {
          const request: Request = { ...base, [field]: value }
          const turns = [{ role: "user", content: value }, { role: "assistant" }, value]
          const inTurn: Request = Object.assign({}, base, { messages: turns })

          assert.isArray(Rules.check(request).refused)
          assert.isArray(Rules.check(inTurn, { version: "2026-10-21" }).refused)
        })
    )
  })

  describe("toError", () => {
    const { refused } = Rules.check(talk(user(text("")), assistant(text("")), user(text(""))))

    it("names the first violation, its fix, and how many more there are", () => {
      assert.strictEqual(
        Rules.toError(refused).message,
        "The request was not sent: messages[1].content[0].text: the text is empty. Leave the block out. (and 2 more)"
      )
      assert.notInclude(Rules.toError(refused.slice(0, 1)).message, "more")
    })

    it("is an error of a request that was not sent, with all violations", () => {
      const error = Rules.toError(refused)

      assert.strictEqual(error._tag, "RequestValidationError")
      assert.strictEqual(error.outcome, "notSent")
      assert.deepStrictEqual(error.violations, refused)
      assert.isTrue(ClaudeError.is(error))
    })
  })

  describe.skipIf(!Recordings.present)("over recorded traffic", () => {
    const betasOf = (recording: Recordings.Recording): ReadonlyArray<string> | undefined =>
      recording.request?.headers?.["anthropic-beta"]?.split(",").map((beta) => beta.trim())

    const endpointOf = ({ endpoint }: Recordings.Recording): "messages" | "countTokens" =>
      endpoint.includes("count_tokens") ? "countTokens" : "messages"

    const reportsOf = (recording: Recordings.Recording): ReadonlyArray<Rules.Report> =>
      Recordings.requestsOf(recording).map((request) =>
        Rules.check(request, { betas: betasOf(recording), endpoint: endpointOf(recording) })
      )

    it("refuses no request that the API accepted", () => {
      const accepted = Recordings.all().filter(Recordings.isAccepted)
      const refused = accepted.flatMap((recording) =>
        reportsOf(recording).flatMap((report) =>
          report.refused.map((violation) => `${recording.file}: ${violation.rule} at ${violation.path}`)
        )
      )

      assert.deepStrictEqual(refused, [])
      assert.isAbove(accepted.flatMap(Recordings.requestsOf).length, 0)
    })

    it("finds what the API found wrong", () => {
      const messages: ReadonlyArray<readonly [pattern: RegExp, rule: Rules.Name]> = [
        [/input_schema\.type: Field required/, "inputSchemaType"],
        [/Too many strict tools/, "strictTools"],
        [/must be greater than `thinking\.budget_tokens`/, "thinkingBudget"],
        [/does not support assistant message prefill/, "prefill"]
      ]
      const missed = Recordings.all().filter(({ kind }) => kind === "error").flatMap((recording) => {
        const said = JSON.stringify(recording.response)
        const rule = messages.find(([pattern]) => pattern.test(said))?.[1]
        const names = reportsOf(recording).flatMap(found).map((violation) => violation.rule)
        return rule === undefined || names.includes(rule) ? [] : [`${recording.file}: ${rule}`]
      })

      assert.deepStrictEqual(missed, [])
    })
  })
})
