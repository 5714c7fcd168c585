/**
 * What a layer is configured with: host, credentials, version, policies, limits.
 *
 * Everything that can be wrong with it is found when the layer is built, as a
 * `ClaudeConfigError` that names the option and says what to do. Neither a key
 * nor a header's value is ever quoted.
 *
 * @since 0.1.0
 */
import type * as ApiVersion from "@effect-claude/core/ApiVersion"
import type * as Rules from "@effect-claude/core/Rules"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
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
 * A secret, or an effect that obtains it. The effect is run for each attempt, so
 * cache what is expensive; after a 401 it is run once more, and where it gives
 * another secret the request is sent again at once.
 *
 * @category models
 * @since 0.1.0
 */
export type Credential = Redacted.Redacted | Effect.Effect<Redacted.Redacted, unknown>

/**
 * What holds for a call: the layer's options with scoped overrides applied.
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
  readonly retry: RetryPolicy.RetryPolicy
  readonly timeouts: Timeouts.Timeouts
  readonly limits: Limits.Limits
  /** The rules requests are held to before they are sent, beside their shape. */
  readonly rules: Rules.RuleSet | undefined
  /** Levels of rules that differ from the set's. */
  readonly ruleLevels: Rules.Levels
}

/**
 * How requests are signed.
 *
 * @category models
 * @since 0.1.0
 */
export type Signature =
  | { readonly header: "none" }
  | {
    readonly header: "x-api-key" | "authorization"
    readonly secret: Effect.Effect<Redacted.Redacted, unknown>
    /** Whether running the effect again may give another secret. */
    readonly renewable: boolean
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
   * Where the API is, with the path of a gateway if it has one.
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
   * Betas asked for on every request. Those a request itself needs are added.
   *
   * @default []
   */
  readonly betas?: ReadonlyArray<string> | undefined
  /**
   * Headers of every request. They replace what the SDK sends by the same name.
   * Those whose name tells of a credential are kept redacted; give any other
   * secret as `Redacted`.
   *
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string | Redacted.Redacted } | undefined
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
   * How large parts of an answer may grow.
   *
   * @default Limits.defaults
   */
  readonly limits?: Limits.Options | undefined
  /**
   * The rules requests are held to before they are sent, such as
   * `Rules.standard`. Without any, a request is held to its shape alone, and the
   * program does not carry them.
   *
   * @default undefined, and `Rules.standard` in `ClaudeNode`
   */
  readonly rules?: Rules.RuleSet | undefined
  /**
   * How long the layer, when it closes, waits for the calls of other fibers to
   * end. Calls that begin meanwhile are refused.
   *
   * @default Duration.zero
   */
  readonly drain?: Duration.Input | undefined
  /**
   * Whether plain http may go to other hosts than this one. It shows the key to
   * everyone on the way.
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
export class ClaudeConfigError extends Data.TaggedError("ClaudeConfigError")<{
  /** The option at fault; `runtime` if it is the runtime that the layer does not work on. */
  readonly option: keyof Options | "runtime"
  /** What is wrong with it, and what to do. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Reads what options leave out from `Config`: `ANTHROPIC_API_KEY`, or else
 * `ANTHROPIC_AUTH_TOKEN`, and `ANTHROPIC_BASE_URL`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromConfig = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Options, ClaudeConfigError> {
  const named = options.apiKey !== undefined || options.authToken !== undefined
  const apiKey = named ? undefined : yield* readVariable("apiKey", "ANTHROPIC_API_KEY")
  const authToken = named || apiKey !== undefined ? undefined : yield* readVariable("authToken", "ANTHROPIC_AUTH_TOKEN")
  return {
    ...options,
    apiKey: options.apiKey ?? (apiKey === undefined ? undefined : Redacted.make(apiKey)),
    authToken: options.authToken ?? (authToken === undefined ? undefined : Redacted.make(authToken)),
    baseUrl: options.baseUrl ?? (yield* readVariable("baseUrl", "ANTHROPIC_BASE_URL"))
  }
})

/**
 * Checks options and applies the defaults.
 *
 * @category constructors
 * @since 0.1.0
 */
export const settings = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Settings, ClaudeConfigError> {
  if (options.allowBrowser !== true && "document" in globalThis && "window" in globalThis) {
    return yield* refuse(
      "allowBrowser",
      "in a browser everyone can read the key. Call the API from a server, or set `allowBrowser` for keys of the user's own"
    )
  }
  const headers = Secrets.keep(options.headers ?? {})
  const badHeader = Check.headers(Secrets.reveal(headers))
  if (badHeader !== undefined) return yield* refuse("headers", badHeader)
  const baseUrl = Check.baseUrl(options.baseUrl ?? "https://api.anthropic.com", options.allowInsecureHttp === true)
  if (Result.isFailure(baseUrl)) return yield* refuse("baseUrl", baseUrl.failure)
  return {
    baseUrl: baseUrl.success,
    version: options.version ?? "2023-06-01",
    betas: options.betas ?? [],
    headers,
    retry: options.retry ?? RetryPolicy.standard,
    timeouts: Timeouts.make(options.timeouts),
    limits: Limits.make(options.limits),
    rules: options.rules,
    ruleLevels: {}
  }
})

/**
 * Checks the credential of options, and says how it is sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const signature = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Signature, ClaudeConfigError> {
  const { apiKey, authToken } = options
  if (apiKey !== undefined && authToken !== undefined) {
    return yield* refuse("apiKey", "`authToken` is given as well. Give one of the two")
  }
  const option = authToken === undefined ? "apiKey" : "authToken"
  const given = apiKey ?? authToken
  if (given === undefined) {
    const named = Secrets.keep(options.headers ?? {})
    // Whoever sets the header himself needs no credential here.
    if ("x-api-key" in named || "authorization" in named) return { header: "none" }
    return yield* refuse("apiKey", "there is none. Set ANTHROPIC_API_KEY, or give `apiKey` or `authToken`")
  }
  const header = option === "apiKey" ? "x-api-key" : "authorization"
  const obtained: Effect.Effect<Redacted.Redacted, unknown> = Redacted.isRedacted(given) ? Effect.succeed(given) : given
  if (!Redacted.isRedacted(given) && !Predicate.hasProperty(given, configTypeId)) {
    return { header, secret: obtained, renewable: true }
  }
  const secret = yield* Effect.catch(
    obtained,
    () => refuse(option, "it is not configured. Set it, or give another `Config`")
  )
  const problem = Check.credential(Redacted.value(secret))
  if (problem !== undefined) return yield* refuse(option, problem)
  return { header, secret: Effect.succeed(secret), renewable: false }
})

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** What tells a `Config` from other effects. Effect's module for it brings all of Schema along. */
const configTypeId = "~effect/Config"

const readVariable = (option: keyof Options, name: string): Effect.Effect<string | undefined, ClaudeConfigError> =>
  Effect.matchEffect(Effect.flatMap(ConfigProvider.ConfigProvider, (provider) => provider.load([name])), {
    onFailure: () => refuse(option, `${name} could not be read from the configuration`),
    onSuccess: (node) => {
      const text = node?.value?.trim() ?? ""
      return Effect.succeed(text === "" ? undefined : text)
    }
  })

const refuse = (option: keyof Options, problem: string): Effect.Effect<never, ClaudeConfigError> =>
  Effect.fail(new ClaudeConfigError({ option, message: `${option}: ${problem}.` }))
