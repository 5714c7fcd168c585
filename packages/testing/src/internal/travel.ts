/**
 * How answers travel: the combinators of `Script`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Errors from "./errors.ts"
import type { StatusOptions } from "./errors.ts"
import * as Internal from "./script.ts"
import type { Script } from "./script.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A place in a response: right after its headers, after some bytes of its body,
 * or after some of its events. A body that is not a stream counts as one event.
 *
 * @category models
 * @since 0.1.0
 */
export type Place = "headers" | { readonly bytes: number } | { readonly events: number }

/**
 * How a response is cut short: `end` finishes the HTTP response as if that had
 * been all, `close` closes the connection early, `reset` resets it.
 *
 * @category models
 * @since 0.1.0
 */
export type Cut = "end" | "close" | "reset"

/**
 * How bytes are grouped into deliveries: an event at a time, a byte at a time,
 * all at once, at the given offsets, or at offsets drawn from a seed.
 *
 * @category models
 * @since 0.1.0
 */
export type Chunking = "perEvent" | "perByte" | "whole" | ReadonlyArray<number> | { readonly seed: number }

/**
 * Changes how the answers of a script travel: data first or data last.
 *
 * @category models
 * @since 0.1.0
 */
export interface Combinator<Args extends ReadonlyArray<unknown>> {
  (...args: Args): (self: Script) => Script
  (self: Script, ...args: Args): Script
}

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Whether a value is a script.
 *
 * @category guards
 * @since 0.1.0
 */
export const isScript = (u: unknown): u is Script => Predicate.hasProperty(u, Internal.TypeId)

// -----------------------------------------------------------------------------
// travel
// -----------------------------------------------------------------------------

/**
 * Cuts the response at a place: by default as if that had been all.
 *
 * @category combinators
 * @since 0.1.0
 */
export const cutAfter: Combinator<[place: Place, options?: { readonly by?: Cut | undefined }]> = combinator(
  (place: Place, options?: { readonly by?: Cut | undefined }) => ({
    _tag: "Cut",
    place,
    end: ends[options?.by ?? "end"]
  })
)

/**
 * Says nothing more after a place, and keeps the connection open.
 *
 * @category combinators
 * @since 0.1.0
 */
export const stall: Combinator<[options: { readonly after: Place }]> = combinator(
  ({ after }: { readonly after: Place }) => ({ _tag: "Cut", place: after, end: "hang" })
)

/**
 * Breaks a stream off with an error event after some of its events: by default
 * an overload. A request that is not for a stream is answered with the error's
 * status.
 *
 * @category combinators
 * @since 0.1.0
 */
export const errorInStream: Combinator<
  [options: { readonly after: number; readonly status?: number | undefined } & StatusOptions]
> = combinator((options: { readonly after: number; readonly status?: number | undefined } & StatusOptions) => ({
  _tag: "ErrorEvent",
  place: { events: options.after },
  failure: Errors.failure(options.status ?? 529, options)
}))

/**
 * Waits before each delivery.
 *
 * @category combinators
 * @since 0.1.0
 */
export const slow: Combinator<[perChunk: Duration.Input]> = combinator((perChunk: Duration.Input) => ({
  _tag: "Slow",
  millis: Duration.toMillis(perChunk)
}))

/**
 * Delivers the same bytes in other pieces.
 *
 * @category combinators
 * @since 0.1.0
 */
export const chunked: Combinator<[chunking: Chunking]> = combinator((chunking: Chunking) => ({
  _tag: "Chunked",
  chunking: isOffsets(chunking) ? { at: chunking } : chunking
}))

/**
 * Waits before the headers.
 *
 * @category combinators
 * @since 0.1.0
 */
export const delay: Combinator<[duration: Duration.Input]> = combinator((duration: Duration.Input) => ({
  _tag: "Delay",
  millis: Duration.toMillis(duration)
}))

/**
 * Waits once at a place in the body, then goes on.
 *
 * @category combinators
 * @since 0.1.0
 */
export const pause: Combinator<[place: Place, duration: Duration.Input]> = combinator(
  (place: Place, duration: Duration.Input) => ({ _tag: "Pause", place, millis: Duration.toMillis(duration) })
)

/**
 * Adds response headers, or removes those whose value is undefined.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withHeaders: Combinator<[headers: { readonly [name: string]: string | undefined }]> = combinator(
  (headers: { readonly [name: string]: string | undefined }) => ({ _tag: "Headers", headers })
)

/**
 * Breaks HTTP itself, on a real socket: a status line that is none (`head`), a
 * chunk whose size is not a number (`chunk`), or a `content-length` that
 * announces more than is sent (`longLength`). In process it is the failure a
 * client makes of it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const malformed: Combinator<[what: "head" | "chunk" | "longLength"]> = combinator(
  (what: "head" | "chunk" | "longLength") => ({ _tag: "Malformed", malformed: what })
)

/**
 * Compresses the body, whatever the client accepts. In process it arrives
 * decompressed, as from a client that does so.
 *
 * @category combinators
 * @since 0.1.0
 */
export const gzip = (self: Script): Script => Internal.make({ _tag: "Changed", script: self, effect: { _tag: "Gzip" } })

/**
 * Interleaves the blocks of a streamed message: all start first, their deltas
 * take turns, and all stop last. A response that is not a stream stays as it is.
 *
 * @category combinators
 * @since 0.1.0
 */
export const interleave = (self: Script): Script =>
  Internal.make({ _tag: "Changed", script: self, effect: { _tag: "Interleave" } })

/**
 * Says statuses below 200 first, such as 103. In process they are not heard.
 *
 * @category combinators
 * @since 0.1.0
 */
export const informational: Combinator<[statuses: ReadonlyArray<number>]> = combinator(
  (statuses: ReadonlyArray<number>) => ({ _tag: "Informational", statuses })
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Creates a combinator. A function declaration, for the constants above are made with it. */
function combinator<Args extends ReadonlyArray<unknown>>(effect: (...args: Args) => Internal.Effect): Combinator<Args> {
  return dual(
    (args) => isScript(args[0]),
    (self: Script, ...args: Args): Script => Internal.make({ _tag: "Changed", script: self, effect: effect(...args) })
  )
}

const ends = { end: "complete", close: "close", reset: "reset" } as const

const isOffsets = (chunking: Chunking): chunking is ReadonlyArray<number> => Array.isArray(chunking)
