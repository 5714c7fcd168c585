import * as Timeouts from "@effect-claude/http/Timeouts"
import { assert, describe, it } from "@effect/vitest"
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
  describe("fromTransport", () => {
    it("says that nothing was sent, and what to do, when there was no connection", () => {
      for (const code of ["ECONNREFUSED", "ENOTFOUND", "ENETUNREACH", "CERT_HAS_EXPIRED"]) {
        const error = transport(coded(code))

        assert.strictEqual(error._tag === "ConnectionError" && error.phase, "connect")
        assert.strictEqual(error.outcome, "notSent")
        assert.match(error.message, new RegExp(`^No connection to api\\.anthropic\\.com: .*${code}.*\\. .+\\.$`))
      }
    })

    it("takes a head whose framing contradicts itself for unreadable, and such a body for lost", () => {
      for (
        const code of ["HPE_UNEXPECTED_CONTENT_LENGTH", "HPE_HEADER_OVERFLOW", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"]
      ) {
        assert.strictEqual(transport(coded(code), "headers")._tag, "ResponseDecodeError", code)
        assert.strictEqual(transport(coded(code), "body")._tag, "ConnectionError", code)
      }
    })

    it("takes what a decompressor refuses for unreadable, and what broke off for lost", () => {
      const codes = [
        "CONTENT_ENCODING",
        "Z_DATA_ERROR",
        "Z_NEED_DICT",
        "ERR__ERROR_FORMAT_PADDING_2",
        "ZSTD_error_prefix_unknown",
        "ERR_TRAILING_JUNK_AFTER_STREAM_END"
      ]
      for (const code of codes) {
        assert.strictEqual(transport(coded(code), "body")._tag, "ResponseDecodeError", code)
        assert.strictEqual(Failures.streamLost(coded(code), { outcome: "partial" })._tag, "ResponseDecodeError", code)
      }
      for (const code of ["CONTENT_ENCODING_CUT", "Z_BUF_ERROR"]) {
        assert.strictEqual(transport(coded(code), "body")._tag, "ConnectionError", code)
        assert.strictEqual(Failures.streamLost(coded(code), { outcome: "partial" })._tag, "StreamTruncatedError", code)
      }
    })

    it("does not say that nothing was sent when a connection was lost", () => {
      for (const phase of ["headers", "body"] as const) {
        const error = transport(coded("ECONNRESET"), phase)

        assert.strictEqual(error._tag === "ConnectionError" && error.phase, phase)
        assert.strictEqual(error.outcome, "unknown")
        assert.strictEqual(error.requestId, "req_1")
      }
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

    it("says that nothing was sent for each code of a connection that was not made", () => {
      for (
        const code of [
          "ConnectionRefused",
          "EAI_AGAIN",
          "EHOSTUNREACH",
          "EADDRNOTAVAIL",
          "EACCES",
          "EPERM",
          "EPROTO",
          "UND_ERR_CONNECT_TIMEOUT",
          "ERR_TLS_CERT_ALTNAME_INVALID",
          "ERR_SSL_WRONG_VERSION_NUMBER",
          "CERT_NOT_YET_VALID",
          "CRL_HAS_EXPIRED",
          "DEPTH_ZERO_SELF_SIGNED_CERT",
          "SELF_SIGNED_CERT_IN_CHAIN",
          "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
          "HOSTNAME_MISMATCH",
          "INVALID_CA",
          "PATH_LENGTH_EXCEEDED"
        ]
      ) {
        const error = transport(new TypeError("fetch failed", { cause: coded(code) }))

        assert.strictEqual(error.outcome, "notSent", code)
        assert.strictEqual(transport(coded(code), "body").outcome, "unknown", code)
      }
    })

    it("does not retry a response that is not HTTP/1.1 or cannot be decoded", () => {
      for (
        const code of [
          "HPE_INVALID_CONSTANT",
          "HPE_INVALID_HEADER_TOKEN",
          "UND_ERR_HEADERS_OVERFLOW",
          "CONTENT_ENCODING"
        ]
      ) {
        assert.strictEqual(transport(coded(code))._tag, "ResponseDecodeError", code)
      }
      const parser = Object.assign(new Error("Response does not match the HTTP/1.1 protocol"), {
        name: "HTTPParserError"
      })
      assert.strictEqual(transport(parser)._tag, "ResponseDecodeError")
      assert.strictEqual(transport(parser, "body")._tag, "ConnectionError")
    })

    it("takes damage to the framing of a body for a lost connection", () => {
      for (
        const code of [
          "HPE_INVALID_EOF_STATE",
          "HPE_INVALID_CHUNK_SIZE",
          "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
          "EPIPE"
        ]
      ) {
        assert.strictEqual(transport(coded(code), "body")._tag, "ConnectionError", code)
      }
    })

    it("is total, and ends where causes form a cycle", () => {
      const circle: { cause?: unknown } = new Error("round")
      circle.cause = circle

      for (const cause of [undefined, null, "text", 7, {}, { code: 7 }, circle]) {
        assert.strictEqual(transport(cause)._tag, "ConnectionError")
      }
    })
  })
})
