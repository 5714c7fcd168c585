/**
 * The named turns and runs of a session: what they said last, and whether they
 * are over.
 *
 * The state of a run is recorded with each of its entries, in memory and in the
 * journal alike. A name is free again as soon as a reply of its run is taken back.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import type * as History from "../History.ts"
import type * as SessionStore from "../SessionStore.ts"
import * as Internal from "./history.ts"

/** A named turn or run, as of its last entry. */
export interface Run {
  /** The last response. */
  readonly response: Message.Message
  /** The history up to its last entry. */
  readonly history: History.History
  readonly state: SessionStore.RunState
}

/** Runs by name. Persistent: an undo goes back to an earlier one. */
export type Runs = HashMap.HashMap<string, Run>

/** No runs. */
export const empty: Runs = HashMap.empty()

/** Returns the run of a name. */
export const get = (self: Runs, name: string | undefined): Run | undefined =>
  name === undefined ? undefined : Option.getOrUndefined(HashMap.get(self, name))

/** Records an entry of a run. An entry without a response, such as the results of tools, keeps the last one. */
export const record = (
  self: Runs,
  turn: SessionStore.Named | undefined,
  history: History.History,
  response: Message.Message | undefined
): Runs => {
  if (turn === undefined) return self
  const last = response ?? get(self, turn.name)?.response
  if (last === undefined) return self
  return HashMap.set(self, turn.name, { response: last, history, state: stateOf(turn, history) })
}

/** Early entries have no state: a run whose calls were open was to go on, unless it had reached its limit. */
const stateOf = ({ atLimit, state }: SessionStore.Named, { status }: History.History): SessionStore.RunState =>
  state ?? (atLimit === true ? "turnLimit" : status === "awaitingToolResults" ? "open" : "finished")

/** Forgets names, so that their turns can be said again. */
export const free = (self: Runs, names: ReadonlyArray<string>): Runs => HashMap.removeMany(self, names)

/** Lists the names of which one history has fewer replies than another: their turns were taken back. */
export const takenBack = (from: History.History, to: History.History): ReadonlyArray<string> => {
  const shared = Internal.shared(Internal.nodeOf(from), Internal.nodeOf(to))
  const left = countNames(shared, to)
  return [...countNames(shared, from)].flatMap(([name, count]) => (left.get(name) ?? 0) < count ? [name] : [])
}

const countNames = (base: Internal.Node, history: History.History): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const entry of Internal.since(base, Internal.nodeOf(history))) {
    if (entry._tag !== "Reply" || entry.turn === undefined) continue
    counts.set(entry.turn, (counts.get(entry.turn) ?? 0) + 1)
  }
  return counts
}
