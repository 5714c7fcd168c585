/**
 * The configuration of a layer: host, credentials, version, policies, limits.
 *
 * Every option is checked when the layer is built, also as callers without types
 * reach it. A wrong one is a `ClaudeConfigError` that names the option and what
 * is expected. No value is ever quoted.
 *
 * There is one decision about credentials: code that gives any credential
 * (`apiKey`, `authToken`, `credential`, an authorization header) is never joined
 * by one from the environment.
 *
 * @since 0.1.0
 */
import type * as ApiVersion from "@effect-claude/core/ApiVersion"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import type * as Rules from "@effect-claude/core/Rules"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Credentials from "./Credential.ts"
import * as Environment from "./internal/request/environment.ts"
import * as Door from "./internal/request/options.ts"
import * as Runtime from "./internal/request/runtime.ts"
import * as Secrets from "./internal/request/secrets.ts"
import * as Check from "./internal/request/validate.ts"
import * as Limits from "./Limits.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Timeouts from "./Timeouts.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A version of the API.
 *
 * `2023-06-01` accepts sampling parameters; `2026-10-21` refuses them, a
 * `document` block directly in an assistant turn, and citations on user text.
 *
 * @category models
 * @since 0.1.0
 */
export type Version = ApiVersion.ApiVersion

/**
 * A secret, or an effect that obtains it. The effect runs for each attempt. After
 * a 401 it runs once more, and the request is sent again if it returns another
 * secret. For a token that is expensive or expires, give a `credential`.
 *
 * @category models
 * @since 0.1.0
 */
export type Credential = Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>

/**
 * The settings of a call: the layer's options with scoped overrides applied.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  readonly baseUrl: string
  readonly version: Version
  readonly betas: ReadonlyArray<string>
  /** Headers of every request. Those that carry a credential are redacted. */
  readonly headers: { readonly [name: string]: string | Redacted.Redacted }
  /** Query parameters of every request. Those that carry a credential are redacted. */
  readonly query: { readonly [name: string]: string | Redacted.Redacted }
  readonly retry: RetryPolicy.RetryPolicy
  readonly timeouts: Timeouts.Timeouts
  readonly limits: Limits.Limits
  /** The rules that requests are checked against before they are sent, beside their shape. */
  readonly rules: Rules.RuleSet | undefined
  /** Levels of rules that differ from the set's. */
  readonly ruleLevels: Rules.Levels
}

/**
 * How requests are signed: not at all, with a secret that does not change, or
 * with a credential that renews itself.
 *
 * @category models
 * @since 0.1.0
 */
export type Signature =
  | { readonly _tag: "None" }
  | { readonly _tag: "Fixed"; readonly header: "x-api-key" | "authorization"; readonly secret: Redacted.Redacted }
  | {
    readonly _tag: "Renewable"
    readonly header: "x-api-key" | "authorization"
    readonly credential: Credentials.Credential
  }

/**
 * Options of a layer.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The key, sent as `x-api-key`. */
  readonly apiKey?: Credential | undefined
  /** A token, sent as `Authorization: Bearer`. Give this or `apiKey`. */
  readonly authToken?: Credential | undefined
  /**
   * A credential that renews itself, or `"none"` for a gateway that holds the key:
   * no key is sent then, and none is read from the environment.
   */
  readonly credential?: Credentials.Credential | "none" | undefined
  /**
   * The URL of the API, with the path of a gateway if it has one. A `/v1` at its
   * end is removed, since every path begins with it.
   *
   * @default "https://api.anthropic.com"
   */
  readonly baseUrl?: string | undefined
  /**
   * The version of the API.
   *
   * @default "2023-06-01"
   */
  readonly version?: Version | undefined
  /**
   * Betas of every request. Those that a request needs are added.
   *
   * @default []
   */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * Headers of every request. They replace what the SDK sends by the same name,
   * except `anthropic-beta`, which is joined. Those whose name tells of a credential
   * are kept redacted; give any other secret as `Redacted`.
   *
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string | Redacted.Redacted } | undefined
  /**
   * Query parameters of every request, such as `{ "api-version": "2026-10-01" }`.
   *
   * @default {}
   */
  readonly query?: { readonly [name: string]: string | Redacted.Redacted } | undefined
  /**
   * Which failures are sent again, and when.
   *
   * @default RetryPolicy.standard
   */
  readonly retry?: RetryPolicy.RetryPolicy | undefined
  /**
   * How long each part of a call may take.
   *
   * @default Timeouts.defaults
   */
  readonly timeouts?: Timeouts.Options | undefined
  /**
   * The `user-agent`.
   *
   * @default "effect-claude"
   */
  readonly userAgent?: string | undefined
  /**
   * How large the parts of a response may be.
   *
   * @default Limits.defaults
   */
  readonly limits?: Limits.Options | undefined
  /**
   * The rules that requests are checked against before they are sent, such as
   * `Rules.standard`. Without rules only the shape is checked, and the program does
   * not contain them.
   *
   * @default undefined, and `Rules.standard` in `ClaudeNode`
   */
  readonly rules?: Rules.RuleSet | undefined
  /**
   * How long the layer waits for the calls of other fibers when it closes. Calls
   * that begin meanwhile are refused.
   *
   * @default Duration.zero
   */
  readonly drain?: Duration.Input | undefined
  /**
   * Whether plain http to other hosts than this one is allowed. It shows the key
   * to everyone on the network path.
   *
   * @default false
   */
  readonly allowInsecureHttp?: boolean | undefined
  /**
   * Whether the SDK may run in a browser, where everyone can read the key.
   *
   * @default false
   */
  readonly allowBrowser?: boolean | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A layer cannot be built from its options.
 *
 * @category errors
 * @since 0.1.0
 */
export { ClaudeConfigError } from "@effect-claude/core/OptionCheck"

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Checks options, as callers without types may give them. Fails with the first
 * problem.
 *
 * **Example** (Naming our option)
 *
 * ```ts
 * import * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
 * import * as Effect from "effect/Effect"
 *
 * const { message } = Effect.runSync(Effect.flip(ClaudeConfig.check({ maxRetries: 3 })))
 *
 * message // => "maxRetries: this name belongs to another library. Use `retry: RetryPolicy.maxRetries(RetryPolicy.standard, n)`."
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const check = (options: unknown): Effect.Effect<void, OptionCheck.ClaudeConfigError> =>
  OptionCheck.check(options, table, Door.officialNames)

/**
 * Fills options that are left out from `Config`: `ANTHROPIC_BASE_URL`,
 * `ANTHROPIC_CUSTOM_HEADERS` (lines of `name: value`), and, unless the options
 * give any credential, `ANTHROPIC_API_KEY` or else `ANTHROPIC_AUTH_TOKEN`. An
 * authorization header of `ANTHROPIC_CUSTOM_HEADERS` does not join a credential
 * of the options either.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromConfig = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<Options, OptionCheck.ClaudeConfigError> {
    yield* check(options)
    const custom = Door.customHeaders((yield* readVariable("headers", "ANTHROPIC_CUSTOM_HEADERS")) ?? "")
    const named = hasCredential(options)
    const added = Object.entries(custom).filter(([name]) => !(named && Secrets.isAuthorization(name)))
    const headers = added.length === 0
      ? options.headers
      : { ...Object.fromEntries(added), ...Secrets.lowered(options.headers) }
    const baseUrl = options.baseUrl ?? (yield* readVariable("baseUrl", "ANTHROPIC_BASE_URL"))
    if (named) return { ...options, baseUrl, headers }
    const apiKey = yield* readVariable("apiKey", "ANTHROPIC_API_KEY")
    const authToken = apiKey === undefined ? yield* readVariable("authToken", "ANTHROPIC_AUTH_TOKEN") : undefined
    return {
      ...options,
      baseUrl,
      headers,
      apiKey: apiKey === undefined ? undefined : Redacted.make(apiKey),
      authToken: authToken === undefined ? undefined : Redacted.make(authToken)
    }
  }
)

/**
 * Returns whether options give a credential, by whichever option.
 *
 * @category guards
 * @since 0.1.0
 */
export const hasCredential = (options: Options): boolean =>
  options.apiKey !== undefined || options.authToken !== undefined || options.credential !== undefined ||
  Object.keys(options.headers ?? {}).some(Secrets.isAuthorization)

/**
 * Checks options and applies the defaults.
 *
 * @category constructors
 * @since 0.1.0
 */
export const settings = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Settings, OptionCheck.ClaudeConfigError> {
  if (Runtime.isBrowser() && options?.allowBrowser !== true) {
    return yield* refuse(
      "allowBrowser",
      "this is a browser, where everyone can read the key. Call the API from a server, or set `allowBrowser` for keys that belong to the user"
    )
  }
  yield* check(options)
  const { betas, headers } = Secrets.withoutBetas(Secrets.keep(options.headers ?? {}))
  const badHeader = Check.headers(Secrets.reveal(headers))
  if (badHeader !== undefined) return yield* refuse("headers", badHeader)
  const baseUrl = Check.baseUrl(options.baseUrl ?? "https://api.anthropic.com", options.allowInsecureHttp === true)
  if (Result.isFailure(baseUrl)) return yield* refuse("baseUrl", baseUrl.failure)
  return {
    baseUrl: baseUrl.success,
    version: options.version ?? "2023-06-01",
    betas: [...options.betas ?? [], ...betas],
    headers,
    query: Secrets.keepQuery(options.query ?? {}),
    retry: options.retry ?? RetryPolicy.standard,
    timeouts: Timeouts.make(options.timeouts),
    limits: Limits.make(options.limits),
    rules: options.rules,
    ruleLevels: {}
  }
})

/**
 * Checks the credential of options and returns how it is sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const signature = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Signature, OptionCheck.ClaudeConfigError> {
  yield* check(options)
  const { apiKey, authToken, credential } = options
  const given = { apiKey, authToken, credential }
  const [first, second] = Object.entries(given).flatMap(([name, value]) => value === undefined ? [] : [name])
  if (first !== undefined && second !== undefined) {
    return yield* refuse(first, `\`${second}\` is given as well. Give one of the two`)
  }
  if (credential !== undefined) {
    return credential === "none"
      ? { _tag: "None" }
      : { _tag: "Renewable", header: credential.header ?? "authorization", credential }
  }
  const option = authToken === undefined ? "apiKey" : "authToken"
  const secret = apiKey ?? authToken
  if (secret === undefined) {
    // No credential is needed when an authorization header is set explicitly.
    return hasCredential(options) ? { _tag: "None" } : yield* refuse("apiKey", Runtime.missingKey())
  }
  const header = option === "apiKey" ? "x-api-key" : "authorization"
  const source = Door.secretOf(secret)
  if (source._tag === "Renewable") return { _tag: "Renewable", header, credential: source.credential }
  const obtained = yield* Effect.catch(
    source.secret,
    () => refuse(option, "it is not configured. Set it, or give another `Config`")
  )
  const problem = Check.credential(Redacted.value(obtained), header)
  if (problem !== undefined) return yield* refuse(option, problem)
  return { _tag: "Fixed", header, secret: obtained }
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** The type requires every option. */
const table: OptionCheck.TableOf<Options> = Door.table

const readVariable = (
  option: keyof Options,
  name: string
): Effect.Effect<string | undefined, OptionCheck.ClaudeConfigError> =>
  Effect.catch(Environment.read(name), () => refuse(option, `${name} could not be read from the configuration`))

const { refuse } = OptionCheck
