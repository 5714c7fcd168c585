/**
 * The one extension point of the transport: what a layer does at each point of a
 * call.
 *
 * An interceptor runs once for each call and returns a `Follower`: what wraps each
 * attempt and each exchange with the server, and what is notified. Everything
 * optional (pacing, breakers, caches, logs, spans) is an interceptor, added by a
 * layer that takes a `Claude` and provides a `Claude`. So layers nest: the one
 * applied last is outermost. A follower lives as long as its call, and can keep
 * state of it.
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
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Claude } from "./Claude.ts"
import { type Interceptor, nested } from "./internal/call/follower.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A call that begins: its request and its settings.
 *
 * @category models
 * @since 0.1.0
 */
export type { Call } from "./internal/call/follower.ts"

/**
 * How a call ended.
 *
 * - `Completed`: the response arrived; a stream was read to its end
 * - `Failed`: it failed; the error's `partial` holds what arrived of a message
 * - `Abandoned`: it was interrupted, or its stream was left early
 *
 * @category models
 * @since 0.1.0
 */
export type { Ending } from "./internal/call/follower.ts"

/**
 * What is done at the points of one call. All of it is optional.
 *
 * @category models
 * @since 0.1.0
 */
export type { Follower } from "./internal/call/follower.ts"

/**
 * Returns the follower of each call. Runs when a call begins, after its request
 * was checked.
 *
 * @category models
 * @since 0.1.0
 */
export type { Interceptor } from "./internal/call/follower.ts"

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that adds an interceptor to the `Claude` of its context, outside the
 * existing ones.
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
 * Adds an interceptor to a service, outside the existing ones.
 *
 * @category combinators
 * @since 0.1.0
 */
export const around: {
  (interceptor: Interceptor): (self: Claude["Service"]) => Claude["Service"]
  (self: Claude["Service"], interceptor: Interceptor): Claude["Service"]
} = dual(2, (self: Claude["Service"], interceptor: Interceptor): Claude["Service"] => ({
  ...self,
  interceptor: self.interceptor === undefined ? interceptor : nested(interceptor, self.interceptor)
}))

/**
 * Adds an interceptor to a service, inside the existing ones: it sees each attempt
 * that they make.
 *
 * @category combinators
 * @since 0.1.0
 */
export const inside: {
  (interceptor: Interceptor): (self: Claude["Service"]) => Claude["Service"]
  (self: Claude["Service"], interceptor: Interceptor): Claude["Service"]
} = dual(2, (self: Claude["Service"], interceptor: Interceptor): Claude["Service"] => ({
  ...self,
  interceptor: self.interceptor === undefined ? interceptor : nested(self.interceptor, interceptor)
}))
