import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as NoProxy from "../../../src/node/internal/noProxy.ts"

const bypasses = (list: string, url: string): boolean => Result.getOrThrow(NoProxy.parse(list))(new URL(url))

const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))

const Address = Schema.Tuple([Byte, Byte, Byte, Byte])

const numeric = (address: typeof Address.Type): number => address.reduce((sum, byte) => sum * 256 + byte, 0)

describe("noProxy", () => {
  describe("parse", () => {
    const table: ReadonlyArray<
      readonly [list: string, matching: ReadonlyArray<string>, others: ReadonlyArray<string>]
    > = [
      ["", [], ["https://example.com", "https://10.0.0.1"]],
      [" , ", [], ["https://example.com"]],
      ["*", ["https://example.com", "http://10.0.0.1:8080", "https://[2001:db8::1]"], []],
      ["a.test, *", ["https://example.com"], []],
      ["*:8443", ["https://example.com:8443"], ["https://example.com"]],
      ["example.com", [
        "https://example.com",
        "https://EXAMPLE.com./",
        "https://a.b.example.com:8443",
        "http://example.com"
      ], ["https://evilexample.com", "https://example.com.evil.test", "https://com"]],
      [".example.com", ["https://example.com", "https://a.example.com"], ["https://evilexample.com"]],
      ["Example.COM.", ["https://example.com"], []],
      ["*.example.com", ["https://a.example.com", "https://a.b.example.com"], [
        "https://example.com",
        "https://evilexample.com"
      ]],
      ["example.com:443", ["https://example.com", "https://a.example.com:443"], [
        "http://example.com",
        "https://example.com:8443"
      ]],
      ["example.com:80", ["http://example.com"], ["https://example.com"]],
      ["10.0.0.1", ["https://10.0.0.1:1", "https://[::ffff:10.0.0.1]"], ["https://10.0.0.2", "https://110.0.0.1"]],
      ["0.0.1", [], ["https://10.0.0.1"]],
      ["10.0.0.1:8443", ["https://10.0.0.1:8443"], ["https://10.0.0.1"]],
      ["2001:db8::1", ["https://[2001:db8:0::1]"], ["https://[2001:db8::2]"]],
      ["[2001:db8::1]", ["https://[2001:db8::1]:1"], ["https://[2001:db8::2]"]],
      ["[2001:db8::1]:8443", ["https://[2001:db8::1]:8443"], ["https://[2001:db8::1]"]],
      ["10.0.0.0/8", ["https://10.255.1.2"], ["https://11.0.0.0", "https://10.example.com"]],
      ["10.0.0.0/8:8443", ["https://10.1.2.3:8443"], ["https://10.1.2.3"]],
      ["192.168.4.0/22", ["https://192.168.7.255"], ["https://192.168.8.0"]],
      ["fd00::/8", ["https://[fd12:3456::1]"], ["https://[fe80::1]"]],
      ["a.test b.test,c.test", ["https://a.test", "https://b.test", "https://c.test"], ["https://d.test"]]
    ]
    for (const [list, matching, others] of table) {
      it(`reads ${JSON.stringify(list)}`, () => {
        for (const url of matching) assert.isTrue(bypasses(list, url), url)
        for (const url of others) assert.isFalse(bypasses(list, url), url)
      })
    }

    it.prop(
      "matches the addresses that share the first bits of a range",
      { network: Address, address: Address, bits: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 32 })) },
      ({ address, bits, network }) => {
        const size = 2 ** (32 - bits)
        const shares = Math.floor(numeric(network) / size) === Math.floor(numeric(address) / size)
        const isLoopback = address[0] === 127

        assert.strictEqual(
          bypasses(`${network.join(".")}/${bits}`, `https://${address.join(".")}`),
          shares || isLoopback
        )
      }
    )

    it("always matches loopback, and no name that merely ends in localhost", () => {
      for (
        const host of [
          "localhost",
          "LOCALHOST",
          "localhost.",
          "api.localhost",
          "127.0.0.1",
          "127.8.9.1",
          "127.1",
          "[::1]",
          "[::ffff:127.0.0.1]"
        ]
      ) {
        assert.isTrue(bypasses("", `http://${host}:8080/v1`), host)
      }
      for (
        const host of [
          "evillocalhost",
          "localhost.evil.test",
          "my-localhost",
          "128.0.0.1",
          "127.0.0.1.evil.test",
          "0.0.0.0",
          "[::2]",
          "[::ffff:8.8.8.8]",
          "[7f00::1]"
        ]
      ) {
        assert.isFalse(bypasses("", `http://${host}`), host)
      }
    })

    it("fails with an entry that is a malformed range", () => {
      for (
        const entry of [
          "10.0.0.0/33",
          "fd00::/129",
          "[fd00::/8]",
          "example.com/8",
          "10.0.0.0/",
          "10.0.0.0/x",
          "/8",
          "1.2.3/8"
        ]
      ) {
        assert.deepStrictEqual(NoProxy.parse(`a.test,${entry}`), Result.fail(entry))
      }
    })
  })
})
