/**
 * The content blocks of a request, and their constructors.
 *
 * Every block of a response is also a block of a request, so a conversation is
 * sent back unchanged. Constructors return plain wire values:
 * `Content.text("hi")` is `{ type: "text", text: "hi" }`.
 *
 * To read files from disk, use `@effect-claude/http/node/ContentFile`.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as CodeExecution from "./CodeExecution.ts"
import * as ContentBlock from "./ContentBlock.ts"
import * as Base64 from "./internal/base64.ts"
import * as Mcp from "./Mcp.ts"
import * as Media from "./Media.ts"
import * as ServerToolResult from "./ServerToolResult.ts"
import * as ToolChange from "./ToolChange.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// blocks
// -----------------------------------------------------------------------------

/**
 * A block of a tool result.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolResultContent: Wire.OpenUnion<
  | ContentBlock.Text
  | Media.Image
  | Media.SearchResult
  | Media.Document
  | ServerToolResult.ToolReference
  | Media.BrowserState
> = Wire.openUnion("ToolResultContent", [
  ContentBlock.Text,
  Media.Image,
  Media.SearchResult,
  Media.Document,
  ServerToolResult.ToolReference,
  Media.BrowserState
])

/**
 * A block of a tool result.
 *
 * @category models
 * @since 0.1.0
 */
export type ToolResultContent = typeof ToolResultContent.Type

/**
 * The result of a tool call.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolResult extends Wire.Class<ToolResult>()("ToolResult", {
  type: Schema.Literal("tool_result"),
  tool_use_id: Schema.String,
  content: Wire.nullish(Schema.Union([Schema.String, Schema.Array(ToolResultContent)])),
  is_error: Wire.nullish(Schema.Boolean),
  toolset_name: Wire.nullish(Schema.String),
  ...CacheControl.field
}) {}

/**
 * A block of a request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Content: Wire.OpenUnion<
  | ContentBlock.Text
  | Media.Image
  | Media.Document
  | Media.SearchResult
  | ContentBlock.Thinking
  | ContentBlock.RedactedThinking
  | ContentBlock.ToolUse
  | ToolResult
  | ContentBlock.ServerToolUse
  | ServerToolResult.WebSearchToolResult
  | ServerToolResult.WebFetchToolResult
  | CodeExecution.CodeExecutionToolResult
  | CodeExecution.BashCodeExecutionToolResult
  | CodeExecution.TextEditorCodeExecutionToolResult
  | ServerToolResult.ToolSearchToolResult
  | ServerToolResult.ToolReference
  | Mcp.ToolUse
  | Mcp.ToolResult
  | Mcp.ToolListing
  | ServerToolResult.AdvisorToolResult
  | ContentBlock.ContainerUpload
  | ContentBlock.Compaction
  | ContentBlock.Fallback
  | ToolChange.ToolAddition
  | ToolChange.ToolRemoval
> = Wire.openUnion("Content", [
  ContentBlock.Text,
  Media.Image,
  Media.Document,
  Media.SearchResult,
  ContentBlock.Thinking,
  ContentBlock.RedactedThinking,
  ContentBlock.ToolUse,
  ToolResult,
  ContentBlock.ServerToolUse,
  ServerToolResult.WebSearchToolResult,
  ServerToolResult.WebFetchToolResult,
  CodeExecution.CodeExecutionToolResult,
  CodeExecution.BashCodeExecutionToolResult,
  CodeExecution.TextEditorCodeExecutionToolResult,
  ServerToolResult.ToolSearchToolResult,
  ServerToolResult.ToolReference,
  Mcp.ToolUse,
  Mcp.ToolResult,
  Mcp.ToolListing,
  ServerToolResult.AdvisorToolResult,
  ContentBlock.ContainerUpload,
  ContentBlock.Compaction,
  ContentBlock.Fallback,
  ToolChange.ToolAddition,
  ToolChange.ToolRemoval
])

/**
 * A block of a request.
 *
 * @category models
 * @since 0.1.0
 */
export type Content = typeof Content.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a text block.
 *
 * @category constructors
 * @since 0.1.0
 */
export const text = (text: string): ContentBlock.Text => ({ type: "text", text })

/**
 * Creates an image from its bytes, encoded as base64.
 *
 * @category constructors
 * @since 0.1.0
 */
export const image = (
  bytes: Uint8Array,
  media_type: "image/jpeg" | "image/png" | "image/gif" | "image/webp"
): Media.Image => ({ type: "image", source: { type: "base64", media_type, data: Base64.encode(bytes) } })

/**
 * Creates an image from base64 text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const imageBase64 = (
  data: string,
  media_type: "image/jpeg" | "image/png" | "image/gif" | "image/webp"
): Media.Image => ({ type: "image", source: { type: "base64", media_type, data } })

/**
 * Creates an image that the API fetches.
 *
 * @category constructors
 * @since 0.1.0
 */
export const imageUrl = (url: string): Media.Image => ({ type: "image", source: { type: "url", url } })

/**
 * Creates an image from an uploaded file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const imageFile = (file_id: string): Media.Image => ({ type: "image", source: { type: "file", file_id } })

/**
 * Options of a document.
 *
 * @category options
 * @since 0.1.0
 */
export interface DocumentOptions {
  /** The title, which the model sees and citations contain. */
  readonly title?: string | undefined
  /** Text about the document that the model sees, and that is never cited. */
  readonly context?: string | undefined
  /**
   * Whether the response may cite the document.
   *
   * @default false
   */
  readonly citations?: boolean | undefined
}

const document = (source: Media.DocumentSource, options: DocumentOptions | undefined): Media.Document => ({
  type: "document",
  source,
  ...(options?.title === undefined ? undefined : { title: options.title }),
  ...(options?.context === undefined ? undefined : { context: options.context }),
  ...(options?.citations === undefined ? undefined : { citations: { enabled: options.citations } })
})

/**
 * Creates a PDF from its bytes, encoded as base64.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pdf = (bytes: Uint8Array, options?: DocumentOptions): Media.Document =>
  pdfBase64(Base64.encode(bytes), options)

/**
 * Creates a PDF from base64 text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pdfBase64 = (data: string, options?: DocumentOptions): Media.Document =>
  document({ type: "base64", media_type: "application/pdf", data }, options)

/**
 * Creates a PDF that the API fetches.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pdfUrl = (url: string, options?: DocumentOptions): Media.Document =>
  document({ type: "url", url }, options)

/**
 * Creates a document from an uploaded file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const documentFile = (file_id: string, options?: DocumentOptions): Media.Document =>
  document({ type: "file", file_id }, options)

/**
 * Creates a document of plain text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const documentText = (data: string, options?: DocumentOptions): Media.Document =>
  document({ type: "text", media_type: "text/plain", data }, options)

/**
 * Creates a document of blocks. Citations refer to single blocks.
 *
 * @category constructors
 * @since 0.1.0
 */
export const documentContent = (
  content: string | ReadonlyArray<ContentBlock.Text | Media.Image>,
  options?: DocumentOptions
): Media.Document => document({ type: "content", content }, options)

/**
 * Creates a tool call, for an example turn. Send calls of the model back
 * unchanged instead.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toolUse = (id: string, name: string, input: unknown): ContentBlock.ToolUse => ({
  type: "tool_use",
  id,
  name,
  input
})

/**
 * Creates the result of a tool call. With `isError`, it reports that the tool
 * failed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toolResult = (
  tool_use_id: string,
  content: string | ReadonlyArray<ToolResultContent>,
  options?: { readonly isError?: boolean | undefined }
): ToolResult => ({
  type: "tool_result",
  tool_use_id,
  content,
  ...(options?.isError === undefined ? undefined : { is_error: options.isError })
})

/**
 * Creates the result of a given call, with the id and the toolset of that call.
 *
 * **Example** (Answering a call)
 *
 * ```ts
 * import * as Content from "@effect-claude/core/Content"
 *
 * const call = { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Oslo" } } as const
 * const result = Content.resultOf(call, "4 degrees, rain")
 *
 * result.tool_use_id // => "toolu_1"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const resultOf = (
  call: ContentBlock.ToolUse,
  content: string | ReadonlyArray<ToolResultContent>,
  options?: { readonly isError?: boolean | undefined }
): ToolResult => ({
  ...toolResult(call.id, content, options),
  ...(call.toolset_name === undefined || call.toolset_name === null ? undefined : { toolset_name: call.toolset_name })
})

/**
 * Creates the state of a browser for the result of a browser tool: its tabs,
 * and what changed in them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const browserState = (
  tabs: Media.BrowserState["tabs"],
  changes?: ReadonlyArray<Media.BrowserStateChange>
): Media.BrowserState => ({
  type: "browser_state",
  tabs,
  ...(changes === undefined ? undefined : { state_changes: changes })
})

/**
 * Creates a reference to a tool, for the result of a client-side tool search.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toolReference = (tool_name: string): ServerToolResult.ToolReference => ({
  type: "tool_reference",
  tool_name
})

/**
 * Puts an uploaded file into the container that code runs in.
 *
 * @category constructors
 * @since 0.1.0
 */
export const containerUpload = (file_id: string): ContentBlock.ContainerUpload => ({
  type: "container_upload",
  file_id
})

/**
 * Creates a search result that the response can cite.
 *
 * @category constructors
 * @since 0.1.0
 */
export const searchResult = (options: {
  readonly source: string
  readonly title: string
  readonly text: string | ReadonlyArray<string>
  readonly citations?: boolean | undefined
}): Media.SearchResult => ({
  type: "search_result",
  source: options.source,
  title: options.title,
  content: (typeof options.text === "string" ? [options.text] : options.text).map(text),
  ...(options.citations === undefined ? undefined : { citations: { enabled: options.citations } })
})

/**
 * Marks a block as a cache breakpoint: the API caches the prompt up to and
 * including this block.
 *
 * **Example** (Caching a long text)
 *
 * ```ts
 * import * as Content from "@effect-claude/core/Content"
 *
 * const cached = Content.cached(Content.text("a very long text"), { ttl: "1h" })
 *
 * cached.cache_control // => { type: "ephemeral", ttl: "1h" }
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const cached: {
  (options?: { readonly ttl?: "5m" | "1h" | undefined }): <B extends Cacheable>(
    block: B
  ) => B & { readonly cache_control: CacheControl.CacheControl }
  <B extends Cacheable>(
    block: B,
    options?: { readonly ttl?: "5m" | "1h" | undefined }
  ): B & { readonly cache_control: CacheControl.CacheControl }
} = dual(
  (args) => args[0] !== null && typeof args[0] === "object" && "type" in args[0],
  <B extends Cacheable>(
    block: B,
    options?: { readonly ttl?: "5m" | "1h" | undefined }
  ): B & { readonly cache_control: CacheControl.CacheControl } => ({
    ...block,
    cache_control: CacheControl.make(options)
  })
)

/**
 * A block that can be a cache breakpoint.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cacheable {
  readonly type: string
  readonly cache_control?: CacheControl.CacheControl | null | undefined
}
