import * as Timeouts from "@effect-claude/http/Timeouts"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Diagnosis from "../../../src/internal/transport/diagnosis.ts"

const coded = (code: string, message = `it failed with ${code}`, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code })

const request = HttpClientRequest.post("https://api.anthropic.com/v1/messages", {
  headers: { "x-api-key": "sk-ant-secret" }
})

const transport = (cause: unknown, phase: "headers" | "body" = "headers") =>
  Diagnosis.explain(
    new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) }),
    { phase, host: "api.anthropic.com", requestId: "req_1" },
    Timeouts.defaults
  )

describe("Diagnosis", () => {
  describe("classify", () => {
    const table: ReadonlyArray<readonly [kind: Diagnosis.Kind | undefined, codes: ReadonlyArray<string>]> = [
      ["refused", ["ECONNREFUSED", "ConnectionRefused"]],
      ["dns", ["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA"]],
      ["unreachable", [
        "EHOSTUNREACH",
        "EHOSTDOWN",
        "ENETUNREACH",
        "ENETDOWN",
        "EADDRNOTAVAIL",
        "EACCES",
        "EPERM",
        "NOT_CONNECTED"
      ]],
      ["tls", [
        "EPROTO",
        "ERR_TLS_CERT_ALTNAME_INVALID",
        "ERR_SSL_WRONG_VERSION_NUMBER",
        "CERT_HAS_EXPIRED",
        "CERT_NOT_YET_VALID",
        "DEPTH_ZERO_SELF_SIGNED_CERT",
        "SELF_SIGNED_CERT_IN_CHAIN",
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "HOSTNAME_MISMATCH"
      ]],
      ["connectTimeout", ["UND_ERR_CONNECT_TIMEOUT"]],
      ["headersTimeout", ["UND_ERR_HEADERS_TIMEOUT"]],
      ["http2", ["HTTP2_NEGOTIATED"]],
      [undefined, ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "HPE_INVALID_CONSTANT", "CONTENT_ENCODING"]]
    ]
    for (const [kind, codes] of table) {
      for (const code of codes) {
        it(`takes ${code} for ${kind ?? "no kind of its own"}, anywhere in the causes`, () => {
          assert.strictEqual(Diagnosis.classify(coded(code))?.kind, kind)
          assert.strictEqual(Diagnosis.classify(new TypeError("fetch failed", { cause: coded(code) }))?.kind, kind)
          assert.strictEqual(Diagnosis.classify(new AggregateError([new Error("one"), coded(code)]))?.kind, kind)
        })
      }
    }

    it("prefers a code that tells more than that nothing was sent", () => {
      assert.strictEqual(Diagnosis.classify(coded("NOT_CONNECTED", "", coded("ENOTFOUND")))?.kind, "dns")
      assert.strictEqual(Diagnosis.classify(coded("NOT_CONNECTED", "", coded("ECONNRESET")))?.kind, "unreachable")
    })

    it("is undefined without a code, and ends where causes form a cycle", () => {
      const circle: { cause?: unknown } = new Error("round")
      circle.cause = circle

      for (const cause of [undefined, null, "text", 7, {}, { code: 7 }, circle]) {
        assert.strictEqual(Diagnosis.classify(cause), undefined)
      }
    })
  })

  describe("explain", () => {
    it("says that nothing was sent, and what to do, when there was no connection", () => {
      for (const code of ["ECONNREFUSED", "ENOTFOUND", "ENETUNREACH", "CERT_HAS_EXPIRED"]) {
        const error = transport(coded(code))

        assert.strictEqual(error._tag === "ConnectionError" && error.phase, "connect")
        assert.strictEqual(error.outcome, "notSent")
        assert.match(error.message, new RegExp(`^No connection to api\\.anthropic\\.com: .*${code}.*\\. .+\\.$`))
      }
    })

    it("names the time a connection was given", () => {
      const error = transport(
        coded("UND_ERR_CONNECT_TIMEOUT", "Connect Timeout Error (attempted address: x:443, timeout: 2500ms)")
      )

      assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "connect")
      assert.deepStrictEqual(error._tag === "ClaudeTimeoutError" && error.limit, Duration.millis(2500))
      assert.strictEqual(error.outcome, "notSent")
    })

    it("takes a client's own limit on headers for a timeout", () => {
      const error = transport(coded("UND_ERR_HEADERS_TIMEOUT"))

      assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "headers")
      assert.strictEqual(error.outcome, "unknown")
    })

    it("does not retry what the same certificate or proxy would refuse again", () => {
      for (const code of ["CERT_HAS_EXPIRED", "PROXY_AUTHENTICATION", "PROXY_REFUSED"]) {
        assert.strictEqual(transport(coded(code)).shouldRetry, false)
      }
      for (const code of ["ECONNREFUSED", "EPROTO", "PROXY_UNREACHABLE"]) {
        assert.isUndefined(transport(coded(code)).shouldRetry)
      }
    })

    it("leaves a failure without a known code to Failures", () => {
      assert.include(transport(coded("ECONNRESET")).message, "was lost before a response came")
      assert.strictEqual(transport(coded("HPE_INVALID_CONSTANT"))._tag, "ResponseDecodeError")
    })
  })
})
