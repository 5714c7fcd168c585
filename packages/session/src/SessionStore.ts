/**
 * Where sessions outlive their process: an append-only journal of turns.
 *
 * One operation matters: `append` adds an entry at a position if the journal has
 * exactly that many entries, or fails with `SessionConflictError`. So two processes
 * on one session never overwrite each other: the second one fails. An entry is
 * there whole or not at all, and an entry that `append` returned from is there
 * after a crash.
 *
 * All stores take the same ids: well-formed text of 1 to 512 bytes of UTF-8,
 * without NUL.
 *
 * Entries carry the version of their format, and every later version reads them.
 * They hold the content of conversations: protect them accordingly.
 *
 * @since 0.1.0
 */
import type * as Cost from "@effect-claude/core/Cost"
import type * as Usage from "@effect-claude/core/Usage"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as HistoryEntry from "./HistoryEntry.ts"
import * as HistoryJson from "./HistoryJson.ts"
import * as Failure from "./internal/failure.ts"
import * as Stored from "./internal/stored.ts"
import type * as Turn from "./Turn.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An entry of a journal.
 *
 * - `started`: the session began with a history
 * - `changed`: the history went back to its first `size` entries, and `entries`
 *   were added; either may be none
 * - `undone`: the last change was undone
 * - `configured`: parameters were changed for the turns that follow
 *
 * @category models
 * @since 0.1.0
 */
export type Entry = Started | Changed | Undone | Configured

/**
 * A session began.
 *
 * @category models
 * @since 0.1.0
 */
export interface Started {
  readonly type: "started"
  readonly history: HistoryJson.HistoryJson
}

/**
 * The history changed: by a turn, a rewind or an edit.
 *
 * @category models
 * @since 0.1.0
 */
export interface Changed {
  readonly type: "changed"
  readonly size: number
  readonly entries: ReadonlyArray<HistoryEntry.Encoded>
  /** The usage of the committed responses so far. */
  readonly usage: Usage.Totals
  /** What the session has spent so far, failed turns included. */
  readonly spent: Usage.Totals
  /** What that cost. Null when a price is unknown. */
  readonly cost: Cost.Cost | null
  /** The turn or run it belongs to, if that has a name. */
  readonly turn?: Named | undefined
  /** The names that are free again, since replies of their turns were taken back. */
  readonly freed?: ReadonlyArray<string> | undefined
}

/**
 * How far a named turn or run has come.
 *
 * - `open`: the run of an agent continues after this entry
 * - otherwise it has ended, as the `end` of its outcome says
 *
 * @category models
 * @since 0.1.0
 */
export type RunState =
  | "open"
  | "finished"
  | "refused"
  | "turnLimit"
  | "stopped"
  | "awaitingApproval"
  | "awaitingClient"

/**
 * The named turn or run that an entry belongs to. A run begins with the first
 * entry that names it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Named {
  readonly name: string
  /** How many of the replies in the entry are its own: the last ones. */
  readonly replies: number
  /** Entries that were written before there was a state have none. */
  readonly state?: RunState | undefined
  /** What such an entry has instead: whether it is the last of a run that reached its limit. */
  readonly atLimit?: boolean | undefined
}

/**
 * The last change was undone.
 *
 * @category models
 * @since 0.1.0
 */
export interface Undone {
  readonly type: "undone"
}

/**
 * Parameters were changed. Credentials in them are not stored.
 *
 * @category models
 * @since 0.1.0
 */
export interface Configured {
  readonly type: "configured"
  readonly parameters: Partial<Turn.Parameters>
  /** The names of parameters that were removed. */
  readonly removed: ReadonlyArray<string>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * Another process wrote to the session, or removed it: its journal is not where
 * this session stands. Nothing was written. `Session.refresh` catches up.
 *
 * @category errors
 * @since 0.1.0
 */
export class SessionConflictError extends Failure.failure("SessionConflictError")<{
  readonly id: string
  /** Where the entry was to go. */
  readonly expected: number
}> {
  override get message(): string {
    return `Session "${this.id}" was changed by another process: entry ${this.expected} exists already, ` +
      "or one before it is missing. Refresh the session and send again."
  }
}

/**
 * The store failed: nothing is known to be written.
 *
 * @category errors
 * @since 0.1.0
 */
export class SessionStoreError extends Failure.failure("SessionStoreError")<{
  /** The operation that failed. */
  readonly operation: "append" | "read" | "truncate" | "remove" | "list"
  readonly id: string | undefined
  /** What went wrong. */
  readonly problem: string
  /** How many entries before the first damaged one can be read. `Session.open` opens there with `recover`. */
  readonly readable?: number | undefined
}> {
  override get message(): string {
    const session = this.id === undefined ? "sessions" : `session "${this.id}"`
    const advice = this.readable === undefined
      ? ""
      : `. The ${this.readable} entries before it can be read: open the session with \`recover: true\` to go on there`
    return `Could not ${this.operation} ${session}: ${this.problem}${advice}`
  }
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The journals of sessions.
 *
 * @category services
 * @since 0.1.0
 */
export class SessionStore extends Context.Service<SessionStore, {
  /** Adds an entry at the position, if the journal has exactly that many. */
  readonly append: (
    id: string,
    position: number,
    entry: Entry
  ) => Effect.Effect<void, SessionConflictError | SessionStoreError>
  /** Returns the entries from a position on. A session that was never written to has none. */
  readonly read: (id: string, from?: number) => Effect.Effect<ReadonlyArray<Entry>, SessionStoreError>
  /** Removes the entries from a position on, readable or not. */
  readonly truncate: (id: string, length: number) => Effect.Effect<void, SessionStoreError>
  /** Removes a session. */
  readonly remove: (id: string) => Effect.Effect<void, SessionStoreError>
  /** Returns the ids of all sessions, in no particular order. */
  readonly list: Effect.Effect<ReadonlyArray<string>, SessionStoreError>
}>()("@effect-claude/session/SessionStore") {}

/**
 * Keeps lines of text: all that a store is made of.
 *
 * @category models
 * @since 0.1.0
 */
export interface Backend {
  /** Adds a line at the position if there are exactly that many. Returns whether it did. */
  readonly append: (id: string, position: number, line: string) => Effect.Effect<boolean, BackendError>
  /** Returns the lines from a position on. */
  readonly read: (id: string, from: number) => Effect.Effect<ReadonlyArray<string>, BackendError>
  /** Removes the lines from a position on. */
  readonly truncate: (id: string, length: number) => Effect.Effect<void, BackendError>
  readonly remove: (id: string) => Effect.Effect<void, BackendError>
  readonly list: Effect.Effect<ReadonlyArray<string>, BackendError>
}

/**
 * Why a backend failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface BackendError {
  /** What went wrong, in a sentence without content. */
  readonly problem: string
  readonly cause?: unknown
}

/**
 * Creates a store from a backend that keeps lines of text.
 *
 * **When to use**
 *
 * Use it to keep sessions where none of the layers does. The laws of stores in the
 * tests of this package check a backend.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (backend: Backend): SessionStore["Service"] => ({
  append: (id, position, entry) =>
    checked(id, () =>
      Stored.isTooDeep(entry)
        ? Effect.fail({ problem: `the entry is nested deeper than ${Stored.maxDepth} levels` })
        : backend.append(id, position, encode(entry))).pipe(
        Effect.mapError(failed("append", id)),
        Effect.flatMap((added) =>
          added ? Effect.void : Effect.fail(new SessionConflictError({ id, expected: position }))
        )
      ),
  read: (id, from = 0) =>
    checked(id, () => backend.read(id, from)).pipe(
      Effect.mapError(failed("read", id)),
      Effect.flatMap(Effect.forEach((line, index) =>
        Effect.mapError(Effect.fromResult(decode(line)), ({ isDamaged, problem }) =>
          new SessionStoreError({
            operation: "read",
            id,
            problem: `entry ${from + index} ${problem}`,
            ...(isDamaged ? { readable: from + index } : undefined)
          }))
      ))
    ),
  truncate: (id, length) => Effect.mapError(checked(id, () => backend.truncate(id, length)), failed("truncate", id)),
  remove: (id) => Effect.mapError(checked(id, () => backend.remove(id)), failed("remove", id)),
  list: Effect.mapError(backend.list, failed("list", undefined))
})

/** Refuses ids that some backend cannot keep, so that all refuse the same. */
const checked = <A>(id: string, use: () => Effect.Effect<A, BackendError>): Effect.Effect<A, BackendError> =>
  Effect.suspend(() => {
    const problem = problemOfId(id)
    return problem === undefined ? use() : Effect.fail({ problem })
  })

const problemOfId = (id: string): string | undefined => {
  if (id === "") return "the id is empty"
  if (/\p{Surrogate}/u.test(id)) return "the id has half of a surrogate pair. Use well-formed text"
  if (id.includes("\0")) return "the id has a NUL character. Use text without it"
  const { length } = new TextEncoder().encode(id)
  return length > 512 ? `the id has ${length} bytes of UTF-8. Use at most 512` : undefined
}

const failed =
  (operation: SessionStoreError["operation"], id: string | undefined) =>
  ({ cause, problem }: BackendError): SessionStoreError => new SessionStoreError({ operation, id, problem, cause })

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that keeps sessions in memory: they end with the program.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<SessionStore> = Layer.sync(SessionStore, () => {
  const sessions = new Map<string, Array<string>>()
  return make({
    append: (id, position, line) =>
      Effect.sync(() => {
        const lines = sessions.get(id) ?? []
        if (lines.length !== position) return false
        lines.push(line)
        sessions.set(id, lines)
        return true
      }),
    read: (id, from) => Effect.sync(() => (sessions.get(id) ?? []).slice(from)),
    truncate: (id, length) =>
      Effect.sync(() => {
        if (length === 0) sessions.delete(id)
        else sessions.get(id)?.splice(length)
      }),
    remove: (id) => Effect.sync(() => void sessions.delete(id)),
    list: Effect.sync(() => [...sessions.keys()])
  })
})

// -----------------------------------------------------------------------------
// the format
// -----------------------------------------------------------------------------

/** The version that is written. */
const version = 1

const Line = Schema.Struct({
  version: Schema.Literal(version),
  entry: Schema.Union([
    Schema.Struct({ type: Schema.Literal("started"), history: HistoryJson.HistoryJson }),
    Schema.Struct({
      type: Schema.Literal("changed"),
      size: Schema.Int,
      entries: Schema.Array(HistoryEntry.Encoded),
      usage: Stored.Totals,
      spent: Stored.Totals,
      cost: Schema.NullOr(Stored.Dollars),
      turn: Schema.optional(Schema.Struct({
        name: Schema.String,
        replies: Schema.Int,
        state: Schema.optional(Schema.Literals([
          "open",
          "finished",
          "refused",
          "turnLimit",
          "stopped",
          "awaitingApproval",
          "awaitingClient"
        ])),
        atLimit: Schema.optional(Schema.Boolean)
      })),
      freed: Schema.optional(Schema.Array(Schema.String))
    }),
    Schema.Struct({ type: Schema.Literal("undone") }),
    Schema.Struct({
      type: Schema.Literal("configured"),
      parameters: Stored.SomeParameters,
      removed: Schema.Array(Schema.String)
    })
  ])
})

const decodeLine = Schema.decodeUnknownResult(Schema.fromJsonString(Line))

const encode = (entry: Entry): string => JSON.stringify({ version, entry })

/** Reads an entry. The problem quotes nothing of it. An entry of a later version is not damaged. */
const decode = (line: string): Result.Result<Entry, { readonly problem: string; readonly isDamaged: boolean }> => {
  const found = Result.getOrUndefined(decodeVersion(line))?.version
  if (found !== undefined && found > version) {
    const problem = `was written in version ${found} of the format; this library reads up to ${version}`
    return Result.fail({ problem, isDamaged: false })
  }
  return decodeLine(line).pipe(
    Result.map(({ entry }) => entry),
    Result.mapError(() => ({ problem: "is not an entry of a journal", isDamaged: true }))
  )
}

const decodeVersion = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Struct({ version: Schema.Finite })))
