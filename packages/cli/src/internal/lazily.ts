/**
 * Handlers of commands that are loaded when their command runs.
 *
 * Parsing arguments and printing help need the declarations of all commands,
 * and the handler of none. So the program starts without what one command needs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/** Returns a handler that loads the real one first. */
export const lazily =
  <I, A, E, R>(load: () => Promise<(input: I) => Effect.Effect<A, E, R>>) => (input: I): Effect.Effect<A, E, R> =>
    Effect.flatMap(Effect.promise(load), (handler) => handler(input))
