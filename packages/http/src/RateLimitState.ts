/**
 * The rate limits as the API last reported them.
 *
 * The layer reads the headers of every response: plain answers, streams and
 * errors, of every resource. What a response does not mention keeps its last
 * known value, since the API reports some limits only where they apply. Limits
 * are per model, so what each model was told is kept beside the latest.
 *
 * **Example** (Showing what is left)
 *
 * ```ts
 * import * as RateLimitState from "@effect-claude/http/RateLimitState"
 * import * as Console from "effect/Console"
 * import * as Stream from "effect/Stream"
 *
 * const follow = RateLimitState.changes.pipe(
 *   Stream.runForEach(({ limits }) => Console.log(`${limits.requests?.remaining} requests left`))
 * )
 * ```
 *
 * @since 0.1.0
 */
import type * as RateLimits from "@effect-claude/core/RateLimits"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constant } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { Claude } from "./Claude.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Limits, and when they were reported.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observed {
  readonly limits: RateLimits.RateLimits
  /** When they were reported, in milliseconds since the epoch. */
  readonly at: number
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The rate limits as they were last reported.
 *
 * @category services
 * @since 0.1.0
 */
export class RateLimitState extends Context.Service<RateLimitState, {
  /** The limits the latest response reported, whatever its model. */
  readonly latest: SubscriptionRef.SubscriptionRef<Option.Option<Observed>>
  /** The limits that were last reported for a model. */
  readonly of: (model: string) => Effect.Effect<Option.Option<Observed>>
}>()("@effect-claude/http/RateLimitState") {}

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns the limits the latest response reported; none before the first.
 *
 * @category accessors
 * @since 0.1.0
 */
export const latest: Effect.Effect<Option.Option<Observed>, never, RateLimitState> = Effect.flatMap(
  RateLimitState,
  (state) => SubscriptionRef.get(state.latest)
)

/**
 * Returns the limits that were last reported for a model.
 *
 * @category accessors
 * @since 0.1.0
 */
export const of = (model: string): Effect.Effect<Option.Option<Observed>, never, RateLimitState> =>
  Effect.flatMap(RateLimitState, (state) => state.of(model))

/**
 * Stream of the limits: those known now, then those of each response.
 *
 * @category accessors
 * @since 0.1.0
 */
export const changes: Stream.Stream<Observed, never, RateLimitState> = Stream.unwrap(
  Effect.map(RateLimitState, (state) =>
    Stream.filterMap(
      SubscriptionRef.changes(state.latest),
      Result.fromOption(constant(undefined))
    ))
)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that watches the responses a `Claude` receives. It provides that
 * `Claude`, and what it reported.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Claude | RateLimitState, never, Claude> = Layer.effectContext(
  Effect.gen(function*() {
    const claude = yield* Claude
    const latest = yield* SubscriptionRef.make(Option.none<Observed>())
    const models = new Map<string, Observed>()

    const observe = (limits: RateLimits.RateLimits | undefined, model: string | undefined): Effect.Effect<void> =>
      limits === undefined ? Effect.void : Effect.clockWith((clock) => {
        const at = clock.currentTimeMillisUnsafe()
        if (model !== undefined) models.set(model, updated(Option.fromUndefinedOr(models.get(model)), limits, at))
        return SubscriptionRef.update(latest, (known) => Option.some(updated(known, limits, at)))
      })

    const watched: Claude["Service"]["attempt"] = (request, settings) =>
      claude.attempt(request, settings).pipe(
        Effect.tap(({ meta }) => observe(meta.rateLimits, request.model)),
        Effect.tapError((error) => observe(error.rateLimits, request.model))
      )

    return Context.make(Claude, { ...claude, attempt: watched }).pipe(
      Context.add(RateLimitState, {
        latest,
        of: (model) => Effect.sync(() => Option.fromUndefinedOr(models.get(model)))
      })
    )
  })
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const updated = (known: Option.Option<Observed>, limits: RateLimits.RateLimits, at: number): Observed => ({
  limits: Option.isNone(known) ? limits : { ...known.value.limits, ...limits },
  at
})
