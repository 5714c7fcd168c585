/**
 * What an answer cost, in US dollars by class of token.
 *
 * Cached input is priced as such, long prompts by their tier, and a batch, fast
 * mode or a stay in the US by its factor. Where the server made several calls,
 * as with an advisor or a compaction, each is priced by itself and by its own
 * model. A price that is not known gives none rather than too little.
 *
 * Costs add up under `combine`, with `empty` as identity. They are an estimate
 * from list prices: the invoice is right.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { Message } from "./Message.ts"
import * as ModelCatalog from "./ModelCatalog.ts"
import * as Usage from "./Usage.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * US dollars by class of token, and for web searches.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cost {
  /** For input that was neither read from nor written to the cache. */
  readonly input: number
  /** For everything generated, thinking included. */
  readonly output: number
  /** For input read from the cache. */
  readonly cacheRead: number
  /** For input written to the cache for five minutes. */
  readonly cacheWrite5m: number
  /** For input written to the cache for an hour. */
  readonly cacheWrite1h: number
  /** For web searches the server made. */
  readonly webSearch: number
}

/**
 * How a request was served.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Where prices come from.
   *
   * @default ModelCatalog.released
   */
  readonly catalog?: ModelCatalog.ModelCatalog | undefined
  /**
   * Whether the request was part of a batch.
   *
   * @default false
   */
  readonly batch?: boolean | undefined
  /**
   * Whether the request was served in fast mode.
   *
   * @default false
   */
  readonly fast?: boolean | undefined
  /**
   * Whether the request was to stay in the US.
   *
   * @default false
   */
  readonly us?: boolean | undefined
}

// -----------------------------------------------------------------------------
// monoid
// -----------------------------------------------------------------------------

/**
 * No cost: the identity of `combine`.
 *
 * @category monoid
 * @since 0.1.0
 */
export const empty: Cost = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, webSearch: 0 }

/**
 * Adds two costs.
 *
 * @category monoid
 * @since 0.1.0
 */
export const combine: {
  (that: Cost): (self: Cost) => Cost
  (self: Cost, that: Cost): Cost
} = dual(2, (self: Cost, that: Cost): Cost => ({
  input: self.input + that.input,
  output: self.output + that.output,
  cacheRead: self.cacheRead + that.cacheRead,
  cacheWrite5m: self.cacheWrite5m + that.cacheWrite5m,
  cacheWrite1h: self.cacheWrite1h + that.cacheWrite1h,
  webSearch: self.webSearch + that.webSearch
}))

/**
 * Returns the sum over all classes, in US dollars.
 *
 * @category conversions
 * @since 0.1.0
 */
export const total = (self: Cost): number =>
  self.input + self.output + self.cacheRead + self.cacheWrite5m + self.cacheWrite1h + self.webSearch

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Prices the tokens of one request. None when the model, its tier or one of the
 * classes that were used has no price, or when a factor that applies is unknown.
 *
 * **Gotchas**
 *
 * The length of the prompt decides the tier, so add up costs, not totals.
 *
 * **Example** (Seeing what the cache saves)
 *
 * ```ts
 * import * as Cost from "@effect-claude/core/Cost"
 * import * as Usage from "@effect-claude/core/Usage"
 * import * as Option from "effect/Option"
 *
 * const cost = Cost.ofTotals("claude-haiku-4-5", { ...Usage.empty, input: 1_000_000, cacheRead: 1_000_000 })
 *
 * Option.map(cost, Cost.total) // => Option.some(1.1)
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ofTotals = (model: string, totals: Usage.Totals, options?: Options): Option.Option<Cost> => {
  const catalog = options?.catalog ?? ModelCatalog.released
  return Option.flatMap(
    ModelCatalog.find(catalog, model),
    (entry) =>
      Option.flatMap(ModelCatalog.priceOf(entry, Usage.totalInput(totals)), (price) => {
        const factor = factorOf(entry, options)
        const cost = {
          input: charge(totals.input, price.input, factor),
          output: charge(totals.output, price.output, factor),
          cacheRead: charge(totals.cacheRead, price.cacheRead, factor),
          cacheWrite5m: charge(totals.cacheWrite5m, price.cacheWrite5m, factor),
          cacheWrite1h: charge(totals.cacheWrite1h, price.cacheWrite1h, factor),
          webSearch: charge(totals.webSearches, catalog.webSearch, 1_000_000)
        }
        return isKnown(cost) ? Option.some(cost) : Option.none()
      })
  )
}

/**
 * Prices an answer by its model, its usage and the way it was served, all of
 * which it names itself.
 *
 * **Details**
 *
 * What an advisor and a compaction used is not in the usage's sums, and is added
 * here. An answer without a price for one of its parts has none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ofMessage = (
  message: Pick<Message, "model" | "usage">,
  options?: { readonly catalog?: ModelCatalog.ModelCatalog | undefined }
): Option.Option<Cost> => {
  const { usage } = message
  const served: Options = {
    catalog: options?.catalog,
    batch: usage.service_tier === "batch",
    fast: usage.speed === "fast",
    us: usage.inference_geo === "us"
  }
  const parts = usage.iterations ?? []
  if (parts.length === 0) return ofTotals(message.model, Usage.totals(usage), served)
  const searches: Usage.Totals = { ...Usage.empty, webSearches: usage.server_tool_use?.web_search_requests ?? 0 }
  return parts.reduce(
    (sum, part) => Option.zipWith(sum, ofTotals(part.model ?? message.model, totalsOf(part), served), combine),
    ofTotals(message.model, searches, served)
  )
}

/**
 * Prices an answer with the catalogue in use.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ofMessageEffect = (message: Pick<Message, "model" | "usage">): Effect.Effect<Option.Option<Cost>> =>
  Effect.map(ModelCatalog.Current, (catalog) => ofMessage(message, { catalog }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** What a token costs of its list price, or NaN where that is not known. */
const factorOf = (entry: ModelCatalog.Entry, options: Options | undefined): number =>
  (options?.batch === true ? entry.batchFactor ?? Number.NaN : 1) *
  (options?.fast === true ? entry.fastFactor ?? Number.NaN : 1) *
  (options?.us === true ? entry.usFactor ?? Number.NaN : 1)

/** What was not used costs nothing, even where its price is not known. */
const charge = (count: number, perMillion: number | undefined, factor: number): number =>
  count === 0 ? 0 : count * (perMillion ?? Number.NaN) * factor / 1_000_000

const isKnown = (cost: Cost): boolean => Number.isFinite(total(cost))

const totalsOf = (part: Usage.Iteration): Usage.Totals =>
  Usage.totals({
    input_tokens: part.input_tokens ?? 0,
    output_tokens: part.output_tokens ?? 0,
    cache_creation_input_tokens: part.cache_creation_input_tokens,
    cache_read_input_tokens: part.cache_read_input_tokens,
    cache_creation: part.cache_creation
  })
