/**
 * A whole session as JSON: what was said, with which parameters, and what it
 * used.
 *
 * It carries the version of its format, and what was written once is read by
 * every later version. Credentials among the parameters are left out: tokens of
 * MCP servers, and with them the servers.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Cost from "@effect-claude/core/Cost"
import type * as Usage from "@effect-claude/core/Usage"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as History from "./History.ts"
import * as HistoryJson from "./HistoryJson.ts"
import * as Check from "./internal/check.ts"
import * as Stored from "./internal/stored.ts"
import type * as Turn from "./Turn.ts"

/** The version that is written. */
const version = 1

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * A session as JSON.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SessionJson = Schema.Struct({
  version: Schema.Literal(version),
  parameters: Stored.Parameters,
  history: HistoryJson.HistoryJson,
  usage: Stored.Totals,
  spent: Stored.Totals,
  cost: Schema.NullOr(Stored.Dollars)
})

/**
 * A session as JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionJson extends Schema.Schema.Type<typeof SessionJson> {}

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What is written of a session.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly parameters: Turn.Parameters
  readonly history: History.History
  readonly usage: Usage.Totals
  readonly spent: Usage.Totals
  readonly cost: Option.Option<Cost.Cost>
}

// -----------------------------------------------------------------------------
// storing
// -----------------------------------------------------------------------------

/**
 * Turns what a session is into JSON that `decode` reads, now and in later versions.
 *
 * @category storing
 * @since 0.1.0
 */
export const encode = (snapshot: Snapshot): SessionJson => ({
  version,
  parameters: Stored.withoutCredentials(snapshot.parameters),
  history: HistoryJson.encode(snapshot.history),
  usage: snapshot.usage,
  spent: snapshot.spent,
  cost: Option.getOrNull(snapshot.cost)
})

/**
 * Reads what `encode` wrote, in this version or an earlier one.
 *
 * @category storing
 * @since 0.1.0
 */
export const decode = (u: unknown): Result.Result<Snapshot, ClaudeError.RequestValidationError> => {
  const found = Predicate.hasProperty(u, "version") ? u.version : undefined
  if (typeof found === "number" && found > version) {
    return invalid("version", `The session was written in version ${found}; this library reads up to ${version}.`)
  }
  const decoded = Schema.decodeUnknownResult(SessionJson)(u)
  if (Result.isFailure(decoded)) return invalid("shape", "It does not have the form of an exported session.")
  const { cost, history, parameters, spent, usage } = decoded.success
  return Result.map(HistoryJson.decode(history), (history) => ({
    parameters,
    history,
    usage,
    spent,
    cost: Option.fromNullOr(cost)
  }))
}

const invalid = (
  rule: string,
  problem: string
): Result.Result<never, ClaudeError.RequestValidationError> =>
  Result.fail(Check.toError([{ rule, path: "session", problem, fix: "Give what Session.export returned." }]))
