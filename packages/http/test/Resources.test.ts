import type * as Batch from "@effect-claude/core/Batch"
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Batches from "@effect-claude/http/Batches"
import * as Claude from "@effect-claude/http/Claude"
import * as Files from "@effect-claude/http/Files"
import * as Messages from "@effect-claude/http/Messages"
import * as Models from "@effect-claude/http/Models"
import * as Raw from "@effect-claude/http/Raw"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as Skills from "@effect-claude/http/Skills"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Ref, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { layer, question } from "./support.ts"

const api = layer(Script.model())

const request = (custom_id: string): Batch.BatchRequest => ({ custom_id, params: question })

/** An answer of the API, as the raw events of no stream. */
const recorded = Effect.flatMap(ClaudeTest.ClaudeTest, ({ requests }) => requests)

/** Runs what waits, with the clock moved on for as long as it does. */
const withTime = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(self, Effect.forever(TestClock.adjust("1 minute")))

describe("Models", () => {
  describe("list", () => {
    it.effect("follows the pages until there is no more", () =>
      Effect.gen(function*() {
        const all = yield* Stream.runCollect(Models.list())
        const paged = yield* Stream.runCollect(Models.list({ limit: 2 }))

        assert.isAbove(all.length, 3)
        assert.deepStrictEqual(paged, all)
        assert.isAbove((yield* recorded).length, 2)
      }).pipe(Effect.provide(api)))

    it.effect("asks for no page nobody takes", () =>
      Effect.gen(function*() {
        yield* Models.list({ limit: 1 }).pipe(Stream.take(1), Stream.runDrain)

        assert.strictEqual((yield* recorded).length, 1)
      }).pipe(Effect.provide(api)))

    it.effect("writes a list in the query as the API reads it", () =>
      Effect.gen(function*() {
        yield* Models.list({ lifecycle: ["active", "retired"], limit: 5 }).pipe(Stream.runDrain)
        const [first] = yield* recorded

        assert.match(first!.url, /limit=5/)
        assert.match(decodeURIComponent(first!.url), /lifecycle\[\]=active&lifecycle\[\]=retired/)
      }).pipe(Effect.provide(api)))
  })

  describe("get", () => {
    it.effect("returns a model", () =>
      Effect.gen(function*() {
        const model = yield* Models.get("claude-sonnet-5-5")

        assert.strictEqual(model.id, "claude-sonnet-5-5")
      }).pipe(Effect.provide(api)))

    it.effect("fails with NotFoundError for one that does not exist", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Models.get("claude-none"))

        assert.strictEqual(error._tag, "NotFoundError")
      }).pipe(Effect.provide(api)))

    it.effect.each(["", " ", ".", "..", "%2e%2E"])(
      "sends no id that names another path: %j",
      (id) =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Models.get(id))

          assert.strictEqual(error._tag, "RequestValidationError")
          assert.deepStrictEqual(yield* recorded, [])
        }).pipe(Effect.provide(api))
    )

    it.effect("encodes an id as one segment", () =>
      Effect.gen(function*() {
        yield* Effect.flip(Models.get("a/../b?c"))
        const [first] = yield* recorded

        assert.match(first!.url, /\/v1\/models\/a%2F\.\.%2Fb%3Fc$/)
      }).pipe(Effect.provide(api)))
  })
})

describe("Messages", () => {
  describe("countTokens", () => {
    it.effect("counts the prompt of a message request, and sends nothing of the answer", () =>
      Effect.gen(function*() {
        const { input_tokens } = yield* Messages.countTokens(question)
        const [first] = yield* recorded

        assert.isAbove(input_tokens, 0)
        assert.deepStrictEqual(first!.body, { model: question.model, messages: question.messages })
      }).pipe(Effect.provide(api)))

    it.effect("is retried like any request", () =>
      Effect.gen(function*() {
        const { input_tokens } = yield* withTime(Messages.countTokens(question))

        assert.isAbove(input_tokens, 0)
        assert.strictEqual((yield* recorded).length, 2)
      }).pipe(Effect.provide(layer(Script.sequence(Script.status(529), Script.model())))))
  })
})

describe("Batches", () => {
  describe("create", () => {
    it.effect("creates a batch, with the betas its requests need", () =>
      Effect.gen(function*() {
        const batch = yield* Batches.create([
          request("a"),
          { custom_id: "b", params: { ...question, speed: "fast", stream: true } }
        ])
        const [first] = yield* recorded

        assert.strictEqual(batch.type, "message_batch")
        assert.notProperty(first!.body, "stream")
        assert.notInclude(JSON.stringify(first!.body), "\"stream\"")
      }).pipe(Effect.provide(api)))

    it.effect("refuses an empty batch, and an id that is given twice", () =>
      Effect.gen(function*() {
        const empty = yield* Effect.flip(Batches.create([]))
        const twice = yield* Effect.flip(Batches.create([request("a"), request("b"), request("a")]))

        assert.strictEqual(empty._tag, "RequestValidationError")
        assert.match(twice.message, /requests\[2\]\.custom_id: "a" was given before/)
        assert.deepStrictEqual(yield* recorded, [])
      }).pipe(Effect.provide(api)))

    it.effect("is not sent again when the server may have created the batch", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(withTime(Batches.create([request("a")])))

        assert.strictEqual(error.outcome, "unknown")
        assert.strictEqual((yield* recorded).length, 1)
      }).pipe(Effect.provide(layer(Script.sequence(Script.resetConnection(), Script.model())))))
  })

  describe("the life of a batch", () => {
    it.effect("is created, waited for, read, and deleted", () =>
      Effect.gen(function*() {
        const { id } = yield* Batches.create([request("a"), request("b")])
        const seen = yield* Ref.make(0)
        const ended = yield* withTime(Batches.awaitEnd(id, { onProgress: () => Ref.update(seen, (n) => n + 1) }))
        const results = yield* Stream.runCollect(Batches.results(id))
        const listed = yield* Stream.runCollect(Batches.list())
        const deleted = yield* Batches.delete(id)

        assert.strictEqual(ended.processing_status, "ended")
        assert.isAbove(yield* Ref.get(seen), 0)
        assert.deepStrictEqual(results.map(({ custom_id }) => custom_id).toSorted(), ["a", "b"])
        assert.deepStrictEqual(results.map(({ result }) => result.type), ["succeeded", "succeeded"])
        assert.include(listed.map((batch) => batch.id), id)
        assert.strictEqual(deleted.id, id)
      }).pipe(Effect.provide(api)))

    it.effect("can be canceled", () =>
      Effect.gen(function*() {
        const { id } = yield* Batches.create([request("a")])
        const canceled = yield* Batches.cancel(id)

        assert.include(["canceling", "ended"], canceled.processing_status)
      }).pipe(Effect.provide(api)))
  })

  describe("results", () => {
    it.effect("reads from a path of its own making, whatever address the batch names", () =>
      Effect.gen(function*() {
        const { id } = yield* Batches.create([request("a")])
        yield* withTime(Batches.awaitEnd(id))
        yield* Stream.runDrain(Batches.results(id))
        const last = (yield* recorded).at(-1)!

        assert.match(last.url, new RegExp(`/v1/messages/batches/${id}/results$`))
      }).pipe(Effect.provide(api)))
  })

  describe("runAll", () => {
    const run = (options: Batches.RunOptions) =>
      withTime(
        Stream.range(1, 7).pipe(
          Stream.map((n) => request(`r${n}`)),
          Batches.runAll(options),
          Stream.runCollect
        )
      )
    const batchSizes = Effect.map(
      recorded,
      (all) =>
        all.filter(({ method, url }) => method === "POST" && url.endsWith("/batches")).map(({ body }) =>
          Schema.decodeUnknownSync(Schema.Struct({ requests: Schema.Array(Schema.Unknown) }))(body).requests.length
        )
    )

    it.effect("splits by count, and loses no request", () =>
      Effect.gen(function*() {
        const created = yield* Ref.make<ReadonlyArray<string>>([])
        const results = yield* run({
          maxRequests: 3,
          onCreated: ({ id }) => Ref.update(created, (ids) => [...ids, id])
        })

        assert.deepStrictEqual(results.map(({ custom_id }) => custom_id).toSorted(), [
          "r1",
          "r2",
          "r3",
          "r4",
          "r5",
          "r6",
          "r7"
        ])
        assert.deepStrictEqual(yield* batchSizes, [3, 3, 1])
        assert.strictEqual((yield* Ref.get(created)).length, 3)
      }).pipe(Effect.provide(api)))

    it.effect("splits by size", () =>
      Effect.gen(function*() {
        const size = JSON.stringify(request("r1")).length
        const results = yield* run({ maxBytes: size * 2 + 20 })

        assert.strictEqual(results.length, 7)
        assert.deepStrictEqual(yield* batchSizes, [2, 2, 2, 1])
      }).pipe(Effect.provide(api)))

    it.effect("makes no batch of nothing", () =>
      Effect.gen(function*() {
        const results = yield* Stream.runCollect(Batches.runAll(Stream.empty))

        assert.deepStrictEqual(results, [])
        assert.deepStrictEqual(yield* recorded, [])
      }).pipe(Effect.provide(api)))

    it.effect("is resumed by the id of its batch", () =>
      Effect.gen(function*() {
        const { id } = yield* Batches.create([request("a")])
        const results = yield* withTime(Stream.runCollect(Batches.resume(id)))

        assert.deepStrictEqual(results.map(({ custom_id }) => custom_id), ["a"])
      }).pipe(Effect.provide(api)))
  })
})

describe("Files", () => {
  const bytes = new TextEncoder().encode("one\r\ntwo\r\n--not-a-boundary\r\nthree")

  it.effect("are uploaded, listed, read and deleted", () =>
    Effect.gen(function*() {
      const file = yield* Files.upload(bytes, { filename: "a \"b\".txt", mediaType: "text/plain" })
      const same = yield* Files.get(file.id)
      const listed = yield* Stream.runCollect(Files.list())
      const deleted = yield* Files.delete(file.id)
      const gone = yield* Effect.flip(Files.get(file.id))

      assert.strictEqual(file.size_bytes, bytes.byteLength)
      assert.strictEqual(file.mime_type, "text/plain")
      assert.strictEqual(same.id, file.id)
      assert.deepStrictEqual(listed.map(({ id }) => id), [file.id])
      assert.strictEqual(deleted.id, file.id)
      assert.strictEqual(gone._tag, "NotFoundError")
    }).pipe(Effect.provide(api)))

  it.effect("are uploaded from a stream, telling how far they have come", () =>
    Effect.gen(function*() {
      const sent = yield* Ref.make<ReadonlyArray<number>>([])
      const content = Stream.make(bytes, bytes, bytes)
      const file = yield* Files.upload(content, {
        filename: "a.txt",
        size: bytes.byteLength * 3,
        onProgress: (n) => Ref.update(sent, (all) => [...all, n])
      })
      const progress = yield* Ref.get(sent)

      assert.strictEqual(file.size_bytes, bytes.byteLength * 3)
      assert.deepStrictEqual(progress, progress.toSorted((a, b) => a - b))
      assert.isAbove(progress.at(-1)!, bytes.byteLength * 3)
    }).pipe(Effect.provide(api)))

  it.effect("get their media type from their name, unless one is given", () =>
    Effect.gen(function*() {
      const types = yield* Effect.forEach(
        [{ filename: "a.pdf" }, { filename: "b.JPG" }, { filename: "c" }, {
          filename: "d.pdf",
          mediaType: "text/plain"
        }],
        (options) => Effect.map(Files.upload(bytes, options), ({ mime_type }) => mime_type)
      )

      assert.deepStrictEqual(types, ["application/pdf", "image/jpeg", "application/octet-stream", "text/plain"])
    }).pipe(Effect.provide(api)))

  it.effect("that were uploaded cannot be downloaded, and say so", () =>
    Effect.gen(function*() {
      const { id } = yield* Files.upload(bytes, { filename: "a.txt" })
      const error = yield* Effect.flip(Stream.runDrain(Files.download(id)))

      assert.strictEqual(error._tag, "InvalidRequestError")
    }).pipe(Effect.provide(api)))
})

describe("Skills", () => {
  it.effect("are sent as files under one folder", () =>
    Effect.gen(function*() {
      const skill = yield* Skills.create([{ path: "greet/SKILL.md", content: new TextEncoder().encode("# Greet") }], {
        displayName: "Greet"
      })
      const [first] = yield* recorded

      assert.match(first!.url, /\/v1\/skills$/)
      assert.match(first!.headers["content-type"] ?? "", /^multipart\/form-data; boundary=effect-claude-[0-9a-f]{32}$/)
      assert.deepInclude(skill, { display_name: "Greet", source: { type: "custom" } })
    }).pipe(Effect.provide(api)))

  it.effect("are listed, gone on with and deleted", () =>
    Effect.gen(function*() {
      const files = [{ path: "greet/SKILL.md", content: new TextEncoder().encode("# Greet") }]
      const { id, latest_version_id } = yield* Skills.create(files)
      const version = yield* Skills.createVersion(id, files)
      const listed = yield* Stream.runCollect(Skills.list({ limit: 2 }))
      const own = yield* Stream.runCollect(Skills.list({ source: "custom" }))
      const versions = yield* Stream.runCollect(Skills.listVersions(id))

      assert.deepStrictEqual(listed.map((skill) => skill.id), [id, "xlsx", "pptx", "pdf", "docx"])
      assert.deepStrictEqual(own.map((skill) => skill.id), [id])
      assert.deepStrictEqual(versions.map((each) => each.id), [version.id, latest_version_id!])
      assert.strictEqual((yield* Skills.get(id)).latest_version_id, version.id)
      assert.deepStrictEqual(yield* Skills.getVersion(id, version.id), version)
      assert.strictEqual((yield* Skills.deleteVersion(id, version.id)).id, version.id)
      assert.strictEqual((yield* Skills.delete(id)).id, id)
      assert.strictEqual((yield* Effect.flip(Skills.get(id)))._tag, "NotFoundError")
    }).pipe(Effect.provide(api)))

  it.effect("and their versions have paths of their own", () =>
    Effect.gen(function*() {
      yield* Effect.exit(Skills.deleteVersion("skill_1", "2"))
      yield* Effect.exit(Stream.runDrain(Skills.listVersions("skill_1")))
      yield* Effect.exit(Stream.runDrain(Skills.downloadVersion("skill_1", "2")))
      const requests = yield* recorded

      assert.deepStrictEqual(requests.map(({ method, url }) => `${method} ${url}`), [
        "DELETE /v1/skills/skill_1/versions/2",
        "GET /v1/skills/skill_1/versions",
        "GET /v1/skills/skill_1/versions/2/content"
      ])
      assert.strictEqual(requests[2]?.headers["anthropic-beta"], "skills-2025-10-02")
    }).pipe(Effect.provide(api)))
})

describe("Raw", () => {
  const Anything = Schema.Struct({ data: Schema.Array(Schema.Json) })

  it.effect("reaches any path, with credentials and the version", () =>
    Effect.gen(function*() {
      yield* Raw.json({
        method: "GET",
        path: "/v1/models",
        headers: { "x-mine": "1" },
        betas: ["context-1m-2025-08-07"]
      }, Anything)
      const [first] = yield* recorded

      assert.strictEqual(first!.headers["anthropic-version"], "2023-06-01")
      assert.strictEqual(first!.headers["anthropic-beta"], "context-1m-2025-08-07")
      assert.strictEqual(first!.headers["x-mine"], "1")
      assert.isDefined(first!.headers["x-api-key"])
    }).pipe(Effect.provide(api)))

  it.effect("fails with typed errors, after retries", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(withTime(Raw.text({ method: "GET", path: "/v1/models" })))

      assert.instanceOf(error, ClaudeError.OverloadedError)
      assert.strictEqual(error.attempts?.count, 6)
    }).pipe(Effect.provide(layer(Script.forever(Script.status(529))))))

  it.effect("takes the policy of the effect it runs in", () =>
    Effect.gen(function*() {
      const error = yield* Raw.text({ method: "GET", path: "/v1/models" }).pipe(
        Claude.withRetry(RetryPolicy.never),
        Effect.flip
      )

      assert.strictEqual(error.attempts?.count, 1)
    }).pipe(Effect.provide(layer(Script.forever(Script.status(529))))))

  it.effect.each([
    "v1/models",
    "//evil.example/v1",
    "https://evil.example/v1",
    "/v1/../v2",
    "/v1/a b",
    "/v1?x=1",
    "/v1\\x"
  ])(
    "sends nothing to a path that could lead elsewhere: %j",
    (path) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Raw.text({ method: "GET", path }))

        assert.strictEqual(error._tag, "RequestValidationError")
        assert.deepStrictEqual(yield* recorded, [])
      }).pipe(Effect.provide(api))
  )

  it.effect("refuses a body that is no JSON", () =>
    Effect.gen(function*() {
      const body: { self?: unknown } = {}
      body.self = body
      const error = yield* Effect.flip(Raw.text({ method: "POST", path: "/v1/messages", body }))

      assert.strictEqual(error._tag, "RequestValidationError")
    }).pipe(Effect.provide(api)))
})
