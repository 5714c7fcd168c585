/**
 * One interaction with the API, as a line of a log: its format, for those who
 * write logs and those who read them.
 *
 * A line of JSON is an object of the fields below, and nothing else; a field
 * that does not apply is absent. Times of day are RFC 3339 in UTC,
 * durations milliseconds, tokens are counted by disjoint classes. `v` is the
 * version of the format: fields may be added under the same version, and
 * `parse` ignores what it does not know.
 *
 * A line is always one line, whatever a prompt or a server says: control
 * characters are escaped. No line holds a credential or a header.
 *
 * **Example** (Reading a line)
 *
 * ```ts
 * import * as TrafficEntry from "@effect-claude/http/TrafficEntry"
 * import * as Option from "effect/Option"
 *
 * const line = JSON.stringify({
 *   v: 1,
 *   time: "2026-11-20T10:00:00.000Z",
 *   operation: "messages.create",
 *   model: "claude-sonnet-5-5",
 *   outcome: "completed",
 *   attempts: 1,
 *   latencyMs: 812,
 *   inputTokens: 10,
 *   outputTokens: 25,
 *   stopReason: "end_turn",
 *   requestId: "req_1"
 * })
 *
 * Option.map(TrafficEntry.parse(line), TrafficEntry.format)
 * // => Option.some("2026-11-20T10:00:00.000Z messages.create claude-sonnet-5-5 completed in 812 ms, 10 in 25 out, end_turn, req_1")
 * ```
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const Count = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

const field = Schema.optional

/**
 * How a call failed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Failure = Schema.Struct({
  /** The tag of the error, such as `OverloadedError`. */
  tag: Schema.String,
  /** The HTTP status, where there was a response. */
  status: field(Schema.Finite),
  /** The wire's `error.details.error_code`. */
  code: field(Schema.String),
  /** What the server can have done: `notSent`, `rejected`, `partial` or `unknown`. */
  outcome: Schema.String,
  /** Why no further attempt was made. */
  gaveUp: field(Schema.String)
})

/**
 * How a call failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure extends Schema.Schema.Type<typeof Failure> {}

/**
 * One interaction with the API.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TrafficEntry = Schema.Struct({
  /** The version of the format. */
  v: Schema.Literal(1),
  /** When the call began. */
  time: Schema.String,
  /** What was asked, such as `messages.create`. */
  operation: Schema.String,
  /** The model that was asked. */
  model: field(Schema.String),
  /** The model that answered, where it is another. */
  answeredBy: field(Schema.String),
  /** Whether it was answered, failed, or was given up by the program: interrupted, or its stream left early. */
  outcome: Schema.Literals(["completed", "failed", "abandoned"]),
  /** How often it was tried; 0 where the answer was known already. */
  attempts: Count,
  /** How many requests were sent a second time because the first was slow. */
  hedges: field(Count),
  /** Whether the answer was known already: it came from a cache, and its tokens were used when it was new. */
  cached: field(Schema.Boolean),
  /** How long the call took, waits between attempts included. */
  latencyMs: Count,
  /** How long until the first content, where the answer travelled as a stream. */
  firstContentMs: field(Count),
  /** How long was waited between attempts, where there were several. */
  waitedMs: field(Count),
  /** Input tokens that were neither read from nor written to the cache. */
  inputTokens: field(Count),
  outputTokens: field(Count),
  /** Input tokens read from the cache. */
  cacheReadTokens: field(Count),
  /** Input tokens written to the cache. */
  cacheWriteTokens: field(Count),
  stopReason: field(Schema.String),
  /** The category of a refusal, or `unspecified`. */
  refusal: field(Schema.String),
  /** The `request-id` to quote to support. */
  requestId: field(Schema.String),
  error: field(Failure),
  /** The text of the last turn sent: its beginning, or `sha256:` and its hash. Absent unless asked for. */
  prompt: field(Schema.String),
  /** The text of the answer, likewise. */
  answer: field(Schema.String)
})

/**
 * One interaction with the API.
 *
 * @category models
 * @since 0.1.0
 */
export interface TrafficEntry extends Schema.Schema.Type<typeof TrafficEntry> {}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Writes an entry as a line of JSON, without the line's end.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toJson = (self: TrafficEntry): string =>
  // These two end a line for some readers, and JSON lets them stand.
  JSON.stringify(self).replace(/[\u0085\u2028\u2029]/g, escape)

/**
 * Reads a line of JSON; none if it is not an entry.
 *
 * @category conversions
 * @since 0.1.0
 */
export const parse: (line: string) => Option.Option<TrafficEntry> = Schema.decodeOption(
  Schema.fromJsonString(TrafficEntry)
)

/**
 * Writes an entry as a line for people, without the line's end.
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (self: TrafficEntry): string => {
  const { attempts, error, firstContentMs, waitedMs } = self
  const timing = [
    `${self.latencyMs} ms`,
    ...(firstContentMs === undefined ? [] : [`first content ${firstContentMs} ms`]),
    ...(self.cached === true ? ["from the cache"] : attempts === 1 ? [] : [`${attempts} attempts`]),
    ...(self.hedges === undefined ? [] : [`${self.hedges} hedged`]),
    ...(waitedMs === undefined ? [] : [`waited ${waitedMs} ms`])
  ]
  const parts = [
    `${words([self.time, self.operation, self.model, self.outcome])} in ${timing.join(", ")}`,
    tokens(self),
    ...(error === undefined ? [] : [words([error.tag, error.status, error.code, error.outcome, error.gaveUp])]),
    self.refusal === undefined ? self.stopReason : `refusal (${self.refusal})`,
    self.answeredBy === undefined ? undefined : `answered by ${self.answeredBy}`,
    self.requestId,
    self.prompt === undefined ? undefined : `prompt ${JSON.stringify(self.prompt)}`,
    self.answer === undefined ? undefined : `answer ${JSON.stringify(self.answer)}`
  ]
  return parts.filter((part) => part !== undefined).join(", ").replace(control, escape)
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Whatever may end or garble a line. */
// oxlint-disable-next-line eslint/no-control-regex -- control characters are what it is about
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

const words = (parts: ReadonlyArray<string | number | undefined>): string =>
  parts.filter((part) => part !== undefined).join(" ")

const tokens = (self: TrafficEntry): string | undefined => {
  if (self.inputTokens === undefined) return undefined
  return words([
    `${self.inputTokens} in`,
    self.cacheReadTokens === undefined ? undefined : `${self.cacheReadTokens} cached`,
    self.cacheWriteTokens === undefined ? undefined : `${self.cacheWriteTokens} to cache`,
    `${self.outputTokens ?? 0} out`
  ])
}
