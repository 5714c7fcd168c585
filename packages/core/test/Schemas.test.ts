import * as Core from "@effect-claude/core"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"

/** Every wire schema that a module exports, with its path. */
const schemas = Object.entries(Core).flatMap(([module, members]) =>
  Object.entries(members).flatMap(([name, member]) =>
    Schema.isSchema(member) && module !== "Wire" ? [{ path: `${module}.${name}`, schema: member }] : []
  )
)

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

    it.prop("has a guard that agrees with its decoder", [Schema.Json], ([json]) => {
      const exit = Schema.decodeUnknownExit(wire)(json)

      assert.strictEqual(is(json), exit._tag === "Success")
    })
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
