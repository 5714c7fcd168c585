/**
 * How long each part of a call may take.
 *
 * The limits are kept for every kind of call: JSON, streams, downloads, batch
 * results. The defaults leave time for thinking and uploads: a model may be silent
 * for minutes while the server pings, and a large body gets time in proportion to
 * its size. A limit that is reached is a typed error that names its phase:
 * `ClaudeTimeoutError`, or `StreamIdleError` for a stream that sends nothing.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { dual } from "effect/Function"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The limits of a call. `Duration.infinity` switches one off.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timeouts {
  /** Until the connection is established. Only a transport that sees sockets can keep it. */
  readonly connect: Duration.Duration
  /** From the start of an attempt to the headers, on a streamed request. */
  readonly headers: Duration.Duration
  /** From the start of an attempt to the headers, on a plain JSON request. */
  readonly jsonHeaders: Duration.Duration
  /** The slowest upload in bytes per second. A body extends the time to the headers accordingly. */
  readonly uploadRate: number
  /** From the headers to the first content of the response. */
  readonly firstContent: Duration.Duration
  /** From one content to the next, while pings or white space keep the connection alive. */
  readonly nextContent: Duration.Duration
  /** For one read of a body, whatever it brings. A slow consumer does not count. */
  readonly idle: Duration.Duration
  /** For the whole call, retries and their waits included. */
  readonly total: Duration.Duration
  /** For the whole call, where the message is folded from a stream. */
  readonly foldedTotal: Duration.Duration
}

/**
 * Options of `make`, and what a scoped override may change.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Until the connection is established. Only a transport that sees sockets can keep it.
   *
   * @default "10 seconds"
   */
  readonly connect?: Duration.Input | undefined
  /**
   * From the start of an attempt to the headers, on a streamed request.
   *
   * @default "5 minutes"
   */
  readonly headers?: Duration.Input | undefined
  /**
   * From the start of an attempt to the headers, on a plain JSON request.
   *
   * @default "4 minutes"
   */
  readonly jsonHeaders?: Duration.Input | undefined
  /**
   * The slowest upload in bytes per second.
   *
   * @default 50_000
   */
  readonly uploadRate?: number | undefined
  /**
   * From the headers to the first content of the response.
   *
   * @default "10 minutes"
   */
  readonly firstContent?: Duration.Input | undefined
  /**
   * From one content to the next, while pings or white space keep the connection
   * alive. Every event other than a ping is content, and so is every byte of JSON
   * other than white space.
   *
   * @default "10 minutes"
   */
  readonly nextContent?: Duration.Input | undefined
  /**
   * For one read of a body: a JSON response, a stream, a download, the results of
   * a batch. Pings count as bytes, a slow consumer does not count.
   *
   * @default "90 seconds"
   */
  readonly idle?: Duration.Input | undefined
  /**
   * For the whole call, retries and their waits included.
   *
   * @default Duration.infinity
   */
  readonly total?: Duration.Input | undefined
  /**
   * For the whole call, where the message is folded from a stream.
   *
   * @default "60 minutes"
   */
  readonly foldedTotal?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The limits of a layer that sets none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const defaults: Timeouts = {
  connect: Duration.seconds(10),
  headers: Duration.minutes(5),
  jsonHeaders: Duration.minutes(4),
  uploadRate: 50_000,
  firstContent: Duration.minutes(10),
  nextContent: Duration.minutes(10),
  idle: Duration.seconds(90),
  total: Duration.infinity,
  foldedTotal: Duration.minutes(60)
}

/**
 * Creates limits. Omitted fields are those of `from`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options | undefined, from: Timeouts = defaults): Timeouts =>
  options === undefined ? from : {
    connect: duration(options.connect, from.connect),
    headers: duration(options.headers, from.headers),
    jsonHeaders: duration(options.jsonHeaders, from.jsonHeaders),
    uploadRate: options.uploadRate ?? from.uploadRate,
    firstContent: duration(options.firstContent, from.firstContent),
    nextContent: duration(options.nextContent, from.nextContent),
    idle: duration(options.idle, from.idle),
    total: duration(options.total, from.total),
    foldedTotal: duration(options.foldedTotal, from.foldedTotal)
  }

/**
 * Returns how long the headers of one attempt may take to arrive, its upload included.
 *
 * @category conversions
 * @since 0.1.0
 */
export const headersWithin: {
  (request: { readonly streamed: boolean; readonly bodySize: number }): (self: Timeouts) => Duration.Duration
  (self: Timeouts, request: { readonly streamed: boolean; readonly bodySize: number }): Duration.Duration
} = dual(
  2,
  (self: Timeouts, request: { readonly streamed: boolean; readonly bodySize: number }): Duration.Duration =>
    request.streamed
      ? Duration.millis(Duration.toMillis(self.headers) + (request.bodySize / self.uploadRate) * 1000)
      : self.jsonHeaders
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const duration = (input: Duration.Input | undefined, fallback: Duration.Duration): Duration.Duration =>
  input === undefined ? fallback : Duration.fromInputUnsafe(input)
