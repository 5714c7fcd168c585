/**
 * Who makes a call, as a digest: the key of state that several callers share, such as
 * a cache in Redis. Callers with different credentials have different digests, and no
 * credential can be read from one.
 *
 * `withTenant` separates callers that share a credential.
 *
 * @since 0.1.0
 */
import * as Secret from "@effect-claude/core/Secret"
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { Claude, type Running } from "./Claude.ts"
import type * as Interceptor from "./Interceptor.ts"
import * as Secrets from "./internal/request/secrets.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What is known of a call that tells who makes it. Every `Interceptor.Call` is one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  readonly settings: Pick<Interceptor.Call["settings"], "headers">
  readonly exchange: Pick<Interceptor.Call["exchange"], "headers">
}

/**
 * Computes who makes a call.
 *
 * @category models
 * @since 0.1.0
 */
export interface Identity {
  /**
   * Returns the digest of the credentials that a call is sent with. A credential that
   * is renewed counts as one, whatever its current value.
   */
  readonly credential: (call: Source) => Effect.Effect<string>
  /**
   * Returns the digest of the tenant, of the credentials as they are now, and of all
   * headers except those that only trace a request. Undefined when the credential
   * cannot be obtained.
   */
  readonly caller: (call: Source) => Effect.Effect<string | undefined>
}

// -----------------------------------------------------------------------------
// tenants
// -----------------------------------------------------------------------------

/**
 * The tenant for whom the running calls are made.
 *
 * @category tenants
 * @since 0.1.0
 */
export const Tenant: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "@effect-claude/http/Identity/Tenant",
  { defaultValue: () => undefined }
)

/**
 * Sets for whom the calls of an effect or stream are made. Tenants share no cached
 * response, no circuit and no pacing.
 *
 * @category tenants
 * @since 0.1.0
 */
export const withTenant: {
  (tenant: string): <S extends Running>(self: S) => S
  <S extends Running>(self: S, tenant: string): S
} = dual(2, <S extends Running>(self: S, tenant: string): S => provide(self, tenant))

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the computation for the calls of a `Claude`. It keeps the latest digest, so
 * callers that do not change cost one comparison.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Identity, never, Claude> = Effect.gen(function*() {
  const digest = yield* Digest.Digest
  const { settings, signature } = yield* Claude
  const digestOf = () => {
    let latest: { readonly text: string; readonly hash: string } | undefined
    return (text: string): Effect.Effect<string> => {
      if (latest?.text === text) return Effect.succeed(latest.hash)
      return Effect.map(digest.digestHex(Digest.sha256, new TextEncoder().encode(text)), (hash) => {
        latest = { text, hash }
        return hash
      })
    }
  }
  const ofCredential = digestOf()
  const ofCaller = digestOf()
  const signed = signature._tag === "Fixed"
    ? { [signature.header]: Redacted.value(signature.secret) }
    : signature._tag === "Renewable"
    ? { [signature.header]: "renewed" }
    : {}
  const identity: Identity = {
    credential: (call) => Effect.suspend(() => ofCredential(text({ ...signed, ...headersOf(call) }, isSecret))),
    caller: (call) =>
      Effect.flatMap(Tenant, (tenant) => {
        const all = (signed: Secrets.Sent): Effect.Effect<string> =>
          ofCaller(JSON.stringify([tenant ?? null, text({ ...signed, ...headersOf(call) }, isRelevant)]))
        if (signature._tag !== "Renewable") return all(signed)
        return Effect.matchEffect(signature.credential.get, {
          onFailure: () => Effect.undefined,
          onSuccess: (token) => all({ [signature.header]: Redacted.value(token) })
        })
      })
  }
  // Computes the digest of the layer's own credential now, so that no call waits for it.
  yield* identity.credential({ settings: yield* settings, exchange: {} })
  return identity
}).pipe(Effect.provide(Digest.layerWebCrypto))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

function provide<S extends Running>(self: S, tenant: string): S
function provide(self: Running, tenant: string): Running {
  return Stream.isStream(self)
    ? Stream.provideService(self, Tenant, tenant)
    : Effect.provideService(self, Tenant, tenant)
}

/** Returns the headers that the program gives, as they are sent. */
const headersOf = ({ exchange, settings }: Source): Secrets.Sent =>
  Secrets.reveal(Secrets.keep({ ...settings.headers, ...exchange.headers }))

const text = (headers: Secrets.Sent, isPart: (name: string) => boolean): string =>
  JSON.stringify(Object.entries(headers).filter(([name]) => isPart(name)).toSorted(([a], [b]) => a < b ? -1 : 1))

const isSecret = (name: string): boolean => Secret.isHeaderName(name) && name !== "idempotency-key"

/** Headers that trace a request and do not change its response. */
const tracing: ReadonlySet<string> = new Set([
  "b3",
  "baggage",
  "idempotency-key",
  "traceparent",
  "tracestate",
  "user-agent",
  "x-correlation-id",
  "x-request-id"
])

const isRelevant = (name: string): boolean => !tracing.has(name)
