/**
 * The form in which a history is stored: JSON, with the version of its format.
 *
 * What was written once is read by every later version. A bare array of turns,
 * as other programs keep them, is read as the oldest version. Reading goes
 * through the constructors of `History`, so whatever is read keeps their rules;
 * a failure says where something is wrong and quotes nothing of it.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as History from "./History.ts"
import * as HistoryEntry from "./HistoryEntry.ts"
import * as Check from "./internal/check.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/** The version that is written. */
const version = 1

/**
 * A history as JSON: entries as they came, and the version of the format.
 *
 * @category schemas
 * @since 0.1.0
 */
export const HistoryJson = Wire.struct("EncodedHistory", {
  version: Schema.Literal(version),
  entries: Schema.Array(HistoryEntry.Encoded)
})

/**
 * A history as JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryJson extends Schema.Schema.Type<typeof HistoryJson> {}

// -----------------------------------------------------------------------------
// storing
// -----------------------------------------------------------------------------

/**
 * Turns a history into JSON that `decode` reads, now and in later versions.
 *
 * **Example** (Keeping a conversation as text)
 *
 * ```ts
 * import * as History from "@effect-claude/session/History"
 * import * as HistoryJson from "@effect-claude/session/HistoryJson"
 * import * as Result from "effect/Result"
 *
 * const history = History.user(History.empty, "Hello").pipe(Result.getOrThrow)
 * const text = JSON.stringify(HistoryJson.encode(history))
 * const again = HistoryJson.decode(JSON.parse(text)).pipe(Result.getOrThrow)
 *
 * History.toMessages(again) // => History.toMessages(history)
 * ```
 *
 * @category storing
 * @since 0.1.0
 */
export const encode = (history: History.History): HistoryJson => ({
  version,
  entries: History.entries(history).map(HistoryEntry.encode)
})

/**
 * Reads what `encode` wrote, in this version or an earlier one.
 *
 * @category storing
 * @since 0.1.0
 */
export const decode = (u: unknown): History.Validated => {
  const encoded = read(u)
  if (Result.isFailure(encoded)) return Result.fail(Check.toError(encoded.failure))
  if ("messages" in encoded.success) return History.make(encoded.success.messages)
  let history: History.History = History.empty
  for (const [index, entry] of encoded.success.entries.entries()) {
    const next = History.append(history, HistoryEntry.decode(entry))
    if (Result.isFailure(next)) return Result.fail(Check.toError(within(next.failure.violations, index)))
    history = next.success
  }
  return Result.succeed(history)
}

const within = (
  violations: ReadonlyArray<ClaudeError.Violation>,
  index: number
): ReadonlyArray<ClaudeError.Violation> =>
  violations.map((violation) => ({ ...violation, path: `entries[${index}].${violation.path}` }))

const Messages = Schema.Array(MessageRequest.MessageParam)

/** Reads the form alone; a bare array of turns is what came before versions. */
const read = (
  u: unknown
): Result.Result<
  HistoryJson | { readonly messages: ReadonlyArray<MessageRequest.MessageParam> },
  ReadonlyArray<ClaudeError.Violation>
> => {
  if (Array.isArray(u)) {
    return parse(Messages, u).pipe(Result.map((messages) => ({ messages })))
  }
  const found = Predicate.hasProperty(u, "version") ? u.version : undefined
  if (typeof found === "number" && found > version) {
    return Result.fail([{
      rule: "version",
      path: "version",
      problem: `The history was written in version ${found} of the format; this library reads up to ${version}.`,
      fix: "Read it with the version that wrote it, or a later one."
    }])
  }
  return parse(HistoryJson, u)
}

const parse = <A>(schema: Schema.Codec<A, A>, u: unknown): Result.Result<A, ReadonlyArray<ClaudeError.Violation>> =>
  Result.mapError(Schema.decodeUnknownResult(schema)(u), (error) => {
    // The parser's own words quote what was said, so only the place is told; of several, the deepest.
    const paths = places(error.issue).issues.map(({ path = [] }) => path.map(pathSegment))
    const depth = Math.max(...paths.map((path) => path.length))
    return paths.filter((path) => path.length === depth).map((path) => ({
      rule: "shape",
      path: path.length === 0 ? "history" : path.join("."),
      problem: "It does not have the form of a stored history.",
      fix: "Give what HistoryJson.encode returned, or an array of turns."
    }))
  })

const places = SchemaIssue.makeFormatterStandardSchemaV1()

const pathSegment = (segment: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof segment === "object" ? segment.key : segment)
