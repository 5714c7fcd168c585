import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Shape from "@effect-claude/core/Shape"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Wire from "@effect-claude/core/Wire"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { mutations, placesOf } from "./mutations.ts"

const pairs: ReadonlyArray<
  readonly [name: string, shape: Shape.Shape<unknown>, schema: Schema.Codec<unknown, unknown>]
> = [
  ["streamEvent", Shape.streamEvent, StreamEvent.StreamEvent],
  ["message", Shape.message, Message.Message],
  ["messageRequest", Shape.messageRequest, MessageRequest.MessageRequest],
  ["errorResponse", Shape.errorResponse, ErrorResponse.ErrorResponse]
]

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** Where the schema itself finds a mismatch. */
const placesOfSchema = (schema: Schema.Codec<unknown, unknown>, u: unknown) => {
  const decoded = Schema.decodeUnknownResult(schema)(u, { errors: "all" })
  return Result.isFailure(decoded) ? placesOf(format(decoded.failure.issue).issues) : []
}

describe("Shape", { concurrent: false }, () => {
  describe.each(pairs)("%s", (_, shape, schema) => {
    const agrees = (u: unknown) => {
      const all = shape.issues(u, "all")
      const [first, ...more] = shape.issues(u, "first")

      assert.deepStrictEqual(placesOf(all), placesOfSchema(schema, u), JSON.stringify(u))
      assert.deepStrictEqual([first, more], [all[0], []])
      assert.strictEqual(shape.is(u), first === undefined)
    }

    it.prop("accepts the values that its schema accepts", [schema], ([value]) => {
      assert.isTrue(shape.is(value))
      agrees(value)
    })

    it.prop(
      "agrees with its schema on the verdict and the paths of damaged values",
      [schema, mutations],
      ([value, mutate]) => agrees(mutate(value)),
      { arbitrary: { runs: 1000 }, timeout: 60_000 }
    )

    it.prop("agrees with its schema on any JSON", [Schema.Json], ([json]) => agrees(json))
  })

  describe("issues", () => {
    const shape = Shape.fromSchema(
      Schema.Struct({
        name: Schema.String,
        count: Schema.Finite,
        role: Schema.Literals(["user", "assistant"]),
        content: Schema.Union([Schema.String, Schema.Array(Schema.Struct({ text: Schema.String }))]),
        short: Schema.optional(Schema.String.check(Schema.isMaxLength(3))),
        stop: Schema.optional(Schema.NullOr(Schema.String)),
        extra: Schema.optional(Wire.Json)
      })
    )
    const valid = { name: "a", count: 1, role: "user", content: "hi" }

    const cases: Array<[title: string, change: object, ...issues: Array<Shape.Issue>]> = [
      ["nothing for a value that matches", {}],
      ["a kind that differs", { name: null }, { path: ["name"], expected: "string", found: "null" }],
      ["a number that is not finite", { count: NaN }, { path: ["count"], expected: "finite number", found: "NaN" }],
      ["the values of an enum", { role: "you" }, {
        path: ["role"],
        expected: "\"user\" | \"assistant\"",
        found: "string"
      }],
      ["every member of a union of other kinds", { content: 1 }, {
        path: ["content"],
        expected: "string | array",
        found: "number"
      }],
      ["the place inside the member of a union that has the kind", { content: [{ text: "a" }, { text: [] }] }, {
        path: ["content", 1, "text"],
        expected: "string",
        found: "array"
      }],
      ["a missing key", { content: [{}] }, { path: ["content", 0, "text"], expected: "string", found: "nothing" }],
      ["a check that fails, in its own words", { short: "long" }, {
        path: ["short"],
        expected: "a value with a length of at most 3",
        found: "string"
      }],
      [
        "every place",
        { name: 1, content: [{ text: true }, []] },
        {
          path: ["name"],
          expected: "string",
          found: "number"
        },
        { path: ["content", 0, "text"], expected: "string", found: "boolean" },
        {
          path: ["content", 1],
          expected: "object",
          found: "array"
        }
      ],
      ["nothing for null where null is allowed", { stop: null }],
      ["a required value that is undefined", { name: undefined }, {
        path: ["name"],
        expected: "string",
        found: "undefined"
      }]
    ]

    it.each(cases)("lists %s", (_, change, ...issues) => {
      assert.deepStrictEqual(shape.issues({ ...valid, ...change }, "all"), issues)
      assert.deepStrictEqual(shape.issues({ ...valid, ...change }, "first"), issues.slice(0, 1))
    })

    it("lists the place inside a schema that refers to itself", () => {
      interface Tree {
        readonly children: ReadonlyArray<Tree>
      }
      const Tree = Schema.Struct({ children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)) })

      assert.deepStrictEqual(Shape.fromSchema(Tree).issues({ children: [{ children: 1 }] }, "first"), [
        { path: ["children", 0, "children"], expected: "array", found: "number" }
      ])
    })

    it("asks for a type where an open union has none", () => {
      assert.deepStrictEqual(Shape.streamEvent.issues({}, "all"), [
        { path: ["type"], expected: "string", found: "nothing" }
      ])
    })
  })

  describe("format", () => {
    it("writes issues in one line", () => {
      const issues = [
        { path: [], expected: "object", found: "null" },
        { path: ["messages", 0, "content"], expected: "string", found: "nothing" }
      ]

      assert.strictEqual(
        Shape.format(issues),
        "Expected object, found null; Expected string, found nothing at messages[0].content"
      )
    })
  })
})
