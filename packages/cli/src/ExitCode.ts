/**
 * What the process tells the shell: one number for each kind of outcome, so
 * that a script can decide without reading words.
 *
 * The numbers are part of the interface: they do not change in a minor release.
 *
 * @since 0.1.0
 */
import type { Tag } from "@effect-claude/core/ClaudeError"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The codes, by what they mean.
 *
 * @category constants
 * @since 0.1.0
 */
export const ExitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  credentials: 3,
  refused: 4,
  tryLater: 5,
  connection: 6,
  incomplete: 7,
  interrupted: 130
} as const

/**
 * The codes.
 *
 * @category models
 * @since 0.1.0
 */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/**
 * What each code says, for the help.
 *
 * @category constants
 * @since 0.1.0
 */
export const meanings: ReadonlyArray<readonly [ExitCode, string]> = [
  [ExitCode.ok, "done"],
  [ExitCode.failed, "failed for a reason that has no code of its own"],
  [ExitCode.usage, "the command line, or a file it names, is wrong"],
  [ExitCode.credentials, "no key, or one that is not accepted, not allowed or not paid for (401, 402, 403)"],
  [ExitCode.refused, "the request is wrong and will be wrong again (400, 404, 405, 409, 413, 422)"],
  [ExitCode.tryLater, "rate limited, overloaded or broken on the other side (429, 5xx, 529): try later"],
  [ExitCode.connection, "no connection, no answer in time, or an answer that broke off"],
  [ExitCode.incomplete, "there is an answer, and it is cut, refused or paused"],
  [ExitCode.interrupted, "stopped with Ctrl-C"]
]

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * The code of each error of the API.
 *
 * @category tables
 * @since 0.1.0
 */
export const byTag: { readonly [T in Tag]: ExitCode } = {
  InvalidRequestError: ExitCode.refused,
  ContextWindowExceededError: ExitCode.refused,
  AuthenticationError: ExitCode.credentials,
  BillingError: ExitCode.credentials,
  PermissionError: ExitCode.credentials,
  NotFoundError: ExitCode.refused,
  MethodNotAllowedError: ExitCode.refused,
  RequestTimeoutError: ExitCode.tryLater,
  ConflictError: ExitCode.refused,
  RequestTooLargeError: ExitCode.refused,
  UnprocessableEntityError: ExitCode.refused,
  RateLimitError: ExitCode.tryLater,
  SpendLimitError: ExitCode.credentials,
  ApiError: ExitCode.tryLater,
  GatewayTimeoutError: ExitCode.tryLater,
  OverloadedError: ExitCode.tryLater,
  UnexpectedStatusError: ExitCode.failed,
  ConnectionError: ExitCode.connection,
  ClaudeTimeoutError: ExitCode.connection,
  ResponseDecodeError: ExitCode.failed,
  RequestValidationError: ExitCode.refused,
  StreamTruncatedError: ExitCode.connection,
  StreamIdleError: ExitCode.connection,
  CircuitOpenError: ExitCode.tryLater,
  BudgetExceededError: ExitCode.refused,
  PacingError: ExitCode.tryLater
}
