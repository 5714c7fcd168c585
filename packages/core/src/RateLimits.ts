/**
 * The rate limits that the API reports in response headers.
 *
 * Reads every `anthropic-ratelimit-*`, `anthropic-priority-*` and
 * `anthropic-fast-*` header. Reading never fails: an absent or malformed header
 * leaves its field undefined.
 *
 * Source: the rate limit documentation of the API, and header names in recorded
 * traffic.
 *
 * @since 0.1.0
 */
import { formatRfc3339, parseRfc3339 } from "./internal/time.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * One limit: its size, what remains of it, and when it resets.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limit {
  /** The number of requests or tokens that the limit allows. */
  readonly limit?: number | undefined
  /** The number that remains. The API rounds token counts to the nearest thousand. */
  readonly remaining?: number | undefined
  /** When the limit is replenished, in milliseconds since the epoch. */
  readonly resetAt?: number | undefined
}

/**
 * The limits at the time of a response.
 *
 * @category models
 * @since 0.1.0
 */
export interface RateLimits {
  /** Requests per minute. */
  readonly requests?: Limit | undefined
  /** The most restrictive token limit in force. */
  readonly tokens?: Limit | undefined
  /** Input tokens per minute. */
  readonly inputTokens?: Limit | undefined
  /** Output tokens per minute. */
  readonly outputTokens?: Limit | undefined
  /** Input tokens of the priority tier. */
  readonly priorityInputTokens?: Limit | undefined
  /** Output tokens of the priority tier. */
  readonly priorityOutputTokens?: Limit | undefined
  /** Input tokens of fast mode. */
  readonly fastInputTokens?: Limit | undefined
  /** Output tokens of fast mode. */
  readonly fastOutputTokens?: Limit | undefined
}

/**
 * The name of one limit.
 *
 * @category models
 * @since 0.1.0
 */
export type Dimension = keyof RateLimits

/**
 * The header prefix of each limit; `-limit`, `-remaining` and `-reset` follow it.
 *
 * @category constants
 * @since 0.1.0
 */
export const headerPrefixes: { readonly [D in Dimension]-?: string } = {
  requests: "anthropic-ratelimit-requests",
  tokens: "anthropic-ratelimit-tokens",
  inputTokens: "anthropic-ratelimit-input-tokens",
  outputTokens: "anthropic-ratelimit-output-tokens",
  priorityInputTokens: "anthropic-priority-input-tokens",
  priorityOutputTokens: "anthropic-priority-output-tokens",
  fastInputTokens: "anthropic-fast-input-tokens",
  fastOutputTokens: "anthropic-fast-output-tokens"
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Reads the limits from response headers, whose names are in lower case.
 *
 * Undefined when no header reports a limit, so that a caller keeps the limits
 * of an earlier response.
 *
 * **Example** (Reading what is left of a window)
 *
 * ```ts
 * import * as RateLimits from "@effect-claude/core/RateLimits"
 *
 * const limits = RateLimits.fromHeaders({ "anthropic-ratelimit-requests-remaining": "49" })
 *
 * limits?.requests?.remaining // => 49
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromHeaders = (
  headers: { readonly [name: string]: string | undefined }
): RateLimits | undefined => {
  let out: { [dimension: string]: Limit } | undefined
  for (const { dimension, limit, remaining, reset } of names) {
    const read = readLimit(headers[limit], headers[remaining], headers[reset])
    if (read !== undefined) (out ??= {})[dimension] = read
  }
  return out
}

/**
 * Returns the headers of limits. `fromHeaders` reads them back.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toHeaders = (self: RateLimits): { readonly [name: string]: string } => {
  const out: Record<string, string> = {}
  const limits: { readonly [dimension: string]: Limit | undefined } = { ...self }
  for (const { dimension, limit, remaining, reset } of names) {
    const known = limits[dimension]
    if (known?.limit !== undefined) out[limit] = String(known.limit)
    if (known?.remaining !== undefined) out[remaining] = String(known.remaining)
    if (known?.resetAt !== undefined) out[reset] = formatRfc3339(known.resetAt)
  }
  return out
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The header names of each limit. */
const names = Object.entries(headerPrefixes).map(([dimension, prefix]) => ({
  dimension,
  limit: `${prefix}-limit`,
  remaining: `${prefix}-remaining`,
  reset: `${prefix}-reset`
}))

const readLimit = (
  limits: string | undefined,
  remains: string | undefined,
  reset: string | undefined
): Limit | undefined => {
  if (limits === undefined && remains === undefined && reset === undefined) return undefined
  const limit = readCount(limits)
  const remaining = readCount(remains)
  const resetAt = reset === undefined ? undefined : parseRfc3339(reset)
  if (limit === undefined && remaining === undefined && resetAt === undefined) return undefined
  return {
    ...(limit === undefined ? undefined : { limit }),
    ...(remaining === undefined ? undefined : { remaining }),
    ...(resetAt === undefined ? undefined : { resetAt })
  }
}

const readCount = (text: string | undefined): number | undefined =>
  text !== undefined && /^\s*\d+\s*$/.test(text) ? Number(text) : undefined
