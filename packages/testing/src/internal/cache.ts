/**
 * The prompt cache: which part of a prompt was seen before, and what that makes
 * of `usage`.
 *
 * @since 0.1.0
 */
import { isRecord, type Json, record } from "./json.ts"
import * as Tokens from "./tokens.ts"

export interface Cache {
  /** Returns the input side of `usage` for a request. */
  readonly usage: (body: Json, now: number) => Json
  /** Remembers the prompt of a request that is answered. */
  readonly keep: (body: Json, now: number) => void
}

interface Breakpoint {
  readonly prefix: string
  readonly tokens: number
  readonly ttl: number
}

export const make = (): Cache => {
  const entries = new Map<string, { readonly tokens: number; readonly until: number }>()
  return {
    usage: (body, now) => {
      const total = Tokens.ofRequest(body)
      const found = breakpoints(body)
      const hit = found.findLast(({ prefix }) => (entries.get(prefix)?.until ?? -Infinity) > now)
      const read = hit?.tokens ?? 0
      const last = found[found.length - 1]
      const written = last === undefined ? 0 : Math.max(0, last.tokens - read)
      const hour = last?.ttl === 3_600_000
      return {
        input_tokens: total - read - written,
        cache_creation_input_tokens: written,
        cache_read_input_tokens: read,
        cache_creation: {
          ephemeral_5m_input_tokens: hour ? 0 : written,
          ephemeral_1h_input_tokens: hour ? written : 0
        }
      }
    },
    keep: (body, now) => {
      for (const { prefix, tokens, ttl } of breakpoints(body)) entries.set(prefix, { tokens, until: now + ttl })
    }
  }
}

/** Shorter prefixes are not cached. */
const minimum = 1024

const breakpoints = (body: Json): ReadonlyArray<Breakpoint> => {
  const blocks = Tokens.inCacheOrder(body)
  const marks = blocks.flatMap((block, i) => Tokens.isBreakpoint(block) ? [{ i, control: block["cache_control"] }] : [])
  if (isRecord(body["cache_control"]) && blocks.length > 0) {
    marks.push({ i: blocks.length - 1, control: body["cache_control"] })
  }
  return marks.map(({ control, i }) => ({
    prefix: JSON.stringify([body["model"], ...blocks.slice(0, i + 1).map(unmarked)]),
    tokens: blocks.slice(0, i + 1).reduce((sum, block) => sum + Tokens.ofBlock(block), 0),
    ttl: record(control)["ttl"] === "1h" ? 3_600_000 : 300_000
  })).filter(({ tokens }) => tokens >= minimum)
}

/** Where the marks are does not change what is cached. */
const unmarked = (block: Json): Json => ({ ...block, cache_control: undefined })
