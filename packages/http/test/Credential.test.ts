import * as Claude from "@effect-claude/http/Claude"
import * as Credential from "@effect-claude/http/Credential"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { errorOf } from "./fixtures.ts"
import { question } from "./scripted.ts"

/** A token endpoint: each exchange takes a second, and its token lives for an hour. */
const endpoint = (options: { readonly fails?: (n: number) => boolean; readonly lives?: number } = {}) => {
  const refused: Array<string | undefined> = []
  const obtain = (token: Redacted.Redacted | undefined) =>
    Effect.gen(function*() {
      refused.push(token && Redacted.value(token))
      const n = refused.length
      yield* Effect.sleep("1 second")
      if (options.fails?.(n) === true) return yield* Effect.fail(new Error(`no token: s3cret-${n}`))
      const now = yield* Clock.currentTimeMillis
      return { value: Redacted.make(`token-${n}`), expiresAt: now + (options.lives ?? 3_600_000) }
    })
  return { obtain, refused }
}

const valueOf = (credential: Credential.Credential) => Effect.map(credential.get, Redacted.value)

/** Runs an effect while ten seconds pass. */
const during = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust("10 seconds")
    return yield* Fiber.join(fiber)
  })

/** Runs an effect that reads real bodies, while seconds pass. */
const patiently = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("1 second")
    }
    return yield* Fiber.join(fiber)
  })

const all = <A, E, R>(n: number, self: Effect.Effect<A, E, R>) =>
  Effect.all(Array.from({ length: n }, () => self), { concurrency: "unbounded" })

describe("Credential", () => {
  describe("make", () => {
    it.effect("obtains one token for callers that need it at the same time", () =>
      Effect.gen(function*() {
        const { obtain, refused } = endpoint()
        const credential = yield* Credential.make({ obtain })

        assert.deepStrictEqual(new Set(yield* during(all(100, valueOf(credential)))), new Set(["token-1"]))
        assert.deepStrictEqual(refused, [undefined])
        assert.strictEqual(yield* credential.expiresAt, 3_601_000)
      }))

    it.effect("obtains nothing before it is needed", () =>
      Effect.gen(function*() {
        const { obtain, refused } = endpoint()
        const credential = yield* Credential.make({ obtain })

        assert.isUndefined(yield* credential.expiresAt)
        assert.deepStrictEqual(refused, [])
      }))

    it.effect("replaces a token in the background before it expires, and uses it meanwhile", () =>
      Effect.gen(function*() {
        const { obtain, refused } = endpoint()
        const credential = yield* Credential.make({ obtain })
        yield* during(valueOf(credential))
        yield* TestClock.setTime(3_601_000 - 121_000)
        assert.strictEqual(yield* valueOf(credential), "token-1")
        assert.strictEqual(refused.length, 1)
        yield* TestClock.setTime(3_601_000 - 120_000)

        assert.strictEqual(yield* valueOf(credential), "token-1")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* valueOf(credential), "token-2")
        assert.strictEqual(refused.length, 2)
      }))

    it.effect("does not use a token that is about to expire", () =>
      Effect.gen(function*() {
        const { obtain } = endpoint()
        const credential = yield* Credential.make({ obtain })
        yield* during(valueOf(credential))
        yield* TestClock.setTime(3_601_000 - 30_000)

        assert.strictEqual(yield* during(valueOf(credential)), "token-2")
      }))

    it.effect("uses a token that still holds when its replacement fails, and waits before the next attempt", () =>
      Effect.gen(function*() {
        const { obtain, refused } = endpoint({ fails: (n) => n === 2 })
        const credential = yield* Credential.make({ obtain })
        yield* during(valueOf(credential))
        yield* TestClock.setTime(3_601_000 - 100_000)
        yield* valueOf(credential)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* valueOf(credential), "token-1")
        assert.strictEqual(refused.length, 2)
        yield* TestClock.adjust("5 seconds")
        yield* valueOf(credential)
        yield* TestClock.adjust("1 second")

        assert.strictEqual(yield* valueOf(credential), "token-3")
      }))

    it.effect("passes the token that was refused to the next exchange, once", () =>
      Effect.gen(function*() {
        const { obtain, refused } = endpoint()
        const credential = yield* Credential.make({ obtain })
        yield* during(valueOf(credential))
        yield* all(100, credential.invalidate(Redacted.make("token-1")))
        yield* during(all(100, valueOf(credential)))
        yield* all(100, credential.invalidate(Redacted.make("token-1")))

        assert.strictEqual(yield* valueOf(credential), "token-2")
        assert.deepStrictEqual(refused, [undefined, "token-1"])
      }))

    it.effect("finishes an exchange whose caller was interrupted", () =>
      Effect.gen(function*() {
        const { obtain, refused } = endpoint()
        const credential = yield* Credential.make({ obtain })
        const first = yield* Effect.forkChild(valueOf(credential), { startImmediately: true })
        const second = yield* Effect.forkChild(valueOf(credential), { startImmediately: true })
        yield* Fiber.interrupt(first)
        yield* TestClock.adjust("1 second")

        assert.strictEqual(yield* Fiber.join(second), "token-1")
        assert.strictEqual(refused.length, 1)
      }))

    it.effect("fails all that wait, without the text of the failure, and tries again for the next", () =>
      Effect.gen(function*() {
        const { obtain } = endpoint({ fails: (n) => n === 1 })
        const credential = yield* Credential.make({ obtain })
        const errors = yield* during(all(3, Effect.flip(credential.get)))

        assert.isTrue(errors.every((error) => error._tag === "CredentialError" && !error.message.includes("s3cret")))
        assert.strictEqual(yield* during(valueOf(credential)), "token-2")
      }))

    it.effect("takes a token whose value plain JavaScript gives as a text", () =>
      Effect.gen(function*() {
        const obtain = () => Effect.succeed({ value: JSON.parse("\"token-1\"") })

        assert.strictEqual(yield* valueOf(yield* Credential.make({ obtain })), "token-1")
      }))

    it.effect("fails for options and tokens of another shape, without showing them", () =>
      Effect.gen(function*() {
        const value = Redacted.make("s3cret")
        const table: ReadonlyArray<readonly [unknown, RegExp]> = [
          [undefined, /obtain: expected a function/],
          [{}, /obtain: expected a function/],
          [{ obtain: "s3cret" }, /obtain: expected a function/],
          [{ obtain: () => Effect.succeed({ value }), timeout: "soon" }, /timeout: expected a duration/],
          [{ obtain: () => Effect.succeed({ value }), refreshBefore: -1 }, /refreshBefore: expected a duration/],
          [{ obtain: () => Promise.resolve({ value }) }, /did not return an effect/],
          [{ obtain: () => JSON.parse("s3cret") }, /did not return an effect/],
          [{ obtain: () => Effect.succeed("s3cret") }, /malformed/],
          [{ obtain: () => Effect.succeed({ value: 5 }) }, /malformed/],
          [{ obtain: () => Effect.succeed({ value, expiresAt: NaN }) }, /malformed/],
          [{ obtain: () => Effect.succeed({ value, expiresAt: "s3cret" }) }, /malformed/]
        ]
        for (const [options, message] of table) {
          const credential = yield* Credential.make(options as Credential.Options<never>)
          const error = yield* during(Effect.flip(credential.get))

          assert.match(error.message, message)
          assert.notInclude(error.message, "s3cret")
          assert.isFalse(error.transient)
        }
      }))

    it.effect("fails when an exchange takes too long", () =>
      Effect.gen(function*() {
        const credential = yield* Credential.make({ obtain: () => Effect.never, timeout: "5 seconds" })
        const error = yield* during(Effect.flip(credential.get))

        assert.isTrue(error.transient)
        assert.include(error.message, "in time")
      }))
  })

  describe("at a layer", () => {
    /** An API that accepts one token. The scripted one does not record credentials. */
    const accepting = (token: () => string): Layer.Layer<HttpClient.HttpClient> =>
      Layer.succeed(
        HttpClient.HttpClient,
        HttpClient.make((request) => {
          const isAccepted = request.headers["authorization"] === `Bearer ${token()}`
          return Effect.succeed(HttpClientResponse.fromWeb(
            request,
            isAccepted ? Response.json(message) : Response.json({}, { status: 401 })
          ))
        })
      )

    const message = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 }
    }

    it.effect.prop(
      "is renewed exactly once, however many calls the API refuses",
      { calls: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 })) },
      ({ calls }) =>
        Effect.gen(function*() {
          const { obtain, refused } = endpoint()
          const credential = yield* Credential.make({ obtain })
          let accepted = "token-1"
          const layer = Layer.provide(
            Claude.layer({ credential, retry: RetryPolicy.never }),
            accepting(() => accepted)
          )
          yield* Effect.gen(function*() {
            yield* patiently(Messages.create(question))
            accepted = "token-2"
            yield* patiently(all(calls, Messages.create(question)))
          }).pipe(Effect.provide(layer))

          assert.deepStrictEqual(refused, [undefined, "token-1"])
        }).pipe(Effect.provide(TestClock.layer())),
      { arbitrary: { runs: 10 } }
    )

    it.effect("fails a call whose renewed token is refused as well", () =>
      Effect.gen(function*() {
        const { obtain, refused } = endpoint()
        const credential = yield* Credential.make({ obtain })
        const error = yield* patiently(Effect.flip(Messages.create(question))).pipe(
          Effect.provide(Claude.layer({ credential })),
          Effect.provide(accepting(() => "other"))
        )

        assert.strictEqual(error._tag, "AuthenticationError")
        assert.strictEqual(error.status, 401)
        assert.strictEqual(refused.length, 2)
      }))

    it.effect("may be an object of plain JavaScript, whose failures are not shown", () =>
      Effect.gen(function*() {
        const call = (get: Credential.Credential["get"]) =>
          Effect.exit(Messages.create(question)).pipe(
            Effect.provide(Claude.layer({
              credential: { get, invalidate: () => Effect.void, expiresAt: Effect.undefined }
            })),
            Effect.provide(accepting(() => "token-1"))
          )
        const plain = yield* patiently(call(Effect.succeed(JSON.parse("\"token-1\""))))
        const failed = yield* patiently(call(Effect.fail(JSON.parse("{\"message\":\"no s3cret\"}"))))
        const number = yield* patiently(call(Effect.succeed(JSON.parse("5"))))

        assert.strictEqual(plain._tag, "Success")
        for (const exit of [failed, number]) {
          assert.strictEqual(errorOf(exit)._tag, "AuthenticationError")
          assert.notInclude(errorOf(exit).message, "s3cret")
          assert.include(errorOf(exit).message, "could not be obtained")
        }
      }))

    it.effect("adds what goes with its tokens", () =>
      Effect.gen(function*() {
        const { obtain } = endpoint()
        const credential = yield* Credential.make({
          obtain,
          betas: ["oauth-2025-04-20"],
          headers: { "anthropic-workspace-id": "wrkspc_1" }
        })
        const requests = yield* Effect.gen(function*() {
          yield* during(Messages.create(question))
          return yield* (yield* ClaudeTest.ClaudeTest).requests
        }).pipe(
          Effect.provide(
            Layer.provideMerge(
              Claude.layer({ credential, betas: ["a-2026-01-01"], headers: { "Anthropic-Beta": "b-2026-01-01" } }),
              ClaudeTest.layer(Script.reply("Hi!"), { check: false })
            )
          )
        )

        assert.strictEqual(requests[0]?.headers["anthropic-beta"], "a-2026-01-01,b-2026-01-01,oauth-2025-04-20")
        assert.strictEqual(requests[0]?.headers["anthropic-workspace-id"], "wrkspc_1")
        assert.isUndefined(requests[0]?.headers["x-api-key"])
      }))
  })
})
