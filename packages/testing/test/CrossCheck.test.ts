import * as Batch from "@effect-claude/core/Batch"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as Rules from "@effect-claude/core/Rules"
import * as TokenCount from "@effect-claude/core/TokenCount"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as RequestCheck from "@effect-claude/testing/RequestCheck"
import * as Script from "@effect-claude/testing/Script"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Path from "node:path"

const headers = { "x-api-key": "sk-ant-test", "anthropic-version": "2023-06-01", "content-type": "application/json" }

const isAccepted = (path: string, body: unknown) =>
  Option.isNone(RequestCheck.check({ method: "POST", path, headers, body: JSON.stringify(body) }))

// -----------------------------------------------------------------------------
// rules and the scripted API
// -----------------------------------------------------------------------------

const Name = Schema.Literals(["look", "look.up", "find", ""])
const Id = Schema.Literals(["a", "b", "a:0"])
const Data = Schema.Literals([
  "",
  "!!!",
  "data:image/png;base64,AAAA",
  "iVBORw0KGgoAAAANSUhEUgAA",
  "/9j/4AAQSkZJRgABAQAAAQAB"
])
const Number = Schema.Literals([-1, 0, 0.5, 1, 2, 1024, 4096])
const Type = Schema.Literal("object")
const mark = Schema.optionalKey(Schema.Struct({ type: Schema.Literal("ephemeral") }))

const Block = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("text"),
    text: Schema.Literals(["", " ", "Hi", "\ud83d"]),
    cache_control: mark
  }),
  Schema.Struct({
    type: Schema.Literal("tool_use"),
    id: Id,
    name: Name,
    input: Schema.Struct({}),
    cache_control: mark
  }),
  Schema.Struct({ type: Schema.Literal("tool_result"), tool_use_id: Id, content: Schema.Literals(["seen", "\ude00"]) }),
  Schema.Struct({
    type: Schema.Literal("image"),
    source: Schema.Struct({
      type: Schema.Literal("base64"),
      media_type: Schema.Literals(["image/png", "image/tiff"]),
      data: Data
    })
  })
])

/** Requests that break many of the rules, and some that break none. */
const Request = Schema.Struct({
  model: Schema.Literals(["claude-haiku-4-5", "claude-sonnet-5-5"]),
  max_tokens: Schema.Literals([0, 100, 2048]),
  messages: Schema.Array(Schema.Struct({
    role: Schema.Literals(["user", "assistant"]),
    content: Schema.Array(Block).check(Schema.isMinLength(1), Schema.isMaxLength(3))
  })).check(Schema.isMinLength(1), Schema.isMaxLength(4)),
  cache_control: mark,
  tools: Schema.optionalKey(
    Schema.Array(Schema.Struct({
      type: Schema.Literal("custom"),
      name: Name,
      strict: Schema.optionalKey(Schema.Boolean),
      input_schema: Schema.Struct({ type: Type, anyOf: Schema.optionalKey(Schema.Array(Schema.Struct({}))) })
    })).check(Schema.isMaxLength(2))
  ),
  tool_choice: Schema.optionalKey(Schema.Struct({ type: Schema.Literal("tool"), name: Name })),
  temperature: Schema.optionalKey(Number),
  top_p: Schema.optionalKey(Number),
  top_k: Schema.optionalKey(Number),
  thinking: Schema.optionalKey(Schema.Union([
    Schema.Struct({ type: Schema.Literal("adaptive") }),
    Schema.Struct({ type: Schema.Literal("enabled"), budget_tokens: Schema.Literals([1024, 4096]) })
  ]))
})

describe("one fact in one place", () => {
  it.prop("what the rules refuse, the scripted API refuses", [Request], ([request]) => {
    const { refused } = Rules.check(request)
    const prompt = TokenCount.fromRequest(request)
    const { refused: counted } = Rules.check(prompt, { endpoint: "countTokens" })

    if (refused.length > 0) assert.isFalse(isAccepted("/v1/messages", request), refused[0]!.rule)
    if (counted.length > 0) {
      assert.isFalse(isAccepted("/v1/messages/count_tokens", prompt), counted[0]!.rule)
    }
  }, { arbitrary: { runs: 2000 }, timeout: 60_000 })

  it.prop("the scripted API takes the ids of batches that core takes", [Schema.String], ([custom_id]) => {
    const params = { model: "claude-sonnet-5-5", max_tokens: 5, messages: [{ role: "user", content: "Hi" }] }

    assert.strictEqual(
      isAccepted("/v1/messages/batches", { requests: [{ custom_id, params }] }),
      Batch.isCustomId(custom_id)
    )
  })

  it.effect("the scripted API lists models with the limits and the retirement of the catalogue", () =>
    Effect.gen(function*() {
      const response = yield* HttpClient.get("https://api.anthropic.com/v1/models?limit=1000", {
        headers: ClaudeTest.headers
      })
      const { data } = yield* Effect.flatMap(
        response.json,
        Schema.decodeUnknownEffect(Schema.Struct({
          data: Schema.Array(Schema.Struct({
            id: Schema.String,
            max_input_tokens: Schema.Number,
            max_tokens: Schema.Number,
            retires_at: Schema.NullOr(Schema.String)
          }))
        }))
      )

      assert.isNotEmpty(data)
      for (const model of data) {
        const entry = Option.getOrThrow(ModelCatalog.find(ModelCatalog.released, model.id))
        assert.deepStrictEqual(
          [model.max_input_tokens, model.max_tokens, model.retires_at?.slice(0, 10)],
          [entry.contextWindow, entry.maxOutput, entry.retiresOn],
          model.id
        )
      }
    }).pipe(Effect.provide(ClaudeTest.layer(Script.empty))))
})

// -----------------------------------------------------------------------------
// the official declarations
// -----------------------------------------------------------------------------

const declarations = Path.join(import.meta.dirname, "../node_modules/@anthropic-ai/sdk/resources")

/** The fields of an interface of the official SDK, with whether they may be null. */
const declared = (file: string, name: string): ReadonlyMap<string, boolean> => {
  const text = Fs.readFileSync(Path.join(declarations, file), "utf8").replaceAll(/\/\*[^]*?\*\//g, "")
  const body = text.slice(text.indexOf(`export interface ${name} {`)).split(/^\}/m)[0] ?? ""
  return new Map([...body.matchAll(/^ {4}(\w+)\??: ([^;]+);/gm)].map(([, field, type]) => [
    field!,
    /\|\s*null\s*$/.test(type!)
  ]))
}

const both = (name: string): ReadonlyMap<string, boolean> =>
  new Map([...declared("messages/messages.d.ts", name), ...declared("beta/messages/messages.d.ts", name)])

/** Parameters that travel as headers. */
const headerParameters: ReadonlySet<string> = new Set(["betas", "user_profile_id", "workspace_id"])

const bodyFields = (fields: ReadonlyMap<string, boolean>) =>
  [...fields.keys()].filter((field) => !headerParameters.has(field))

/** What only the older version of the API takes. */
const older = ["temperature", "top_p", "top_k"]

describe("the official declarations", () => {
  it("have the fields of a message request", () => {
    assert.sameMembers([...bodyFields(both("MessageCreateParamsBase")), ...older], Object.keys(MessageRequest.fields))
  })

  it("have the fields of a count of tokens", () => {
    assert.sameMembers(bodyFields(both("MessageCountTokensParams")), Object.keys(TokenCount.fields))
  })

  it("allow null where core does", () => {
    const nullable = both("MessageCreateParamsBase")
    const different = Object.entries(MessageRequest.fields)
      .filter(([field]) => nullable.has(field))
      .filter(([field, schema]) => Schema.is(schema)(null) !== nullable.get(field))
      .map(([field]) => field)

    assert.deepStrictEqual(different, [])
  })
})
