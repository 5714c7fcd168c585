import * as Betas from "@effect-claude/core/Betas"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const base: MessageRequest.MessageRequest = {
  model: "claude-sonnet-5-5",
  max_tokens: 16,
  messages: [{ role: "user", content: "Hello" }]
}

const withBlocks = (
  ...content: ReadonlyArray<{ readonly type: string; readonly [field: string]: unknown }>
): Partial<MessageRequest.MessageRequest> => ({
  ...base,
  messages: [{ role: "user", content: content.map(Wire.unknown) }]
})

const systemTurn = (fields: Partial<MessageRequest.SystemParam>): Partial<MessageRequest.MessageRequest> => ({
  ...base,
  messages: [...base.messages, { role: "system", content: "Be brief.", ...fields }]
})

const server = { type: "url", name: "docs", url: "https://docs.test/mcp" } as const
const toolset = { type: "mcp_toolset", mcp_server_name: "docs" } as const
const common = { name: "computer", display_width_px: 800, display_height_px: 600 } as const

/** What a request uses, the request, and the header it needs. */
const cases: ReadonlyArray<
  readonly [uses: string, request: Partial<MessageRequest.MessageRequest>, betas: ReadonlyArray<string>]
> = [
  ["nothing beyond the GA fields", base, []],
  ["no field at all", {}, []],
  ["a system turn without content", {
    ...base,
    messages: [{ role: "system", output_config: { effort: "low" } }]
  }, ["mid-conversation-output-config-2026-07-01"]],
  ["types that every object knows", {
    ...withBlocks({ type: "toString" }),
    tools: [Wire.unknown({ type: "constructor" })],
    context_management: { edits: [Wire.unknown({ type: "valueOf" })] }
  }, ["context-management-2025-06-27"]],
  ["a null field", { ...base, compaction: null, speed: null, thread: null, context_management: null }, []],
  ["a speed", { ...base, speed: "fast" }, ["fast-mode-2026-02-01"]],
  ["output_format", { ...base, output_format: { type: "json_schema", schema: {} } }, ["structured-outputs-2025-11-13"]],
  ["output_config.format", {
    ...base,
    output_config: { effort: "low", format: { type: "json_schema", schema: {} } }
  }, []],
  ["a task budget", { ...base, output_config: { task_budget: { type: "tokens", total: 9 } } }, [
    "task-budgets-2026-03-13"
  ]],
  ["block binding", { ...base, thinking: { type: "adaptive", block_binding: {} } }, [
    "thinking-binding-controls-2026-08-01"
  ]],
  ["thinking updates", { ...base, thinking: { type: "adaptive", display: "updates" } }, [
    "thinking-display-updates-2026-08-18"
  ]],
  ["summarized thinking", { ...base, thinking: { type: "adaptive", display: "summarized" } }, []],
  ["a compaction", { ...base, compaction: { type: "summarize" } }, ["compact-2026-09-04"]],
  ["a thread", { ...base, thread: { type: "create" } }, ["message-threads-2026-08-12"]],
  ["default fallbacks", { ...base, fallbacks: "default" }, ["server-side-fallback-2026-07-01"]],
  ["a fast fallback with a task budget", {
    ...base,
    fallbacks: [{
      model: "claude-opus-5",
      speed: "fast",
      output_config: { task_budget: { type: "tokens", total: 9 } }
    }]
  }, ["fast-mode-2026-02-01", "task-budgets-2026-03-13", "server-side-fallback-2026-07-01"]],
  ["a fallback with thinking controls", {
    ...base,
    fallbacks: [{ model: "claude-opus-5", thinking: { type: "adaptive", display: "updates", block_binding: {} } }]
  }, [
    "thinking-binding-controls-2026-08-01",
    "thinking-display-updates-2026-08-18",
    "server-side-fallback-2026-07-01"
  ]],
  ["a bare credit token", { ...base, fallback_credit_token: "token" }, ["fallback-credit-2026-06-01"]],
  ["a credit token with a mode", { ...base, fallback_credit_token: { token: "token" } }, [
    "fallback-credit-2026-07-01"
  ]],
  ["a billing policy", { ...base, billing_policy: { type: "billing_policy" } }, ["user-profiles-billing-2026-10-01"]],
  ["an empty context management", { ...base, context_management: {} }, ["context-management-2025-06-27"]],
  ["a clearing edit", { ...base, context_management: { edits: [{ type: "clear_tool_uses_20250919" }] } }, [
    "context-management-2025-06-27"
  ]],
  ["an edit of tomorrow", { ...base, context_management: { edits: [Wire.unknown({ type: "fold_20270101" })] } }, [
    "context-management-2025-06-27"
  ]],
  ["a compacting edit alone", { ...base, context_management: { edits: [{ type: "compact_20260112" }] } }, [
    "compact-2026-01-12"
  ]],
  ["MCP servers without a toolset", { ...base, mcp_servers: [server] }, ["mcp-client-2025-04-04"]],
  ["MCP servers and their earlier calls", {
    ...withBlocks({ type: "mcp_tool_use" }, { type: "mcp_tool_result" }),
    mcp_servers: [server]
  }, ["mcp-client-2025-04-04"]],
  ["an MCP toolset", { ...base, mcp_servers: [server], tools: [toolset] }, ["mcp-client-2025-11-20"]],
  ["a pinned MCP toolset", { ...base, mcp_servers: [server], tools: [{ ...toolset, tools: [] }] }, [
    "mcp-client-2025-11-20",
    "mcp-client-2026-09-15"
  ]],
  ["no MCP servers", { ...base, mcp_servers: [] }, []],
  ["earlier MCP calls", withBlocks({ type: "mcp_tool_use" }), ["mcp-client-2025-11-20"]],
  ["an earlier MCP result", withBlocks({ type: "mcp_tool_result" }), ["mcp-client-2025-11-20"]],
  ["an MCP listing", withBlocks({ type: "mcp_tool_listing" }), ["mcp-client-2026-09-15"]],
  ["the advisor", {
    ...base,
    tools: [{ type: "advisor_20260301", name: "advisor", model: "claude-opus-5-5" }]
  }, ["advisor-tool-2026-03-01"]],
  ["an earlier call of the advisor", withBlocks({ type: "server_tool_use", name: "advisor" }), [
    "advisor-tool-2026-03-01"
  ]],
  ["an earlier answer of the advisor", withBlocks({ type: "advisor_tool_result" }), ["advisor-tool-2026-03-01"]],
  ["a call of another server tool", withBlocks({ type: "server_tool_use", name: "web_search" }), []],
  ["the computer of 2024", { ...base, tools: [{ ...common, type: "computer_20241022" }] }, ["computer-use-2024-10-22"]],
  ["the computer of January 2025", { ...base, tools: [{ ...common, type: "computer_20250124" }] }, [
    "computer-use-2025-01-24"
  ]],
  ["the computer of November 2025", { ...base, tools: [{ ...common, type: "computer_20251124" }] }, [
    "computer-use-2025-11-24"
  ]],
  ["the shell and editor of 2024", {
    ...base,
    tools: [{ type: "bash_20241022", name: "bash" }, { type: "text_editor_20241022", name: "str_replace_editor" }]
  }, ["computer-use-2024-10-22"]],
  ["the shell and toolsets of today", {
    ...base,
    tools: [{ type: "bash_20250124", name: "bash" }, { type: "computer_toolset_20260801" }]
  }, []],
  ["a tool of the caller's own", {
    ...base,
    tools: [{ name: "toString", input_schema: { type: "object" } }]
  }, []],
  ["a compaction block", withBlocks({ type: "compaction", content: "so far" }), ["compact-2026-01-12"]],
  ["a signed compaction block", withBlocks({ type: "compaction", content: "so far", signature: "s" }), [
    "compact-2026-09-04"
  ]],
  [
    "tool changes inside a compaction",
    withBlocks({
      type: "compaction",
      signature: "s",
      tool_changes: [{ type: "tool_addition", tool: { type: "tool_reference", name: "a" } }]
    }),
    ["compact-2026-09-04", "mid-conversation-tool-changes-2026-07-01"]
  ],
  ["a fallback block", withBlocks({ type: "fallback" }), ["server-side-fallback-2026-07-01"]],
  ["system text that is cleared", systemTurn({ clear_at: "next_user_message" }), [
    "mid-conversation-system-clear-at-2026-08-21"
  ]],
  ["effort per turn", systemTurn({ output_config: { effort: "low" } }), ["mid-conversation-output-config-2026-07-01"]],
  ["system text", systemTurn({}), []],
  [
    "a tool added by reference",
    systemTurn({ content: [{ type: "tool_addition", tool: { type: "tool_reference", name: "a" } }] }),
    ["mid-conversation-tool-changes-2026-07-01"]
  ],
  [
    "a tool removed",
    systemTurn({ content: [{ type: "tool_removal", tool: { type: "tool_reference", name: "a" } }] }),
    ["mid-conversation-tool-changes-2026-07-01"]
  ],
  [
    "a beta tool defined in the conversation",
    systemTurn({
      content: [{
        type: "tool_addition",
        tool: { type: "tool_definition", definition: { type: "advisor_20260301", name: "advisor", model: "m" } }
      }]
    }),
    ["mid-conversation-tool-changes-2026-07-01", "inline-tools-2026-09-15", "advisor-tool-2026-03-01"]
  ],
  [
    "an MCP toolset defined in the conversation",
    {
      ...systemTurn({
        content: [{ type: "tool_addition", tool: { type: "tool_definition", definition: toolset } }]
      }),
      mcp_servers: [server]
    },
    [
      "mcp-client-2025-11-20",
      "mcp-client-2026-09-15",
      "mid-conversation-tool-changes-2026-07-01",
      "inline-tools-2026-09-15"
    ]
  ]
]

describe("Betas", () => {
  describe("ofRequest", () => {
    for (const [uses, request, betas] of cases) {
      it(`of ${uses}: ${betas.length === 0 ? "none" : betas.join(", ")}`, () => {
        assert.deepStrictEqual(Betas.ofRequest(request), betas.toSorted())
      })
    }

    it("needs no beta for an unknown field, whatever its name", () => {
      const request = { ...base, constructor: { speed: "fast" }, ["__proto__"]: [], later: { block_binding: "a" } }

      assert.deepStrictEqual(Betas.ofRequest(request), [])
    })

    it("names only betas that are known", () => {
      const known = new Set<string>(Betas.Beta.known)
      const named = [
        ...Betas.fields.map((field) => field.beta),
        ...Object.values(Betas.tools),
        ...Object.values(Betas.blocks),
        ...Object.values(Betas.edits)
      ]

      assert.deepStrictEqual(named.filter((beta) => !known.has(beta)), [])
    })

    it("covers every row of the tables", () => {
      const seen = new Set(cases.flatMap(([, , betas]) => betas))
      const named = new Set([
        ...Betas.fields.map((field) => field.beta),
        ...Object.values(Betas.tools),
        ...Object.values(Betas.blocks),
        ...Object.values(Betas.edits)
      ])

      assert.deepStrictEqual([...named].filter((beta) => !seen.has(beta)), [])
    })

    it("returns them sorted", () => {
      const all = Object.assign({}, ...cases.map(([, request]) => request), {
        messages: cases.flatMap(([, request]) => request.messages ?? []),
        tools: cases.flatMap(([, request]) => request.tools ?? [])
      })
      const found = Betas.ofRequest(all)

      assert.isAbove(found.length, 10)
      assert.deepStrictEqual(found, found.toSorted())
    })

    it.effect.prop(
      "gives the same answer whatever the order of the conversation's blocks",
      { picks: Schema.Array(Schema.Literals(Object.keys(Betas.blocks))) },
      ({ picks }) =>
        Effect.sync(() => {
          const blocks = picks.map((type) => ({ type }))

          assert.deepStrictEqual(
            Betas.ofRequest(withBlocks(...blocks)),
            Betas.ofRequest(withBlocks(...blocks.toReversed()))
          )
        })
    )
  })

  describe("toHeader", () => {
    it("joins values by commas without spaces, in the given order", () => {
      assert.strictEqual(Betas.toHeader(["b-2", "a-1"]), "b-2,a-1")
    })

    it("keeps the first of equal values", () => {
      assert.strictEqual(Betas.toHeader(["b-2", "a-1", "b-2"]), "b-2,a-1")
    })

    it("splits values that are lists, and drops empty ones", () => {
      assert.strictEqual(Betas.toHeader([" a-1 , b-2", "", "c-3"]), "a-1,b-2,c-3")
    })

    it("is undefined for no values", () => {
      assert.strictEqual(Betas.toHeader([]), undefined)
      assert.strictEqual(Betas.toHeader([" , "]), undefined)
    })
  })

  describe("fromHeader", () => {
    it("reads headers with spaces", () => {
      assert.deepStrictEqual(Betas.fromHeader("a-1, b-2,a-1"), ["a-1", "b-2"])
      assert.deepStrictEqual(Betas.fromHeader(undefined), [])
    })

    it.effect.prop(
      "reads back what toHeader wrote",
      { betas: Schema.Array(Schema.Literals(Betas.Beta.known)) },
      ({ betas }) =>
        Effect.sync(() => {
          assert.deepStrictEqual(Betas.fromHeader(Betas.toHeader(betas)), [...new Set(betas)])
        })
    )
  })
})
