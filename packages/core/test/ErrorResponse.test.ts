import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Schema } from "effect"

const toError = (options: {
  readonly status?: number
  readonly headers?: { readonly [name: string]: string }
  readonly body?: unknown
  readonly text?: string
}) =>
  ErrorResponse.toError({
    status: options.status ?? 400,
    headers: options.headers ?? {},
    text: options.text ?? JSON.stringify(options.body),
    now: 0
  })

const envelope = (type: string, message: string, details?: unknown) => ({
  type: "error",
  error: { type, message, details },
  request_id: "req_body"
})

describe("ErrorResponse", () => {
  describe("toError", () => {
    it("carries every fact as a field", () => {
      const error = toError({
        status: 429,
        headers: {
          "request-id": "req_header",
          "anthropic-organization-id": "org_1",
          "retry-after": "7",
          "x-should-retry": "true",
          "anthropic-ratelimit-requests-remaining": "0"
        },
        body: envelope("rate_limit_error", "Slow down.", { error_code: "ramp_limit_exceeded" })
      })

      assert.strictEqual(error._tag, "RateLimitError")
      assert.strictEqual(error.status, 429)
      assert.strictEqual(error.errorType, "rate_limit_error")
      assert.strictEqual(error.errorCode, "ramp_limit_exceeded")
      assert.strictEqual(error.requestId, "req_header")
      assert.strictEqual(error.organizationId, "org_1")
      assert.deepStrictEqual(error.retryAfter, Duration.seconds(7))
      assert.strictEqual(error.shouldRetry, true)
      assert.strictEqual(error.rateLimits?.requests?.remaining, 0)
      assert.strictEqual(error.outcome, "rejected")
    })

    it.each([[400, "rejected"], [429, "rejected"], [500, "rejected"], [502, "unknown"], [503, "rejected"], [
      504,
      "unknown"
    ], [
      529,
      "rejected"
    ]])("takes status %i to mean that the outcome is %s", (status, outcome) => {
      assert.strictEqual(toError({ status, text: "" }).outcome, outcome)
    })

    it("takes the request id from the body where no header has it", () => {
      assert.strictEqual(toError({ body: envelope("api_error", "") }).requestId, "req_body")
    })

    it("accepts a body without a request id, and with null for one", () => {
      const error = { type: "api_error", message: "" }

      assert.isUndefined(toError({ status: 500, body: { type: "error", error } }).requestId)
      assert.isUndefined(toError({ status: 500, body: { type: "error", error, request_id: null } }).requestId)
    })

    it("keeps the whole body, readable and never printed", () => {
      const body = envelope("invalid_request_error", "bad")
      const error = toError({ body: { ...body, more: "SECRET" } })

      assert.deepStrictEqual(error.body, { ...body, error: { type: body.error.type, message: "bad" }, more: "SECRET" })
      assert.notInclude(JSON.stringify(error), "SECRET")
    })

    it("says what happened, what the server said, what to do, and which request it was", () => {
      const error = toError({ status: 404, body: envelope("not_found_error", "model: claude-9") })

      assert.strictEqual(
        error.message,
        "HTTP 404 not_found_error: model: claude-9 — Check the model name, the id and the path. (request req_body)"
      )
    })

    it("quotes at most 200 characters of what the server said", () => {
      const error = toError({ body: envelope("invalid_request_error", "x".repeat(5000)) })

      assert.include(error.message, `${"x".repeat(200)}…`)
      assert.notInclude(error.message, "x".repeat(201))
    })

    it.each([
      ["an Envoy text", 503, "upstream connect error or disconnect/reset before headers.", "ApiError"],
      ["nothing at all", 404, "", "NotFoundError"],
      ["a page of HTML", 502, "<html><style>b{}</style><body><h1>Bad  Gateway</h1></body></html>", "ApiError"],
      ["JSON of another shape", 401, "{\"detail\":\"no\"}", "AuthenticationError"],
      ["a JSON null", 400, "null", "InvalidRequestError"],
      ["an API error with a malformed payload", 400, "{\"type\":\"error\",\"error\":{}}", "InvalidRequestError"]
    ])("reads %s", (_, status, text, tag) => {
      assert.strictEqual(toError({ status, text })._tag, tag)
    })

    it("quotes the words of an HTML page, not its markup", () => {
      const { message } = toError({ status: 502, text: "<html><style>b{}</style><h1>Bad  Gateway</h1></html>" })

      assert.include(message, "HTTP 502: Bad Gateway —")
    })

    it("takes a fragment for HTML where the header says so, and for text where it does not", () => {
      const text = "<p>Bad Gateway</p>"

      assert.include(
        toError({ status: 502, text, headers: { "content-type": "text/html" } }).message,
        ": Bad Gateway —"
      )
      assert.include(toError({ status: 502, text }).message, ": <p>Bad Gateway</p> —")
    })

    it("reads what a gateway says in plain text of a prompt that does not fit", () => {
      assert.strictEqual(toError({ status: 400, text: "prompt is too long" })._tag, "ContextWindowExceededError")
    })

    it("says that a response has no body", () => {
      assert.include(toError({ status: 404, text: "" }).message, "the response has no body")
    })

    it.prop("is total", [Schema.Int, Schema.String, Schema.Json], ([status, text, json]) => {
      assert.isTrue(ClaudeError.is(toError({ status, text })))
      assert.isTrue(ClaudeError.is(toError({ status, body: json })))
      assert.isTrue(ClaudeError.is(toError({ status, body: { type: "error", error: json } })))
    })
  })

  describe("fromEvent", () => {
    const overloaded: ErrorResponse.ErrorResponse = {
      type: "error",
      error: { type: "overloaded_error", message: "Overloaded", details: null }
    }

    it("is the same OverloadedError as a 529", () => {
      const error = ErrorResponse.fromEvent(overloaded, {})

      assert.instanceOf(error, ClaudeError.OverloadedError)
      assert.isUndefined(error.status)
    })

    it("was rejected when it was the first thing said, and is partial after content", () => {
      const partial = {
        id: "m",
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        usage: { input_tokens: 1, output_tokens: 1 }
      } as const

      assert.strictEqual(ErrorResponse.fromEvent(overloaded, {}).outcome, "rejected")
      assert.strictEqual(ErrorResponse.fromEvent(overloaded, { partial }).outcome, "partial")
      assert.strictEqual(ErrorResponse.fromEvent(overloaded, { partial }).partial, partial)
    })

    it("prefers the request id of the response to that of the event", () => {
      const event = { ...overloaded, request_id: "req_event" }

      assert.strictEqual(ErrorResponse.fromEvent(event, { requestId: "req_header" }).requestId, "req_header")
      assert.strictEqual(ErrorResponse.fromEvent(event, {}).requestId, "req_event")
    })
  })
})
