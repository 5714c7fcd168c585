/**
 * Certificates of authorities to trust beside the public ones.
 *
 * A proxy that inspects traffic signs with an authority of its own, which programs
 * behind it have to trust. `read` parses PEM and DER as browsers, systems and proxies
 * export them, and fails for a private key or a bundle with the next step. `check`
 * fails for a certificate that cannot serve as an authority, before a connection does.
 *
 * **Example** (Showing a certificate)
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
 * A certificate with its main properties.
 *
 * @category models
 * @since 0.1.0
 */
export interface CertificateAuthority {
  /** The certificate in PEM. */
  readonly pem: string
  /** The subject. */
  readonly subject: string
  /** The issuer; equal to the subject if it is self-signed. */
  readonly issuer: string
  /** The start of its validity, in milliseconds since the epoch. */
  readonly validFrom: number
  /** The end of its validity, in milliseconds since the epoch. */
  readonly validTo: number
  /** Whether it may sign other certificates. */
  readonly isAuthority: boolean
  /** The usages of its key, such as `keyCertSign`; empty if they are not stated. */
  readonly keyUsage: ReadonlyArray<string>
  /** Its SHA-256 fingerprint. */
  readonly fingerprint: string
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The input is not a certificate, or not a usable one.
 *
 * @category errors
 * @since 0.1.0
 */
export class CertificateError extends Data.TaggedError("CertificateError")<{
  readonly reason: "empty" | "privateKey" | "bundle" | "unreadable" | "notAnAuthority" | "expired" | "notYetValid"
  /** What is wrong, and what to do. */
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
 * Fails if a certificate cannot serve as an authority now: it is not an authority, its
 * key may not sign certificates, or it is not valid at this time.
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
 * Formats a certificate for people: subject, issuer, validity, key usage and
 * fingerprint, one per line.
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
  if (text.trim() === "") return refuse("empty", "The file is empty. Export the certificate again.")
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
  // The object identifiers of PKCS#7 signed data and of the content of PKCS#12.
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
      message: `The certificate of ${self.subject} is valid from ${day(self.validFrom)} on. Check the clock.`
    })
  }
  return undefined
}

const refuse = (reason: CertificateError["reason"], message: string): Read =>
  Result.fail(new CertificateError({ reason, message }))

const bundle = (command: string): Read =>
  refuse("bundle", `This is a bundle of certificates (PKCS), not one certificate. Split it first: ${command}`)

const millis = (date: string): number =>
  Option.match(DateTime.make(date), { onNone: () => Number.NaN, onSome: DateTime.toEpochMillis })

const day = (at: number): string =>
  Option.match(DateTime.make(at), { onNone: () => "an unknown day", onSome: DateTime.formatIsoDateUtc })

const oneLine = (name: string): string => name.split("\n").join(", ")
