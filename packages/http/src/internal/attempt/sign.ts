/**
 * Signs attempts. After a 401, a credential that can be renewed is renewed, and the
 * attempt is made once more.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Signature } from "../../ClaudeConfig.ts"
import type { CredentialError } from "../../Credential.ts"
import * as Door from "../request/options.ts"
import type { Credential } from "../request/settings.ts"
import * as Check from "../request/validate.ts"

/** Makes an attempt with a credential. */
export type Attempt<A, R> = (credential: Credential | undefined) => Effect.Effect<A, ClaudeError.ClaudeError, R>

/** Returns the credential of a signature that never changes. */
export const fixed = (signature: Signature): Credential | undefined =>
  signature._tag === "Fixed" ? carried(signature.header, Redacted.value(signature.secret)) : undefined

/** Makes an attempt with the current token, and once more with another one if the API refused it. */
export const renewing = <A, R>(
  { credential, header }: Extract<Signature, { readonly _tag: "Renewable" }>,
  attempt: Attempt<A, R>
): Effect.Effect<A, ClaudeError.ClaudeError, R> => {
  const { betas, headers } = credential
  const token = Effect.mapError(Door.tokenOf(credential), unobtained)
  const sent = (secret: Redacted.Redacted): Effect.Effect<A, ClaudeError.ClaudeError, R> => {
    const value = Redacted.value(secret)
    const problem = Check.credential(value, header)
    return problem === undefined
      ? attempt({ ...carried(header, value), betas, headers })
      : Effect.fail(unauthenticated(`The credential cannot be sent: ${problem}`))
  }
  return Effect.flatMap(
    token,
    (secret) =>
      Effect.catch(
        sent(secret),
        (error) =>
          error._tag !== "AuthenticationError" || error.outcome === "notSent" ? Effect.fail(error) : Effect.flatMap(
            Effect.andThen(credential.invalidate(secret), token),
            (renewed) => Redacted.value(renewed) === Redacted.value(secret) ? Effect.fail(error) : sent(renewed)
          )
      )
  )
}

const carried = (header: "x-api-key" | "authorization", value: string): Credential => ({
  header,
  value: header === "x-api-key" ? value : `Bearer ${value}`
})

const unobtained = ({ message, transient }: CredentialError): ClaudeError.ClaudeError =>
  transient
    ? new ClaudeError.ConnectionError({
      phase: "connect",
      outcome: "notSent",
      message: `${message}. The request was not sent.`
    })
    : unauthenticated(message)

const unauthenticated = (problem: string): ClaudeError.ClaudeError =>
  new ClaudeError.AuthenticationError({ outcome: "notSent", message: `${problem}. The request was not sent.` })
