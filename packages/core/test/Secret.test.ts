import * as Secret from "@effect-claude/core/Secret"
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"

/** Values as credentials are: long enough, with characters that encodings change. */
const Value = Schema.String.check(Schema.isMinLength(10), Schema.isMaxLength(60)).check(
  Schema.makeFilter((text) => text.trim() === text && !/\s/.test(text) && !/\p{Cs}/u.test(text))
)

const base64 = (text: string): string => Buffer.from(text).toString("base64")

const encodings: { readonly [name: string]: (value: string) => string } = {
  plain: (value) => value,
  "a URL": (value) => encodeURIComponent(value),
  "a URL in lower case": (value) => encodeURIComponent(value).replace(/%../g, (byte) => byte.toLowerCase()),
  "a URL that escapes every byte": (value) =>
    Array.from(new TextEncoder().encode(value), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  JSON: (value) => JSON.stringify(value),
  "JSON with escaped slashes": (value) => JSON.stringify(value).replaceAll("/", "\\/"),
  "JSON in ASCII": (value) =>
    Array.from({ length: value.length }, (_, i) => `\\u${value.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")
}

/** The part of a value that its base64 shows wherever it begins: whole groups of three bytes. */
const core = (text: string): string => base64(text.slice(2, -2)).slice(0, -4)

describe("Secret", () => {
  describe("of", () => {
    for (const [name, encode] of Object.entries(encodings)) {
      it.prop(`finds a value in ${name}`, [Value, Schema.String, Schema.String], ([value, before, after]) => {
        const cleaned = Secret.of([value]).clean(`${before} ${encode(value)} ${after}`)

        assert.include(cleaned, Secret.mark)
        if (!before.includes(value) && !after.includes(value)) assert.notInclude(cleaned, encode(value))
      })
    }

    for (const offset of [0, 1, 2]) {
      it.prop(`finds a value in base64 after ${offset} bytes`, [Value, Schema.String], ([value, after]) => {
        const encoded = base64(`${"x".repeat(offset)}${value}${after}`)
        const known = Secret.of([value])

        assert.include(known.clean(encoded), Secret.mark)
        assert.include(known.clean(encoded.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")), Secret.mark)
        assert.include(known.clean(encodeURIComponent(encoded)), Secret.mark)
      })
    }

    it("finds a value that holds an escape of the other kind", () => {
      const value = "pass%41word\"quoted"

      assert.strictEqual(Secret.of([value]).clean(JSON.stringify(value)), `"${Secret.mark}"`)
      assert.strictEqual(Secret.of([value]).clean(encodeURIComponent(value)), Secret.mark)
    })

    it("leaves nothing of a value in the base64 of a pair", () => {
      const cleaned = Secret.of(["my-secret-key-1"]).clean(`Basic ${base64("user:my-secret-key-1")}`)

      assert.notInclude(cleaned, core("my-secret-key-1"))
    })

    it("finds values without their scheme, and the password of a pair", () => {
      const known = Secret.of(["Bearer token-12345678", `Basic ${base64("user:hunter2-hunter2")}`])

      assert.strictEqual(known.clean("token-12345678"), Secret.mark)
      assert.strictEqual(known.clean("hunter2-hunter2"), Secret.mark)
    })

    it("finds values that overlap and values inside values", () => {
      const known = Secret.of(["abcdefgh1234", "1234abcdefgh", "efgh1234abcd"])

      assert.strictEqual(known.clean("<abcdefgh1234abcdefgh>"), `<${Secret.mark}>`)
    })

    it("finds a value again after a part of it", () => {
      assert.strictEqual(Secret.of(["aaaaaaab"]).clean("aaaaaaaaaaab"), `aaaa${Secret.mark}`)
    })

    it("leaves out values that ordinary text would hold", () => {
      assert.strictEqual(Secret.of(["", "short"]).clean("a short text"), "a short text")
      assert.strictEqual(Secret.of(["12345678"]).clean("12345678"), Secret.mark)
    })

    it("prints none of its values", () => {
      const known = Secret.of(["my-secret-key-1"])

      assert.notInclude(`${JSON.stringify(known)} ${String(known.clean)}`, "my-secret-key-1")
    })

    it.prop("changes no text without a secret", [Schema.String], ([text]) => {
      assert.strictEqual(Secret.of(["\u{10FFFF}\u{10FFFF}\u{10FFFF}\u{10FFFF}"]).clean(text), text)
    })

    it.each([
      ["starts of the value", "a".repeat(1_000_000), `${"a".repeat(1_000)}b`],
      ["escapes", "%61".repeat(330_000), `${"a".repeat(1_000)}b`],
      ["cut escapes", "%\\u".repeat(330_000), "abcdefgh"]
    ])("searches a megabyte of %s in linear time", (_, text, value) => {
      assert.strictEqual(Secret.of([value]).clean(text), text)
    })
  })

  describe("clean", () => {
    it.each([
      ["key sk-ant-api03-abc.", "key [credential]."],
      ["sk-proj-abcdefghij0123456789", "[credential]"],
      ["ghp_abcdefghij0123456789", "[credential]"],
      ["AKIAIOSFODNN7EXAMPLE", "[credential]"],
      ["token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl!", "token [credential]!"],
      ["Authorization: Bearer abc123def456", "Authorization: Bearer [credential]"],
      ["Basic dXNlcjpwYXNzd29yZA==", "Basic [credential]"],
      ["https://user:hunter22@host/path", "https://[credential]@host/path"],
      [
        "https://host/path?api-version=1&api_key=hunter22&x=1",
        "https://host/path?api-version=1&api_key=[credential]&x=1"
      ],
      ["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nrest", "[credential]\nrest"],
      ["-----BEGIN PRIVATE KEY-----\nMIIE", "[credential]"]
    ])("cleans %j", (text, cleaned) => {
      assert.strictEqual(Secret.clean(text), cleaned)
    })

    it.each([
      ["Basic authentication is required, bearer authentication too."],
      ["https://host:8080/path@version?max_tokens=5"],
      ["messages.0.content.1.source.base64.data: too large"],
      ["claude-sonnet-4-5-20250929 msg_01XFDUDYJgAACzvnptvVoYEL"]
    ])("keeps %j", (text) => {
      assert.strictEqual(Secret.clean(text), text)
    })

    it.prop("cleans what is clean no further", [Schema.String], ([text]) => {
      assert.strictEqual(Secret.clean(Secret.clean(text)), Secret.clean(text))
    })
  })

  describe("isFieldName", () => {
    it.each([
      "authorization_token",
      "apiKey",
      "x-api-key",
      "access_token",
      "password",
      "clientSecret",
      "AWS_SECRET_ACCESS_KEY"
    ])(
      "takes %s for a secret",
      (name) => {
        assert.isTrue(Secret.isFieldName(name))
      }
    )

    it.each(["max_tokens", "input_tokens", "author", "keywords", "api-version", "key", "passage", "tool_choice"])(
      "takes %s for no secret",
      (name) => {
        assert.isFalse(Secret.isFieldName(name))
      }
    )
  })

  describe("isHeaderName", () => {
    it.each([["x-api-key", true], ["Authorization", true], ["cf-aig-authorization", true], ["cookie", true], [
      "anthropic-version",
      false
    ]])("takes %s for a credential: %s", (name, expected) => {
      assert.strictEqual(Secret.isHeaderName(name), expected)
    })
  })

  describe("cleanJson", () => {
    it("replaces texts by the name of their field, by pattern and by value, in keys too", () => {
      const json = {
        max_tokens: 5,
        tokens: ["t"],
        mcp_servers: [{ url: "https://u:hunter22@mcp", authorization_token: "t" }],
        "my-own-value-1": "is my-own-value-1",
        password: ""
      }

      assert.deepStrictEqual(Secret.cleanJson(json, Secret.of(["my-own-value-1"])), {
        max_tokens: 5,
        tokens: ["t"],
        mcp_servers: [{ url: "https://[credential]@mcp", authorization_token: "[credential]" }],
        "[credential]": "is [credential]",
        password: ""
      })
    })

    it("replaces what is nested too deep", () => {
      let deep: unknown = "x"
      for (let i = 0; i < 100_000; i++) deep = [deep]

      assert.include(JSON.stringify(Secret.cleanJson(deep)), Secret.mark)
    })

    it.prop("keeps the structure of JSON", [Schema.Json], ([json]) => {
      assert.strictEqual(Array.isArray(Secret.cleanJson(json)), Array.isArray(json))
      assert.strictEqual(typeof Secret.cleanJson(json), typeof json)
    })
  })
})
