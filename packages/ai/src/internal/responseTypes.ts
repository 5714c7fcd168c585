/**
 * Metadata of parts and options of a response, which `ClaudeResponse` exports.
 *
 * @since 0.1.0
 */
import type * as Tool from "effect/ai/Tool"
import type * as Schema from "effect/Schema"

/**
 * What a part keeps of its content block: the fields it has no place for, and all
 * of them where the block has no part of its own.
 */
export type PartMetadata = {
  readonly block: { readonly type: string; readonly [field: string]: Schema.Json }
}

/** What a source is: the citation, the search result or the file that names it. */
export type SourceMetadata = {
  readonly source: { readonly type: string; readonly [field: string]: Schema.Json }
}

/** What is known of a response when it ends, under the wire's names. */
export type FinishMetadata = {
  readonly stop_reason: string | null
  readonly stop_sequence: string | null
  readonly usage: { readonly [field: string]: Schema.Json }
  /** Why the model refused. */
  readonly stop_details?: Schema.Json
  /** The container code ran in; name it in the next request to go on there. */
  readonly container?: Schema.Json
  readonly context_management?: Schema.Json
  readonly diagnostics?: Schema.Json
  readonly input_transformations?: Schema.Json
  /** The id to quote when asking Anthropic about the request. */
  readonly request_id?: string
}

/** What is known of a response beside what the API says in it. */
export interface Options {
  /**
   * The tools of the request. Calls and results of tools the server runs are parts
   * of their own only if their tool is here.
   *
   * @default []
   */
  readonly tools?: ReadonlyArray<Tool.Any> | undefined
  /**
   * Names of tools by the ids of their calls in earlier turns.
   *
   * @default none
   */
  readonly calls?: ReadonlyMap<string, string> | undefined
  /**
   * When the answer began, as an ISO date.
   *
   * @default left out
   */
  readonly timestamp?: string | undefined
  /**
   * The id of the request.
   *
   * @default left out
   */
  readonly requestId?: string | undefined
}
