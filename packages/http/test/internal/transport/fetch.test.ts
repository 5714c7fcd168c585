import * as Claude from "@effect-claude/http/Claude"
import type * as Exchange from "@effect-claude/http/Exchange"
import * as Messages from "@effect-claude/http/Messages"
import * as Raw from "@effect-claude/http/Raw"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { key } from "../../support.ts"

/** A `fetch` that answers with what it was sent. */
const echo: typeof globalThis.fetch = async (url, init) => {
  const headers = new Headers(init?.headers)
  const body = await new Response(init?.body).text()
  return new Response(
    `${init?.method} ${String(url)} ${headers.get("content-type")} ${headers.get("x-api-key") === key} ${
      headers.get("x-init")
    } ${body}`
  )
}

const layer = Claude.layerFetch({ apiKey: Redacted.make(key), baseUrl: "https://api.test" }).pipe(
  Layer.provide(Layer.succeed(FetchHttpClient.Fetch, echo)),
  Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { headers: { "x-init": "given" } }))
)

const pieces = Stream.make("one ", "two").pipe(Stream.encodeText)

describe("Claude", () => {
  describe("layerFetch", () => {
    it.effect("uses the fetch and the options of its context for a body at hand", () =>
      Effect.gen(function*() {
        const answer = yield* Raw.text({ method: "POST", path: "/v1/things", body: { a: 1 }, query: { page: "2" } })

        assert.strictEqual(answer, "POST https://api.test/v1/things?page=2 application/json true given {\"a\":1}")
      }).pipe(Effect.provide(layer)))

    it.effect("sends bytes and texts of Effect's as they are", () =>
      Effect.gen(function*() {
        const send = (body: HttpBody.HttpBody) => Raw.text({ method: "POST", path: "/v1/things", body })
        const bytes = new TextEncoder().encode("bytes")

        assert.match(yield* send(HttpBody.uint8Array(bytes, "text/plain")), / text\/plain true given bytes$/)
        assert.match(yield* send(HttpBody.text("text", "text/css")), / text\/css true given text$/)
        assert.match(yield* send(HttpBody.empty), / given $/)
      }).pipe(Effect.provide(layer)))

    it.effect("allows the headers of a stream more time for each byte of the request", () =>
      Effect.gen(function*() {
        const silent: typeof globalThis.fetch = () => new Promise(() => {})
        const request = {
          model: "claude-sonnet-5-5",
          max_tokens: 16,
          messages: [{ role: "user", content: "é".repeat(500) }]
        } as const
        const bytes = new TextEncoder().encode(JSON.stringify({ ...request, stream: true })).byteLength
        const fiber = yield* Messages.stream(request).pipe(
          Claude.withTimeouts({ headers: "1 second", uploadRate: 1000 }),
          Claude.withRetry(RetryPolicy.maxRetries(RetryPolicy.standard, 0)),
          Stream.runDrain,
          Effect.flip,
          Effect.provideService(FetchHttpClient.Fetch, silent),
          Effect.forkChild
        )
        yield* TestClock.adjust("1 minute")
        const error = yield* Fiber.join(fiber)

        assert.strictEqual(error._tag === "ClaudeTimeoutError" && Duration.toMillis(error.limit), 1000 + bytes)
      }).pipe(Effect.provide(layer)))

    it.effect("sends a body that is a stream, too", () =>
      Effect.gen(function*() {
        const answer = yield* Raw.text({
          method: "POST",
          path: "/v1/things",
          body: HttpBody.stream(pieces, "text/plain")
        })

        assert.strictEqual(answer, "POST https://api.test/v1/things text/plain true given one two")
      }).pipe(Effect.provide(layer)))

    it.effect("uses the fetch of the call before that of the layer, whatever the body", () =>
      Effect.gen(function*() {
        const other: typeof globalThis.fetch = async (_url, init) =>
          new Response(`other ${await new Response(init?.body).text()}`)
        const send = (body: unknown) =>
          Raw.text({ method: "POST", path: "/v1/things", body }).pipe(
            Effect.provideService(FetchHttpClient.Fetch, other)
          )

        assert.strictEqual(yield* send("at hand"), "other \"at hand\"")
        assert.strictEqual(yield* send(HttpBody.stream(pieces, "text/plain")), "other one two")
      }).pipe(Effect.provide(layer)))

    it.effect("tells of a refusal whose body never ends, after ten seconds at most", () =>
      Effect.gen(function*() {
        const endless: typeof globalThis.fetch = () =>
          Promise.resolve(new Response(new ReadableStream(), { status: 400 }))
        const refused = yield* Effect.forkChild(Effect.flip(
          Raw.text({ method: "GET", path: "/v1/things" }).pipe(
            Effect.provideService(FetchHttpClient.Fetch, endless)
          )
        ))
        yield* Effect.yieldNow
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* TestClock.adjust("9 seconds")
        assert.isUndefined(refused.pollUnsafe())
        yield* TestClock.adjust("2 seconds")

        assert.strictEqual((yield* Fiber.join(refused))._tag, "InvalidRequestError")
      }).pipe(Effect.provide(layer)))

    it.effect("says so where it has no way for a body, and sends nothing", () =>
      Effect.gen(function*() {
        const claude = yield* Claude.Claude
        const request: Exchange.Request = {
          operation: "things",
          method: "POST",
          path: "/v1/things",
          body: HttpBody.stream(pieces, "text/plain"),
          streamed: false,
          repeatable: false
        }
        const error = yield* Effect.flip(
          Effect.scoped(Effect.flatMap(claude.settings, (settings) => claude.attempt(request, settings)))
        )

        assert.strictEqual(error._tag, "ConnectionError")
        assert.strictEqual(error.outcome, "notSent")
        assert.include(error.message, "only Raw can send")
      }).pipe(Effect.provide(layer)))
  })
})
