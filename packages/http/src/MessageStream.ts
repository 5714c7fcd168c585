/**
 * Combinators for streams of events: text, thinking, tool inputs, snapshots, the
 * whole message.
 *
 * Every combinator works on the chunks the network delivered and does no work
 * per event but its own. Errors pass through unchanged. Blocks may be open at the
 * same time: text and thinking come in the order in which they were written, and
 * each tool input in its own call.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { LiveInput } from "./internal/response/toolInput.ts"
import * as Deadline from "./internal/time/deadline.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

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
  /** Whether the block of the call has ended. Its input may still be cut: see `ToolInput` of core. */
  readonly done: boolean
}

/**
 * The seam in a stream that began again: what came before it is void. An event
 * of our own, told from the API's by its type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Restarted {
  readonly type: "~restarted"
  /** The number of the restart: 1 for the first. */
  readonly n: number
  /** How the stream failed, with the partial message it had brought. */
  readonly error: ClaudeError.ClaudeError
  /** How long is waited before the stream begins again. */
  readonly delay: Duration.Duration
}

/**
 * Options of `restart`.
 *
 * @category options
 * @since 0.1.0
 */
export interface RestartOptions {
  /**
   * How often and when the stream begins again. Its `maxRetries` and deadline
   * count restarts; what fails before the first content is retried by the
   * policy of the call itself.
   *
   * @default RetryPolicy.interactive
   */
  readonly policy?: RetryPolicy.RetryPolicy | undefined
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
 * Follows the inputs of tool calls: one element for each piece, and one when the
 * block of a call ends.
 *
 * @category combinators
 * @since 0.1.0
 */
export const toolInputs = <E, R>(self: Stream.Stream<StreamEvent, E, R>): Stream.Stream<ToolInput, E, R> =>
  Stream.suspend(() => {
    const calls = new Map<number, Call>()
    return chunkwise(self, (events) => {
      const out: Array<ToolInput> = []
      for (const event of events) {
        switch (event.type) {
          case "content_block_start": {
            const { content_block: block, index } = event
            if (block.type === "tool_use" || block.type === "server_tool_use" || block.type === "mcp_tool_use") {
              calls.set(index, { index, id: block.id, name: block.name, input: new LiveInput(block.input), json: "" })
            }
            break
          }
          case "content_block_delta": {
            const call = calls.get(event.index)
            if (call === undefined || event.delta.type !== "input_json_delta") break
            const piece = event.delta.partial_json
            call.json += piece
            call.input.push(piece)
            out.push(toolInput(call, piece, false))
            break
          }
          case "content_block_stop": {
            const call = calls.get(event.index)
            if (call !== undefined) out.push(toolInput(call, "", true))
            calls.delete(event.index)
            break
          }
          case "message_stop":
            for (const call of calls.values()) out.push(toolInput(call, "", true))
            calls.clear()
        }
      }
      return out
    })
  })

/**
 * Shows the message as far as it has come, once for each chunk of events. The
 * input of a call that is being written is its text so far: see `ToolInput`.
 * Fails with `ResponseDecodeError` at an event that has no place in the message;
 * `Messages.stream` does so itself.
 *
 * @category combinators
 * @since 0.1.0
 */
export const snapshots = <E, R>(
  self: Stream.Stream<StreamEvent, E, R>
): Stream.Stream<Message, E | ClaudeError.ResponseDecodeError, R> =>
  Stream.transformPull(self, (pull) => {
    let state = MessageAccumulator.initial
    const next: Pull.Pull<Arr.NonEmptyReadonlyArray<Message>, E | ClaudeError.ResponseDecodeError> = Effect.flatMap(
      pull,
      (events) => {
        state = MessageAccumulator.stepAll(state, events)
        if (state.problem !== undefined) return Effect.fail(unfoldable(state, state.problem))
        const message = MessageAccumulator.snapshot(state)
        return Option.isSome(message) ? Effect.succeed(Arr.of(message.value)) : next
      }
    )
    return Effect.succeed(next)
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
 * Runs an effect on each piece of thinking, and passes every event on.
 *
 * @category combinators
 * @since 0.1.0
 */
export const tapThinking: {
  <E2, R2>(
    f: (thinking: string) => Effect.Effect<unknown, E2, R2>
  ): <E, R>(self: Stream.Stream<StreamEvent, E, R>) => Stream.Stream<StreamEvent, E | E2, R | R2>
  <E, R, E2, R2>(
    self: Stream.Stream<StreamEvent, E, R>,
    f: (thinking: string) => Effect.Effect<unknown, E2, R2>
  ): Stream.Stream<StreamEvent, E | E2, R | R2>
} = dual(
  2,
  <E, R, E2, R2>(
    self: Stream.Stream<StreamEvent, E, R>,
    f: (thinking: string) => Effect.Effect<unknown, E2, R2>
  ): Stream.Stream<StreamEvent, E | E2, R | R2> =>
    Stream.tap(self, (event) => {
      const piece = thinkingOf(event)
      return piece === "" ? Effect.void : f(piece)
    })
)

/**
 * Begins the stream again when it breaks off after content, and says so with a
 * `Restarted` in its midst, so that a user interface can take back what it
 * showed.
 *
 * **Gotchas**
 *
 * Each restart is a new request that is billed anew, and the second answer is
 * not the first: text already shown is void. Leave it off for requests whose
 * tools act on the server.
 *
 * @category combinators
 * @since 0.1.0
 */
export const restart: {
  (options?: RestartOptions): <R>(
    self: Stream.Stream<StreamEvent, ClaudeError.ClaudeError, R>
  ) => Stream.Stream<StreamEvent | Restarted, ClaudeError.ClaudeError, R>
  <R>(
    self: Stream.Stream<StreamEvent, ClaudeError.ClaudeError, R>,
    options?: RestartOptions
  ): Stream.Stream<StreamEvent | Restarted, ClaudeError.ClaudeError, R>
} = dual(
  (args) => Stream.isStream(args[0]),
  <R>(
    self: Stream.Stream<StreamEvent, ClaudeError.ClaudeError, R>,
    options?: RestartOptions
  ): Stream.Stream<StreamEvent | Restarted, ClaudeError.ClaudeError, R> =>
    Stream.unwrap(Effect.clockWith((clock) => {
      const policy = options?.policy ?? RetryPolicy.interactive
      const startedAt = Deadline.now(clock)
      const run = (n: number): Stream.Stream<StreamEvent | Restarted, ClaudeError.ClaudeError, R> =>
        Stream.catch(self, (error) =>
          Stream.unwrap(Effect.map(RetryPolicy.chance, (draw) => {
            if (error.contentHandedOut !== true) return Stream.fail(error)
            const elapsed = Duration.millis(Deadline.now(clock) - startedAt)
            const judged = error.with({ contentHandedOut: undefined, attempts: undefined })
            const decision = RetryPolicy.decide(policy, { n, elapsed, error: judged, draw })
            if (decision._tag === "GiveUp") return Stream.fail(error)
            const { delay } = decision
            const seam: Restarted = { type: "~restarted", n, error, delay }
            return Stream.concat(
              Stream.succeed(seam),
              Stream.unwrap(Effect.as(Effect.sleep(delay), run(n + 1)))
            )
          })))
      return Effect.succeed(run(1))
    }))
)

/**
 * Whether an event is the seam of a stream that began again.
 *
 * @category guards
 * @since 0.1.0
 */
export const isRestarted = (event: StreamEvent | Restarted): event is Restarted => event.type === "~restarted"

/**
 * Lets several consumers see one stream: one request is made, and each consumer
 * sees every event from the first, however late it comes.
 *
 * **Gotchas**
 *
 * The stream is read as fast as it comes, and its events are kept for as long as
 * the scope is open. Closing the scope ends the request.
 *
 * @category combinators
 * @since 0.1.0
 */
export const share = <A, E, R>(
  self: Stream.Stream<A, E, R>
): Effect.Effect<Stream.Stream<A, E>, never, R | Scope.Scope> =>
  Stream.broadcast(self, { capacity: "unbounded", replay: Infinity })

/**
 * Runs the stream and returns the whole message: `create` by another way.
 *
 * **Gotchas**
 *
 * A stream that is cut off on purpose before `message_stop` has no final
 * message; it fails with `StreamTruncatedError`, which carries the partial one.
 * Events that do not make one message fail with `ResponseDecodeError`.
 *
 * @category destructors
 * @since 0.1.0
 */
export const final = <E, R>(
  self: Stream.Stream<StreamEvent, E, R>
): Effect.Effect<Message, E | ClaudeError.ResponseDecodeError | ClaudeError.StreamTruncatedError, R> =>
  Effect.suspend(() => {
    let state = MessageAccumulator.initial
    const run = Stream.runForEachArray(self, (events) =>
      Effect.sync(() => {
        state = MessageAccumulator.stepAll(state, events)
      }))
    return Effect.flatMap(
      run,
      (): Effect.Effect<Message, ClaudeError.ResponseDecodeError | ClaudeError.StreamTruncatedError> => {
        if (state.problem !== undefined) return Effect.fail(unfoldable(state, state.problem))
        const message = MessageAccumulator.snapshot(state)
        return state.done && Option.isSome(message)
          ? Effect.succeed(message.value)
          : Effect.fail(unfinished(Option.getOrUndefined(message)))
      }
    )
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

interface Call {
  readonly index: number
  readonly id: string
  readonly name: string
  readonly input: LiveInput
  /** The text so far. */
  json: string
}

const toolInput = ({ id, index, input, json, name }: Call, delta: string, done: boolean): ToolInput => ({
  index,
  id,
  name,
  delta,
  json,
  done,
  get value() {
    return input.at(json)
  }
})

const unfoldable = (
  state: MessageAccumulator.MessageAccumulator,
  problem: string
): ClaudeError.ResponseDecodeError =>
  new ClaudeError.ResponseDecodeError({
    outcome: "partial",
    partial: Option.getOrUndefined(MessageAccumulator.snapshot(state)),
    message: `The events do not make one message: an event ${problem}. \`partial\` holds what came before.`
  })

const unfinished = (partial: Message | undefined): ClaudeError.StreamTruncatedError =>
  new ClaudeError.StreamTruncatedError({
    reason: "eof",
    outcome: partial === undefined ? "unknown" : "partial",
    partial,
    message: "The stream was left before `message_stop`. `partial` holds what had arrived."
  })
