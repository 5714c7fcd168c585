/**
 * The cost of a response, in US dollars by class of token.
 *
 * Prices depend on the cache, on the length of the prompt, and on factors for
 * batches, fast mode and inference in the US. Where the server made several
 * calls, as with an advisor or a compaction, each is priced by its own model.
 * When a price is not known, there is no cost, rather than one that is too low.
 *
 * Costs form a monoid with `combine` and `empty`. They are an estimate from
 * list prices; the invoice is authoritative.
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
  /** Input that was neither read from nor written to the cache. */
  readonly input: number
  /** Output, thinking included. */
  readonly output: number
  /** Input read from the cache. */
  readonly cacheRead: number
  /** Input written to the cache for five minutes. */
  readonly cacheWrite5m: number
  /** Input written to the cache for one hour. */
  readonly cacheWrite1h: number
  /** Web searches by the server. */
  readonly webSearch: number
}

/**
 * Options of a price: how the request was served.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The catalogue with the prices.
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
   * Whether inference was restricted to the US.
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
 * Prices the tokens of one request. None when the model, its tier or a class
 * with tokens has no price, or when a factor that applies is not known.
 *
 * **Gotchas**
 *
 * The length of the prompt determines the tier, so add costs and not totals.
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
 * Prices a response by the model, the usage and the service options that it
 * reports.
 *
 * **Details**
 *
 * The sums of the usage exclude advisors and compactions, which are added here.
 * None when one part has no price.
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
 * Prices a response with the catalogue in use.
 *
 * @category constructors
 * @since 0.1.0
 */
export const ofMessageEffect = (message: Pick<Message, "model" | "usage">): Effect.Effect<Option.Option<Cost>> =>
  Effect.map(ModelCatalog.Current, (catalog) => ofMessage(message, { catalog }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Returns the factor on the list price, or NaN when one that applies is not known. */
const factorOf = (entry: ModelCatalog.Entry, options: Options | undefined): number =>
  (options?.batch === true ? entry.batchFactor ?? Number.NaN : 1) *
  (options?.fast === true ? entry.fastFactor ?? Number.NaN : 1) *
  (options?.us === true ? entry.usFactor ?? Number.NaN : 1)

/** A count of zero costs nothing, even without a known price. */
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
