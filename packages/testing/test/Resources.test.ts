import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

const base = "https://api.anthropic.com"

const { "content-type": _, ...credentials } = ClaudeTest.headers

const Fields = Schema.Record(Schema.String, Schema.Json)

const statusOf: { readonly [type: string]: number } = {
  invalid_request_error: 400,
  permission_error: 403,
  not_found_error: 404
}

/** Reads a body, whose status has to be that of its kind of error, or 200. */
const fieldsOf = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.gen(function*() {
    const fields = yield* Schema.decodeUnknownEffect(Fields)(yield* response.json)
    assert.strictEqual(response.status, fields["type"] === "error" ? statusOf[Object(fields["error"]).type] : 200)
    return fields
  })

const send = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(HttpClient.execute(HttpClientRequest.setHeaders(request, credentials)), fieldsOf)

const get = (path: string) => send(HttpClientRequest.get(`${base}${path}`))

const post = (path: string, body: unknown) =>
  send(HttpClientRequest.post(`${base}${path}`).pipe(HttpClientRequest.bodyJsonUnsafe(body)))

const del = (path: string) => send(HttpClientRequest.delete(`${base}${path}`))

const text = (path: string) =>
  HttpClient.execute(HttpClientRequest.get(`${base}${path}`).pipe(HttpClientRequest.setHeaders(credentials)))

const params = { model: "claude-sonnet-5-5", max_tokens: 50, messages: [{ role: "user", content: "Hi" }] }

const item = (custom_id: string, extra?: object) => ({ custom_id, params: { ...params, ...extra } })

const ids = (page: typeof Fields.Type) => Array.isArray(page["data"]) ? page["data"].map((each) => Object(each).id) : []

describe("the resources", () => {
  describe("models", () => {
    it.effect("lists pages forwards and backwards, and finds by alias", () =>
      Effect.gen(function*() {
        const all = ids(yield* get("/v1/models?limit=100"))
        const first = yield* get("/v1/models?limit=3")
        const second = yield* get(`/v1/models?limit=3&after_id=${first["last_id"]}`)
        const back = yield* get(`/v1/models?limit=2&before_id=${second["first_id"]}`)
        const alias = yield* get("/v1/models/claude-haiku-4-5")
        const none = yield* get("/v1/models/claude-1")

        assert.deepStrictEqual([...ids(first), ...ids(second)], all.slice(0, 6))
        assert.deepStrictEqual(ids(back), all.slice(1, 3))
        assert.strictEqual(back["has_more"], true)
        assert.strictEqual((yield* get(`/v1/models?limit=9&before_id=${second["first_id"]}`))["has_more"], false)
        assert.strictEqual((yield* get("/v1/models?limit=100"))["has_more"], false)
        assert.strictEqual(alias["id"], "claude-haiku-4-5-20251001")
        assert.containSubset(none, { error: { type: "not_found_error", message: "model: claude-1" } })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))
  })

  it.effect("lists models by where they are in their life", () =>
    Effect.gen(function*() {
      const leaving = yield* get("/v1/models?lifecycle[]=deprecated")
      const both = yield* get("/v1/models?lifecycle[]=deprecated&lifecycle[]=active&limit=100")

      assert.include(ids(leaving), "claude-sonnet-4-5-20250929")
      assert.notInclude(ids(leaving), "claude-sonnet-5-5")
      assert.deepStrictEqual(ids(both), ids(yield* get("/v1/models?limit=100")))
    }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

  describe("batches", () => {
    const typesOf = (requests: ReadonlyArray<unknown>, headers?: Readonly<Record<string, string>>) =>
      Effect.gen(function*() {
        const { id } = yield* send(
          HttpClientRequest.post(`${base}/v1/messages/batches`, { headers }).pipe(
            HttpClientRequest.bodyJsonUnsafe({ requests })
          )
        )
        const lines = yield* Effect.flatMap(text(`/v1/messages/batches/${id}/results`), ({ text }) => text)
        return Object.fromEntries(
          lines.trimEnd().split("\n").map((line) => JSON.parse(line)).map(({ custom_id, result }) => [
            custom_id,
            result.type
          ])
        )
      })

    it.effect("hold each request to what other requests are held to", () =>
      Effect.gen(function*() {
        const isModel = (id: string) => id === "house-model"
        const requests = [item("a", { model: "house-model" }), item("b")]
        const thinking = { type: "enabled", budget_tokens: 1024 }
        const tools = [{ name: "look", input_schema: { type: "object" } }]
        const budget = [item("a", { model: "claude-sonnet-4-5", thinking, tools })]
        const beta = { "anthropic-beta": "interleaved-thinking-2025-05-14" }
        const layer = (check: boolean | { isModel: typeof isModel }) =>
          ClaudeTest.layer(Script.model(), { batchDuration: 0, check })

        assert.deepStrictEqual(yield* Effect.provide(typesOf(requests), layer({ isModel })), {
          a: "succeeded",
          b: "errored"
        })
        assert.deepStrictEqual(yield* Effect.provide(typesOf([item("a", { model: "none" })]), layer(false)), {
          a: "succeeded"
        })
        assert.deepStrictEqual(yield* Effect.provide(typesOf(budget), layer(true)), { a: "errored" })
        assert.deepStrictEqual(yield* Effect.provide(typesOf(budget, beta), layer(true)), { a: "succeeded" })
      }))

    it.effect("are refused with the place of what is no request", () =>
      Effect.gen(function*() {
        const refused = yield* post("/v1/messages/batches", { requests: [item("a"), "b"] })

        assert.containSubset(refused, { error: { message: "requests.1: Input should be a valid dictionary" } })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("are in progress, then ended, with a result for each request", () =>
      Effect.gen(function*() {
        const created = yield* post("/v1/messages/batches", {
          requests: [item("a"), item("b", { model: "claude-none" }), item("c"), item("d")]
        })
        const path = `/v1/messages/batches/${created["id"]}`
        assert.containSubset(created, {
          processing_status: "in_progress",
          request_counts: { processing: 4, succeeded: 0 },
          results_url: null,
          ended_at: null,
          created_at: "1970-01-01T00:00:00.000000+00:00",
          expires_at: "1970-01-02T00:00:00.000000+00:00"
        })
        assert.containSubset(yield* get(`${path}/results`), { error: { type: "not_found_error" } })
        assert.containSubset(yield* del(path), { error: { type: "invalid_request_error" } })

        yield* TestClock.adjust("1 minute")
        const ended = yield* get(path)
        assert.containSubset(ended, {
          processing_status: "ended",
          request_counts: { processing: 0, succeeded: 2, errored: 2, canceled: 0, expired: 0 },
          results_url: `${base}${path}/results`,
          ended_at: "1970-01-01T00:01:00.000000+00:00"
        })
        const response = yield* text(`${path}/results`)
        assert.strictEqual(response.headers["content-type"], "application/x-jsonl")
        const lines = (yield* response.text).trimEnd().split("\n").map((line) => JSON.parse(line))
        const byId = Object.fromEntries(lines.map(({ custom_id, result }) => [custom_id, result]))
        assert.containSubset(byId, {
          a: { type: "succeeded", message: { content: [{ text: "First" }], usage: { service_tier: "batch" } } },
          b: { type: "errored", error: { type: "error", error: { message: "model: claude-none" } } },
          c: { type: "errored", error: { error: { type: "overloaded_error" } } },
          d: { type: "succeeded" }
        })

        assert.deepStrictEqual(ids(yield* get("/v1/messages/batches")), [created["id"]])
        assert.deepStrictEqual(yield* del(path), { id: created["id"]!, type: "message_batch_deleted" })
        assert.containSubset(yield* get(path), { error: { type: "not_found_error" } })
      }).pipe(Effect.provide(ClaudeTest.layer(
        Script.sequence(
          Script.reply("First"),
          Script.status(529).pipe(Script.when(({ body }) => JSON.stringify(body).includes("custom_id") === false))
        ),
        { batchDuration: "1 minute" }
      ))))

    it.effect("that take no time are in progress when made, and ended when asked for", () =>
      Effect.gen(function*() {
        const created = yield* post("/v1/messages/batches", { requests: [item("a")] })
        const path = `/v1/messages/batches/${created["id"]}`
        const ended = yield* get(path)
        const canceled = yield* post(`${path}/cancel`, {})

        assert.strictEqual(created["processing_status"], "in_progress")
        assert.strictEqual(ended["processing_status"], "ended")
        assert.deepStrictEqual(canceled, ended)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), { batchDuration: 0 }))))

    it.effect("end early when canceled, with what was done until then", () =>
      Effect.gen(function*() {
        const created = yield* post("/v1/messages/batches", { requests: [item("a"), item("b"), item("c"), item("d")] })
        const path = `/v1/messages/batches/${created["id"]}`
        yield* TestClock.adjust("30 seconds")
        const canceling = yield* post(`${path}/cancel`, {})
        yield* TestClock.adjust("5 seconds")
        const still = yield* get(path)
        yield* TestClock.adjust("1 second")
        const ended = yield* get(path)

        assert.strictEqual(canceling["processing_status"], "canceling")
        assert.strictEqual(still["processing_status"], "canceling")
        assert.containSubset(ended, {
          processing_status: "ended",
          request_counts: { succeeded: 2, canceled: 2 },
          cancel_initiated_at: "1970-01-01T00:00:30.000000+00:00"
        })
        const results = yield* Effect.flatMap(text(`${path}/results`), (response) => response.text)
        assert.strictEqual(results.split(`"type":"canceled"`).length - 1, 2)
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), { batchDuration: "1 minute" }))))
  })

  describe("files", () => {
    const upload = (name: string, fields: Readonly<Record<string, string>> = {}) =>
      Effect.suspend(() => {
        const form = new FormData()
        form.append("file", new Blob([new Uint8Array([0, 255, 13, 10, 45, 45])], { type: "image/png" }), name)
        for (const [field, value] of Object.entries(fields)) form.append(field, value)
        return send(HttpClientRequest.post(`${base}/v1/files`).pipe(HttpClientRequest.bodyFormData(form)))
      })

    it.effect("are uploaded, listed, shown and deleted", () =>
      Effect.gen(function*() {
        const { requests } = yield* ClaudeTest.ClaudeTest
        const one = yield* upload("pictures/one.png", { expires_in_seconds: "3600" })
        const two = yield* upload("two.png")

        assert.containSubset(one, {
          type: "file",
          filename: "one.png",
          mime_type: "image/png",
          size_bytes: 6,
          downloadable: false,
          expires_at: "1970-01-01T01:00:00.000000Z"
        })
        const path = `/v1/files/${one["id"]}`
        assert.deepStrictEqual(yield* get(path), one)
        assert.containSubset((yield* requests)[0]?.body, [
          { name: "file", filename: "pictures/one.png", type: "image/png", size: 6 },
          { name: "expires_in_seconds", value: "3600" }
        ])

        const first = yield* get("/v1/files?limit=1")
        const second = yield* get(`/v1/files?limit=1&page=${first["next_page"]}`)
        assert.deepStrictEqual([ids(first), ids(second)], [[two["id"]], [one["id"]]])
        assert.isNull(second["next_page"])

        assert.containSubset(yield* get(`${path}/content`), {
          error: {
            message: `File '${one["id"]}' is not downloadable`,
            details: { error_code: "file_not_downloadable" }
          }
        })
        assert.deepStrictEqual(yield* del(path), { id: one["id"]!, type: "file_deleted" })
        assert.containSubset(yield* get(path), { error: { type: "not_found_error" } })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("are gone when their time is over", () =>
      Effect.gen(function*() {
        const short = yield* upload("short.png", { expires_in_seconds: "3600" })
        const long = yield* upload("long.png")
        yield* TestClock.adjust("59 minutes")
        assert.deepStrictEqual(ids(yield* get("/v1/files")), [long["id"], short["id"]])
        yield* TestClock.adjust("1 minute")

        assert.deepStrictEqual(ids(yield* get("/v1/files")), [long["id"]])
        assert.containSubset(yield* get(`/v1/files/${short["id"]}`), {
          error: { type: "not_found_error", details: { error_code: "file_expired" } }
        })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("are listed by their ids", () =>
      Effect.gen(function*() {
        const page = yield* get("/v1/files?ids[]=file_1&ids[]=file_3&ids[]=none")

        assert.deepStrictEqual(ids(page), ["file_3", "file_1"])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), {
        files: ["file_1", "file_2", "file_3"].map((id) => ({ id, filename: id, content: "" }))
      }))))

    it.effect("have the type they were sent with, without its parameters", () =>
      Effect.gen(function*() {
        const form = new FormData()
        form.append("file", new Blob(["a"], { type: "text/csv; charset=utf-8" }), "a.bin")
        const file = yield* send(HttpClientRequest.post(`${base}/v1/files`).pipe(HttpClientRequest.bodyFormData(form)))

        assert.strictEqual(file["mime_type"], "text/csv")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("list in their first shape under the beta that had it", () =>
      Effect.gen(function*() {
        yield* upload("one.png")
        const page = yield* send(HttpClientRequest.get(`${base}/v1/files`, {
          headers: { "anthropic-beta": "files-api-2025-04-14" }
        }))

        assert.strictEqual(page["has_more"], false)
        assert.strictEqual(page["first_id"], page["last_id"])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("come twenty a page unless asked otherwise, and at most a thousand", () =>
      Effect.gen(function*() {
        const sizes = yield* Effect.forEach(["", "?limit=0", "?limit=7", "?limit=5000", "?limit=x"], (query) =>
          Effect.map(get(`/v1/files${query}`), (page) => ids(page).length))

        assert.deepStrictEqual(sizes, [20, 20, 7, 25, 20])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), {
        files: Array.from({ length: 25 }, (_, i) => ({ filename: `${i}.txt`, content: "" }))
      }))))

    it.effect("that tools made can be downloaded", () =>
      Effect.gen(function*() {
        const response = yield* text("/v1/files/file_1/content")

        assert.strictEqual(response.headers["content-type"], "text/csv")
        assert.strictEqual(yield* response.text, "a,b\n")
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model(), {
        files: [{ id: "file_1", filename: "x.csv", content: "a,b\n" }]
      }))))

    it.effect("need a field named file, and a life between an hour and ninety days", () =>
      Effect.gen(function*() {
        assert.containSubset(yield* post("/v1/files", {}), { error: { message: "file: Field required" } })
        for (const seconds of ["3599", "7776001", "soon"]) {
          assert.containSubset(yield* upload("a.png", { expires_in_seconds: seconds }), {
            error: { type: "invalid_request_error" }
          })
        }
        assert.containSubset(yield* upload("a.png", { expires_in_seconds: "7776000" }), { type: "file" })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))
  })

  describe("skills", () => {
    const upload = (
      files: { readonly [path: string]: string },
      { at = "", ...fields }: { readonly [field: string]: string } = {},
      headers: { readonly [name: string]: string } = {}
    ) =>
      Effect.suspend(() => {
        const form = new FormData()
        for (const [path, content] of Object.entries(files)) form.append("files[]", new Blob([content]), path)
        for (const [field, value] of Object.entries(fields)) form.append(field, value)
        return send(
          HttpClientRequest.post(`${base}/v1/skills${at}`, { headers }).pipe(HttpClientRequest.bodyFormData(form))
        )
      })

    const greet = { "greet/SKILL.md": "---\nname: \"greeting\"\ndescription: Greets.\n---\n# Greet" }

    it.effect("are named by what their SKILL.md says, else by their folder", () =>
      Effect.gen(function*() {
        const said = yield* upload(greet)
        const folder = yield* upload({ "greet/SKILL.md": "# Greet", "greet/more/words.md": "" })
        const labelled = yield* upload(greet, { display_name: "Hello" })
        const versions = yield* Effect.forEach([said, folder], (skill) =>
          get(`/v1/skills/${skill["id"]}/versions/${skill["latest_version_id"]}`))

        assert.deepStrictEqual(
          [said, folder, labelled].map((skill) =>
            skill["display_name"]
          ),
          ["greeting", "greet", "Hello"]
        )
        assert.containSubset(versions, [{ name: "greeting", description: "Greets." }, {
          name: "greet",
          description: ""
        }])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("are refused without one folder that has a SKILL.md", () =>
      Effect.gen(function*() {
        const refusals = yield* Effect.forEach([
          upload({}),
          upload({ "SKILL.md": "" }),
          upload({ "a/SKILL.md": "", "b/x.md": "" }),
          upload({ "a/x.md": "", "a/b/SKILL.md": "" }),
          upload(greet, { display_name: "x".repeat(256) })
        ], (each) => each)

        assert.deepStrictEqual(refusals.map(({ error }) => Object(error).type), Array(5).fill("invalid_request_error"))
        assert.deepStrictEqual(refusals.map(({ error }) => Object(error).message), [
          "files: Field required",
          "files: All files must be in the same top-level directory",
          "files: All files must be in the same top-level directory",
          "files: SKILL.md must be at the root of the top-level directory",
          "display_name: String should have at most 255 characters"
        ])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("keep their name and one version at least", () =>
      Effect.gen(function*() {
        const { id, latest_version_id } = yield* upload(greet)
        const other = yield* upload({ "other/SKILL.md": "# Other" }, { at: `/${id}/versions` })
        const second = yield* upload(greet, { at: `/${id}/versions` })
        const first = yield* del(`/v1/skills/${id}/versions/${latest_version_id}`)
        const last = yield* del(`/v1/skills/${id}/versions/${second["id"]}`)

        assert.containSubset(other, { error: { message: "SKILL.md: name must be greeting, as in the first version" } })
        assert.deepStrictEqual(first, { id: latest_version_id!, type: "skill_version_deleted" })
        assert.containSubset(last, { error: { type: "invalid_request_error" } })
        assert.containSubset(yield* get(`/v1/skills/${id}`), { latest_version_id: second["id"] })
        yield* del(`/v1/skills/${id}`)
        for (const path of [`/v1/skills/${id}`, `/v1/skills/${id}/versions`, `/v1/skills/${id}/versions/x`]) {
          assert.containSubset(yield* get(path), {
            error: { type: "not_found_error", message: `Skill not found: ${id}` }
          })
        }
        assert.containSubset(yield* get("/v1/skills/pdf/versions/x"), {
          error: { type: "not_found_error", message: "Skill version not found: x" }
        })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("of the API are there from the start, and cannot be changed", () =>
      Effect.gen(function*() {
        const { id } = yield* upload(greet)
        const all = yield* get("/v1/skills")
        const own = yield* get("/v1/skills?source=custom")
        const published = yield* get("/v1/skills?source=anthropic")

        assert.deepStrictEqual(ids(all), [id, "xlsx", "pptx", "pdf", "docx"])
        assert.deepStrictEqual(ids(own), [id])
        assert.deepStrictEqual(ids(published), ["xlsx", "pptx", "pdf", "docx"])
        assert.containSubset(yield* del("/v1/skills/pdf"), { error: { type: "permission_error" } })
        assert.containSubset(yield* upload(greet, { at: "/pdf/versions" }), { error: { type: "permission_error" } })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("name versions apart under the beta, however soon one follows the other", () =>
      Effect.gen(function*() {
        const beta = { "anthropic-beta": "skills-2025-10-02" }
        const skill = yield* upload(greet, {}, beta)
        const next = yield* upload(greet, { at: `/${skill["id"]}/versions` }, beta)
        const page = yield* send(HttpClientRequest.get(`${base}/v1/skills/${skill["id"]}/versions`, { headers: beta }))
        const versions = Array.isArray(page["data"]) ? page["data"].map((each) => Object(each).version) : []

        assert.deepStrictEqual(versions, [next["version"], skill["latest_version"]])
        assert.notStrictEqual(versions[0], versions[1])
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))

    it.effect("have the shapes of the beta under it", () =>
      Effect.gen(function*() {
        const beta = { "anthropic-beta": "skills-2025-10-02" }
        const skill = yield* upload(greet, { display_title: "Hello" }, beta)
        const { latest_version } = skill
        const page = yield* send(HttpClientRequest.get(`${base}/v1/skills?limit=1`, { headers: beta }))
        const version = yield* send(
          HttpClientRequest.get(`${base}/v1/skills/${skill["id"]}/versions/${latest_version}`, { headers: beta })
        )

        assert.containSubset(skill, { display_title: "Hello", source: "custom" })
        assert.notProperty(skill, "display_name")
        assert.strictEqual(page["has_more"], true)
        assert.containSubset(version, { directory: "greeting", version: latest_version })
      }).pipe(Effect.provide(ClaudeTest.layer(Script.model()))))
  })
})
