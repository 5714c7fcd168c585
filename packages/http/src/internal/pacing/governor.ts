/**
 * What paces the calls of one key: its limits, its line, and what it has learnt
 * of its answers.
 *
 * @since 0.1.0
 */
import type * as RateLimits from "@effect-claude/core/RateLimits"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Bucket from "./bucket.ts"
import { Line } from "./line.ts"

/** What a request is expected to need, and what it was found to have used. */
export interface Tokens {
  readonly input: number
  readonly output: number
}

/** Limits per minute. */
export interface Limits {
  readonly requests?: number | undefined
  readonly inputTokens?: number | undefined
  readonly outputTokens?: number | undefined
}

/** The numbers a governor is made of. */
export interface Options {
  readonly key: string
  readonly limits: Limits
  readonly headroom: number
  readonly burst: number
  readonly maxWait: number
  readonly maxQueue: number
}

/** What was taken for a request. */
export interface Reservation {
  readonly request: number
  readonly tokens: Tokens
}

/** Why a request may not go. */
export type Refusal =
  | { readonly _tag: "QueueFull"; readonly length: number }
  | { readonly _tag: "TooLong"; readonly wait: Duration.Duration }

type Store = RateLimiter.RateLimiterStore["Service"]

/** How often those who wait look whether others gave back what they did not use. */
const lookEvery = 1000

/** Paces the requests of one key. */
export class Governor {
  readonly #store: Store
  readonly #options: Options
  readonly #line = new Line()
  /** Opened when something was given back. */
  readonly #returned = Latch.makeUnsafe(false)
  /** What the API says its limits are. */
  #observed: Limits = {}
  /** The running mean of what answers had, once there was one. */
  #meanOutput: number | undefined = undefined

  constructor(store: Store, options: Options) {
    this.#store = store
    this.#options = options
  }

  /** How much output a request will have, judged by those before it. */
  expectedOutput(atMost: number): number {
    return Math.min(atMost, Math.ceil(this.#meanOutput ?? 1024))
  }

  /** Waits until a request may go, and returns what was taken for it and how long it waited. */
  admit(
    tokens: Tokens,
    priority: number
  ): Effect.Effect<{ readonly reservation: Reservation; readonly waited: number }, Refusal> {
    const { maxQueue, maxWait } = this.#options
    const line = this.#line
    return Effect.flatMap(Clock.currentTimeMillis, (arrived) => {
      if (line.length >= maxQueue) return Effect.fail<Refusal>({ _tag: "QueueFull", length: line.length })
      const late = Effect.fail<Refusal>({ _tag: "TooLong", wait: Duration.millis(maxWait) })
      return Effect.acquireUseRelease(
        Effect.sync(() => line.join(priority)),
        (ticket) =>
          Effect.timeoutOrElse(ticket.turn, { duration: Duration.millis(maxWait), orElse: () => late }).pipe(
            Effect.andThen(this.#go({ request: 1, tokens }, arrived + maxWait))
          ),
        (ticket) => ticket.leave
      ).pipe(
        Effect.flatMap((reservation) =>
          Effect.map(Clock.currentTimeMillis, (now) => ({ reservation, waited: now - arrived }))
        )
      )
    })
  }

  /** Gives back what was not used, or takes what was used beyond it. */
  settle(reservation: Reservation, used: Reservation): Effect.Effect<void> {
    return Effect.andThen(
      this.#takeAll({
        request: used.request - reservation.request,
        tokens: {
          input: used.tokens.input - reservation.tokens.input,
          output: used.tokens.output - reservation.tokens.output
        }
      }),
      Latch.release(this.#returned)
    )
  }

  /** Learns how much output an answer had. */
  learn(output: number): void {
    this.#meanOutput = this.#meanOutput === undefined ? output : this.#meanOutput * 0.8 + output * 0.2
  }

  /** Believes the API where it says that less is left than was thought. */
  observe(limits: RateLimits.RateLimits): Effect.Effect<void> {
    this.#observed = {
      requests: limits.requests?.limit ?? this.#observed.requests,
      inputTokens: limits.inputTokens?.limit ?? this.#observed.inputTokens,
      outputTokens: limits.outputTokens?.limit ?? this.#observed.outputTokens
    }
    return Effect.forEach(dimensions, (dimension) => {
      const bucket = this.#bucket(dimension)
      const left = limits[dimension]?.remaining
      // What is left is more than the bucket can hold: the usual case, at the cost of nothing.
      if (bucket === undefined || left === undefined || left >= bucket.capacity) return Effect.void
      return Effect.flatMap(
        this.#take(bucket, 0),
        ({ remaining }) => remaining > left ? this.#take(bucket, remaining - left) : Effect.void
      )
    }, { discard: true })
  }

  /** Lets nobody go before this much time has passed. Every process hears of it. */
  pause(millis: number): Effect.Effect<void> {
    const bucket = this.#pauses()
    return Effect.flatMap(this.#take(bucket, 0), ({ remaining }) => {
      const owed = Math.ceil(millis) + remaining
      return owed > 0 ? this.#take(bucket, owed) : Effect.void
    })
  }

  // --- internal --------------------------------------------------------------

  /** Takes what a request needs, and waits until it is paid for. Who does not wait that long gives it back. */
  #go(reservation: Reservation, until: number): Effect.Effect<Reservation, Refusal> {
    const giveBack = this.settle(reservation, { request: 0, tokens: { input: 0, output: 0 } })
    return Effect.onExit(
      Effect.gen({ self: this }, function*() {
        let left = yield* this.#takeAll(reservation)
        while (left > 0) {
          const now = yield* Clock.currentTimeMillis
          if (now + left > until) return yield* Effect.fail<Refusal>({ _tag: "TooLong", wait: Duration.millis(left) })
          yield* Effect.timeoutOption(Latch.await(this.#returned), Duration.millis(Math.min(left, lookEvery)))
          const passed = (yield* Clock.currentTimeMillis) - now
          left = Math.min(left - passed, yield* this.#owed(reservation))
        }
        return reservation
      }),
      (exit) => exit._tag === "Success" ? Effect.void : giveBack
    )
  }

  /** How long is still to be waited for what was taken. */
  #owed(reservation: Reservation): Effect.Effect<number> {
    return this.#each(reservation, () => 0)
  }

  #takeAll(reservation: Reservation): Effect.Effect<number> {
    return this.#each(reservation, (need) => need)
  }

  /** Takes from every bucket, and returns the longest wait. */
  #each(reservation: Reservation, tokens: (need: number) => number): Effect.Effect<number> {
    return Effect.reduce(dimensions, () => 0, (longest, dimension) => {
      const bucket = this.#bucket(dimension)
      const need = needs[dimension](reservation)
      if (bucket === undefined || need === 0) return Effect.succeed(longest)
      return Effect.map(
        this.#take(bucket, tokens(need)),
        (level) => Math.max(longest, Bucket.wait(bucket, need, level))
      )
    }).pipe(
      Effect.flatMap((longest) => {
        const pauses = this.#pauses()
        return Effect.map(this.#take(pauses, 0), (level) => Math.max(longest, Bucket.wait(pauses, 0, level)))
      })
    )
  }

  #take(bucket: Bucket.Bucket, tokens: number): Effect.Effect<Bucket.Level> {
    return Effect.catch(Bucket.take(this.#store, bucket, tokens), (error) =>
      // A store that is down must not stop the traffic it was to pace.
      Effect.as(
        Effect.logWarning(`Pacing goes on without its store: ${error.message}`),
        { remaining: bucket.capacity, elapsed: 0 }
      ))
  }

  #bucket(dimension: keyof Limits): Bucket.Bucket | undefined {
    const { burst, headroom, key, limits } = this.#options
    const limit = limits[dimension] ?? this.#observed[dimension]
    return limit === undefined || limit <= 0
      ? undefined
      : Bucket.make(`${key}:${dimension}`, { limit, headroom, burst })
  }

  /** A bucket of milliseconds: what is owed is how long nobody goes. */
  #pauses(): Bucket.Bucket {
    return { key: `${this.#options.key}:pause`, capacity: 1, refill: 1 }
  }
}

const dimensions = ["requests", "inputTokens", "outputTokens"] as const

const needs: { readonly [D in keyof Limits]-?: (reservation: Reservation) => number } = {
  requests: ({ request }) => request,
  inputTokens: ({ tokens }) => tokens.input,
  outputTokens: ({ tokens }) => tokens.output
}
