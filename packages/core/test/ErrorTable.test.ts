import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

const types = [...Object.keys(ErrorTable.tagByType), "memory_path_conflict_error", "tomorrow_error", undefined]
const codes = [...Object.keys(ErrorTable.tagByCode), ...ErrorTable.finalCodes, "tomorrow_code", undefined]
const statuses = [undefined, ...Array.from({ length: 500 }, (_, i) => 100 + i)]

const Signs = Schema.Struct({
  _tag: Schema.Literals(
    Object.values(ClaudeError.classes).map((Class) =>
      new Class({
        message: "",
        outcome: "unknown",
        phase: "connect",
        violations: [],
        reason: "eof",
        limit: undefined!,
        idle: undefined!
      })._tag
    )
  ),
  shouldRetry: Schema.optional(Schema.Boolean),
  errorCode: Schema.optional(Schema.Literals(codes.filter((code) => code !== undefined))),
  contentHandedOut: Schema.optional(Schema.Boolean)
})

describe("ErrorTable", () => {
  describe("tagOf", () => {
    it("is total over status, type and code", () => {
      for (const status of statuses) {
        for (const errorType of types) {
          for (const errorCode of codes) {
            assert.property(ClaudeError.classes, ErrorTable.tagOf({ status, errorType, errorCode }))
          }
        }
      }
    })

    it.each(
      [
        [400, "invalid_request_error", "InvalidRequestError"],
        [401, "authentication_error", "AuthenticationError"],
        [402, "billing_error", "BillingError"],
        [403, "permission_error", "PermissionError"],
        [404, "not_found_error", "NotFoundError"],
        [405, "invalid_request_error", "MethodNotAllowedError"],
        [408, undefined, "RequestTimeoutError"],
        [408, "timeout_error", "RequestTimeoutError"],
        [408, "overloaded_error", "OverloadedError"],
        [409, "conflict_error", "ConflictError"],
        [413, "request_too_large", "RequestTooLargeError"],
        [422, "invalid_request_error", "UnprocessableEntityError"],
        [429, "rate_limit_error", "RateLimitError"],
        [500, "api_error", "ApiError"],
        [502, undefined, "ApiError"],
        [503, undefined, "ApiError"],
        [504, "timeout_error", "GatewayTimeoutError"],
        [504, undefined, "GatewayTimeoutError"],
        [529, "overloaded_error", "OverloadedError"],
        [529, "api_error", "OverloadedError"],
        [599, undefined, "ApiError"],
        [302, undefined, "UnexpectedStatusError"],
        [418, undefined, "UnexpectedStatusError"],
        [undefined, "timeout_error", "GatewayTimeoutError"],
        [500, "timeout_error", "GatewayTimeoutError"],
        [undefined, "overloaded_error", "OverloadedError"],
        [undefined, "api_error", "ApiError"],
        [undefined, "tomorrow_error", "ApiError"],
        [200, "overloaded_error", "OverloadedError"]
      ] as const
    )("reads status %s with type %s as %s", (status, errorType, tag) => {
      assert.strictEqual(ErrorTable.tagOf({ status, errorType }), tag)
    })

    it("lets a code outrank both, so that a spend limit is no rate limit", () => {
      const signs = { status: 429, errorType: "rate_limit_error", errorCode: "contract_spend_limit_reached" }

      assert.strictEqual(ErrorTable.tagOf(signs), "SpendLimitError")
      assert.strictEqual(ErrorTable.tagOf({ ...signs, errorCode: "ramp_limit_exceeded" }), "RateLimitError")
    })

    it.each([
      "prompt is too long: 200016 tokens > 200000 maximum",
      "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000",
      "The prompt exceeds the model's context window"
    ])("tells from the wording that the prompt does not fit: %j", (message) => {
      const signs = { status: 400, errorType: "invalid_request_error", message }

      assert.strictEqual(ErrorTable.tagOf(signs), "ContextWindowExceededError")
    })

    it("reads that wording only in what is an invalid request", () => {
      assert.strictEqual(ErrorTable.tagOf({ status: 401, message: "prompt is too long" }), "AuthenticationError")
    })

    it.each(["toString", "__proto__", "constructor"])("is not fooled by the type %j", (name) => {
      assert.strictEqual(ErrorTable.tagOf({ status: 429, errorType: name, errorCode: name }), "RateLimitError")
    })
  })

  describe("isRetryable", () => {
    it.each(
      [
        ["RateLimitError", true],
        ["OverloadedError", true],
        ["ApiError", true],
        ["GatewayTimeoutError", true],
        ["RequestTimeoutError", true],
        ["ConnectionError", true],
        ["ClaudeTimeoutError", true],
        ["StreamTruncatedError", true],
        ["StreamIdleError", true],
        ["InvalidRequestError", false],
        ["AuthenticationError", false],
        ["PermissionError", false],
        ["NotFoundError", false],
        ["ContextWindowExceededError", false],
        ["SpendLimitError", false],
        ["BillingError", false],
        ["ConflictError", false],
        ["UnexpectedStatusError", false],
        ["ResponseDecodeError", false],
        ["RequestValidationError", false],
        ["CircuitOpenError", false],
        ["BudgetExceededError", false],
        ["PacingError", false]
      ] as const
    )("says of %s: %s", (_tag, expected) => {
      assert.strictEqual(ErrorTable.isRetryable({ _tag }), expected)
    })

    it("obeys the server's word in either direction", () => {
      assert.isFalse(ErrorTable.isRetryable({ _tag: "RateLimitError", shouldRetry: false }))
      assert.isTrue(ErrorTable.isRetryable({ _tag: "InvalidRequestError", shouldRetry: true }))
    })

    it("never retries a final code, even when the server says to", () => {
      const error = { _tag: "RateLimitError", errorCode: "organization_on_hold", shouldRetry: true } as const

      assert.isFalse(ErrorTable.isRetryable(error))
    })

    it("retries a conflict that passes by itself", () => {
      assert.isTrue(ErrorTable.isRetryable({ _tag: "ConflictError", errorCode: "thread_continue_in_flight" }))
    })

    it("does not retry what has another code, for having one", () => {
      assert.isFalse(ErrorTable.isRetryable({ _tag: "ConflictError", errorCode: "skill_read_blocked_undecryptable" }))
      assert.isFalse(ErrorTable.isRetryable({ _tag: "InvalidRequestError", errorCode: "tool_name_conflict" }))
    })

    it("never begins a stream again once content was handed out", () => {
      assert.isFalse(ErrorTable.isRetryable({ _tag: "OverloadedError", shouldRetry: true, contentHandedOut: true }))
    })

    it.prop(
      "decides by the first that speaks: content, a no, a final code, a yes, a code, the tag",
      [Signs],
      ([error]) => {
        const final = error._tag === "SpendLimitError" ||
          (error.errorCode !== undefined && ErrorTable.finalCodes.has(error.errorCode))
        const transient = error.errorCode !== undefined && ErrorTable.transientCodes.has(error.errorCode)
        const expected = error.contentHandedOut !== true && error.shouldRetry !== false && !final &&
          (error.shouldRetry === true || transient || ErrorTable.retryableTags[error._tag])

        assert.strictEqual(ErrorTable.isRetryable(error), expected)
      }
    )
  })
})
