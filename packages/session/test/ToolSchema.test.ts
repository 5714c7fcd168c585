import * as ToolSchema from "@effect-claude/session/ToolSchema"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { Tool } from "effect/ai"

interface Tree {
  readonly value: number
  readonly children: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  value: Schema.Finite,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
}).annotate({ identifier: "Tree" })

const define = (tool: Tool.Any): { readonly [field: string]: unknown } => ({
  ...Result.getOrThrow(ToolSchema.define(tool))
})
const problem = (tool: Tool.Any) => Result.getOrThrow(Result.flip(ToolSchema.define(tool))).message

describe("ToolSchema", () => {
  describe("define", () => {
    it("names the tool, says what it is for, and describes its parameters", () => {
      const tool = Tool.make("get_weather", {
        description: "Returns the weather.",
        parameters: Schema.Struct({ city: Schema.String, days: Schema.optional(Schema.Int) })
      })

      assert.deepStrictEqual<unknown>(define(tool), {
        name: "get_weather",
        description: "Returns the weather.",
        input_schema: {
          type: "object",
          properties: { city: { type: "string" }, days: { type: "integer" } },
          required: ["city"],
          additionalProperties: false
        }
      })
    })

    it("describes each tool once", () => {
      const tool = Tool.make("get_weather", { parameters: Schema.Struct({ city: Schema.String }) })

      const [one, other] = [ToolSchema.define(tool), ToolSchema.define(tool)].map(Result.getOrThrow)
      assert.strictEqual(one, other)
    })

    it("describes a tool without parameters as one that takes an empty object", () => {
      assert.deepStrictEqual<unknown>(define(Tool.make("now"))["input_schema"], {
        type: "object",
        additionalProperties: false
      })
    })

    it("keeps references, so that recursive parameters work", () => {
      const { input_schema } = define(Tool.make("grow", { parameters: Schema.Struct({ tree: Tree }) }))

      assert.include(JSON.stringify(input_schema), `"$ref":"#/$defs/Tree"`)
    })

    it("narrows the parameters of a strict tool and moves the rest into the description", () => {
      const parameters = Schema.Struct({ age: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 })) })
      const loose = define(Tool.make("age", { parameters }))
      const strict = define(Tool.make("age", { parameters }).annotate(Tool.Strict, true))

      assert.isUndefined(loose["strict"])
      assert.strictEqual(strict["strict"], true)
      assert.include(JSON.stringify(strict["input_schema"]), "(minimum: 0, maximum: 9)")
      assert.include(JSON.stringify(loose["input_schema"]), `"minimum":0`)
    })

    it("says what cannot be strict, and where", () => {
      const tool = Tool.make("free", {
        parameters: Schema.Struct({ any: Schema.Record(Schema.String, Schema.String) })
      })

      assert.include(
        problem(tool.annotate(Tool.Strict, true)),
        `The tool "free" cannot be described: it cannot be strict. properties.any:`
      )
    })

    it("takes the JSON Schema of a dynamic tool as it is", () => {
      const tool = Tool.dynamic("remote", { parameters: { properties: { a: { type: "string" } } } })

      assert.deepStrictEqual<unknown>(define(tool)["input_schema"], {
        type: "object",
        properties: { a: { type: "string" } }
      })
    })

    it("describes a tool of Anthropic's by its own definition, under its own name", () => {
      const tool = Tool.providerDefined({
        id: "claude.web_search_20250305",
        customName: "ClaudeWebSearch",
        providerName: "web_search",
        args: Schema.Struct({ type: Schema.String, name: Schema.String, max_uses: Schema.Int })
      })({ type: "web_search_20250305", name: "web_search", max_uses: 3 })

      assert.deepStrictEqual<unknown>(define(tool), { type: "web_search_20250305", name: "web_search", max_uses: 3 })
      assert.strictEqual(ToolSchema.nameOf(tool), "web_search")
    })

    it("refuses a tool of another provider", () => {
      const tool = Tool.providerDefined({
        id: "openai.web_search",
        customName: "OpenAiWebSearch",
        providerName: "web_search",
        args: Schema.Struct({})
      })({})

      assert.strictEqual(
        problem(tool),
        `The tool "OpenAiWebSearch" cannot be described: it belongs to another provider (openai.web_search).`
      )
    })

    it("refuses another provider's tool even where its definition would do, and one of Anthropic's that would not", () => {
      const provided = (id: `${string}.${string}`, type: string) =>
        Tool.providerDefined({
          id,
          customName: "Search",
          providerName: "search",
          args: Schema.Struct({ type: Schema.String, name: Schema.String })
        })({ type, name: "web_search" })

      assert.include(problem(provided("openai.web_search", "web_search_20250305")), "another provider")
      assert.include(problem(provided("claude.web_fetch", "custom")), "not one the API takes")
    })

    it("describes a dynamic tool that has a schema like any other", () => {
      const tool = Tool.dynamic("remote", { parameters: Schema.Struct({ a: Schema.optional(Schema.String) }) })

      assert.deepStrictEqual<unknown>(define(tool)["input_schema"], {
        type: "object",
        properties: { a: { type: "string" } },
        additionalProperties: false
      })
    })

    it("refuses parameters that are no object", () => {
      assert.include(problem(Tool.make("odd", { parameters: Schema.String })), "its parameters are not an object")
    })
  })
})
