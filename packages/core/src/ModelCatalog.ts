/**
 * Limits, prices and refused parameters of each model, as of a date.
 *
 * The catalogue is dated, because prices change. A model that is not listed is
 * not an error, and a fact that is not known is undefined. Models are found by
 * id, by alias, by dated id and by the id of a cloud platform. `withEntry`
 * replaces an entry, for example with negotiated prices. `withModelInfo` takes
 * current limits from `/v1/models`.
 *
 * `Current` is the catalogue in use. Provide another to replace it.
 *
 * Source: the pricing and model pages of the API, recorded responses of
 * `/v1/models`, and the deprecations of the official SDK.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import type { Entry, Price, Refusal } from "./internal/modelFacts.ts"
import { models } from "./internal/models.ts"
import type { ModelInfo } from "./Model.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The price of a million tokens of each class, in US dollars. A class whose price
 * is not known is absent.
 *
 * @category models
 * @since 0.1.0
 */
export type { Price } from "./internal/modelFacts.ts"

/**
 * The price of requests up to a prompt length. It applies to the whole request.
 *
 * @category models
 * @since 0.1.0
 */
export type { Tier } from "./internal/modelFacts.ts"

/**
 * A parameter that a model refuses with a 400.
 *
 * - `prefill`: an assistant turn at the end, for the model to continue
 * - `samplingPair`: `temperature` and `top_p` together
 * - `sampling`: `temperature`, `top_p` or `top_k` at all
 * - `manualThinking`: `thinking` of type `enabled`
 * - `noThinking`: `thinking` of type `disabled`
 * - `forcedTool`: a `tool_choice` of `any` or `tool`
 *
 * @category models
 * @since 0.1.0
 */
export type { Refusal } from "./internal/modelFacts.ts"

/**
 * The known facts of a model. A fact that is not known is absent.
 *
 * @category models
 * @since 0.1.0
 */
export type { Entry } from "./internal/modelFacts.ts"

/**
 * Facts of models, as of a date.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModelCatalog {
  /** The day, as `YYYY-MM-DD`, on which the facts were gathered. */
  readonly asOf: string
  /** The price of a web search, in US dollars. Fetching pages costs only tokens. */
  readonly webSearch?: number | undefined
  /** The models, newest first. */
  readonly models: ReadonlyArray<Entry>
}

// -----------------------------------------------------------------------------
// catalogues
// -----------------------------------------------------------------------------

/**
 * The catalogue this version was released with.
 *
 * @category constants
 * @since 0.1.0
 */
export const released: ModelCatalog = { asOf: "2026-11-24", webSearch: 0.01, models }

/**
 * The catalogue in use: `released`, unless another is provided.
 *
 * **Example** (Paying a negotiated price)
 *
 * ```ts
 * import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
 * import * as Effect from "effect/Effect"
 *
 * const ours = ModelCatalog.withEntry(ModelCatalog.released, {
 *   id: "claude-sonnet-5-5",
 *   contextWindow: 1_000_000,
 *   tiers: [{ price: { input: 1.5, output: 7.5 } }]
 * })
 *
 * export const program = Effect.gen(function*() {
 *   const catalog = yield* ModelCatalog.Current
 *   return ModelCatalog.find(catalog, "claude-sonnet-5-5")
 * }).pipe(Effect.provideService(ModelCatalog.Current, ours))
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<ModelCatalog> = Context.Reference<ModelCatalog>(
  "@effect-claude/core/ModelCatalog/Current",
  { defaultValue: () => released }
)

// -----------------------------------------------------------------------------
// lookups
// -----------------------------------------------------------------------------

/**
 * Finds a model by its id, an alias, a dated id (`claude-haiku-4-5-20251001`),
 * or the id of a cloud platform (`us.anthropic.claude-opus-4-6-v1:0`,
 * `claude-opus-4-5@20251101`).
 *
 * **Example** (Looking up a dated snapshot)
 *
 * ```ts
 * import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
 * import * as Option from "effect/Option"
 *
 * const haiku = ModelCatalog.find(ModelCatalog.released, "claude-haiku-4-5-20251001")
 *
 * Option.map(haiku, (model) => model.contextWindow) // => Option.some(200_000)
 * ```
 *
 * @category lookups
 * @since 0.1.0
 */
export const find: {
  (id: string): (self: ModelCatalog) => Option.Option<Entry>
  (self: ModelCatalog, id: string): Option.Option<Entry>
} = dual(2, (self: ModelCatalog, id: string): Option.Option<Entry> => {
  const index = indexOf(self)
  const entry = index.get(id)
  if (entry !== undefined) return Option.some(entry)
  return Option.fromUndefinedOr(
    spellings(id).map((spelling) => index.get(spelling)).find((found) => found !== undefined)
  )
})

/**
 * Returns whether a model is known to refuse a parameter. False for models that
 * are not listed.
 *
 * @category lookups
 * @since 0.1.0
 */
export const refuses: {
  (id: string, refusal: Refusal): (self: ModelCatalog) => boolean
  (self: ModelCatalog, id: string, refusal: Refusal): boolean
} = dual(
  3,
  (self: ModelCatalog, id: string, refusal: Refusal): boolean =>
    Option.exists(find(self, id), (entry) => entry.refuses?.includes(refusal) === true)
)

/**
 * Returns the price for a prompt of the given length. None when no price is
 * known.
 *
 * @category lookups
 * @since 0.1.0
 */
export const priceOf: {
  (promptTokens: number): (self: Entry) => Option.Option<Price>
  (self: Entry, promptTokens: number): Option.Option<Price>
} = dual(2, (self: Entry, promptTokens: number): Option.Option<Price> =>
  Option.map(
    Option.fromUndefinedOr(self.tiers?.find((tier) => tier.upTo === undefined || promptTokens <= tier.upTo)),
    (tier) => tier.price
  ))

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Adds a model, or replaces the one with the same id.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withEntry: {
  (entry: Entry): (self: ModelCatalog) => ModelCatalog
  (self: ModelCatalog, entry: Entry): ModelCatalog
} = dual(2, (self: ModelCatalog, entry: Entry): ModelCatalog => ({
  ...self,
  models: [entry, ...self.models.filter((model) => model.id !== entry.id)]
}))

/**
 * Adds facts from `/v1/models`: limits, the day of retirement, and whether a
 * model refuses manual thinking. Prices do not change.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withModelInfo: {
  (models: Iterable<ModelInfo>): (self: ModelCatalog) => ModelCatalog
  (self: ModelCatalog, models: Iterable<ModelInfo>): ModelCatalog
} = dual(2, (self: ModelCatalog, models: Iterable<ModelInfo>): ModelCatalog => {
  let catalog = self
  for (const info of models) {
    const known = Option.getOrElse(find(catalog, info.id), (): Entry => ({ id: info.id }))
    catalog = withEntry(catalog, { ...known, ...limitsOf(info), ...refusalsOf(info, known.refuses ?? []) })
  }
  return catalog
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const indexes = new WeakMap<ModelCatalog, ReadonlyMap<string, Entry>>()

/** Returns the entries by id and alias, computed once for each catalogue. */
const indexOf = (self: ModelCatalog): ReadonlyMap<string, Entry> => {
  const known = indexes.get(self)
  if (known !== undefined) return known
  const index = new Map(self.models.flatMap((model) => [model.id, ...model.aliases ?? []].map((id) => [id, model])))
  indexes.set(self, index)
  return index
}

/** Returns the ids to look up: the id itself, then without prefix, suffix and date. */
const spellings = (id: string): ReadonlyArray<string> => {
  const name = id
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/^(?:[a-z-]+\.)?anthropic\./, "")
    .replace(/-v\d+(?::\d+)?$/, "")
    .replace("@", "-")
  return [name, name.replace(/-(?:\d{8}|latest|default)$/, "")]
}

const limitsOf = (info: ModelInfo): Partial<Entry> => ({
  ...(info.max_input_tokens === undefined || info.max_input_tokens === null
    ? undefined
    : { contextWindow: info.max_input_tokens }),
  ...(info.max_tokens === undefined || info.max_tokens === null ? undefined : { maxOutput: info.max_tokens }),
  ...(info.retires_at === undefined || info.retires_at === null
    ? undefined
    : { retiresOn: info.retires_at.slice(0, 10) })
})

const refusalsOf = (info: ModelInfo, known: ReadonlyArray<Refusal>): Partial<Entry> => {
  const types = info.capabilities?.thinking?.types
  const manual = types?.enabled?.supported
  if (manual === undefined) return {}
  const others = known.filter((refusal) => refusal !== "manualThinking")
  return { refuses: manual ? others : [...others, "manualThinking"] }
}
