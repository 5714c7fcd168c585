/**
 * Files of access tokens, in the format that the official SDK and its command line
 * share: `access_token`, `expires_at` in seconds, `refresh_token`. Other fields are
 * kept as they are.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import * as AtomicFile from "../../AtomicFile.ts"
import type * as Credential from "../../Credential.ts"
import * as TokenEndpoint from "./tokenEndpoint.ts"

/** The fields of a file. */
export interface Fields {
  readonly [field: string]: unknown
}

/** Reads a file. Undefined when it does not exist. Fails when other users can read or write it. */
export const read = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<Fields | undefined, Credential.CredentialError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { sep } = yield* Path.Path
  const unreadable = (error: PlatformError.PlatformError) =>
    error.reason._tag === "NotFound"
      ? Effect.succeed(undefined)
      : Effect.fail(TokenEndpoint.failure(`The credentials file ${path} could not be read`, false))
  const stat = yield* Effect.catch(fs.stat(path), unreadable)
  if (stat === undefined) return undefined
  // Windows has no such permissions.
  if (sep === "/" && (stat.mode & 0o066) !== 0) {
    return yield* TokenEndpoint.failure(
      `Other users can read or write the credentials file ${path}. Run: chmod 600 ${path}`,
      false
    )
  }
  const text = yield* Effect.catch(fs.readFileString(path), unreadable)
  return text === undefined ? undefined : TokenEndpoint.fieldsOf(text)
})

/** Writes a token into the fields of a file, whole or not at all. */
export const write = Effect.fnUntraced(function*(
  path: string,
  fields: Fields
): Effect.fn.Return<void, PlatformError.PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const { dirname } = yield* Path.Path
  yield* fs.makeDirectory(dirname(path), { recursive: true, mode: 0o700 })
  yield* AtomicFile.replace(path, JSON.stringify(fields, undefined, 2))
})

/** Returns fields with a token in them. */
export const withToken = (fields: Fields, granted: TokenEndpoint.Granted | Credential.Token): Fields => ({
  ...fields,
  version: "1.0",
  type: "oauth_token",
  access_token: Redacted.value(granted.value),
  ...(granted.expiresAt === undefined ? undefined : { expires_at: Math.floor(granted.expiresAt / 1000) }),
  ...("refreshToken" in granted && granted.refreshToken !== undefined
    ? { refresh_token: granted.refreshToken }
    : undefined)
})

/** Returns the token of some fields, unless it expires within 30 seconds or is the one that was refused. */
export const usable = (
  fields: Fields,
  refused: Redacted.Redacted | undefined
): Effect.Effect<Credential.Token | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const { access_token: token, expires_at: seconds } = fields
    if (typeof token !== "string" || token === "") return undefined
    if (refused !== undefined && Redacted.value(refused) === token) return undefined
    if (typeof seconds !== "number") return { value: Redacted.make(token) }
    return now < seconds * 1000 - 30_000 ? { value: Redacted.make(token), expiresAt: seconds * 1000 } : undefined
  })
