import * as ClaudeErrors from "@effect-claude/ai/ClaudeErrors"
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Schema } from "effect"
import { AiError } from "effect/ai"

const details = {
  message: "Something went wrong. Do this.",
  outcome: "rejected",
  status: 418,
  requestId: "req_1",
  errorCode: "teapot"
} as const

/** What some errors have beside the common fields. */
const extra = {
  phase: "body",
  limit: Duration.seconds(1),
  idle: Duration.seconds(1),
  reason: "eof",
  violations: [{ rule: "r", path: "messages[0]", problem: "is empty", fix: "Fill it." }]
} as const

const tags = Object.keys(ClaudeError.classes) as ReadonlyArray<ClaudeError.Tag>

const make = (tag: ClaudeError.Tag, more: Partial<ClaudeError.Details> = {}): ClaudeError.ClaudeError =>
  new (ClaudeError.classes[tag] as new(options: object) => ClaudeError.ClaudeError)({ ...details, ...extra, ...more })

const expected: { readonly [T in ClaudeError.Tag]: AiError.AiErrorReason["_tag"] } = {
  InvalidRequestError: "InvalidRequestError",
  ContextWindowExceededError: "InvalidRequestError",
  AuthenticationError: "AuthenticationError",
  BillingError: "QuotaExhaustedError",
  PermissionError: "AuthenticationError",
  NotFoundError: "InvalidRequestError",
  MethodNotAllowedError: "InvalidRequestError",
  RequestTimeoutError: "InternalProviderError",
  ConflictError: "InvalidRequestError",
  RequestTooLargeError: "InvalidRequestError",
  UnprocessableEntityError: "InvalidRequestError",
  RateLimitError: "RateLimitError",
  SpendLimitError: "QuotaExhaustedError",
  ApiError: "InternalProviderError",
  GatewayTimeoutError: "InternalProviderError",
  OverloadedError: "InternalProviderError",
  UnexpectedStatusError: "UnknownError",
  ConnectionError: "NetworkError",
  ClaudeTimeoutError: "NetworkError",
  ResponseDecodeError: "InvalidResponseError",
  RequestValidationError: "InvalidRequestError",
  StreamTruncatedError: "NetworkError",
  StreamIdleError: "NetworkError",
  CircuitOpenError: "InternalProviderError",
  BudgetExceededError: "QuotaExhaustedError",
  PacingError: "RateLimitError"
}

describe("ClaudeErrors", () => {
  describe("toReason", () => {
    it.each(tags)("maps %s, and keeps whether a retry makes sense", (tag) => {
      for (const more of [{}, { shouldRetry: true }, { shouldRetry: false }, { contentHandedOut: true }]) {
        const error = make(tag, more)
        const reason = ClaudeErrors.toReason(error)

        assert.strictEqual(reason._tag, expected[tag])
        assert.strictEqual(reason.isRetryable, ErrorTable.isRetryable(error), JSON.stringify(more))
      }
    })

    it.each(tags)("keeps the hint of %s", (tag) => {
      const retryAfter = Duration.seconds(9)
      const error = ClaudeErrors.toAiError(make(tag, { retryAfter }), "generateText")

      assert.deepStrictEqual(error.retryAfter, retryAfter)
      assert.isUndefined(ClaudeErrors.toAiError(make(tag), "generateText").retryAfter)
    })

    it.each(tags)("keeps %s itself within reach", (tag) => {
      const error = make(tag)
      const mapped = ClaudeErrors.toAiError(error, "generateText")

      assert.strictEqual(Option.getOrUndefined(ClaudeErrors.claudeError(mapped)), error)
    })

    it("keeps the facts as metadata", () => {
      const attempts = { count: 3, elapsed: Duration.seconds(1), gaveUp: "maxRetries" } as const
      const reason = ClaudeErrors.toReason(
        make("OverloadedError", { attempts, errorType: "overloaded_error", retryAfter: Duration.millis(1500) })
      )

      assert.deepStrictEqual("metadata" in reason ? reason.metadata : undefined, {
        claude: {
          tag: "OverloadedError",
          outcome: "rejected",
          isRetryable: true,
          retryAfterMillis: 1500,
          status: 418,
          errorType: "overloaded_error",
          errorCode: "teapot",
          requestId: "req_1",
          attempts: { count: 3, gaveUp: "maxRetries" }
        }
      })
    })

    it("tells a bad key from one that may not", () => {
      const kind = (tag: ClaudeError.Tag) => {
        const reason = ClaudeErrors.toReason(make(tag))
        return reason._tag === "AuthenticationError" ? reason.kind : undefined
      }

      assert.strictEqual(kind("AuthenticationError"), "InvalidKey")
      assert.strictEqual(kind("PermissionError"), "InsufficientPermissions")
    })

    it("names the parameter that a local rule refuses", () => {
      const reason = ClaudeErrors.toReason(make("RequestValidationError"))

      assert.strictEqual(reason._tag, "InvalidRequestError")
      if (reason._tag === "InvalidRequestError") {
        assert.strictEqual(reason.parameter, "messages[0]")
        assert.strictEqual(reason.constraint, "is empty")
      }
    })

    it.each(tags)("has no body and no partial answer in what %s shows", (tag) => {
      const error = ClaudeErrors.toAiError(make(tag, { body: { prompt: "SECRET" } }), "generateText")

      assert.notInclude(`${JSON.stringify(error)} ${String(error)} ${error.message}`, "SECRET")
    })
  })

  describe("toAiError", () => {
    it.effect.each(tags)("makes an AiError that encodes and decodes: %s", (tag) =>
      Effect.gen(function*() {
        const error = ClaudeErrors.toAiError("streamText")(make(tag))
        const encoded = yield* Schema.encodeEffect(AiError.AiError)(error)
        const decoded = yield* Schema.decodeEffect(AiError.AiError)(encoded)

        assert.strictEqual(decoded.reason._tag, error.reason._tag)
        assert.strictEqual(decoded.method, "streamText")
        assert.strictEqual(decoded.module, "ClaudeLanguageModel")
        assert.deepStrictEqual(Option.getOrUndefined(ClaudeErrors.claudeError(decoded)), undefined)
      }))
  })
})
