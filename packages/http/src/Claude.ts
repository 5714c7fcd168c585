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
import type * as Rules from "@effect-claude/core/Rules"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as ClaudeConfig from "./ClaudeConfig.ts"
import type * as Exchange from "./Exchange.ts"
import type { Interceptor } from "./Interceptor.ts"
import * as Send from "./internal/attempt/attempt.ts"
import * as Drain from "./internal/call/drain.ts"
import * as Secrets from "./internal/request/secrets.ts"
import * as Fetch from "./internal/transport/fetch.ts"
import * as General from "./internal/transport/httpClient.ts"
import * as Direct from "./internal/transport/transport.ts"
import * as RetryBudget from "./RetryBudget.ts"
import type * as RetryPolicy from "./RetryPolicy.ts"
import * as Timeouts from "./Timeouts.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What an effect or stream changes for itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Overrides {
  readonly retry?: RetryPolicy.RetryPolicy | undefined
  readonly timeouts?: Timeouts.Options | undefined
  readonly headers?: ClaudeConfig.Settings["headers"] | undefined
  readonly betas?: ReadonlyArray<string> | undefined
  readonly version?: ClaudeConfig.Version | undefined
  readonly rules?: Rules.Levels | undefined
}

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
  readonly settings: Effect.Effect<ClaudeConfig.Settings>
  /**
   * Makes one attempt at a request. It fails unless the server answers 2xx. The
   * connection belongs to the scope.
   */
  readonly attempt: (
    request: Exchange.Request,
    settings: ClaudeConfig.Settings
  ) => Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>
  /** Returns the bucket this layer's calls share for a policy's budget. */
  readonly budget: (options: RetryBudget.Options) => Effect.Effect<RetryBudget.RetryBudget>
  /** Follows each call. There is none, unless a layer adds one. */
  readonly interceptor: Interceptor | undefined
}>()("@effect-claude/http/Claude") {}

/**
 * What the running effect or stream changes for itself.
 *
 * @category services
 * @since 0.1.0
 */
export const Overrides: Context.Reference<Overrides> = Context.Reference<Overrides>(
  "@effect-claude/http/Claude/Overrides",
  { defaultValue: () => none }
)

const none: Overrides = {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the service from options and the `HttpClient` of the context. When the
 * scope closes, calls are drained as the options say.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: ClaudeConfig.Options
): Effect.Effect<Claude["Service"], ClaudeConfig.ClaudeConfigError, HttpClient.HttpClient | Scope.Scope> =>
  Effect.flatMap(HttpClient.HttpClient, (client) => {
    const general = General.make(client)
    return makeOver({ direct: Direct.of(client), general: () => general, isOfProcess: true }, options)
  })

const makeOver = Effect.fnUntraced(function*(
  transport: Send.Transport,
  options: ClaudeConfig.Options
): Effect.fn.Return<Claude["Service"], ClaudeConfig.ClaudeConfigError, Scope.Scope> {
  const credentials = yield* ClaudeConfig.signature(options)
  const settings = yield* ClaudeConfig.settings(options)
  const fixed: { readonly [name: string]: string } = {
    "user-agent": options.userAgent ?? "effect-claude",
    ...(options.allowBrowser === true ? { "anthropic-dangerous-direct-browser-access": "true" } : undefined)
  }
  const unchanged = Effect.succeed(settings)
  const buckets = new Map<string, RetryBudget.RetryBudget>()
  // Policies are made once and used by many calls: by identity first, and by what they say.
  const known = new WeakMap<RetryBudget.Options, Effect.Effect<RetryBudget.RetryBudget>>()
  return Claude.of({
    settings: Effect.contextWith((context) => {
      const overrides = Context.get(context, Overrides)
      return overrides === none ? unchanged : Effect.succeed(applyOverrides(settings, overrides))
    }),
    attempt: yield* Drain.attempts(Send.make(transport, credentials, fixed), options.drain ?? Duration.zero),
    budget: (numbers) =>
      known.get(numbers) ?? Effect.suspend(() => {
        const key = JSON.stringify(numbers)
        const keep = (bucket: RetryBudget.RetryBudget) => {
          buckets.set(key, bucket)
          const kept = Effect.succeed(bucket)
          known.set(numbers, kept)
          return kept
        }
        const found = buckets.get(key)
        return found === undefined ? Effect.flatMap(RetryBudget.make(numbers), keep) : keep(found)
      }),
    interceptor: undefined
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
export const layer = (
  options: ClaudeConfig.Options
): Layer.Layer<Claude, ClaudeConfig.ClaudeConfigError, HttpClient.HttpClient> => Layer.effect(Claude, make(options))

/**
 * Layer that reads what the options leave out from `Config`: `ANTHROPIC_API_KEY`,
 * or else `ANTHROPIC_AUTH_TOKEN`, and `ANTHROPIC_BASE_URL`. Values are trimmed,
 * and an empty one counts as absent.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: ClaudeConfig.Options
): Layer.Layer<Claude, ClaudeConfig.ClaudeConfigError, HttpClient.HttpClient> =>
  Layer.effect(Claude, Effect.flatMap(ClaudeConfig.fromConfig(options ?? {}), make))

/**
 * Layer like `layerConfig` over the platform's `fetch`: all a program needs, on
 * any runtime, and the smallest. On Node, `ClaudeNode.layer` is faster.
 *
 * **Details**
 *
 * It goes without an `HttpClient`. `FetchHttpClient.Fetch` and `RequestInit` mean
 * the same here, from the context of the layer or of the call.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFetch = (options?: ClaudeConfig.Options): Layer.Layer<Claude, ClaudeConfig.ClaudeConfigError> =>
  Layer.effect(
    Claude,
    Effect.flatMap(
      Fetch.transport,
      (transport) => Effect.flatMap(ClaudeConfig.fromConfig(options ?? {}), (all) => makeOver(transport, all))
    )
  )

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
} = dual(
  2,
  <S extends Running>(self: S, retry: RetryPolicy.RetryPolicy): S => change(self, (now) => ({ ...now, retry }))
)

/**
 * Changes some timeouts for the calls of one effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withTimeouts: {
  (timeouts: Timeouts.Options): <S extends Running>(self: S) => S
  <S extends Running>(self: S, timeouts: Timeouts.Options): S
} = dual(
  2,
  <S extends Running>(self: S, timeouts: Timeouts.Options): S =>
    change(self, (now) => ({ ...now, timeouts: { ...now.timeouts, ...timeouts } }))
)

/**
 * Adds headers to the requests of one effect or stream. They replace the
 * layer's by the same name. Those whose name tells of a credential are kept
 * redacted; give any other secret as `Redacted`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withHeaders: {
  (headers: ClaudeConfig.Settings["headers"]): <S extends Running>(self: S) => S
  <S extends Running>(self: S, headers: ClaudeConfig.Settings["headers"]): S
} = dual(
  2,
  <S extends Running>(self: S, headers: ClaudeConfig.Settings["headers"]): S =>
    change(self, (now) => ({ ...now, headers: { ...now.headers, ...Secrets.keep(headers) } }))
)

/**
 * Asks for betas on the requests of one effect or stream, beside the layer's.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withBetas: {
  (betas: ReadonlyArray<string>): <S extends Running>(self: S) => S
  <S extends Running>(self: S, betas: ReadonlyArray<string>): S
} = dual(
  2,
  <S extends Running>(self: S, betas: ReadonlyArray<string>): S =>
    change(self, (now) => ({ ...now, betas: [...now.betas ?? [], ...betas] }))
)

/**
 * Uses another version of the API for the calls of one effect or stream.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withVersion: {
  (version: ClaudeConfig.Version): <S extends Running>(self: S) => S
  <S extends Running>(self: S, version: ClaudeConfig.Version): S
} = dual(
  2,
  <S extends Running>(self: S, version: ClaudeConfig.Version): S => change(self, (now) => ({ ...now, version }))
)

/**
 * Changes levels of the rules requests are held to, for one effect or stream. It
 * adds none where the layer was given none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withRules: {
  (levels: Rules.Levels): <S extends Running>(self: S) => S
  <S extends Running>(self: S, levels: Rules.Levels): S
} = dual(
  2,
  <S extends Running>(self: S, levels: Rules.Levels): S =>
    change(self, (now) => ({ ...now, rules: { ...now.rules, ...levels } }))
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

function change<S extends Running>(self: S, f: (now: Overrides) => Overrides): S
function change(self: Running, f: (now: Overrides) => Overrides): Running {
  return Stream.isStream(self) ? Stream.updateService(self, Overrides, f) : Effect.updateService(self, Overrides, f)
}

const applyOverrides = (settings: ClaudeConfig.Settings, overrides: Overrides): ClaudeConfig.Settings => ({
  ...settings,
  version: overrides.version ?? settings.version,
  retry: overrides.retry ?? settings.retry,
  timeouts: Timeouts.make(overrides.timeouts, settings.timeouts),
  headers: overrides.headers === undefined
    ? settings.headers
    : { ...settings.headers, ...overrides.headers },
  betas: overrides.betas === undefined ? settings.betas : [...settings.betas, ...overrides.betas],
  ruleLevels: overrides.rules === undefined ? settings.ruleLevels : { ...settings.ruleLevels, ...overrides.rules }
})
