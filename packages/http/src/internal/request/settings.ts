/**
 * The settings of a layer as its calls use them: with the overrides of the running
 * effect, and as the headers and the URL of a request.
 *
 * @since 0.1.0
 */
import type * as Rules from "@effect-claude/core/Rules"
import * as Secret from "@effect-claude/core/Secret"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Settings, Version } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import type * as RetryPolicy from "../../RetryPolicy.ts"
import * as Timeouts from "../../Timeouts.ts"
import * as Secrets from "./secrets.ts"
import * as Check from "./validate.ts"

/** Settings that one effect or stream changes. */
export interface Overrides {
  readonly retry?: RetryPolicy.RetryPolicy | undefined
  readonly timeouts?: Timeouts.Options | undefined
  readonly headers?: Settings["headers"] | undefined
  readonly betas?: ReadonlyArray<string> | undefined
  readonly version?: Version | undefined
  readonly rules?: Rules.Levels | undefined
}

/** The settings that the running effect or stream changes. */
export const Overrides: Context.Reference<Overrides> = Context.Reference<Overrides>(
  "@effect-claude/http/Claude/Overrides",
  { defaultValue: () => none }
)

const none: Overrides = {}

/** Returns the settings of a call that starts now. */
export const settings = (layer: Settings): Effect.Effect<Settings> => {
  const unchanged = Effect.succeed(layer)
  return Effect.contextWith((context) => {
    const overrides = Context.get(context, Overrides)
    return overrides === none ? unchanged : Effect.succeed(applyOverrides(layer, overrides))
  })
}

/** The header that signs a request, and what goes with it. */
export interface Credential {
  readonly header: "x-api-key" | "authorization"
  readonly value: string
  readonly betas?: ReadonlyArray<string> | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
}

/** Headers, their secrets, and the first problem with them. */
export interface Headers {
  readonly headers: Secrets.Sent
  readonly secrets: Secret.Known
  readonly problem: Check.Problem | undefined
}

/** The headers and URLs of the requests that are sent with the same settings. */
export class Prepared {
  /** The host they are sent to, without credentials. */
  readonly host: string
  readonly #settings: Settings
  readonly #query: ReadonlyArray<readonly [name: string, value: string]>
  readonly #fixed: { readonly [name: string]: string }
  /** The headers of the latest request that added none of its own. */
  #latest:
    | { readonly signature: string | undefined; readonly type: string | undefined; readonly made: Headers }
    | undefined
  #known: { readonly values: ReadonlyArray<string>; readonly secrets: Secret.Known } | undefined
  #target: { readonly path: string; readonly url: URL } | undefined

  constructor(settings: Settings, fixed: { readonly [name: string]: string }) {
    this.host = new URL(settings.baseUrl).host
    this.#settings = settings
    this.#fixed = fixed
    this.#query = Object.entries(Secrets.reveal(settings.query))
  }

  /** Returns the headers of a request. */
  headers(request: Exchange.Request, credential: Credential | undefined): Headers {
    const type = request.body === undefined || request.body._tag === "Empty" ? undefined : request.body.contentType
    if (request.headers !== undefined || (request.betas !== undefined && request.betas.length > 0)) {
      return this.#make(request, credential, type)
    }
    const latest = this.#latest
    const signature = credential?.value
    if (latest !== undefined && latest.signature === signature && latest.type === type) return latest.made
    const made = this.#make(request, credential, type)
    this.#latest = { signature, type, made }
    return made
  }

  /** Returns the URL of a request, or undefined when it is not valid. */
  url({ path, query }: Exchange.Request): URL | undefined {
    const latest = this.#target
    const plain = query === undefined || query.length === 0
    if (plain && latest?.path === path) return latest.url
    const parsed = Result.try(() => new URL(`${this.#settings.baseUrl}${path}`))
    if (Result.isFailure(parsed)) return undefined
    const url = parsed.success
    for (const [name, value] of this.#query) url.searchParams.append(name, value)
    if (plain) this.#target = { path, url }
    else for (const [name, value] of query) url.searchParams.append(name, value)
    return url
  }

  #make(request: Exchange.Request, credential: Credential | undefined, type: string | undefined): Headers {
    const { betas, headers: own, query, version } = this.#settings
    const { "anthropic-beta": listed, ...others } = Secrets.reveal(Secrets.lowered(request.headers))
    const requested = new Set([
      ...betas,
      ...request.betas ?? [],
      ...credential?.betas ?? [],
      ...listed === undefined ? [] : Secrets.betasOf(listed)
    ])
    const signed = credential === undefined
      ? undefined
      : { [credential.header]: credential.value, ...credential.headers }
    const headers = {
      ...this.#fixed,
      ...signed,
      accept: "application/json",
      // The transports do not all decompress, and a stream gains nothing by it.
      "accept-encoding": "identity",
      "anthropic-version": version,
      ...(requested.size === 0 ? undefined : { "anthropic-beta": [...requested].join(",") }),
      ...Secrets.reveal(own),
      ...others,
      ...(type === undefined ? undefined : { "content-type": type })
    }
    return {
      headers,
      secrets: this.#secretsOf({ ...signed, ...own, ...others }, query),
      problem: Check.headers(headers)
    }
  }

  /** The secrets of a request. Those of the latest one are kept: to search for them is compiled once. */
  #secretsOf(headers: Secrets.Given, query: Secrets.Given): Secret.Known {
    const values = Secrets.valuesOf(headers, query)
    if (this.#known === undefined || !isSame(this.#known.values, values)) {
      this.#known = { values, secrets: Secret.of(values) }
    }
    return this.#known.secrets
  }
}

const isSame = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i])

const applyOverrides = (settings: Settings, overrides: Overrides): Settings => ({
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
