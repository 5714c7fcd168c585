/**
 * The content of a tool's result: what a handler returned, as the API takes it.
 *
 * Content blocks stay content blocks, so a screenshot is sent as an image. All
 * else is sent as text, and text longer than the limit is cut with a mark that
 * says how much is missing.
 *
 * @since 0.1.0
 */
import * as Content from "@effect-claude/core/Content"
import * as Wire from "@effect-claude/core/Wire"
import type * as Tool from "effect/ai/Tool"
import * as Base64 from "effect/encoding/Base64"
import * as Formatter from "effect/Formatter"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

/** The content of a result. */
export type ToolContent = string | ReadonlyArray<Content.ToolResultContent>

/** What a handler shows the model instead of its result. */
export type ModelOutput = NonNullable<Tool.HandlerResult<Tool.Any>["modelOutput"]>

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** Converts an encoded result. Content blocks and results of MCP servers keep their form. */
export const fromResult = (value: unknown): ToolContent => {
  if (isBlocks(value)) return value
  return fromMcp(value)?.content ?? textOf(value)
}

const kinds: ReadonlySet<string> = new Set([
  "text",
  "image",
  "document",
  "search_result",
  "tool_reference",
  "browser_state"
])

const isContent = Wire.is(Content.ToolResultContent)

const isBlocks = (value: unknown): value is ReadonlyArray<Content.ToolResultContent> =>
  Array.isArray(value) && value.length > 0 && value.every((block) => isContent(block) && kinds.has(String(block.type)))

/** Returns the text of a value. A value that is no JSON (a BigInt, a cycle) is formatted. */
export const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : Result.getOrElse(Result.try(() => JSON.stringify(value)), () => Formatter.format(value)) ?? ""

/** Converts what a tool's `toModelOutput` returned. */
export const fromModelOutput = (parts: ModelOutput): ToolContent =>
  parts.map((part): Content.ToolResultContent => {
    if (part.type === "text") return Content.text(part.text)
    const { data, mediaType } = part
    if (Predicate.isUndefined(data)) return omitted(mediaType)
    if (data instanceof URL) return fromUrl(data, mediaType)
    return fromData(data, mediaType)
  })

const fromUrl = (url: URL, mediaType: string): Content.ToolResultContent => {
  if (mediaType === "application/pdf") return Content.pdfUrl(url.href)
  return isImage(mediaType) ? Content.imageUrl(url.href) : omitted(mediaType)
}

const fromData = (data: string | Uint8Array, mediaType: string): Content.ToolResultContent => {
  const base64 = typeof data === "string" ? data : Base64.encode(data)
  if (mediaType === "application/pdf") return Content.pdfBase64(base64)
  return isImage(mediaType) ? Content.imageBase64(base64, mediaType) : omitted(mediaType)
}

const omitted = (mediaType: string): Content.ToolResultContent => Content.text(`[${mediaType} omitted]`)

type ImageType = Parameters<typeof Content.image>[1]

const images: ReadonlySet<string> = new Set<ImageType>(["image/jpeg", "image/png", "image/gif", "image/webp"])

const isImage = (type: string): type is ImageType => images.has(type)

// -----------------------------------------------------------------------------
// MCP
// -----------------------------------------------------------------------------

/** The result of an MCP server's tool. */
export interface McpResult {
  readonly content: ToolContent
  readonly isError: boolean
}

/**
 * Returns the MCP result that an error carries. `McpClient` fails with results
 * that are errors, and with those that are not text.
 */
export const mcpResultOf = (error: unknown): McpResult | undefined => {
  const reason = Predicate.hasProperty(error, "reason") ? error.reason : error
  return Predicate.hasProperty(reason, "result") ? fromMcp(reason.result) : undefined
}

const fromMcp = (result: unknown): McpResult | undefined => {
  if (!Predicate.hasProperty(result, "content") || !Array.isArray(result.content)) return undefined
  const items: ReadonlyArray<unknown> = result.content
  const content = items.flatMap((item) => mcpBlock(item) ?? [])
  if (content.length < items.length || content.length === 0) return undefined
  const texts = content.flatMap((block) => block.type === "text" ? [block.text] : [])
  const sent = texts.length === content.length ? texts.join("\n") : content
  return { content: sent, isError: Predicate.hasProperty(result, "isError") && result.isError === true }
}

const mcpBlock = (item: unknown): Content.ToolResultContent | undefined => {
  if (!Predicate.hasProperty(item, "type")) return undefined
  switch (item.type) {
    case "text":
      return Predicate.hasProperty(item, "text") ? Content.text(String(item.text)) : undefined
    case "image":
    case "audio":
      return Predicate.hasProperty(item, "data") ? mcpData(item.data, item) : undefined
    case "resource_link":
      return Predicate.hasProperty(item, "uri") ? Content.text(`Resource: ${String(item.uri)}`) : undefined
    case "resource":
      return Predicate.hasProperty(item, "resource") ? mcpResource(item.resource) : undefined
    default:
      return undefined
  }
}

const mcpResource = (resource: unknown): Content.ToolResultContent | undefined => {
  if (Predicate.hasProperty(resource, "text")) return Content.text(String(resource.text))
  return Predicate.hasProperty(resource, "blob") ? mcpData(resource.blob, resource) : undefined
}

const mcpData = (data: unknown, item: object): Content.ToolResultContent | undefined => {
  const mediaType = Predicate.hasProperty(item, "mimeType") ? String(item.mimeType) : "application/octet-stream"
  return typeof data === "string" || data instanceof Uint8Array ? fromData(data, mediaType) : undefined
}

// -----------------------------------------------------------------------------
// limits
// -----------------------------------------------------------------------------

/** Puts a text before the content of a result. */
export const prefix = (text: string, content: Content.ToolResult["content"]): Content.ToolResult["content"] => {
  if (!Predicate.isNotNullish(content)) return text
  return typeof content === "string" ? `${text}\n\n${content}` : [Content.text(text), ...content]
}

/** Cuts the text of a result to `limit` characters. The first part and the end of a text stay. */
export const cut = (content: Content.ToolResult["content"], limit: number): Content.ToolResult["content"] => {
  if (typeof content === "string") return cutText(content, limit)
  if (!Predicate.isNotNullish(content)) return content
  let left = limit
  return content.map((block) => {
    if (block.type !== "text") return block
    const text = cutText(block.text, left)
    left = Math.max(0, left - block.text.length)
    return text === block.text ? block : { ...block, text }
  })
}

const cutText = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const head = Math.ceil(limit * 0.75)
  const mark = `[${text.length - limit} of ${text.length} characters left out: the result was too long]`
  return `${text.slice(0, head)}\n${mark}\n${limit === head ? "" : text.slice(head - limit)}`.trimEnd()
}
