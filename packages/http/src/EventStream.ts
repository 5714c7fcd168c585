/**
 * From bytes to events: the decoder of server-sent events, and the judge of
 * where a stream ends.
 *
 * Follows the WHATWG rules for event streams at any chunking, down to single
 * bytes, except that an event whose JSON is whole counts even when the stream
 * ends without the blank line after it. A stream ends normally if and only if `message_stop` was seen; what
 * comes after it is ignored. Everything else is a typed error that carries the
 * partial message: an `error` event by its own tag, an end without
 * `message_stop` or an event that cannot be read as `StreamTruncatedError`.
 *
 * `Messages.stream` is built on the same decoder; this module is for bytes that
 * come another way: a file, a proxy, a recording.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import { EventDecoder, type Stop } from "./internal/response/eventDecoder.ts"
import * as Limits from "./Limits.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `decode`: how large an event, and the input of a tool, may grow.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Pick<Limits.Options, "event" | "toolInput"> {}

// -----------------------------------------------------------------------------
// decoding
// -----------------------------------------------------------------------------

/**
 * Decodes bytes as events.
 *
 * **Example** (Reading a recorded stream)
 *
 * ```ts
 * import * as EventStream from "@effect-claude/http/EventStream"
 * import * as Effect from "effect/Effect"
 * import * as Stream from "effect/Stream"
 *
 * const bytes = Stream.make("data: {\"type\":\"pi", "ng\"}\n\ndata: {\"type\":\"message_stop\"}\n\n").pipe(Stream.encodeText)
 * const events = await Effect.runPromise(bytes.pipe(EventStream.decode(), Stream.runCollect))
 *
 * events.map((event) => event.type) // => ["ping", "message_stop"]
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode: {
  (options?: Options): <E, R>(
    self: Stream.Stream<Uint8Array, E, R>
  ) => Stream.Stream<StreamEvent, E | ClaudeError.ClaudeError, R>
  <E, R>(
    self: Stream.Stream<Uint8Array, E, R>,
    options?: Options
  ): Stream.Stream<StreamEvent, E | ClaudeError.ClaudeError, R>
} = dual((args) => Stream.isStream(args[0]), <E, R>(
  self: Stream.Stream<Uint8Array, E, R>,
  options?: Options
): Stream.Stream<StreamEvent, E | ClaudeError.ClaudeError, R> =>
  Stream.transformPull(self, (upstream) =>
    Effect.sync(() => {
      const decoder = new EventDecoder(Limits.make(options))
      let ended = false
      const next: Pull.Pull<Arr.NonEmptyReadonlyArray<StreamEvent>, E | ClaudeError.ClaudeError> = Effect.suspend(() =>
        decoder.stop !== undefined
          ? stopped(decoder, decoder.stop)
          : ended
          ? Effect.fail(truncated(decoder, "eof", "The stream ended before `message_stop`."))
          : read
      )
      const read: Pull.Pull<Arr.NonEmptyReadonlyArray<StreamEvent>, E | ClaudeError.ClaudeError> = Pull.matchEffect(
        upstream,
        {
          onSuccess: (chunks) => {
            const events = decoder.decode(chunks)
            return Arr.isArrayNonEmpty(events) ? Effect.succeed(events) : next
          },
          onFailure: (cause) => Effect.failCause(cause),
          onDone: () => {
            const last = ended ? [] : decoder.end()
            ended = true
            return Arr.isArrayNonEmpty(last)
              ? Effect.succeed(last)
              : decoder.stop === undefined
              ? Effect.fail(truncated(decoder, "eof", "The stream ended before `message_stop`."))
              : stopped(decoder, decoder.stop)
          }
        }
      )
      return next
    })))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const stopped = (decoder: EventDecoder, stop: Stop): Pull.Pull<never, ClaudeError.ClaudeError> => {
  switch (stop._tag) {
    case "Done":
      return Cause.done()
    case "ErrorEvent":
      return Effect.fail(ErrorResponse.fromEvent(stop.event, { partial: partialOf(decoder) }))
    case "Malformed":
      return Effect.fail(truncated(decoder, "decode", `The stream cannot be read on: an event ${stop.problem}.`))
  }
}

const partialOf = (decoder: EventDecoder): ClaudeError.Details["partial"] =>
  Option.getOrUndefined(MessageAccumulator.snapshot(decoder.accumulator))

const truncated = (decoder: EventDecoder, reason: "eof" | "decode", message: string): ClaudeError.ClaudeError =>
  new ClaudeError.StreamTruncatedError({
    reason,
    outcome: decoder.started ? "partial" : "unknown",
    partial: partialOf(decoder),
    message: `${message} The answer is not complete; \`partial\` holds what arrived.`
  })
