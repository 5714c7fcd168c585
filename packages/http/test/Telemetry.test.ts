import * as Cost from "@effect-claude/core/Cost"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import type * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Messages from "@effect-claude/http/Messages"
import * as ResponseCache from "@effect-claude/http/ResponseCache"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Telemetry from "@effect-claude/http/Telemetry"
import * as Metrics from "@effect-claude/http/TelemetryMetrics"
import type * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { patiently, question, scripted } from "./scripted.ts"

const hello = { text: "Hi! How are you?", usage: { input_tokens: 10, output_tokens: 5 } }

interface Seen {
  readonly spans: ReadonlyArray<Tracer.NativeSpan>
  readonly metrics: ReadonlyArray<Metric.Metric.Snapshot>
}

/** Runs an effect, and returns the spans and metrics of its calls. */
const observed = (
  script: Script.Script,
  use: Effect.Effect<unknown, unknown, Claude.Claude | ClaudeTest.ClaudeTest>,
  options?: Telemetry.Options,
  config?: { readonly retry: RetryPolicy.RetryPolicy }
): Effect.Effect<Seen, ClaudeConfig.ClaudeConfigError> =>
  Effect.gen(function*() {
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const registry = new Map()
    yield* Effect.exit(use).pipe(
      Effect.provide(Layer.provideMerge(Telemetry.layer(options), scripted(script, config))),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provideService(Metric.MetricRegistry, registry)
    )
    const metrics = yield* Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)
    return { spans, metrics }
  })

const attributesOf = (span: Tracer.NativeSpan | undefined) => Object.fromEntries(span?.attributes ?? [])

/** The states of a metric, by the values of some attributes. */
const series = ({ metrics }: Seen, metric: { readonly id: string }, ...names: ReadonlyArray<string>) =>
  Object.fromEntries(
    metrics.filter(({ id }) => id === metric.id).map(({ attributes, state }) => [
      names.map((name) => attributes?.[name]).join(" "),
      "count" in state && "sum" in state ? [state.count, state.sum] : "count" in state ? state.count : state
    ])
  )

describe("Telemetry", () => {
  describe("spans", () => {
    it.effect("makes one of a call, under the conventions' names", () =>
      Effect.gen(function*() {
        const { spans } = yield* observed(
          Script.reply({ ...hello, usage: { ...hello.usage, cache_read_input_tokens: 90 } }),
          Messages.create({ ...question, temperature: 0.5, stop_sequences: ["."] })
        )

        const [span] = spans
        const { "claude.request_id": requestId, "gen_ai.response.id": id, ...attributes } = attributesOf(span)
        assert.strictEqual(span?.name, "chat claude-sonnet-5-5")
        assert.strictEqual(span?.kind, "client")
        assert.match(String(requestId), /^req_/)
        assert.match(String(id), /^msg_/)
        assert.deepStrictEqual(attributes, {
          "gen_ai.provider.name": "anthropic",
          "gen_ai.operation.name": "chat",
          "server.address": "api.anthropic.com",
          "server.port": 443,
          "claude.operation": "messages.create",
          "claude.api_version": "2023-06-01",
          "claude.attempts": 1,
          "claude.service_tier": "standard",
          "gen_ai.request.model": question.model,
          "gen_ai.request.max_tokens": 1024,
          "gen_ai.request.temperature": 0.5,
          "gen_ai.request.stop_sequences": ["."],
          "gen_ai.request.stream": false,
          "gen_ai.response.model": question.model,
          "gen_ai.response.finish_reasons": ["end_turn"],
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.output_tokens": 5,
          "gen_ai.usage.cache_read.input_tokens": 90
        })
      }))

    it.effect("makes one of each attempt, under that of the call, with an event for each retry", () =>
      Effect.gen(function*() {
        const { spans } = yield* observed(
          Script.sequence(Script.status(529), Script.reply(hello)),
          patiently(Messages.create(question))
        )

        const [call, first, second] = spans
        assert.strictEqual(spans.length, 3)
        for (const attempt of [first, second]) {
          assert.strictEqual(attempt?.name, "POST messages.create")
          assert.strictEqual(Option.getOrUndefined(attempt!.parent), call)
        }
        assert.strictEqual(attributesOf(first)["error.type"], "OverloadedError")
        assert.strictEqual(attributesOf(first)["http.response.status_code"], 529)
        assert.isUndefined(attributesOf(first)["http.request.resend_count"])
        assert.strictEqual(attributesOf(second)["http.response.status_code"], 200)
        assert.strictEqual(attributesOf(second)["http.request.resend_count"], 1)
        assert.deepStrictEqual(call?.events.map(([name, , attributes]) => [name, attributes]), [
          ["retry", { "error.type": "OverloadedError", "claude.retry.number": 1, "claude.retry.delay_ms": 1000 }]
        ])
        assert.strictEqual(attributesOf(call)["claude.attempts"], 2)
      }))

    it.effect("ends that of a stream when it was read, that of its attempt at its first content", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(0)
        const { spans } = yield* observed(
          Script.reply(hello).pipe(
            Script.chunked("perEvent"),
            Script.pause({ events: 5 }, "3 seconds"),
            Script.delay("2 seconds")
          ),
          patiently(Stream.runDrain(Messages.stream(question)))
        )

        const [call, attempt] = spans
        const seconds = (span: Tracer.NativeSpan | undefined) =>
          span?.status._tag === "Ended" ? Number(span.status.endTime / 1_000_000_000n) : undefined
        assert.strictEqual(seconds(attempt), 2)
        assert.strictEqual(seconds(call), 5)
        assert.deepStrictEqual(call?.events, [["first content", 2_000_000_000n, {}]])
      }))

    it.effect("ends with the error of a call that fails", () =>
      Effect.gen(function*() {
        const { spans } = yield* observed(
          Script.reply(hello).pipe(Script.cutAfter({ events: 4 })),
          Stream.runDrain(Messages.stream(question))
        )

        const [call] = spans
        assert.strictEqual(attributesOf(call)["error.type"], "StreamTruncatedError")
        assert.strictEqual(attributesOf(call)["gen_ai.usage.input_tokens"], 10)
        assert.isTrue(call?.status._tag === "Ended" && Exit.isFailure(call.status.exit))
      }))

    it.effect("ends when the call is interrupted", () =>
      Effect.gen(function*() {
        const { spans } = yield* observed(
          Script.reply(hello).pipe(Script.stall({ after: "headers" })),
          Effect.gen(function*() {
            const fiber = yield* Effect.forkChild(Messages.create(question))
            yield* TestClock.adjust("1 second")
            yield* Fiber.interrupt(fiber)
          })
        )

        assert.strictEqual(spans.length, 2)
        for (const { status } of spans) {
          assert.isTrue(status._tag === "Ended" && Exit.hasInterrupts(status.exit))
        }
      }))

    it.effect("is under the span of the program, and over that of its handlers", () =>
      Effect.gen(function*() {
        const { spans } = yield* observed(
          Script.reply(hello),
          Messages.create(question, { onProgress: () => Effect.withSpan(Effect.void, "handler") }).pipe(
            Effect.withSpan("program")
          )
        )

        assert.deepStrictEqual(
          spans.map(({ name, parent }) => [name, Option.getOrUndefined(Option.map(parent, ({ spanId }) => spanId))]),
          [
            ["program", undefined],
            ["chat claude-sonnet-5-5", spans[0]?.spanId],
            ["POST messages.create", spans[1]?.spanId],
            ["handler", spans[2]?.spanId]
          ]
        )
      }))

    it.effect("takes attributes of the program's own", () =>
      Effect.gen(function*() {
        const { spans } = yield* observed(Script.reply(hello), Messages.create(question), {
          attributes: ({ request }) => ({ tenant: request?.metadata?.user_id ?? "none" })
        })

        assert.strictEqual(attributesOf(spans[0])["tenant"], "none")
      }))
  })

  describe("content", () => {
    const secret = "The code is 1234."
    const asked: MessageRequest = {
      ...question,
      system: `Remember: ${secret}`,
      messages: [
        { role: "user", content: secret },
        { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "open", input: { code: secret } }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: secret }] },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "aGVsbG8=" } }
          ]
        }
      ]
    }

    it.effect("is in no span and no metric by default", () =>
      Effect.gen(function*() {
        const { metrics, spans } = yield* observed(Script.reply(secret), Messages.create(asked))

        assert.notInclude(JSON.stringify(spans.map((span) => [span.name, [...span.attributes]])), "1234")
        assert.notInclude(JSON.stringify(metrics.map(({ attributes }) => attributes)), "1234")
      }))

    it.effect("is in the span of the call when asked, without images", () =>
      Effect.gen(function*() {
        const { spans } = yield* observed(Script.reply(secret), Messages.create(asked), { content: true })

        const attributes = attributesOf(spans[0])
        const read = (name: string) => JSON.parse(String(attributes[name]))
        assert.deepStrictEqual(read("gen_ai.system_instructions"), [
          { type: "text", content: `Remember: ${secret}` }
        ])
        assert.deepStrictEqual(read("gen_ai.input.messages"), [
          { role: "user", parts: [{ type: "text", content: secret }] },
          {
            role: "assistant",
            parts: [{ type: "tool_call", id: "toolu_1", name: "open", arguments: { code: secret } }]
          },
          {
            role: "user",
            parts: [
              { type: "tool_call_response", id: "toolu_1", response: [{ type: "text", content: secret }] },
              { type: "image" }
            ]
          }
        ])
        assert.deepStrictEqual(read("gen_ai.output.messages"), [
          { role: "assistant", parts: [{ type: "text", content: secret }], finish_reason: "end_turn" }
        ])
        assert.notInclude(JSON.stringify([...spans[1]!.attributes]), secret)
      }))
  })

  describe("metrics", () => {
    it.effect("count calls by outcome, and retries by error", () =>
      Effect.gen(function*() {
        const seen = yield* observed(
          Script.sequence(Script.status(529), Script.reply(hello), Script.status(401), Script.reply(hello)),
          Effect.gen(function*() {
            yield* patiently(Messages.create(question))
            yield* Effect.exit(Messages.create(question))
            yield* Stream.runDrain(Stream.take(Messages.stream(question), 1))
          })
        )

        assert.deepStrictEqual(series(seen, Metrics.requests, "claude.outcome", "error.type"), {
          "completed ": 1,
          "failed AuthenticationError": 1,
          "abandoned ": 1
        })
        assert.deepStrictEqual(series(seen, Metrics.retries, "error.type"), { OverloadedError: 1 })
      }))

    it.effect("count tokens by class, and what they cost", () =>
      Effect.gen(function*() {
        const usage = {
          input_tokens: 10,
          output_tokens: 5,
          cache_read_input_tokens: 90,
          cache_creation_input_tokens: 7,
          cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 3 }
        }
        const seen = yield* observed(Script.reply({ ...hello, usage }), Messages.create(question))

        assert.deepStrictEqual(series(seen, Metrics.tokens, "claude.token.class"), {
          input: 10,
          output: 5,
          cache_read: 90,
          cache_write_5m: 4,
          cache_write_1h: 3
        })
        assert.deepStrictEqual(series(seen, Metrics.tokenUsage, "gen_ai.token.type"), {
          input: [1, 107],
          output: [1, 5]
        })
        const cost = Option.getOrThrow(Cost.ofMessage({ model: question.model, usage }))
        assert.deepStrictEqual(series(seen, Metrics.cost, "gen_ai.request.model"), {
          [question.model]: Cost.total(cost)
        })
      }))

    it.effect("count no tokens of an answer that was known already", () =>
      Effect.gen(function*() {
        const known = Layer.provide(Telemetry.layer(), ResponseCache.layer())
        const registry = new Map()
        yield* Effect.andThen(Messages.create(question), Messages.create(question)).pipe(
          Effect.provide(Layer.provide(known, scripted(Script.reply(hello)))),
          Effect.provideService(Metric.MetricRegistry, registry)
        )
        const metrics = yield* Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)

        assert.deepStrictEqual(series({ spans: [], metrics }, Metrics.requests, "claude.outcome"), { completed: 2 })
        assert.deepStrictEqual(series({ spans: [], metrics }, Metrics.tokens, "claude.token.class"), {
          input: 10,
          output: 5
        })
      }))

    it.effect("leave out classes that were not used", () =>
      Effect.gen(function*() {
        const seen = yield* observed(Script.reply(hello), Messages.create(question))

        assert.deepStrictEqual(series(seen, Metrics.tokens, "claude.token.class"), { input: 10, output: 5 })
      }))

    it.effect("do not measure tokens of a stream that was cut, whose count is not known", () =>
      Effect.gen(function*() {
        const seen = yield* observed(
          Script.events([
            {
              type: "message_start",
              message: {
                id: "msg_1",
                type: "message",
                role: "assistant",
                model: question.model,
                content: [],
                usage: { input_tokens: 10, output_tokens: 4 }
              }
            },
            { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
            { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } }
          ]),
          Stream.runDrain(Messages.stream(question))
        )

        assert.deepStrictEqual(series(seen, Metrics.requests, "claude.outcome"), { failed: 1 })
        assert.deepStrictEqual(series(seen, Metrics.timePerOutputToken), {})
      }))

    it.effect("measure how long calls, first contents and tokens take", () =>
      Effect.gen(function*() {
        const seen = yield* observed(
          Script.reply(hello).pipe(
            Script.chunked("perEvent"),
            Script.pause({ events: 5 }, "2 seconds"),
            Script.delay("1 second")
          ),
          patiently(Stream.runDrain(Messages.stream(question)))
        )

        assert.deepStrictEqual(series(seen, Metrics.duration, "gen_ai.operation.name"), { chat: [1, 3] })
        assert.deepStrictEqual(series(seen, Metrics.timeToFirstContent, "gen_ai.operation.name"), { chat: [1, 1] })
        assert.deepStrictEqual(series(seen, Metrics.timePerOutputToken, "gen_ai.operation.name"), { chat: [1, 0.5] })
      }))

    it.effect("show what the retry budget has left", () =>
      Effect.gen(function*() {
        const seen = yield* observed(
          Script.forever(Script.status(529)),
          patiently(Messages.create(question)),
          undefined,
          { retry: RetryPolicy.standard.pipe(RetryPolicy.jitter("none"), RetryPolicy.maxRetries(1)) }
        )

        const [gauge] = Object.values(series(seen, Metrics.retryBudget))
        // One retry costs 5 of 500, and the second that was waited gives one back.
        assert.deepStrictEqual(gauge, { value: 496 })
      }))
  })
})
