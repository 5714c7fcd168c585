/**
 * The hints of a response about retrying: how long to wait, and whether to
 * retry.
 *
 * `retry-after-ms` takes precedence over `retry-after`, which is a number of
 * seconds or an HTTP date. Reading never fails: numbers that are negative,
 * infinite or NaN and dates in the past are ignored. A date is compared with
 * the `date` header of the response, so a client with a wrong clock waits the
 * right time.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { parseHttpDate } from "./internal/time.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The hints of one response.
 *
 * @category models
 * @since 0.1.0
 */
export interface RetryHint {
  /** The delay that the server requests. Zero sets no minimum. */
  readonly retryAfter?: Duration.Duration | undefined
  /** The `x-should-retry` header. It takes precedence over every other sign. */
  readonly shouldRetry?: boolean | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Reads the hints from response headers, whose names are in lower case.
 *
 * An HTTP date is compared with `now` (milliseconds since the epoch) when the
 * response has no `date` header.
 *
 * **Example** (Preferring milliseconds)
 *
 * ```ts
 * import * as RetryHint from "@effect-claude/core/RetryHint"
 * import * as Duration from "effect/Duration"
 *
 * const hint = RetryHint.fromHeaders({ "retry-after-ms": "1500", "retry-after": "2" }, 0)
 *
 * hint.retryAfter // => Duration.millis(1500)
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromHeaders = (
  headers: { readonly [name: string]: string | undefined },
  now: number
): RetryHint => {
  const retryAfter = parseMillis(headers["retry-after-ms"]) ??
    parseRetryAfter(headers["retry-after"], parseDate(headers["date"]) ?? now)
  const shouldRetry = headers["x-should-retry"]?.trim().toLowerCase()
  return {
    ...(retryAfter === undefined ? undefined : { retryAfter }),
    ...(shouldRetry === "true" || shouldRetry === "false" ? { shouldRetry: shouldRetry === "true" } : undefined)
  }
}

/**
 * Reads a `retry-after` value: seconds, possibly with a fraction, or an HTTP
 * date later than `now` (milliseconds since the epoch).
 *
 * @category constructors
 * @since 0.1.0
 */
export const parseRetryAfter = (text: string | undefined, now: number): Duration.Duration | undefined => {
  if (text === undefined) return undefined
  const seconds = parseNumber(text)
  if (seconds !== undefined) return fromMillis(seconds * 1000)
  const at = parseHttpDate(text)
  return at === undefined || at <= now ? undefined : fromMillis(at - now)
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const decimal = /^\s*\d+(?:\.\d+)?\s*$/

const parseNumber = (text: string): number | undefined => decimal.test(text) ? Number(text) : undefined

const parseMillis = (text: string | undefined): Duration.Duration | undefined => {
  const millis = text === undefined ? undefined : parseNumber(text)
  return millis === undefined ? undefined : fromMillis(millis)
}

const fromMillis = (millis: number): Duration.Duration | undefined =>
  Number.isFinite(millis) && millis <= Number.MAX_SAFE_INTEGER ? Duration.millis(millis) : undefined

const parseDate = (text: string | undefined): number | undefined => text === undefined ? undefined : parseHttpDate(text)
