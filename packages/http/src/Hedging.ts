/**
 * Hedging: when a response is slow, the request is sent a second time, and the first
 * response wins. The other request is interrupted at once.
 *
 * It trades money for the slowest answers: the prompt is paid for twice, so it is
 * opt-in, it comes late (set `after` to what 95 of 100 calls stay below), it takes
 * from the retry budget the layer's calls share, and it is never done for requests
 * with tools that act on the server, MCP servers or a container.
 *
 * A stream is first at its first content, a plain answer when it is whole: long
 * plain answers are better streamed than hedged. If one of the two fails, the
 * other goes on; if both do, the first failure is the one that is judged for a
 * retry. What a caller sees is one answer, and it is one of the two entirely.
 *
 * Both are accounted for: `hedges` counts them by how they went, the tokens of the
 * prompt that was sent twice are counted as `hedged_input`, and `onHedge` tells the
 * program.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Usage from "@effect-claude/core/Usage"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Claude } from "./Claude.ts"
import * as Interceptor from "./Interceptor.ts"
import * as GenAi from "./internal/call/genAi.ts"
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
  /** How long a response may take before the request is sent again. */
  readonly after: Duration.Input
  /**
   * Which calls are hedged, of those that may be.
   *
   * @default all
   */
  readonly isFor?: ((call: Interceptor.Call) => boolean) | undefined
  /** Runs when a request is sent a second time. */
  readonly onHedge?: ((call: Interceptor.Call) => Effect.Effect<void>) | undefined
}

// -----------------------------------------------------------------------------
// metrics
// -----------------------------------------------------------------------------

/**
 * Requests that were sent a second time, by how that went: `won` if the second
 * answer was taken, `lost` if the first was, `failed` if neither came.
 *
 * @category metrics
 * @since 0.1.0
 */
export const hedges: Metric.Counter<number> = Metric.counter("claude.client.hedges", {
  description: "Requests sent a second time because the first was slow",
  incremental: true
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that hedges the calls of a `Claude`.
 *
 * Apply it outside of pacing and circuit breakers, so that they see both requests.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Claude, OptionCheck.ClaudeConfigError, Claude> =>
  Interceptor.layer(Effect.map(OptionCheck.check(options, table), () => {
    const after = Duration.fromInputUnsafe(options.after)
    return (call) =>
      Effect.succeed(
        !call.exchange.repeatable || options.isFor?.(call) === false ? {} : follow(call, after, options.onHedge)
      )
  }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<Options> = {
  after: OptionCheck.required(OptionCheck.duration),
  isFor: OptionCheck.callable,
  onHedge: OptionCheck.callable
}

const follow = (
  call: Interceptor.Call,
  after: Duration.Duration,
  onHedge: Options["onHedge"]
): Interceptor.Follower => {
  /** How many requests were sent beside those that were taken. */
  let doubled = 0

  const count = (outcome: "won" | "lost" | "failed") =>
    Metric.update(
      Metric.withAttributes(hedges, { ...GenAi.metricAttributes(call), "claude.hedge.outcome": outcome }),
      1
    )

  const start = Effect.suspend(() => {
    doubled++
    return onHedge?.(call) ?? Effect.void
  })

  const hedged = <A, R>(attempt: Effect.Effect<A, ClaudeError, R>): Effect.Effect<A, ClaudeError, R> =>
    Effect.flatMap(Effect.serviceOption(Scope.Scope), (around) =>
      Effect.scoped(Effect.gen(function*() {
        const first = yield* leg(attempt, around)
        const early = yield* Effect.timeoutOption(Fiber.await(first.fiber), after)
        if (Option.isSome(early)) return yield* early.value
        if (!(yield* pay(call))) return yield* Fiber.join(first.fiber)
        yield* start
        const second = yield* leg(attempt, around)
        const [leader, other] = yield* Effect.raceFirst(
          Effect.as(Fiber.await(first.fiber), [first, second] as const),
          Effect.as(Fiber.await(second.fiber), [second, first] as const)
        )
        const exit = yield* Fiber.await(leader.fiber)
        if (Exit.isSuccess(exit)) {
          yield* other.drop
          yield* count(leader === second ? "won" : "lost")
          return exit.value
        }
        const late = yield* Fiber.await(other.fiber)
        if (Exit.isSuccess(late)) {
          yield* count(other === second ? "won" : "lost")
          return late.value
        }
        yield* count("failed")
        return yield* Fiber.join(first.fiber)
      })))

  return {
    attempt: hedged,
    onEnd: (ending) => {
      const message = ending._tag === "Failed" ? ending.error.partial : ending.message
      if (doubled === 0 || message === undefined) return Effect.void
      // The other request had the same prompt. What was generated for it is not known.
      const tokens = Usage.totalInput(Usage.totals(message.usage)) * doubled
      const attributes = { ...GenAi.metricAttributes(call), "claude.token.class": "hedged_input" }
      return Metric.update(Metric.withAttributes(Metrics.tokens, attributes), tokens)
    }
  }
}

/** One of the two. */
interface Leg<A> {
  readonly fiber: Fiber.Fiber<A, ClaudeError>
  /** Interrupts it, or closes what it had opened already. */
  readonly drop: Effect.Effect<void>
}

/**
 * Starts an attempt. What it opens lives in a scope of its own under that of the
 * call, so that it can be closed when the other is taken, and lives on when it is.
 */
const leg = <A, R>(
  attempt: Effect.Effect<A, ClaudeError, R>,
  around: Option.Option<Scope.Scope>
): Effect.Effect<Leg<A>, never, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.suspend(() => {
    const scope = Option.isSome(around) ? Scope.forkUnsafe(around.value) : Scope.makeUnsafe()
    return Effect.map(Effect.forkScoped(Scope.provide(attempt, scope)), (fiber) => ({
      fiber,
      drop: Effect.andThen(Fiber.interrupt(fiber), Scope.close(scope, Exit.void))
    }))
  })

/** Takes what a second request costs from the budget of the call's retries. */
const pay = (call: Interceptor.Call): Effect.Effect<boolean> => {
  const { budget } = call.settings.retry
  return budget === undefined
    ? Effect.succeed(true)
    : Effect.flatMap(call.budget(budget), ({ withdraw }) => withdraw(budget.cost))
}
