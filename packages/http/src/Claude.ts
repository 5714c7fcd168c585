/**
 * The one service a program provides: the Claude API over a transport, with host,
 * credentials, version, betas and policies.
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
import * as OptionCheck from "@effect-claude/core/OptionCheck"
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
import * as Attempt from "./internal/attempt/attempt.ts"
import * as Drain from "./internal/call/drain.ts"
import type { Interceptor } from "./internal/call/follower.ts"
import * as Door from "./internal/request/options.ts"
import * as Secrets from "./internal/request/secrets.ts"
import * as Current from "./internal/request/settings.ts"
import { Overrides } from "./internal/request/settings.ts"
import * as Fetch from "./internal/transport/fetch.ts"
import * as HttpClientTransport from "./internal/transport/httpClient.ts"
import type { Transport } from "./internal/transport/transport.ts"
import * as RetryBudget from "./RetryBudget.ts"
import type * as RetryPolicy from "./RetryPolicy.ts"
import type * as Timeouts from "./Timeouts.ts"

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
  /** The settings of a call that starts now. */
  readonly settings: Effect.Effect<ClaudeConfig.Settings>
  /** Makes one attempt at a request. */
  readonly attempt: Exchange.Attempt
  /** How attempts are signed: the credential of this layer. */
  readonly signature: ClaudeConfig.Signature
  /** Returns the bucket that the calls of this layer share for a policy's budget. */
  readonly budget: (options: RetryBudget.Options) => Effect.Effect<RetryBudget.RetryBudget>
  /** Runs around each call. Undefined unless a layer adds one. */
  readonly interceptor: Interceptor | undefined
}>()("@effect-claude/http/Claude") {}

/**
 * The settings that the running effect or stream changes.
 *
 * @category services
 * @since 0.1.0
 */
export { Overrides } from "./internal/request/settings.ts"

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
  Effect.flatMap(HttpClient.HttpClient, (client) => makeOver(HttpClientTransport.of(client), options))

const makeOver = Effect.fnUntraced(function*(
  transport: Transport,
  options: ClaudeConfig.Options
): Effect.fn.Return<Claude["Service"], ClaudeConfig.ClaudeConfigError, Scope.Scope> {
  const settings = yield* ClaudeConfig.settings(options)
  const credentials = yield* ClaudeConfig.signature(options)
  const fixed: { readonly [name: string]: string } = {
    "user-agent": options.userAgent ?? "effect-claude",
    ...(options.allowBrowser === true ? { "anthropic-dangerous-direct-browser-access": "true" } : undefined)
  }
  const attempt = Attempt.make(transport, credentials, settings, fixed)
  return Claude.of({
    settings: Current.settings(settings),
    attempt: yield* Drain.attempts(attempt, options.drain ?? Duration.zero),
    signature: credentials,
    budget: RetryBudget.shared(),
    interceptor: undefined
  })
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that provides `Claude` over the `HttpClient` of the context.
 *
 * **Example** (Using a gateway)
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
 * Layer that reads what the options leave out from `Config`: `ANTHROPIC_BASE_URL`,
 * `ANTHROPIC_CUSTOM_HEADERS` and, when the options give no credential,
 * `ANTHROPIC_API_KEY` or else `ANTHROPIC_AUTH_TOKEN`. Values are trimmed, and an
 * empty one counts as absent.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options?: ClaudeConfig.Options
): Layer.Layer<Claude, ClaudeConfig.ClaudeConfigError, HttpClient.HttpClient> =>
  Layer.effect(Claude, Effect.flatMap(ClaudeConfig.fromConfig(options ?? {}), make))

/**
 * Layer like `layerConfig` over the platform's `fetch`. It works on any runtime and
 * makes the smallest bundle. On Node, `ClaudeNode.layer` is faster.
 *
 * **Details**
 *
 * It needs no `HttpClient`. `FetchHttpClient.Fetch` and `RequestInit` are read from
 * the context of the call, or else of the layer.
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
  <S extends Running>(self: S, retry: RetryPolicy.RetryPolicy): S =>
    change(self, { retry }, (now) => ({ ...now, retry }))
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
    change(self, { timeouts }, (now) => ({ ...now, timeouts: { ...now.timeouts, ...timeouts } }))
)

/**
 * Adds headers to the requests of one effect or stream. They replace the
 * layer's by the same name, except `anthropic-beta`, which is joined. Those whose
 * name tells of a credential are kept redacted; give any other secret as
 * `Redacted`.
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
    change(self, { headers }, (now) => {
      const { betas, headers: kept } = Secrets.withoutBetas(Secrets.keep(headers))
      return { ...now, headers: { ...now.headers, ...kept }, betas: [...now.betas ?? [], ...betas] }
    })
)

/**
 * Requests betas for one effect or stream, in addition to those of the layer.
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
    change(self, { betas }, (now) => ({ ...now, betas: [...now.betas ?? [], ...betas] }))
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
  <S extends Running>(self: S, version: ClaudeConfig.Version): S =>
    change(self, { version }, (now) => ({ ...now, version }))
)

/**
 * Changes the levels of rules for one effect or stream. It has no effect on a layer
 * without rules.
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
    change(self, {}, (now) => ({ ...now, rules: { ...now.rules, ...levels } }))
)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Changes the settings of an effect or a stream. A wrong option dies when it runs. */
function change<S extends Running>(self: S, options: Partial<ClaudeConfig.Options>, f: (now: Overrides) => Overrides): S
function change(self: Running, options: Partial<ClaudeConfig.Options>, f: (now: Overrides) => Overrides): Running {
  if (OptionCheck.find(options, Door.table) !== undefined) {
    const refused = OptionCheck.orDie(options, Door.table)
    return Stream.isStream(self) ? Stream.fromEffect(refused) : refused
  }
  return Stream.isStream(self) ? Stream.updateService(self, Overrides, f) : Effect.updateService(self, Overrides, f)
}
