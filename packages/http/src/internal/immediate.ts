/**
 * Effects that have come to their result already.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** Goes on with what an effect comes to: at once, if it is known. */
export const flatMap = <A, E, R, B, E2, R2>(
  self: Effect.Effect<A, E, R>,
  f: (value: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R | R2> => is(self) ? f(self.value) : Effect.flatMap(self, f)

/** Whether it is known what an effect comes to. */
export const is = <A, E, R>(self: Effect.Effect<A, E, R>): self is Effect.Effect<A, E, R> & Exit.Success<A> =>
  Exit.isExit(self) && Exit.isSuccess(self)
