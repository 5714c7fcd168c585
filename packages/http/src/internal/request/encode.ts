/**
 * From a message request to the request that is sent: its checks, its encoding, how
 * its response travels, and whether it may be repeated.
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
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"

/** How the response of a request travels. */
export type Wire = "auto" | "json" | "stream"

/** The most output tokens of a response that surely ends within the limits of a JSON response. */
const shortResponse = 8_192

/** Whether the server runs tools while it responds. Such a request must not be repeated after an unknown outcome. */
const actsOnServer = (request: MessageRequest.MessageRequest): boolean =>
  isPresent(request.container) ||
  (isPresent(request.mcp_servers) && request.mcp_servers.length > 0) ||
  (isPresent(request.tools) && request.tools.some(Tool.runsOnServer))

/** Whether the response may take long, so that it is streamed. */
const mayTakeLong = (request: MessageRequest.MessageRequest): boolean =>
  request.max_tokens > shortResponse ||
  (isPresent(request.thinking) && request.thinking.type !== "disabled") ||
  actsOnServer(request)

/** Checks a request and encodes it. */
export const exchange = (
  request: MessageRequest.MessageRequest,
  settings: Settings,
  wire: Wire
): Effect.Effect<Exchange.Request, ClaudeError.RequestValidationError> => {
  const betas = Betas.ofRequest(request)
  const streamed = wire === "stream" || (wire === "auto" && mayTakeLong(request))
  const checked = check(request, settings, betas)
  return checked === Effect.void
    ? encode(request, streamed, betas)
    : Effect.flatMap(checked, () => encode(request, streamed, betas))
}

/** Checks the shape and the rules of a request. */
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
  // JSON has no undefined: such fields are omitted.
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
    body: { _tag: "Encoded", bytes: new TextEncoder().encode(text.success), contentType: "application/json" },
    betas,
    model: request.model,
    streamed,
    repeatable: !actsOnServer(request)
  })
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The report without rules. */
const nothing: Rules.Report = { refused: [], warnings: [] }

/** Adds the mismatches of the shape at places that no rule named. */
const withShape = (
  refused: ReadonlyArray<ClaudeError.Violation>,
  request: MessageRequest.MessageRequest
): ReadonlyArray<ClaudeError.Violation> => {
  const known = new Set(refused.map(({ path }) => path))
  return [...refused, ...shape(request).filter(({ path }) => !known.has(path))]
}

/** Lists where a request does not match the documented shape. */
const shape = (request: MessageRequest.MessageRequest): ReadonlyArray<ClaudeError.Violation> =>
  Shape.messageRequest.issues(request, "all").slice(0, 10).map((issue) => ({
    rule: "shape",
    path: Shape.formatPath(issue.path),
    problem: `Expected ${issue.expected}, found ${issue.found}`,
    fix: "Give a value that the API documents for this field."
  }))

const isPresent = Predicate.isNotNullish
