import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Batches from "@effect-claude/http/Batches"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as Files from "@effect-claude/http/Files"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { key } from "./support.ts"

const encoder = new TextEncoder()

/** `Claude` over a client that returns these bodies by the end of the path, and records the paths. */
const serving = (
  bodies: { readonly [suffix: string]: () => BodyInit },
  options?: ClaudeConfig.Options
) => {
  const paths: Array<string> = []
  const client = HttpClient.make((request, url) => {
    paths.push(url.pathname)
    const body = Object.entries(bodies).find(([suffix]) => url.pathname.endsWith(suffix))
    return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body?.[1]())))
  })
  return {
    paths,
    live: Claude.layer({ apiKey: Redacted.make(key), ...options }).pipe(
      Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
    )
  }
}

/** A body of these bytes, in chunks of `size`. */
const chunked = (bytes: Uint8Array, size: number): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.byteLength) return controller.close()
      controller.enqueue(new Uint8Array(bytes.subarray(at, at += size)))
    }
  })
}

const batchOf = (count: number, processing = 0) => ({
  id: "msgbatch_1",
  type: "message_batch" as const,
  processing_status: "ended" as const,
  request_counts: { processing, succeeded: 0, errored: 0, canceled: count, expired: 0 },
  created_at: "2026-01-01T00:00:00Z",
  expires_at: "2026-01-02T00:00:00Z"
})

const line = (id: string) => JSON.stringify({ custom_id: id, result: { type: "canceled" } })

/** The ids of the results that were emitted, and the failure after them. */
const emitted = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.gen(function*() {
    const values: Array<A> = []
    const failure = yield* stream.pipe(
      Stream.runForEach((value) => Effect.sync(() => values.push(value))),
      Effect.match({ onFailure: (error) => error, onSuccess: () => undefined })
    )
    return { values, failure }
  })

const int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("Batches", () => {
  describe("results", () => {
    it.effect.prop(
      "end normally only after as many results as the batch has requests",
      {
        ids: Schema.Array(Schema.String).check(Schema.isMaxLength(8)),
        missing: int(-2, 3),
        size: int(1, 40),
        newline: Schema.Literals(["\n", "\r\n", "\n\n"]),
        last: Schema.Boolean
      },
      ({ ids, last, missing, newline, size }) =>
        Effect.gen(function*() {
          const total = Math.max(0, ids.length + missing)
          const body = encoder.encode(ids.map(line).join(newline) + (last ? newline : ""))
          const { live } = serving({ "/results": () => chunked(body, size) })
          const { failure, values } = yield* Effect.provide(emitted(Batches.results(batchOf(total))), live)

          assert.deepStrictEqual(values.map(({ custom_id }) => custom_id), ids.slice(0, total))
          assert.strictEqual(
            failure?._tag,
            ids.length === total ? undefined : ids.length < total ? "ConnectionError" : "ResponseDecodeError"
          )
        })
    )

    it.effect("say how many of how many arrived", () =>
      Effect.gen(function*() {
        const { live } = serving({ "/results": () => `${line("a")}\n${line("b")}\n` })
        const { failure, values } = yield* Effect.provide(emitted(Batches.results(batchOf(900, 100))), live)

        assert.strictEqual(values.length, 2)
        assert.instanceOf(failure, ClaudeError.ConnectionError)
        assert.deepInclude({ ...failure }, { phase: "body", outcome: "partial" })
        assert.match(failure!.message, /ended after 2 of 1000/)
      }))

    it.effect("look up the count of an id, and not that of a batch", () =>
      Effect.gen(function*() {
        const bodies = { "/results": () => line("a"), "/msgbatch_1": () => JSON.stringify(batchOf(1)) }
        const byId = serving(bodies)
        yield* Effect.provide(Stream.runDrain(Batches.results("msgbatch_1")), byId.live)
        const byBatch = serving(bodies)
        yield* Effect.provide(Stream.runDrain(Batches.results(batchOf(1))), byBatch.live)
        const resumed = serving(bodies)
        yield* Effect.provide(Stream.runDrain(Batches.resume("msgbatch_1")), resumed.live)

        const results = "/v1/messages/batches/msgbatch_1/results"
        assert.deepStrictEqual(byId.paths, ["/v1/messages/batches/msgbatch_1", results])
        assert.deepStrictEqual(byBatch.paths, [results])
        assert.deepStrictEqual(resumed.paths, byId.paths)
      }))

    it.effect("fail at a line that cannot be decoded, after the results before it", () =>
      Effect.gen(function*() {
        for (const bad of ["{\"custom_id\":", "{\"custom_id\":1,\"result\":{}}"]) {
          const { live } = serving({ "/results": () => `${line("a")}\n\n${bad}\n${line("b")}` })
          const { failure, values } = yield* Effect.provide(emitted(Batches.results(batchOf(3))), live)

          assert.deepStrictEqual(values.map(({ custom_id }) => custom_id), ["a"])
          assert.instanceOf(failure, ClaudeError.ResponseDecodeError)
          assert.match(failure!.message, /^Line 3 of the batch's results/)
          assert.strictEqual(failure?.body, bad)
        }
      }))

    it.effect("fail at a line that is longer than the limit, without reading on", () =>
      Effect.gen(function*() {
        let sent = 0
        const endless = () =>
          new ReadableStream<Uint8Array<ArrayBuffer>>({
            pull: (controller) => {
              sent += 1000
              controller.enqueue(new Uint8Array(encoder.encode(sent === 1000 ? `${line("a")}\n{"` : "x".repeat(1000))))
            }
          }, { highWaterMark: 0 })
        const { live } = serving({ "/results": endless }, { limits: { body: 10_000 } })
        const { failure, values } = yield* Effect.provide(emitted(Batches.results(batchOf(2))), live)

        assert.strictEqual(values.length, 1)
        assert.instanceOf(failure, ClaudeError.ResponseDecodeError)
        assert.match(failure!.message, /Line 2 .* longer than 10000 characters \(`limits\.body`\)/)
        assert.isBelow(sent, 15_000)
      }))

    it.effect("accept a line as long as the limit", () =>
      Effect.gen(function*() {
        const { live } = serving({ "/results": () => `${line("a")}\n${line("bc")}` }, {
          limits: { body: line("bc").length }
        })
        const { failure, values } = yield* Effect.provide(emitted(Batches.results(batchOf(2))), live)

        assert.isUndefined(failure)
        assert.strictEqual(values.length, 2)
      }))
  })
})

describe("Files", () => {
  const metadata = (size_bytes: number) => ({
    id: "file_1",
    type: "file" as const,
    filename: "chart.png",
    mime_type: "image/png",
    size_bytes,
    created_at: "2026-01-01T00:00:00Z"
  })

  describe("download", () => {
    it.effect.prop(
      "ends normally only after as many bytes as the metadata says",
      {
        content: Schema.Uint8Array,
        missing: int(-2, 2),
        size: int(1, 20)
      },
      ({ content, missing, size }) =>
        Effect.gen(function*() {
          const total = Math.max(0, content.byteLength + missing)
          const { live } = serving({ "/content": () => chunked(content, size) })
          const { failure } = yield* Effect.provide(emitted(Files.download(metadata(total))), live)

          assert.strictEqual(
            failure?._tag,
            content.byteLength === total
              ? undefined
              : content.byteLength < total
              ? "ConnectionError"
              : "ResponseDecodeError"
          )
        })
    )

    it.effect("by id reads what arrives, without another request", () =>
      Effect.gen(function*() {
        const { live, paths } = serving({ "/content": () => "abc" })
        const { failure, values } = yield* Effect.provide(emitted(Files.download("file_1")), live)

        assert.isUndefined(failure)
        assert.strictEqual(new TextDecoder().decode(values[0]), "abc")
        assert.deepStrictEqual(paths, ["/v1/files/file_1/content"])
      }))
  })
})
