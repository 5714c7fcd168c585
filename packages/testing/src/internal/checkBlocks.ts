/**
 * The rules for turns and content blocks, one by one.
 *
 * @since 0.1.0
 */
import { isRecord, type Json, string } from "./json.ts"

/** Checks every turn. `strict` is the version that narrows what an assistant turn and a user's text may hold. */
export const turns = (messages: unknown, strict: boolean): string | undefined =>
  first(Array.isArray(messages) ? messages : [], (turn, i) => checkTurn(turn, `messages.${i}`, strict))

/** Checks the top-level system prompt. */
export const system = (system: unknown): string | undefined => {
  if (system === undefined || system === null || typeof system === "string") return undefined
  if (!Array.isArray(system)) return "system: Input should be a valid list"
  return first(system, (block, i) => {
    if (!isRecord(block) || block["type"] !== "text") {
      return `system.${i}: Input tag '${string(isRecord(block) ? block["type"] : undefined)}' found using 'type' ` +
        "does not match any of the expected tags: 'text'"
    }
    return text(block, `system.${i}`, "system")
  })
}

const checkTurn = (turn: unknown, path: string, strict: boolean): string | undefined => {
  if (!isRecord(turn)) return `${path}: Input does not match the expected shape.`
  const { content, role } = turn
  if (role === undefined) return `${path}.role: Field required`
  if (role !== "user" && role !== "assistant" && role !== "system") {
    return `messages: Unexpected role "${String(role)}". Allowed roles are "user" or "assistant"`
  }
  if (content === undefined) return role === "system" ? undefined : `${path}.content: Field required`
  if (typeof content === "string") return undefined
  if (!Array.isArray(content)) return `${path}.content: Input should be a valid list`
  return first(content, (block, i) => checkBlock(block, `${path}.content.${i}`, role, strict))
}

const checkBlock = (block: unknown, path: string, role: string, strict: boolean): string | undefined => {
  if (!isRecord(block)) return `${path}: Input should be a valid dictionary`
  const type = block["type"]
  if (type === undefined) return `${path}.type: Field required`
  if (typeof type !== "string" || !tags.has(type) || (strict && role === "assistant" && type === "document")) {
    const expected = [...tags].filter((tag) => !(strict && role === "assistant" && tag === "document")).toSorted()
    return `${path}: Input tag '${String(type)}' found using 'type' does not match any of the expected tags: ` +
      expected.map((tag) => `'${tag}'`).join(", ")
  }
  const missing = (required[type] ?? []).find((field) => block[field] === undefined)
  if (missing !== undefined) return `${path}.${type}.${missing}: Field required`
  switch (type) {
    case "text":
      return strict && role === "user" && Array.isArray(block["citations"]) && block["citations"].length > 0
        ? `${path}.text.citations: Extra inputs are not permitted`
        : text(block, path, "messages")
    case "image":
      return source(block["source"], `${path}.image.source`, ["base64", "file", "url"])
    case "document":
      return source(block["source"], `${path}.document.source`, ["base64", "content", "file", "text", "url"])
    case "tool_result":
      return Array.isArray(block["content"])
        ? first(block["content"], (inner, i) => checkBlock(inner, `${path}.tool_result.content.${i}`, "tool", false))
        : undefined
    default:
      return undefined
  }
}

const text = (block: Json, path: string, where: string): string | undefined => {
  if (typeof block["text"] !== "string") return `${path}.text.text: Input should be a valid string`
  if (block["text"] === "") return `${where}: text content blocks must be non-empty`
  return isRecord(block["cache_control"]) && block["cache_control"]["type"] !== "ephemeral"
    ? `${path}.text.cache_control: Input tag '${String(block["cache_control"]["type"])}' found using 'type' ` +
      "does not match any of the expected tags: 'ephemeral'"
    : undefined
}

const source = (source: unknown, path: string, expected: ReadonlyArray<string>): string | undefined => {
  if (!isRecord(source)) return `${path}: Input should be a valid dictionary`
  return expected.some((tag) => tag === source["type"])
    ? undefined
    : `${path}: Input tag '${String(source["type"])}' found using 'type' does not match any of the expected tags: ` +
      expected.map((tag) => `'${tag}'`).join(", ")
}

const first = (items: ReadonlyArray<unknown>, check: (item: unknown, i: number) => string | undefined) => {
  for (let i = 0; i < items.length; i++) {
    const problem = check(items[i], i)
    if (problem !== undefined) return problem
  }
  return undefined
}

const required: { readonly [type: string]: ReadonlyArray<string> } = {
  text: ["text"],
  image: ["source"],
  document: ["source"],
  tool_use: ["id", "name", "input"],
  tool_result: ["tool_use_id"],
  thinking: ["thinking", "signature"],
  redacted_thinking: ["data"]
}

const tags: ReadonlySet<string> = new Set([
  "advisor_tool_result",
  "bash_code_execution_tool_result",
  "browser_state",
  "code_execution_tool_result",
  "compaction",
  "container_upload",
  "document",
  "fallback",
  "image",
  "mcp_tool_listing",
  "mcp_tool_result",
  "mcp_tool_use",
  "redacted_thinking",
  "search_result",
  "server_tool_use",
  "text",
  "text_editor_code_execution_tool_result",
  "thinking",
  "tool_addition",
  "tool_reference",
  "tool_removal",
  "tool_result",
  "tool_search_tool_result",
  "tool_use",
  "web_fetch_tool_result",
  "web_search_tool_result"
])
