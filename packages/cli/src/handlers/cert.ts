/**
 * `cert der-to-pem`: makes of a certificate what command-line programs can use,
 * and shows what is in it.
 *
 * What was written is read again and compared before it is called done.
 *
 * @since 0.1.0
 */
import * as CertificateAuthority from "@effect-claude/http/node/CertificateAuthority"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ExitCode } from "../ExitCode.ts"
import { Failure } from "../Failure.ts"
import * as Files from "../Files.ts"
import * as Certificates from "../internal/certificates.ts"
import * as Layout from "../Layout.ts"
import * as Render from "../Render.ts"
import { Screen } from "../Screen.ts"
import type { Style } from "../Style.ts"

/**
 * What `cert derToPem` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface DerToPemInput {
  readonly file: string
  readonly out: Option.Option<string>
  readonly force: boolean
}

/**
 * Runs `cert derToPem`.
 *
 * @category handlers
 * @since 0.1.0
 */
export const derToPem = Effect.fnUntraced(function*({ file, force, out }: DerToPemInput) {
  const { out: stdout, width } = yield* Screen
  const { certificates, form } = yield* Certificates.read(file)
  const now = yield* Clock.currentTimeMillis
  const columns = yield* width
  for (const certificate of certificates) yield* stdout.line(show(certificate, now, columns, stdout.style))
  if (form === "PEM" && Option.isNone(out)) {
    yield* stdout.line()
    yield* stdout.line(`${stdout.style.green("✓")} ${file} is PEM already: it can be used as it is.`)
    return yield* advise(file, certificates)
  }
  const path = Option.getOrElse(out, () => `${file.replace(/\.(?:der|cer|crt|cert)$/i, "")}.pem`)
  yield* Files.write(path, certificates.map(({ pem }) => pem).join(""), { replace: force, mode: 0o644 })
  const again = yield* Certificates.read(path)
  const same = again.certificates.length === certificates.length &&
    again.certificates.every(({ fingerprint }, index) => fingerprint === certificates[index]!.fingerprint)
  if (!same) {
    return yield* new Failure({
      message: `${path} was written and does not read back as the same certificate.`,
      remedy: "Check the disk, and try another place.",
      exitCode: ExitCode.failed
    })
  }
  yield* stdout.line()
  yield* stdout.line(`${stdout.style.green("✓")} ${path} was written, read back, and holds the same certificate.`)
  yield* advise(path, certificates)
})

const show = (
  certificate: CertificateAuthority.CertificateAuthority,
  now: number,
  width: number,
  style: Style
): string =>
  Layout.pairs(
    [
      ["subject", certificate.subject],
      ["issuer", certificate.issuer === certificate.subject ? "itself" : certificate.issuer],
      [
        "valid",
        `${Render.day(certificate.validFrom)} to ${Render.day(certificate.validTo)} (${expiry(certificate, now)})`
      ],
      ["authority", certificate.isAuthority ? "yes: it may sign others" : "no: it speaks for itself alone"],
      ["key usage", certificate.keyUsage.length === 0 ? "not said" : certificate.keyUsage.join(", ")],
      ["SHA-256", certificate.fingerprint]
    ],
    width,
    style.dim
  )

const expiry = ({ validFrom, validTo }: CertificateAuthority.CertificateAuthority, now: number): string =>
  now > validTo
    ? `expired ${Render.duration(now - validTo)} ago`
    : now < validFrom
    ? `not before ${Render.duration(validFrom - now)} from now`
    : `${Render.duration(validTo - now)} left`

const advise = Effect.fnUntraced(function*(
  path: string,
  certificates: ReadonlyArray<CertificateAuthority.CertificateAuthority>
): Effect.fn.Return<void, never, Screen> {
  const { err, out } = yield* Screen
  for (const certificate of certificates) {
    yield* Effect.catch(
      CertificateAuthority.check(certificate),
      ({ message }) => err.warn(message)
    )
  }
  yield* out.line()
  yield* out.line("Use it with any of")
  for (
    const line of [`effect-claude … --ca ${path}`, `NODE_EXTRA_CA_CERTS=${path} node …`, `curl --cacert ${path} …`]
  ) {
    yield* out.line(`  ${out.style.cyan(line)}`)
  }
})
