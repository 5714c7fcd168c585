import * as CertificateAuthority from "@effect-claude/http/node/CertificateAuthority"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Crypto from "node:crypto"
import * as KeyUsage from "../../src/node/internal/keyUsage.ts"
import * as Certificates from "./certificates.ts"

const ca = Certificates.authority("Proxy CA")
const { from, to } = { from: new Date(Date.UTC(2026, 0, 1)), to: new Date(Date.UTC(2027, 0, 1)) }
const dated = Certificates.authority("Dated CA", { from, to })
const leaf = Certificates.server(ca)

const reasonOf = <A>(self: Effect.Effect<A, CertificateAuthority.CertificateError>) =>
  Effect.map(Effect.flip(self), ({ reason }) => reason)

describe("CertificateAuthority", () => {
  describe("read", () => {
    it.effect("reads DER and PEM to the same", () =>
      Effect.gen(function*() {
        const [fromDer] = yield* CertificateAuthority.read(ca.der)
        const [fromPem] = yield* CertificateAuthority.read(ca.pem)
        const [fromBytes] = yield* CertificateAuthority.read(Buffer.from(ca.pem))

        assert.deepStrictEqual(fromPem, fromDer)
        assert.deepStrictEqual(fromBytes, fromDer)
        assert.strictEqual(new Crypto.X509Certificate(fromDer.pem).raw.toString("hex"), ca.der.toString("hex"))
      }))

    it.effect("reads whose it is, who signed it, when it holds and what it is for", () =>
      Effect.gen(function*() {
        const [authority] = yield* CertificateAuthority.read(dated.der)
        const { fingerprint, pem: _, ...rest } = authority

        assert.match(fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
        assert.deepStrictEqual(rest, {
          subject: "CN=Dated CA",
          issuer: "CN=Dated CA",
          validFrom: from.getTime(),
          validTo: to.getTime(),
          isAuthority: true,
          keyUsage: ["keyCertSign", "cRLSign"]
        })
      }))

    it.effect("reads all the certificates of a file, with what is written between them", () =>
      Effect.gen(function*() {
        const found = yield* CertificateAuthority.read(`# the proxy's\n${ca.pem}\nand the server's:\n${leaf.pem}`)

        assert.deepStrictEqual(found.map(({ subject }) => subject), ["CN=Proxy CA", "CN=127.0.0.1"])
      }))

    it.effect("refuses what it cannot be, and says what it is", () =>
      Effect.gen(function*() {
        const pkcs7 = Buffer.from("3080 0609 2a864886f70d010702 a080".replaceAll(" ", ""), "hex")
        const pkcs12 = Buffer.from("3082 0100 020103 3082 00f0 0609 2a864886f70d010701".replaceAll(" ", ""), "hex")

        assert.strictEqual(yield* reasonOf(CertificateAuthority.read("")), "empty")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read(" \n")), "empty")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read(ca.key)), "privateKey")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read("-----BEGIN PKCS7-----\n")), "bundle")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read(pkcs7)), "bundle")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read(pkcs12)), "bundle")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read("hello")), "unreadable")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read(ca.der.subarray(0, 100))), "unreadable")
        assert.strictEqual(yield* reasonOf(CertificateAuthority.read(ca.pem.replace("MII", "MIX"))), "unreadable")
      }))

    it.effect.prop("is total", [Schema.Uint8Array], ([bytes]) => Effect.exit(CertificateAuthority.read(bytes)))
  })

  describe("check", () => {
    const checked = (options: Partial<Certificates.Options>) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2026, 5, 1))
        const certificate = Certificates.authority("CA", { from, to, ...options })
        const [authority] = yield* CertificateAuthority.read(certificate.der)
        return yield* CertificateAuthority.check(authority)
      })

    it.effect("passes an authority that holds now", () => checked({}))

    it.effect("passes an authority that does not say what its key is for", () => checked({ keyUsage: undefined }))

    it.effect("refuses what may not sign others", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* reasonOf(checked({ isAuthority: false })), "notAnAuthority")
        assert.strictEqual(yield* reasonOf(checked({ keyUsage: Certificates.digitalSignature })), "notAnAuthority")
      }))

    it.effect("refuses what does not hold now, and says since when or until when", () =>
      Effect.gen(function*() {
        const expired = yield* Effect.flip(checked({ to: new Date(Date.UTC(2026, 3, 1)) }))
        const early = yield* Effect.flip(checked({ from: new Date(Date.UTC(2026, 8, 1)) }))

        assert.strictEqual(expired.reason, "expired")
        assert.match(expired.message, /CN=CA expired on 2026-04-01/)
        assert.strictEqual(early.reason, "notYetValid")
        assert.match(early.message, /CN=CA is valid from 2026-09-01 on/)
      }))
  })

  describe("format", () => {
    it.effect("shows what a person wants to know", () =>
      Effect.gen(function*() {
        const [authority] = yield* CertificateAuthority.read(dated.der)

        assert.deepStrictEqual(CertificateAuthority.format(authority).split("\n").slice(0, 5), [
          "subject      CN=Dated CA",
          "issuer       itself",
          "valid        2026-01-01 to 2027-01-01",
          "authority    yes",
          "key usage    keyCertSign, cRLSign"
        ])
        const [server] = yield* CertificateAuthority.read(Certificates.server(ca, { keyUsage: undefined }).der)
        assert.include(CertificateAuthority.format(server), "issuer       CN=Proxy CA")
        assert.include(CertificateAuthority.format(server), "key usage    not said")
      }))
  })
})

describe("KeyUsage", () => {
  describe("read", () => {
    it("reads every bit", () => {
      const { der } = Certificates.sign({ name: "all", keyUsage: 0xff })

      assert.deepStrictEqual(KeyUsage.read(der), [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly"
      ])
    })

    it.effect.prop("is total, on anything and on damaged certificates", {
      bytes: Schema.Uint8Array,
      at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 })),
      byte: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
    }, ({ at, byte, bytes }) =>
      Effect.sync(() => {
        const damaged = Buffer.from(ca.der)
        damaged[at % damaged.length] = byte

        assert.isArray(KeyUsage.read(bytes))
        assert.isArray(KeyUsage.read(damaged))
      }))
  })
})
