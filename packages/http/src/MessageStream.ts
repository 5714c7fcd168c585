/**
 * What to make of a stream of events: text, thinking, tool inputs, snapshots, the
 * whole message.
 *
 * Every combinator works on the chunks the network delivered and does no work
 * per event but its own. Errors pass through unchanged.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as PartialJson from "@effect-claude/core/PartialJson"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The input of a tool call while it is being written.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToolInput {
  /** The position of the call in the message. */
  readonly index: number
  /** The id a result refers to. */
  readonly id: string
  /** The name of the tool. */
  readonly name: string
  /** The text this step added. */
  readonly delta: string
  /** The text so far. */
  readonly json: string
  /** What can be shown of the input so far. Read when looked at. */
  readonly value: unknown
  /** Whether the call is complete: its block was closed. */
  readonly done: boolean
}

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Keeps the text, piece by piece as it is written.
 *
 * @category combinators
 * @since 0.1.0
 */
export const text = <E, R>(self: Stream.Stream<StreamEvent, E, R>): Stream.Stream<string, E, R> =>
  chunkwise(self, (events) => {
    const out: Array<string> = []
    for (const event of events) {
      const piece = textOf(event)
      if (piece !== "") out.push(piece)
    }
    return out
  })

/**
 * Keeps the thinking, piece by piece as it is written.
 *
 * @category combinators
 * @since 0.1.0
 */
export const thinking = <E, R>(self: Stream.Stream<StreamEvent, E, R>): Stream.Stream<string, E, R> =>
  chunkwise(self, (events) => {
    const out: Array<string> = []
    for (const event of events) {
      const piece = thinkingOf(event)
      if (piece !== "") out.push(piece)
    }
    return out
  })

/**
 * Follows the inputs of tool calls: one element for each piece, and one when a
 * call is complete.
 *
 * @category combinators
 * @since 0.1.0
 */
export const toolInputs = <E, R>(self: Stream.Stream<StreamEvent, E, R>): Stream.Stream<ToolInput, E, R> =>
  Stream.suspend(() => {
    let call: { readonly index: number; readonly id: string; readonly name: string; input: unknown } | undefined
    let json = ""
    return chunkwise(self, (events) => {
      const out: Array<ToolInput> = []
      for (const event of events) {
        if (event.type === "content_block_start") {
          const block = event.content_block
          call = block.type === "tool_use" || block.type === "server_tool_use" || block.type === "mcp_tool_use"
            ? { index: event.index, id: block.id, name: block.name, input: block.input }
            : undefined
          json = ""
        } else if (call === undefined) {
          continue
        } else if (event.type === "content_block_delta" && event.delta.type === "input_json_delta") {
          json += event.delta.partial_json
          out.push(toolInput(call, event.delta.partial_json, json, false))
        } else if (event.type === "content_block_stop" && event.index === call.index) {
          out.push(toolInput(call, "", json, true))
          call = undefined
        }
      }
      return out
    })
  })

/**
 * Shows the message as far as it has come, once for each chunk of events.
 *
 * @category combinators
 * @since 0.1.0
 */
export const snapshots = <E, R>(self: Stream.Stream<StreamEvent, E, R>): Stream.Stream<Message, E, R> =>
  Stream.suspend(() => {
    let state = MessageAccumulator.initial
    return chunkwise(self, (events) => {
      state = MessageAccumulator.stepAll(state, events)
      return Option.toArray(MessageAccumulator.snapshot(state))
    })
  })

/**
 * Runs an effect on each piece of text, and passes every event on.
 *
 * @category combinators
 * @since 0.1.0
 */
export const tapText: {
  <E2, R2>(
    f: (text: string) => Effect.Effect<unknown, E2, R2>
  ): <E, R>(self: Stream.Stream<StreamEvent, E, R>) => Stream.Stream<StreamEvent, E | E2, R | R2>
  <E, R, E2, R2>(
    self: Stream.Stream<StreamEvent, E, R>,
    f: (text: string) => Effect.Effect<unknown, E2, R2>
  ): Stream.Stream<StreamEvent, E | E2, R | R2>
} = dual(
  2,
  <E, R, E2, R2>(
    self: Stream.Stream<StreamEvent, E, R>,
    f: (text: string) => Effect.Effect<unknown, E2, R2>
  ): Stream.Stream<StreamEvent, E | E2, R | R2> =>
    Stream.tap(self, (event) => {
      const piece = textOf(event)
      return piece === "" ? Effect.void : f(piece)
    })
)

/**
 * Runs the stream and returns the whole message: `create` by another way.
 *
 * **Gotchas**
 *
 * A stream that is cut off on purpose before `message_stop` has no final
 * message; it fails with `StreamTruncatedError`, which carries the partial one.
 *
 * @category destructors
 * @since 0.1.0
 */
export const final = <E, R>(
  self: Stream.Stream<StreamEvent, E, R>
): Effect.Effect<Message, E | ClaudeError.StreamTruncatedError, R> =>
  Effect.suspend(() => {
    let state = MessageAccumulator.initial
    const run = Stream.runForEachArray(self, (events) =>
      Effect.sync(() => {
        state = MessageAccumulator.stepAll(state, events)
      }))
    return Effect.flatMap(run, () => {
      const message = MessageAccumulator.snapshot(state)
      return state.done && Option.isSome(message)
        ? Effect.succeed(message.value)
        : Effect.fail(unfinished(Option.getOrUndefined(message)))
    })
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Transforms chunk by chunk; a chunk that becomes empty is passed over. */
const chunkwise = <A, B, E, R>(
  self: Stream.Stream<A, E, R>,
  f: (chunk: Arr.NonEmptyReadonlyArray<A>) => ReadonlyArray<B>
): Stream.Stream<B, E, R> =>
  Stream.transformPull(self, (pull) => {
    const next: Pull.Pull<Arr.NonEmptyReadonlyArray<B>, E> = Effect.flatMap(pull, (chunk) => {
      const out = f(chunk)
      return Arr.isReadonlyArrayNonEmpty(out) ? Effect.succeed(out) : next
    })
    return Effect.succeed(next)
  })

const textOf = (event: StreamEvent): string => {
  if (event.type === "content_block_delta") return event.delta.type === "text_delta" ? event.delta.text : ""
  return event.type === "content_block_start" && event.content_block.type === "text" ? event.content_block.text : ""
}

const thinkingOf = (event: StreamEvent): string => {
  if (event.type === "content_block_delta") return event.delta.type === "thinking_delta" ? event.delta.thinking : ""
  return event.type === "content_block_start" && event.content_block.type === "thinking"
    ? event.content_block.thinking
    : ""
}

const toolInput = (
  { id, index, input, name }: { readonly index: number; readonly id: string; readonly name: string; input: unknown },
  delta: string,
  json: string,
  done: boolean
): ToolInput => ({
  index,
  id,
  name,
  delta,
  json,
  done,
  get value() {
    return json === "" ? input : PartialJson.parse(json).value
  }
})

const unfinished = (partial: Message | undefined): ClaudeError.StreamTruncatedError =>
  new ClaudeError.StreamTruncatedError({
    reason: "eof",
    outcome: partial === undefined ? "unknown" : "partial",
    partial,
    message: "The stream was left before `message_stop`. `partial` holds what had arrived."
  })
