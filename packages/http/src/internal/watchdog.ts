/**
 * Limits on the reads of one response, kept by one fiber per response and not
 * by a timer per read.
 *
 * A limit strikes only while a read is outstanding: a slow consumer is not
 * idleness. An interrupted read loses nothing: its result is given to the next.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"

/** Limits in milliseconds; Infinity switches one off. The instants are of `now`. */
export interface Limits<E> {
  /** How long one read may take. */
  readonly idle: number
  readonly onIdle: () => E
  /** When the first content must have arrived. Set to Infinity once it has. */
  contentBy: number
  readonly onContentLate: () => E
  /** When the whole must have arrived. */
  readonly endBy: number
  readonly onEndLate: () => E
}

/** Milliseconds of a clock that never goes back. */
export const now = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Returns a read like `read`, kept to the limits for as long as the scope is open. */
export const watch = <A, E>(
  read: Effect.Effect<A, E>,
  limits: Limits<E>,
  scope: Scope.Scope
): Effect.Effect<Effect.Effect<A, E>> =>
  Effect.clockWith((clock) => {
    /** Resumes the outstanding read. */
    let consumer: ((exit: Exit.Exit<A, E>) => void) | undefined
    let since = 0
    /** Starts the next read of the fiber that reads. */
    let reader: ((go: Effect.Effect<void>) => void) | undefined
    let wanted = false
    let reading = false
    /** What a read brought after its consumer had gone. */
    let kept: Exit.Exit<A, E> | undefined

    const deliver = (exit: Exit.Exit<A, E>): void => {
      const resume = consumer
      consumer = undefined
      if (resume === undefined) kept = exit
      else resume(exit)
    }

    const demand = Effect.callback<void>((resume) => {
      if (wanted) {
        wanted = false
        resume(Effect.void)
      } else {
        reader = resume
      }
    })
    const reads = Effect.forever(
      Effect.flatMap(demand, () =>
        Effect.map(Effect.exit(read), (exit) => {
          reading = false
          deliver(exit)
        })),
      { disableYield: true }
    )

    const overdue = (at: number): E | undefined => {
      if (at >= limits.endBy) return limits.onEndLate()
      if (at >= limits.contentBy) return limits.onContentLate()
      return at >= since + limits.idle ? limits.onIdle() : undefined
    }
    const guard: Effect.Effect<void> = Effect.suspend(() => {
      const at = now(clock)
      let wait = limits.idle
      if (consumer !== undefined) {
        const error = overdue(at)
        if (error === undefined) wait = Math.min(since + limits.idle, limits.contentBy, limits.endBy) - at
        else deliver(Exit.fail(error))
      } else {
        // A limit that has passed already strikes when the next read starts.
        for (const by of [limits.contentBy, limits.endBy]) if (by > at) wait = Math.min(wait, by - at)
      }
      return wait === Infinity ? Effect.never : Effect.flatMap(clock.sleep(Duration.millis(wait)), () => guard)
    })

    const watched = Effect.callback<A, E>((resume) => {
      if (kept !== undefined) {
        const exit = kept
        kept = undefined
        return resume(exit)
      }
      since = now(clock)
      if (since >= limits.endBy) return resume(Effect.fail(limits.onEndLate()))
      if (since >= limits.contentBy) return resume(Effect.fail(limits.onContentLate()))
      consumer = resume
      if (!reading) {
        reading = true
        if (reader === undefined) {
          wanted = true
        } else {
          const go = reader
          reader = undefined
          go(Effect.void)
        }
      }
      return Effect.sync(() => {
        consumer = undefined
      })
    })

    const limited = limits.idle !== Infinity || limits.contentBy !== Infinity || limits.endBy !== Infinity
    return limited
      ? Effect.forkIn(reads, scope).pipe(
        Effect.andThen(Effect.forkIn(guard, scope)),
        Effect.as(watched)
      )
      : Effect.succeed(read)
  })
