/**
 * The state behind a session, and the only way it changes.
 *
 * The truth is here; what a session shows of it is a copy. Every change has the
 * session to itself and goes through `commit`, which nothing can interrupt:
 * first the journal, then the truth, then whoever follows it.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import type { Claude } from "@effect-claude/http/Claude"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as Budget from "../Budget.ts"
import * as History from "../History.ts"
import type { State } from "../Session.ts"
import type { SessionBusyError } from "../SessionError.ts"
import type * as SessionStore from "../SessionStore.ts"
import type * as Turn from "../Turn.ts"
import * as Journal from "./journal.ts"
import * as Lock from "./lock.ts"
import * as Stored from "./stored.ts"

/** What a session is told once, and what becomes of its forks. */
export interface Settings {
  readonly claude: Claude["Service"]
  readonly lock: Lock.Options
  readonly policy: Turn.Policy
  readonly budget: Budget.Budget | undefined
}

/** What a session is made of. */
export interface Core {
  readonly settings: Settings
  readonly lock: Lock.Lock
  readonly journal: Journal.Journal | undefined
  readonly state: SubscriptionRef.SubscriptionRef<State>
  /** The truth. */
  now: State
  undo: Journal.Undo | undefined
}

/** What can come in between when a change is written. */
export type WriteError = SessionStore.SessionConflictError | SessionStore.SessionStoreError

/** Creates the state of a session from what is told of it. */
export const make = (
  settings: Settings,
  parameters: Turn.Parameters,
  told: Journal.Told,
  journal?: Journal.Journal
): Effect.Effect<Core> => {
  const now: State = {
    ...shown(told),
    phase: "idle",
    window: Option.none(),
    parameters: { ...parameters, ...told.parameters }
  }
  return Effect.map(SubscriptionRef.make(now), (state) => ({
    settings,
    lock: Lock.make(),
    journal,
    state,
    now,
    undo: told.undo
  }))
}

const shown = ({ cost, history, spent, usage }: Journal.Told) => ({
  history,
  usage,
  spent,
  cost,
  lastResponse: History.lastReply(history)
})

/** Changes the truth, and tells whoever follows it. */
export const update = (core: Core, changes: Partial<State>): Effect.Effect<void> =>
  Effect.suspend(() => {
    core.now = { ...core.now, ...changes }
    return SubscriptionRef.set(core.state, core.now)
  })

/** Runs an effect that has the session to itself. It runs where nothing interrupts, and `restore` is where something may. */
export const exclusively = <A, E, R>(
  core: Core,
  use: (
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SessionBusyError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Lock.acquire(core.lock, core.settings.lock, restore), (lease) =>
      Effect.ensuring(
        Lock.under(use(restore), lease),
        finish(core, lease)
      ))
  )

/**
 * Takes the session for as long as a scope lasts, or until it is given up. The
 * fiber is marked as driving it, which `Stream.unwrap` and its like would undo.
 */
export const held = <A, E, R>(
  core: Core,
  scope: Scope.Scope,
  use: (
    lease: Lock.Lease,
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | SessionBusyError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Lock.acquire(core.lock, core.settings.lock, restore),
      (lease) =>
        Scope.addFinalizer(scope, Effect.suspend(() => Effect.andThen(lease.revoke, finish(core, lease)))).pipe(
          Effect.andThen(use(lease, restore)),
          Effect.onError(() => finish(core, lease))
        )
    )
  )

/** Gives the lease up, if it still holds. */
export const finish = (core: Core, lease: Lock.Lease): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!Lock.holds(lease)) return Effect.void
    const idle = core.now.phase === "idle" ? Effect.void : update(core, { phase: "idle" })
    return Effect.andThen(idle, Effect.sync(() => Lock.release(lease)))
  })

/** What is set aside for a request until its end is known. */
export interface Pending {
  readonly worst: Budget.Amount
  readonly reservation: Budget.Reservation
}

/** Sets aside what a request may use at worst, where there is a budget. */
export const reserve = (
  core: Core,
  request: MessageRequest.MessageRequest
): Effect.Effect<Pending | undefined, ClaudeError.BudgetExceededError> => {
  const { budget } = core.settings
  if (budget === undefined) return Effect.undefined
  return Effect.flatMap(
    Budget.worstCase(request),
    (worst) => Effect.map(budget.reserve(worst), (reservation) => ({ worst, reservation }))
  )
}

/**
 * Counts what a request used, whether or not its turn succeeds. Where nothing is
 * known of it, but that it was sent, the worst is.
 */
export const settle = (
  core: Core,
  pending: Pending | undefined,
  message: Message.Message | undefined,
  outcome: ClaudeError.Outcome = "unknown"
): Effect.Effect<void> => {
  if (message === undefined) {
    if (pending === undefined) return Effect.void
    return pending.reservation.settle(outcome === "notSent" || outcome === "rejected" ? Budget.nothing : pending.worst)
  }
  const counted = Effect.flatMap(Cost.ofMessageEffect(message), (cost) =>
    update(core, {
      spent: Usage.combine(core.now.spent, Usage.totals(message.usage)),
      cost: Option.zipWith(core.now.cost, cost, Cost.combine)
    }))
  return pending === undefined
    ? counted
    : Effect.andThen(Effect.flatMap(Budget.used(message), pending.reservation.settle), counted)
}

/** Makes a change of the history part of the session. */
export const commit = (
  core: Core,
  base: History.History,
  history: History.History,
  messages: ReadonlyArray<Message.Message>,
  response: Message.Message | undefined
): Effect.Effect<void, WriteError> =>
  Effect.suspend(() =>
    write(core, () => Journal.changed(base, history, core.now.spent, core.now.cost)).pipe(
      Effect.mapError((error) => error.withAnswer(response)),
      Effect.andThen(Effect.suspend(() => {
        core.undo = { history: core.now.history, before: core.undo }
        return update(core, {
          history,
          usage: messages.reduce((sum, message) => Usage.combine(sum, Usage.totals(message.usage)), core.now.usage),
          lastResponse: response === undefined ? core.now.lastResponse : Option.some(response)
        })
      }))
    )
  )

/** Goes back to before so many exchanges. */
export const rewind = (core: Core, count: number): Effect.Effect<void, WriteError | SessionBusyError> =>
  exclusively(core, () => {
    const history = History.rewind(core.now.history, count)
    return history === core.now.history
      ? Effect.void
      : Effect.andThen(
        commit(core, history, history, [], undefined),
        update(core, { lastResponse: History.lastReply(history) })
      )
  })

/** Takes the last change back. Returns whether there was one. */
export const undo = (core: Core): Effect.Effect<boolean, WriteError | SessionBusyError> =>
  exclusively(core, () => {
    const { undo } = core
    if (undo === undefined) return Effect.succeed(false)
    return write(core, () => ({ type: "undone" })).pipe(
      Effect.andThen(Effect.suspend(() => {
        core.undo = undo.before
        return update(core, { history: undo.history, lastResponse: History.lastReply(undo.history) })
      })),
      Effect.as(true)
    )
  })

/** Changes parameters for the turns that follow. */
export const configure = (
  core: Core,
  parameters: Partial<Turn.Parameters>
): Effect.Effect<void, WriteError | SessionBusyError> =>
  exclusively(core, () =>
    Effect.andThen(
      write(core, () => ({
        type: "configured",
        parameters: Stored.withoutCredentials(parameters),
        removed: Object.entries(parameters).filter(([, value]) => value === undefined).map(([name]) => name)
      })),
      update(core, { parameters: { ...core.now.parameters, ...parameters } })
    ))

/** Takes up what others wrote to the journal. */
export const refresh = (core: Core): Effect.Effect<void, SessionStore.SessionStoreError | SessionBusyError> => {
  const { journal } = core
  if (journal === undefined) return Effect.void
  return exclusively(core, (restore) =>
    Effect.gen(function*() {
      const entries = yield* restore(journal.store.read(journal.id, journal.position))
      const told = yield* Journal.replay({ ...core.now, undo: core.undo }, entries, journal.id)
      journal.position += entries.length
      core.undo = told.undo
      yield* update(core, { ...shown(told), parameters: { ...core.now.parameters, ...told.parameters } })
    }))
}

const write = (core: Core, entry: () => SessionStore.Entry): Effect.Effect<void, WriteError> => {
  const { journal } = core
  return journal === undefined ? Effect.void : Journal.write(journal, entry())
}

/** The handle of a session, as far as it is known here. */
export interface Handle {
  readonly [HandleId]: Core
}

/** Where a handle keeps what is behind it. */
export const HandleId = "~@effect-claude/session/Session"

/** What is behind a handle. */
export const of = (handle: Handle): Core => handle[HandleId]
