/**
 * One turn at a time, first come, first served.
 *
 * Unlike a semaphore, this lock knows its holder. A holder that acquires it again
 * fails instead of waiting for itself. A stream that is no longer read loses the
 * lock to the next waiter after a time.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { SessionBusyError } from "../SessionError.ts"

/** A turn's hold on a session. */
export interface Lease {
  readonly lock: Lock
  /** The fiber that drives the turn. */
  owner: number
  /** When the turn was last driven, in milliseconds. Undefined while it is driven. */
  idleSince: number | undefined
  /** Rolls the turn back and gives the lease up. */
  revoke: Effect.Effect<void>
}

interface Waiter {
  readonly lease: Lease
  readonly granted: Deferred.Deferred<void>
}

/** The lock of a session. */
export interface Lock {
  holder: Lease | undefined
  readonly waiting: Array<Waiter>
}

/** Whether to wait, and how long a holder may do nothing. */
export interface Options {
  readonly queue: boolean
  readonly abandonAfter: number
}

/** The leases a fiber runs under, innermost first. Children inherit it. */
interface Running {
  readonly lease: Lease
  readonly outer: Running | undefined
}

const Running: Context.Reference<Running | undefined> = Context.Reference<Running | undefined>(
  "@effect-claude/session/Running",
  { defaultValue: () => undefined }
)

/** Creates a free lock. */
export const make = (): Lock => ({ holder: undefined, waiting: [] })

/**
 * Takes the lock, waiting for it or not. To be run where nothing interrupts:
 * `restore` is for the wait alone, and a fiber that is interrupted there has no lease.
 */
export const acquire = (
  lock: Lock,
  options: Options,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.Effect<Lease, SessionBusyError> =>
  Effect.withFiber((fiber) => {
    const lease: Lease = { lock, owner: fiber.id, idleSince: undefined, revoke: Effect.void }
    if (lock.holder === undefined) {
      lock.holder = lease
      return Effect.succeed(lease)
    }
    const reentrant = isHeldBy(lock, fiber)
    if (reentrant || !options.queue) return Effect.fail(new SessionBusyError({ reentrant }))
    const waiter: Waiter = { lease, granted: Deferred.makeUnsafe() }
    lock.waiting.push(waiter)
    return restore(Effect.raceFirst(Deferred.await(waiter.granted), takeOver(lock, options.abandonAfter))).pipe(
      Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Effect.sync(() => withdraw(lock, waiter))),
      Effect.as(lease)
    )
  })

/** Gives the lock to the fiber that waits longest. Releasing it twice does nothing. */
export const release = (lease: Lease): void => {
  const { lock } = lease
  if (lock.holder !== lease) return
  const next = lock.waiting.shift()
  lock.holder = next?.lease
  if (next !== undefined) Deferred.doneUnsafe(next.granted, Exit.void)
}

/** Whether the lease still holds the lock. */
export const holds = (lease: Lease): boolean => lease.lock.holder === lease

/** Runs an effect under the lease: it, and every fiber it starts, is told so if it asks for the lock again. */
export const under = <A, E, R>(self: Effect.Effect<A, E, R>, lease: Lease): Effect.Effect<A, E, R> =>
  Effect.updateService(self, Running, (outer) => ({ lease, outer: stillHeld(outer) }))

/**
 * Says that the running fiber drives the turn from here on. The mark stays in
 * the fiber, so that what a stream's consumer does between two pulls, and the
 * fibers it starts, are known to belong to the turn.
 */
export const drive = (lease: Lease, fiber: Fiber.Fiber<unknown, unknown>): void => {
  lease.idleSince = undefined
  lease.owner = fiber.id
  const outer = stillHeld(fiber.getRef(Running))
  if (outer?.lease !== lease) fiber.setContext(Context.add(fiber.context, Running, { lease, outer }))
}

/** Marks the turn as not driven until it is driven again. */
export const rest = (lease: Lease): Effect.Effect<void> =>
  Effect.clockWith((clock) =>
    Effect.sync(() => {
      lease.idleSince = clock.currentTimeMillisUnsafe()
    })
  )

const isHeldBy = (lock: Lock, fiber: Fiber.Fiber<unknown, unknown>): boolean => {
  if (lock.holder?.owner === fiber.id) return true
  for (let at = fiber.getRef(Running); at !== undefined; at = at.outer) {
    if (at.lease === lock.holder) return true
  }
  return false
}

/** The leases that are still held: a fiber that runs many turns does not remember them all. */
const stillHeld = (running: Running | undefined): Running | undefined => {
  if (running === undefined) return undefined
  const outer = stillHeld(running.outer)
  if (!holds(running.lease)) return outer
  return outer === running.outer ? running : { lease: running.lease, outer }
}

/** Takes the lock from a holder that rests for too long. */
const takeOver = (lock: Lock, abandonAfter: number): Effect.Effect<never> =>
  Effect.gen(function*() {
    while (true) {
      const { holder } = lock
      const now = yield* Clock.currentTimeMillis
      const left = abandonAfter - (holder?.idleSince === undefined ? 0 : now - holder.idleSince)
      if (holder !== undefined && left <= 0) yield* holder.revoke
      yield* Effect.sleep(left <= 0 ? abandonAfter : left)
    }
  })

const withdraw = (lock: Lock, waiter: Waiter): void => {
  const index = lock.waiting.indexOf(waiter)
  if (index >= 0) lock.waiting.splice(index, 1)
  else release(waiter.lease)
}
