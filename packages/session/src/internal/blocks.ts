/**
 * What may be sent of a turn's blocks.
 *
 * The API refuses blank text, thinking with nothing after it, and results that
 * do not come first. What is stored stays as it came; these functions say what
 * of it goes back.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"

/** Whether a text says nothing: empty, or white space alone. */
export const isBlank = (text: string): boolean => text.trim() === ""

/** Whether a block is a text block that says nothing. */
export const isBlankText = (block: Content.Content): boolean => block.type === "text" && isBlank(block.text)

/** Whether a block is thinking, shown or sealed. */
export const isThinking = (block: Content.Content): boolean =>
  block.type === "thinking" || block.type === "redacted_thinking"

/** Whether a block is the call of one of the caller's own tools. */
export const isToolUse = (block: Content.Content): block is ContentBlock.ToolUse => block.type === "tool_use"

/** Whether a block answers such a call. */
export const isToolResult = (block: Content.Content): block is Content.ToolResult => block.type === "tool_result"

/** Whether a block is the call of a tool that the server answers by itself. */
export const isServerCall = (
  block: Content.Content
): block is Extract<Content.Content, { readonly type: "server_tool_use" | "mcp_tool_use" }> =>
  block.type === "server_tool_use" || block.type === "mcp_tool_use"

/** The id of the call that a server-side result answers. */
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

/** Whether a block may stand in a turn of the given role. Blocks of tomorrow may stand anywhere. */
export const isAllowedIn = (role: "user" | "assistant", block: Content.Content): boolean =>
  role === "user"
    ? !(assistantOnly.has(block.type) || block.type === "tool_addition" || block.type === "tool_removal")
    : !(block.type === "tool_result" || block.type === "tool_addition" || block.type === "tool_removal")

/** Whether a tool's input is what the API takes back: a JSON object. */
export const isObject = (input: unknown): boolean =>
  typeof input === "object" && input !== null && !Array.isArray(input)

/** What can be sent of a user's turn: results first, in the order of the calls, and no blank text. */
export const sendableUser = (
  blocks: ReadonlyArray<Content.Content>,
  calls: ReadonlyArray<ContentBlock.ToolUse>
): ReadonlyArray<Content.Content> => {
  const results = new Map<string, Content.ToolResult>()
  const rest: Array<Content.Content> = []
  for (const block of blocks) {
    if (isToolResult(block)) results.set(block.tool_use_id, withoutBlank(block))
    else if (!isBlankText(block)) rest.push(block)
  }
  if (results.size === 0) return rest.length === blocks.length ? blocks : rest
  const ordered = calls.flatMap((call) => {
    const result = results.get(call.id)
    return result === undefined ? [] : [result]
  })
  return [...ordered, ...rest]
}

/** A result without the blank text the API refuses inside it. */
const withoutBlank = (block: Content.ToolResult): Content.ToolResult => {
  const content = block.content
  if (content === undefined || content === null || typeof content === "string") return block
  const kept = content.filter((part) => !(part.type === "text" && isBlank(part.text)))
  if (kept.length === content.length) return block
  const { content: _, ...rest } = block
  return kept.length === 0 ? rest : { ...rest, content: kept }
}

/** What can be sent of a turn of the model: no blank text, and no thinking that nothing follows. */
export const sendableAssistant = (blocks: ReadonlyArray<Content.Content>): ReadonlyArray<Content.Content> => {
  let kept = blocks.filter((block) => !isBlankText(block))
  while (kept.length > 0 && isThinking(kept[kept.length - 1]!)) kept = kept.slice(0, -1)
  return kept.length === blocks.length && kept.every(hasObjectInput) ? blocks : kept.map(mended)
}

/** The turn without calls of server tools that no result answers: the API refuses to go past one. */
export const withoutOpenServerCalls = (blocks: ReadonlyArray<Content.Content>): ReadonlyArray<Content.Content> => {
  const open = openServerCalls(blocks)
  return open.size === 0 ? blocks : sendableAssistant(blocks.filter((block) => !open.has(block)))
}

/**
 * The calls of server tools that no result in the same turn answers. None where
 * a result answers a call of an earlier turn: such a turn goes back as it came.
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

const hasObjectInput = (block: Content.Content): boolean => !isToolUse(block) || isObject(block.input)

const mended = (block: Content.Content): Content.Content =>
  isToolUse(block) && !isObject(block.input) ? { ...block, input: {} } : block

/** How many cache breakpoints a list of blocks carries, those inside results included. */
export const countBreakpoints = (blocks: ReadonlyArray<Content.Content>): number =>
  blocks.reduce((count, block) => count + Number(hasBreakpoint(block)) + innerBreakpoints(block), 0)

const hasBreakpoint = (block: object): boolean =>
  "cache_control" in block && block.cache_control !== undefined && block.cache_control !== null

const innerBreakpoints = (block: Content.Content): number =>
  isToolResult(block) && Array.isArray(block.content) ? block.content.filter(hasBreakpoint).length : 0

/** The blocks with the first `count` breakpoints removed. */
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

/** The result of a call. It names the call, and the toolset where the call came from one. */
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
