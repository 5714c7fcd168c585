/**
 * A governor that sends requests no faster than their rate limits allow, instead
 * of being refused for it.
 *
 * Requests, input tokens and output tokens are paced each by its own limit, which
 * is given, or else read from the API's responses. A request that would go beyond
 * one waits in line, the most urgent first; when the line or the wait is too long
 * it fails with a `PacingError` that says when there will be room, and was not
 * sent. Every attempt is paced, retries included.
 *
 * **Details**
 *
 * - What a request needs is reserved before it is sent and settled when it has
 *   been answered. Input is estimated (`TokenEstimate`). Output is not known
 *   before: the mean of the key's latest answers is reserved, 1,024 tokens until
 *   there is one, and never more than `max_tokens`.
 * - With the default `headroom` and `burst`, no minute has more than its limit of
 *   requests, wherever it begins, nor of tokens as long as single requests are
 *   small beside the limit. A request larger than a burst goes when the burst is
 *   full.
 * - When the API says that less is left than was thought, because others use the
 *   same limits, it is believed. After a 429, nobody goes before its hint is over.
 * - The state is in Effect's `RateLimiterStore`. `layer` keeps it in the process;
 *   `layerStore` takes a store, such as Redis, and then all processes that share
 *   it keep the limits together.
 * - A store that fails lets requests pass, and the program's logger is told.
 *
 * **Example** (Pacing by the limits the API reports)
 *
 * ```ts
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as Pacing from "@effect-claude/http/Pacing"
 * import * as Layer from "effect/Layer"
 *
 * const ClaudeLive = Pacing.layer().pipe(Layer.provide(Claude.layerFetch()))
 * ```
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Stream from "effect/Stream"
import type { Claude, Running } from "./Claude.ts"
import * as Identity from "./Identity.ts"
import * as Interceptor from "./Interceptor.ts"
import { Governor, type Refusal, type Reservation } from "./internal/pacing/governor.ts"
import * as Span from "./internal/time/duration.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Limits per minute. What is left out is not paced until the API reports it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Limits {
  readonly requests?: number | undefined
  readonly inputTokens?: number | undefined
  readonly outputTokens?: number | undefined
}

/**
 * What a request is expected to need.
 *
 * @category models
 * @since 0.1.0
 */
export interface Need {
  readonly inputTokens: number
  readonly outputTokens: number
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
   * The limits of a key.
   *
   * @default what the API reports in its responses
   */
  readonly limits?: Limits | ((key: string) => Limits) | undefined
  /**
   * What has limits of its own. Calls with the same key are paced together, whatever
   * their credentials. By default, calls with different credentials are not.
   *
   * @default the model, after the tenant where there is one: `acme/claude-sonnet-5-5`
   */
  readonly key?: ((call: Interceptor.Call, tenant: string | undefined) => string) | undefined
  /**
   * What a request needs.
   *
   * @default an estimate of its input, and the output that answers before it had
   */
  readonly estimate?: ((request: MessageRequest) => Need | Effect.Effect<Need>) | undefined
  /**
   * The part of each limit that is left unused: for estimates that are too low,
   * requests that arrive closer together than they were sent, and other clients.
   *
   * @default 0.1
   */
  readonly headroom?: number | undefined
  /**
   * The part of a minute's limit that may be used at once. What is beyond it is
   * spread over the minute.
   *
   * @default 0.1
   */
  readonly burst?: number | undefined
  /**
   * The longest a request waits. One that would have to wait longer fails at once.
   *
   * @default "1 minute"
   */
  readonly maxWait?: Duration.Input | undefined
  /**
   * How many requests of a key may wait. One more fails at once.
   *
   * @default 1000
   */
  readonly maxQueue?: number | undefined
}

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * How urgent the running calls are. Higher goes first.
 *
 * @category services
 * @since 0.1.0
 */
export const Priority: Context.Reference<number> = Context.Reference<number>("@effect-claude/http/Pacing/Priority", {
  defaultValue: () => 0
})

/**
 * Sets how urgent the calls of an effect or stream are. Of the calls that wait, those
 * with a higher priority go first. The default is 0.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withPriority: {
  (priority: number): <S extends Running>(self: S) => S
  <S extends Running>(self: S, priority: number): S
} = dual(2, <S extends Running>(self: S, priority: number): S => provide(self, priority))

// -----------------------------------------------------------------------------
// metrics
// -----------------------------------------------------------------------------

/**
 * How long requests waited for room, in seconds.
 *
 * @category metrics
 * @since 0.1.0
 */
export const waited: Metric.Histogram<number> = Metric.histogram("claude.client.pacing.wait", {
  description: "Time requests waited for room in their rate limits, in seconds",
  boundaries: [0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300]
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that paces the messages a `Claude` sends, by what this process sends.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Claude, OptionCheck.ClaudeConfigError, Claude> =>
  Layer.provide(layerStore(options), RateLimiter.layerStoreMemory)

/**
 * Layer that paces the messages a `Claude` sends, by what is in a store. Every
 * process that shares the store needs the same options.
 *
 * **Example** (Sharing limits through Redis)
 *
 * ```ts no-run
 * import * as Pacing from "@effect-claude/http/Pacing"
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Layer from "effect/Layer"
 * import * as RateLimiter from "effect/persistence/RateLimiter"
 *
 * const paced = Pacing.layerStore({ limits: { requests: 4000, inputTokens: 2_000_000 } }).pipe(
 *   Layer.provide(RateLimiter.layerStoreRedis({ prefix: "claude:" })),
 *   Layer.provide(NodeRedis.layer({ url: "redis://localhost:6379" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore = (
  options?: Options
): Layer.Layer<Claude, OptionCheck.ClaudeConfigError, Claude | RateLimiter.RateLimiterStore> =>
  Interceptor.layer(Effect.gen(function*() {
    yield* OptionCheck.check(options, table)
    const store = yield* RateLimiter.RateLimiterStore
    const identity = yield* Identity.make
    const governors = new Map<string, Governor>()
    const governorOf = (key: string, storeKey: string): Governor => {
      const found = governors.get(storeKey)
      if (found !== undefined) return found
      const governor = new Governor(store, {
        key: storeKey,
        limits: (typeof options?.limits === "function" ? options.limits(key) : options?.limits) ?? {},
        headroom: options?.headroom ?? 0.1,
        burst: options?.burst ?? 0.1,
        maxWait: Duration.toMillis(options?.maxWait ?? "1 minute"),
        maxQueue: options?.maxQueue ?? 1000
      })
      governors.set(storeKey, governor)
      return governor
    }
    return (call) => {
      const { request } = call
      if (request === undefined) return Effect.succeed({})
      return Effect.gen(function*() {
        const priority = yield* Priority
        const tenant = yield* Identity.Tenant
        const key = (options?.key ?? defaultKey)(call, tenant)
        // The API limits an account: what it reports to one says nothing about another.
        const storeKey = options?.key === undefined ? `${yield* identity.credential(call)}/${key}` : key
        return follow(request, key, governorOf(key, storeKey), priority, options?.estimate)
      })
    }
  }))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const limit = OptionCheck.number("a number above 0, or Infinity", { min: Number.MIN_VALUE, infinite: true })

const limitTable: OptionCheck.TableOf<Limits> = { requests: limit, inputTokens: limit, outputTokens: limit }

const table: OptionCheck.TableOf<Options> = {
  limits: (value) => typeof value === "function" ? undefined : OptionCheck.find(value, limitTable),
  key: OptionCheck.callable,
  estimate: OptionCheck.callable,
  headroom: OptionCheck.number("a number from 0 up to, but not including, 1", { min: 0, max: 1 - Number.EPSILON }),
  burst: OptionCheck.number("a number above 0, and at most 1", { min: Number.MIN_VALUE, max: 1 }),
  maxWait: OptionCheck.duration,
  maxQueue: OptionCheck.number("a whole number from 0 up, or Infinity", { min: 0, integer: true, infinite: true })
}

function provide<S extends Running>(self: S, priority: number): S
function provide(self: Running, priority: number): Running {
  return Stream.isStream(self)
    ? Stream.provideService(self, Priority, priority)
    : Effect.provideService(self, Priority, priority)
}

const defaultKey = ({ exchange }: Interceptor.Call, tenant: string | undefined): string => {
  const model = exchange.model ?? exchange.operation
  return tenant === undefined ? model : `${encodeURIComponent(tenant)}/${model}`
}

const follow = (
  request: MessageRequest,
  key: string,
  governor: Governor,
  priority: number,
  estimate: Options["estimate"]
): Interceptor.Follower => {
  /** What is held for the latest attempt, until it is known what it used. */
  let held: Reservation | undefined = undefined

  const need: Effect.Effect<Need> = Effect.suspend(() => {
    const needed = estimate?.(request) ?? {
      inputTokens: TokenEstimate.ofRequest(request).tokens,
      outputTokens: governor.expectedOutput(request.max_tokens)
    }
    return Effect.isEffect(needed) ? needed : Effect.succeed(needed)
  })

  const settle = (used: (held: Reservation) => Reservation): Effect.Effect<void> =>
    Effect.suspend(() => {
      const settled = held
      if (settled === undefined) return Effect.void
      held = undefined
      return governor.settle(settled, used(settled))
    })

  return {
    attempt: (attempt) =>
      Effect.flatMap(
        need,
        ({ inputTokens, outputTokens }) =>
          governor.admit({ input: inputTokens, output: outputTokens }, priority).pipe(
            Effect.mapError((refusal) => refuse(key, refusal)),
            Effect.flatMap((admitted) => {
              held = admitted.reservation
              return admitted.waited === 0 ? attempt : Effect.andThen(tell(admitted.waited), attempt)
            })
          )
      ).pipe(
        Effect.tapError((error) => settle((held) => usedByFailure(held, error)))
      ),
    exchange: (exchange) =>
      exchange.pipe(
        Effect.tap(({ meta }) => meta.rateLimits === undefined ? Effect.void : governor.observe(meta.rateLimits)),
        Effect.tapError((error) =>
          Effect.andThen(
            error.rateLimits === undefined ? Effect.void : governor.observe(error.rateLimits),
            error._tag === "RateLimitError" && error.retryAfter !== undefined
              ? governor.pause(Duration.toMillis(error.retryAfter))
              : Effect.void
          )
        )
      ),
    onEnd: (ending) =>
      settle((held) => {
        const message = ending._tag === "Failed" ? ending.error.partial : ending.message
        if (message === undefined) return held
        const usage = Usage.totals(message.usage)
        const isWhole = ending._tag === "Completed"
        if (isWhole) governor.learn(usage.output)
        return {
          request: held.request,
          tokens: {
            // What is read from the cache does not count.
            input: Usage.totalInput(usage) - usage.cacheRead,
            // What else was generated after the last count is not known.
            output: isWhole ? usage.output : Math.max(usage.output, held.tokens.output)
          }
        }
      })
  }
}

/** What a failed attempt used, as far as it is known. */
const usedByFailure = (held: Reservation, error: ClaudeError.ClaudeError): Reservation => {
  switch (error.outcome) {
    case "notSent":
      return { request: 0, tokens: { input: 0, output: 0 } }
    case "rejected":
      return { request: held.request, tokens: { input: 0, output: 0 } }
    default:
      return held
  }
}

const tell = (millis: number): Effect.Effect<void> =>
  Effect.andThen(
    Metric.update(waited, millis / 1000),
    Effect.matchEffect(Effect.currentSpan, {
      onFailure: () => Effect.void,
      onSuccess: (span) =>
        Effect.clockWith((clock) =>
          Effect.sync(() => span.event("paced", clock.currentTimeNanosUnsafe(), { "claude.pacing.wait_ms": millis }))
        )
    })
  )

const refuse = (key: string, refusal: Refusal): ClaudeError.ClaudeError =>
  refusal._tag === "QueueFull"
    ? new ClaudeError.PacingError({
      outcome: "notSent",
      message: `${refusal.length} requests wait for room in the rate limits of ${key} already. The request was not ` +
        "sent; send it later, or raise `maxQueue`."
    })
    : new ClaudeError.PacingError({
      outcome: "notSent",
      retryAfter: refusal.wait,
      message: `There is no room in the rate limits of ${key} for ${Span.format(refusal.wait)}, longer than ` +
        "`maxWait` allows. The request was not sent; send it later."
    })
