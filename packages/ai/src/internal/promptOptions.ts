/**
 * Options of messages and parts, which `ClaudePrompt` exports.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

/** A cache breakpoint: everything up to here is kept for five minutes, or an hour. */
export type CacheBreakpoint = { readonly type: "ephemeral"; readonly ttl?: "5m" | "1h" }

/** Options of a message: `options.claude` of a system, user, assistant or tool message. */
export type MessageOptions = {
  /** Ends a cached prefix with the last block of the message. */
  readonly cache_control?: CacheBreakpoint | null
}

/** Options of a part: `options.claude` of a text, a call or a result. */
export type PartOptions = {
  /** Ends a cached prefix with this part. */
  readonly cache_control?: CacheBreakpoint | null
  /**
   * The block this part is, without the fields the part holds; all of it if the
   * text of the part is empty. Answers set it; set it yourself to send a block
   * effect/ai has no part for, such as a search result.
   */
  readonly block?: { readonly type: string; readonly [field: string]: Schema.Json }
}

/** Options of a file: `options.claude` of a file part. */
export type FileOptions = {
  /** Ends a cached prefix with this file. */
  readonly cache_control?: CacheBreakpoint | null
  /** The id of an uploaded file to send instead of data. */
  readonly file_id?: string
  /** What a document is called; its file name if left out. */
  readonly title?: string
  /** What a document is about; the model reads it, but cannot cite it. */
  readonly context?: string
  /** Whether the model cites a document. */
  readonly citations?: { readonly enabled: boolean }
  /** What becomes of an image that is too large. */
  readonly transformations?: { readonly oversized_image: "downsize" | "error" }
}
