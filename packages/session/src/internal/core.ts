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
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type * as Budget from "../Budget.ts"
import * as CachePolicy from "../CachePolicy.ts"
import * as History from "../History.ts"
import type { State } from "../Session.ts"
import type { SessionBusyError } from "../SessionError.ts"
import type * as SessionStore from "../SessionStore.ts"
import type * as Turn from "../Turn.ts"
import * as Amounts from "./amounts.ts"
import * as Exchanges from "./exchanges.ts"
import * as Journal from "./journal.ts"
import * as Lock from "./lock.ts"
import * as Metering from "./metering.ts"

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
  /** The last request that was answered. */
  sent: MessageRequest.MessageRequest | undefined
  /** The turns that have a name. */
  readonly named: Map<string, Journal.Named>
  /** What was configured: it holds over the options a session is opened with. */
  configured: Journal.Told["parameters"]
  /** What was spent since the journal was last told what was. */
  readonly untold: Array<Spending>
  /** Entries that may have been written although that failed, as text, and how many of the untold each tells. */
  readonly doubtful: Map<string, number>
}

/** What an attempt spent, and what that cost where the price is known. */
interface Spending {
  readonly spent: Usage.Totals
  readonly cost: Option.Option<Cost.Cost>
}

const combine = (self: Spending, that: Spending): Spending => ({
  spent: Usage.combine(self.spent, that.spent),
  cost: Option.zipWith(self.cost, that.cost, Cost.combine)
})

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
    cacheMiss: Option.none(),
    parameters: { ...parameters, ...told.parameters }
  }
  return Effect.map(SubscriptionRef.make(now), (state) => ({
    settings,
    lock: Lock.make(),
    journal,
    state,
    now,
    undo: told.undo,
    sent: undefined,
    named: told.named,
    configured: told.parameters,
    untold: [],
    doubtful: new Map()
  }))
}

const shown = ({ cost, history, spent, usage }: Journal.Told) => ({
  history,
  usage,
  spent,
  cost,
  lastResponse: Exchanges.lastAnswer(history)
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

/** The attempts of one request of a session. */
export interface Metered {
  /** What sends the request. */
  readonly claude: Claude["Service"]
  /** Counts what is not counted yet, ahead of the end of the request. */
  readonly end: Metering.Entry["settle"]
}

/**
 * Counts each attempt of a request, whether or not its turn succeeds: in what the
 * session spent, and in its budget, where it has one.
 */
export const metered = (core: Core): Metered => {
  let meter: Metering.Meter | undefined = undefined
  return {
    claude: Interceptor.inside(core.settings.claude, (call) =>
      Effect.sync(() => {
        meter = Metering.make(call, begin(core, call.request))
        return meter.follower
      })),
    end: (message, outcome) => Effect.suspend(() => meter?.end(message, outcome) ?? Effect.void)
  }
}

const begin = (
  core: Core,
  request: MessageRequest.MessageRequest | undefined
): Effect.Effect<Metering.Entry, ClaudeError.BudgetExceededError> => {
  const counted: Metering.Entry = {
    settle: (message) => message === undefined ? Effect.void : count(core, request, message)
  }
  const { budget } = core.settings
  if (budget === undefined || request === undefined) return Effect.succeed(counted)
  return Effect.map(Metering.draw(budget, request), (drawn): Metering.Entry => ({
    settle: (message, outcome) => Effect.andThen(drawn.settle(message, outcome), counted.settle(message, outcome))
  }))
}

/** Counts what an answer used, as far as it came. */
const count = (
  core: Core,
  request: MessageRequest.MessageRequest | undefined,
  message: Message.Message
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const known = Amounts.settled(message)
    const totals = Usage.totals(known.usage)
    const cacheMiss = totals.cacheRead > 0 || request === undefined ? Option.none() : changeSince(core, request)
    core.sent = request
    return Effect.flatMap(Cost.ofMessageEffect(known), (cost) => {
      const spending: Spending = { spent: totals, cost }
      if (core.journal !== undefined) core.untold.push(spending)
      return update(core, { cacheMiss, ...combine(core.now, spending) })
    })
  })

/** What kept a prompt from being read from the cache: where it differs from the one that was answered before. */
const changeSince = ({ now, sent }: Core, request: MessageRequest.MessageRequest): State["cacheMiss"] => {
  if (sent === undefined) return Option.none()
  // What is tried again is the same prompt.
  return sent === request ? now.cacheMiss : CachePolicy.changeOf(sent, request)
}

/** Draws a turn from the budget, where there is one. Returns what is to be said at its end: whether it was committed. */
export const drawTurn = (
  core: Core
): Effect.Effect<(committed: boolean) => Effect.Effect<void>, ClaudeError.BudgetExceededError> => {
  const { budget } = core.settings
  if (budget === undefined) return Effect.succeed(() => Effect.void)
  const turn: Budget.Amount = { ...Amounts.nothing, turns: 1 }
  return Effect.map(
    budget.reserve(turn),
    ({ settle }) => (committed) => settle(committed ? turn : Amounts.nothing)
  )
}

/** Makes a history, and what was answered to it, that of the session. */
export const commit = (
  core: Core,
  history: History.History,
  messages: ReadonlyArray<Message.Message>,
  response: Message.Message | undefined,
  turn?: SessionStore.Named | undefined
): Effect.Effect<void, WriteError> =>
  Effect.suspend(() => {
    const usage = messages.reduce((sum, { usage }) => Usage.combine(sum, Usage.totals(usage)), core.now.usage)
    const untold = core.untold.length
    return write(core, () => Journal.changed(core.now.history, history, { ...core.now, usage }, turn)).pipe(
      Effect.mapError((error) => error.withAnswer(response)),
      Effect.andThen(Effect.suspend(() => {
        core.untold.splice(0, untold)
        core.undo = { history: core.now.history, before: core.undo }
        if (turn !== undefined && response !== undefined) {
          core.named.set(turn.name, { answer: response, history, atLimit: turn.atLimit === true })
        }
        return update(core, { history, usage, lastResponse: Exchanges.lastAnswer(history) })
      }))
    )
  })

/** The turn of a name, if it was committed. */
export const turnOf = (core: Core, name: string | undefined): Journal.Named | undefined =>
  name === undefined ? undefined : core.named.get(name)

/** Goes back to before so many exchanges. */
export const rewind = (core: Core, count: number): Effect.Effect<void, WriteError | SessionBusyError> =>
  exclusively(core, () => {
    const history = History.rewind(core.now.history, count)
    return history === core.now.history ? Effect.void : commit(core, history, [], undefined)
  })

/** Takes the last change back. Returns whether there was one. */
export const undo = (core: Core): Effect.Effect<boolean, WriteError | SessionBusyError> =>
  exclusively(core, () => {
    const { undo } = core
    if (undo === undefined) return Effect.succeed(false)
    return write(core, () => ({ type: "undone" })).pipe(
      Effect.andThen(Effect.suspend(() => {
        core.undo = undo.before
        return update(core, { history: undo.history, lastResponse: Exchanges.lastAnswer(undo.history) })
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

/** Begins a session of its own with what this one is. With a journal, that is written first. */
export const fork = (
  { configured, now: { history, parameters }, settings }: Core,
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
    make(settings, parameters, { ...Journal.begin(history), parameters: configured }, journal)
  )
}

/** Takes up what others wrote to the journal. */
export const refresh = (core: Core): Effect.Effect<void, SessionStore.SessionStoreError | SessionBusyError> => {
  const { journal } = core
  if (journal === undefined) return Effect.void
  return exclusively(core, (restore) =>
    Effect.gen(function*() {
      const entries = yield* restore(journal.store.read(journal.id, journal.position))
      const told = yield* Journal.replay(
        { ...core.now, parameters: core.configured, undo: core.undo, named: core.named },
        entries,
        journal.id
      )
      Journal.advance(journal, entries)
      settleDoubts(core, entries)
      core.undo = told.undo
      core.configured = told.parameters
      // Others tell what was spent as far as they know: not what this process has not told yet.
      const spending = entries.some(({ type }) => type === "changed") ? core.untold.reduce(combine, told) : told
      yield* update(core, {
        ...shown({ ...told, ...spending }),
        parameters: { ...core.now.parameters, ...told.parameters }
      })
    }))
}

const write = (core: Core, entryOf: () => SessionStore.Entry): Effect.Effect<void, WriteError> => {
  const { doubtful, journal } = core
  if (journal === undefined) return Effect.void
  const entry = entryOf()
  const told = core.untold.length
  return Effect.matchEffect(Journal.write(journal, entry), {
    onSuccess: () => Effect.sync(() => doubtful.clear()),
    onFailure: (error) => {
      if (entry.type === "changed" && error._tag === "SessionStoreError") doubtful.set(JSON.stringify(entry), told)
      return Effect.fail(error)
    }
  })
}

/** Takes for told what an entry tells that turns out to have been written. */
const settleDoubts = ({ doubtful, untold }: Core, entries: ReadonlyArray<SessionStore.Entry>): void => {
  if (doubtful.size === 0) return
  for (const entry of entries) untold.splice(0, doubtful.get(JSON.stringify(entry)) ?? 0)
}

/** The handle of a session, as far as it is known here. */
export interface Handle {
  readonly [HandleId]: Core
}

/** Where a handle keeps what is behind it. */
export const HandleId = "~@effect-claude/session/Session"

/** What is behind a handle. */
export const of = (handle: Handle): Core => handle[HandleId]
