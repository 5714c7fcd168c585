/**
 * What a request used: tokens by class, and what the server's tools did.
 *
 * The classes of input are disjoint: `input_tokens` does not contain what was
 * read from or written to the cache, so the whole prompt is their sum. `Totals`
 * add up under `combine`, with `empty` as identity.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import * as Schema from "effect/Schema"
import * as Fallbacks from "./Fallbacks.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Tokens written to the cache, by how long they live.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CacheCreation extends Wire.Class<CacheCreation>()("CacheCreation", {
  ephemeral_5m_input_tokens: Wire.nullish(Schema.Finite),
  ephemeral_1h_input_tokens: Wire.nullish(Schema.Finite)
}) {}

/**
 * How often the server's tools were used.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ServerToolUsage extends Wire.Class<ServerToolUsage>()("ServerToolUsage", {
  web_search_requests: Wire.nullish(Schema.Finite),
  web_fetch_requests: Wire.nullish(Schema.Finite)
}) {}

/**
 * What the output tokens went into.
 *
 * @category schemas
 * @since 0.1.0
 */
export class OutputTokensDetails extends Wire.Class<OutputTokensDetails>()("OutputTokensDetails", {
  thinking_tokens: Wire.nullish(Schema.Finite)
}) {}

/**
 * What one part of a request used, where the server made several calls.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Iteration extends Wire.Class<Iteration>()("Iteration", {
  type: Schema.String,
  model: Wire.nullish(Schema.String),
  input_tokens: Wire.nullish(Schema.Finite),
  output_tokens: Wire.nullish(Schema.Finite),
  cache_creation_input_tokens: Wire.nullish(Schema.Finite),
  cache_read_input_tokens: Wire.nullish(Schema.Finite),
  cache_creation: Wire.nullish(CacheCreation)
}) {}

/**
 * What a request used. Only the two sums are always there: recordings of every
 * age lack some of the rest.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Usage extends Wire.Class<Usage>()("Usage", {
  input_tokens: Schema.Finite,
  output_tokens: Schema.Finite,
  cache_creation: Wire.nullish(CacheCreation),
  service_tier: Wire.nullish(Wire.openEnum("UsageServiceTier", ["standard", "priority", "batch"])),
  speed: Wire.nullish(Wire.openEnum("UsageSpeed", ["standard", "fast"])),
  inference_geo: Wire.nullish(Schema.String),
  cache_creation_input_tokens: Wire.nullish(Schema.Finite),
  cache_read_input_tokens: Wire.nullish(Schema.Finite),
  output_tokens_details: Wire.nullish(OutputTokensDetails),
  server_tool_use: Wire.nullish(ServerToolUsage),
  iterations: Wire.nullish(Schema.Array(Iteration)),
  fallback_credit: Wire.nullish(Fallbacks.Credit)
}) {}

/**
 * What a stream used so far. Cumulative: what is not null replaces what
 * `message_start` said.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageDeltaUsage extends Wire.Class<MessageDeltaUsage>()("MessageDeltaUsage", {
  output_tokens: Wire.nullish(Schema.Finite),
  input_tokens: Wire.nullish(Schema.Finite),
  cache_creation: Wire.nullish(CacheCreation),
  cache_creation_input_tokens: Wire.nullish(Schema.Finite),
  cache_read_input_tokens: Wire.nullish(Schema.Finite),
  output_tokens_details: Wire.nullish(OutputTokensDetails),
  server_tool_use: Wire.nullish(ServerToolUsage),
  iterations: Wire.nullish(Schema.Array(Iteration)),
  fallback_credit: Wire.nullish(Fallbacks.Credit)
}) {}

/**
 * Token counts that add up. Every class is disjoint from the others, except
 * `thinking`, which is the part of `output` that was thought.
 *
 * @category models
 * @since 0.1.0
 */
export interface Totals {
  /** Input that was neither read from nor written to the cache. */
  readonly input: number
  /** Everything generated, thinking included. */
  readonly output: number
  /** Input read from the cache. */
  readonly cacheRead: number
  /** Input written to the cache for five minutes. */
  readonly cacheWrite5m: number
  /** Input written to the cache for an hour. */
  readonly cacheWrite1h: number
  /** The part of `output` that was thought. */
  readonly thinking: number
  /** Web searches the server made. */
  readonly webSearches: number
  /** Pages the server fetched. */
  readonly webFetches: number
}

// -----------------------------------------------------------------------------
// monoid
// -----------------------------------------------------------------------------

/**
 * Nothing used: the identity of `combine`.
 *
 * @category monoid
 * @since 0.1.0
 */
export const empty: Totals = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  thinking: 0,
  webSearches: 0,
  webFetches: 0
}

/**
 * Adds two totals.
 *
 * @category monoid
 * @since 0.1.0
 */
export const combine: {
  (that: Totals): (self: Totals) => Totals
  (self: Totals, that: Totals): Totals
} = dual(2, (self: Totals, that: Totals): Totals => ({
  input: self.input + that.input,
  output: self.output + that.output,
  cacheRead: self.cacheRead + that.cacheRead,
  cacheWrite5m: self.cacheWrite5m + that.cacheWrite5m,
  cacheWrite1h: self.cacheWrite1h + that.cacheWrite1h,
  thinking: self.thinking + that.thinking,
  webSearches: self.webSearches + that.webSearches,
  webFetches: self.webFetches + that.webFetches
}))

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns the totals of one usage.
 *
 * **Details**
 *
 * Where the API does not say how long a cache write lives, it lives for five
 * minutes, which is the API's default.
 *
 * **Example** (Seeing the whole prompt)
 *
 * ```ts
 * import * as Usage from "@effect-claude/core/Usage"
 *
 * const totals = Usage.totals({ input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 90 })
 *
 * Usage.totalInput(totals) // => 100
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const totals = (usage: Usage): Totals => {
  const written = usage.cache_creation_input_tokens ?? 0
  const hour = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0
  const five = usage.cache_creation?.ephemeral_5m_input_tokens ?? Math.max(0, written - hour)
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    cacheWrite5m: five,
    cacheWrite1h: hour,
    thinking: usage.output_tokens_details?.thinking_tokens ?? 0,
    webSearches: usage.server_tool_use?.web_search_requests ?? 0,
    webFetches: usage.server_tool_use?.web_fetch_requests ?? 0
  }
}

/**
 * Returns the size of the whole prompt: uncached, cached and newly cached input.
 *
 * @category conversions
 * @since 0.1.0
 */
export const totalInput = (self: Totals): number => self.input + self.cacheRead + self.cacheWrite5m + self.cacheWrite1h

/**
 * Applies the usage of a `message_delta`. It is cumulative, so what it mentions
 * replaces what was known, and null mentions nothing.
 *
 * **Details**
 *
 * A count of input that falls to 0 keeps what was known: gateways write 0 for
 * what they do not count, and input that was read does not become unread.
 *
 * @category conversions
 * @since 0.1.0
 */
export const applyDelta = (usage: Usage, delta: MessageDeltaUsage): Usage => {
  const out: { [field: string]: unknown } = { ...usage }
  for (const [field, value] of Object.entries(delta)) {
    const isUncounted = value === 0 && inputCounts.includes(field) && typeof out[field] === "number"
    if (value !== null && value !== undefined && !isUncounted) out[field] = value
  }
  return { ...usage, ...out }
}

const inputCounts: ReadonlyArray<string> = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
