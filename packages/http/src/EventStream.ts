/**
 * From bytes to events: the decoder of server-sent events.
 *
 * Follows the WHATWG rules for event streams at any chunking, down to single
 * bytes, with one exception: an event whose JSON is complete counts even when the
 * stream ends without the blank line after it. A stream ends normally if and only
 * if `message_stop` was seen; the bytes after it are ignored. Everything else is a
 * typed error with the partial message: an `error` event by its own tag, an end
 * without `message_stop` as `StreamTruncatedError`, an event that cannot be read as
 * `ResponseDecodeError`.
 *
 * `Messages.stream` reads its responses with the same decoder. This module is for
 * bytes from elsewhere: a file, a proxy, a recording.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Effect from "effect/Effect"
import { dual, identity } from "effect/Function"
import * as Stream from "effect/Stream"
import { EventDecoder } from "./internal/response/eventDecoder.ts"
import * as EventReader from "./internal/response/eventReader.ts"
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
      return EventReader.pullEvents<E, E>(decoder, {
        chunks: upstream,
        lost: identity,
        details: () => ({
          outcome: decoder.started ? "partial" : "unknown",
          partial: EventReader.partialOf(decoder)
        }),
        response: { meta: {}, headers: {} }
      })
    })))
