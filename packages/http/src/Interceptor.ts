/**
 * The one seam of the transport: what a layer does at each point of a call.
 *
 * An interceptor is asked once for each call, and answers with a `Follower`:
 * what it does around each attempt and each exchange with the server, and what
 * it is told. Everything optional (pacing, breakers, caches, logs, spans) is an
 * interceptor, and each is added by a layer that takes a `Claude` and provides a
 * `Claude`. So layers nest: the one applied last is outermost, and a follower
 * lives as long as its call, which is where it keeps what it knows of it.
 *
 * A program without interceptors pays nothing for them.
 *
 * **Example** (Counting attempts)
 *
 * ```ts
 * import * as Interceptor from "@effect-claude/http/Interceptor"
 * import * as Effect from "effect/Effect"
 * import * as Ref from "effect/Ref"
 *
 * const countAttempts = (count: Ref.Ref<number>) =>
 *   Interceptor.layer(Effect.succeed(() =>
 *     Effect.succeed({
 *       attempt: (attempt) => Effect.andThen(Ref.update(count, (n) => n + 1), attempt)
 *     })
 *   ))
 * ```
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Claude } from "./Claude.ts"
import type { Settings } from "./ClaudeConfig.ts"
import type * as Exchange from "./Exchange.ts"
import * as Nest from "./internal/call/nest.ts"
import type { RetryEvent } from "./RetryPolicy.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A call that begins: what is asked, and what holds for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  /** The request as each attempt sends it. */
  readonly exchange: Exchange.Request
  /** What is asked, where that is a message. It holds the prompt. */
  readonly request?: MessageRequest | undefined
  /** The layer's options with scoped overrides applied. */
  readonly settings: Settings
  /** The layer's service, such as for the budget its calls share. */
  readonly claude: Claude["Service"]
}

/**
 * How a call ended.
 *
 * - `Completed`: it was answered; a stream was read to its end
 * - `Failed`: it failed; the error's `partial` holds what arrived of a message
 * - `Abandoned`: it was interrupted, or its stream left early
 *
 * @category models
 * @since 0.1.0
 */
export type Ending =
  | { readonly _tag: "Completed"; readonly meta?: Exchange.Meta | undefined; readonly message?: Message | undefined }
  | { readonly _tag: "Failed"; readonly error: ClaudeError }
  | { readonly _tag: "Abandoned"; readonly meta?: Exchange.Meta | undefined; readonly message?: Message | undefined }

/**
 * What is done at the points of one call. All of it is optional.
 *
 * @category models
 * @since 0.1.0
 */
export interface Follower {
  /** The answer, where it is known already: no attempt is made then. The outermost that knows it is believed. */
  readonly answer?: Effect.Effect<Message | undefined> | undefined
  /**
   * Goes around each attempt, up to where its answer can be relied on: a plain
   * answer whole, a stream at its first content. What it fails with is judged
   * by the retry policy.
   */
  readonly attempt?:
    | (<A, R>(attempt: Effect.Effect<A, ClaudeError, R>, number: number) => Effect.Effect<A, ClaudeError, R>)
    | undefined
  /** Goes around each exchange: from sending the request to the head of a 2xx response. */
  readonly exchange?:
    | ((
      exchange: Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>
    ) => Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>)
    | undefined
  /** Runs before each wait for another attempt. */
  readonly onRetry?: ((event: RetryEvent) => Effect.Effect<void>) | undefined
  /** Runs when the first content of an answer that travels as a stream has arrived. */
  readonly onContent?: Effect.Effect<void> | undefined
  /** Runs once, when the call has ended. */
  readonly onEnd?: ((ending: Ending) => Effect.Effect<void>) | undefined
}

/**
 * Follows calls.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interceptor {
  /** Runs when a call begins, after its request was checked. */
  (call: Call): Effect.Effect<Follower>
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that adds an interceptor to the `Claude` of its context, outside those
 * that are there already.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <E = never, R = never>(
  interceptor: Effect.Effect<Interceptor, E, R>
): Layer.Layer<Claude, E, Claude | Exclude<R, Scope.Scope>> =>
  Layer.effect(
    Claude,
    Effect.gen(function*() {
      const claude = yield* Claude
      return around(claude, yield* interceptor)
    })
  )

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * Returns a service whose calls an interceptor follows, outside those that
 * follow them already.
 *
 * @category combinators
 * @since 0.1.0
 */
export const around: {
  (interceptor: Interceptor): (self: Claude["Service"]) => Claude["Service"]
  (self: Claude["Service"], interceptor: Interceptor): Claude["Service"]
} = dual(2, (self: Claude["Service"], interceptor: Interceptor): Claude["Service"] => ({
  ...self,
  interceptor: self.interceptor === undefined ? interceptor : Nest.interceptor(interceptor, self.interceptor)
}))

/**
 * Returns a service whose calls an interceptor follows, inside those that follow
 * them already: what it does around an attempt is done to each that is made.
 *
 * @category combinators
 * @since 0.1.0
 */
export const inside: {
  (interceptor: Interceptor): (self: Claude["Service"]) => Claude["Service"]
  (self: Claude["Service"], interceptor: Interceptor): Claude["Service"]
} = dual(2, (self: Claude["Service"], interceptor: Interceptor): Claude["Service"] => ({
  ...self,
  interceptor: self.interceptor === undefined ? interceptor : Nest.interceptor(self.interceptor, interceptor)
}))
