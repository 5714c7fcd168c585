/**
 * The end of a command that failed: what happened and what to do, in plain
 * words on standard error, and the code the shell gets.
 *
 * Total: there is no failure without words and without a code. A stack trace is
 * shown for bugs only, and the key is in none of it.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import { ClaudeConfigError } from "@effect-claude/http/ClaudeConfig"
import * as Cause from "effect/Cause"
import * as CliError from "effect/cli/CliError"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Terminal from "effect/Terminal"
import * as ExitCode from "./ExitCode.ts"
import * as Failure from "./Failure.ts"
import * as Layout from "./Layout.ts"
import { duration } from "./Render.ts"
import { Screen } from "./Screen.ts"
import type { Style } from "./Style.ts"
import * as TerminalText from "./TerminalText.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A failure, told to a person.
 *
 * @category models
 * @since 0.1.0
 */
export interface Told {
  /** What happened. */
  readonly title: string
  /** More of what happened. */
  readonly details: ReadonlyArray<string>
  /** What to do. */
  readonly remedy?: string | undefined
  /** Facts to quote, by name. */
  readonly facts: ReadonlyArray<readonly [name: string, value: string]>
  readonly exitCode: ExitCode.ExitCode
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Tells an error of the API.
 *
 * @category conversions
 * @since 0.1.0
 */
export const ofClaudeError = (error: ClaudeError.ClaudeError): Told => {
  const statement = ErrorGuide.statement(error)
  const text = statement.replace(`HTTP ${error.status}`, "").replace(/^:? /, "")
  return {
    title: `${error._tag}${error.status === undefined ? "" : ` (HTTP ${error.status})`}`,
    details: [
      text,
      ...(error._tag === "RequestValidationError"
        ? error.violations.filter(({ path }) => !text.includes(path)).map(({ fix, path, problem }) =>
          `• ${path}: ${problem} ${fix}`
        )
        : [])
    ],
    remedy: advises(error) ? undefined : ErrorGuide.explainError(error).remedy,
    facts: [
      ...(error.requestId === undefined || text.includes(error.requestId)
        ? []
        : [["request id", error.requestId] as const]),
      ...(error.retryAfter === undefined ? [] : [["try again in", duration(error.retryAfter)] as const]),
      ["worth a retry", ErrorTable.isRetryable(error) ? "yes" : "no"],
      ["more", `effect-claude explain ${error.errorCode ?? error._tag}`]
    ],
    exitCode: ExitCode.byTag[error._tag]
  }
}

/** Whether the message says what to do already, better than a guide to all of its kind. */
const advises = (error: ClaudeError.ClaudeError): boolean => {
  switch (error._tag) {
    case "ClaudeTimeoutError":
    case "ResponseDecodeError":
    case "RequestValidationError":
    case "CircuitOpenError":
    case "PacingError":
      return true
    case "ConnectionError":
      return error.phase === "connect"
    default:
      return false
  }
}

/**
 * Tells any failure; undefined for one that was told already.
 *
 * @category conversions
 * @since 0.1.0
 */
export const of = (error: unknown): Told | undefined => {
  if (ClaudeError.is(error)) return ofClaudeError(error)
  if (error instanceof Failure.Failure) {
    return { title: error.message, details: [], remedy: error.remedy, facts: [], exitCode: error.exitCode }
  }
  if (error instanceof ClaudeConfigError) return ofConfigError(error)
  if (CliError.isCliError(error)) return undefined
  return {
    title: Predicate.hasProperty(error, "message") ? String(error.message) : "Something failed that should not.",
    details: [],
    facts: [],
    exitCode: ExitCode.ExitCode.failed
  }
}

const ofConfigError = ({ message, option }: ClaudeConfigError): Told =>
  option === "apiKey" || option === "authToken"
    ? {
      title: "There is no API key to use.",
      details: [message],
      remedy: "Keys are made at https://platform.claude.com/settings/keys. To look around without one, add --offline.",
      facts: [],
      exitCode: ExitCode.ExitCode.credentials
    }
    : {
      title: option === "baseUrl" ? "The address of the API cannot be used." : `The option ${option} cannot be used.`,
      details: [message],
      remedy: option === "baseUrl" ? "It comes from --base-url or ANTHROPIC_BASE_URL." : undefined,
      facts: [],
      exitCode: ExitCode.ExitCode.usage
    }

/**
 * Shows what is told.
 *
 * @category conversions
 * @since 0.1.0
 */
export const show = (told: Told, width: number, style: Style): string =>
  [
    Layout.paragraph(TerminalText.sanitize(told.title), width, style.red("✗ ")),
    ...told.details.map((detail) => Layout.paragraph(TerminalText.sanitize(detail), width, "  ")),
    ...(told.remedy === undefined ? [] : [Layout.paragraph(told.remedy, width, `  ${style.green("→")} `)]),
    ...told.facts.map(([name, value]) =>
      style.dim(Layout.paragraph(TerminalText.sanitize(`${name}: ${value}`), width, "  "))
    )
  ].join("\n")

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

/**
 * Prints why a command failed on standard error, and returns the exit code.
 *
 * @category printing
 * @since 0.1.0
 */
export const print = Effect.fnUntraced(function*(
  cause: Cause.Cause<unknown>
): Effect.fn.Return<ExitCode.ExitCode, never, Screen> {
  const { err, width } = yield* Screen
  if (Cause.hasInterruptsOnly(cause)) return ExitCode.ExitCode.interrupted
  const error = Cause.squash(cause)
  if (Terminal.isQuitError(error)) return ExitCode.ExitCode.interrupted
  if (error instanceof Failure.Done) return error.exitCode
  if (CliError.isCliError(error)) {
    return error._tag === "ShowHelp" && error.errors.length === 0 ? ExitCode.ExitCode.ok : ExitCode.ExitCode.usage
  }
  const isBug = Cause.hasDies(cause)
  const what = isBug ? undefined : of(error)
  if (what === undefined) {
    yield* err.line(`${err.style.red("✗ ")}This is a bug in effect-claude, not in what you did:`)
    yield* err.line(err.style.dim(Cause.pretty(cause)))
    return ExitCode.ExitCode.failed
  }
  yield* err.line(show(what, yield* width, err.style))
  return what.exitCode
})
