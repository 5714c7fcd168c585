/**
 * The form of an answer: what the API is told of a schema, and how an answer in
 * that form is read, as it is written and once it is whole.
 *
 * @since 0.1.0
 */
import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
import * as PartialJson from "@effect-claude/core/PartialJson"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import type * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"

/** The schema as the API is told of it, or why it cannot be. */
export const describe = (schema: Schema.Constraint): Result.Result<JsonSchema.JsonSchema, string> => {
  const described = Result.try({
    try: () => JsonSchemaTransform.strict(wrapped(JsonSchemaTransform.fromSchema(schema))),
    catch: (cause) => cause instanceof Error ? cause.message : "it has no JSON Schema"
  })
  return Result.flatMap(described, ({ problems, schema }) =>
    problems.length === 0
      ? Result.succeed(schema)
      : Result.fail(problems.map(({ message, path }) => `${path.join(".") || "the top"}: ${message}`).join(" ")))
}

/** Reads the JSON of an answer. What JSON has no value for is read from strings and arrays. */
export const decode = <S extends Schema.Constraint>(
  schema: S,
  json: unknown
): Effect.Effect<S["Type"], Schema.SchemaError, S["DecodingServices"]> =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(isWrapped(schema) ? unwrap(json) : json)

/** What can be read of an answer so far, whenever that is more than before. */
export const partials = (schema: Schema.Constraint) =>
<E, R>(
  events: Stream.Stream<StreamEvent, E, R>
): Stream.Stream<unknown, E, R> =>
  Stream.suspend(() => {
    const reader = PartialJson.make()
    const wraps = isWrapped(schema)
    let shown = ""
    return events.pipe(
      Stream.map((event): ReadonlyArray<unknown> => {
        if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") return []
        reader.push(event.delta.text)
        const now = JSON.stringify(wraps ? unwrap(reader.value()) : reader.value()) ?? ""
        if (now === shown || now === "") return []
        shown = now
        // The reader changes its value when more arrives, so a copy is handed out.
        const copy: unknown = JSON.parse(now)
        return [copy]
      }),
      Stream.flattenIterable
    )
  })

/** Where an answer does not match, without what is there. */
export const placesOf = (error: Schema.SchemaError): string => {
  const places = issues(error.issue).issues.map(({ path = [] }) =>
    path.map((segment) => `[${JSON.stringify(typeof segment === "object" ? segment.key : segment)}]`).join("")
  )
  return `at ${[...new Set(places)].map((place) => place === "" ? "the top" : place).join(", ")}`
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

/** The API's answers are objects: what is none is the property of one. */
const isObject = (schema: JsonSchema.JsonSchema): boolean => schema["type"] === "object"

const isWrapped = (schema: Schema.Constraint): boolean => !isObject(JsonSchemaTransform.fromSchema(schema))

const wrapped = (schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  if (isObject(schema)) return schema
  const { $defs, ...value } = schema
  return {
    type: "object",
    properties: { value },
    required: ["value"],
    ...($defs === undefined ? undefined : { $defs })
  }
}

const unwrap = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "value" in value ? value.value : undefined
