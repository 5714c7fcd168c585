/**
 * A block between its start and its end, and what its deltas added.
 *
 * A text block takes text and citations, thinking takes thinking and a
 * signature, a call takes the text of its input, a compaction its own fields;
 * the other known types take nothing. A block of an unknown type takes the kind
 * of text that comes first, in the field that kind has elsewhere, so nothing of
 * it is lost.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type * as Citation from "../Citation.ts"
import type * as ContentBlock from "../ContentBlock.ts"
import type * as StreamEvent from "../StreamEvent.ts"
import * as ToolInput from "../ToolInput.ts"
import * as Grown from "./grown.ts"

/** A block that is still growing. */
export interface Open {
  readonly open: true
  readonly index: number
  readonly start: ContentBlock.ContentBlock
  /** The one kind of text that the block takes. `any` until a block of another type has been added to. */
  readonly takes: Growth | "any"
  readonly added: Grown.Grown
  readonly signature: string | undefined
  readonly citations: CitationList | undefined
  readonly compaction: StreamEvent.CompactionDelta | undefined
}

/** The kinds of text that blocks grow by. */
export type Growth = "text" | "thinking" | "input" | "none"

interface CitationList {
  readonly citation: Citation.Citation
  readonly before: CitationList | undefined
}

/** A block as it starts. */
export const start = (index: number, block: ContentBlock.ContentBlock): Open => ({
  open: true,
  index,
  start: block,
  takes: takenBy(block),
  added: Grown.empty,
  signature: undefined,
  citations: undefined,
  compaction: undefined
})

const takenBy = ({ type }: ContentBlock.ContentBlock): Open["takes"] => {
  switch (type) {
    case "text":
    case "thinking":
      return type
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return "input"
    case "redacted_thinking":
    case "mcp_tool_listing":
    case "container_upload":
    case "compaction":
    case "fallback":
      return "none"
    default:
      return type.endsWith("_tool_result") ? "none" : "any"
  }
}

export const growthOf = ({ type }: StreamEvent.Delta): Growth => {
  switch (type) {
    case "text_delta":
      return "text"
    case "thinking_delta":
      return "thinking"
    case "input_json_delta":
      return "input"
    default:
      return "none"
  }
}

/** The text of a delta that adds to the end. */
export const pieceOf = (delta: StreamEvent.Delta): string | undefined => {
  switch (delta.type) {
    case "text_delta":
      return delta.text
    case "thinking_delta":
      return delta.thinking
    case "input_json_delta":
      return delta.partial_json
    default:
      return undefined
  }
}

/** The block with a delta; undefined where the block does not take it. */
export const withDelta = (open: Open, delta: StreamEvent.Delta): Open | undefined => {
  const { takes } = open
  const { type } = open.start
  const isOf = (growth: Growth) => takes === growth || takes === "any"
  const piece = pieceOf(delta)
  if (piece !== undefined) {
    const growth = growthOf(delta)
    if (isOf(growth)) return withPiece(open, growth, piece)
    // The API repeats the query of a web search as the input of its result, which has no input.
    return growth === "input" && type.endsWith("_tool_result") ? open : undefined
  }
  switch (delta.type) {
    case "signature_delta":
      return isOf("thinking") || type === "compaction" ? { ...open, signature: delta.signature } : undefined
    case "citations_delta":
      return isOf("text")
        ? { ...open, citations: { citation: delta.citation, before: open.citations } }
        : undefined
    case "compaction_delta":
      return type === "compaction" ? { ...open, compaction: { ...open.compaction, ...delta } } : undefined
    default:
      return open
  }
}

export const withPiece = (open: Open, takes: Open["takes"], piece: string): Open =>
  piece === "" ? open : {
    open: true,
    index: open.index,
    start: open.start,
    takes,
    added: Grown.append(open.added, piece),
    signature: open.signature,
    citations: open.citations,
    compaction: open.compaction
  }

/** The block as far as it has come, or at its end: then the text of an input is read. */
export const show = (open: Open, ended = false): ContentBlock.ContentBlock => {
  const { citations, compaction, signature, start } = open
  const added = textField(open, ended)
  if (start.type === "compaction") {
    const { type: _, ...fields } = compaction ?? { type: "compaction_delta" }
    return { ...start, ...fields, ...(signature === undefined ? undefined : { signature }) }
  }
  return added === undefined && citations === undefined && signature === undefined ? start : {
    ...start,
    ...added,
    ...(citations === undefined ? undefined : { citations: [...citationsOf(start), ...citationArray(citations)] }),
    ...(signature === undefined ? undefined : { signature })
  }
}

interface TextFields {
  readonly text?: string
  readonly thinking?: string
  readonly input?: { readonly [key: string]: unknown }
}

/** The field that text was added to. */
const textField = ({ added, start, takes }: Open, ended: boolean): TextFields | undefined => {
  const text = Grown.whole(added)
  switch (takes) {
    case "text":
      return text === "" ? undefined : { text: stringOf("text" in start ? start.text : "") + text }
    case "thinking":
      return text === "" ? undefined : { thinking: stringOf("thinking" in start ? start.thinking : "") + text }
    case "input":
      if (text !== "") return { input: ended ? ToolInput.parse(text) : ToolInput.incomplete(text) }
      return ended || hasInput(start) ? undefined : { input: ToolInput.incomplete("") }
    default:
      return undefined
  }
}

const stringOf = (value: unknown): string => typeof value === "string" ? value : ""

/** Whether a call starts with its input. */
const hasInput = (block: ContentBlock.ContentBlock): boolean =>
  "input" in block && !(Predicate.isObject(block.input) && Object.keys(block.input).length === 0)

const citationsOf = (block: ContentBlock.ContentBlock): ReadonlyArray<Citation.Citation> =>
  block.type === "text" ? block.citations ?? [] : []

const citationArray = (list: CitationList): Array<Citation.Citation> => {
  const out: Array<Citation.Citation> = []
  for (let at: CitationList | undefined = list; at !== undefined; at = at.before) out.push(at.citation)
  return out.toReversed()
}
