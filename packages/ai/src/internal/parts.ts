/**
 * From content blocks to the parts of effect/ai that stand for them.
 *
 * A part carries what it can of its block; the rest, under
 * `metadata.claude.block`, is the block itself without those fields. A block that
 * has no part of its own (one that is not known yet, a compaction, a call on a
 * server the toolkit does not have) is an empty text with all of the block beside
 * it. So what a prompt is made of again is what the API said.
 *
 * @since 0.1.0
 */
import type * as Citation from "@effect-claude/core/Citation"
import type * as ContentBlock from "@effect-claude/core/ContentBlock"
import * as ToolInput from "@effect-claude/core/ToolInput"
import type * as Response from "effect/ai/Response"
import * as Json from "./json.ts"
import type { PartMetadata } from "./responseTypes.ts"
import type * as ToolNames from "./toolNames.ts"

/** A part that is the same in an answer read whole and in one that streams. */
export type Shared = Extract<Response.PartEncoded, Response.StreamPartEncoded>

/** What the parts of one response share. */
export interface Context {
  readonly names: ToolNames.ToolNames
  /** Returns the id of the next source. */
  readonly sourceId: () => string
}

/** Creates what the parts of one response share. */
export const context = (messageId: () => string, names: ToolNames.ToolNames): Context => {
  let sources = 0
  return { names, sourceId: () => `${messageId()}/source/${sources++}` }
}

/** The fields of a block that its part does not carry; nothing if the part says it all. */
export const beside = (
  block: { readonly type?: string | null | undefined },
  carried: ReadonlyArray<string>
): { readonly metadata?: { readonly claude: PartMetadata } } => {
  const rest: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(block)) {
    if (!carried.includes(field) && value !== undefined) rest[field] = value
  }
  const plain = rest["type"] === "text" || rest["type"] === "tool_use"
  if (plain && Object.keys(rest).length === 1) return {}
  return { metadata: { claude: { block: Json.block(rest) } } }
}

/** The block as it is, for what has no part of its own. */
export const whole = (
  block: { readonly type?: string | null | undefined }
): { readonly metadata: { readonly claude: PartMetadata } } => ({
  metadata: { claude: { block: Json.block(block) } }
})

/**
 * The parts of a block that is neither text nor thinking; `undefined` if it has
 * none of its own.
 */
export const ofBlock = (block: ContentBlock.ContentBlock, context: Context): ReadonlyArray<Shared> | undefined => {
  switch (block.type) {
    case "tool_use":
      return [callPart(block, context.names.called(block, inputOf(block)), false)]
    case "server_tool_use":
    case "mcp_tool_use": {
      const call = context.names.calledOnServer(block, inputOf(block))
      return call === undefined ? undefined : [callPart(block, call, true)]
    }
    case "web_search_tool_result":
    case "web_fetch_tool_result":
    case "code_execution_tool_result":
    case "bash_code_execution_tool_result":
    case "text_editor_code_execution_tool_result":
    case "tool_search_tool_result":
    case "advisor_tool_result":
    case "mcp_tool_result": {
      const name = context.names.answered(block.type, block.tool_use_id)
      if (name === undefined) return undefined
      return [resultPart(block, name), ...sourcesOf(block, context)]
    }
    default:
      return undefined
  }
}

/** The sources a block names beside its citations, whether or not the block has a part. */
export const sourcesOf = (block: ContentBlock.ContentBlock, context: Context): ReadonlyArray<Shared> => {
  switch (block.type) {
    case "web_search_tool_result":
      return Array.isArray(block.content)
        ? block.content.flatMap(({ page_age, title, url }) =>
          urlSource(context, url, title, {
            type: "web_search_result",
            ...(typeof page_age === "string" ? { page_age } : undefined)
          })
        )
        : []
    case "web_fetch_tool_result":
      return block.content.type === "web_fetch_result"
        ? urlSource(context, block.content.url, block.content.content.title ?? block.content.url, {
          type: "web_fetch_result"
        })
        : []
    case "code_execution_tool_result":
    case "bash_code_execution_tool_result": {
      const outputs = "content" in block.content && Array.isArray(block.content.content) ? block.content.content : []
      return outputs.flatMap((output: unknown) =>
        Json.isObject(output) && typeof output["file_id"] === "string"
          ? [fileSource(context, output["file_id"], block.tool_use_id)]
          : []
      )
    }
    case "container_upload":
      return [fileSource(context, block.file_id, undefined)]
    default:
      return []
  }
}

/** The source a citation names. */
export const ofCitation = (citation: Citation.Citation, context: Context): ReadonlyArray<Shared> => {
  const metadata = Json.block(citation)
  switch (citation.type) {
    case "web_search_result_location":
      return urlSource(context, citation.url, citation.title ?? citation.url, metadata)
    case "search_result_location": {
      const title = citation.title ?? citation.source
      // A search result of the caller's own is named as they like; only a web address is one.
      const byUrl = /^https?:/i.test(citation.source) ? urlSource(context, citation.source, title, metadata) : []
      return byUrl.length > 0 ? byUrl : [documentSource(context, "text/plain", title, metadata)]
    }
    case "char_location":
    case "page_location":
    case "content_block_location": {
      const title = citation.document_title ?? `Document ${citation.document_index + 1}`
      const mediaType = citation.type === "page_location" ? "application/pdf" : "text/plain"
      return [documentSource(context, mediaType, title, metadata)]
    }
    default:
      return []
  }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Call = Extract<ContentBlock.ContentBlock, { readonly type: "tool_use" | "server_tool_use" | "mcp_tool_use" }>

/**
 * What a call was given. Text that is not JSON stays text, which no schema of
 * parameters accepts: half an input must not pass for a whole one.
 */
const inputOf = (block: Call): unknown => {
  const { input } = block
  const read = ToolInput.of(block)
  return read.complete || !(Json.isObject(input)) ? input : read.json
}

const callPart = (block: Call, call: ToolNames.Call, providerExecuted: boolean): Response.ToolCallPartEncoded => ({
  type: "tool-call",
  id: block.id,
  name: call.name,
  params: call.params,
  providerExecuted,
  ...beside(block, block.name === call.name ? ["id", "name", "input"] : ["id", "input"])
})

type Answer = Extract<ContentBlock.ContentBlock, { readonly tool_use_id: string }>

const resultPart = (block: Answer, name: string): Response.ToolResultPartEncoded => ({
  type: "tool-result",
  id: block.tool_use_id,
  name,
  isFailure: isFailure(block),
  result: block.content ?? null,
  providerExecuted: true,
  ...beside(block, ["tool_use_id", "content"])
})

const isFailure = (block: Answer): boolean =>
  block.type === "mcp_tool_result"
    ? block.is_error === true
    : !Array.isArray(block.content) && "type" in block.content && block.content.type.endsWith("_error")

const urlSource = (
  { sourceId }: Context,
  url: string,
  title: string,
  source: Json.Block
): ReadonlyArray<Response.UrlSourcePartEncoded> =>
  URL.canParse(url)
    ? [{ type: "source", sourceType: "url", id: sourceId(), url, title, metadata: { claude: { source } } }]
    : []

const documentSource = (
  { sourceId }: Context,
  mediaType: string,
  title: string,
  source: Json.Block
): Response.DocumentSourcePartEncoded => ({
  type: "source",
  sourceType: "document",
  id: sourceId(),
  mediaType,
  title,
  metadata: { claude: { source } }
})

const fileSource = (context: Context, file_id: string, tool_use_id: string | undefined) =>
  documentSource(context, "application/octet-stream", file_id, {
    type: "file",
    file_id,
    ...(tool_use_id === undefined ? undefined : { tool_use_id })
  })
