/**
 * A session's place in its journal: what is written with each change, and how a
 * session is made again from what was written.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as History from "../History.ts"
import * as HistoryEntry from "../HistoryEntry.ts"
import * as HistoryJson from "../HistoryJson.ts"
import * as SessionStore from "../SessionStore.ts"
import type * as Turn from "../Turn.ts"
import * as Internal from "./history.ts"
import * as Splice from "./splice.ts"
import * as Stored from "./stored.ts"

/** Where a session writes what becomes of it. */
export interface Journal {
  readonly store: SessionStore.SessionStore["Service"]
  readonly id: string
  /** How many entries are known. */
  position: number
  /** What the session began with, as long as that is not written. */
  begins: History.History | undefined
}

/** What a journal tells of a session. */
export interface Told {
  readonly history: History.History
  readonly undo: Undo | undefined
  readonly usage: Usage.Totals
  readonly spent: Usage.Totals
  readonly cost: Option.Option<Cost.Cost>
  readonly parameters: Partial<Turn.Parameters>
  /** The turns that have a name. Grows with the session. */
  readonly named: Map<string, Named>
}

/** A turn that has a name. */
export interface Named {
  readonly answer: Message.Message
  /** The history with it. */
  readonly history: History.History
  /** Whether it is where a run of an agent ended that was allowed no more turns. */
  readonly atLimit: boolean
}

/** The histories before each change, latest first. */
export interface Undo {
  readonly history: History.History
  readonly before: Undo | undefined
}

/** What is told of a session that begins. */
export const begin = (history: History.History): Told => ({
  history,
  undo: undefined,
  usage: Usage.empty,
  spent: Usage.empty,
  cost: Option.some(Cost.empty),
  parameters: {},
  named: new Map()
})

/** Where a session writes from the given position on. */
export const make = (
  store: Journal["store"],
  id: string,
  position: number,
  history: History.History
): Journal => ({ store, id, position, begins: position > 0 || history.size === 0 ? undefined : history })

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

/** Goes past entries that others wrote, or that were written although that failed. */
export const advance = (journal: Journal, entries: ReadonlyArray<SessionStore.Entry>): void => {
  journal.position += entries.length
  // Whoever wrote first wrote what the session began with.
  if (entries.length > 0) journal.begins = undefined
}

/**
 * Writes an entry. An append that failed may still have been carried out, so
 * the journal is looked at before it counts as failed.
 */
const append = (
  journal: Journal,
  entry: SessionStore.Entry
): Effect.Effect<void, SessionStore.SessionConflictError | SessionStore.SessionStoreError> => {
  const { id, store } = journal
  return Effect.suspend(() => {
    const { position } = journal
    return store.append(id, position, entry).pipe(
      Effect.catchTag("SessionStoreError", (error) =>
        store.read(id, position).pipe(
          Effect.mapError(() => error),
          Effect.flatMap(([written, ...later]) =>
            later.length === 0 && written !== undefined && JSON.stringify(written) === JSON.stringify(entry)
              ? Effect.void
              : Effect.fail(error)
          )
        )),
      Effect.andThen(Effect.sync(() => {
        journal.position = position + 1
      }))
    )
  })
}

/** The entry for a change of the history from what was to what is. */
export const changed = (
  was: History.History,
  is: History.History,
  { cost, spent, usage }: Pick<Told, "cost" | "spent" | "usage">,
  turn: SessionStore.Changed["turn"]
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
    ...(turn === undefined ? undefined : { turn })
  }
}

/** The entry for parameters that hold from now on, and for those that do no longer. */
export const configured = (parameters: Partial<Turn.Parameters>): SessionStore.Entry => ({
  type: "configured",
  parameters: Stored.withoutCredentials(parameters),
  removed: Object.entries(parameters).filter(([, value]) => value === undefined).map(([name]) => name)
})

/** Takes up what a journal tells, entry after entry. */
export const replay = (
  told: Told,
  entries: ReadonlyArray<SessionStore.Entry>,
  id: string
): Effect.Effect<Told, SessionStore.SessionStoreError> =>
  Effect.suspend(() => {
    let now = told
    for (const [index, entry] of entries.entries()) {
      const next = step(now, entry)
      if (Result.isFailure(next)) {
        const problem = `entry ${index} does not follow from those before it: ${next.failure}`
        return Effect.fail(new SessionStore.SessionStoreError({ operation: "read", id, problem }))
      }
      now = next.success
    }
    return Effect.succeed(now)
  })

const step = (told: Told, entry: SessionStore.Entry): Result.Result<Told, string> => {
  switch (entry.type) {
    case "started":
      return HistoryJson.decode(entry.history).pipe(
        Result.map((history) => ({ ...told, history })),
        Result.mapError(({ message }) => message)
      )
    case "changed": {
      const base = Internal.at(Internal.nodeOf(told.history), entry.size)
      if (base === undefined) return Result.fail(`there are no ${entry.size} entries to go back to`)
      let history: History.History = base
      const replies: Array<Message.Message> = []
      for (const encoded of entry.entries) {
        const added = History.append(history, HistoryEntry.decode(encoded))
        if (Result.isFailure(added)) return Result.fail(added.failure.message)
        history = added.success
        if (encoded.type === "reply") replies.push(encoded.message)
      }
      if (entry.turn !== undefined) {
        // Where room was made, replies to other turns are written again before its own.
        const own = replies.slice(replies.length - entry.turn.replies)
        const { atLimit = false, name } = entry.turn
        if (Arr.isArrayNonEmpty(own)) told.named.set(name, { answer: Splice.join(own), history, atLimit })
      }
      return Result.succeed({
        ...told,
        history,
        usage: entry.usage,
        undo: { history: told.history, before: told.undo },
        spent: entry.spent,
        cost: Option.fromNullOr(entry.cost)
      })
    }
    case "undone":
      return told.undo === undefined
        ? Result.fail("there is nothing to undo")
        : Result.succeed({ ...told, history: told.undo.history, undo: told.undo.before })
    case "configured":
      return Result.succeed({
        ...told,
        parameters: {
          ...told.parameters,
          ...Object.fromEntries(entry.removed.map((name) => [name, undefined])),
          ...entry.parameters
        }
      })
  }
}
