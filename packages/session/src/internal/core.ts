/**
 * The state behind a session, and the only way it changes.
 *
 * The truth is here; what a session shows of it is a copy. Every change has the
 * session to itself and goes through `commit`, which nothing can interrupt:
 * first the journal, then the truth, then its subscribers.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Usage from "@effect-claude/core/Usage"
import type { Claude } from "@effect-claude/http/Claude"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type * as Budget from "../Budget.ts"
import * as History from "../History.ts"
import type { SessionBusyError } from "../SessionError.ts"
import * as SessionStore from "../SessionStore.ts"
import type * as Turn from "../Turn.ts"
import * as Amounts from "./amounts.ts"
import * as Exchanges from "./exchanges.ts"
import * as Journal from "./journal.ts"
import * as Lock from "./lock.ts"
import * as Runs from "./runs.ts"
import type { State } from "./sessionState.ts"
import * as Stored from "./stored.ts"

/** The settings of a session and of its forks. */
export interface Settings {
  readonly claude: Claude["Service"]
  readonly lock: Lock.Options
  readonly policy: Turn.Policy
  readonly budget: Budget.Budget<unknown> | undefined
  /** How long one call of the store may take. */
  readonly storeTimeout: Duration.Duration
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
  /** The last request that was answered. */
  sent: MessageRequest.MessageRequest | undefined
  /** The named turns and runs. */
  runs: Runs.Runs
  /** Inputs for the next turn of an agent. */
  readonly steering: Array<History.Input>
  /** The parameters it was made with. */
  readonly defaults: Turn.Parameters
  /** The parameters that were configured, which override the defaults. */
  configured: Journal.Snapshot["parameters"]
  /** What was spent and is not in the journal yet. */
  readonly untold: Array<Amounts.Spending>
  /** Entries that may have been written although that failed, as text, and how many of the untold each contains. */
  readonly doubtful: Map<string, number>
}

/** Makes interruptible what may be interrupted. */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** What writing a change can fail with. */
export type WriteError = SessionStore.SessionConflictError | SessionStore.SessionStoreError

/** Creates the state of a session from a snapshot. */
export const make = (
  settings: Settings,
  parameters: Turn.Parameters,
  snapshot: Journal.Snapshot,
  journal?: Journal.Journal
): Effect.Effect<Core> => {
  const now: State = {
    ...shown(snapshot),
    phase: "idle",
    window: Option.none(),
    edits: [],
    cacheMiss: Option.none(),
    parameters: { ...parameters, ...snapshot.parameters }
  }
  return Effect.map(SubscriptionRef.make(now), (state) => ({
    settings,
    lock: Lock.make(),
    journal,
    state,
    now,
    undo: snapshot.undo,
    sent: undefined,
    runs: snapshot.runs,
    steering: [],
    defaults: parameters,
    configured: snapshot.parameters,
    untold: [],
    doubtful: new Map()
  }))
}

const shown = ({ cost, history, spent, usage }: Journal.Snapshot) => ({
  history,
  usage,
  spent,
  cost,
  lastResponse: Exchanges.lastResponse(history)
})

/** Changes the truth, and notifies its subscribers. */
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
        Effect.andThen(
          Scope.addFinalizer(scope, Effect.suspend(() => Effect.andThen(lease.revoke, finish(core, lease)))),
          use(lease, restore)
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

/** A history to commit, and the run it belongs to. */
export interface Commit {
  readonly history: History.History
  /** The responses it adds. */
  readonly messages?: ReadonlyArray<Message.Message> | undefined
  /** The responses as one. */
  readonly response?: Message.Message | undefined
  readonly turn?: SessionStore.Named | undefined
  /** The names whose turns it takes back. */
  readonly freed?: ReadonlyArray<string> | undefined
}

/** Makes a history that of the session: writes it to the journal, then shows it. */
export const commit = (
  core: Core,
  { freed = [], history, messages = [], response, turn }: Commit
): Effect.Effect<void, WriteError> =>
  Effect.suspend(() => {
    const usage = messages.reduce((sum, { usage }) => Usage.combine(sum, Usage.totals(usage)), core.now.usage)
    const untold = core.untold.length
    return write(core, () => Journal.changed(core.now.history, history, { ...core.now, usage, turn, freed })).pipe(
      Effect.mapError((error) => error.withAnswer(response)),
      Effect.andThen(Effect.suspend(() => {
        core.untold.splice(0, untold)
        core.undo = { history: core.now.history, runs: core.runs, before: core.undo }
        if (freed.length > 0) core.runs = Runs.free(core.runs, freed)
        if (turn !== undefined) core.runs = Runs.record(core.runs, turn, history, response)
        return update(core, { history, usage, lastResponse: Exchanges.lastResponse(history) })
      }))
    )
  })

/**
 * Returns the turn or run of a name, if it was committed and not taken back, here or
 * by another process. What is doubtful is settled first.
 */
export const runOf = Effect.fnUntraced(function*(
  core: Core,
  name: string | undefined,
  restore: Restore
): Effect.fn.Return<Runs.Run | undefined, WriteError> {
  const { doubtful, journal } = core
  if (name === undefined) return undefined
  if (doubtful.size > 0) yield* settle(core, restore)
  const known = Runs.get(core.runs, name)
  if (known === undefined || journal === undefined) return known
  const news = yield* restore(Journal.news(journal))
  return news.entries.length === 0 && !news.rewritten
    ? known
    : Runs.get((yield* Journal.restore(journal, knownOf(core), news)).runs, name)
})

/** Removes the last exchanges. */
export const rewind = (core: Core, count: number): Effect.Effect<void, WriteError | SessionBusyError> =>
  exclusively(core, () => {
    const history = History.rewind(core.now.history, count)
    return history === core.now.history ? Effect.void : goBack(core, history)
  })

/** Commits an earlier history, and frees the names of what is taken back. */
const goBack = (core: Core, history: History.History): Effect.Effect<void, WriteError> =>
  Effect.suspend(() => commit(core, { history, freed: Runs.takenBack(core.now.history, history) }))

/** Commits the history of before a run, and what was known of its name then. */
export const rollBack = (
  core: Core,
  history: History.History,
  name: string | undefined,
  known: Runs.Run | undefined
): Effect.Effect<void, WriteError> =>
  Effect.suspend(() => {
    const freed = Runs.takenBack(core.now.history, history).filter((freed) => freed !== name)
    if (name === undefined) return commit(core, { history, freed })
    return known === undefined
      ? commit(core, { history, freed: [...freed, name] })
      : commit(core, { history, freed, turn: { name, replies: 0, state: known.state } })
  })

/** Takes the last change back. Returns whether there was one. */
export const undo = (core: Core): Effect.Effect<boolean, WriteError | SessionBusyError> =>
  exclusively(core, () => {
    const { undo } = core
    if (undo === undefined) return Effect.succeed(false)
    return write(core, () => ({ type: "undone" })).pipe(
      Effect.andThen(Effect.suspend(() => {
        core.undo = undo.before
        core.runs = undo.runs
        return update(core, { history: undo.history, lastResponse: Exchanges.lastResponse(undo.history) })
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
      write(core, () => Journal.configured(parameters)),
      Effect.suspend(() => {
        core.configured = { ...core.configured, ...parameters }
        return update(core, { parameters: { ...core.now.parameters, ...parameters } })
      })
    ))

/** Begins another session with the history of this one. With a journal, that is written first. */
export const fork = (
  { configured, defaults, now: { history }, settings }: Core,
  journal: Journal.Journal | undefined
): Effect.Effect<Core, WriteError> => {
  const told = Effect.andThen(
    journal === undefined ? Effect.void : Journal.start(journal),
    journal === undefined || Object.keys(configured).length === 0
      ? Effect.void
      : Journal.write(journal, Journal.configured(configured))
  )
  return Effect.andThen(
    told,
    make(settings, defaults, { ...Journal.begin(history), parameters: configured }, journal)
  )
}

/** Takes up what the journal has and this session does not know. A journal that is another is read anew. */
export const refresh = (core: Core): Effect.Effect<void, SessionStore.SessionStoreError | SessionBusyError> => {
  const { journal } = core
  return journal === undefined ?
    Effect.void :
    exclusively(
      core,
      (restore) => Effect.flatMap(restore(Journal.news(journal)), (news) => takeUp(core, journal, news))
    )
}

/**
 * Makes sure that a session stands at the end of its journal, before a request is
 * paid for. A doubtful entry that was written after all is taken up; entries of
 * others are a conflict.
 */
export const settle = (core: Core, restore: Restore): Effect.Effect<void, WriteError> => {
  const { doubtful, journal } = core
  return journal === undefined ? Effect.void : Effect.gen(function*() {
    const { entries, rewritten } = yield* restore(Journal.news(journal))
    if (entries.length === 0 && !rewritten) return
    const own = rewritten ? 0 : entries.findIndex((entry) => !doubtful.has(Journal.textOf(entry)))
    const count = own === -1 ? entries.length : own
    if (count > 0) yield* takeUp(core, journal, { rewritten, entries: entries.slice(0, count) })
    if (rewritten || count < entries.length) {
      return yield* Effect.fail(
        new SessionStore.SessionConflictError({ id: journal.id, expected: journal.position })
      )
    }
  })
}

const knownOf = (core: Core): Journal.Snapshot => ({
  ...core.now,
  parameters: core.configured,
  undo: core.undo,
  runs: core.runs
})

const takeUp = Effect.fnUntraced(function*(
  core: Core,
  journal: Journal.Journal,
  news: Journal.News
): Effect.fn.Return<void, SessionStore.SessionStoreError> {
  const snapshot = yield* Journal.restore(journal, knownOf(core), news)
  Journal.advance(journal, news)
  settleDoubts(core, news.entries)
  core.undo = snapshot.undo
  core.runs = snapshot.runs
  core.configured = snapshot.parameters
  // Others write what was spent as far as they know: not what this process has not written yet.
  const isStale = news.rewritten || news.entries.some(({ type }) => type === "changed")
  const spending = isStale ? core.untold.reduce(Amounts.combine, snapshot) : snapshot
  yield* update(core, {
    ...shown({ ...snapshot, ...spending }),
    parameters: { ...core.defaults, ...snapshot.parameters }
  })
})

const write = (core: Core, entryOf: () => SessionStore.Entry): Effect.Effect<void, WriteError> => {
  const { doubtful, journal } = core
  if (journal === undefined) return Effect.void
  const entry = entryOf()
  const told = core.untold.length
  return Effect.matchEffect(Journal.write(journal, entry), {
    onSuccess: () => Effect.sync(() => doubtful.clear()),
    onFailure: (error) => {
      if (error._tag === "SessionStoreError" && !Stored.isTooDeep(entry)) {
        doubtful.set(Journal.textOf(entry), entry.type === "changed" ? told : 0)
      }
      return Effect.fail(error)
    }
  })
}

/** Counts as written what is in an entry that turns out to have been written. */
const settleDoubts = ({ doubtful, untold }: Core, entries: ReadonlyArray<SessionStore.Entry>): void => {
  if (doubtful.size === 0) return
  for (const entry of entries) {
    const text = Journal.textOf(entry)
    untold.splice(0, doubtful.get(text) ?? 0)
    doubtful.delete(text)
  }
}

/** The handle of a session, as far as it is known here. */
export interface Handle {
  readonly [HandleId]: Core
}

/** Where a handle keeps what is behind it. */
export const HandleId = "~@effect-claude/session/Session"

/** What is behind a handle. */
export const of = (handle: Handle): Core => handle[HandleId]
