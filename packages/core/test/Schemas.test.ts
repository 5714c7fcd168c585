import * as Core from "@effect-claude/core"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema, SchemaIssue } from "effect"
import { shapeOf } from "../src/internal/describe.ts"
import * as Guard from "../src/internal/guard.ts"
import { mutations, placesOf } from "./mutations.ts"
import { reference } from "./reference.ts"

/** Every wire schema that a module exports, with its path. */
const schemas = Object.entries(Core).flatMap(([module, members]) =>
  Object.entries(members).flatMap(([name, member]) =>
    Schema.isSchema(member) && module !== "Wire" ? [{ path: `${module}.${name}`, schema: member }] : []
  )
)

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const codec = (schema: Schema.Top): Schema.Codec<unknown, unknown> => Schema.make(schema.ast)

// One after the other: nothing here waits, and together they would all be timed from the start of the first.
describe("Schemas", { concurrent: false }, () => {
  it("are found", () => {
    assert.isAbove(schemas.length, 80)
  })

  describe.each(schemas)("$path", ({ schema }) => {
    const wire = codec(schema)
    const is = Wire.is(wire)

    it.prop("decodes and encodes every generated value to itself", [wire], ([value]) => {
      assert.strictEqual(Schema.decodeUnknownSync(wire)(value), value)
      assert.strictEqual(Schema.encodeUnknownSync(wire)(value), value)
    })

    it.prop("survives the wire", [wire], ([value]) => {
      const json = JSON.parse(JSON.stringify(value) ?? "null")

      assert.strictEqual(JSON.stringify(Schema.decodeUnknownSync(wire)(json)), JSON.stringify(json))
    })

    it.prop("keeps a field nobody declared", [wire, Schema.Json], ([value, extra]) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return
      const input = { ...value, "x-tomorrow": extra }

      assert.strictEqual<unknown>(Schema.decodeUnknownSync(wire)(input), input)
    })

    const plain = Schema.is(reference(schema.ast))

    it.prop(
      "has a guard that agrees with Effect's own structs and unions",
      [wire, mutations, Schema.Json],
      ([value, mutate, json]) => {
        const damaged = mutate(value)

        for (const u of [value, damaged, json]) assert.strictEqual(is(u), plain(u), JSON.stringify(u))
      }
    )

    it.prop(
      "has a shape that agrees with it on the verdict and the paths of damaged values",
      [wire, mutations],
      ([value, mutate]) => {
        const damaged = mutate(value)
        const decoded = Schema.decodeUnknownResult(wire)(damaged, { errors: "all" })
        const issues = Guard.explain(shapeOf(wire.ast), damaged, true)

        assert.strictEqual(is(damaged), Result.isSuccess(decoded))
        assert.deepStrictEqual(
          placesOf(issues),
          placesOf(Result.isFailure(decoded) ? format(decoded.failure.issue).issues : [])
        )
      }
    )
  })

  describe.each(["StreamEvent.StreamEvent", "ContentBlock.ContentBlock", "Content.Content", "StreamEvent.Delta"])(
    "%s",
    (path) => {
      const found = schemas.find((entry) => entry.path === path)

      it.prop(
        "accepts any JSON object with a string type it does not know",
        [Schema.String, Schema.JsonObject],
        ([type, fields]) => {
          assert.isDefined(found)
          const input = { ...fields, type: `x_${type}` }

          assert.strictEqual<unknown>(Schema.decodeUnknownSync(codec(found!.schema))(input), input)
        }
      )
    }
  )
})
