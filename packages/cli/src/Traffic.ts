/**
 * What a traffic log adds up to: counts, tokens, cost, times, errors.
 *
 * Pure. Percentiles are of all calls of a group, failed ones included, since a
 * caller waits for those too.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Usage from "@effect-claude/core/Usage"
import type { TrafficEntry } from "@effect-claude/http/TrafficEntry"
import * as Arr from "effect/Array"
import * as Option from "effect/Option"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What some calls add up to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Summary {
  readonly calls: number
  readonly failed: number
  readonly abandoned: number
  /** Attempts beyond the first of each call. */
  readonly retries: number
  readonly tokens: Usage.Totals
  /** In US dollars, of the calls whose price is known. */
  readonly cost: number
  /** How many calls used tokens and have no known price. */
  readonly unpriced: number
  /** Half of the calls took at most this long, in milliseconds. */
  readonly median: number
  /** Of 100 calls, 95 took at most this long. */
  readonly p95: number
  readonly slowest: number
}

/**
 * A kind of error, and what to quote of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ErrorGroup {
  /** The tag, with its code where it has one. */
  readonly name: string
  readonly count: number
  readonly status: number | undefined
  /** When it happened last. */
  readonly latest: string
  /** The request id of the last one that has one. */
  readonly requestId: string | undefined
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns the tokens of a call.
 *
 * @category conversions
 * @since 0.1.0
 */
export const tokensOf = (entry: TrafficEntry): Usage.Totals => ({
  ...Usage.empty,
  input: entry.inputTokens ?? 0,
  output: entry.outputTokens ?? 0,
  cacheRead: entry.cacheReadTokens ?? 0,
  // The log does not say how long a write lives; five minutes is the API's default.
  cacheWrite5m: entry.cacheWriteTokens ?? 0
})

/**
 * Returns what a call cost, in US dollars; none where no price is known.
 *
 * @category conversions
 * @since 0.1.0
 */
export const costOf = (entry: TrafficEntry, catalog: ModelCatalog.ModelCatalog): Option.Option<number> =>
  entry.inputTokens === undefined
    ? Option.some(0)
    : Option.flatMap(
      Option.fromUndefinedOr(entry.answeredBy ?? entry.model),
      (model) => Option.map(Cost.ofTotals(model, tokensOf(entry), { catalog }), Cost.total)
    )

/**
 * Adds calls up.
 *
 * @category conversions
 * @since 0.1.0
 */
export const summarize = (entries: ReadonlyArray<TrafficEntry>, catalog: ModelCatalog.ModelCatalog): Summary => {
  const costs = entries.map((entry) => costOf(entry, catalog))
  const times = entries.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b)
  return {
    calls: entries.length,
    failed: entries.filter(({ outcome }) => outcome === "failed").length,
    abandoned: entries.filter(({ outcome }) => outcome === "abandoned").length,
    retries: entries.reduce((sum, { attempts }) => sum + Math.max(0, attempts - 1), 0),
    tokens: entries.map(tokensOf).reduce((sum, each) => Usage.combine(sum, each), Usage.empty),
    cost: costs.reduce((sum, cost) => sum + Option.getOrElse(cost, () => 0), 0),
    unpriced: costs.filter(Option.isNone).length,
    median: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    slowest: times.at(-1) ?? 0
  }
}

/** The smallest time that at least this part of the sorted times does not exceed. */
const percentile = (sorted: ReadonlyArray<number>, part: number): number =>
  sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0

/**
 * Adds calls up for each model, the most used first.
 *
 * @category conversions
 * @since 0.1.0
 */
export const byModel = (
  entries: ReadonlyArray<TrafficEntry>,
  catalog: ModelCatalog.ModelCatalog
): ReadonlyArray<readonly [model: string, summary: Summary]> =>
  Object.entries(Arr.groupBy(entries, ({ model, operation }) => model ?? operation))
    .map(([name, calls]) => [name, summarize(calls, catalog)] as const)
    .toSorted(([, a], [, b]) => b.calls - a.calls)

/**
 * Groups errors by what they are, the most frequent first.
 *
 * @category conversions
 * @since 0.1.0
 */
export const errors = (entries: ReadonlyArray<TrafficEntry>): ReadonlyArray<ErrorGroup> =>
  Object.entries(Arr.groupBy(
    entries.filter(({ error }) => error !== undefined),
    ({ error }) => `${error!.tag}${error!.code === undefined ? "" : ` ${error!.code}`}`
  ))
    .map(([name, group]): ErrorGroup => ({
      name,
      count: group.length,
      status: group.at(-1)?.error?.status,
      latest: group.at(-1)?.time ?? "",
      requestId: group.findLast(({ requestId }) => requestId !== undefined)?.requestId
    }))
    .toSorted((a, b) => b.count - a.count)

/**
 * Returns the calls that took longest, slowest first.
 *
 * @category conversions
 * @since 0.1.0
 */
export const slowest = (entries: ReadonlyArray<TrafficEntry>, count: number): ReadonlyArray<TrafficEntry> =>
  entries.toSorted((a, b) => b.latencyMs - a.latencyMs).slice(0, count)
