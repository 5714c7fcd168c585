import * as Message from "@effect-claude/core/Message"
import * as CircuitBreaker from "@effect-claude/http/CircuitBreaker"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Identity from "@effect-claude/http/Identity"
import * as Interceptor from "@effect-claude/http/Interceptor"
import * as Messages from "@effect-claude/http/Messages"
import * as Pacing from "@effect-claude/http/Pacing"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Persistence from "effect/persistence/Persistence"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { key, question, scripted } from "./scripted.ts"

const other = "sk-ant-test-9876543210"

const numbered = Script.forever(Script.respondWith(({ index }) => Script.reply(`Response ${index}`)))

const text = Effect.map(Messages.create(question), Message.text)

/** The identities of the calls that an effect makes. */
const identities = <A, E>(self: Effect.Effect<A, E, Claude.Claude>, options?: ClaudeConfig.Options) =>
  Effect.gen(function*() {
    const seen: Array<{ readonly credential: string; readonly caller: string | undefined }> = []
    const spying = Interceptor.layer(
      Effect.map(Identity.make, (identity) => (call: Interceptor.Call) =>
        Effect.gen(function*() {
          seen.push({ credential: yield* identity.credential(call), caller: yield* identity.caller(call) })
          return {}
        }))
    )
    yield* Effect.ignore(Effect.provide(self, Layer.provide(spying, scripted(numbered, options))))
    return seen
  })

describe("Identity", () => {
  describe("credential", () => {
    it.effect("is a digest that is the same for the same credential", () =>
      Effect.gen(function*() {
        const [first, second] = yield* identities(Effect.andThen(text, text))
        const [third] = yield* identities(text)

        assert.match(first!.credential, /^[0-9a-f]{64}$/)
        assert.deepStrictEqual([second, third], [first, first])
      }))

    it.effect("differs between keys, however they are given", () =>
      Effect.gen(function*() {
        const [layer] = yield* identities(text, { apiKey: Redacted.make(other) })
        const [scoped] = yield* identities(Claude.withHeaders(text, { "X-Api-Key": other }))
        const [header] = yield* identities(text, { apiKey: undefined, headers: { "x-api-key": other } })
        const [token] = yield* identities(text, { apiKey: undefined, authToken: Redacted.make(other) })
        const [own] = yield* identities(text)

        assert.strictEqual(scoped!.credential, layer!.credential)
        assert.strictEqual(header!.credential, layer!.credential)
        assert.strictEqual(new Set([layer, token, own].map((seen) => seen!.credential)).size, 3)
      }))

    it.effect("stays the same when the credential is renewed", () =>
      Effect.gen(function*() {
        let count = 0
        const apiKey = Effect.sync(() => Redacted.make(`sk-ant-renewed-${count++}`))
        const seen = yield* identities(Effect.andThen(text, text), { apiKey })

        assert.strictEqual(seen[0]?.credential, seen[1]?.credential)
        assert.notStrictEqual(seen[0]?.caller, seen[1]?.caller)
      }))
  })

  describe("caller", () => {
    it.effect("differs by tenant and by every header that does not only trace", () =>
      Effect.gen(function*() {
        const seen = yield* identities(Effect.all([
          text,
          Identity.withTenant(text, "ada"),
          Identity.withTenant(text, "bob"),
          Claude.withHeaders(text, { "x-organization": "a" }),
          Claude.withHeaders(text, { "x-organization": "b" })
        ]))
        const [plain, traced] = yield* identities(Effect.all([
          text,
          Claude.withHeaders(text, { traceparent: "00-1-1-01", "X-Request-Id": "1" })
        ]))

        assert.strictEqual(new Set(seen.map(({ caller }) => caller)).size, 5)
        assert.strictEqual(traced?.caller, plain?.caller)
      }))

    it.effect("is unknown when the credential cannot be obtained", () =>
      Effect.gen(function*() {
        const [seen] = yield* identities(text, { apiKey: Effect.fail("locked") })
        assert.isUndefined(seen?.caller)
      }))

    it.effect("holds for a stream", () =>
      Effect.gen(function*() {
        const seen = yield* identities(Effect.andThen(
          Stream.runDrain(Identity.withTenant(Messages.stream(question), "ada")),
          Identity.withTenant(text, "ada")
        ))
        assert.strictEqual(seen[0]?.caller, seen[1]?.caller)
      }))
  })

  describe("of a cache", () => {
    /** What two calls receive from one store. */
    const received = (
      ada: Effect.Effect<string, unknown, Claude.Claude>,
      bob: Effect.Effect<string, unknown, Claude.Claude>,
      options?: ResponseCache.Options
    ) =>
      Effect.gen(function*() {
        const persistence = yield* Layer.build(Persistence.layerMemory)
        const cache = Layer.provide(ResponseCache.layerStore(options), Layer.succeedContext(persistence))
        const api = yield* Layer.build(scripted(numbered, { retry: RetryPolicy.never }))
        const provided = Effect.provide(Layer.provide(cache, Layer.succeedContext(api)))
        return [yield* provided(ada), yield* provided(bob)]
      }).pipe(Effect.scoped)

    it.effect("gives no caller the response of another", () =>
      Effect.gen(function*() {
        const own = ["Response 0", "Response 1"]
        assert.deepStrictEqual(yield* received(text, Claude.withHeaders(text, { "x-api-key": other })), own)
        assert.deepStrictEqual(yield* received(text, Identity.withTenant(text, "bob")), own)
        assert.deepStrictEqual(yield* received(text, Claude.withHeaders(text, { "x-user": "bob" })), own)
        assert.deepStrictEqual(yield* received(text, text), ["Response 0", "Response 0"])
      }))

    it.effect("gives all callers the same response where it is shared", () =>
      Effect.gen(function*() {
        const same = ["Response 0", "Response 0"]
        const bob = Identity.withTenant(Claude.withHeaders(text, { "x-api-key": other }), "bob")
        assert.deepStrictEqual(yield* received(text, bob, { shared: true }), same)
      }))

    it.effect("sends the call of a caller that is unknown", () =>
      Effect.gen(function*() {
        const layer = Layer.provide(ResponseCache.layer(), scripted(numbered, { apiKey: Effect.fail("locked") }))
        const error = yield* Effect.flip(Effect.provide(text, layer))
        assert.strictEqual(error._tag, "AuthenticationError")
      }))
  })

  describe("of pacing", () => {
    /** The keys in the store after one call of each of two credentials. */
    const keysOf = (options: Pacing.Options) =>
      Effect.gen(function*() {
        const keys = new Set<string>()
        const store = yield* Effect.provide(RateLimiter.RateLimiterStore, RateLimiter.layerStoreMemory)
        const spying = Layer.succeed(RateLimiter.RateLimiterStore, {
          ...store,
          tokenBucket: (options) => {
            keys.add(options.key)
            return store.tokenBucket(options)
          }
        })
        yield* Effect.andThen(text, Claude.withHeaders(text, { "x-api-key": other })).pipe(
          Effect.provide(Layer.provide(Pacing.layerStore(options), [spying, scripted(numbered)]))
        )
        return [...keys].filter((key) => key.includes("request"))
      })

    it.effect("separates credentials, and stores none", () =>
      Effect.gen(function*() {
        const keys = yield* keysOf({ limits: { requests: 1000 } })

        assert.strictEqual(keys.length, 2)
        for (const secret of [key, other]) assert.notInclude(keys.join(), secret)
      }))

    it.effect("is shared under a key that the program chooses", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* keysOf({ limits: { requests: 1000 }, key: () => "all" })).length, 1)
      }))
  })

  describe("of a circuit", () => {
    it.effect("leaves the other tenants' circuits closed", () =>
      Effect.gen(function*() {
        const ask = Effect.match(text, { onSuccess: () => "ok", onFailure: ({ _tag }) => _tag })
        const tags = yield* Effect.all([
          Identity.withTenant(ask, "ada"),
          Identity.withTenant(ask, "ada"),
          Identity.withTenant(ask, "bob"),
          ask
        ])
        assert.deepStrictEqual(tags, ["OverloadedError", "CircuitOpenError", "OverloadedError", "OverloadedError"])
      }).pipe(Effect.provide(Layer.provide(
        CircuitBreaker.layer({ trip: { consecutive: 1 } }),
        scripted(Script.forever(Script.status(529)), { retry: RetryPolicy.never })
      ))))

    it.effect("separates the paths of a gateway", () =>
      Effect.gen(function*() {
        const breaker = yield* CircuitBreaker.CircuitBreaker
        yield* Effect.ignore(text)
        const open = yield* breaker.state("gateway.example/a/claude-sonnet-5-5")
        assert.strictEqual(open._tag, "Open")
      }).pipe(Effect.provide(Layer.provide(
        CircuitBreaker.layer({ trip: { consecutive: 1 } }),
        scripted(
          Script.forever(Script.status(529)),
          { retry: RetryPolicy.never, baseUrl: "https://gateway.example/a" },
          { check: { basePath: "/a" } }
        )
      ))))
  })
})
