/** The official SDK, unchanged, as a client of the scripted API. */
import Anthropic, {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  toFile,
  UnprocessableEntityError
} from "@anthropic-ai/sdk"
import * as ClaudeServer from "@effect-claude/testing/node/ClaudeServer"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

const connect = (options?: { readonly apiKey?: string; readonly maxRetries?: number }) =>
  Effect.map(
    ClaudeServer.ClaudeServer,
    ({ url }) =>
      new Anthropic({ apiKey: options?.apiKey ?? "sk-ant-test", baseURL: url, maxRetries: options?.maxRetries ?? 0 })
  )

/** Runs what a user of the SDK would write. */
const using = <A>(
  script: Script.Script,
  use: (client: Anthropic) => Promise<A>,
  options?: Parameters<typeof connect>[0] & ClaudeServer.Options
) =>
  Effect.flatMap(connect(options), (client) => Effect.promise(() => use(client))).pipe(
    Effect.provide(ClaudeServer.layer(script, { batchDuration: 0, ...options }))
  )

/** The error a call fails with. */
const failure = (
  script: Script.Script,
  use: (client: Anthropic) => Promise<unknown>,
  options?: { readonly apiKey?: string }
) => using(script, (client) => use(client).then(() => undefined, (error: unknown) => error), options)

const question = (content: string) => ({
  model: "claude-sonnet-5-5",
  max_tokens: 200,
  messages: [{ role: "user" as const, content }]
})

const weather: Anthropic.Tool = {
  name: "get_weather",
  description: "The weather in a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
}

describe("the official SDK", () => {
  it.live("creates a message", () =>
    Effect.gen(function*() {
      const message = yield* using(Script.model(), (client) => client.messages.create(question("What is 6 * 7?")))

      assert.deepStrictEqual(message.content.map((block) => block.type === "text" ? block.text : ""), ["6 * 7 = 42"])
      assert.match(String(message._request_id), /^req_/)
      assert.isAbove(message.usage.output_tokens, 0)
    }))

  it.live("streams a message, and accumulates it", () =>
    Effect.gen(function*() {
      const [pieces, text, final] = yield* using(
        Script.model().pipe(Script.chunked({ seed: 3 })),
        async (client) => {
          const pieces: Array<string> = []
          const stream = client.messages.stream(question("Tell me a story"))
          stream.on("text", (piece) => pieces.push(piece))
          return [pieces, await stream.finalText(), await stream.finalMessage()] as const
        }
      )

      assert.isAbove(pieces.length, 20)
      assert.strictEqual(pieces.join(""), text)
      assert.strictEqual(final.stop_reason, "end_turn")
    }))

  it.live("iterates over the events of a stream", () =>
    Effect.gen(function*() {
      const types = yield* using(Script.reply("Hello!"), async (client) => {
        const types: Array<string> = []
        for await (const event of await client.messages.create({ ...question("Hi"), stream: true })) {
          types.push(event.type)
        }
        return types
      })

      assert.deepStrictEqual(
        new Set(types),
        new Set([
          "message_start",
          "content_block_start",
          "content_block_delta",
          "content_block_stop",
          "message_delta",
          "message_stop"
        ])
      )
    }))

  it.live("runs a tool and sends its result", () =>
    Effect.gen(function*() {
      const [call, answer] = yield* using(Script.model(), async (client) => {
        const asked = { ...question("What is the weather in Paris?"), tools: [weather] }
        const first = await client.messages.create(asked)
        const call = first.content.find((block): block is Anthropic.ToolUseBlock => block.type === "tool_use")
        const second = await client.messages.create({
          ...asked,
          messages: [
            ...asked.messages,
            { role: "assistant", content: first.content },
            { role: "user", content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "18 °C" }] }
          ]
        })
        return [call, second.content[0]] as const
      })

      assert.deepStrictEqual(call?.input, { city: "Paris" })
      assert.containSubset(answer, { type: "text", text: "The tool says: 18 °C" })
    }))

  it.live("streams the input of a tool", () =>
    Effect.gen(function*() {
      const input = { city: "Zürich", days: [1, 2, 3] }
      const message = yield* using(Script.toolCall("get_weather", input), (client) =>
        client.messages.stream({ ...question("Hi"), tools: [weather] }).finalMessage())

      assert.containSubset(message.content, [{ type: "tool_use", name: "get_weather", input }])
    }))

  it.live("parses structured output", () =>
    Effect.gen(function*() {
      const message = yield* using(Script.model(), (client) =>
        client.messages.create({
          ...question("Ada is 36"),
          output_config: {
            format: {
              type: "json_schema",
              schema: {
                type: "object",
                properties: { name: { type: "string" }, age: { type: "integer" } },
                required: ["name", "age"],
                additionalProperties: false
              }
            }
          }
        }))

      const [block] = message.content
      assert.deepStrictEqual(block?.type === "text" ? Object.keys(JSON.parse(block.text)) : [], ["name", "age"])
    }))

  const errors: ReadonlyArray<readonly [number, Function]> = [
    [400, BadRequestError],
    [401, AuthenticationError],
    [403, PermissionDeniedError],
    [404, NotFoundError],
    [409, ConflictError],
    [422, UnprocessableEntityError],
    [429, RateLimitError],
    [500, InternalServerError],
    [529, InternalServerError]
  ]

  it.live.each(errors.map(([status, type]) => ({ status, type })))(
    "has its class for $status",
    ({ status, type }) =>
      Effect.gen(function*() {
        const error = yield* failure(Script.status(status), (client) => client.messages.create(question("Hi")))

        assert.isTrue(type[Symbol.hasInstance](error))
        assert.instanceOf(error, APIError)
        if (error instanceof APIError) {
          assert.match(String(error.requestID), /^req_/)
          assert.strictEqual(error.status, status)
        }
      })
  )

  it.live("is refused as by the API", () =>
    Effect.gen(function*() {
      const unauthorized = yield* failure(
        Script.model(),
        (client) => client.messages.create(question("Hi")),
        { apiKey: "sk-ant-invalid" }
      )
      const unknown = yield* failure(Script.model(), (client) =>
        client.messages.create({ ...question("Hi"), model: "claude-none" }))

      assert.instanceOf(unauthorized, AuthenticationError)
      assert.instanceOf(unknown, NotFoundError)
      assert.include(String(unknown), "model: claude-none")
    }))

  it.live("retries an overload", () =>
    Effect.gen(function*() {
      const message = yield* using(
        Script.sequence(Script.status(529), Script.reply("Hello!")),
        (client) => client.messages.create(question("Hi")),
        { maxRetries: 2 }
      )

      assert.strictEqual(message.type, "message")
    }))

  it.live("meets an error inside a stream", () =>
    Effect.gen(function*() {
      const error = yield* failure(Script.overloadedInStream({ after: 5 }), (client) =>
        client.messages.stream(question("Hi")).finalMessage())

      assert.include(String(error), "overloaded_error")
    }))

  it.live("fails when the connection breaks", () =>
    Effect.gen(function*() {
      const error = yield* failure(Script.resetConnection(), (client) => client.messages.create(question("Hi")))

      assert.instanceOf(error, APIConnectionError)
    }))

  it.live("counts tokens", () =>
    Effect.gen(function*() {
      const { input_tokens } = yield* using(Script.model(), (client) =>
        client.messages.countTokens({ model: "claude-sonnet-5-5", messages: [{ role: "user", content: "Hi" }] }))

      assert.strictEqual(input_tokens, 8)
    }))

  it.live("lists models over pages, and gets one", () =>
    Effect.gen(function*() {
      const [ids, one] = yield* using(Script.model(), async (client) => {
        const ids: Array<string> = []
        for await (const model of client.models.list({ limit: 5 })) ids.push(model.id)
        return [ids, await client.models.retrieve("claude-opus-5")] as const
      })

      assert.isAbove(ids.length, 10)
      assert.strictEqual(new Set(ids).size, ids.length)
      assert.strictEqual(one.display_name, "Claude Opus 5")
    }))

  it.live("runs a batch from its making to its results", () =>
    Effect.gen(function*() {
      const [created, ended, results, listed, deleted] = yield* using(Script.model(), async (client) => {
        const created = await client.messages.batches.create({
          requests: ["a", "b", "c"].map((custom_id) => ({ custom_id, params: question(`What is 1 + 1? ${custom_id}`) }))
        })
        const ended = await client.messages.batches.retrieve(created.id)
        const results: Array<string> = []
        for await (const { custom_id, result } of await client.messages.batches.results(created.id)) {
          results.push(`${custom_id} ${result.type}`)
        }
        const listed: Array<string> = []
        for await (const { id } of client.messages.batches.list()) listed.push(id)
        return [created, ended, results, listed, await client.messages.batches.delete(created.id)] as const
      })

      assert.strictEqual(created.processing_status, "in_progress")
      assert.strictEqual(ended.processing_status, "ended")
      assert.deepStrictEqual(results.toSorted(), ["a succeeded", "b succeeded", "c succeeded"])
      assert.deepStrictEqual(listed, [created.id])
      assert.strictEqual(deleted.type, "message_batch_deleted")
    }))

  it.live("cancels a batch", () =>
    Effect.gen(function*() {
      const canceled = yield* using(Script.model(), async (client) => {
        const { id } = await client.messages.batches.create({ requests: [{ custom_id: "a", params: question("Hi") }] })
        return await client.messages.batches.cancel(id)
      }, { batchDuration: "1 hour" })

      assert.strictEqual(canceled.processing_status, "canceling")
    }))

  it.live("uploads, lists, downloads and deletes files", () =>
    Effect.gen(function*() {
      const [uploaded, shown, ids, content, deleted] = yield* using(
        Script.model(),
        async (client) => {
          const uploaded = await client.files.upload({
            file: await toFile(Buffer.from("Hello"), "hello.txt", { type: "text/plain" })
          })
          const shown = await client.files.retrieveMetadata(uploaded.id)
          const ids: Array<string> = []
          for await (const { id } of client.files.list({ limit: 1 })) ids.push(id)
          const content = await (await client.files.download("file_made")).text()
          return [uploaded, shown, ids, content, await client.files.delete(uploaded.id)] as const
        },
        { files: [{ id: "file_made", filename: "made.csv", content: "1,2\n" }] }
      )

      assert.containSubset(uploaded, { filename: "hello.txt", mime_type: "text/plain", size_bytes: 5 })
      assert.strictEqual(shown.id, uploaded.id)
      assert.deepStrictEqual(ids, [uploaded.id, "file_made"])
      assert.strictEqual(content, "1,2\n")
      assert.strictEqual(deleted.id, uploaded.id)
    }))

  it.live("uploads skills, and their versions", () =>
    Effect.gen(function*() {
      const skillMd = (text: string) => toFile(Buffer.from(text), "greet/SKILL.md", { type: "text/markdown" })
      const [skill, version, latest, ids, versions, deletedVersion, deleted] = yield* using(
        Script.model(),
        async (client) => {
          const skill = await client.skills.create({
            files: [await skillMd("---\nname: greet\ndescription: Greets.\n---\n")],
            display_name: "Greeting"
          })
          const version = await client.skills.versions.create(skill.id, { files: [await skillMd("# Greet")] })
          const latest = await client.skills.retrieve(skill.id)
          const ids: Array<string> = []
          for await (const { id } of client.skills.list({ limit: 2 })) ids.push(id)
          const versions: Array<string> = []
          for await (const { id } of client.skills.versions.list(skill.id, { limit: 1 })) versions.push(id)
          const deletedVersion = await client.skills.versions.delete(version.id, { skill_id: skill.id })
          const deleted = await client.skills.delete(skill.id)
          return [skill, version, latest, ids, versions, deletedVersion, deleted] as const
        }
      )

      assert.containSubset(skill, { type: "skill", display_name: "Greeting", source: { type: "custom" } })
      assert.containSubset(version, { type: "skill_version", skill_id: skill.id, name: "greet" })
      assert.strictEqual(latest.latest_version_id, version.id)
      assert.deepStrictEqual(ids, [skill.id, "xlsx", "pptx", "pdf", "docx"])
      assert.deepStrictEqual(versions, [version.id, skill.latest_version_id])
      assert.deepStrictEqual(deletedVersion, { id: version.id, type: "skill_version_deleted" })
      assert.deepStrictEqual(deleted, { id: skill.id, type: "skill_deleted" })
    }))
})
