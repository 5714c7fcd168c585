/** Each kind of deployment between a program and the API: a call, a stream, an error and a retry through it. */
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { question } from "./scripted.ts"

/** A deployment: how a program is configured for it, what it admits, and how it reports failures. */
interface Gateway {
  readonly options: ClaudeConfig.Options
  /** The URL that it accepts. */
  readonly url: string
  /** Returns whether the request carries what the deployment wants, and nothing that it must not see. */
  readonly admits: (headers: HttpClientRequest.HttpClientRequest["headers"]) => boolean
  /** A failure that a retry can mend. */
  readonly failure: () => Response
  /** The words of it that a person needs. */
  readonly words: string
  readonly outcome: "rejected" | "unknown"
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers })

const gateways: { readonly [name: string]: Gateway } = {
  "Cloudflare AI Gateway with stored keys": {
    options: {
      baseUrl: "https://gateway.ai.cloudflare.com/v1/account/gateway/anthropic",
      headers: { "cf-aig-authorization": "Bearer cf-token-0123456789" }
    },
    url: "https://gateway.ai.cloudflare.com/v1/account/gateway/anthropic/v1/messages",
    admits: (headers) =>
      headers["cf-aig-authorization"] === "Bearer cf-token-0123456789" && !("x-api-key" in headers) &&
      !("authorization" in headers),
    failure: () => json(524, { title: "Error 524: A timeout occurred", status: 524, error_code: 524, retry_after: 3 }),
    words: "A timeout occurred",
    outcome: "unknown"
  },
  LiteLLM: {
    options: { baseUrl: "https://litellm.example/v1", authToken: Redacted.make("litellm-key-0123456789") },
    url: "https://litellm.example/v1/messages",
    admits: (headers) => headers["authorization"] === "Bearer litellm-key-0123456789" && !("x-api-key" in headers),
    failure: () =>
      json(500, {
        error: {
          message: "litellm.InternalServerError: AnthropicException - " +
            "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
          type: "None",
          code: "500"
        }
      }),
    words: "litellm.InternalServerError",
    outcome: "unknown"
  },
  Envoy: {
    options: { baseUrl: "https://mesh.example", apiKey: Redacted.make("mesh-key-0123456789") },
    url: "https://mesh.example/v1/messages",
    admits: (headers) => headers["x-api-key"] === "mesh-key-0123456789",
    failure: () =>
      new Response("upstream connect error or disconnect/reset before headers. reset reason: connection termination", {
        status: 503,
        headers: { "content-type": "text/plain" }
      }),
    words: "upstream connect error",
    outcome: "unknown"
  },
  "a corporate proxy": {
    options: {
      baseUrl: "https://proxy.corp.example/claude",
      credential: "none",
      headers: { "x-team": "a" },
      query: { "api-version": "2026-10-01" }
    },
    url: "https://proxy.corp.example/claude/v1/messages?api-version=2026-10-01",
    admits: (headers) => headers["x-team"] === "a" && !("x-api-key" in headers) && !("authorization" in headers),
    failure: () =>
      new Response("<html><head><title>502 Bad Gateway</title></head><body>The proxy failed</body></html>", {
        status: 502,
        headers: { "content-type": "text/html" }
      }),
    words: "502 Bad Gateway",
    outcome: "unknown"
  }
}

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "Hi!" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 }
}

const events = [
  { type: "message_start", message: { ...message, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi!" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: "message_stop" }
]

/** A program's way through a deployment that fails a number of times first. */
const through = (gateway: Gateway, failures: number, options: ClaudeConfig.Options = {}) => {
  let left = failures
  const client = HttpClient.make((request, url) => {
    const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "{}"
    const response = url.href !== gateway.url
      ? json(404, { error: `no route for ${url.href}` })
      : !gateway.admits(request.headers)
      ? json(401, { error: "unauthorized" })
      : left-- > 0
      ? gateway.failure()
      : JSON.parse(body).stream === true
      ? new Response(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""), {
        headers: { "content-type": "text/event-stream" }
      })
      : json(200, message)
    return Effect.succeed(HttpClientResponse.fromWeb(request, response))
  })
  return Layer.provide(
    Claude.layer({ ...gateway.options, retry: RetryPolicy.jitter(RetryPolicy.standard, "none"), ...options }),
    Layer.succeed(HttpClient.HttpClient, client)
  )
}

/** Runs an effect that reads real bodies, while seconds pass. */
const patiently = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    while (fiber.pollUnsafe() === undefined) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      yield* TestClock.adjust("100 millis")
    }
    return yield* Fiber.join(fiber)
  })

describe.each(Object.entries(gateways))("through %s", (_, gateway) => {
  it.effect("a call returns its message", () =>
    Effect.gen(function*() {
      const { content } = yield* patiently(Messages.create(question, { wire: "json" }))

      assert.deepStrictEqual<unknown>(content, message.content)
    }).pipe(Effect.provide(through(gateway, 0))))

  it.effect("a stream ends with its last event", () =>
    Effect.gen(function*() {
      const streamed = yield* patiently(Stream.runCollect(Messages.stream(question)))

      assert.strictEqual(streamed.at(-1)?.type, "message_stop")
    }).pipe(Effect.provide(through(gateway, 0))))

  it.effect("a failure is reported in the words of the deployment", () =>
    Effect.gen(function*() {
      const error = yield* patiently(Effect.flip(Messages.create(question)))

      assert.include(error.message, gateway.words)
      assert.strictEqual(error.outcome, gateway.outcome)
    }).pipe(Effect.provide(through(gateway, 1, { retry: RetryPolicy.never }))))

  it.effect("a failure is retried", () =>
    Effect.gen(function*() {
      const { content } = yield* patiently(Messages.create(question))

      assert.deepStrictEqual<unknown>(content, message.content)
    }).pipe(Effect.provide(through(gateway, 2))))
})
