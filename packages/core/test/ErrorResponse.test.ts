import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
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

    it.each([
      [400, "rejected"],
      [429, "rejected"],
      [499, "unknown"],
      [500, "unknown"],
      [502, "unknown"],
      [503, "unknown"],
      [504, "unknown"],
      [520, "unknown"],
      [521, "rejected"],
      [522, "unknown"],
      [523, "rejected"],
      [524, "unknown"],
      [525, "rejected"],
      [529, "rejected"],
      [530, "rejected"],
      [599, "unknown"]
    ])("gives status %i without an envelope the outcome %s", (status, outcome) => {
      assert.strictEqual(toError({ status, text: "" }).outcome, outcome)
      assert.strictEqual(toError({ status, body: { error: { message: "m", type: "api_error" } } }).outcome, outcome)
    })

    it.each([[500, "rejected"], [503, "rejected"], [502, "unknown"], [504, "unknown"], [529, "rejected"]])(
      "gives status %i with the envelope of the API the outcome %s",
      (status, outcome) => {
        assert.strictEqual(toError({ status, body: envelope("api_error", "m") }).outcome, outcome)
      }
    )

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

    it("states what happened, the server's words, what to do, and the request id", () => {
      const error = toError({ status: 404, body: envelope("not_found_error", "model: claude-9") })

      assert.strictEqual(
        error.message,
        "HTTP 404 not_found_error: model: claude-9 — Check the model name, the id and the path. (request req_body)"
      )
    })

    it("quotes at most 400 characters of the server's words", () => {
      const error = toError({ body: envelope("invalid_request_error", "x".repeat(5000)) })

      assert.include(error.message, `${"x".repeat(400)}…`)
      assert.notInclude(error.message, "x".repeat(401))
    })

    it("does not cut a character in half", () => {
      assert.notMatch(toError({ text: `${"x".repeat(399)}\u{1F600}y` }).message, /\p{Cs}/u)
    })

    const nested = JSON.stringify(envelope("overloaded_error", "Overloaded"))

    it.each<[name: string, status: number, body: unknown, words: string, tag: ClaudeError.Tag]>([
      ["a text in place of the error", 400, { error: "bad model" }, "bad model", "InvalidRequestError"],
      ["JSON that is a text", 400, "no such deployment", "no such deployment", "InvalidRequestError"],
      [
        "OpenAI style",
        429,
        { error: { message: "Slow down", type: "requests", param: null, code: "rate_limited" } },
        "Slow down",
        "RateLimitError"
      ],
      [
        "OAuth style",
        401,
        { error: "invalid_token", error_description: "expired" },
        "invalid_token",
        "AuthenticationError"
      ],
      [
        "a message beside the name of the status",
        400,
        { error: "Bad Request", message: "no body" },
        "no body",
        "InvalidRequestError"
      ],
      [
        "FastAPI style",
        422,
        { detail: [{ loc: ["body"], msg: "field required" }] },
        "field required",
        "UnprocessableEntityError"
      ],
      [
        "a list of errors",
        403,
        { success: false, errors: [{ code: 10000, message: "Authentication error" }] },
        "Authentication error",
        "PermissionError"
      ],
      [
        "a problem document",
        524,
        { type: "https://x/524", title: "Error 524", detail: "timed out" },
        "Error 524: timed out",
        "ApiError"
      ],
      ["an AWS message", 403, { Message: "not authorized" }, "not authorized", "PermissionError"],
      [
        "JSON text inside the message",
        500,
        { error: { message: nested } },
        "overloaded_error: Overloaded",
        "OverloadedError"
      ],
      [
        "JSON text inside a sentence",
        500,
        { error: { message: `AnthropicError: ${nested}` } },
        "AnthropicError: {",
        "OverloadedError"
      ],
      [
        "the raw response of a provider",
        400,
        { error: { message: "Provider returned error", metadata: { raw: nested } } },
        "Provider returned error: Overloaded",
        "OverloadedError"
      ],
      ["the status of a provider", 500, [{ error: { code: 429, message: "quota" } }], "quota", "ApiError"]
    ])("finds the words of %s", (_, status, body, words, tag) => {
      const error = toError({ status, body })

      assert.include(error.message, words)
      assert.strictEqual(error._tag, tag)
      assert.deepStrictEqual(error.body, body)
    })

    it.each<[message: string, tag: ClaudeError.Tag]>([
      ["Your credit balance is too low to access the Anthropic API.", "BillingError"],
      ["You have reached your specified API usage limits. You will regain access on 2026-12-01.", "SpendLimitError"],
      ["You have reached your specified workspace API usage limits.", "SpendLimitError"],
      ["messages: too many total text bytes: 9500000 > 9000000", "RequestTooLargeError"],
      ["prompt is too long: 200016 tokens > 200000 maximum", "ContextWindowExceededError"]
    ])("recognises %j", (message, tag) => {
      const error = toError({ body: envelope("invalid_request_error", message) })

      assert.strictEqual(error._tag, tag)
      assert.strictEqual(error.status, 400)
      assert.isFalse(ErrorTable.isRetryable(error))
    })

    it("takes the seconds of `retry_after` in the body for a hint", () => {
      assert.deepStrictEqual(toError({ status: 524, body: { retry_after: 120 } }).retryAfter, Duration.seconds(120))
      assert.deepStrictEqual(toError({ status: 429, body: { retry_after: "3" } }).retryAfter, Duration.seconds(3))
      assert.isUndefined(toError({ status: 429, body: { retry_after: -1 } }).retryAfter)
    })

    it("prefers the hint of the header to that of the body", () => {
      const error = toError({ status: 429, headers: { "retry-after": "7" }, body: { retry_after: 120 } })

      assert.deepStrictEqual(error.retryAfter, Duration.seconds(7))
    })

    it("names the URL of a 404 and of a redirect, and the note about its model", () => {
      const url = "https://gateway.example/v1/v1/messages"
      const response = { headers: {}, text: "", now: 0, url, modelNote: "claude-2 was retired; use claude-9" }

      assert.include(ErrorResponse.toError({ ...response, status: 404 }).message, `(URL: ${url}; claude-2 was retired;`)
      assert.include(ErrorResponse.toError({ ...response, status: 302 }).message, url)
      assert.notInclude(ErrorResponse.toError({ ...response, status: 400 }).message, url)
    })

    it("carries the details of a code as data that is never printed", () => {
      const details = { error_code: "image_dimensions_too_large", max_side_length_pixels: 2000, paths: ["messages.0"] }
      const error = toError({ body: envelope("invalid_request_error", "too large", details) })

      assert.strictEqual(error.errorCode, "image_dimensions_too_large")
      assert.deepStrictEqual<unknown>(error.details, details)
      assert.deepStrictEqual<unknown>(error.with({ requestId: "req_2" }).details, details)
      assert.notInclude(JSON.stringify(error), "messages.0")
    })

    it("keeps the code of details that are malformed", () => {
      const error = toError({ body: envelope("x", "m", { error_code: "image_dimensions_too_large", paths: 1 }) })

      assert.strictEqual(error.errorCode, "image_dimensions_too_large")
      assert.isUndefined(error.details)
    })

    it("quotes no credential and no control character", () => {
      const { message } = toError({ text: "no \u001b[2J sk-ant-api03-abc via http://u:hunter22@proxy" })

      assert.include(message, "HTTP 400: no [2J [credential] via http://[credential]@proxy —")
    })

    // A quadratic reader would need hours for these.
    it.each([
      ["open tags", "<".repeat(1_000_000)],
      ["open scripts", `<html>${"<script>".repeat(125_000)}`],
      ["open comments", `<html>${"<!--".repeat(250_000)}`],
      ["white space", ` ${" ".repeat(1_000_000)}x`],
      ["open braces", `${"{".repeat(500_000)}${"}".repeat(500_000)}`],
      ["open lists", "[".repeat(1_000_000)],
      ["the starts of keys", "sk-ant-".repeat(140_000)],
      ["the starts of tokens", "eyJ".repeat(330_000)],
      ["the starts of URLs", "://".repeat(330_000)],
      ["schemes", "bearer ".repeat(140_000)],
      ["a message inside its error", JSON.stringify({ message: "a".repeat(500_000), error: `b${"a".repeat(400_000)}` })]
    ])("reads a megabyte of %s in linear time", (_, text) => {
      assert.isTrue(ClaudeError.is(toError({ status: 500, text })))
      assert.isTrue(ClaudeError.is(toError({ status: 500, text, headers: { "content-type": "text/html" } })))
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

    it("states that a response has no body", () => {
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

    it("is rejected before any content, and partial after it", () => {
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

    it.each<[name: string, event: unknown, words: string, tag: ClaudeError.Tag]>([
      ["a text", "upstream gone", "upstream gone", "ApiError"],
      ["OpenAI style", { error: { message: "Overloaded", type: "overloaded_error" } }, "Overloaded", "OverloadedError"],
      ["a status in the error", { error: { code: 429, message: "quota" } }, "quota", "RateLimitError"],
      ["a text as the error", { type: "error", error: "gone" }, "gone", "ApiError"]
    ])("recognises %s, and does not know what the server did", (_, event, words, tag) => {
      const error = ErrorResponse.fromEvent(event, {})

      assert.include(error.message, `: ${words} —`)
      assert.strictEqual(error._tag, tag)
      assert.strictEqual(error.outcome, "unknown")
      assert.deepStrictEqual(error.body, event)
    })

    it("prefers the request id of the response to that of the event", () => {
      const event = { ...overloaded, request_id: "req_event" }

      assert.strictEqual(ErrorResponse.fromEvent(event, { requestId: "req_header" }).requestId, "req_header")
      assert.strictEqual(ErrorResponse.fromEvent(event, {}).requestId, "req_event")
    })
  })

  describe("isError", () => {
    it.each([
      [{ type: "error", error: { type: "api_error", message: "m" } }, true],
      [{ type: "error", message: "m" }, true],
      [{ error: "m" }, true],
      [{ error: { message: "m" } }, true],
      [{ message: "m" }, true],
      [{ Message: "m" }, true],
      [{ detail: "m" }, true],
      [{ detail: "" }, false],
      [{ message: { role: "assistant", content: "m" } }, false],
      [{ type: "model", message: "m" }, false],
      [{ object: "chat.completion", choices: [] }, false],
      [{ type: "message", error: null }, false],
      [{ type: "ping" }, false],
      ["error", false],
      [null, false]
    ])("reads %j as %s", (json, expected) => {
      assert.strictEqual(ErrorResponse.isError(json), expected)
    })
  })
})
