/**
 * From a message request to what is sent: checked, encoded, and looked at for
 * what it needs and what it may do.
 *
 * @since 0.1.0
 */
import * as Betas from "@effect-claude/core/Betas"
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Rules from "@effect-claude/core/Rules"
import * as Shape from "@effect-claude/core/Shape"
import * as Tool from "@effect-claude/core/Tool"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"

/** Above this, an answer may take longer than a plain response is allowed to. */
const shortAnswer = 8_192

/** Whether the server acts on its own while it answers: such a request must not be repeated blindly. */
export const actsOnServer = (request: MessageRequest.MessageRequest): boolean =>
  isPresent(request.container) ||
  (isPresent(request.mcp_servers) && request.mcp_servers.length > 0) ||
  (isPresent(request.tools) && request.tools.some(Tool.runsOnServer))

/** Whether the answer may take long, so that it should travel as a stream. */
export const mayTakeLong = (request: MessageRequest.MessageRequest): boolean =>
  request.max_tokens > shortAnswer ||
  (isPresent(request.thinking) && request.thinking.type !== "disabled") ||
  actsOnServer(request)

/** Checks a request and encodes it. */
export const exchange = (
  request: MessageRequest.MessageRequest,
  settings: Settings,
  streamed: boolean
): Effect.Effect<Exchange.Request, ClaudeError.RequestValidationError> => {
  const betas = Betas.ofRequest(request)
  const checked = check(request, settings, betas)
  return checked === Effect.void
    ? encode(request, streamed, betas)
    : Effect.flatMap(checked, () => encode(request, streamed, betas))
}

/** Holds a request to its shape and to the rules. */
const check = (
  request: MessageRequest.MessageRequest,
  settings: Settings,
  betas: ReadonlyArray<string>
): Effect.Effect<void, ClaudeError.RequestValidationError> => {
  const { rules } = settings
  const { refused, warnings } = rules === undefined ? nothing : rules.check(request, {
    version: settings.version,
    rules: settings.ruleLevels,
    betas: [...settings.betas, ...betas]
  })
  const violations = Shape.messageRequest.is(request) ? refused : withShape(refused, request)
  if (violations.length > 0) return Effect.fail(Rules.toError(violations))
  if (rules === undefined) return Effect.void
  const announced = rules.announce?.(request.model)
  const warned = warnings.length === 0 ? Effect.void : rules.warn(warnings)
  return announced === undefined ? warned : Effect.andThen(announced, warned)
}

/** Encodes a checked request. */
const encode = (
  request: MessageRequest.MessageRequest,
  streamed: boolean,
  betas: ReadonlyArray<string>
): Effect.Effect<Exchange.Request, ClaudeError.RequestValidationError> => {
  // What is undefined is not written.
  const text = Result.try(() => JSON.stringify({ ...request, stream: streamed ? true : undefined }))
  if (Result.isFailure(text)) {
    return Effect.fail(Rules.toError([{
      rule: "json",
      path: "",
      problem: "it cannot be written as JSON (a BigInt, or an object that contains itself)",
      fix: "Use plain JSON values."
    }]))
  }
  return Effect.succeed({
    operation: streamed ? "messages.stream" : "messages.create",
    method: "POST",
    path: "/v1/messages",
    body: HttpBody.text(text.success, "application/json"),
    betas,
    model: request.model,
    streamed,
    repeatable: !actsOnServer(request)
  })
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** What is found where there are no rules. */
const nothing: Rules.Report = { refused: [], warnings: [] }

/** Adds the places where a request has not the shape the API documents to what a rule did not name already. */
const withShape = (
  refused: ReadonlyArray<ClaudeError.Violation>,
  request: MessageRequest.MessageRequest
): ReadonlyArray<ClaudeError.Violation> => {
  const known = new Set(refused.map(({ path }) => path))
  return [...refused, ...shape(request).filter(({ path }) => !known.has(path))]
}

/** The places where a request has not the shape the API documents. */
const shape = (request: MessageRequest.MessageRequest): ReadonlyArray<ClaudeError.Violation> =>
  Shape.messageRequest.issues(request, "all").slice(0, 10).map((issue) => ({
    rule: "shape",
    path: Shape.formatPath(issue.path),
    problem: `Expected ${issue.expected}, found ${issue.found}`,
    fix: "Give what the API documents for this field."
  }))

const isPresent = Predicate.isNotNullish
