import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import { X509Certificate } from "node:crypto"
import { authority, bundle, expired } from "../support/certificates.ts"
import { files, layerFiles, run } from "../support/cli.ts"

/** In a year in which the authority is valid. */
const certOf = (args: ReadonlyArray<string>) =>
  Effect.andThen(TestClock.setTime(Date.UTC(2030, 0, 1)), run(["cert", "der-to-pem", ...args], { columns: 500 }))

describe("cert", () => {
  describe("der-to-pem", () => {
    it.effect("writes a PEM that holds the same certificate, and shows what is in it", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { at, paths } = yield* files({ "proxy.der": authority })
        const { code, err, out } = yield* certOf([paths["proxy.der"]!])

        assert.strictEqual(code, 0)
        assert.strictEqual(err, "")
        const written = new X509Certificate(yield* fs.readFileString(at("proxy.pem")))
        assert.strictEqual(written.fingerprint256, new X509Certificate(authority).fingerprint256)
        assert.include(out, "CN=Test Proxy CA")
        assert.match(out, /valid +\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d/)
        assert.include(out, written.fingerprint256)
        assert.include(out, "yes: it may sign others")
        assert.match(out, /key usage +not said/)
        assert.include(out, `NODE_EXTRA_CA_CERTS=${at("proxy.pem")}`)
      }).pipe(Effect.provide(layerFiles)))

    it.effect("writes where it is told to", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { at, paths } = yield* files({ "proxy.der": authority })
        yield* certOf([paths["proxy.der"]!, at("other.crt")])

        assert.isTrue((yield* fs.readFileString(at("other.crt"))).startsWith("-----BEGIN CERTIFICATE-----"))
        assert.isFalse(yield* fs.exists(at("proxy.pem")))
      }).pipe(Effect.provide(layerFiles)))

    it.effect("replaces a file only when forced to", () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const { at, paths } = yield* files({ "proxy.der": authority, "proxy.pem": "mine" })
        const refused = yield* certOf([paths["proxy.der"]!])
        const kept = yield* fs.readFileString(at("proxy.pem"))
        const forced = yield* certOf([paths["proxy.der"]!, "--force"])

        assert.strictEqual(refused.code, 2)
        assert.include(refused.err, "--force")
        assert.strictEqual(kept, "mine")
        assert.strictEqual(forced.code, 0)
        assert.include(yield* fs.readFileString(at("proxy.pem")), "BEGIN CERTIFICATE")
      }).pipe(Effect.provide(layerFiles)))

    it.effect("only looks at what is PEM already", () =>
      Effect.gen(function*() {
        const { at, paths } = yield* files({ "proxy.crt": new X509Certificate(authority).toString() })
        const { code, out } = yield* certOf([paths["proxy.crt"]!])

        assert.strictEqual(code, 0)
        assert.include(out, "is PEM already")
        assert.include(out, "CN=Test Proxy CA")
        const fs = yield* FileSystem.FileSystem
        yield* certOf([paths["proxy.crt"]!, at("copy.pem")])
        assert.include(yield* fs.readFileString(at("copy.pem")), "BEGIN CERTIFICATE")
      }).pipe(Effect.provide(layerFiles)))

    it.effect("warns of what would not do as an authority, and says when it holds", () =>
      Effect.gen(function*() {
        const { paths } = yield* files({ "old.der": expired, "proxy.der": authority })
        const server = yield* certOf([paths["old.der"]!])
        yield* TestClock.setTime(0)
        const early = yield* run(["cert", "der-to-pem", paths["proxy.der"]!, "--force"], { columns: 500 })
        yield* TestClock.setTime(Date.UTC(2130, 0, 1))
        const late = yield* run(["cert", "der-to-pem", paths["proxy.der"]!, "--force"], { columns: 500 })

        assert.deepStrictEqual([server.code, early.code, late.code], [0, 0, 0])
        assert.include(server.out, "2020-01-01 to 2021-01-01 (expired 3287 days ago)")
        assert.include(server.err, "not an authority")
        assert.include(early.out, "not before")
        assert.include(early.err, "is valid from 2026-11-21 on")
        assert.include(late.err, "expired on 2126-10-28")
      }).pipe(Effect.provide(layerFiles)))

    it.effect("says what a file is that is no certificate", () =>
      Effect.gen(function*() {
        const { at, paths } = yield* files({
          "key.pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
          "cut.der": authority.slice(0, 200),
          "chain.p7b": bundle,
          "empty.der": "",
          "page.html": "<html>"
        })
        const cases = [
          ["key.pem", "private key"],
          ["cut.der", "damaged"],
          ["chain.p7b", "openssl pkcs7"],
          ["empty.der", "The file is empty"],
          ["page.html", "not a certificate"]
        ] as const
        for (const [name, words] of cases) {
          const { code, err } = yield* certOf([paths[name]!])

          assert.strictEqual(code, 2, name)
          assert.include(err, words)
          assert.include(err, paths[name]!)
        }
        const fs = yield* FileSystem.FileSystem
        assert.isFalse(yield* fs.exists(at("cut.pem")))
      }).pipe(Effect.provide(layerFiles)))
  })
})
