/**
 * The attributes a call adds to the span of effect/ai: what was asked for, what
 * came back, and what it took, under OpenTelemetry's `gen_ai.*` names.
 *
 * Input tokens include those read from and written to the cache, which have
 * attributes of their own. No content and no key is in them.
 *
 * @since 0.1.0
 */
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import type * as Response from "effect/ai/Response"
import * as Telemetry from "effect/ai/Telemetry"
import { dual } from "effect/Function"
import type { Span } from "effect/Tracer"

// -----------------------------------------------------------------------------
// annotations
// -----------------------------------------------------------------------------

/**
 * Adds what a request asks for to a span.
 *
 * @category annotations
 * @since 0.1.0
 */
export const annotateRequest: {
  (request: MessageRequest): (span: Span) => void
  (span: Span, request: MessageRequest): void
} = dual(2, (span: Span, request: MessageRequest): void => {
  Telemetry.addGenAIAnnotations(span, {
    provider: { name: "anthropic" },
    operation: { name: "chat" },
    request: {
      model: request.model,
      maxTokens: request.max_tokens,
      temperature: request.temperature,
      topK: request.top_k,
      topP: request.top_p,
      stopSequences: request.stop_sequences
    }
  })
  addClaude(span, "request", {
    thinking: request.thinking?.type,
    effort: request.output_config?.effort,
    service_tier: request.service_tier,
    speed: request.speed,
    tools: request.tools?.length
  })
})

/**
 * Adds what is known of a response to a span, from its `response-metadata` and
 * `finish` parts. Other parts add nothing.
 *
 * @category annotations
 * @since 0.1.0
 */
export const annotatePart: {
  (part: Response.PartEncoded | Response.StreamPartEncoded): (span: Span) => void
  (span: Span, part: Response.PartEncoded | Response.StreamPartEncoded): void
} = dual(2, (span: Span, part: Response.PartEncoded | Response.StreamPartEncoded): void => {
  if (part.type === "response-metadata") {
    Telemetry.addGenAIAnnotations(span, { response: { id: part.id, model: part.modelId } })
  } else if (part.type === "finish") {
    const { inputTokens, outputTokens } = part.usage
    Telemetry.addGenAIAnnotations(span, {
      response: { finishReasons: [part.reason] },
      usage: { inputTokens: inputTokens.total, outputTokens: outputTokens.total }
    })
    add(span, "gen_ai.usage.cache_read.input_tokens", inputTokens.cacheRead)
    add(span, "gen_ai.usage.cache_creation.input_tokens", inputTokens.cacheWrite)
    add(span, "gen_ai.usage.reasoning.output_tokens", outputTokens.reasoning)
    const claude = part.metadata?.claude
    addClaude(span, "response", {
      stop_reason: claude?.stop_reason,
      service_tier: claude?.usage["service_tier"],
      request_id: claude?.request_id
    })
  }
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const add = (span: Span, name: string, value: unknown): void => {
  if (value !== undefined && value !== null) span.attribute(name, value)
}

/** What OpenTelemetry has no name for. */
const addClaude = (span: Span, side: "request" | "response", values: { readonly [name: string]: unknown }): void => {
  for (const [name, value] of Object.entries(values)) add(span, `claude.${side}.${name}`, value)
}
