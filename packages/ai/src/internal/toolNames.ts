/**
 * What tools are called on the wire and in effect/ai: one tool of ours may go by
 * several names there (code execution by three), and the members of a toolset by
 * none of their own here.
 *
 * @since 0.1.0
 */
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as Mcp from "@effect-claude/core/Mcp"
import * as Tool from "effect/ai/Tool"
import * as Tools from "./tools.ts"

/** A call by its name in effect/ai. */
export interface Call {
  readonly name: string
  readonly params: unknown
  /** What stands before the input in the JSON of the parameters, where they hold more; a brace stands after it. */
  readonly prefix?: string | undefined
}

/** The names of the tools a response may speak of. */
export interface ToolNames {
  /** Names a call the caller has to answer. */
  readonly called: (block: ContentBlock.ToolUse, input: unknown) => Call
  /** Names a call the server answers, or `undefined` if the toolkit does not have the tool. */
  readonly calledOnServer: (
    block: ContentBlock.ServerToolUse | Mcp.ToolUse,
    input: unknown
  ) => Call | undefined
  /** Names the tool whose result this is, or `undefined` if the toolkit does not have it. */
  readonly answered: (type: string, callId: string) => string | undefined
}

/** A call on one of several things that share a tool. */
const wrap = (name: string, key: "member" | "name", which: string, input: unknown): Call => ({
  name,
  params: { [key]: which, input },
  prefix: `{"${key}":${JSON.stringify(which)},"input":`
})

const idByCall: { readonly [name: string]: string } = {
  web_search: "claude.web_search",
  web_fetch: "claude.web_fetch",
  code_execution: "claude.code_execution",
  bash_code_execution: "claude.code_execution",
  text_editor_code_execution: "claude.code_execution",
  tool_search_tool_regex: "claude.tool_search",
  tool_search_tool_bm25: "claude.tool_search",
  advisor: "claude.advisor"
}

const idByResult: { readonly [type: string]: string } = {
  web_search_tool_result: "claude.web_search",
  web_fetch_tool_result: "claude.web_fetch",
  code_execution_tool_result: "claude.code_execution",
  bash_code_execution_tool_result: "claude.code_execution",
  text_editor_code_execution_tool_result: "claude.code_execution",
  tool_search_tool_result: "claude.tool_search",
  advisor_tool_result: "claude.advisor"
}

const lookup = (table: { readonly [key: string]: string }, key: string): string | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined

/**
 * Creates the names of a toolkit's tools. `calls` names calls of earlier turns by
 * their ids, for results that come a turn later.
 */
export const make = (tools: ReadonlyArray<Tool.Any>, calls: ReadonlyMap<string, string> = new Map()): ToolNames => {
  const byId = new Map<string, string>()
  const byWireName = new Map<string, string>()
  const declared = new Set<string>()
  for (const tool of tools) {
    declared.add(tool.name)
    if (!Tool.isProviderDefined(tool) || !Tools.isClaude(tool)) continue
    byId.set(tool.id, tool.name)
    byWireName.set(Tools.wireNameOf(tool), tool.name)
  }
  const mcpCalls = new Map(calls)
  return {
    called: (block, input) => {
      if (typeof block.toolset_name === "string") {
        const name = byId.get(`claude.${block.toolset_name}_toolset`)
        if (name !== undefined) return wrap(name, "member", block.name, input)
      }
      return { name: byWireName.get(block.name) ?? block.name, params: input }
    },
    calledOnServer: (block, input) => {
      if (block.type === "mcp_tool_use") {
        const name = byId.get(`claude.mcp_toolset.${block.server_name}`)
        if (name === undefined) return undefined
        mcpCalls.set(block.id, name)
        return wrap(name, "name", block.name, input)
      }
      const id = lookup(idByCall, block.name)
      const name = id === undefined ? undefined : byId.get(id)
      return name === undefined ? undefined : { name, params: input }
    },
    answered: (type, callId) => {
      if (type === "mcp_tool_result") {
        const name = mcpCalls.get(callId)
        return name !== undefined && declared.has(name) ? name : undefined
      }
      const id = lookup(idByResult, type)
      return id === undefined ? undefined : byId.get(id)
    }
  }
}

/** The names by which Anthropic's tools that need a handler are called, where no call says it. */
const wireNames: { readonly [name: string]: string } = {
  ClaudeBash: "bash",
  ClaudeTextEditor: "str_replace_based_edit_tool",
  ClaudeMemory: "memory",
  ClaudeComputer: "computer",
  ClaudeWebSearch: "web_search",
  ClaudeWebFetch: "web_fetch",
  ClaudeCodeExecution: "code_execution",
  ClaudeToolSearch: "tool_search_tool_bm25",
  ClaudeAdvisor: "advisor"
}

/** Names a tool as the wire does. */
export const toWire = (name: string): string => lookup(wireNames, name) ?? name

const toolsets: { readonly [name: string]: string } = {
  ClaudeComputerToolset: "computer",
  ClaudeBrowserToolset: "browser"
}

/** The toolset a tool stands for, if it is one. */
export const toolsetOf = (name: string): string | undefined => lookup(toolsets, name)

const answersInBlocks: ReadonlySet<string> = new Set([
  "ClaudeComputer",
  "ClaudeComputerToolset",
  "ClaudeBrowserToolset"
])

/** Whether a tool's handler may answer in content blocks. */
export const mayAnswerInBlocks = (name: string): boolean => answersInBlocks.has(name)
