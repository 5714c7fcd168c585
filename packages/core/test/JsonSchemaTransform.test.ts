import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"

interface Tree {
  readonly label: string
  readonly children: ReadonlyArray<Tree>
}

const Tree = Schema.Struct({
  label: Schema.String,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
}).annotate({ identifier: "Tree" })

describe("JsonSchemaTransform", () => {
  describe("fromSchema", () => {
    it("keeps optional properties optional and does not make them nullable", () => {
      const schema = Schema.Struct({ a: Schema.optionalKey(Schema.String), b: Schema.optional(Schema.Int) })

      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(schema), {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "integer" } },
        additionalProperties: false
      })
    })

    it("keeps null when the schema has it", () => {
      const schema = Schema.Struct({ a: Schema.optional(Schema.NullOr(Schema.String)) })

      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(schema)["properties"], {
        a: { anyOf: [{ type: "string" }, { type: "null" }] }
      })
    })

    it("describes a number as a number, without names for infinities", () => {
      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(Schema.Number), { type: "number" })
    })

    it("describes the encoded side of a transformation", () => {
      const schema = Schema.Struct({ count: Schema.NumberFromString, when: Schema.DateTimeUtcFromString })

      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(schema)["properties"], {
        count: { type: "string" },
        when: { type: "string" }
      })
    })

    it("closes every object but those that take any key", () => {
      const schema = Schema.Struct({ inner: Schema.Struct({}), open: Schema.Record(Schema.String, Schema.Int) })
      const { properties } = JsonSchemaTransform.fromSchema(schema)

      assert.deepStrictEqual(properties, {
        inner: { type: "object", additionalProperties: false },
        open: { type: "object", additionalProperties: { type: "integer" } }
      })
    })

    it("keeps the bounds a schema checks", () => {
      const schema = Schema.Struct({ age: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 })) })

      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(schema)["properties"], {
        age: { type: "integer", minimum: 0, maximum: 150 }
      })
    })

    it("resolves a reference at the root, so that a class is an object", () => {
      class Person extends Schema.Class<Person>("Person")({ name: Schema.String }) {}

      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(Person), {
        type: "object",
        properties: { name: { type: "string" } },
        required: ["name"],
        additionalProperties: false
      })
    })

    it("keeps the references of a recursive schema", () => {
      const node = {
        type: "object",
        properties: { label: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/Tree" } } },
        required: ["label", "children"],
        additionalProperties: false
      }

      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(Tree), { ...node, $defs: { Tree: node } })
      assert.deepStrictEqual(JsonSchemaTransform.fromSchema(Schema.Struct({ root: Tree }))["$defs"], { Tree: node })
    })
  })

  describe("strict", () => {
    it.each([
      [{ type: "integer", minimum: 0 }, { type: "integer", description: "(minimum: 0)" }],
      [{ type: "string", description: "A code.", maxLength: 3, pattern: "^(?i)a" }, {
        type: "string",
        description: "A code. (maxLength: 3, pattern: ^(?i)a)"
      }],
      [{ type: "string", format: "iban" }, { type: "string", description: "(format: iban)" }],
      [{ type: "array", items: { type: "string" }, minItems: 2 }, {
        type: "array",
        items: { type: "string" },
        description: "(minItems: 2)"
      }]
    ])("moves what it cannot say into the description: %o", (given, expected) => {
      assert.deepStrictEqual(JsonSchemaTransform.strict(given), { schema: expected, problems: [] })
    })

    it.each([
      { type: "string", format: "date-time" },
      { type: "string", pattern: "^[a-z]+$" },
      { type: "array", items: { type: "string" }, minItems: 1 },
      { anyOf: [{ type: "string" }, { type: "null" }] },
      { $ref: "#/$defs/A", $defs: { A: { type: "string", enum: ["a"] } } }
    ])("leaves alone what constrained sampling follows: %o", (given) => {
      assert.deepStrictEqual(JsonSchemaTransform.strict(given), { schema: given, problems: [] })
    })

    it("closes objects without additionalProperties", () => {
      const { problems, schema } = JsonSchemaTransform.strict({
        type: "object",
        properties: { a: { type: "object", properties: {}, additionalProperties: true } }
      })

      assert.deepStrictEqual(schema, {
        type: "object",
        properties: { a: { type: "object", properties: {}, additionalProperties: false } },
        additionalProperties: false
      })
      assert.deepStrictEqual(problems, [])
    })

    it("writes oneOf as anyOf", () => {
      assert.deepStrictEqual(
        JsonSchemaTransform.strict({ oneOf: [{ type: "string" }, { type: "integer" }] }).schema,
        { anyOf: [{ type: "string" }, { type: "integer" }] }
      )
    })

    it("writes a tuple as an array of its members", () => {
      const pair = { type: "array", prefixItems: [{ type: "integer" }, { type: "integer" }], minItems: 2, maxItems: 2 }

      assert.deepStrictEqual(JsonSchemaTransform.strict(pair).schema, {
        type: "array",
        items: { type: "integer" },
        description: `(2 items, in this order: {"type":"integer"}, {"type":"integer"})`
      })
    })

    it("names constraints that a strict schema cannot express, with their paths", () => {
      const { problems } = JsonSchemaTransform.strict({
        type: "object",
        properties: { open: { type: "object", additionalProperties: { type: "string" } }, odd: { not: {} } }
      })

      assert.deepStrictEqual(
        problems.map(({ keyword, path }) => [keyword, path]),
        [["additionalProperties", ["properties", "open"]], ["not", ["properties", "odd"]]]
      )
    })

    it.effect.prop(
      "changes nothing the second time",
      { schema: jsonSchemas() },
      ({ schema }) =>
        Effect.sync(() => {
          const once = JsonSchemaTransform.strict(schema).schema

          assert.deepStrictEqual(JsonSchemaTransform.strict(once), { schema: once, problems: [] })
        })
    )
  })
})

/** JSON Schemas of a few levels, with keywords of every kind. */
function jsonSchemas(depth = 2): Schema.Codec<{ readonly [keyword: string]: unknown }> {
  const leaf = Schema.Struct({
    type: Schema.Literals(["string", "integer", "boolean"]),
    description: Schema.optionalKey(Schema.String),
    minimum: Schema.optionalKey(Schema.Int),
    format: Schema.optionalKey(Schema.Literals(["date", "iban"])),
    enum: Schema.optionalKey(Schema.Array(Schema.String))
  })
  if (depth === 0) return leaf
  const child = jsonSchemas(depth - 1)
  return Schema.Union([
    leaf,
    Schema.Struct({
      type: Schema.tag("array"),
      items: child,
      minItems: Schema.optionalKey(Schema.Literals([0, 1, 2]))
    }),
    Schema.Struct({ type: Schema.tag("array"), prefixItems: Schema.Array(child) }),
    Schema.Struct({
      type: Schema.tag("object"),
      properties: Schema.Record(Schema.String, child),
      required: Schema.optionalKey(Schema.Array(Schema.String)),
      additionalProperties: Schema.optionalKey(Schema.Boolean)
    }),
    Schema.Struct({ oneOf: Schema.Array(child) })
  ])
}
