/**
 * Deadlines: limits on time that cost no fiber each.
 *
 * A deadline is set, moved and cleared without an effect. One timer keeps all
 * deadlines that were made from it: a fiber that sleeps until the first of them
 * may be reached. So a thousand streams of one layer need one sleeping fiber, and
 * so do requests that follow one another. The sleep ends one turn of the event
 * loop after the last deadline was closed.
 *
 * Only a transport that outlives its requests can share a timer: there are
 * runtimes that end a timer together with the request that started it.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"

/** Returns the milliseconds of a clock that never goes back. */
export const now = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Calls back when an instant is reached. */
export class Deadline {
  /** The longest sleep in milliseconds. A deadline that moves closer by no more than this needs no new sleep. */
  readonly longest: number
  /** The instant. Infinity while no limit is set. */
  at = Infinity
  readonly #timer: Timer
  #onReached: (() => void) | undefined
  #isClosed = false

  constructor(timer: Timer, longest: number) {
    this.longest = longest
    this.#timer = timer
  }

  /** Returns the milliseconds of the deadline's clock. */
  now(): number {
    return now(this.#timer.clock)
  }

  /** Sets the instant, Infinity for none. It replaces the one that was set before. `from` is now. */
  set(at: number, onReached: () => void, from: number): void {
    if (this.#isClosed) return
    this.at = at
    this.#onReached = onReached
    if (at !== Infinity) this.#timer.keep(this, from)
  }

  /** Removes the instant. */
  clear(): void {
    this.at = Infinity
    this.#onReached = undefined
  }

  /** Removes the instant for good. Setting another has no effect. */
  close(): void {
    this.#isClosed = true
    this.clear()
    this.#timer.forget(this)
  }

  /** Removes the instant and calls back. */
  reach(): void {
    const onReached = this.#onReached
    this.clear()
    onReached?.()
  }
}

/** Sleeps until the first of its deadlines may be reached. */
export class Timer {
  readonly clock: Clock.Clock
  readonly #scheduler: Scheduler.Scheduler
  /** Whether the sleep lasts for one more turn when no deadline is left. */
  readonly #lingers: boolean
  /** The deadlines that were set and are not closed. */
  readonly #deadlines = new Set<Deadline>()
  #sleep: Fiber.Fiber<void> | undefined
  #wakesAt = Infinity
  #isEnding = false

  constructor(context: Context.Context<never>, lingers = false) {
    this.clock = Context.get(context, Clock.Clock)
    this.#scheduler = Context.get(context, Scheduler.Scheduler)
    this.#lingers = lingers
  }

  /** Wakes in time for a deadline. */
  keep(deadline: Deadline, from: number): void {
    this.#deadlines.add(deadline)
    if (this.#wakesAt <= deadline.at) return
    this.#sleep?.interruptUnsafe()
    this.#wakesAt = from + Math.min(deadline.at - from, deadline.longest)
    const sleep = Effect.runForkWith(Context.make(Scheduler.Scheduler, this.#scheduler))(this.#until(from))
    // It may have ended during the fork.
    this.#sleep = sleep.pollUnsafe() === undefined ? sleep : undefined
  }

  /** Removes a deadline, and ends the sleep with the last one. */
  forget(deadline: Deadline): void {
    if (!this.#deadlines.delete(deadline) || this.#deadlines.size > 0 || this.#isEnding) return
    if (!this.#lingers) return this.#end()
    this.#isEnding = true
    // A dispatcher of its own: one that already has tasks would run this together with them, too early.
    this.#scheduler.makeDispatcher().scheduleTask(() => {
      this.#isEnding = false
      if (this.#deadlines.size === 0) this.#end()
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
    // Deadlines that callbacks set are looked at below.
    this.#wakesAt = -Infinity
    for (const deadline of this.#deadlines) if (deadline.at <= from) deadline.reach()
    let first = Infinity
    let longest = Infinity
    for (const deadline of this.#deadlines) {
      first = Math.min(first, deadline.at)
      longest = Math.min(longest, deadline.longest)
    }
    this.#wakesAt = first === Infinity ? Infinity : from + Math.min(first - from, longest)
    if (first !== Infinity) return this.#until(from)
    this.#sleep = undefined
    return Effect.void
  }
}

/** Returns a deadline that is reached `within` milliseconds from now. */
export const start = (
  timers: (context: Context.Context<never>) => Timer,
  context: Context.Context<never>,
  longest: number,
  within: number,
  onReached: () => void
): Deadline => {
  const deadline = new Deadline(timers(context), longest)
  const from = deadline.now()
  deadline.set(from + within, onReached, from)
  return deadline
}

/** Returns a timer of its own for a context. */
export const timer = (context: Context.Context<never>): Timer => new Timer(context)

/** Returns a function that gives the timer of a context. Contexts of one clock share a timer. */
export const sharedTimers = (): (context: Context.Context<never>) => Timer => {
  let latest: Timer | undefined
  return (context) => {
    if (latest === undefined || latest.clock !== Context.get(context, Clock.Clock)) latest = new Timer(context, true)
    return latest
  }
}

/** Interrupts `self` and fails with `onLate` after `limit` milliseconds. */
export const within = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  limit: number,
  onLate: () => E
): Effect.Effect<A, E, R> =>
  limit === Infinity ? self : Effect.contextWith((context: Context.Context<R>) =>
    Effect.callback((resume) => {
      const deadline = new Deadline(new Timer(context), Infinity)
      const from = deadline.now()
      const fiber = Effect.runForkWith(context)(self)
      fiber.addObserver((exit) => {
        deadline.close()
        resume(exit)
      })
      if (fiber.pollUnsafe() !== undefined) return
      deadline.set(from + limit, () => {
        resume(Effect.andThen(Fiber.interrupt(fiber), Effect.suspend(() => Effect.fail(onLate()))))
      }, from)
      return Effect.suspend(() => {
        deadline.close()
        return Fiber.interrupt(fiber)
      })
    })
  )
