/** The middleware of `effect/http` below `Claude`: a call is what it is without it. */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Cookies from "effect/http/Cookies"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { key, patiently, question, unjittered } from "./scripted.ts"

type Middleware = (client: HttpClient.HttpClient) => Effect.Effect<HttpClient.HttpClient>

const pure = (wrap: (client: HttpClient.HttpClient) => HttpClient.HttpClient): Middleware => (client) =>
  Effect.sync(() => wrap(client))

/** Every middleware that leaves a client an `HttpClient`, by name. */
const middleware = {
  filterStatusOk: pure(HttpClient.filterStatusOk),
  filterStatus: pure(HttpClient.filterStatus((status) => status < 400)),
  tap: pure(HttpClient.tap(() => Effect.void)),
  tapRequest: pure(HttpClient.tapRequest(() => Effect.void)),
  tapError: pure(HttpClient.tapError(() => Effect.void)),
  mapRequest: pure(HttpClient.mapRequest(HttpClientRequest.setHeader("x-added", "yes"))),
  mapRequestInput: pure(HttpClient.mapRequestInput(HttpClientRequest.setHeader("x-added", "yes"))),
  mapRequestEffect: pure(
    HttpClient.mapRequestEffect((request) => Effect.succeed(HttpClientRequest.setHeader(request, "x-added", "yes")))
  ),
  transformResponse: pure(HttpClient.transformResponse((response) => Effect.withSpan(response, "below"))),
  followRedirects: pure(HttpClient.followRedirects(3)),
  cookies: (client) =>
    Effect.map(Ref.make<ReadonlyArray<Cookies.Cookie>>([]), (ref) => HttpClient.withCookiesRef(client, ref)),
  rateLimiter: (client) =>
    RateLimiter.make.pipe(
      Effect.provide(RateLimiter.layerStoreMemory),
      Effect.map((limiter) =>
        HttpClient.withRateLimiter(client, { limiter, key: "claude", limit: 1000, window: "1 minute", times: 0 })
      ),
      Effect.map(HttpClient.transformResponse(Effect.catchTag("RateLimiterError", (error) => Effect.die(error))))
    )
} satisfies { readonly [name: string]: Middleware }

type Name = keyof typeof middleware

const names: ReadonlyArray<Name> = Object.keys(middleware).filter((name): name is Name => name in middleware)

const hi = Script.reply("Hi!").pipe(Script.chunked("perEvent"))

const scripts: { readonly [name: string]: Script.Script } = {
  "a response": hi,
  "a 401": Script.status(401),
  "a 529 and a response": Script.sequence(Script.status(529), hi),
  "a rate limit and a response": Script.sequence(Script.rateLimited({ retryAfter: "3 seconds" }), hi),
  "an overload": Script.forever(Script.status(529)),
  "a stream that is cut": hi.pipe(Script.cutAfter({ events: 4 })),
  "an error within a stream": hi.pipe(Script.errorInStream({ after: 4 }))
}

const calls: ReadonlyArray<Effect.Effect<Message.Message, ClaudeError, Claude.Claude>> = [
  Messages.create(question, { wire: "json" }),
  Messages.create(question, { wire: "stream" }),
  MessageStream.final(Messages.stream(question))
]

const layer = (script: Script.Script, stack: ReadonlyArray<Middleware>, retry = unjittered) =>
  Claude.layer({ apiKey: Redacted.make(key), retry }).pipe(
    Layer.provide(Layer.effect(
      HttpClient.HttpClient,
      Effect.flatMap(
        HttpClient.HttpClient,
        (client) =>
          stack.reduceRight<Effect.Effect<HttpClient.HttpClient>>(
            (inner, wrap) => Effect.flatMap(inner, wrap),
            Effect.succeed(client)
          )
      )
    )),
    Layer.provideMerge(ClaudeTest.layer(script))
  )

/** How each call ends under a stack of middleware, outermost first, and the requests it makes. */
const outcomes = (script: Script.Script, stack: ReadonlyArray<Middleware>) =>
  Effect.forEach(calls, (call) =>
    Effect.gen(function*() {
      const context = yield* Layer.build(layer(script, stack))
      const end = yield* Effect.match(Effect.provideContext(call, context), {
        onSuccess: Message.text,
        onFailure: (error) =>
          `${error._tag} ${error.status} ${error.outcome} ${error.attempts?.count}: ${error.message}`
      })
      const requests = yield* Context.get(context, ClaudeTest.ClaudeTest).requests
      return { end, requests: requests.length }
    }).pipe(Effect.scoped)).pipe(patiently)

describe("middleware of effect/http below Claude", () => {
  for (const [what, script] of Object.entries(scripts)) {
    it.effect.each(names.map((name) => ({ name })))(
      `$name changes nothing about ${what}`,
      ({ name }) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* outcomes(script, [middleware[name]]), yield* outcomes(script, []))
        }),
      30_000
    )

    it.effect(
      `filterStatusOk changes nothing about ${what}, above and below every other`,
      () =>
        Effect.gen(function*() {
          const expected = yield* outcomes(script, [])
          for (const name of names) {
            const { filterStatusOk, [name]: other } = middleware
            assert.deepStrictEqual(yield* outcomes(script, [filterStatusOk, other]), expected, `above ${name}`)
            assert.deepStrictEqual(yield* outcomes(script, [other, filterStatusOk]), expected, `below ${name}`)
          }
        }),
      60_000
    )
  }

  it.effect("filterStatusOk leaves a 401 an AuthenticationError after one attempt", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Messages.create(question))

      assert.strictEqual(error._tag, "AuthenticationError")
      assert.strictEqual(error.attempts?.count, 1)
      assert.lengthOf(yield* ClaudeTest.ClaudeTest.pipe(Effect.flatMap((test) => test.requests)), 1)
    }).pipe(Effect.provide(layer(Script.status(401), [middleware.filterStatusOk]))))

  it.effect("mapRequest adds a header to what is sent", () =>
    Effect.gen(function*() {
      yield* Messages.create(question)
      const [request] = yield* ClaudeTest.ClaudeTest.pipe(Effect.flatMap((test) => test.requests))

      assert.strictEqual(request?.headers["x-added"], "yes")
    }).pipe(Effect.provide(layer(hi, [middleware.mapRequest]))))

  it.effect("retryTransient is a second layer of retries, which multiplies attempts", () =>
    Effect.gen(function*() {
      const retryTransient = pure(HttpClient.retryTransient({ times: 2, schedule: Schedule.spaced("1 second") }))
      const stacks = [[retryTransient], [retryTransient, middleware.filterStatusOk], [
        middleware.filterStatusOk,
        retryTransient
      ]]
      const twice = RetryPolicy.maxRetries(unjittered, 1)
      for (const stack of stacks) {
        const context = yield* Layer.build(layer(Script.forever(Script.status(503)), stack, twice))
        const error = yield* patiently(Effect.flip(Effect.provideContext(Messages.create(question), context)))

        assert.strictEqual(error.status, 503)
        assert.strictEqual(error.attempts?.count, 2)
        assert.lengthOf(yield* Context.get(context, ClaudeTest.ClaudeTest).requests, 6)
      }
    }), 30_000)
})
