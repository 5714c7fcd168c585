/**
 * The rate limits the scripted API reports, and enforces when asked to.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Errors from "./errors.ts"
import { type Json, number } from "./json.ts"
import type { FailureSpec } from "./script.ts"
import * as Time from "./time.ts"

export interface Options {
  readonly requests?: number | undefined
  readonly inputTokens?: number | undefined
  readonly outputTokens?: number | undefined
  readonly per?: Duration.Input | undefined
  readonly enforce?: boolean | undefined
}

export interface Limits {
  readonly take: (usage: Json, now: number) => {
    readonly headers: { readonly [name: string]: string }
    readonly refused: FailureSpec | undefined
  }
}

/** Counts requests and tokens in windows that begin with a request. */
export const make = (options: Options | undefined): Limits => {
  const limit = {
    requests: options?.requests ?? 4000,
    input: options?.inputTokens ?? 2_000_000,
    output: options?.outputTokens ?? 400_000
  }
  const window = Duration.toMillis(options?.per ?? "1 minute")
  let since = -Infinity
  let requests = 0
  let input = 0
  return {
    take: (usage, now) => {
      if (now - since >= window) {
        since = now
        requests = 0
        input = 0
      }
      // What is read from the cache does not count; what is written to it does.
      const tokens = (number(usage["input_tokens"]) ?? 0) + (number(usage["cache_creation_input_tokens"]) ?? 0)
      const full = options?.enforce === true &&
        (requests + 1 > limit.requests || input + tokens > limit.input)
      if (!full) {
        requests++
        input += tokens
      }
      const reset = Time.seconds(Math.ceil((since + window) / 1000) * 1000)
      const headers = {
        ...dimension("requests", limit.requests, limit.requests - requests, reset),
        ...dimension("input-tokens", limit.input, thousands(limit.input - input), reset),
        ...dimension("output-tokens", limit.output, limit.output, reset),
        ...dimension("tokens", limit.input + limit.output, thousands(limit.input + limit.output - input), reset)
      }
      return {
        headers,
        refused: full
          ? Errors.failure(429, { headers: { "retry-after": String(Math.ceil((since + window - now) / 1000)) } })
          : undefined
      }
    }
  }
}

const dimension = (name: string, limit: number, remaining: number, reset: string) => ({
  [`anthropic-ratelimit-${name}-limit`]: String(limit),
  [`anthropic-ratelimit-${name}-remaining`]: String(Math.max(0, remaining)),
  [`anthropic-ratelimit-${name}-reset`]: reset
})

/** Remaining tokens are reported to the nearest thousand. */
const thousands = (tokens: number): number => tokens < 1000 ? tokens : Math.round(tokens / 1000) * 1000
