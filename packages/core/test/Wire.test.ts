import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"

const Text = Wire.struct("Text", { type: Schema.Literal("text"), text: Schema.String })
const Thinking = Wire.struct("Thinking", {
  type: Schema.Literal("thinking"),
  thinking: Schema.String,
  budget: Wire.nullish(Schema.Finite)
})
const Block = Wire.openUnion("Block", [Text, Thinking])
const Custom = Wire.struct("Custom", { type: Wire.nullish(Schema.Literal("custom")), name: Schema.String })
const Tool = Wire.openUnion("Tool", [Custom, Text], { untagged: Custom })
const Envelope = Wire.struct("Envelope", {
  id: Schema.String,
  kind: Wire.openEnum("Kind", ["a", "b"]),
  blocks: Schema.Array(Block),
  payload: Wire.Json
})

const valid = { id: "1", kind: "c", blocks: [{ type: "text", text: "hi" }], payload: null }

const messageOf = (schema: Schema.Codec<unknown, unknown>, input: unknown): string =>
  Result.match(Schema.decodeUnknownResult(schema)(input), {
    onFailure: (error) => error.message,
    onSuccess: () => "accepted"
  })

describe("Wire", () => {
  describe("struct", () => {
    it("returns the given value itself", () => {
      assert.strictEqual<unknown>(Schema.decodeUnknownSync(Envelope)(valid), valid)
      assert.strictEqual<unknown>(Schema.encodeUnknownSync(Envelope)(valid), valid)
    })

    it("keeps unknown fields, at every depth", () => {
      const input = { ...valid, extra: { deep: 1 }, blocks: [{ type: "text", text: "hi", extra: [2] }] }

      assert.strictEqual<unknown>(Schema.decodeUnknownSync(Envelope)(input), input)
    })

    it("reports where a value does not match, and what was expected", () => {
      assert.strictEqual(
        messageOf(Envelope, { ...valid, blocks: [{ type: "text", text: 1 }] }),
        "Expected string\n  at [\"blocks\"][0][\"text\"]"
      )
      assert.strictEqual(messageOf(Envelope, { ...valid, id: undefined }), "Expected string\n  at [\"id\"]")
      assert.strictEqual(messageOf(Envelope, null), "Expected object")
    })

    it.each([[[]], [null], ["text"], [undefined], [1]])("refuses a value that is not an object: %j", (input) => {
      assert.notStrictEqual(messageOf(Envelope, input), "accepted")
    })

    it.each([{}, "text", null, { length: 0 }])("refuses a value that is not an array: %j", (blocks) => {
      assert.strictEqual(messageOf(Envelope, { ...valid, blocks }), "Expected array\n  at [\"blocks\"]")
    })

    it("distinguishes absent and undefined fields, and sees inherited ones", () => {
      const Given = Wire.struct("Given", { a: Schema.UndefinedOr(Schema.String) })

      assert.strictEqual(messageOf(Given, {}), "Missing key\n  at [\"a\"]")
      assert.strictEqual(messageOf(Given, { a: undefined }), "accepted")
      assert.strictEqual(messageOf(Given, Object.create({ a: undefined })), "accepted")
    })

    it("has its identifier, for generated documents", () => {
      assert.strictEqual(Schema.resolveAnnotations(Envelope)?.["identifier"], "Envelope")
    })

    it("composes with Effect's own structs", () => {
      const Outer = Schema.Struct({ inner: Envelope })
      const input = { inner: { ...valid, extra: 1 } }

      assert.deepStrictEqual<unknown>(Schema.decodeUnknownSync(Outer)(input), input)
    })

    it("has its fields, to define a struct with more", () => {
      const More = Wire.struct("More", { ...Text.fields, more: Schema.Boolean })

      assert.strictEqual(messageOf(More, { type: "text", text: "" }), "Missing key\n  at [\"more\"]")
    })
  })

  describe("nullish", () => {
    it.each([{}, { budget: null }, { budget: 3 }])("accepts absence, null and a value: %j", (fields) => {
      assert.strictEqual(messageOf(Block, { type: "thinking", thinking: "", ...fields }), "accepted")
    })

    it("refuses a value of another type", () => {
      assert.match(messageOf(Block, { type: "thinking", thinking: "", budget: "3" }), /at \["budget"\]/)
    })
  })

  describe("openUnion", () => {
    it("keeps an unknown variant, with all its fields", () => {
      const input = { type: "tomorrow", nested: { a: [1] } }
      const block = Schema.decodeUnknownSync(Block)(input)

      assert.strictEqual<unknown>(block, input)
      assert.isTrue(Block.isUnknown(block))
    })

    it("refuses a malformed payload of a known tag", () => {
      assert.strictEqual(messageOf(Block, { type: "text" }), "Missing key\n  at [\"text\"]")
    })

    it("reports errors of the variant alone", () => {
      assert.notInclude(messageOf(Block, { type: "text", text: 1 }), "thinking")
    })

    it.each([[{}], [{ type: 1 }], [{ type: null }], [[]]])("refuses a value without a string as type: %j", (input) => {
      assert.notStrictEqual(messageOf(Block, input), "accepted")
    })

    it("checks an object without a type by the untagged member", () => {
      assert.strictEqual(messageOf(Tool, { name: "a" }), "accepted")
      assert.strictEqual(messageOf(Tool, { type: null, name: "a" }), "accepted")
      assert.strictEqual(messageOf(Tool, { type: "custom", name: "a" }), "accepted")
      assert.strictEqual(messageOf(Tool, {}), "Missing key\n  at [\"name\"]")
    })

    it.prop(
      "accepts any JSON object with a string type that it does not know",
      [Schema.String, Schema.Record(Schema.String, Schema.Json)],
      ([type, fields]) => {
        const input = { ...fields, type: `x-${type}` }

        assert.strictEqual<unknown>(Schema.decodeUnknownSync(Block)(input), input)
      }
    )
  })

  describe("match", () => {
    const describeBlock = Block.match({
      text: (block) => block.text,
      thinking: (block) => block.thinking,
      Unknown: (block) => `unknown ${block.type}`
    })

    it("handles each known variant, and the unknown ones", () => {
      assert.strictEqual(describeBlock({ type: "text", text: "a" }), "a")
      assert.strictEqual(describeBlock({ type: "thinking", thinking: "b" }), "b")
      assert.strictEqual(describeBlock(Wire.unknown({ type: "new" })), "unknown new")
    })

    it("handles a variant without a type with the case of the untagged member", () => {
      const describeTool = Tool.match({
        custom: (tool) => `custom ${tool.name}`,
        text: (tool) => tool.text,
        Unknown: (tool) => `unknown ${tool.type}`
      })

      assert.strictEqual(describeTool({ name: "a" }), "custom a")
      assert.strictEqual(describeTool({ type: null, name: "b" }), "custom b")
      assert.strictEqual(describeTool({ type: "custom", name: "c" }), "custom c")
      assert.strictEqual(describeTool(Wire.unknown({ type: "laser" })), "unknown laser")
    })

    it("takes the value as first argument too", () => {
      const cases = { text: () => 1, thinking: () => 2, Unknown: () => 3 }

      assert.strictEqual(Block.match({ type: "thinking", thinking: "" }, cases), 2)
    })

    it("handles a tag that is the name of a method of every object", () => {
      assert.strictEqual(describeBlock(Wire.unknown({ type: "toString" })), "unknown toString")
      assert.strictEqual(describeBlock(Wire.unknown({ type: "__proto__" })), "unknown __proto__")
    })
  })

  describe("openEnum", () => {
    it("accepts any string, and nothing else", () => {
      assert.strictEqual(messageOf(Envelope.fields.kind, "zzz"), "accepted")
      assert.strictEqual(messageOf(Envelope.fields.kind, 1), "Expected string")
    })
  })

  describe("Json", () => {
    it.each([null, 0, "", false, [], {}])("accepts any JSON value: %j", (value) => {
      assert.strictEqual(messageOf(Wire.Json, value), "accepted")
    })

    it("refuses a missing value", () => {
      assert.strictEqual(messageOf(Envelope, { id: "1", kind: "a", blocks: [] }), "Missing key\n  at [\"payload\"]")
    })
  })

  describe("make", () => {
    it("returns its input where a plain schema would copy it without unknown fields", () => {
      const Plain = Schema.Struct({ id: Schema.String })
      const input = { id: "1", extra: true }

      assert.deepStrictEqual<unknown>(Schema.decodeUnknownSync(Plain)(input), { id: "1" })
      assert.strictEqual<unknown>(Schema.decodeUnknownSync(Wire.make(Plain))(input), input)
    })
  })

  describe("is", () => {
    const isEnvelope = Wire.is(Envelope)
    const decodes = (input: unknown) => Result.isSuccess(Schema.decodeUnknownResult(Envelope)(input))

    it.prop("returns every generated value itself", [Envelope], ([value]) => {
      assert.isTrue(isEnvelope(value))
      assert.strictEqual(Schema.decodeUnknownSync(Envelope)(value), value)
    })

    it.prop("agrees with the decoder on any JSON", [Schema.Json], ([value]) => {
      assert.strictEqual(isEnvelope(value), decodes(value))
    })

    it.prop(
      "agrees with the decoder on a value with one field replaced by any JSON",
      [Envelope, Schema.Literals(["id", "kind", "blocks", "payload"]), Schema.Json],
      ([value, field, json]) => {
        const input = { ...value, [field]: json }

        assert.strictEqual(isEnvelope(input), decodes(input))
      }
    )

    it("agrees with the schema's parser on schemas of other kinds", () => {
      const inner = Schema.Struct({
        date: Schema.Date,
        pair: Schema.Tuple([Schema.String, Schema.Number]),
        named: Schema.Record(Schema.String, Schema.Int),
        short: Schema.String.check(Schema.isMaxLength(2)),
        either: Schema.Union([Schema.Struct({ a: Schema.String }), Schema.Struct({ b: Schema.String })]),
        never: Schema.optionalKey(Schema.Never)
      })
      const base = {
        date: new Date(0),
        pair: ["a", 1],
        named: { x: 1 },
        short: "ab",
        either: { b: "" }
      }
      const is = Wire.is(inner)

      assert.isTrue(is(base))
      for (
        const broken of [
          { date: "today" },
          { pair: ["a"] },
          { named: { x: 1.5 } },
          { short: "abc" },
          { either: {} },
          { never: 1 }
        ]
      ) assert.isFalse(is({ ...base, ...broken }), JSON.stringify(broken))
    })
  })
})
