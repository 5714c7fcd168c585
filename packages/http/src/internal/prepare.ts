/**
 * From a message request to what is sent: checked, encoded, and looked at for
 * what it needs and what it may do.
 *
 * @since 0.1.0
 */
import * as Betas from "@effect-claude/core/Betas"
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Rules from "@effect-claude/core/Rules"
import * as Tool from "@effect-claude/core/Tool"
import * as Wire from "@effect-claude/core/Wire"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Settings } from "../ClaudeConfig.ts"
import type * as Exchange from "../Exchange.ts"

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

/**
 * Holds a request to its shape and to the rules. What only warns goes to the
 * log; it quotes nothing of the prompt.
 */
export const check = (
  request: MessageRequest.MessageRequest,
  settings: Settings
): Effect.Effect<void, ClaudeError.RequestValidationError> => {
  const { refused, warnings } = Rules.check(request, {
    version: settings.version,
    rules: settings.rules,
    custom: settings.customRules,
    betas: [...settings.betas, ...Betas.ofRequest(request)]
  })
  const known = new Set(refused.map(({ path }) => path))
  const violations = isRequest(request)
    ? refused
    : [...refused, ...shape(request).filter(({ path }) => !known.has(path))]
  if (violations.length > 0) return Effect.fail(Rules.toError(violations))
  return warnings.length === 0 ? Effect.void : Effect.forEach(
    warnings,
    ({ fix, path, problem, rule }) =>
      Effect.logWarning(`The API may refuse this request: ${path}: ${problem}. ${fix} (${rule})`),
    { discard: true }
  )
}

/** Encodes a checked request. */
export const encode = (
  request: MessageRequest.MessageRequest,
  streamed: boolean
): Effect.Effect<Exchange.Request, ClaudeError.RequestValidationError> => {
  const { stream: _, ...body } = request
  const text = Result.try(() => JSON.stringify(streamed ? { ...body, stream: true } : body))
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
    betas: Betas.ofRequest(request),
    model: request.model,
    streamed,
    repeatable: !actsOnServer(request)
  })
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The places where a request has not the shape the API documents. */
const shape = (request: MessageRequest.MessageRequest): ReadonlyArray<ClaudeError.Violation> => {
  const decoded = decode(request)
  const issues = Result.isFailure(decoded) ? format(decoded.failure).issues : []
  return issues.slice(0, 10).map((issue) => ({
    rule: "shape",
    path: pathOf(issue.path),
    problem: issue.message,
    fix: "Give what the API documents for this field."
  }))
}

const isRequest = Wire.is(MessageRequest.MessageRequest)

const decode = (u: unknown): Result.Result<unknown, SchemaIssue.Issue> =>
  Result.mapError(
    Schema.decodeUnknownResult(MessageRequest.MessageRequest)(u, { errors: "all" }),
    (error) => error.issue
  )

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const isPresent = Predicate.isNotNullish

/** Writes a path the way a program would: `messages[0].content`. */
const pathOf = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined): string =>
  (path ?? []).map((segment) => typeof segment === "object" ? segment.key : segment)
    .reduce<string>(
      (out, key) => typeof key === "number" ? `${out}[${key}]` : out === "" ? String(key) : `${out}.${String(key)}`,
      ""
    )
