/**
 * From an answer of the API to the parts of effect/ai, whole or as it streams.
 *
 * Nothing is lost: text with its citations, thinking with its signature, calls
 * and results of tools, sources, files, the reason for stopping, usage with
 * cached and thinking tokens. What a part cannot hold of its block is under
 * `metadata.claude`, so that a prompt made of the parts is the answer again.
 * Events, deltas and blocks that are not known yet are passed over, or kept as
 * they are; none ends a stream.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Usage from "@effect-claude/core/Usage"
import type * as Response from "effect/ai/Response"
import type * as Tool from "effect/ai/Tool"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Json from "./internal/json.ts"
import * as Parts from "./internal/parts.ts"
import * as ToolNames from "./internal/toolNames.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a part keeps of its content block: the fields it has no place for, and all
 * of them where the block has no part of its own.
 *
 * @category models
 * @since 0.1.0
 */
export type PartMetadata = {
  readonly block: { readonly type: string; readonly [field: string]: Schema.Json }
}

/**
 * What a source is: the citation, the search result or the file that names it.
 *
 * @category models
 * @since 0.1.0
 */
export type SourceMetadata = {
  readonly source: { readonly type: string; readonly [field: string]: Schema.Json }
}

/**
 * What is known of a response when it ends, under the wire's names.
 *
 * @category models
 * @since 0.1.0
 */
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

declare module "effect/ai/Response" {
  interface TextPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface TextStartPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface TextEndPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface ReasoningPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface ReasoningStartPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface ReasoningEndPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface ToolCallPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface ToolResultPartMetadata extends ProviderMetadata {
    readonly claude?: PartMetadata | null
  }
  interface DocumentSourcePartMetadata extends ProviderMetadata {
    readonly claude?: SourceMetadata | null
  }
  interface UrlSourcePartMetadata extends ProviderMetadata {
    readonly claude?: SourceMetadata | null
  }
  interface FinishPartMetadata extends ProviderMetadata {
    readonly claude?: FinishMetadata | null
  }
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * What is known of a response beside what the API says in it.
 *
 * @category options
 * @since 0.1.0
 */
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

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Converts a whole message to parts.
 *
 * **Example** (Reading why a message ended)
 *
 * ```ts
 * import * as ClaudeResponse from "@effect-claude/ai/ClaudeResponse"
 *
 * const parts = ClaudeResponse.fromMessage({
 *   id: "msg_1",
 *   type: "message",
 *   role: "assistant",
 *   model: "claude-sonnet-5-5",
 *   content: [{ type: "text", text: "Hello!" }],
 *   stop_reason: "end_turn",
 *   usage: { input_tokens: 3, output_tokens: 5 }
 * })
 *
 * parts.map((part) => part.type) // => ["response-metadata", "text", "finish"]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromMessage = (message: Message.Message, options?: Options): Array<Response.PartEncoded> => {
  const context = Parts.context(() => message.id, ToolNames.make(options?.tools ?? [], options?.calls))
  const out: Array<Response.PartEncoded> = [metadataPart(message, options)]
  for (const block of message.content) {
    if (block.type === "text") {
      out.push({ type: "text", text: block.text, ...Parts.beside(block, ["text"]) })
      for (const citation of block.citations ?? []) out.push(...Parts.ofCitation(citation, context))
    } else if (block.type === "thinking") {
      out.push({ type: "reasoning", text: block.thinking, ...Parts.beside(block, ["thinking"]) })
    } else if (block.type === "redacted_thinking") {
      out.push({ type: "reasoning", text: "", ...Parts.whole(block) })
    } else {
      out.push(
        ...(Parts.ofBlock(block, context) ??
          [{ type: "text", text: "", ...Parts.whole(block) } as const, ...Parts.sourcesOf(block, context)])
      )
    }
  }
  out.push(finishPart(message, options))
  return out
}

/**
 * Converts the events of a stream to parts, chunk by chunk as they come.
 *
 * **Details**
 *
 * A chunk that holds nothing for effect/ai (a ping) is passed over. Failures pass
 * through unchanged, and there is no `finish` part unless `message_stop` came.
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromEvents: {
  (options?: Options): <E, R>(
    self: Stream.Stream<StreamEvent, E, R>
  ) => Stream.Stream<Response.StreamPartEncoded, E, R>
  <E, R>(
    self: Stream.Stream<StreamEvent, E, R>,
    options?: Options
  ): Stream.Stream<Response.StreamPartEncoded, E, R>
} = dual(
  (args) => Stream.isStream(args[0]),
  <E, R>(
    self: Stream.Stream<StreamEvent, E, R>,
    options?: Options
  ): Stream.Stream<Response.StreamPartEncoded, E, R> =>
    Stream.suspend(() => {
      const read = reader(options)
      return Stream.transformPull(self, (pull) => {
        const next: Pull.Pull<Arr.NonEmptyReadonlyArray<Response.StreamPartEncoded>, E, void, R> = Effect.flatMap(
          pull,
          (events) => {
            const parts = read(events)
            return Arr.isReadonlyArrayNonEmpty(parts) ? Effect.succeed(parts) : next
          }
        )
        return Effect.succeed(next)
      })
    })
)

/**
 * Converts token counts. Every count is disjoint but the totals, which include
 * what was read from and written to the cache.
 *
 * @category conversions
 * @since 0.1.0
 */
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

/**
 * Converts a reason for stopping. Reasons that are not known yet are `"other"`, so
 * that no handler runs on an answer that may be incomplete.
 *
 * @category conversions
 * @since 0.1.0
 */
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

// -----------------------------------------------------------------------------
// streaming
// -----------------------------------------------------------------------------

/** Creates a function from the events of a chunk to its parts. It keeps its place in the message. */
const reader = (options: Options | undefined) => {
  let state = MessageAccumulator.initial
  const context = Parts.context(
    () => state.message?.id ?? "",
    ToolNames.make(options?.tools ?? [], options?.calls)
  )
  const idOf = (index: number) => `${state.message?.id ?? ""}/${index}`

  const open = (index: number, block: StartedBlock, out: Array<Response.StreamPartEncoded>): void => {
    const id = idOf(index)
    switch (block.type) {
      case "text":
        out.push({ type: "text-start", id })
        if (block.text !== "") out.push({ type: "text-delta", id, delta: block.text })
        for (const citation of block.citations ?? []) out.push(...Parts.ofCitation(citation, context))
        return
      case "thinking":
        out.push({ type: "reasoning-start", id })
        if (block.thinking !== "") out.push({ type: "reasoning-delta", id, delta: block.thinking })
        return
      case "redacted_thinking":
        out.push({ type: "reasoning-start", id, ...Parts.whole(block) })
        return
      case "tool_use":
        out.push({ type: "tool-params-start", id: block.id, name: context.names.called(block, {}).name })
        return
      case "server_tool_use":
      case "mcp_tool_use": {
        const call = context.names.calledOnServer(block, {})
        if (call !== undefined) {
          out.push({ type: "tool-params-start", id: block.id, name: call.name, providerExecuted: true })
        }
      }
    }
  }

  const grow = (event: DeltaEvent, out: Array<Response.StreamPartEncoded>): void => {
    const { delta, index } = event
    const block = state.open?.start
    switch (delta.type) {
      case "text_delta":
        if (delta.text !== "" && block?.type === "text") {
          out.push({ type: "text-delta", id: idOf(index), delta: delta.text })
        }
        return
      case "thinking_delta":
        if (delta.thinking !== "" && block?.type === "thinking") {
          out.push({ type: "reasoning-delta", id: idOf(index), delta: delta.thinking })
        }
        return
      case "citations_delta":
        if (block?.type === "text") out.push(...Parts.ofCitation(delta.citation, context))
        return
      case "input_json_delta":
        if (delta.partial_json !== "" && block !== undefined && isParamsOpen(block)) {
          out.push({ type: "tool-params-delta", id: block.id, delta: delta.partial_json })
        }
    }
  }

  /** Whether the parameters of a block are handed out as they come. */
  const isParamsOpen = (block: StartedBlock): block is Extract<StartedBlock, { readonly id: string }> =>
    block.type === "tool_use" ||
    ((block.type === "server_tool_use" || block.type === "mcp_tool_use") &&
      context.names.calledOnServer(block, {}) !== undefined)

  const close = (index: number, hadInput: boolean, out: Array<Response.StreamPartEncoded>): void => {
    const block = state.closed?.block
    if (block === undefined) return
    const id = idOf(index)
    if (block.type === "text") {
      out.push({ type: "text-end", id, ...Parts.beside(block, ["text"]) })
    } else if (block.type === "thinking") {
      out.push({ type: "reasoning-end", id, ...Parts.beside(block, ["thinking"]) })
    } else if (block.type === "redacted_thinking") {
      out.push({ type: "reasoning-end", id })
    } else {
      if (isParamsOpen(block)) {
        // An input that came with the start of its block is handed out as one piece.
        if (!hadInput) {
          out.push({ type: "tool-params-delta", id: block.id, delta: JSON.stringify(block.input) })
        }
        out.push({ type: "tool-params-end", id: block.id })
      }
      out.push(
        ...(Parts.ofBlock(block, context) ?? [
          { type: "text-start", id, ...Parts.whole(block) } as const,
          { type: "text-end", id } as const,
          ...Parts.sourcesOf(block, context)
        ])
      )
    }
  }

  /** Ends the block that is open, by its own event or because the next thing began. */
  const finishOpen = (event: StreamEvent, out: Array<Response.StreamPartEncoded>): void => {
    const current = state.open
    if (current === undefined) return
    state = MessageAccumulator.step(state, event)
    close(current.index, current.json !== "", out)
  }

  const push = (event: StreamEvent, out: Array<Response.StreamPartEncoded>): void => {
    switch (event.type) {
      case "message_start": {
        const { content, ...shell } = event.message
        state = MessageAccumulator.step(state, { ...event, message: { ...shell, content: [] } })
        out.push(metadataPart(event.message, options))
        content.forEach((content_block, index) => {
          push({ type: "content_block_start", index, content_block }, out)
          push({ type: "content_block_stop", index }, out)
        })
        return
      }
      case "content_block_start":
        if (state.open !== undefined) {
          finishOpen({ type: "content_block_stop", index: state.open.index }, out)
        }
        state = MessageAccumulator.step(state, event)
        open(event.index, event.content_block, out)
        return
      case "content_block_delta":
        if (state.open?.index !== event.index) return
        state = MessageAccumulator.step(state, event)
        grow(event, out)
        return
      case "content_block_stop":
        if (state.open?.index === event.index) finishOpen(event, out)
        return
      case "message_delta":
        state = MessageAccumulator.step(state, event)
        return
      case "message_stop": {
        if (state.done) return
        if (state.open !== undefined) {
          finishOpen({ type: "content_block_stop", index: state.open.index }, out)
        }
        state = MessageAccumulator.step(state, event)
        const message = MessageAccumulator.snapshot(state)
        if (Option.isSome(message)) out.push(finishPart(message.value, options))
      }
    }
  }

  return (events: ReadonlyArray<StreamEvent>): ReadonlyArray<Response.StreamPartEncoded> => {
    const out: Array<Response.StreamPartEncoded> = []
    for (const event of events) push(event, out)
    return out
  }
}

type StartedBlock = Extract<StreamEvent, { readonly type: "content_block_start" }>["content_block"]

type DeltaEvent = Extract<StreamEvent, { readonly type: "content_block_delta" }>

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const metadataPart = (
  message: Message.Message,
  options: Options | undefined
): Response.ResponseMetadataPartEncoded => ({
  type: "response-metadata",
  id: message.id,
  modelId: message.model,
  ...(options?.timestamp === undefined ? undefined : { timestamp: options.timestamp })
})

const kept = ["stop_details", "container", "context_management", "diagnostics", "input_transformations"] as const

const finishPart = (message: Message.Message, options: Options | undefined): Response.FinishPartEncoded => {
  const claude: FinishMetadata = {
    stop_reason: message.stop_reason ?? null,
    stop_sequence: message.stop_sequence ?? null,
    usage: Json.wire<FinishMetadata["usage"]>(Json.json(message.usage)),
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
