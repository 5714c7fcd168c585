/**
 * A breaker that stops asking while the API does not answer.
 *
 * Failures that say the service is unwell (an overload, 529 included, a 5xx, a
 * connection that fails or falls silent) count against its circuit; when there
 * are too many, the circuit opens, and calls fail at once with a
 * `CircuitOpenError` that says how long. After that one attempt probes: if it
 * succeeds the circuit closes, if not it opens again. A rate limit says nothing
 * of the service's health and is not counted; any other answer, a refused request
 * included, shows that it lives.
 *
 * It judges attempts, not calls, so that a long row of retries is seen as what it
 * is; a stream has succeeded at its first content. An open circuit ends a call
 * that is being retried.
 *
 * It is Effect's `CircuitBreaker`, which is experimental, behind an interface of
 * our own.
 *
 * **Example** (Opening after half of the latest attempts failed)
 *
 * ```ts
 * import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as Layer from "effect/Layer"
 *
 * const ClaudeLive = CircuitBreaker.layer({ trip: { share: 0.5, of: 20 }, openFor: "15 seconds" }).pipe(
 *   Layer.provide(Claude.layerFetch())
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Breaker from "effect/persistence/CircuitBreaker"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { Claude } from "./Claude.ts"
import * as Identity from "./Identity.ts"
import * as Interceptor from "./Interceptor.ts"
import * as Span from "./internal/time/duration.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The state of a circuit.
 *
 * - `Closed`: attempts are made
 * - `Open`: they are not, for as long as it says
 * - `HalfOpen`: the next one is the probe, or it is being made
 *
 * @category models
 * @since 0.1.0
 */
export type State =
  | { readonly _tag: "Closed" }
  | { readonly _tag: "Open"; readonly retryAfter: Duration.Duration }
  | { readonly _tag: "HalfOpen" }

/**
 * A circuit that changed its state.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transition {
  readonly key: string
  readonly from: State["_tag"]
  readonly to: State["_tag"]
}

/**
 * What a failure says of the service: that it is unwell, that it lives, or
 * nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "unwell" | "alive" | "nothing"

/**
 * When a circuit opens: after so many failures in a row, or when at least a
 * share of the latest attempts failed.
 *
 * @category models
 * @since 0.1.0
 */
export type Trip =
  | { readonly consecutive: number }
  | {
    readonly share: number
    /** How many of the latest attempts are looked at. */
    readonly of: number
    /** How many there have to be. The default is half of `of`. */
    readonly atLeast?: number | undefined
  }

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of the layers.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * When a circuit opens.
   *
   * @default { share: 0.5, of: 20, atLeast: 10 }
   */
  readonly trip?: Trip | undefined
  /**
   * How long it stays open before it is probed. A longer `retry-after` is obeyed,
   * up to an hour.
   *
   * @default "15 seconds"
   */
  readonly openFor?: Duration.Input | undefined
  /**
   * What has a circuit of its own.
   *
   * @default the address and the model, after the tenant where there is one:
   * `acme/api.anthropic.com/claude-sonnet-5-5`
   */
  readonly key?: ((call: Interceptor.Call, tenant: string | undefined) => string) | undefined
  /**
   * What a failure says of the service.
   *
   * @default judge
   */
  readonly judge?: ((error: ClaudeError.ClaudeError) => Verdict) | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The circuits, to look at.
 *
 * @category services
 * @since 0.1.0
 */
export class CircuitBreaker extends Context.Service<CircuitBreaker, {
  /** The state of the circuit of a key. */
  readonly state: (key: string) => Effect.Effect<State>
  /** The circuits that change their state from now on. */
  readonly transitions: Stream.Stream<Transition>
}>()("@effect-claude/http/CircuitBreaker") {}

// -----------------------------------------------------------------------------
// judging
// -----------------------------------------------------------------------------

/**
 * Says what a failure says of the service, as the breaker does by default.
 *
 * @category judging
 * @since 0.1.0
 */
export const judge = (error: ClaudeError.ClaudeError): Verdict => {
  switch (error._tag) {
    case "OverloadedError":
    case "ApiError":
    case "GatewayTimeoutError":
    case "RequestTimeoutError":
    case "ConnectionError":
    case "ClaudeTimeoutError":
    case "StreamIdleError":
    case "StreamTruncatedError":
    case "ResponseDecodeError":
      return "unwell"
    case "RateLimitError":
    case "UnexpectedStatusError":
      return "nothing"
    default:
      // A request that was not sent has no response to count.
      return error.outcome === "notSent" ? "nothing" : "alive"
  }
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that breaks the circuits of a `Claude`, as this process sees them.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Claude | CircuitBreaker, OptionCheck.ClaudeConfigError, Claude> =>
  Layer.provide(layerStore(options), Breaker.layerStoreMemory())

/**
 * Layer that breaks the circuits of a `Claude`, as all processes that share a
 * store see them. A store that fails lets attempts pass.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (
  options?: Options
): Layer.Layer<Claude | CircuitBreaker, OptionCheck.ClaudeConfigError, Claude | Breaker.CircuitBreakerStore> =>
  Layer.effectContext(Effect.gen(function*() {
    yield* OptionCheck.check(options, table)
    const claude = yield* Claude
    const breaker = yield* Breaker.make({
      tripPolicy: policyOf(options?.trip ?? { share: 0.5, of: 20 }),
      openDuration: options?.openFor ?? "15 seconds"
    })
    const keyOf = options?.key ?? defaultKey
    const verdictOf = options?.judge ?? judge
    const interceptor: Interceptor.Interceptor = (call) =>
      Effect.map(Identity.Tenant, (tenant): Interceptor.Follower => {
        const key = keyOf(call, tenant)
        return {
          attempt: (attempt) =>
            Effect.mapError(
              breaker.execute(attempt, { key, classify: (exit) => classify(exit, verdictOf) }),
              (error) => error instanceof Breaker.CircuitBreakerError ? refuse(error) : error
            )
        }
      })
    return Context.make(Claude, Interceptor.around(claude, interceptor)).pipe(
      Context.add(CircuitBreaker, {
        state: (key) =>
          Effect.match(breaker.state(key), { onSuccess: stateOf, onFailure: (): State => ({ _tag: "Closed" }) }),
        transitions: Stream.map(breaker.transitions, ({ from, key, to }) => ({ key, from, to }))
      })
    )
  }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const count = OptionCheck.number("a whole number from 1 up", { min: 1, integer: true })

const trip: OptionCheck.Check = (value) =>
  Predicate.hasProperty(value, "consecutive")
    ? OptionCheck.find(value, { consecutive: OptionCheck.required(count) })
    : OptionCheck.find(value, {
      share: OptionCheck.required(
        OptionCheck.number("a number above 0, and at most 1", { min: Number.MIN_VALUE, max: 1 })
      ),
      of: OptionCheck.required(count),
      atLeast: count
    })

const table: OptionCheck.TableOf<Options> = {
  trip,
  openFor: OptionCheck.duration,
  key: OptionCheck.callable,
  judge: OptionCheck.callable
}

const defaultKey = ({ exchange, settings }: Interceptor.Call, tenant: string | undefined): string => {
  const { host, pathname } = new URL(settings.baseUrl)
  const key = `${host}${pathname === "/" ? "" : pathname}/${exchange.model ?? exchange.operation}`
  return tenant === undefined ? key : `${encodeURIComponent(tenant)}/${key}`
}

/** Numbers out of range are brought into it: a breaker that cannot be built protects nobody. */
const policyOf = (trip: Trip): Breaker.TripPolicy =>
  "consecutive" in trip
    ? Breaker.consecutive(trip.consecutive)
    : Breaker.rate({
      threshold: trip.share,
      size: trip.of,
      minimumCalls: Math.min(trip.of, trip.atLeast ?? Math.ceil(trip.of / 2))
    })

const classify = (
  exit: Exit.Exit<unknown, ClaudeError.ClaudeError>,
  verdictOf: (error: ClaudeError.ClaudeError) => Verdict
): Breaker.Outcome => {
  if (Exit.isSuccess(exit)) return Breaker.success
  const error = Result.getOrUndefined(Cause.findError(exit.cause))
  // A defect is a bug of ours, not a sign of theirs.
  if (error === undefined) return Breaker.ignored
  switch (verdictOf(error)) {
    case "unwell":
      return Breaker.failure({ retryAfter: error.retryAfter })
    case "alive":
      return Breaker.success
    case "nothing":
      return Breaker.ignored
  }
}

const refuse = ({ reason }: Breaker.CircuitBreakerError): ClaudeError.CircuitOpenError => {
  const retryAfter = reason._tag === "CircuitOpen" ? reason.retryAfter : undefined
  const until = retryAfter === undefined
    ? "until the attempt that probes it has been answered"
    : `for another ${Span.format(retryAfter)}`
  return new ClaudeError.CircuitOpenError({
    outcome: "notSent",
    retryAfter,
    message: `The service failed too often, and is not asked ${until}. The request was not sent; send it later, or ` +
      "ask another model."
  })
}

const stateOf = (state: Breaker.State): State =>
  state._tag === "Open" ? { _tag: "Open", retryAfter: state.retryAfter } : { _tag: state._tag }
