/**
 * The parts a response begins and ends with.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import type * as Response from "effect/ai/Response"
import * as Json from "./json.ts"
import type { FinishMetadata, Options } from "./responseTypes.ts"

/** Converts token counts. */
export const usage = (usage: Usage.Usage): typeof Response.Usage.Encoded => {
  const totals = Usage.totals(usage)
  const reasoning = usage.output_tokens_details?.thinking_tokens ?? undefined
  return {
    inputTokens: {
      uncached: totals.input,
      total: Usage.totalInput(totals),
      cacheRead: usage.cache_read_input_tokens ?? undefined,
      cacheWrite: usage.cache_creation_input_tokens ?? undefined
    },
    outputTokens: {
      total: totals.output,
      text: reasoning === undefined ? undefined : Math.max(0, totals.output - reasoning),
      reasoning
    }
  }
}

/** Converts a reason for stopping. */
export const finishReason = (stopReason: Message.StopReason | null | undefined): Response.FinishReason => {
  switch (stopReason) {
    case "end_turn":
    case "stop_sequence":
      return "stop"
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length"
    case "tool_use":
      return "tool-calls"
    case "pause_turn":
      return "pause"
    case "refusal":
      return "content-filter"
    case undefined:
    case null:
      return "unknown"
    default:
      return "other"
  }
}

/** What a response begins with. */
export const metadataPart = (
  message: Message.Message,
  options: Options | undefined
): Response.ResponseMetadataPartEncoded => ({
  type: "response-metadata",
  id: message.id,
  modelId: message.model,
  ...(options?.timestamp === undefined ? undefined : { timestamp: options.timestamp })
})

const kept = ["stop_details", "container", "context_management", "diagnostics", "input_transformations"] as const

/** What a response ends with. */
export const finishPart = (
  message: Message.Message,
  options: Options | undefined
): Response.FinishPartEncoded => {
  const claude: FinishMetadata = {
    stop_reason: message.stop_reason ?? null,
    stop_sequence: message.stop_sequence ?? null,
    usage: Json.object(message.usage),
    ...Object.fromEntries(
      kept.flatMap((field) => {
        const value = message[field]
        return value === undefined || value === null ? [] : [[field, Json.json(value)]]
      })
    ),
    ...(options?.requestId === undefined ? undefined : { request_id: options.requestId })
  }
  return {
    type: "finish",
    reason: finishReason(message.stop_reason),
    usage: usage(message.usage),
    metadata: { claude }
  }
}
