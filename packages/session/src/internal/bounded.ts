/**
 * Waits with a bound, for effects that are not under our control: calls of a
 * store, handlers of tools.
 *
 * The effect runs in a fiber of its own. Its caller waits at most `limit`, and at
 * most `grace` once it is interrupted itself, even in an uninterruptible region
 * and even when the effect ignores interruption. An effect that is given up is
 * interrupted in the background.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/** How long to wait. */
export interface Options<A, E, R> {
  /** How long the effect may take. */
  readonly limit: Duration.Duration
  /** How much longer the effect may take after its caller was interrupted. */
  readonly grace: Duration.Duration
  /** Whether an interrupted caller interrupts the effect at once, or lets it finish within `grace`. */
  readonly whenInterrupted: "interrupt" | "finish"
  /** Runs in place of an effect that was given up. */
  readonly onLate: (reason: "timeout" | "interrupt") => Effect.Effect<A, E, R>
}

/** Runs an effect and stops waiting for it in time. */
export const run = <A, E, R, A2, E2, R2>(
  self: Effect.Effect<A, E, R>,
  { grace, limit, onLate, whenInterrupted }: Options<A2, E2, R2>
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.uninterruptible(
    Effect.flatMap(Effect.forkDetach(self, { startImmediately: true, uninterruptible: false }), (fiber) => {
      const finish = (
        exit: Option.Option<Exit.Exit<A, E>>,
        reason: "timeout" | "interrupt"
      ): Effect.Effect<A | A2, E | E2, R2> => {
        if (Option.isSome(exit)) return exit.value
        fiber.interruptUnsafe()
        return onLate(reason)
      }
      return Effect.matchCauseEffect(Effect.interruptible(within(fiber, limit)), {
        onSuccess: (exit) => finish(exit, "timeout"),
        // The wait itself cannot fail: its caller was interrupted.
        onFailure: () => {
          if (whenInterrupted === "interrupt") fiber.interruptUnsafe()
          return Effect.flatMap(within(fiber, Duration.min(limit, grace)), (exit) => finish(exit, "interrupt"))
        }
      })
    })
  )

/** Waits for the end of a fiber. None when it did not end in time. */
const within = <A, E>(
  fiber: Fiber.Fiber<A, E>,
  limit: Duration.Duration
): Effect.Effect<Option.Option<Exit.Exit<A, E>>> =>
  Duration.isFinite(limit)
    ? Effect.timeoutOption(Fiber.await(fiber), limit)
    : Effect.asSome(Fiber.await(fiber))
