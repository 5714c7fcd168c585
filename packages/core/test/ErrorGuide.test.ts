import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorDetails from "@effect-claude/core/ErrorDetails"
import * as ErrorGuide from "@effect-claude/core/ErrorGuide"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Recordings from "./recordings.ts"

const explain = (subject: string | number): ErrorGuide.Explanation => Option.getOrThrow(ErrorGuide.explain(subject))

const tags = Object.keys(ClaudeError.classes)
const codes = Object.keys(ErrorGuide.byCode)

/** Whether a text is one or more whole sentences. */
const isSentence = (text: string): boolean => /^[A-Z`].*\.$/s.test(text)

describe("ErrorGuide", () => {
  describe("byTag", () => {
    for (const [tag, guide] of Object.entries(ErrorGuide.byTag)) {
      it(`says what ${tag} means, why it happens and what to do`, () => {
        assert.isTrue(isSentence(guide.description), guide.description)
        assert.isTrue(isSentence(guide.remedy), guide.remedy)
        assert.isNotEmpty(guide.causes)
      })
    }

    it("has every tag", () => {
      assert.deepStrictEqual(Object.keys(ErrorGuide.byTag).toSorted(), tags.toSorted())
    })
  })

  describe("byStatus", () => {
    it("has every status the table has", () => {
      const missing = Object.keys(ErrorTable.tagByStatus).filter((status) =>
        ErrorGuide.byStatus[Number(status)] === undefined
      )

      assert.deepStrictEqual(missing, [])
    })

    it("says the rest in sentences", () => {
      for (const { description, remedy } of Object.values(ErrorGuide.byStatus)) {
        if (description !== undefined) assert.isTrue(isSentence(description), description)
        if (remedy !== undefined) assert.isTrue(isSentence(remedy), remedy)
      }
    })
  })

  describe("byCode", () => {
    it("has every code of the table and of the details", () => {
      const known = [
        ...Object.keys(ErrorTable.tagByCode),
        ...ErrorTable.finalCodes,
        ...ErrorTable.transientCodes,
        ...ErrorDetails.codes
      ]

      assert.deepStrictEqual(known.filter((code) => !codes.includes(code)), [])
    })

    it("says what each means and what to do, in sentences", () => {
      for (const { description, remedy } of Object.values(ErrorGuide.byCode)) {
        assert.isTrue(isSentence(description), description)
        assert.isTrue(isSentence(remedy), remedy)
      }
    })
  })

  describe("explain", () => {
    it("explains every status from 300 to 599 by the tag the table gives it", () => {
      for (let status = 300; status <= 599; status++) {
        const { causes, description, remedy, statuses, tag } = explain(status)

        assert.strictEqual(tag, ErrorTable.tagOf({ status }))
        assert.deepStrictEqual(statuses, [status])
        assert.isTrue(isSentence(description) && isSentence(remedy) && causes.length > 0)
      }
    })

    for (
      const [asked, subject, tag] of [
        ["422", "422 Unprocessable Content", "UnprocessableEntityError"],
        [" HTTP 429 ", "429 Too Many Requests", "RateLimitError"],
        ["HTTP/503", "503 Service Unavailable", "ApiError"],
        ["404 not found", "404 Not Found", "NotFoundError"],
        ["418", "418", "UnexpectedStatusError"],
        ["599", "599", "ApiError"],
        ["307", "307", "UnexpectedStatusError"],
        ["RateLimitError", "RateLimitError", "RateLimitError"],
        ["ratelimit", "RateLimitError", "RateLimitError"],
        ["stream idle", "StreamIdleError", "StreamIdleError"],
        ["rate_limit_error", "rate_limit_error", "RateLimitError"],
        ["OVERLOADED_ERROR", "overloaded_error", "OverloadedError"],
        ["request_too_large", "request_too_large", "RequestTooLargeError"],
        ["requesttoolarge", "RequestTooLargeError", "RequestTooLargeError"],
        ["timeouterror", "timeout_error", "GatewayTimeoutError"],
        ["contract_spend_limit_reached", "contract_spend_limit_reached", "SpendLimitError"],
        ["File_Expired", "file_expired", "NotFoundError"],
        ["429 contract_spend_limit_reached", "contract_spend_limit_reached", "SpendLimitError"],
        ["HTTP 429 ramp_limit_exceeded: slow down", "ramp_limit_exceeded", "RateLimitError"],
        ["429 rate_limit_error", "429 Too Many Requests", "RateLimitError"],
        ["500 overloaded_error", "500 overloaded_error", "OverloadedError"]
      ] as const
    ) {
      it(`takes ${JSON.stringify(asked)} for ${subject}`, () => {
        const explanation = explain(asked)

        assert.strictEqual(explanation.subject, subject)
        assert.strictEqual(explanation.tag, tag)
      })
    }

    for (const asked of ["", " ", "200", "99", "4290", "42", "a typing error", "__proto__", "constructor"]) {
      it(`knows nothing of ${JSON.stringify(asked)}`, () => {
        assert.isTrue(Option.isNone(ErrorGuide.explain(asked)))
      })
    }

    it("agrees with the retry table", () => {
      for (const tag of tags) {
        const explanation = explain(tag)

        assert.strictEqual(explanation.retryable, ErrorTable.retryableTags[explanation.tag])
      }
      for (const code of codes) {
        const { retryable, tag } = explain(code)

        assert.strictEqual(retryable, ErrorTable.isRetryable({ _tag: tag, errorCode: code }))
      }
    })

    it("does not send again what a limit on spending stopped, though its status is 429", () => {
      assert.isFalse(explain("contract_spend_limit_reached").retryable)
      assert.isTrue(explain("ramp_limit_exceeded").retryable)
    })

    it("names the codes a status comes with, and the statuses and types of a tag", () => {
      assert.deepStrictEqual(explain(404).codes, ["file_expired", "thread_not_found"])
      assert.deepStrictEqual(explain("OverloadedError").statuses, [529])
      assert.deepStrictEqual(explain("OverloadedError").types, ["overloaded_error"])
      assert.include(explain("SpendLimitError").codes, "enforced_spend_limit_reached")
      assert.deepStrictEqual(explain("file_expired").types, ["not_found_error"])
      assert.deepStrictEqual(explain("file_expired").statuses, [404])
      assert.deepStrictEqual(explain("ApiError").statuses, [
        500,
        501,
        502,
        503,
        520,
        521,
        522,
        523,
        524,
        525,
        526,
        530
      ])
    })

    it("lists with a status only the codes that have its tag", () => {
      assert.deepStrictEqual(explain(429).codes, ["ramp_limit_exceeded"])
      assert.deepStrictEqual(explain(402).codes, ["linked_organization_billing_unavailable"])
    })

    it("lists the statuses a tag comes with, by status, code and wording", () => {
      assert.deepStrictEqual(explain("SpendLimitError").statuses, [400, 402, 429])
      assert.deepStrictEqual(explain("BillingError").statuses, [400, 402])
      assert.deepStrictEqual(explain("RateLimitError").statuses, [429])
    })

    it("prefers what a status says to what its tag says", () => {
      assert.notStrictEqual(explain(407).remedy, ErrorGuide.byTag.UnexpectedStatusError.remedy)
      assert.strictEqual(explain(422).remedy, ErrorGuide.byTag.UnprocessableEntityError.remedy)
    })

    it.effect.prop("is total", { subject: Schema.String }, ({ subject }) =>
      Effect.sync(() => {
        assert.isTrue(Option.isOption(ErrorGuide.explain(subject)))
      }))
  })

  describe("explainError", () => {
    const details = { message: "m", outcome: "rejected" } as const

    it("goes by the code", () => {
      const error = new ClaudeError.InvalidRequestError({ ...details, status: 400, errorCode: "tool_name_conflict" })

      assert.strictEqual(ErrorGuide.explainError(error).subject, "tool_name_conflict")
    })

    it("goes by the status where there is no code that is known", () => {
      const error = new ClaudeError.ApiError({ ...details, status: 503, errorCode: "of_tomorrow" })

      assert.strictEqual(ErrorGuide.explainError(error).subject, "503 Service Unavailable")
      assert.strictEqual(
        ErrorGuide.explainError(error.with({ errorCode: "constructor" })).subject,
        "503 Service Unavailable"
      )
    })

    it("goes by the tag where the status means another", () => {
      const error = new ClaudeError.ContextWindowExceededError({ ...details, status: 400 })

      assert.strictEqual(ErrorGuide.explainError(error).subject, "ContextWindowExceededError")
    })

    it("lists the attempts that were made", () => {
      const attempts = { count: 6, elapsed: Duration.seconds(63), gaveUp: "maxRetries" } as const
      const explanation = ErrorGuide.explainError(new ClaudeError.OverloadedError({ ...details, attempts }))

      assert.deepStrictEqual(explanation.attempts, attempts)
      assert.include(ErrorGuide.format(explanation).split("\n"), "Attempts made: 6")
    })

    it("heeds what the server said of trying again", () => {
      assert.isFalse(ErrorGuide.explainError(new ClaudeError.ApiError({ ...details, shouldRetry: false })).retryable)
      assert.isTrue(ErrorGuide.explainError(new ClaudeError.ApiError(details)).retryable)
    })
  })

  describe("statement", () => {
    const answered = (status: number, requestId: string | undefined) =>
      ErrorResponse.toError({ status, headers: { "request-id": requestId }, text: "because — so", now: 0 })

    it("takes the advice and the request id from what an answer of the API says", () => {
      const advised = new Set<string>()
      for (let status = 300; status < 600; status++) {
        const error = answered(status, status % 2 === 0 ? "req_1" : undefined)
        advised.add(error._tag)

        assert.strictEqual(ErrorGuide.statement(error), `HTTP ${status}: because — so`)
        assert.isAbove(error.message.length, ErrorGuide.statement(error).length)
      }
      assert.isAtLeast(advised.size, 13)
    })

    it("keeps what was added to the message later", () => {
      const error = answered(529, "req_1")

      assert.strictEqual(
        ErrorGuide.statement(error.with({ message: `${error.message} Gave up.` })),
        "HTTP 529: because — so Gave up."
      )
    })

    it("leaves other errors whole", () => {
      const error = new ClaudeError.PacingError({ outcome: "notSent", message: "No room. Send it later." })

      assert.strictEqual(ErrorGuide.statement(error), error.message)
    })
  })

  describe("format", () => {
    it("writes what `explain 422` prints", () => {
      assert.strictEqual(
        ErrorGuide.format(explain(422)),
        [
          "422 Unprocessable Content (UnprocessableEntityError)",
          "",
          "The request is well formed, but the endpoint cannot process it.",
          "",
          "Usual causes",
          "  - values that exclude each other",
          "  - a gateway or proxy that checks requests by its own rules",
          "",
          "What to do",
          "  Correct what the message names. If the message is not from the API, contact the operator of the gateway.",
          "",
          "Worth sending again: no",
          "HTTP status: 422"
        ].join("\n")
      )
    })

    it("writes a tag once, with its types and codes", () => {
      const lines = ErrorGuide.format(explain("RateLimitError")).split("\n")

      assert.strictEqual(lines[0], "RateLimitError")
      assert.include(lines, "Worth sending again: yes")
      assert.include(lines, "error.type: rate_limit_error")
      assert.include(lines, "error_code: ramp_limit_exceeded")
    })
  })

  it.skipIf(!Recordings.present)("explains every failure that was recorded", () => {
    const unexplained = Recordings.all().filter(({ kind, response }) =>
      kind === "error" && typeof response.status === "number" && Option.isNone(ErrorGuide.explain(response.status))
    )

    assert.deepStrictEqual(unexplained.map(({ file }) => file), [])
  })
})
