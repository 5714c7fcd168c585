/**
 * The usage of a request: tokens by class, and calls of server tools.
 *
 * The classes of input are disjoint: `input_tokens` excludes tokens that were
 * read from or written to the cache. The size of the prompt is their sum.
 * `Totals` form a monoid with `combine` and `empty`.
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
 * Tokens written to the cache, by lifetime.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CacheCreation extends Wire.Class<CacheCreation>()("CacheCreation", {
  ephemeral_5m_input_tokens: Wire.nullish(Schema.Finite),
  ephemeral_1h_input_tokens: Wire.nullish(Schema.Finite)
}) {}

/**
 * The number of calls of server tools.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ServerToolUsage extends Wire.Class<ServerToolUsage>()("ServerToolUsage", {
  web_search_requests: Wire.nullish(Schema.Finite),
  web_fetch_requests: Wire.nullish(Schema.Finite)
}) {}

/**
 * The parts of the output tokens.
 *
 * @category schemas
 * @since 0.1.0
 */
export class OutputTokensDetails extends Wire.Class<OutputTokensDetails>()("OutputTokensDetails", {
  thinking_tokens: Wire.nullish(Schema.Finite)
}) {}

/**
 * The usage of one call of the model, where the server made several for one
 * request.
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
 * The usage of a request. Only `input_tokens` and `output_tokens` are always
 * present.
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
 * The usage of a stream so far. It is cumulative: a value that is not null
 * replaces the one of `message_start`.
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
 * Token counts that can be added. The classes are disjoint, except `thinking`,
 * which is part of `output`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Totals {
  /** Input tokens that were neither read from nor written to the cache. */
  readonly input: number
  /** Output tokens, thinking included. */
  readonly output: number
  /** Input tokens read from the cache. */
  readonly cacheRead: number
  /** Input tokens written to the cache for five minutes. */
  readonly cacheWrite5m: number
  /** Input tokens written to the cache for one hour. */
  readonly cacheWrite1h: number
  /** The part of `output` that is thinking. */
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
 * No usage: the identity of `combine`.
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
 * A cache write without a lifetime counts as five minutes, which is the default
 * of the API.
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
 * Applies the usage of a `message_delta` event. It is cumulative: each value
 * replaces the one before, and null changes nothing.
 *
 * **Details**
 *
 * An input count of 0 does not replace a greater one: gateways write 0 for
 * counts that they do not know.
 *
 * @category conversions
 * @since 0.1.0
 */
export const applyDelta = (usage: Usage, delta: MessageDeltaUsage): Usage => {
  const out: { [field: string]: unknown } = { ...usage }
  for (const [field, value] of Object.entries(delta)) {
    const isUncounted = value === 0 && inputCounts.has(field) && typeof out[field] === "number"
    if (value !== null && value !== undefined && !isUncounted) out[field] = value
  }
  return { ...usage, ...out }
}

const inputCounts: ReadonlySet<string> = new Set([
  "input_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens"
])
