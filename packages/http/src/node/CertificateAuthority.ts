/**
 * Certificates of authorities to trust beside the public ones: read in PEM or DER,
 * looked at, and written as PEM.
 *
 * A proxy that inspects traffic signs with an authority of its own, and a program
 * behind it has to trust that. `read` takes what browsers, systems and proxies
 * export, and refuses what it cannot be (a private key, a bundle) in words that say
 * how to go on; `check` says why a certificate would not do, before a connection
 * fails for it.
 *
 * **Example** (Looking at a certificate)
 *
 * ```ts no-run
 * import * as CertificateAuthority from "@effect-claude/http/node/CertificateAuthority"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 * import * as FileSystem from "effect/FileSystem"
 *
 * const show = Effect.gen(function*() {
 *   const fs = yield* FileSystem.FileSystem
 *   const [authority] = yield* CertificateAuthority.read(yield* fs.readFile("proxy-ca.der"))
 *   yield* Console.log(CertificateAuthority.format(authority))
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Crypto from "node:crypto"
import * as KeyUsage from "./internal/keyUsage.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A certificate, and what a person wants to know of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface CertificateAuthority {
  /** The certificate in PEM. */
  readonly pem: string
  /** Whose it is. */
  readonly subject: string
  /** Who signed it: for an authority of one's own, itself. */
  readonly issuer: string
  /** When it begins to hold, in milliseconds since the epoch. */
  readonly validFrom: number
  /** When it stops to hold, in milliseconds since the epoch. */
  readonly validTo: number
  /** Whether it says that it may sign others. */
  readonly isAuthority: boolean
  /** What its key may be used for, such as `keyCertSign`; empty if it does not say. */
  readonly keyUsage: ReadonlyArray<string>
  /** Its SHA-256 fingerprint. */
  readonly fingerprint: string
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * Something is not a certificate, or not one that can be relied on.
 *
 * @category errors
 * @since 0.1.0
 */
export class CertificateError extends Data.TaggedError("CertificateError")<{
  readonly reason: "empty" | "privateKey" | "bundle" | "unreadable" | "notAnAuthority" | "expired" | "notYetValid"
  /** What is wrong with it, and what to do. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Reads certificates: one in DER, or any number in PEM.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (
  input: string | Uint8Array
): Effect.Effect<Arr.NonEmptyReadonlyArray<CertificateAuthority>, CertificateError> =>
  Effect.suspend(() => Effect.fromResult(parse(input)))

// -----------------------------------------------------------------------------
// checks
// -----------------------------------------------------------------------------

/**
 * Fails if a certificate would not do as an authority now: it is no authority, its
 * key may not sign certificates, or it does not hold at this time.
 *
 * @category checks
 * @since 0.1.0
 */
export const check = (self: CertificateAuthority): Effect.Effect<void, CertificateError> =>
  Effect.clockWith((clock) => {
    const problem = problemOf(self, clock.currentTimeMillisUnsafe())
    return problem === undefined ? Effect.void : Effect.fail(problem)
  })

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Writes a certificate as a person reads it: subject, issuer, validity, key usage
 * and fingerprint, a line each.
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (self: CertificateAuthority): string =>
  [
    `subject      ${self.subject}`,
    `issuer       ${self.issuer === self.subject ? "itself" : self.issuer}`,
    `valid        ${day(self.validFrom)} to ${day(self.validTo)}`,
    `authority    ${self.isAuthority ? "yes" : "no"}`,
    `key usage    ${self.keyUsage.length === 0 ? "not said" : self.keyUsage.join(", ")}`,
    `SHA-256      ${self.fingerprint}`
  ].join("\n")

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Read = Result.Result<Arr.NonEmptyReadonlyArray<CertificateAuthority>, CertificateError>

/** The certificates in PEM, from each BEGIN to the next END. */
const blocksOf = (text: string): Array<string> => {
  const blocks: Array<string> = []
  const boundary = /-----(BEGIN|END) (?:TRUSTED )?CERTIFICATE-----/g
  let start = -1
  for (const { 0: line, 1: kind, index } of text.matchAll(boundary)) {
    if (kind === "BEGIN") start = start < 0 ? index : start
    else if (start >= 0) {
      blocks.push(text.slice(start, index + line.length))
      start = -1
    }
  }
  return blocks
}

const parse = (input: string | Uint8Array): Read => {
  const text = typeof input === "string" ? input : new TextDecoder("latin1").decode(input)
  const blocks = blocksOf(text)
  if (Arr.isArrayNonEmpty(blocks)) {
    return Result.map(Result.all(blocks.map(one)), (found) => Arr.isArrayNonEmpty(found) ? found : Arr.of(found[0]!))
  }
  if (text.trim() === "") return refuse("empty", "There is nothing in it. Export the certificate again.")
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return refuse(
      "privateKey",
      "This is a private key, not a certificate. Keep it where it is, and look for the certificate beside it, often " +
        "*.crt or *.cer."
    )
  }
  if (text.includes("-----BEGIN PKCS7-----")) return bundle("openssl pkcs7 -print_certs -in FILE -out ca.pem")
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input
  const found = one(bytes)
  if (Result.isSuccess(found)) return Result.succeed(Arr.of(found.success))
  const head = Array.from(bytes.slice(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join("")
  // The object identifiers of PKCS#7 signed data, and of what PKCS#12 contains.
  if (head.includes("2a864886f70d010702")) {
    return bundle("openssl pkcs7 -inform DER -print_certs -in FILE -out ca.pem")
  }
  if (head.includes("2a864886f70d010701")) return bundle("openssl pkcs12 -in FILE -cacerts -nokeys -out ca.pem")
  return Result.fail(found.failure)
}

const one = (input: string | Uint8Array): Result.Result<CertificateAuthority, CertificateError> =>
  Result.try({
    try: () => {
      const certificate = new Crypto.X509Certificate(input)
      return {
        pem: certificate.toString(),
        subject: oneLine(certificate.subject),
        issuer: oneLine(certificate.issuer),
        validFrom: millis(certificate.validFrom),
        validTo: millis(certificate.validTo),
        isAuthority: certificate.ca,
        keyUsage: KeyUsage.read(certificate.raw),
        fingerprint: certificate.fingerprint256
      }
    },
    catch: () =>
      new CertificateError({
        reason: "unreadable",
        message: "This is not a certificate in PEM or DER, or it is damaged. Export it again, from the proxy's own " +
          "settings or as \"DER encoded binary X.509\"."
      })
  })

const problemOf = (self: CertificateAuthority, now: number): CertificateError | undefined => {
  if (!self.isAuthority || (self.keyUsage.length > 0 && !self.keyUsage.includes("keyCertSign"))) {
    return new CertificateError({
      reason: "notAnAuthority",
      message:
        `${self.subject} is not an authority: it may not sign the certificates of servers. Give the certificate ` +
        "of the authority that signed it."
    })
  }
  if (now > self.validTo) {
    return new CertificateError({
      reason: "expired",
      message: `The certificate of ${self.subject} expired on ${day(self.validTo)}. Get a new one, or check the clock.`
    })
  }
  if (now < self.validFrom) {
    return new CertificateError({
      reason: "notYetValid",
      message: `The certificate of ${self.subject} holds from ${day(self.validFrom)} on. Check the clock.`
    })
  }
  return undefined
}

const refuse = (reason: CertificateError["reason"], message: string): Read =>
  Result.fail(new CertificateError({ reason, message }))

const bundle = (command: string): Read =>
  refuse("bundle", `This is a bundle of certificates (PKCS), not one. Take it apart first: ${command}`)

const millis = (date: string): number =>
  Option.match(DateTime.make(date), { onNone: () => Number.NaN, onSome: DateTime.toEpochMillis })

const day = (at: number): string =>
  Option.match(DateTime.make(at), { onNone: () => "an unknown day", onSome: DateTime.formatIsoDateUtc })

const oneLine = (name: string): string => name.split("\n").join(", ")
