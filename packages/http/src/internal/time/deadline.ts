/**
 * Limits in time, kept without a fiber that waits for each in turn.
 *
 * An alarm is set, moved and lifted without an effect. A sleep of its clock lasts
 * until it may strike, and looks again when it wakes. Alarms that share their
 * sleep need one for each clock: so a thousand streams need one timer, and so do
 * requests that follow one another. It ends a turn after the last of them was
 * closed.
 *
 * Only a transport that belongs to a whole process can have them share: there
 * are runtimes where timers end with what started them.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

/** Milliseconds of a clock that never goes back. */
export const now = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Strikes when a limit passes. */
export class Alarm {
  /** The longest sleep: a limit that is moved closer by no more than this needs no new one. */
  readonly longest: number
  /** When it strikes, Infinity for never. */
  at = Infinity
  readonly #sleeper: Sleeper
  #strike: (() => void) | undefined
  #isClosed = false

  constructor(context: Context.Context<never>, longest: number, isShared = false) {
    this.longest = longest
    this.#sleeper = isShared ? sharedIn(context) : new Sleeper(context, false)
  }

  /** Milliseconds of the alarm's clock. */
  now(): number {
    return now(this.#sleeper.clock)
  }

  /** Runs `strike` at an instant, Infinity for never, in place of what was set before. `from` is now. */
  set(at: number, strike: () => void, from: number): void {
    if (this.#isClosed) return
    this.at = at
    this.#strike = strike
    if (at !== Infinity) this.#sleeper.keep(this, from)
  }

  /** Lifts the limit. */
  lift(): void {
    this.at = Infinity
    this.#strike = undefined
  }

  /** Lifts the limit for good: whatever is set later has no effect. */
  close(): void {
    this.#isClosed = true
    this.lift()
    this.#sleeper.forget(this)
  }

  /** Lifts the limit, and says that it has passed. */
  strike(): void {
    const strike = this.#strike
    this.lift()
    strike?.()
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

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Sleeps until the first of its alarms may strike. */
class Sleeper {
  readonly clock: Clock.Clock
  readonly #scheduler: Scheduler.Scheduler
  /** Whether it lasts for a turn when there is nothing to sleep for. */
  readonly #lingers: boolean
  /** The alarms that were set, and not closed yet. */
  readonly #alarms = new Set<Alarm>()
  #sleep: Fiber.Fiber<void> | undefined
  /** When it wakes. */
  #wakesAt = Infinity
  #isEnding = false

  constructor(context: Context.Context<never>, lingers: boolean) {
    this.clock = Context.get(context, Clock.Clock)
    this.#scheduler = Context.get(context, Scheduler.Scheduler)
    this.#lingers = lingers
  }

  /** Sees to it that an alarm strikes. */
  keep(alarm: Alarm, from: number): void {
    this.#alarms.add(alarm)
    if (this.#wakesAt <= alarm.at) return
    this.#sleep?.interruptUnsafe()
    this.#wakesAt = from + Math.min(alarm.at - from, alarm.longest)
    const sleep = Effect.runForkWith(Context.make(Scheduler.Scheduler, this.#scheduler))(this.#until(from))
    // It may have woken meanwhile.
    this.#sleep = sleep.pollUnsafe() === undefined ? sleep : undefined
  }

  /** Ends the sleep after the last alarm. One that lingers goes on if another is set in the same turn. */
  forget(alarm: Alarm): void {
    if (!this.#alarms.delete(alarm) || this.#alarms.size > 0 || this.#isEnding) return
    if (!this.#lingers) return this.#end()
    this.#isEnding = true
    // A dispatcher of its own: one that has tasks already would run this with them, too early.
    this.#scheduler.makeDispatcher().scheduleTask(() => {
      this.#isEnding = false
      if (this.#alarms.size === 0) this.#end()
    }, 0)
  }

  #end(): void {
    this.#sleep?.interruptUnsafe()
    this.#sleep = undefined
    this.#wakesAt = Infinity
  }

  #until(from: number): Effect.Effect<void> {
    return Effect.flatMap(this.clock.sleep(Duration.millis(this.#wakesAt - from)), this.#wake)
  }

  readonly #wake = (): Effect.Effect<void> => {
    const from = now(this.clock)
    // What is set by those that strike now is looked at afterwards.
    this.#wakesAt = -Infinity
    for (const alarm of this.#alarms) if (alarm.at <= from) alarm.strike()
    let first = Infinity
    let longest = Infinity
    for (const alarm of this.#alarms) {
      first = Math.min(first, alarm.at)
      longest = Math.min(longest, alarm.longest)
    }
    this.#wakesAt = first === Infinity ? Infinity : from + Math.min(first - from, longest)
    if (first !== Infinity) return this.#until(from)
    this.#sleep = undefined
    return Effect.void
  }
}

const shared = new WeakMap<Clock.Clock, Sleeper>()

const sharedIn = (context: Context.Context<never>): Sleeper => {
  const clock = Context.get(context, Clock.Clock)
  const known = shared.get(clock)
  if (known !== undefined) return known
  const sleeper = new Sleeper(context, true)
  shared.set(clock, sleeper)
  return sleeper
}
