/**
 * Spans and metrics of the traffic with the API, under OpenTelemetry's names for
 * generative AI.
 *
 * A call is one span, `chat` and the model, which ends when the answer has been
 * read; each attempt is a span under it, which ends when its answer can be
 * relied on: a stream at its first content. The call's span has an event for
 * each retry and one for the first content. The spans go to the program's
 * `Tracer` and the metrics (`TelemetryMetrics`) to its registry, so what exports
 * them is the program's choice; without one they cost next to nothing.
 *
 * Prompts and answers are in neither unless asked for, and no credential or
 * header ever is. Trace headers are not sent to the API.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type { Message } from "@effect-claude/core/Message"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Usage from "@effect-claude/core/Usage"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { Claude } from "./Claude.ts"
import * as Interceptor from "./Interceptor.ts"
import * as GenAi from "./internal/call/genAi.ts"
import * as Interaction from "./internal/call/record.ts"
import * as Metrics from "./TelemetryMetrics.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * Whether the spans of calls hold what is said: `gen_ai.system_instructions`,
   * `gen_ai.input.messages` and `gen_ai.output.messages`, without images and
   * documents.
   *
   * @default false
   */
  readonly content?: boolean | undefined
  /**
   * Attributes added to the span of each call, such as the tenant.
   *
   * @default none
   */
  readonly attributes?: ((call: Interceptor.Call) => { readonly [name: string]: unknown }) | undefined
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that makes spans and keeps metrics of the calls of a `Claude`.
 *
 * Put it outside the other layers, so that what they do falls into its spans.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Claude, OptionCheck.ClaudeConfigError, Claude> =>
  Interceptor.layer(Effect.as(OptionCheck.check(options, table), (call) => follow(call, options)))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<Options> = { content: OptionCheck.flag, attributes: OptionCheck.callable }

const follow = (call: Interceptor.Call, options: Options | undefined): Effect.Effect<Interceptor.Follower> =>
  Effect.gen(function*() {
    const { exchange, request } = call
    const span = yield* Effect.makeSpan(GenAi.spanName(call), {
      kind: "client",
      attributes: { ...GenAi.ofCall(call), ...options?.attributes?.(call) }
    })
    if (options?.content === true && request !== undefined) annotate(span, GenAi.promptOf(request))
    const interaction = yield* Interaction.follow(
      call,
      (interaction) => Effect.andThen(end(span, interaction, options), measure(interaction))
    )
    return {
      attempt: (attempt, number) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(
            Effect.makeSpan(`${exchange.method} ${exchange.operation}`, {
              kind: "client",
              parent: span,
              attributes: GenAi.ofAttempt(call, number)
            }),
            (child) =>
              restore(Effect.withParentSpan(interaction.attempt(attempt, number), child)).pipe(
                Effect.tapError((error) => Effect.sync(() => annotate(child, GenAi.ofError(error)))),
                // A span keeps the exit it ended with, and the value of this one is the answer.
                Effect.onExit((exit) => endNow(child, Exit.asVoid(exit)))
              )
          )
        ),
      exchange: (exchange) =>
        Effect.tap(
          interaction.exchange(exchange),
          ({ meta, status }) => Effect.annotateCurrentSpan(GenAi.ofResponse(status, meta))
        ),
      onRetry: (event) =>
        Effect.all([
          interaction.onRetry(event),
          Effect.clockWith((clock) =>
            Effect.sync(() =>
              span.event("retry", clock.currentTimeNanosUnsafe(), {
                "error.type": event.error._tag,
                "claude.retry.number": event.n,
                "claude.retry.delay_ms": Duration.toMillis(event.delay)
              })
            )
          ),
          count(Metrics.retries, 1, { ...GenAi.metricAttributes(call), "error.type": event.error._tag })
        ], { discard: true }),
      onContent: Effect.andThen(
        interaction.onContent,
        Effect.clockWith((clock) => Effect.sync(() => span.event("first content", clock.currentTimeNanosUnsafe())))
      ),
      onEnd: interaction.onEnd
    }
  })

// --- spans -------------------------------------------------------------------

const annotate = (span: Tracer.Span, attributes: { readonly [name: string]: unknown }): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) span.attribute(name, value)
  }
}

const end = (
  span: Tracer.Span,
  interaction: Interaction.Interaction,
  options: Options | undefined
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { attempts, ending, sent } = interaction
    const message = Interaction.messageOf(interaction)
    annotate(span, {
      "claude.attempts": attempts,
      "claude.hedges": sent > attempts ? sent - attempts : undefined,
      "claude.cached": Interaction.isCached(interaction) ? true : undefined,
      "claude.request_id": Interaction.requestIdOf(interaction)
    })
    if (message !== undefined) annotate(span, GenAi.ofMessage(message))
    if (message !== undefined && options?.content === true) annotate(span, GenAi.answerOf(message))
    switch (ending._tag) {
      case "Completed":
        return endNow(span, Exit.void)
      case "Failed":
        annotate(span, GenAi.ofError(ending.error))
        return endNow(span, Exit.fail(ending.error))
      case "Abandoned":
        return endNow(span, Exit.interrupt())
    }
  })

const endNow = (span: Tracer.Span, exit: Exit.Exit<void, unknown>): Effect.Effect<void> =>
  Effect.clockWith((clock) => Effect.sync(() => span.end(clock.currentTimeNanosUnsafe(), exit)))

// --- metrics -----------------------------------------------------------------

const measure = (interaction: Interaction.Interaction): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { call, endedAt, ending, firstContentAt, startedAt } = interaction
    const base = GenAi.metricAttributes(call)
    const failed = ending._tag === "Failed" ? { "error.type": ending.error._tag } : undefined
    const attributes = { ...base, ...failed }
    const message = Interaction.messageOf(interaction)

    yield* count(Metrics.requests, 1, { ...attributes, "claude.outcome": ending._tag.toLowerCase() })
    yield* record(Metrics.duration, (endedAt - startedAt) / 1000, attributes)
    if (firstContentAt !== undefined) {
      yield* record(Metrics.timeToFirstContent, (firstContentAt - startedAt) / 1000, base)
      const generated = message?.usage.output_tokens ?? 0
      if (ending._tag === "Completed" && generated > 1) {
        yield* record(Metrics.timePerOutputToken, (endedAt - firstContentAt) / 1000 / (generated - 1), base)
      }
    }
    // What came from a cache was paid for when it was new.
    if (message !== undefined && !Interaction.isCached(interaction)) yield* used(message, base)
    const { budget } = call.settings.retry
    if (budget !== undefined) {
      const { available } = yield* call.budget(budget)
      yield* Metric.update(Metrics.retryBudget, yield* available)
    }
  })

const used = (message: Message, base: Metric.Metric.Attributes): Effect.Effect<void> =>
  Effect.gen(function*() {
    const totals = Usage.totals(message.usage)
    yield* record(Metrics.tokenUsage, Usage.totalInput(totals), { ...base, "gen_ai.token.type": "input" })
    yield* record(Metrics.tokenUsage, totals.output, { ...base, "gen_ai.token.type": "output" })
    const classes = {
      input: totals.input,
      output: totals.output,
      cache_read: totals.cacheRead,
      cache_write_5m: totals.cacheWrite5m,
      cache_write_1h: totals.cacheWrite1h
    }
    for (const [name, tokens] of Object.entries(classes)) {
      if (tokens > 0) yield* count(Metrics.tokens, tokens, { ...base, "claude.token.class": name })
    }
    const cost = yield* Cost.ofMessageEffect(message)
    if (Option.isSome(cost)) yield* count(Metrics.cost, Cost.total(cost.value), base)
  })

const count = (
  metric: Metric.Counter<number>,
  amount: number,
  attributes: Metric.Metric.Attributes
): Effect.Effect<void> => Metric.update(Metric.withAttributes(metric, attributes), amount)

const record = (
  metric: Metric.Histogram<number>,
  value: number,
  attributes: Metric.Metric.Attributes
): Effect.Effect<void> => Metric.update(Metric.withAttributes(metric, attributes), Math.max(0, value))
