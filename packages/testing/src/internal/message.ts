/**
 * A finished message, and the stream of events that would have built it.
 *
 * @since 0.1.0
 */
import { isRecord, type Json, string } from "./json.ts"
import * as Random from "./random.ts"
import type { Event } from "./sse.ts"

/** The events of a stream whose fold is `message`. */
export const events = (message: Json, draw: Random.Draw): ReadonlyArray<Event> => {
  const { container, content, context_management, stop_details, stop_reason, stop_sequence, usage, ...rest } = message
  const blocks = Array.isArray(content) ? content.filter(isRecord) : []
  const counts = isRecord(usage) ? usage : {}
  const first = typeof counts["output_tokens"] === "number" ? Math.min(counts["output_tokens"], 1) : 0
  const out: Array<Event & Json> = [{
    type: "message_start",
    message: {
      ...rest,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      usage: { ...counts, output_tokens: first }
    }
  }]
  blocks.forEach((block, index) => {
    out.push({ type: "content_block_start", index, content_block: shell(block) })
    if (index === 0) out.push({ type: "ping" })
    for (const delta of deltas(block, draw)) out.push({ type: "content_block_delta", index, delta })
    out.push({ type: "content_block_stop", index })
  })
  const { cache_creation: _, inference_geo: _geo, service_tier: _tier, speed: _speed, ...cumulative } = counts
  out.push({
    type: "message_delta",
    delta: {
      stop_reason,
      stop_sequence,
      ...(stop_details === undefined ? undefined : { stop_details }),
      ...(container === undefined ? undefined : { container })
    },
    usage: cumulative,
    ...(context_management === undefined ? undefined : { context_management })
  })
  out.push({ type: "message_stop" })
  return out
}

/** A block as `content_block_start` shows it. */
const shell = (block: Json): Json => {
  switch (block["type"]) {
    case "text":
      return Array.isArray(block["citations"]) ? { ...block, text: "", citations: [] } : { ...block, text: "" }
    case "thinking":
      return { ...block, thinking: "", signature: "" }
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return { ...block, input: {} }
    default:
      return block
  }
}

const deltas = (block: Json, draw: Random.Draw): ReadonlyArray<Json> => {
  switch (block["type"]) {
    case "text":
      return [
        ...(Array.isArray(block["citations"]) ? block["citations"] : []).map((citation) => ({
          type: "citations_delta",
          citation
        })),
        ...pieces(string(block["text"]) ?? "", draw).map((text) => ({ type: "text_delta", text }))
      ]
    case "thinking":
      return [
        ...pieces(string(block["thinking"]) ?? "", draw).map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: string(block["signature"]) ?? "" }
      ]
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return ["", ...pieces(JSON.stringify(block["input"] ?? {}), draw)]
        .map((partial_json) => ({ type: "input_json_delta", partial_json }))
    default:
      return []
  }
}

/** Cuts text into pieces of a few words, never inside a character. */
export const pieces = (text: string, draw: Random.Draw): ReadonlyArray<string> => {
  const words = text.match(/\s*\S{1,16}|\s+/gu) ?? []
  const out: Array<string> = []
  for (let i = 0; i < words.length;) {
    const n = Random.between(draw, 1, 3)
    out.push(words.slice(i, i + n).join(""))
    i += n
  }
  return out
}
