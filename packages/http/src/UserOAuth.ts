/**
 * Credentials of a user who logged in: the access token in a file, refreshed when
 * it expires.
 *
 * The file is shared with the official SDK and other processes. It is read again
 * before each refresh, so a token that another process obtained is used, and new
 * tokens are written back in one step, readable by this user alone.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Path from "effect/Path"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Credential from "./Credential.ts"
import * as CredentialFile from "./internal/request/credentialFile.ts"
import * as Door from "./internal/request/options.ts"
import * as TokenEndpoint from "./internal/request/tokenEndpoint.ts"
import * as Check from "./internal/request/validate.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options of a credential.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The file with the tokens. */
  readonly credentialsPath: string
  /**
   * The OAuth client that refreshes the token.
   *
   * @default undefined, and the token is not refreshed
   */
  readonly clientId?: string | undefined
  /**
   * The workspace of every request, sent as `anthropic-workspace-id`.
   *
   * @default undefined
   */
  readonly workspaceId?: string | undefined
  /**
   * The URL of the API that refreshes the token.
   *
   * @default "https://api.anthropic.com"
   */
  readonly baseUrl?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the credential of a file. Nothing is read before the first call needs a
 * token.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<
  Credential.Credential,
  OptionCheck.ClaudeConfigError,
  HttpClient.HttpClient | FileSystem.FileSystem | Path.Path
> {
  yield* OptionCheck.check(options, table)
  const services = yield* Effect.context<HttpClient.HttpClient | FileSystem.FileSystem | Path.Path>()
  const baseUrl = Check.baseUrl(options.baseUrl ?? "https://api.anthropic.com", false)
  if (Result.isFailure(baseUrl)) return yield* OptionCheck.refuse("baseUrl", baseUrl.failure)
  const { clientId, credentialsPath, workspaceId } = options
  /** What could not be written. The refresh token in the file does not work any more. */
  let unwritten: CredentialFile.Fields | undefined

  const read = Effect.flatMap(
    Effect.suspend(() => unwritten === undefined ? CredentialFile.read(credentialsPath) : Effect.succeed(unwritten)),
    (fields) =>
      typeof fields?.["access_token"] === "string"
        ? Effect.succeed(fields)
        : Effect.fail(TokenEndpoint.failure(`The file ${credentialsPath} holds no access token. Log in again`, false))
  )
  const refresh = Effect.fnUntraced(function*(fields: CredentialFile.Fields) {
    const { refresh_token: token } = fields
    if (typeof token !== "string" || token === "" || clientId === undefined) {
      return yield* TokenEndpoint.failure(
        `The access token in ${credentialsPath} expired, and there is no ${
          clientId === undefined ? "client id" : "refresh token"
        } to refresh it. Log in again`,
        false
      )
    }
    const granted = yield* TokenEndpoint.exchange({
      baseUrl: baseUrl.success,
      betas: [TokenEndpoint.oauthBeta],
      body: { grant_type: "refresh_token", refresh_token: token, client_id: clientId },
      secret: token,
      remedy: "Log in again"
    })
    const renewed = CredentialFile.withToken(fields, granted)
    unwritten = yield* Effect.matchEffect(CredentialFile.write(credentialsPath, renewed), {
      onFailure: () =>
        Effect.as(
          Effect.logWarning(`The refreshed tokens could not be written to ${credentialsPath}`),
          renewed
        ),
      onSuccess: () => Effect.succeed(undefined)
    })
    return granted
  })
  const obtain = (refused: Redacted.Redacted | undefined) =>
    Effect.gen(function*() {
      const fields = yield* read
      const token = yield* CredentialFile.usable(fields, refused)
      if (token !== undefined) return token
      return yield* Effect.catch(refresh(fields), (error) =>
        Effect.gen(function*() {
          // Another process may have used the refresh token in the meantime.
          const now = yield* read
          const other = now["refresh_token"] === fields["refresh_token"]
            ? undefined
            : yield* CredentialFile.usable(now, refused)
          return other ?? (yield* error)
        }))
    }).pipe(Effect.provideContext(services))
  return yield* Credential.make({
    obtain,
    betas: [TokenEndpoint.oauthBeta],
    headers: workspaceId === undefined ? undefined : { "anthropic-workspace-id": workspaceId }
  })
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const table: OptionCheck.TableOf<Options> = {
  credentialsPath: OptionCheck.required(Door.id),
  clientId: Door.id,
  workspaceId: Door.id,
  baseUrl: Door.url
}
