/**
 * A session's place in its journal: what is written with each change, and how a
 * session is restored from what was written.
 *
 * No call of the store is waited for without a bound. An append that failed or was
 * given up may still have been carried out: it is doubtful until the journal is
 * read again.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as History from "../History.ts"
import * as HistoryEntry from "../HistoryEntry.ts"
import * as HistoryJson from "../HistoryJson.ts"
import * as SessionStore from "../SessionStore.ts"
import type * as Turn from "../Turn.ts"
import * as Bounded from "./bounded.ts"
import * as Exchanges from "./exchanges.ts"
import * as Internal from "./history.ts"
import * as Runs from "./runs.ts"
import * as Stored from "./stored.ts"

/** Where a session writes its changes. */
export interface Journal {
  readonly store: SessionStore.SessionStore["Service"]
  readonly id: string
  /** How long a call of the store may take. */
  readonly timeout: Duration.Duration
  /** What the session begins with where its journal is empty. */
  readonly initial: History.History
  /** How many entries are known. */
  position: number
  /** The last of them, which tells whether the journal is still the one that was read. */
  last: SessionStore.Entry | undefined
  /** What the session begins with, as long as that is not written. */
  begins: History.History | undefined
}

/** A session as its journal tells it. */
export interface Snapshot {
  readonly history: History.History
  readonly undo: Undo | undefined
  readonly usage: Usage.Totals
  readonly spent: Usage.Totals
  readonly cost: Option.Option<Cost.Cost>
  readonly parameters: Partial<Turn.Parameters>
  readonly runs: Runs.Runs
}

/** The state before each change that can be undone, latest first. */
export interface Undo {
  readonly history: History.History
  readonly runs: Runs.Runs
  readonly before: Undo | undefined
}

/** The snapshot of a session that begins with a history. */
export const begin = (history: History.History): Snapshot => ({
  history,
  undo: undefined,
  usage: Usage.empty,
  spent: Usage.empty,
  cost: Option.some(Cost.empty),
  parameters: {},
  runs: Runs.empty
})

/** How the journal of a session is kept. */
export interface Options extends Pick<Journal, "id" | "initial" | "store" | "timeout"> {}

/** Creates a journal of which nothing is known yet. */
export const make = (options: Options): Journal => ({
  ...options,
  position: 0,
  last: undefined,
  begins: options.initial.size === 0 ? undefined : options.initial
})

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/** What the journal has that is not known. */
export interface News {
  /** Whether the known entries are no longer there: then these are all entries. */
  readonly rewritten: boolean
  readonly entries: ReadonlyArray<SessionStore.Entry>
}

/** Reads what is not known. Reads the last known entry as well, and all of them where that one is gone. */
export const news = (journal: Journal): Effect.Effect<News, SessionStore.SessionStoreError> =>
  Effect.suspend(() => {
    const { last, position } = journal
    if (last === undefined) return Effect.map(read(journal, 0), (entries) => ({ rewritten: false, entries }))
    return Effect.flatMap(read(journal, position - 1), ([first, ...entries]): ReturnType<typeof news> =>
      first !== undefined && isSame(first, last)
        ? Effect.succeed({ rewritten: false, entries })
        : Effect.map(read(journal, 0), (entries) => ({ rewritten: true, entries })))
  })

const read = (
  { id, store, timeout }: Journal,
  from: number
): Effect.Effect<ReadonlyArray<SessionStore.Entry>, SessionStore.SessionStoreError> =>
  Bounded.run(store.read(id, from), {
    limit: timeout,
    grace: Duration.zero,
    whenInterrupted: "interrupt",
    onLate: late("read", id, timeout)
  })

const truncate = (
  { id, store, timeout }: Journal,
  length: number
): Effect.Effect<void, SessionStore.SessionStoreError> =>
  Bounded.run(store.truncate(id, length), {
    limit: timeout,
    grace,
    whenInterrupted: "finish",
    onLate: late("truncate", id, timeout)
  })

const late =
  (operation: "append" | "read" | "truncate", id: string, timeout: Duration.Duration) =>
  (reason: "timeout" | "interrupt"): Effect.Effect<never, SessionStore.SessionStoreError> =>
    Effect.fail(
      new SessionStore.SessionStoreError({
        operation,
        id,
        problem: reason === "timeout"
          ? `the store did not respond within ${Duration.format(timeout)}`
          : "it was interrupted before the store responded"
      })
    )

/** Takes the journal as known up to the end of its news. */
export const advance = (journal: Journal, { entries, rewritten }: News): void => {
  journal.position = rewritten ? entries.length : journal.position + entries.length
  journal.last = entries.at(-1) ?? (rewritten ? undefined : journal.last)
  // The first writer wrote what the session begins with. A journal that was removed begins anew.
  if (entries.length > 0) journal.begins = undefined
  else if (rewritten && journal.initial.size > 0) journal.begins = journal.initial
}

/** Restores a session with the news of its journal. */
export const restore = (
  journal: Journal,
  known: Snapshot,
  { entries, rewritten }: News
): Effect.Effect<Snapshot, SessionStore.SessionStoreError> => {
  const isEmpty = journal.position === 0 || rewritten
  const base = !isEmpty ? known : begin(entries.length === 0 ? journal.initial : History.empty)
  return replay(base, entries, journal.id, isEmpty ? 0 : journal.position)
}

/** Opens a journal. With `recover`, entries from the first damaged one on are removed. */
export const open = (
  journal: Journal,
  recover: boolean
): Effect.Effect<Snapshot, SessionStore.SessionStoreError> =>
  Effect.flatMap(news(journal), (news) =>
    Effect.map(restore(journal, begin(journal.initial), news), (snapshot) => {
      advance(journal, news)
      return snapshot
    })).pipe(
      Effect.catchIf(
        ({ readable }) => recover && readable !== undefined,
        (error) => Effect.andThen(truncate(journal, error.readable ?? 0), open(journal, recover))
      )
    )

/** Whether two entries are the same, in whatever order their members come. */
export const isSame = (self: SessionStore.Entry, that: SessionStore.Entry): boolean => textOf(self) === textOf(that)

/** An entry as text that does not depend on the order of its members. */
export const textOf = (entry: SessionStore.Entry): string =>
  JSON.stringify(entry, (_, value: unknown) =>
    Predicate.isObject(value) && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1))
      : value)

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/** How much longer the store may take to append after the turn was interrupted. */
const grace = Duration.seconds(1)

/** Writes an entry, and before the first one what the session began with. */
export const write = (
  journal: Journal,
  entry: SessionStore.Entry
): Effect.Effect<void, SessionStore.SessionConflictError | SessionStore.SessionStoreError> =>
  Effect.andThen(start(journal), append(journal, entry))

/** Writes what the session began with, unless that is written. */
export const start = (
  journal: Journal
): Effect.Effect<void, SessionStore.SessionConflictError | SessionStore.SessionStoreError> =>
  Effect.suspend(() => {
    if (journal.begins === undefined) return Effect.void
    const entry: SessionStore.Entry = { type: "started", history: HistoryJson.encode(journal.begins) }
    return Effect.andThen(
      append(journal, entry),
      Effect.sync(() => {
        journal.begins = undefined
      })
    )
  })

/**
 * Writes an entry. An append that failed may still have been carried out, so
 * the journal is looked at before it counts as failed.
 */
const append = (
  journal: Journal,
  entry: SessionStore.Entry
): Effect.Effect<void, SessionStore.SessionConflictError | SessionStore.SessionStoreError> => {
  const { id, store, timeout } = journal
  return Effect.suspend(() => {
    const { position } = journal
    const written = store.append(id, position, entry).pipe(
      Effect.catchTag("SessionStoreError", (error) =>
        store.read(id, position).pipe(
          Effect.mapError(() => error),
          Effect.flatMap(([written, ...later]) =>
            later.length === 0 && written !== undefined && isSame(written, entry)
              ? Effect.void
              : Effect.fail(error)
          )
        ))
    )
    return Bounded.run(written, {
      limit: timeout,
      grace,
      whenInterrupted: "finish",
      onLate: late("append", id, timeout)
    }).pipe(
      Effect.andThen(Effect.sync(() => {
        journal.position = position + 1
        journal.last = entry
      }))
    )
  })
}

/** What changes with an entry, besides the history. */
export interface Change extends Pick<Snapshot, "cost" | "spent" | "usage"> {
  readonly turn: SessionStore.Named | undefined
  readonly freed: ReadonlyArray<string>
}

/** The entry for a change of the history from what was to what is. */
export const changed = (
  was: History.History,
  is: History.History,
  { cost, freed, spent, turn, usage }: Change
): SessionStore.Entry => {
  const history = Internal.nodeOf(is)
  const shared = Internal.shared(Internal.nodeOf(was), history)
  return {
    type: "changed",
    size: shared.size,
    entries: Internal.since(shared, history).map(HistoryEntry.encode),
    usage,
    spent,
    cost: Option.getOrNull(cost),
    ...(turn === undefined ? undefined : { turn }),
    ...(freed.length === 0 ? undefined : { freed })
  }
}

/** The entry for parameters that hold from now on, and for those that do no longer. */
export const configured = (parameters: Partial<Turn.Parameters>): SessionStore.Entry => ({
  type: "configured",
  parameters: Stored.withoutCredentials(parameters),
  removed: Object.entries(parameters).filter(([, value]) => value === undefined).map(([name]) => name)
})

// -----------------------------------------------------------------------------
// replaying
// -----------------------------------------------------------------------------

/** Applies entries to a snapshot, one after the other. `from` is the position of the first. */
const replay = (
  known: Snapshot,
  entries: ReadonlyArray<SessionStore.Entry>,
  id: string,
  from: number
): Effect.Effect<Snapshot, SessionStore.SessionStoreError> =>
  Effect.suspend(() => {
    let now = known
    for (const [index, entry] of entries.entries()) {
      const next = step(now, entry)
      if (Result.isFailure(next)) {
        const problem = `entry ${from + index} does not follow from those before it: ${next.failure}`
        return Effect.fail(
          new SessionStore.SessionStoreError({ operation: "read", id, problem, readable: from + index })
        )
      }
      now = next.success
    }
    return Effect.succeed(now)
  })

const step = (known: Snapshot, entry: SessionStore.Entry): Result.Result<Snapshot, string> => {
  switch (entry.type) {
    case "started":
      return HistoryJson.decode(entry.history).pipe(
        Result.map((history) => ({ ...known, history })),
        Result.mapError(({ message }) => message)
      )
    case "changed": {
      const base = Internal.at(Internal.nodeOf(known.history), entry.size)
      if (base === undefined) return Result.fail(`there are no ${entry.size} entries to go back to`)
      let history: History.History = base
      const replies: Array<Message.Message> = []
      for (const encoded of entry.entries) {
        const added = History.append(history, HistoryEntry.decode(encoded))
        if (Result.isFailure(added)) return Result.fail(added.failure.message)
        history = added.success
        if (encoded.type === "reply") replies.push(encoded.message)
      }
      // Where older replies are written again, those of the turn come last.
      const own = entry.turn === undefined ? [] : replies.slice(replies.length - entry.turn.replies)
      const response = Arr.isArrayNonEmpty(own) ? Exchanges.join(own) : undefined
      return Result.succeed({
        ...known,
        history,
        usage: entry.usage,
        undo: { history: known.history, runs: known.runs, before: known.undo },
        runs: Runs.record(Runs.free(known.runs, entry.freed ?? []), entry.turn, history, response),
        spent: entry.spent,
        cost: Option.fromNullOr(entry.cost)
      })
    }
    case "undone":
      return known.undo === undefined
        ? Result.fail("there is nothing to undo")
        : Result.succeed({
          ...known,
          history: known.undo.history,
          runs: known.undo.runs,
          undo: known.undo.before
        })
    case "configured":
      return Result.succeed({
        ...known,
        parameters: {
          ...known.parameters,
          ...Object.fromEntries(entry.removed.map((name) => [name, undefined])),
          ...entry.parameters
        }
      })
  }
}
