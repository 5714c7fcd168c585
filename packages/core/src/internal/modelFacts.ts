/**
 * The types of the model catalogue, which `ModelCatalog` exports.
 *
 * @since 0.1.0
 */

/**
 * What a million tokens of each class cost, in US dollars. A class whose price
 * is not known is absent.
 */
export interface Price {
  /** Input that is neither read from nor written to the cache. */
  readonly input?: number | undefined
  /** Everything generated, thinking included. */
  readonly output?: number | undefined
  /** Input read from the cache. */
  readonly cacheRead?: number | undefined
  /** Input written to the cache for five minutes. */
  readonly cacheWrite5m?: number | undefined
  /** Input written to the cache for an hour. */
  readonly cacheWrite1h?: number | undefined
}

/**
 * The price of requests up to a length. It holds for the whole request.
 */
export interface Tier {
  /** The longest prompt in tokens, cached input included. Absent on the last tier. */
  readonly upTo?: number | undefined
  /** What tokens cost in this tier. */
  readonly price: Price
}

/**
 * Something a model answers with a 400.
 *
 * - `prefill`: an assistant turn at the end, for the model to continue
 * - `samplingPair`: `temperature` and `top_p` together
 * - `sampling`: `temperature`, `top_p` or `top_k` at all
 * - `manualThinking`: `thinking` of type `enabled`
 * - `noThinking`: `thinking` of type `disabled`
 * - `forcedTool`: a `tool_choice` of `any` or `tool`
 */
export type Refusal = "prefill" | "samplingPair" | "sampling" | "manualThinking" | "noThinking" | "forcedTool"

/**
 * What is known of a model.
 */
export interface Entry {
  /** The id without a date. */
  readonly id: string
  /** Other ids of the same model. Ids that only add a date need not be listed. */
  readonly aliases?: ReadonlyArray<string> | undefined
  /** How many tokens prompt and answer may have together. */
  readonly contextWindow?: number | undefined
  /** The largest `max_tokens`. */
  readonly maxOutput?: number | undefined
  /** Prices by length of the prompt, shortest first. */
  readonly tiers?: ReadonlyArray<Tier> | undefined
  /** What a batch's tokens cost, as a factor. */
  readonly batchFactor?: number | undefined
  /** What tokens cost in fast mode, as a factor. Absent where it is unknown or there is none. */
  readonly fastFactor?: number | undefined
  /** What tokens cost when they are to stay in the US, as a factor. */
  readonly usFactor?: number | undefined
  /** What the model is known to refuse. What is not listed need not be accepted. */
  readonly refuses?: ReadonlyArray<Refusal> | undefined
  /** The day, as `YYYY-MM-DD`, from which requests fail. */
  readonly retiresOn?: string | undefined
  /** The model to use instead. */
  readonly replacement?: string | undefined
}
