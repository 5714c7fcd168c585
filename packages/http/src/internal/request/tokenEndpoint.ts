/**
 * The token endpoint: exchanges a grant for an access token.
 *
 * A grant goes to https or to this machine alone, and no redirect is followed. Of
 * a refusal, only the fields that OAuth defines for errors are shown: others may
 * repeat what was sent.
 *
 * @since 0.1.0
 */
import * as Secret from "@effect-claude/core/Secret"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Credential from "../../Credential.ts"
import * as HttpClientTransport from "../transport/httpClient.ts"

/** The beta of every request with an access token, and of every grant. */
export const oauthBeta = "oauth-2025-04-20"

/** A grant, and where it is sent. */
export interface Grant {
  /** A base URL that `validate.baseUrl` accepted. */
  readonly baseUrl: string
  readonly betas: ReadonlyArray<string>
  readonly body: { readonly [field: string]: string | undefined }
  /** What must not be shown when the server repeats it. */
  readonly secret: string
  /** What to do about a 401. */
  readonly remedy: string
}

/** What the endpoint returns for a grant. */
export interface Granted extends Credential.Token {
  readonly expiresAt: number
  readonly refreshToken: string | undefined
}

/** Sends a grant. */
export const exchange = Effect.fnUntraced(function*(
  grant: Grant
): Effect.fn.Return<Granted, Credential.CredentialError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const text = JSON.stringify(grant.body)
  const { body, status } = yield* HttpClientTransport.execute(client)({
    method: "POST",
    url: new URL(`${grant.baseUrl}/v1/oauth/token`),
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      "anthropic-beta": grant.betas.join(","),
      "user-agent": "effect-claude"
    },
    body: { _tag: "Encoded", bytes: new TextEncoder().encode(text), contentType: "application/json" }
  }).pipe(
    Effect.flatMap(({ body, status }) => Effect.map(read(body), (body) => ({ body, status }))),
    Effect.scoped,
    Effect.catch((error) => Effect.fail(error === tooLong ? tooLong : unreachable))
  )
  if (status < 200 || status > 299) return yield* refused(grant, status, body)
  const { access_token: token, expires_in: lifetime, refresh_token: refreshToken, token_type: type } = body
  const seconds = Number(lifetime)
  if (typeof token !== "string" || token === "" || !(seconds > 0) || !Number.isFinite(seconds)) {
    return yield* failure("The token endpoint returned no `access_token` with an `expires_in`", false)
  }
  if (type !== undefined && (typeof type !== "string" || type.toLowerCase() !== "bearer")) {
    return yield* failure("The token endpoint returned a token that is not of the type Bearer", false)
  }
  return {
    value: Redacted.make(token),
    expiresAt: (yield* Clock.currentTimeMillis) + seconds * 1000,
    refreshToken: typeof refreshToken === "string" && refreshToken !== "" ? refreshToken : undefined
  }
})

/** Creates the error of a credential. */
export const failure = (message: string, transient: boolean): Credential.CredentialError =>
  new Credential.CredentialError({ message, transient })

/** Reads JSON into its fields. Anything else has none. */
export const fieldsOf = (text: string): { readonly [field: string]: unknown } => {
  const json: unknown = Result.getOrElse(Result.try((): unknown => JSON.parse(text)), () => undefined)
  return Predicate.isObject(json) ? { ...json } : {}
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const maxBytes = 1_048_576

const tooLong = failure(`The token endpoint returned more than ${maxBytes} bytes`, false)

const unreachable = failure("The token endpoint could not be reached", true)

const read = <E>(
  body: Stream.Stream<Uint8Array, E>
): Effect.Effect<{ readonly [field: string]: unknown }, E | Credential.CredentialError> => {
  let size = 0
  const limited = Stream.mapEffect(body, (chunk) => {
    size += chunk.byteLength
    return size > maxBytes ? Effect.fail(tooLong) : Effect.succeed(chunk)
  })
  return Effect.map(Stream.mkUint8Array(limited), (bytes) => fieldsOf(new TextDecoder().decode(bytes)))
}

const refused = (
  { remedy, secret }: Grant,
  status: number,
  { error, error_description: description }: { readonly [field: string]: unknown }
): Credential.CredentialError => {
  const nested = Predicate.isObject(error) ? Object.values({ ...error }) : []
  const said = [error, description, ...nested].filter(Predicate.isString).join(": ").slice(0, 400)
  const cleaned = Secret.clean(Secret.of([secret]).clean(said))
  return failure(
    `The token endpoint refused the grant with status ${status}${cleaned === "" ? "" : `: ${cleaned}`}` +
      (status === 401 || status === 400 ? `. ${remedy}` : ""),
    status === 408 || status === 429 || status > 499
  )
}
