/**
 * Citations: the documents, pages, blocks, web pages and search results that a
 * text block cites.
 *
 * Requests and responses have the same definition, so a cited response is sent
 * back unchanged.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const document = {
  cited_text: Schema.String,
  document_index: Schema.Finite,
  document_title: Wire.nullish(Schema.String),
  file_id: Wire.nullish(Schema.String)
}

/**
 * Characters of a plain text document. The end is exclusive.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CharLocation extends Wire.Class<CharLocation>()("CharLocation", {
  type: Schema.Literal("char_location"),
  ...document,
  start_char_index: Schema.Finite,
  end_char_index: Schema.Finite
}) {}

/**
 * Pages of a PDF, counted from one. The end is exclusive.
 *
 * @category schemas
 * @since 0.1.0
 */
export class PageLocation extends Wire.Class<PageLocation>()("PageLocation", {
  type: Schema.Literal("page_location"),
  ...document,
  start_page_number: Schema.Finite,
  end_page_number: Schema.Finite
}) {}

/**
 * Blocks of a document of blocks. The end is exclusive.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContentBlockLocation extends Wire.Class<ContentBlockLocation>()("ContentBlockLocation", {
  type: Schema.Literal("content_block_location"),
  ...document,
  start_block_index: Schema.Finite,
  end_block_index: Schema.Finite
}) {}

/**
 * A web page that the web search tool found.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WebSearchResultLocation extends Wire.Class<WebSearchResultLocation>()("WebSearchResultLocation", {
  type: Schema.Literal("web_search_result_location"),
  cited_text: Schema.String,
  encrypted_index: Schema.String,
  title: Wire.nullish(Schema.String),
  url: Schema.String
}) {}

/**
 * Blocks of a search result that the request supplied.
 *
 * @category schemas
 * @since 0.1.0
 */
export class SearchResultLocation extends Wire.Class<SearchResultLocation>()("SearchResultLocation", {
  type: Schema.Literal("search_result_location"),
  cited_text: Schema.String,
  search_result_index: Schema.Finite,
  source: Schema.String,
  title: Wire.nullish(Schema.String),
  start_block_index: Schema.Finite,
  end_block_index: Schema.Finite
}) {}

/**
 * The source of a text.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Citation: Wire.OpenUnion<
  CharLocation | PageLocation | ContentBlockLocation | WebSearchResultLocation | SearchResultLocation
> = Wire.openUnion("Citation", [
  CharLocation,
  PageLocation,
  ContentBlockLocation,
  WebSearchResultLocation,
  SearchResultLocation
])

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The source of a text.
 *
 * @category models
 * @since 0.1.0
 */
export type Citation = typeof Citation.Type
