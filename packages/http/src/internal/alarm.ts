/**
 * One limit in time at once, kept without a fiber that waits for it in turn.
 *
 * A sleep of the clock is started when it is first needed, and lives on when the
 * limit is moved or lifted: it looks again when it wakes. So an attempt, or a
 * stream of a million reads, needs one timer.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/** Milliseconds of a clock that never goes back. */
export const now = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Strikes when a limit passes. */
export class Alarm {
  readonly clock: Clock.Clock
  readonly #context: Context.Context<never>
  /** The longest sleep: a limit that is moved closer by no more than this needs no new one. */
  readonly #longest: number
  #at = Infinity
  #strike: (() => void) | undefined
  #sleeper: Fiber.Fiber<void> | undefined
  /** When the sleeper wakes. */
  #wakesAt = Infinity

  constructor(context: Context.Context<never>, longest: number) {
    this.clock = Context.get(context, Clock.Clock)
    this.#context = context
    this.#longest = longest
  }

  /** Milliseconds of the alarm's clock. */
  now(): number {
    return now(this.clock)
  }

  /** Runs `strike` at an instant, Infinity for never, in place of what was set before. `from` is now. */
  set(at: number, strike: () => void, from: number): void {
    this.#at = at
    this.#strike = strike
    if (at === Infinity || (this.#sleeper !== undefined && this.#wakesAt <= at)) return
    this.close()
    this.#at = at
    this.#strike = strike
    const sleeper = Effect.runForkWith(this.#context)(Effect.flatMap(this.#sleep(from), this.#wake))
    // It may have struck meanwhile.
    if (sleeper.pollUnsafe() === undefined) this.#sleeper = sleeper
  }

  /** Lifts the limit. */
  lift(): void {
    this.#at = Infinity
    this.#strike = undefined
  }

  /** Lifts the limit, and ends the sleep. */
  close(): void {
    this.lift()
    const sleeper = this.#sleeper
    this.#sleeper = undefined
    sleeper?.interruptUnsafe()
  }

  #sleep(from: number): Effect.Effect<void> {
    const wait = Math.min(this.#at - from, this.#longest)
    this.#wakesAt = from + wait
    return this.clock.sleep(Duration.millis(wait))
  }

  readonly #wake = (): Effect.Effect<void> => {
    const from = this.now()
    const strike = this.#strike
    if (strike !== undefined && from < this.#at) return Effect.flatMap(this.#sleep(from), this.#wake)
    this.#sleeper = undefined
    this.lift()
    strike?.()
    return Effect.void
  }
}

/** Runs an effect, and fails in its place if it takes longer than so many milliseconds. It is interrupted then. */
export const within = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  limit: number,
  onLate: () => E
): Effect.Effect<A, E, R> =>
  limit === Infinity ? self : Effect.contextWith((context: Context.Context<R>) =>
    Effect.callback((resume) => {
      const alarm = new Alarm(context, Infinity)
      const from = alarm.now()
      const fiber = Effect.runForkWith(context)(self)
      fiber.addObserver((exit) => {
        alarm.close()
        resume(exit)
      })
      if (fiber.pollUnsafe() !== undefined) return
      alarm.set(from + limit, () => {
        resume(Effect.andThen(Fiber.interrupt(fiber), Effect.suspend(() => Effect.fail(onLate()))))
      }, from)
      return Effect.suspend(() => {
        alarm.close()
        return Fiber.interrupt(fiber)
      })
    })
  )
