/**
 * The one service a program provides: the Claude API as seen through an
 * `HttpClient`, with host, credentials, version, betas and policies.
 *
 * Resources (`Messages`, …) are functions that need it. What a layer sets holds
 * for every call; `withRetry`, `withTimeouts`, `withHeaders` and their like
 * change it for one effect or stream, and are resolved when that runs.
 *
 * Redirects are never followed, plain http goes to loopback alone unless
 * allowed, no trace headers are sent, and the key is in no error, log or span.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Exchange from "./Exchange.ts"
import * as Check from "./internal/config.ts"
import * as Send from "./internal/send.ts"
import * as RetryBudget from "./RetryBudget.ts"
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
export type Version = "2023-06-01" | "2026-10-21"

/**
 * A secret, or an effect that obtains it: it is run for each attempt, so cache
 * what is expensive.
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
  readonly headers: { readonly [name: string]: string }
  readonly retry: RetryPolicy.RetryPolicy
  readonly timeouts: Timeouts.Timeouts
  readonly maxEventSize: number
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
   *
   * @default {}
   */
  readonly headers?: { readonly [name: string]: string } | undefined
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
   * The longest event of a stream, in characters.
   *
   * @default 16_777_216
   */
  readonly maxEventSize?: number | undefined
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

/**
 * What an effect or stream changes for itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Overrides {
  readonly retry?: RetryPolicy.RetryPolicy | undefined
  readonly timeouts?: Timeouts.Options | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly betas?: ReadonlyArray<string> | undefined
  readonly version?: Version | undefined
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
  /** The option at fault. */
  readonly option: keyof Options
  /** What is wrong with it, and what to do. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The Claude API.
 *
 * @category services
 * @since 0.1.0
 */
export class Claude extends Context.Service<Claude, {
  /** What holds for a call that starts now. */
  readonly settings: Effect.Effect<Settings>
  /**
   * Makes one attempt at a request. It fails unless the server answers 2xx. The
   * connection belongs to the scope.
   */
  readonly attempt: (
    request: Exchange.Request,
    settings: Settings
  ) => Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>
  /** Returns the bucket this layer's calls share for a policy's budget. */
  readonly budget: (options: RetryBudget.Options) => Effect.Effect<RetryBudget.RetryBudget>
}>()("@effect-claude/http/Claude") {}

/**
 * What the running effect or stream changes for itself.
 *
 * @category services
 * @since 0.1.0
 */
export const Overrides: Context.Reference<Overrides> = Context.Reference<Overrides>(
  "@effect-claude/http/Claude/Overrides",
  { defaultValue: () => ({}) }
)

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the service from options and the `HttpClient` of the context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Claude["Service"], ClaudeConfigError, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const credentials = yield* readCredentials(options)
  const settings = yield* readSettings(options)
  const fixed: { readonly [name: string]: string } = {
    "user-agent": options.userAgent ?? "effect-claude",
    ...(options.allowBrowser === true ? { "anthropic-dangerous-direct-browser-access": "true" } : undefined)
  }
  const buckets = new Map<string, RetryBudget.RetryBudget>()
  return Claude.of({
    settings: Effect.map(Overrides, (overrides) => applyOverrides(settings, overrides)),
    attempt: Send.make(client, credentials, fixed),
    budget: (numbers) => {
      const key = JSON.stringify(numbers)
      const found = buckets.get(key)
      if (found !== undefined) return Effect.succeed(found)
      return Effect.map(RetryBudget.make(numbers), (bucket) => {
        buckets.set(key, bucket)
        return bucket
      })
    }
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that provides `Claude` over the `HttpClient` of the context.
 *
 * **Example** (Naming a gateway)
 *
 * ```ts
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const ClaudeLive = Claude.layer({
 *   apiKey: Redacted.make("sk-ant-…"),
 *   baseUrl: "https://gateway.example.com/claude"
 * }).pipe(Layer.provide(FetchHttpClient.layer))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Claude, ClaudeConfigError, HttpClient.HttpClient> =>
  Layer.effect(Claude, make(options))

/**
 * Layer that reads what the options leave out from `Config`: `ANTHROPIC_API_KEY`,
 * or else `ANTHROPIC_AUTH_TOKEN`, and `ANTHROPIC_BASE_URL`. Values are trimmed,
 * and an empty one counts as absent.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options?: Options): Layer.Layer<Claude, ClaudeConfigError, HttpClient.HttpClient> =>
  Layer.effect(Claude, Effect.flatMap(fromConfig(options ?? {}), make))

/**
 * Layer like `layerConfig` over the platform's `fetch`: all a program needs, on
 * any runtime. On Node, `ClaudeNode.layer` is faster.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFetch = (options?: Options): Layer.Layer<Claude, ClaudeConfigError> =>
  Layer.provide(layerConfig(options), FetchHttpClient.layer)

// -----------------------------------------------------------------------------
// combinators
// -----------------------------------------------------------------------------

/**
 * An effect or a stream.
 *
 * @category models
 * @since 0.1.0
 */
export type Running = Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>

/**
 * Uses another retry policy for the calls of one effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withRetry: {
  (policy: RetryPolicy.RetryPolicy): <S extends Running>(self: S) => S
  <S extends Running>(self: S, policy: RetryPolicy.RetryPolicy): S
} = dual(2, <S extends Running>(self: S, retry: RetryPolicy.RetryPolicy): S => change(self, (now) => ({ ...now, retry })))

/**
 * Changes some timeouts for the calls of one effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withTimeouts: {
  (timeouts: Timeouts.Options): <S extends Running>(self: S) => S
  <S extends Running>(self: S, timeouts: Timeouts.Options): S
} = dual(2, <S extends Running>(self: S, timeouts: Timeouts.Options): S =>
  change(self, (now) => ({ ...now, timeouts: { ...now.timeouts, ...timeouts } })))

/**
 * Adds headers to the requests of one effect or stream. They replace the
 * layer's by the same name.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withHeaders: {
  (headers: { readonly [name: string]: string }): <S extends Running>(self: S) => S
  <S extends Running>(self: S, headers: { readonly [name: string]: string }): S
} = dual(2, <S extends Running>(self: S, headers: { readonly [name: string]: string }): S =>
  change(self, (now) => ({ ...now, headers: { ...now.headers, ...headers } })))

/**
 * Asks for betas on the requests of one effect or stream, beside the layer's.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withBetas: {
  (betas: ReadonlyArray<string>): <S extends Running>(self: S) => S
  <S extends Running>(self: S, betas: ReadonlyArray<string>): S
} = dual(2, <S extends Running>(self: S, betas: ReadonlyArray<string>): S =>
  change(self, (now) => ({ ...now, betas: [...now.betas ?? [], ...betas] })))

/**
 * Uses another version of the API for the calls of one effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withVersion: {
  (version: Version): <S extends Running>(self: S) => S
  <S extends Running>(self: S, version: Version): S
} = dual(2, <S extends Running>(self: S, version: Version): S => change(self, (now) => ({ ...now, version })))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

function change<S extends Running>(self: S, f: (now: Overrides) => Overrides): S
function change(self: Running, f: (now: Overrides) => Overrides): Running {
  return Stream.isStream(self) ? Stream.updateService(self, Overrides, f) : Effect.updateService(self, Overrides, f)
}

const applyOverrides = (settings: Settings, overrides: Overrides): Settings => ({
  ...settings,
  version: overrides.version ?? settings.version,
  retry: overrides.retry ?? settings.retry,
  timeouts: Timeouts.make(overrides.timeouts, settings.timeouts),
  headers: overrides.headers === undefined ? settings.headers : { ...settings.headers, ...lowerCase(overrides.headers) },
  betas: overrides.betas === undefined ? settings.betas : [...settings.betas, ...overrides.betas]
})

const readSettings = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Settings, ClaudeConfigError> {
  if (options.allowBrowser !== true && "document" in globalThis && "window" in globalThis) {
    return yield* refuse(
      "allowBrowser",
      "in a browser everyone can read the key. Call the API from a server, or set `allowBrowser` for keys of the user's own"
    )
  }
  const headers = lowerCase(options.headers ?? {})
  const badHeader = Check.headers(headers)
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
    maxEventSize: options.maxEventSize ?? 16_777_216
  }
})

const readCredentials = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Send.Credentials, ClaudeConfigError> {
  const { apiKey, authToken } = options
  if (apiKey !== undefined && authToken !== undefined) {
    return yield* refuse("apiKey", "`authToken` is given as well. Give one of the two")
  }
  const option = authToken === undefined ? "apiKey" : "authToken"
  const given = apiKey ?? authToken
  if (given === undefined) {
    const named = Object.keys(options.headers ?? {}).map((name) => name.toLowerCase())
    // Whoever sets the header himself needs no credential here.
    if (named.includes("x-api-key") || named.includes("authorization")) return { header: "none" }
    return yield* refuse("apiKey", "there is none. Set ANTHROPIC_API_KEY, or give `apiKey` or `authToken`")
  }
  const header = option === "apiKey" ? "x-api-key" : "authorization"
  const obtained: Effect.Effect<Redacted.Redacted, unknown> = Redacted.isRedacted(given) ? Effect.succeed(given) : given
  if (!Redacted.isRedacted(given) && !Config.isConfig(given)) return { header, secret: obtained }
  const secret = yield* Effect.catch(
    obtained,
    () => refuse(option, "it is not configured. Set it, or give another `Config`")
  )
  const problem = Check.credential(Redacted.value(secret))
  if (problem !== undefined) return yield* refuse(option, problem)
  return { header, secret: Effect.succeed(secret) }
})

const fromConfig = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Options, ClaudeConfigError> {
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

const readVariable = (option: keyof Options, name: string): Effect.Effect<string | undefined, ClaudeConfigError> =>
  Effect.matchEffect(Config.option(Config.String(name)), {
    onFailure: () => refuse(option, `${name} could not be read from the configuration`),
    onSuccess: (value) => {
      const text = Option.getOrElse(value, () => "").trim()
      return Effect.succeed(text === "" ? undefined : text)
    }
  })

const refuse = (option: keyof Options, problem: string): Effect.Effect<never, ClaudeConfigError> =>
  Effect.fail(new ClaudeConfigError({ option, message: `${option}: ${problem}.` }))

const lowerCase = (headers: { readonly [name: string]: string }): { readonly [name: string]: string } =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
