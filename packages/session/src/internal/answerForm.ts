/**
 * The form of a structured response: the JSON Schema that the API gets, and how a
 * response in that form is read, partly or whole.
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

/** Returns the schema for the API, or why it has none. */
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

/** Reads the JSON of a response. Values that JSON lacks are read from strings and arrays. */
export const decode = <S extends Schema.Constraint>(
  schema: S,
  json: unknown
): Effect.Effect<S["Type"], Schema.SchemaError, S["DecodingServices"]> =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(isWrapped(schema) ? unwrap(json) : json)

/** Creates a reader of events. It returns what can be read of the response so far, whenever that is more than before. */
export const partials = (schema: Schema.Constraint): (event: StreamEvent) => ReadonlyArray<unknown> => {
  const wraps = isWrapped(schema)
  let reader = PartialJson.make()
  let shown = ""
  return (event) => {
    if (event.type === "message_start") {
      reader = PartialJson.make()
      shown = ""
    }
    if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") return []
    reader.push(event.delta.text)
    const now = JSON.stringify(wraps ? unwrap(reader.value()) : reader.value()) ?? ""
    if (now === shown || now === "") return []
    shown = now
    // The value of the reader keeps growing: return a copy.
    const copy: unknown = JSON.parse(now)
    return [copy]
  }
}

/** Lists where a response does not match, without its content. */
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

/** Structured output is an object at its root. A schema of another type becomes the property of one. */
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
