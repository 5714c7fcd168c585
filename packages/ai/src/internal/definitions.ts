/**
 * The tools that Anthropic defines, before their options: what they are called here,
 * what they take and what they answer.
 *
 * @since 0.1.0
 */
import * as CodeExecution from "@effect-claude/core/CodeExecution"
import * as Content from "@effect-claude/core/Content"
import * as Mcp from "@effect-claude/core/Mcp"
import * as ServerTool from "@effect-claude/core/ServerTool"
import * as ServerToolResult from "@effect-claude/core/ServerToolResult"
import * as Toolset from "@effect-claude/core/Toolset"
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"
import * as ClaudeToolInput from "../ClaudeToolInput.ts"

export const webSearchResult = ServerToolResult.WebSearchToolResult.fields.content

export const webFetchResult = ServerToolResult.WebFetchToolResult.fields.content

export const codeExecutionResult = Schema.Union([
  CodeExecution.CodeExecutionToolResult.fields.content,
  CodeExecution.BashCodeExecutionToolResult.fields.content,
  CodeExecution.TextEditorCodeExecutionToolResult.fields.content
])

export const toolSearchResult = ServerToolResult.ToolSearchToolResult.fields.content

export const advisorResult = ServerToolResult.AdvisorToolResult.fields.content

export const mcpResult = Schema.Union([Mcp.ToolResult.fields.content, Schema.Null])

/** What a `tool_result` may hold. */
export const blocks = Schema.Union([Schema.String, Schema.Array(Content.ToolResultContent)])

export const webSearch = Tool.providerDefined({
  id: "claude.web_search",
  customName: "ClaudeWebSearch",
  providerName: "web_search",
  args: ServerTool.WebSearch,
  parameters: ClaudeToolInput.WebSearch,
  success: webSearchResult,
  failure: webSearchResult
})

export const webFetch = Tool.providerDefined({
  id: "claude.web_fetch",
  customName: "ClaudeWebFetch",
  providerName: "web_fetch",
  args: ServerTool.WebFetch,
  parameters: ClaudeToolInput.WebFetch,
  success: webFetchResult,
  failure: webFetchResult
})

export const codeExecution = Tool.providerDefined({
  id: "claude.code_execution",
  customName: "ClaudeCodeExecution",
  providerName: "code_execution",
  args: ServerTool.CodeExecution,
  parameters: ClaudeToolInput.CodeExecution,
  success: codeExecutionResult,
  failure: codeExecutionResult
})

export const toolSearch = Tool.providerDefined({
  id: "claude.tool_search",
  customName: "ClaudeToolSearch",
  providerName: "tool_search",
  args: ServerTool.ToolSearch,
  parameters: ClaudeToolInput.ToolSearch,
  success: toolSearchResult,
  failure: toolSearchResult
})

export const advisor = Tool.providerDefined({
  id: "claude.advisor",
  customName: "ClaudeAdvisor",
  providerName: "advisor",
  args: ServerTool.Advisor,
  parameters: ClaudeToolInput.Advisor,
  success: advisorResult,
  failure: advisorResult
})

export const bash = Tool.providerDefined({
  id: "claude.bash",
  customName: "ClaudeBash",
  providerName: "bash",
  requiresHandler: true,
  args: ServerTool.Bash,
  parameters: ClaudeToolInput.Bash,
  success: Schema.String,
  failure: Schema.String
})

export const textEditor = Tool.providerDefined({
  id: "claude.text_editor",
  customName: "ClaudeTextEditor",
  providerName: "str_replace_based_edit_tool",
  requiresHandler: true,
  args: ServerTool.TextEditor,
  parameters: ClaudeToolInput.TextEditor,
  success: Schema.String,
  failure: Schema.String
})

export const memory = Tool.providerDefined({
  id: "claude.memory",
  customName: "ClaudeMemory",
  providerName: "memory",
  requiresHandler: true,
  args: ServerTool.Memory,
  parameters: ClaudeToolInput.Memory,
  success: Schema.String,
  failure: Schema.String
})

export const computer = Tool.providerDefined({
  id: "claude.computer",
  customName: "ClaudeComputer",
  providerName: "computer",
  requiresHandler: true,
  args: ServerTool.Computer,
  parameters: ClaudeToolInput.Computer,
  success: blocks,
  failure: Schema.String
})

export const computerToolset = Tool.providerDefined({
  id: "claude.computer_toolset",
  customName: "ClaudeComputerToolset",
  providerName: "computer",
  requiresHandler: true,
  args: Toolset.ComputerToolset,
  parameters: ClaudeToolInput.Member,
  success: blocks,
  failure: Schema.String
})

export const browserToolset = Tool.providerDefined({
  id: "claude.browser_toolset",
  customName: "ClaudeBrowserToolset",
  providerName: "browser",
  requiresHandler: true,
  args: Toolset.BrowserToolset,
  parameters: ClaudeToolInput.Member,
  success: blocks,
  failure: Schema.String
})
