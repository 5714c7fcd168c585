/**
 * Certificates: read in any of the forms they are handed around in, and written
 * as PEM.
 *
 * What cannot be read as a certificate is refused with the reason most likely
 * to be the true one.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Crypto from "node:crypto"
import { type Failure, usage } from "../Failure.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A certificate, and what a person wants to know of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Certificate {
  /** Whose it is. */
  readonly subject: string
  /** Who signed it. */
  readonly issuer: string
  /** When it begins to hold, in milliseconds since the epoch. */
  readonly validFrom: number
  /** When it stops to hold, in milliseconds since the epoch. */
  readonly validTo: number
  /** Whether it may sign others: what an intercepting proxy needs. */
  readonly isAuthority: boolean
  /** Its SHA-256 fingerprint. */
  readonly fingerprint: string
  /** The certificate in PEM. */
  readonly pem: string
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Reads the certificates of a file: one in DER, or any number in PEM.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (
  bytes: Uint8Array
): Result.Result<{ readonly form: "DER" | "PEM"; readonly certificates: ReadonlyArray<Certificate> }, Failure> => {
  const text = new TextDecoder("latin1").decode(bytes)
  if (text.includes("-----BEGIN CERTIFICATE-----")) {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    return Result.map(Result.all(blocks.map(parse)), (certificates) => ({ form: "PEM" as const, certificates }))
  }
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return Result.fail(usage(
      "This is a private key, not a certificate.",
      "Look for the certificate beside it, often *.crt or *.cer. Keep the key where it is: nobody else needs it."
    ))
  }
  if (text.includes("-----BEGIN PKCS7-----")) {
    return Result.fail(bundle("openssl pkcs7 -print_certs -in FILE -out out.pem"))
  }
  if (bytes.length === 0) return Result.fail(usage("The file is empty.", "Export the certificate again."))
  const form = "DER" as const
  return Result.mapBoth(parse(bytes), {
    onSuccess: (certificate) => ({ form, certificates: [certificate] }),
    onFailure: (failure) => isSequence(bytes) ? explain(bytes, failure) : failure
  })
}

const parse = (input: string | Uint8Array): Result.Result<Certificate, Failure> =>
  Result.try({
    try: () => {
      const certificate = new Crypto.X509Certificate(input)
      return {
        subject: oneLine(certificate.subject),
        issuer: oneLine(certificate.issuer),
        validFrom: millis(certificate.validFrom),
        validTo: millis(certificate.validTo),
        isAuthority: certificate.ca,
        fingerprint: certificate.fingerprint256,
        pem: certificate.toString()
      }
    },
    catch: () =>
      usage(
        "This is not a certificate.",
        "Export it again as \"DER encoded binary X.509 (.CER)\" on Windows, or from the proxy's own settings."
      )
  })

/** DER begins with a sequence and its length. */
const isSequence = (bytes: Uint8Array): boolean => bytes[0] === 0x30

const explain = (bytes: Uint8Array, failure: Failure): Failure => {
  // The object identifiers of PKCS#7 signed data and of PKCS#12's contents, near the start.
  const head = Array.from(bytes.slice(0, 64), (byte) => byte.toString(16).padStart(2, "0")).join("")
  if (head.includes("2a864886f70d010702")) return bundle("openssl pkcs7 -inform DER -print_certs -in FILE -out out.pem")
  if (head.includes("2a864886f70d010701")) return bundle("openssl pkcs12 -in FILE -cacerts -nokeys -out out.pem")
  return usage(
    "The file begins like DER, but the certificate in it is cut or damaged.",
    failure.remedy
  )
}

const bundle = (command: string): Failure =>
  usage("This is a bundle of certificates (PKCS), not a single one.", `Take it apart first: ${command}`)

const millis = (date: string): number =>
  Option.match(DateTime.make(date), { onNone: () => Number.NaN, onSome: DateTime.toEpochMillis })

const oneLine = (name: string): string => name.split("\n").join(", ")

// -----------------------------------------------------------------------------
// roots
// -----------------------------------------------------------------------------

/**
 * Returns what to trust when a certificate of one's own is to be trusted as
 * well: the public authorities, and it.
 *
 * @category conversions
 * @since 0.1.0
 */
export const trusted = Effect.fnUntraced(function*(
  roots: ReadonlyArray<string>,
  bytes: Uint8Array
): Effect.fn.Return<ReadonlyArray<string>, Failure> {
  const { certificates } = yield* Effect.fromResult(read(bytes))
  return [...roots, ...certificates.map(({ pem }) => pem)]
})
