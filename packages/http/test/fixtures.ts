/** Builders the tests of this package share. */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Everything an error's classification depends on. */
export const ErrorSigns = Schema.Struct({
  tag: Schema.Literals(tags()),
  outcome: Schema.Literals(["notSent", "rejected", "partial", "unknown"]),
  errorCode: Schema.UndefinedOr(
    Schema.Literals([...ErrorTable.finalCodes, ...ErrorTable.transientCodes, "never_heard_of"])
  ),
  shouldRetry: Schema.UndefinedOr(Schema.Boolean),
  retryAfter: Schema.UndefinedOr(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 })))
})

export type ErrorSigns = typeof ErrorSigns.Type

/** Creates an error of any tag. */
export const anyError = (signs: ErrorSigns): ClaudeError.ClaudeError => {
  const limits = { phase: "headers", limit: Duration.zero, idle: Duration.zero, violations: [], reason: "eof" } as const
  return new ClaudeError.classes[signs.tag]({
    ...limits,
    message: "failed",
    outcome: signs.outcome,
    errorCode: signs.errorCode,
    shouldRetry: signs.shouldRetry,
    retryAfter: signs.retryAfter === undefined ? undefined : Duration.millis(signs.retryAfter)
  })
}

/** An overload, as the API reports it. */
export const overloaded = (details?: Partial<ClaudeError.Details>): ClaudeError.OverloadedError =>
  new ClaudeError.OverloadedError({ message: "Overloaded", outcome: "rejected", status: 529, ...details })

/** A failure no retry helps. */
export const unauthorized: ClaudeError.AuthenticationError = new ClaudeError.AuthenticationError({
  message: "invalid x-api-key",
  outcome: "rejected",
  status: 401
})

/** The error an exit failed with. */
export const errorOf = (exit: Exit.Exit<unknown, ClaudeError.ClaudeError>): ClaudeError.ClaudeError =>
  Option.getOrThrow(Exit.isFailure(exit) ? Cause.findErrorOption(exit.cause) : Option.none())

function tags(): ReadonlyArray<ClaudeError.Tag> {
  return Object.keys(ErrorTable.retryableTags).filter((tag): tag is ClaudeError.Tag => tag in ClaudeError.classes)
}
