/**
 * Paths of the API, built from segments that cannot change which resource is
 * meant.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Effect from "effect/Effect"

/** Encodes an id as one segment of a path. Empty and dot segments are refused: they would name another resource. */
export const segment = (name: string, id: string): Effect.Effect<string, ClaudeError.RequestValidationError> => {
  const bare = id.trim()
  return bare === "" || /^(?:\.|%2e){1,2}$/i.test(bare)
    ? refuse(name, `it is ${JSON.stringify(id)}`, "Give the id the API returned.")
    : Effect.succeed(encodeURIComponent(id))
}

/** Checks a path that a program gives as a whole. */
export const whole = (path: string): Effect.Effect<string, ClaudeError.RequestValidationError> =>
  !path.startsWith("/") || path.startsWith("//") || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path) ||
    /[\s?#\\]/.test(path)
    ? refuse(
      "path",
      `it is ${JSON.stringify(path)}`,
      "Begin with /v1, encode each segment, leave out dot segments, and give the query as `query`."
    )
    : Effect.succeed(path)

const refuse = (
  path: string,
  problem: string,
  fix: string
): Effect.Effect<never, ClaudeError.RequestValidationError> =>
  Effect.fail(
    new ClaudeError.RequestValidationError({
      outcome: "notSent",
      violations: [{ rule: "path", path, problem, fix }],
      message: `The request was not sent: ${path}: ${problem}. ${fix}`
    })
  )
