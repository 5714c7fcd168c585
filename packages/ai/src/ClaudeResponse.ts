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
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import type * as Usage from "@effect-claude/core/Usage"
import type * as Response from "effect/ai/Response"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import * as Ends from "./internal/ends.ts"
import * as Parts from "./internal/parts.ts"
import * as Reader from "./internal/reader.ts"
import type { FinishMetadata, Options, PartMetadata, SourceMetadata } from "./internal/responseTypes.ts"
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
export type { PartMetadata } from "./internal/responseTypes.ts"

/**
 * What a source is: the citation, the search result or the file that names it.
 *
 * @category models
 * @since 0.1.0
 */
export type { SourceMetadata } from "./internal/responseTypes.ts"

/**
 * What is known of a response when it ends, under the wire's names.
 *
 * @category models
 * @since 0.1.0
 */
export type { FinishMetadata } from "./internal/responseTypes.ts"

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
export type { Options } from "./internal/responseTypes.ts"

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
  const out: Array<Response.PartEncoded> = [Ends.metadataPart(message, options)]
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
  out.push(Ends.finishPart(message, options))
  return out
}

/**
 * Converts the events of a stream to parts, chunk by chunk as they come.
 *
 * **Details**
 *
 * A chunk that holds nothing for effect/ai (a ping) is passed over. Failures pass
 * through unchanged, and there is no `finish` part unless `message_stop` came.
 * Nothing follows an event that cannot be folded (see `MessageAccumulator`);
 * `Messages.stream` fails there.
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
      const read = Reader.make(options)
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
export const usage: (usage: Usage.Usage) => typeof Response.Usage.Encoded = Ends.usage

/**
 * Converts a reason for stopping. Reasons that are not known yet are `"other"`, so
 * that no handler runs on an answer that may be incomplete.
 *
 * @category conversions
 * @since 0.1.0
 */
export const finishReason: (stopReason: Message.StopReason | null | undefined) => Response.FinishReason =
  Ends.finishReason
