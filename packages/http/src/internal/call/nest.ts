/**
 * One interceptor around another.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Interceptor from "../../Interceptor.ts"
import * as Follow from "./follow.ts"

/** Asks the outer interceptor first, and makes one follower of both. */
export const interceptor =
  (outer: Interceptor.Interceptor, inner: Interceptor.Interceptor): Interceptor.Interceptor => (call) =>
    Effect.flatMap(outer(call), (around) => Effect.map(inner(call), (within) => follower(around, within)))

/** What the inner follower does, it does inside of what the outer does, and it is told first. */
const follower = (outer: Interceptor.Follower, inner: Interceptor.Follower): Interceptor.Follower => ({
  answer: outer.answer === undefined || inner.answer === undefined
    ? outer.answer ?? inner.answer
    : Effect.flatMap(outer.answer, (message) => message === undefined ? Follow.answer(inner) : Effect.succeed(message)),
  attempt: (self, number) => Follow.attempt(outer, Follow.attempt(inner, self, number), number),
  exchange: (self) => Follow.exchange(outer, Follow.exchange(inner, self)),
  onRetry: (event) => told(inner.onRetry?.(event), outer.onRetry?.(event)),
  onContent: told(inner.onContent, outer.onContent),
  onEnd: (ending) => told(inner.onEnd?.(ending), outer.onEnd?.(ending))
})

const told = (first: Effect.Effect<void> = Effect.void, second: Effect.Effect<void> = Effect.void) =>
  Effect.andThen(first, second)
