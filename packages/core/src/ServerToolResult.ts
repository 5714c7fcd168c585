/**
 * The results of server tools: web search, web fetch, tool search and the
 * advisor. `CodeExecution` and `Mcp` have the others.
 *
 * These blocks have no deltas in a stream. Requests and responses have the same
 * definition, so a conversation is sent back unchanged. The result of a failed
 * call has an error as `content`, with an open `error_code`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as Caller from "./Caller.ts"
import { toolFailure } from "./internal/toolFailure.ts"
import * as Wire from "./Wire.ts"

const head = { tool_use_id: Schema.String, ...CacheControl.field }

// -----------------------------------------------------------------------------
// web search
// -----------------------------------------------------------------------------

/**
 * A page that the search found. Send `encrypted_content` back unmodified.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WebSearchResult extends Wire.Class<WebSearchResult>()("WebSearchResult", {
  type: Schema.Literal("web_search_result"),
  url: Schema.String,
  title: Schema.String,
  encrypted_content: Schema.String,
  page_age: Wire.nullish(Schema.String)
}) {}

/**
 * Why a web search failed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const WebSearchError = toolFailure("WebSearchError", "web_search_tool_result_error", [
  "invalid_tool_input",
  "unavailable",
  "max_uses_exceeded",
  "too_many_requests",
  "query_too_long",
  "request_too_large"
])

/**
 * Why a web search failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface WebSearchError extends Schema.Schema.Type<typeof WebSearchError> {}

/**
 * The result of a web search, or its error.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WebSearchToolResult extends Wire.Class<WebSearchToolResult>()("WebSearchToolResult", {
  type: Schema.Literal("web_search_tool_result"),
  ...head,
  ...Caller.field,
  content: Schema.Union([Schema.Array(WebSearchResult), Wire.openUnion("WebSearchContent", [WebSearchError])])
}) {}

// -----------------------------------------------------------------------------
// web fetch
// -----------------------------------------------------------------------------

/**
 * A page as a document: text, or a PDF in base64. In a request, it may also
 * refer to a file or a URL.
 *
 * @category schemas
 * @since 0.1.0
 */
export class FetchedDocument extends Wire.Class<FetchedDocument>()("FetchedDocument", {
  type: Schema.Literal("document"),
  source: Wire.openUnion("FetchedSource", [
    Wire.struct("FetchedBase64", { type: Schema.Literal("base64"), media_type: Schema.String, data: Schema.String }),
    Wire.struct("FetchedText", { type: Schema.Literal("text"), media_type: Schema.String, data: Schema.String }),
    Wire.struct("FetchedContent", { type: Schema.Literal("content"), content: Wire.Json }),
    Wire.struct("FetchedUrl", { type: Schema.Literal("url"), url: Schema.String }),
    Wire.struct("FetchedFile", { type: Schema.Literal("file"), file_id: Schema.String })
  ]),
  title: Wire.nullish(Schema.String),
  context: Wire.nullish(Schema.String),
  ...CacheControl.field,
  citations: Wire.nullish(Wire.struct("FetchedCitations", { enabled: Wire.nullish(Schema.Boolean) }))
}) {}

/**
 * A page that was fetched.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WebFetchResult extends Wire.Class<WebFetchResult>()("WebFetchResult", {
  type: Schema.Literal("web_fetch_result"),
  url: Schema.String,
  retrieved_at: Wire.nullish(Schema.String),
  content: FetchedDocument
}) {}

/**
 * Why a page could not be fetched.
 *
 * @category schemas
 * @since 0.1.0
 */
export const WebFetchError = toolFailure("WebFetchError", "web_fetch_tool_result_error", [
  "invalid_tool_input",
  "url_too_long",
  "url_not_allowed",
  "url_not_in_prior_context",
  "url_not_accessible",
  "unsupported_content_type",
  "too_many_requests",
  "max_uses_exceeded",
  "unavailable",
  "content_too_large"
])

/**
 * Why a page could not be fetched.
 *
 * @category models
 * @since 0.1.0
 */
export interface WebFetchError extends Schema.Schema.Type<typeof WebFetchError> {}

/**
 * The fetched page, or the error.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WebFetchToolResult extends Wire.Class<WebFetchToolResult>()("WebFetchToolResult", {
  type: Schema.Literal("web_fetch_tool_result"),
  ...head,
  ...Caller.field,
  content: Wire.openUnion("WebFetchContent", [WebFetchResult, WebFetchError])
}) {}

// -----------------------------------------------------------------------------
// tool search
// -----------------------------------------------------------------------------

/**
 * The name of a tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolReference extends Wire.Class<ToolReference>()("ToolReference", {
  type: Schema.Literal("tool_reference"),
  tool_name: Schema.String,
  ...CacheControl.field
}) {}

/**
 * The tools that a search found.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolSearchResult extends Wire.Class<ToolSearchResult>()("ToolSearchResult", {
  type: Schema.Literal("tool_search_tool_search_result"),
  tool_references: Schema.Array(ToolReference)
}) {}

/**
 * Why a tool search failed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolSearchError = toolFailure("ToolSearchError", "tool_search_tool_result_error", [
  "invalid_tool_input",
  "unavailable",
  "too_many_requests",
  "execution_time_exceeded"
])

/**
 * Why a tool search failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolSearchError extends Schema.Schema.Type<typeof ToolSearchError> {}

/**
 * The tools that a search found, or its error.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolSearchToolResult extends Wire.Class<ToolSearchToolResult>()("ToolSearchToolResult", {
  type: Schema.Literal("tool_search_tool_result"),
  ...head,
  content: Wire.openUnion("ToolSearchContent", [ToolSearchResult, ToolSearchError])
}) {}

// -----------------------------------------------------------------------------
// advisor
// -----------------------------------------------------------------------------

/**
 * The advice of the other model.
 *
 * @category schemas
 * @since 0.1.0
 */
export class AdvisorResult extends Wire.Class<AdvisorResult>()("AdvisorResult", {
  type: Schema.Literal("advisor_result"),
  text: Schema.String,
  stop_reason: Wire.nullish(Schema.String)
}) {}

/**
 * The encrypted advice of the other model. Send it back unmodified.
 *
 * @category schemas
 * @since 0.1.0
 */
export class AdvisorRedactedResult extends Wire.Class<AdvisorRedactedResult>()("AdvisorRedactedResult", {
  type: Schema.Literal("advisor_redacted_result"),
  encrypted_content: Schema.String,
  stop_reason: Wire.nullish(Schema.String)
}) {}

/**
 * Why the advisor failed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AdvisorError = toolFailure("AdvisorError", "advisor_tool_result_error", [
  "max_uses_exceeded",
  "prompt_too_long",
  "too_many_requests",
  "overloaded",
  "unavailable",
  "execution_time_exceeded",
  "model_not_found"
])

/**
 * Why the advisor failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdvisorError extends Schema.Schema.Type<typeof AdvisorError> {}

/**
 * The result of the advisor.
 *
 * @category schemas
 * @since 0.1.0
 */
export class AdvisorToolResult extends Wire.Class<AdvisorToolResult>()("AdvisorToolResult", {
  type: Schema.Literal("advisor_tool_result"),
  ...head,
  content: Wire.openUnion("AdvisorContent", [AdvisorResult, AdvisorRedactedResult, AdvisorError])
}) {}
