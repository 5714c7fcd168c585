/**
 * The certificates of a file, with failures that name it.
 *
 * @since 0.1.0
 */
import * as CertificateAuthority from "@effect-claude/http/node/CertificateAuthority"
import * as Effect from "effect/Effect"
import { usage } from "../Failure.ts"
import * as Files from "../Files.ts"

export const read = Effect.fnUntraced(function*(path: string) {
  const bytes = yield* Files.bytes(path)
  const certificates = yield* Effect.mapError(
    CertificateAuthority.read(bytes),
    ({ message }) => usage(`${path}: ${message}`)
  )
  const form = new TextDecoder("latin1").decode(bytes).includes("-----BEGIN ") ? "PEM" as const : "DER" as const
  return { form, certificates }
})
