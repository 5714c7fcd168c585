/**
 * Arbitrary values of the wire, for property tests of programs that talk to the
 * API.
 *
 * The values are plausible and not merely well typed: a message is one the API
 * could send, a stream folds to its message whatever way its bytes are cut, a
 * conversation is one the API accepts, an error is one an answer was decoded to.
 * They shrink to small ones, and are deterministic by seed.
 *
 * @since 0.1.0
 */
import * as Wire from "@effect-claude/core/Arbitraries"
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import type { Message } from "@effect-claude/core/Message"
import type * as RetryDecision from "@effect-claude/core/RetryDecision"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Answer from "./internal/answer.ts"
import * as Random from "./internal/random.ts"
import * as Sse from "./internal/sse.ts"

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

// -----------------------------------------------------------------------------
// messages
// -----------------------------------------------------------------------------

/**
 * Messages, the streams they arrive as, and conversations the API accepts: those
 * of core, beside what can go wrong with them.
 *
 * @category messages
 * @since 0.1.0
 */
export { conversation, message, stream } from "@effect-claude/core/Arbitraries"

/**
 * A message, the events of a stream that folds to it, and the bytes of that
 * stream in the pieces they arrive in.
 *
 * @category messages
 * @since 0.1.0
 */
export interface Streamed {
  readonly message: Message
  readonly events: ReadonlyArray<StreamEvent>
  readonly chunks: ReadonlyArray<Uint8Array>
}

/**
 * A message with the bytes of its stream, padded as the API pads them and cut
 * anywhere: inside characters, line ends and field names.
 *
 * @category messages
 * @since 0.1.0
 */
export const bytes: Arbitrary.Arbitrary<Streamed> = Arbitrary.map(
  Arbitrary.all([Wire.stream, Arbitrary.schema(int(0, 1_000_000)), Arbitrary.schema(Schema.Array(int(1, 2000)))]),
  ([{ events, message }, seed, at]) => {
    const draw = Random.make(seed, "padding")
    const frames = events.map((event) => Sse.encode({ ...event, type: String(event.type) }, draw))
    const chunks = Answer.rechunk(frames, at.length === 0 ? { seed } : { at })
    return { message, events, chunks: chunks.flatMap((frame) => frame._tag === "Bytes" ? [frame.bytes] : []) }
  }
)

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

const Hint = Schema.Union([
  Schema.Undefined,
  Schema.Literals(["0", "1", "5", "30", "59.5", "60", "61", "3600"]),
  int(0, 1000)
])

const Failed = Schema.Struct({
  status: Schema.Union([
    Schema.Literals([400, 401, 402, 403, 404, 405, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]),
    int(300, 599)
  ]),
  type: Schema.Union([
    Schema.Undefined,
    Schema.Literals([
      "invalid_request_error",
      "authentication_error",
      "rate_limit_error",
      "api_error",
      "overloaded_error",
      "timeout_error",
      "tomorrow_error"
    ])
  ]),
  code: Schema.Union([
    Schema.Undefined,
    Schema.Literals(["enforced_spend_limit_reached", "ramp_limit_exceeded", "organization_on_hold", "new_code"])
  ]),
  shouldRetry: Schema.Union([Schema.Undefined, Schema.Literals(["true", "false", "maybe"])]),
  hint: Hint
})

const Broken = Schema.Struct({
  kind: Schema.Literals(["connect", "headers", "body", "timeout", "truncated", "idle"]),
  sent: Schema.Boolean
})

/**
 * An error decoded from an answer of any status, type, code and hint.
 *
 * @category failures
 * @since 0.1.0
 */
export const apiError: Arbitrary.Arbitrary<ClaudeError.ClaudeError> = Arbitrary.map(
  Arbitrary.schema(Failed),
  ({ code, hint, shouldRetry, status, type }) =>
    ErrorResponse.toError({
      status,
      now: 0,
      headers: {
        ...(hint === undefined ? undefined : { "retry-after": String(hint) }),
        ...(shouldRetry === undefined ? undefined : { "x-should-retry": shouldRetry })
      },
      text: type === undefined && code === undefined ? "" : JSON.stringify({
        type: "error",
        error: { type: type ?? "api_error", message: "No", ...(code && { details: { error_code: code } }) }
      })
    })
)

/**
 * An error of the connection: refused, lost, silent, cut.
 *
 * @category failures
 * @since 0.1.0
 */
export const connectionError: Arbitrary.Arbitrary<ClaudeError.ClaudeError> = Arbitrary.map(
  Arbitrary.schema(Broken),
  ({ kind, sent }) => {
    const details = { message: "Lost", outcome: sent ? "unknown" as const : "notSent" as const }
    const limit = Duration.seconds(10)
    switch (kind) {
      case "timeout":
        return new ClaudeError.ClaudeTimeoutError({ ...details, phase: "headers", limit })
      case "truncated":
        return new ClaudeError.StreamTruncatedError({ ...details, reason: "eof" })
      case "idle":
        return new ClaudeError.StreamIdleError({ ...details, idle: limit })
      default:
        return new ClaudeError.ConnectionError({ ...details, phase: kind })
    }
  }
)

/**
 * Any error a request can fail with on the wire.
 *
 * @category failures
 * @since 0.1.0
 */
export const claudeError: Arbitrary.Arbitrary<ClaudeError.ClaudeError> = Arbitrary.flatMap(
  Arbitrary.schema(int(0, 3)),
  (n): Arbitrary.Arbitrary<ClaudeError.ClaudeError> => n === 3 ? connectionError : apiError
)

/** A failure that waiting helps, as a policy mostly meets them. */
const transient: Arbitrary.Arbitrary<ClaudeError.ClaudeError> = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({ status: Schema.Literals([500, 503, 429, 529]), hint: Hint })),
  ({ hint, status }) =>
    ErrorResponse.toError({
      status,
      now: 0,
      headers: hint === undefined ? {} : { "retry-after": String(hint) },
      text: ""
    })
)

const retried: Arbitrary.Arbitrary<ClaudeError.ClaudeError> = Arbitrary.flatMap(
  Arbitrary.schema(Schema.Boolean),
  (any): Arbitrary.Arbitrary<ClaudeError.ClaudeError> => any ? claudeError : transient
)

const Chance = Schema.Union([
  Schema.Literals([0, 0.5, 1 - Number.EPSILON]),
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1, exclusiveMaximum: true }))
])

/**
 * What a retry policy may be asked: any failure, early and late, with any
 * chance.
 *
 * @category failures
 * @since 0.1.0
 */
export const retryInput = (options?: {
  /**
   * The highest number of the retry under decision.
   *
   * @default 12
   */
  readonly maxRetries?: number | undefined
  /**
   * The longest time since the first attempt began.
   *
   * @default "3 minutes"
   */
  readonly elapsed?: Duration.Input | undefined
}): Arbitrary.Arbitrary<RetryDecision.Input> =>
  Arbitrary.map(
    Arbitrary.all({
      error: retried,
      rest: Arbitrary.schema(Schema.Struct({
        n: int(1, Math.max(1, options?.maxRetries ?? 12)),
        elapsed: Schema.Union([
          Schema.Literal(0),
          int(0, Math.max(0, Math.ceil(Duration.toMillis(options?.elapsed ?? "3 minutes"))))
        ]),
        jitter: Chance,
        spread: Chance,
        repeatable: Schema.Boolean
      }))
    }),
    ({ error, rest: { elapsed, jitter, n, repeatable, spread } }) => ({
      n,
      error,
      repeatable,
      elapsed: Duration.millis(elapsed),
      draw: { jitter, spread }
    })
  )
