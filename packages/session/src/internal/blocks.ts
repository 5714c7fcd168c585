/**
 * Kinds of blocks, and the cache breakpoints that they carry.
 *
 * `sendable` decides which of them are sent.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"

/** Whether a text is empty or white space. */
export const isBlank = (text: string): boolean => text.trim() === ""

/** Whether a block is a text block without text. */
export const isBlankText = (block: Content.Content): boolean => block.type === "text" && isBlank(block.text)

/** Whether a block is thinking, readable or redacted. */
export const isThinking = (block: Content.Content): boolean =>
  block.type === "thinking" || block.type === "redacted_thinking"

/** Whether a block is the call of one of the caller's own tools. */
export const isToolUse = (block: Content.Content): block is ContentBlock.ToolUse => block.type === "tool_use"

/** Whether a block is the result of such a call. */
export const isToolResult = (block: Content.Content): block is Content.ToolResult => block.type === "tool_result"

/** Whether a block is the call of a tool that the server runs. */
export const isServerCall = (
  block: Content.Content
): block is Extract<Content.Content, { readonly type: "server_tool_use" | "mcp_tool_use" }> =>
  block.type === "server_tool_use" || block.type === "mcp_tool_use"

/** Returns the id of the call that a server tool's result belongs to. */
export const serverResultOf = (block: Content.Content): string | undefined =>
  block.type !== "tool_result" && typeof block.type === "string" && block.type.endsWith("_tool_result") &&
    "tool_use_id" in block && typeof block.tool_use_id === "string"
    ? block.tool_use_id
    : undefined

const assistantOnly: ReadonlySet<string> = new Set([
  "thinking",
  "redacted_thinking",
  "tool_use",
  "server_tool_use",
  "web_search_tool_result",
  "web_fetch_tool_result",
  "code_execution_tool_result",
  "bash_code_execution_tool_result",
  "text_editor_code_execution_tool_result",
  "tool_search_tool_result",
  "mcp_tool_use",
  "mcp_tool_result",
  "advisor_tool_result",
  "fallback"
])

/** Whether the API accepts a block in a message of the given role. Unknown blocks are accepted in both. */
export const isAllowedIn = (role: "user" | "assistant", block: Content.Content): boolean =>
  role === "user"
    ? !(assistantOnly.has(block.type) || block.type === "tool_addition" || block.type === "tool_removal")
    : !(block.type === "tool_result" || block.type === "tool_addition" || block.type === "tool_removal")

/** Whether a tool's input is a JSON object. The API accepts nothing else. */
export const isObject = (input: unknown): boolean =>
  typeof input === "object" && input !== null && !Array.isArray(input)

/**
 * Returns the calls of server tools without a result in the same message. Empty
 * when a result belongs to a call of an earlier message: such a message is sent
 * as it came.
 */
export const openServerCalls = (blocks: ReadonlyArray<Content.Content>): ReadonlySet<Content.Content> => {
  const open = new Map<Content.Content, string>()
  for (const block of blocks) {
    if (isServerCall(block)) open.set(block, block.id)
    const id = serverResultOf(block)
    if (id === undefined) continue
    const answered = [...open].filter(([, call]) => call === id)
    if (answered.length === 0) return new Set()
    for (const [call] of answered) open.delete(call)
  }
  return new Set(open.keys())
}

/** Counts the cache breakpoints of messages, including those inside tool results. */
export const countBreakpoints = (messages: ReadonlyArray<MessageRequest.MessageParam>): number =>
  messages.reduce((count, { content }) => count + countIn(content), 0)

const countIn = (content: MessageRequest.MessageParam["content"]): number =>
  typeof content === "object"
    ? content.reduce((count, block) => count + Number(hasBreakpoint(block)) + innerBreakpoints(block), 0)
    : 0

/** Keeps the last `most` cache breakpoints of messages. */
export const limitBreakpoints = (
  messages: ReadonlyArray<MessageRequest.MessageParam>,
  most: number
): ReadonlyArray<MessageRequest.MessageParam> => {
  let surplus = countBreakpoints(messages) - most
  return surplus <= 0 ? messages : messages.map((message) => {
    const { content } = message
    const count = Math.min(surplus, countIn(content))
    if (count <= 0 || typeof content !== "object") return message
    surplus -= count
    return { ...message, content: dropBreakpoints(content, count) }
  })
}

const hasBreakpoint = (block: object): boolean =>
  "cache_control" in block && block.cache_control !== undefined && block.cache_control !== null

const innerBreakpoints = (block: Content.Content): number =>
  isToolResult(block) && Array.isArray(block.content) ? block.content.filter(hasBreakpoint).length : 0

/** Removes the first `count` breakpoints. */
export const dropBreakpoints = (
  blocks: ReadonlyArray<Content.Content>,
  count: number
): ReadonlyArray<Content.Content> => {
  let left = count
  const strip = <B extends Content.Content | Content.ToolResultContent>(block: B): B => {
    if (left === 0 || !hasBreakpoint(block)) return block
    left--
    return { ...block, cache_control: undefined }
  }
  return blocks.map((block) => {
    if (left === 0) return block
    if (isToolResult(block) && Array.isArray(block.content) && innerBreakpoints(block) > 0) {
      return strip({ ...block, content: block.content.map(strip) })
    }
    return strip(block)
  })
}

/** Creates the result of a call, with the call's id and toolset. */
export const toolResult = (
  call: ContentBlock.ToolUse,
  content: string | ReadonlyArray<Content.ToolResultContent>,
  options?: { readonly isError?: boolean | undefined }
): Content.ToolResult => {
  const result = Content.toolResult(call.id, content, options)
  return call.toolset_name === undefined || call.toolset_name === null
    ? result
    : { ...result, toolset_name: call.toolset_name }
}
