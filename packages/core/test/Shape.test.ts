import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Shape from "@effect-claude/core/Shape"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { mutations } from "./mutations.ts"

const pairs: ReadonlyArray<
  readonly [name: string, shape: Shape.Shape<unknown>, schema: Schema.Codec<unknown, unknown>]
> = [
  ["streamEvent", Shape.streamEvent, StreamEvent.StreamEvent],
  ["message", Shape.message, Message.Message],
  ["messageRequest", Shape.messageRequest, MessageRequest.MessageRequest],
  ["errorResponse", Shape.errorResponse, ErrorResponse.ErrorResponse]
]

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What the schema itself says of a value. */
const saidBySchema = (schema: Schema.Codec<unknown, unknown>, u: unknown, errors: "first" | "all") => {
  const decoded = Schema.decodeUnknownResult(schema)(u, { errors })
  return Result.isFailure(decoded)
    ? { issues: format(decoded.failure.issue).issues, text: decoded.failure.message.replaceAll("\n  at ", " at ") }
    : { issues: [], text: "" }
}

describe("Shape", { concurrent: false }, () => {
  describe.each(pairs)("%s", (_, shape, schema) => {
    const agrees = (u: unknown) => {
      for (const errors of ["first", "all"] as const) {
        const said = saidBySchema(schema, u, errors)
        const issues = shape.issues(u, errors)

        assert.deepStrictEqual<unknown>(issues, said.issues, JSON.stringify(u))
        assert.strictEqual(Shape.format(issues), said.text.replaceAll("\n", " "))
      }
      assert.strictEqual(shape.is(u), shape.issues(u, "first").length === 0)
    }

    it.prop("agrees with its schema on values that have the shape", [schema], ([value]) => {
      assert.isTrue(shape.is(value))
      agrees(value)
    })

    it.prop(
      "agrees with its schema on values with something replaced, left out or added, and says the same",
      [schema, mutations],
      ([value, mutate]) => agrees(mutate(value)),
      { arbitrary: { runs: 1000 }, timeout: 60_000 }
    )

    it.prop("agrees with its schema on any JSON", [Schema.Json], ([json]) => agrees(json))
  })
})
