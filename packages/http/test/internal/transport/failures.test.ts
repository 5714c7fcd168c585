import * as Timeouts from "@effect-claude/http/Timeouts"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Failures from "../../../src/internal/transport/failures.ts"

const coded = (code: string, message = `it failed with ${code}`, cause?: unknown) =>
  Object.assign(new Error(message, { cause }), { code })

const request = HttpClientRequest.post("https://api.anthropic.com/v1/messages", {
  headers: { "x-api-key": "sk-ant-secret" }
})

const transport = (cause: unknown, phase: "headers" | "body" = "headers") =>
  Failures.fromTransport(
    new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) }),
    { phase, host: "api.anthropic.com", requestId: "req_1" },
    Timeouts.defaults
  )

describe("Failures", () => {
  describe("classify", () => {
    const table: ReadonlyArray<readonly [kind: Failures.Kind, codes: ReadonlyArray<string>]> = [
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
      ["protocol", [
        "HTTP2_NEGOTIATED",
        "HPE_INVALID_CONSTANT",
        "HPE_INVALID_HEADER_TOKEN",
        "UND_ERR_HEADERS_OVERFLOW"
      ]],
      ["lost", [
        "HPE_INVALID_EOF_STATE",
        "ECONNRESET",
        "EPIPE",
        "UND_ERR_SOCKET",
        "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
        "HPE_INVALID_CHUNK_SIZE"
      ]]
    ]
    for (const [kind, codes] of table) {
      for (const code of codes) {
        it(`takes ${code} for ${kind}, wherever in the causes it is`, () => {
          assert.strictEqual(Failures.classify(coded(code)).kind, kind)
          assert.strictEqual(Failures.classify(new TypeError("fetch failed", { cause: coded(code) })).kind, kind)
          assert.strictEqual(Failures.classify(new AggregateError([new Error("one"), coded(code)])).kind, kind)
        })
      }
    }

    it("prefers what says more to what only says that nothing was sent", () => {
      assert.strictEqual(Failures.classify(coded("NOT_CONNECTED", "", coded("ENOTFOUND"))).kind, "dns")
      assert.strictEqual(Failures.classify(coded("NOT_CONNECTED", "", coded("ECONNRESET"))).kind, "unreachable")
    })

    it("is total, and ends where causes run in a circle", () => {
      const circle: { cause?: unknown } = new Error("round")
      circle.cause = circle

      for (const cause of [undefined, null, "text", 7, {}, { code: 7 }, circle]) {
        assert.strictEqual(Failures.classify(cause).kind, "lost")
      }
    })
  })

  describe("fromTransport", () => {
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

    it("does not say that nothing was sent when a connection was lost", () => {
      for (const phase of ["headers", "body"] as const) {
        const error = transport(coded("ECONNRESET"), phase)

        assert.strictEqual(error._tag === "ConnectionError" && error.phase, phase)
        assert.strictEqual(error.outcome, "unknown")
        assert.strictEqual(error.requestId, "req_1")
      }
    })

    it("takes a client's own limit on headers for a timeout", () => {
      const error = transport(coded("UND_ERR_HEADERS_TIMEOUT"))

      assert.strictEqual(error._tag === "ClaudeTimeoutError" && error.phase, "headers")
      assert.strictEqual(error.outcome, "unknown")
    })

    it("keeps the request, and so the key, out of the error", () => {
      const error = transport(coded("ECONNRESET"))

      assert.notInclude(JSON.stringify(error) + String(error) + JSON.stringify(error.cause), "sk-ant-secret")
    })

    it("says that a request that cannot be built was not sent", () => {
      const reason = new HttpClientError.EncodeError({ request, description: "no such body" })
      const error = Failures.fromTransport(new HttpClientError.HttpClientError({ reason }), {
        phase: "headers",
        host: "api.anthropic.com"
      }, Timeouts.defaults)

      assert.strictEqual(error.outcome, "notSent")
      assert.include(error.message, "no such body")
    })
  })
})
