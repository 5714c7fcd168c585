/**
 * The types of the model catalogue, which `ModelCatalog` exports.
 *
 * @since 0.1.0
 */

/**
 * The price of a million tokens of each class, in US dollars. A class whose
 * price is not known is absent.
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
 * The price of requests up to a prompt length. It applies to the whole request.
 */
export interface Tier {
  /** The longest prompt of the tier, in tokens, cached input included. Absent on the last tier. */
  readonly upTo?: number | undefined
  /** The price in this tier. */
  readonly price: Price
}

/**
 * A parameter that a model refuses with a 400.
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
 * The known facts of a model. A fact that is not known is absent.
 */
export interface Entry {
  /** The id without a date. */
  readonly id: string
  /** Other ids of the same model. Ids that only add a date need not be listed. */
  readonly aliases?: ReadonlyArray<string> | undefined
  /** The maximum number of tokens of prompt and response together. */
  readonly contextWindow?: number | undefined
  /** The largest `max_tokens`. */
  readonly maxOutput?: number | undefined
  /** Prices by length of the prompt, shortest first. */
  readonly tiers?: ReadonlyArray<Tier> | undefined
  /** The factor on the price in a batch. */
  readonly batchFactor?: number | undefined
  /** The factor on the price in fast mode. Absent when there is no fast mode or its factor is not known. */
  readonly fastFactor?: number | undefined
  /** The factor on the price when inference is restricted to the US. */
  readonly usFactor?: number | undefined
  /** The parameters that the model is known to refuse. Others may be refused too. */
  readonly refuses?: ReadonlyArray<Refusal> | undefined
  /** The day, as `YYYY-MM-DD`, from which requests fail. */
  readonly retiresOn?: string | undefined
  /** The model to use instead. */
  readonly replacement?: string | undefined
}
