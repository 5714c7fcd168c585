/**
 * Structured output as the API has it: a JSON Schema the answer follows, and the
 * codec that reads it.
 *
 * @since 0.1.0
 */
import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Tools from "./tools.ts"

/** Describes the answer a schema decodes. */
export const format = (
  schema: Schema.Constraint
): Result.Result<{ readonly type: "json_schema"; readonly schema: unknown }, AiError.UnsupportedSchemaError> =>
  Result.flatMap(Tools.jsonSchemaOf(schema), (described) => {
    const { problems, schema: narrowed } = JsonSchemaTransform.strict(described)
    return problems.length === 0 ? Result.succeed({ type: "json_schema" as const, schema: narrowed }) : Result.fail(
      new AiError.UnsupportedSchemaError({
        description: problems.map(({ message, path }) => `${path.join(".") || "the top"}: ${message}`).join(" ")
      })
    )
  })

/**
 * Reads an answer with the schema's JSON codec: what JSON has no value for (dates,
 * maps) is what the described strings and arrays decode to.
 */
export const codecTransformer: LanguageModel.CodecTransformer = (schema) => ({
  codec: Schema.toCodecJson(schema),
  jsonSchema: JsonSchemaTransform.strict(JsonSchemaTransform.fromSchema(schema)).schema
})
