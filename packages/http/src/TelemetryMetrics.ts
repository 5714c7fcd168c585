/**
 * The metrics `Telemetry` keeps, as values: to read in a test, to show on a
 * page, or to leave to an exporter.
 *
 * Names that begin with `gen_ai.` are those of OpenTelemetry's conventions for
 * generative AI; the others are for what those do not name. Durations are in
 * seconds, money in US dollars. Attributes are the operation, the model, the tag
 * of the error and the class of tokens: few values each, and nothing a user
 * wrote.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

// -----------------------------------------------------------------------------
// metrics
// -----------------------------------------------------------------------------

const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 300, 900]

/**
 * How long calls take, waits and all attempts included.
 *
 * @category metrics
 * @since 0.1.0
 */
export const duration: Metric.Histogram<number> = Metric.histogram("gen_ai.client.operation.duration", {
  description: "Duration of calls, in seconds",
  boundaries: seconds
})

/**
 * How long streamed answers take to their first content.
 *
 * @category metrics
 * @since 0.1.0
 */
export const timeToFirstContent: Metric.Histogram<number> = Metric.histogram(
  "gen_ai.client.operation.time_to_first_chunk",
  { description: "Time from the start of a call to the first content of its stream, in seconds", boundaries: seconds }
)

/**
 * How long an output token takes after the first content of a stream.
 *
 * @category metrics
 * @since 0.1.0
 */
export const timePerOutputToken: Metric.Histogram<number> = Metric.histogram("claude.client.time_per_output_token", {
  description: "Time per output token after the first content of a stream, in seconds",
  boundaries: [0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.25, 0.5, 1]
})

/**
 * How many tokens calls take in and give out, with `gen_ai.token.type` as
 * `input` (the whole prompt, cached or not) or `output`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const tokenUsage: Metric.Histogram<number> = Metric.histogram("gen_ai.client.token.usage", {
  description: "Tokens of a call",
  boundaries: [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864]
})

/**
 * Tokens by their disjoint class: `input`, `output`, `cache_read`,
 * `cache_write_5m`, `cache_write_1h`.
 *
 * @category metrics
 * @since 0.1.0
 */
export const tokens: Metric.Counter<number> = Metric.counter("claude.client.tokens", {
  description: "Tokens by class, of answers and of what arrived of them",
  incremental: true
})

/**
 * What calls cost, where the price of their model is known.
 *
 * @category metrics
 * @since 0.1.0
 */
export const cost: Metric.Counter<number> = Metric.counter("claude.client.cost", {
  description: "Cost of answers, in US dollars",
  incremental: true
})

/**
 * Calls by how they ended.
 *
 * @category metrics
 * @since 0.1.0
 */
export const requests: Metric.Counter<number> = Metric.counter("claude.client.requests", {
  description: "Calls by outcome: completed, failed or abandoned",
  incremental: true
})

/**
 * Retries by the error that led to them.
 *
 * @category metrics
 * @since 0.1.0
 */
export const retries: Metric.Counter<number> = Metric.counter("claude.client.retries", {
  description: "Attempts made again, by the error before them",
  incremental: true
})

/**
 * What the retry budget that a layer's calls share has left.
 *
 * @category metrics
 * @since 0.1.0
 */
export const retryBudget: Metric.Gauge<number> = Metric.gauge("claude.client.retry_budget", {
  description: "Tokens left in the retry budget"
})
