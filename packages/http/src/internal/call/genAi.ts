/**
 * OpenTelemetry's attributes for generative AI, read from calls and answers.
 *
 * `gen_ai.usage.input_tokens` is the whole prompt, cached or not, as the
 * conventions ask; what they do not name is under `claude.`.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import type * as Exchange from "../../Exchange.ts"
import type * as Interceptor from "../../Interceptor.ts"

/** Attributes of a span; undefined ones are left out. */
export type Attributes = { readonly [name: string]: unknown }

/** The name of a call's span. */
export const spanName = ({ exchange, request }: Interceptor.Call): string =>
  request === undefined ? exchange.operation : `chat ${request.model}`

/** What is known when a call begins. */
export const ofCall = ({ exchange, request, settings }: Interceptor.Call): Attributes =>
  defined({
    ...operation(exchange, request),
    ...server(settings.baseUrl),
    "claude.operation": exchange.operation,
    "gen_ai.request.model": exchange.model,
    "gen_ai.request.max_tokens": request?.max_tokens,
    "gen_ai.request.temperature": request?.temperature,
    "gen_ai.request.top_p": request?.top_p,
    "gen_ai.request.top_k": request?.top_k,
    "gen_ai.request.stop_sequences": request?.stop_sequences,
    "gen_ai.request.stream": exchange.streamed,
    "claude.api_version": settings.version
  })

/** What is known when an attempt begins. */
export const ofAttempt = ({ exchange, settings }: Interceptor.Call, number: number): Attributes =>
  defined({
    ...server(settings.baseUrl),
    "http.request.method": exchange.method,
    "http.request.resend_count": number === 1 ? undefined : number - 1,
    "url.path": exchange.path
  })

/** What the head of a response says. */
export const ofResponse = (status: number, meta: Exchange.Meta): Record<string, unknown> =>
  defined({
    "http.response.status_code": status,
    "claude.request_id": meta.requestId,
    "claude.organization_id": meta.organizationId
  })

/** What an error says. */
export const ofError = (error: ClaudeError): Attributes =>
  defined({
    "error.type": error._tag,
    "http.response.status_code": error.status,
    "claude.request_id": error.requestId,
    "claude.error_code": error.errorCode,
    "claude.outcome": error.outcome,
    "claude.gave_up": error.attempts?.gaveUp
  })

/** What an answer says beside its content. */
export const ofMessage = (message: Message): Attributes => {
  const usage = Usage.totals(message.usage)
  const written = usage.cacheWrite5m + usage.cacheWrite1h
  return defined({
    "gen_ai.response.id": message.id,
    "gen_ai.response.model": message.model,
    "gen_ai.response.finish_reasons": message.stop_reason === null || message.stop_reason === undefined
      ? undefined
      : [message.stop_reason],
    "gen_ai.usage.input_tokens": Usage.totalInput(usage),
    "gen_ai.usage.output_tokens": usage.output,
    "gen_ai.usage.cache_read.input_tokens": usage.cacheRead === 0 ? undefined : usage.cacheRead,
    "gen_ai.usage.cache_creation.input_tokens": written === 0 ? undefined : written,
    "gen_ai.usage.reasoning.output_tokens": usage.thinking === 0 ? undefined : usage.thinking,
    "claude.service_tier": message.usage.service_tier ?? undefined
  })
}

/** The attributes that tell the series of a metric apart. */
export const metricAttributes = ({ exchange, request }: Interceptor.Call): { readonly [name: string]: string } => ({
  ...operation(exchange, request),
  ...(exchange.model === undefined ? undefined : { "gen_ai.request.model": exchange.model })
})

// --- content -----------------------------------------------------------------

/** What is asked, for those who want it in their spans. */
export const promptOf = ({ messages, system }: MessageRequest): Attributes =>
  defined({
    "gen_ai.system_instructions": system === undefined || system === null ? undefined : JSON.stringify(partsOf(system)),
    "gen_ai.input.messages": JSON.stringify(
      messages.map(({ content, role }) => ({ role, parts: partsOf(content ?? []) }))
    )
  })

/** What was answered, likewise. */
export const answerOf = ({ content, role, stop_reason }: Message): Attributes => ({
  "gen_ai.output.messages": JSON.stringify([{ role, parts: partsOf(content), finish_reason: stop_reason ?? undefined }])
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const operation = (exchange: Exchange.Request, request: MessageRequest | undefined) => ({
  "gen_ai.provider.name": "anthropic",
  "gen_ai.operation.name": request === undefined ? exchange.operation : "chat"
})

const server = (baseUrl: string): Attributes => {
  const { hostname, port, protocol } = new URL(baseUrl)
  return { "server.address": hostname, "server.port": port === "" ? (protocol === "http:" ? 80 : 443) : Number(port) }
}

const defined = (attributes: Attributes): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null))

type Block = { readonly type: string; readonly [field: string]: unknown }

const partsOf = (content: string | ReadonlyArray<{ readonly type: string }>): ReadonlyArray<unknown> =>
  typeof content === "string" ? [{ type: "text", content }] : content.map(partOf)

/** A block as the conventions write it: images, documents and signatures are named, not shown. */
const partOf = (block: Block): unknown => {
  switch (block.type) {
    case "text":
      return { type: "text", content: block["text"] }
    case "thinking":
      return { type: "reasoning", content: block["thinking"] }
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return { type: "tool_call", id: block["id"], name: block["name"], arguments: block["input"] }
    case "tool_result":
      return { type: "tool_call_response", id: block["tool_use_id"], response: responseOf(block["content"]) }
    default:
      return { type: block.type }
  }
}

const responseOf = (content: unknown): unknown =>
  Array.isArray(content) ? content.map((block: Block) => partOf(block)) : content
