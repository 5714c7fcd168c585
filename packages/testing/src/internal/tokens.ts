/**
 * How many tokens the scripted model takes something for: about four
 * characters a token, and an overhead for turns and tools close to what
 * recorded traffic shows.
 *
 * @since 0.1.0
 */
import { isArray, isRecord, type Json, records, string } from "./json.ts"

/** The tokens of plain text. */
export const ofText = (text: string): number => Math.ceil(text.length / 4)

/** The tokens of a request: its system prompt, tools and turns. */
export const ofRequest = (request: Json): number => {
  const tools = records(request["tools"])
  return 3 + ofContent(request["system"]) +
    (tools.length === 0 ? 0 : 300 + tools.reduce((sum, tool) => sum + ofText(JSON.stringify(tool)), 0)) +
    records(request["messages"]).reduce((sum, turn) => sum + 4 + ofContent(turn["content"]), 0)
}

/** The tokens of content: a string, or blocks. */
export const ofContent = (content: unknown): number => {
  if (typeof content === "string") return ofText(content)
  return records(content).reduce((sum, block) => sum + ofBlock(block), 0)
}

/** The tokens of a content block. */
export const ofBlock = (block: Json): number => {
  switch (block["type"]) {
    case "text":
      return ofText(string(block["text"]) ?? "")
    case "thinking":
      return ofText(string(block["thinking"]) ?? "")
    case "image":
      return 1600
    case "document":
      return ofDocument(block["source"])
    case "tool_result":
      return 8 + ofContent(block["content"])
    case "tool_use":
      return 8 + ofText(JSON.stringify(block["input"] ?? {}))
    default:
      return ofText(JSON.stringify(block))
  }
}

const ofDocument = (source: unknown): number => {
  if (!isRecord(source)) return 1500
  const data = string(source["data"])
  if (source["type"] === "text" && data !== undefined) return ofText(data)
  if (source["type"] === "content") return ofContent(source["content"])
  // A page of a PDF is about 1,500 tokens and, encoded, some 8,000 characters.
  return data === undefined ? 1500 : 1500 * Math.max(1, Math.ceil(data.length / 8000))
}

/** Whether a block, a tool or a system block marks a cache breakpoint. */
export const isBreakpoint = (block: Json): boolean => isRecord(block["cache_control"])

/** Every block of a request in the order the cache sees them: tools, system, turns. */
export const inCacheOrder = (request: Json): ReadonlyArray<Json> => [
  ...records(request["tools"]),
  ...(isArray(request["system"]) ? records(request["system"]) : blockOfText(request["system"])),
  ...records(request["messages"]).flatMap((turn) =>
    isArray(turn["content"]) ? records(turn["content"]) : blockOfText(turn["content"])
  )
]

const blockOfText = (content: unknown): ReadonlyArray<Json> =>
  typeof content === "string" ? [{ type: "text", text: content }] : []
