/**
 * Credentials that files and the environment describe, as the official SDK and its
 * command line read them.
 *
 * The first of these that is found is used:
 *
 * 1. the profile that `ANTHROPIC_PROFILE` names, which must exist;
 * 2. workload identity of the environment: `ANTHROPIC_FEDERATION_RULE_ID`,
 *    `ANTHROPIC_ORGANIZATION_ID`, and `ANTHROPIC_IDENTITY_TOKEN_FILE` or
 *    `ANTHROPIC_IDENTITY_TOKEN`;
 * 3. the profile that the file `active_config` names, or else `default`.
 *
 * A profile is the file `configs/NAME.json` of the configuration directory, which
 * is `ANTHROPIC_CONFIG_DIR`, or `anthropic` in `XDG_CONFIG_HOME` or `~/.config`, or
 * `Anthropic` in `APPDATA` on Windows. What a profile leaves out is read from the
 * environment. Errors name files and fields, and never their values.
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Claude from "./Claude.ts"
import * as ClaudeConfig from "./ClaudeConfig.ts"
import * as Credential from "./Credential.ts"
import * as CredentialFile from "./internal/request/credentialFile.ts"
import * as Environment from "./internal/request/environment.ts"
import * as TokenEndpoint from "./internal/request/tokenEndpoint.ts"
import * as UserOAuth from "./UserOAuth.ts"
import * as WorkloadIdentity from "./WorkloadIdentity.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A credential that was found, and where.
 *
 * @category models
 * @since 0.1.0
 */
export interface CredentialProfile {
  /** The profile. Undefined when the environment alone describes the credential. */
  readonly name: string | undefined
  readonly type: "oidc_federation" | "user_oauth"
  /** The URL of the API, when the profile or the environment gives one. */
  readonly baseUrl: string | undefined
  readonly credential: Credential.Credential
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Reads a profile. Fails when it does not exist.
 *
 * **Example** (Choosing a profile)
 *
 * ```ts
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as CredentialProfile from "@effect-claude/http/CredentialProfile"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const ClaudeLive = Layer.unwrap(
 *   Effect.map(CredentialProfile.load("work"), ({ baseUrl, credential }) => Claude.layer({ baseUrl, credential }))
 * )
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const load = (name: string): Effect.Effect<CredentialProfile, OptionCheck.ClaudeConfigError, Services> =>
  Effect.suspend(() => named(name, undefined, "Give the name of a profile that exists"))

/**
 * Finds the credential that files and the environment describe. Undefined when they
 * describe none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const find: Effect.Effect<CredentialProfile | undefined, OptionCheck.ClaudeConfigError, Services> = Effect
  .suspend(() => search(undefined))

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer like `Claude.layerConfig` that uses the credential of `find` when neither
 * the options nor the environment give a key or a token. The base URL of the
 * profile is used unless one is given.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: ClaudeConfig.Options
): Layer.Layer<Claude.Claude, OptionCheck.ClaudeConfigError, Services> =>
  Layer.effect(
    Claude.Claude,
    Effect.gen(function*() {
      const all = yield* ClaudeConfig.fromConfig(options ?? {})
      if (ClaudeConfig.hasCredential(all)) return yield* Claude.make(all)
      const found = yield* search(all.baseUrl)
      return yield* Claude.make(
        found === undefined
          ? all
          : { ...all, baseUrl: all.baseUrl ?? found.baseUrl, credential: found.credential }
      )
    })
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Services = HttpClient.HttpClient | FileSystem.FileSystem | Path.Path

const variable = (name: string): Effect.Effect<string | undefined, OptionCheck.ClaudeConfigError> =>
  Effect.catch(
    Environment.read(name),
    () => OptionCheck.refuse("credential", `${name} could not be read from the configuration`)
  )

/** Finds a credential. Tokens are exchanged at `baseUrl`, unless the profile has its own. */
const search = Effect.fnUntraced(function*(
  baseUrl: string | undefined
): Effect.fn.Return<CredentialProfile | undefined, OptionCheck.ClaudeConfigError, Services> {
  const chosen = yield* variable("ANTHROPIC_PROFILE")
  if (chosen !== undefined) {
    return yield* named(chosen, baseUrl, "Set ANTHROPIC_PROFILE to a profile that exists, or unset it")
  }
  const federated = (yield* variable("ANTHROPIC_FEDERATION_RULE_ID")) !== undefined &&
    (yield* variable("ANTHROPIC_ORGANIZATION_ID")) !== undefined
  const identified = ((yield* variable("ANTHROPIC_IDENTITY_TOKEN_FILE")) ??
    (yield* variable("ANTHROPIC_IDENTITY_TOKEN"))) !== undefined
  const fromEnvironment = federation(undefined, {}, {}, baseUrl, undefined)
  if (federated && identified) return yield* fromEnvironment
  const root = yield* directory
  const found = root === undefined ? undefined : yield* read(root, yield* active(root), baseUrl)
  // Without an identity token the environment is incomplete, which its failure says.
  return found ?? (federated ? yield* fromEnvironment : undefined)
})

/** Reads a profile that must exist. */
const named = Effect.fnUntraced(function*(
  name: string,
  baseUrl: string | undefined,
  remedy: string
): Effect.fn.Return<CredentialProfile, OptionCheck.ClaudeConfigError, Services> {
  const root = yield* directory
  if (root === undefined) {
    return yield* OptionCheck.refuse("credential", "there is no directory for profiles. Set ANTHROPIC_CONFIG_DIR")
  }
  return (yield* read(root, name, baseUrl)) ??
    (yield* OptionCheck.refuse("credential", `there is no profile ${name} in ${root}. ${remedy}`))
})

/** The directory of the configuration. Undefined when the environment tells of none. */
const directory: Effect.Effect<string | undefined, OptionCheck.ClaudeConfigError, Path.Path> = Effect.gen(
  function*() {
    const { join, sep } = yield* Path.Path
    const given = yield* variable("ANTHROPIC_CONFIG_DIR")
    if (given !== undefined) return given
    if (sep === "\\") {
      const appData = yield* variable("APPDATA")
      if (appData !== undefined) return join(appData, "Anthropic")
      const profile = yield* variable("USERPROFILE")
      return profile === undefined ? undefined : join(profile, "AppData", "Roaming", "Anthropic")
    }
    const config = yield* variable("XDG_CONFIG_HOME")
    if (config !== undefined) return join(config, "anthropic")
    const home = yield* variable("HOME")
    return home === undefined ? undefined : join(home, ".config", "anthropic")
  }
)

const text = (path: string): Effect.Effect<string | undefined, OptionCheck.ClaudeConfigError, FileSystem.FileSystem> =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (fs) =>
      Effect.catch(fs.readFileString(path), (error) =>
        error.reason._tag === "NotFound"
          ? Effect.succeed(undefined)
          : OptionCheck.refuse("credential", `the file ${path} could not be read`))
  )

/** The name of the active profile. */
const active = (
  root: string
): Effect.Effect<string, OptionCheck.ClaudeConfigError, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(
    Path.Path,
    ({ join }) =>
      Effect.map(text(join(root, "active_config")), (name) =>
        name === undefined || name.trim() === "" ? "default" : name.trim())
  )

const nameCheck = OptionCheck.text(
  "the name of a profile: letters, digits, `_`, `.` and `-`",
  /^(?!\.{1,2}$)[\w.-]{1,100}$/
)

/** Reads the profile of a directory. Undefined when it does not exist. */
const read = Effect.fnUntraced(function*(
  root: string,
  name: string,
  fallback: string | undefined
): Effect.fn.Return<CredentialProfile | undefined, OptionCheck.ClaudeConfigError, Services> {
  const problem = nameCheck(name)
  if (problem !== undefined) {
    return yield* OptionCheck.refuse("credential", `the profile has no valid name. Expected ${problem.expected}`)
  }
  const { join } = yield* Path.Path
  const path = join(root, "configs", `${name}.json`)
  const json = yield* text(path)
  if (json === undefined) return undefined
  const fields = TokenEndpoint.fieldsOf(json)
  const { authentication } = fields
  if (!Predicate.isObject(authentication)) {
    return yield* OptionCheck.refuse("credential", `the profile ${path} is not JSON with an \`authentication\``)
  }
  const details: CredentialFile.Fields = { ...authentication }
  const baseUrl = (yield* field(path, fields, "base_url", "ANTHROPIC_BASE_URL")) ?? fallback
  const credentialsPath = (yield* field(path, details, "credentials_path")) ?? join(root, "credentials", `${name}.json`)
  if (details["type"] === "oidc_federation") {
    return yield* federation(path, fields, details, baseUrl, { name, credentialsPath })
  }
  if (details["type"] !== "user_oauth") {
    return yield* OptionCheck.refuse(
      "credential",
      `the profile ${path} has an \`authentication.type\` other than oidc_federation and user_oauth`
    )
  }
  const credential = yield* UserOAuth.make({
    credentialsPath,
    clientId: yield* field(path, details, "client_id"),
    workspaceId: yield* field(path, fields, "workspace_id", "ANTHROPIC_WORKSPACE_ID"),
    baseUrl
  })
  return { name, type: "user_oauth", baseUrl, credential }
})

/** Returns a field of a profile, or else a variable. An empty text counts as absent. */
const field = (
  path: string | undefined,
  fields: CredentialFile.Fields,
  name: string,
  fallback?: string
): Effect.Effect<string | undefined, OptionCheck.ClaudeConfigError> => {
  const value = fields[name]
  if (typeof value === "string" && value !== "") return Effect.succeed(value)
  if (value !== undefined && value !== null && value !== "") {
    return OptionCheck.refuse("credential", `the profile ${path} has a \`${name}\` that is not a text`)
  }
  return fallback === undefined ? Effect.succeed(undefined) : variable(fallback)
}

/** Creates the credential of a workload. Its tokens are kept in a file when it has a profile. */
const federation = Effect.fnUntraced(function*(
  path: string | undefined,
  fields: CredentialFile.Fields,
  details: CredentialFile.Fields,
  baseUrl: string | undefined,
  profile: { readonly name: string; readonly credentialsPath: string } | undefined
): Effect.fn.Return<CredentialProfile, OptionCheck.ClaudeConfigError, Services> {
  const required = (value: string | undefined, name: string, variable: string) =>
    value === undefined
      ? OptionCheck.refuse(
        "credential",
        path === undefined
          ? `${variable} is not set`
          : `the profile ${path} has no \`${name}\`. Add it, or set ${variable}`
      )
      : Effect.succeed(value)
  const url = baseUrl ?? (yield* variable("ANTHROPIC_BASE_URL"))
  const { obtain } = yield* WorkloadIdentity.exchange({
    identityToken: yield* identityToken(path, details),
    federationRuleId: yield* required(
      yield* field(path, details, "federation_rule_id", "ANTHROPIC_FEDERATION_RULE_ID"),
      "authentication.federation_rule_id",
      "ANTHROPIC_FEDERATION_RULE_ID"
    ),
    organizationId: yield* required(
      yield* field(path, fields, "organization_id", "ANTHROPIC_ORGANIZATION_ID"),
      "organization_id",
      "ANTHROPIC_ORGANIZATION_ID"
    ),
    serviceAccountId: yield* field(path, details, "service_account_id", "ANTHROPIC_SERVICE_ACCOUNT_ID"),
    workspaceId: yield* field(path, fields, "workspace_id", "ANTHROPIC_WORKSPACE_ID"),
    baseUrl: url
  })
  const credential = yield* Credential.make({
    obtain: profile === undefined ? obtain : yield* cached(profile.credentialsPath, obtain),
    betas: [TokenEndpoint.oauthBeta]
  })
  return { name: profile?.name, type: "oidc_federation", baseUrl: url, credential }
})

/** Returns the source of identity tokens: a file of the profile, or what the environment gives. */
const identityToken = Effect.fnUntraced(function*(
  path: string | undefined,
  { identity_token: given }: CredentialFile.Fields
): Effect.fn.Return<WorkloadIdentity.Options["identityToken"], OptionCheck.ClaudeConfigError, FileSystem.FileSystem> {
  if (given !== undefined && given !== null) {
    const { path: file, source }: CredentialFile.Fields = Predicate.isObject(given) ? { ...given } : {}
    return source === "file" && typeof file === "string" && file !== ""
      ? yield* WorkloadIdentity.tokenFile(file)
      : yield* OptionCheck.refuse(
        "credential",
        `the profile ${path} has an \`authentication.identity_token\` other than { source: "file", path: … }`
      )
  }
  const file = yield* variable("ANTHROPIC_IDENTITY_TOKEN_FILE")
  if (file !== undefined) return yield* WorkloadIdentity.tokenFile(file)
  const token = yield* variable("ANTHROPIC_IDENTITY_TOKEN")
  return token === undefined
    ? yield* OptionCheck.refuse(
      "credential",
      "there is no identity token. Set ANTHROPIC_IDENTITY_TOKEN_FILE or ANTHROPIC_IDENTITY_TOKEN"
    )
    : Effect.succeed(Redacted.make(token))
})

/** Keeps the tokens of an exchange in a file. A file that cannot be written is no failure. */
const cached = Effect.fnUntraced(function*(
  path: string,
  exchange: Credential.Options<Credential.CredentialError>["obtain"]
): Effect.fn.Return<
  Credential.Options<Credential.CredentialError>["obtain"],
  never,
  FileSystem.FileSystem | Path.Path
> {
  const services = yield* Effect.context<FileSystem.FileSystem | Path.Path>()
  return (refused) =>
    Effect.gen(function*() {
      const fields = (yield* CredentialFile.read(path)) ?? {}
      const token = yield* CredentialFile.usable(fields, refused)
      if (token !== undefined) return token
      const obtained = yield* exchange(refused)
      yield* Effect.catch(
        CredentialFile.write(
          path,
          CredentialFile.withToken(fields, { value: obtained.value, expiresAt: obtained.expiresAt })
        ),
        () => Effect.logDebug(`The token could not be written to ${path}`)
      )
      return obtained
    }).pipe(Effect.provideContext(services))
})
