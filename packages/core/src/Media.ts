/**
 * Images, documents and search results in requests, and the sources of their
 * data.
 *
 * `Content` has their constructors.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as ContentBlock from "./ContentBlock.ts"
import * as Wire from "./Wire.ts"

const download = { download_id: Schema.String, url: Schema.String }

// -----------------------------------------------------------------------------
// sources
// -----------------------------------------------------------------------------

/**
 * Data in the request itself, as base64.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Base64Source extends Wire.Class<Base64Source>()("Base64Source", {
  type: Schema.Literal("base64"),
  media_type: Wire.openEnum("MediaType", ["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"]),
  data: Schema.String
}) {}

/**
 * Data that the API fetches from a URL.
 *
 * @category schemas
 * @since 0.1.0
 */
export class UrlSource extends Wire.Class<UrlSource>()("UrlSource", {
  type: Schema.Literal("url"),
  url: Schema.String
}) {}

/**
 * An uploaded file.
 *
 * @category schemas
 * @since 0.1.0
 */
export class FileSource extends Wire.Class<FileSource>()("FileSource", {
  type: Schema.Literal("file"),
  file_id: Schema.String
}) {}

/**
 * Plain text as a document.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TextSource extends Wire.Class<TextSource>()("TextSource", {
  type: Schema.Literal("text"),
  media_type: Wire.openEnum("TextMediaType", ["text/plain"]),
  data: Schema.String
}) {}

/**
 * The source of an image.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ImageSource: Wire.OpenUnion<Base64Source | UrlSource | FileSource> = Wire.openUnion("ImageSource", [
  Base64Source,
  UrlSource,
  FileSource
])

/**
 * The source of an image.
 *
 * @category models
 * @since 0.1.0
 */
export type ImageSource = typeof ImageSource.Type

// -----------------------------------------------------------------------------
// blocks
// -----------------------------------------------------------------------------

/**
 * An image.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Image extends Wire.Class<Image>()("Image", {
  type: Schema.Literal("image"),
  source: ImageSource,
  transformations: Wire.nullish(Wire.struct("ImageTransformations", {
    oversized_image: Wire.nullish(Wire.openEnum("OversizedImage", ["downsize", "error"]))
  })),
  ...CacheControl.field
}) {}

/**
 * A document of blocks. Citations refer to single blocks.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContentSource extends Wire.Class<ContentSource>()("ContentSource", {
  type: Schema.Literal("content"),
  content: Schema.Union([
    Schema.String,
    Schema.Array(Wire.openUnion("ContentSourceBlock", [ContentBlock.Text, Image]))
  ])
}) {}

/**
 * The source of a document.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DocumentSource: Wire.OpenUnion<Base64Source | TextSource | ContentSource | UrlSource | FileSource> = Wire
  .openUnion("DocumentSource", [
    Base64Source,
    TextSource,
    ContentSource,
    UrlSource,
    FileSource
  ])

/**
 * The source of a document.
 *
 * @category models
 * @since 0.1.0
 */
export type DocumentSource = typeof DocumentSource.Type

/**
 * Whether the response may cite the content.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CitationsConfig extends Wire.Class<CitationsConfig>()("CitationsConfig", {
  enabled: Wire.nullish(Schema.Boolean)
}) {}

/**
 * A document: a PDF, plain text, or blocks.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Document extends Wire.Class<Document>()("Document", {
  type: Schema.Literal("document"),
  source: DocumentSource,
  title: Wire.nullish(Schema.String),
  context: Wire.nullish(Schema.String),
  citations: Wire.nullish(CitationsConfig),
  ...CacheControl.field
}) {}

/**
 * A search result that the response can cite.
 *
 * @category schemas
 * @since 0.1.0
 */
export class SearchResult extends Wire.Class<SearchResult>()("SearchResult", {
  type: Schema.Literal("search_result"),
  source: Schema.String,
  title: Schema.String,
  content: Schema.Array(ContentBlock.Text),
  citations: Wire.nullish(CitationsConfig),
  ...CacheControl.field
}) {}

/**
 * A change of a browser: a tab was opened, or a file was downloaded.
 *
 * @category schemas
 * @since 0.1.0
 */
export const BrowserStateChange = Wire.openUnion("BrowserStateChange", [
  Wire.struct("TabOpened", { type: Schema.Literal("tab_opened"), tab_id: Schema.String }),
  Wire.struct("DownloadStarted", { type: Schema.Literal("download_started"), ...download }),
  Wire.struct("DownloadCompleted", {
    type: Schema.Literal("download_completed"),
    ...download,
    path: Wire.nullish(Schema.String),
    size_bytes: Wire.nullish(Schema.Finite)
  }),
  Wire.struct("DownloadFailed", {
    type: Schema.Literal("download_failed"),
    ...download,
    error: Wire.nullish(Schema.String)
  })
])

/**
 * A change of a browser.
 *
 * @category models
 * @since 0.1.0
 */
export type BrowserStateChange = typeof BrowserStateChange.Type

/**
 * The state of a browser: its tabs, and what changed in them.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BrowserState extends Wire.Class<BrowserState>()("BrowserState", {
  type: Schema.Literal("browser_state"),
  tabs: Schema.Array(Wire.struct("BrowserTab", {
    tab_id: Schema.String,
    title: Schema.String,
    url: Schema.String,
    active: Wire.nullish(Schema.Boolean)
  })),
  state_changes: Wire.nullish(Schema.Array(BrowserStateChange)),
  ...CacheControl.field
}) {}
