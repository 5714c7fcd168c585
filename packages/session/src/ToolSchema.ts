/**
 * Converts tools of effect/ai to the tool definitions that the API receives.
 *
 * A tool's parameters become a JSON Schema of what its schema decodes: an
 * optional property stays optional, an object takes no other properties, and
 * references are kept, so recursive schemas work. A schema is strict only when
 * the tool is annotated as strict. It is then narrowed to what constrained
 * sampling accepts, and the rest is put into the description.
 *
 * Tools that Anthropic defines, as `@effect-claude/ai/ClaudeTool` makes them, are
 * described by their own definitions.
 *
 * @since 0.1.0
 */
import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
import * as CoreTool from "@effect-claude/core/Tool"
import * as Wire from "@effect-claude/core/Wire"
import * as Tool from "effect/ai/Tool"
import * as Data from "effect/Data"
import type * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The API cannot be told of a tool.
 *
 * @category errors
 * @since 0.1.0
 */
export class ToolSchemaError extends Data.TaggedError("ToolSchemaError")<{
  readonly tool: string
  /** What cannot be said. */
  readonly problem: string
}> {
  override get message(): string {
    return `The tool "${this.tool}" cannot be described: ${this.problem}`
  }
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns the definition of a tool, as a request carries it.
 *
 * **Example** (Describing a tool)
 *
 * ```ts
 * import * as ToolSchema from "@effect-claude/session/ToolSchema"
 * import * as Tool from "effect/ai/Tool"
 * import * as Result from "effect/Result"
 * import * as Schema from "effect/Schema"
 *
 * const weather = Tool.make("get_weather", {
 *   description: "Returns the weather of a city.",
 *   parameters: Schema.Struct({ city: Schema.String, days: Schema.optional(Schema.Int) })
 * })
 *
 * const tool = Result.getOrThrow(ToolSchema.define(weather))
 *
 * "name" in tool && tool.name // => "get_weather"
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const define = (tool: Tool.Any): Result.Result<CoreTool.Tool, ToolSchemaError> => {
  const cached = cache.get(tool)
  if (cached !== undefined) return Result.succeed(cached)
  const defined = Tool.isProviderDefined(tool) ? defineProvided(tool) : defineOwn(tool)
  if (Result.isSuccess(defined)) cache.set(tool, defined.success)
  return defined
}

/**
 * Returns the name by which the model calls a tool.
 *
 * @category conversions
 * @since 0.1.0
 */
export const nameOf = (tool: Tool.Any): string => {
  const definition = Tool.isProviderDefined(tool) ? argsOf(tool)["name"] : undefined
  return typeof definition === "string" ? definition : tool.name
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const cache = new WeakMap<Tool.Any, CoreTool.Tool>()

const isTool = Wire.is(CoreTool.Tool)

const argsOf = (tool: { readonly args: unknown }): { readonly [field: string]: unknown } =>
  Predicate.isObject(tool.args) ? { ...tool.args } : {}

const defineProvided = (tool: Tool.AnyProviderDefined): Result.Result<CoreTool.Tool, ToolSchemaError> => {
  const { failureMode: _, ...definition } = argsOf(tool)
  if (!String(tool.id).startsWith("claude.")) return fail(tool, `it belongs to another provider (${tool.id}).`)
  return isTool(definition) ? Result.succeed(definition) : fail(tool, "its definition is not one the API takes.")
}

const defineOwn = (tool: Tool.Any): Result.Result<CoreTool.Tool, ToolSchemaError> =>
  Result.flatMap(schemaOf(tool), (schema) => {
    const strict = Tool.getStrictMode(tool) === true
    const { problems, schema: narrowed } = strict
      ? JsonSchemaTransform.strict(schema)
      : { problems: [], schema }
    if (problems.length > 0) {
      const said = problems.map(({ message, path }) => `${path.join(".") || "at the top"}: ${message}`)
      return fail(tool, `it cannot be strict. ${said.join(" ")}`)
    }
    const description = Tool.getDescription(tool)
    const definition = {
      name: tool.name,
      ...(description === undefined ? undefined : { description }),
      input_schema: narrowed,
      ...(strict ? { strict } : undefined)
    }
    return isTool(definition) ? Result.succeed(definition) : fail(tool, "its parameters are not an object.")
  })

const schemaOf = (tool: Tool.Any): Result.Result<JsonSchema.JsonSchema, ToolSchemaError> => {
  if (Tool.isDynamic(tool) && tool.jsonSchema !== undefined) {
    return Result.succeed({ type: "object", ...tool.jsonSchema })
  }
  return Result.try({
    try: () => JsonSchemaTransform.fromSchema(tool.parametersSchema),
    catch: (cause) =>
      new ToolSchemaError({
        tool: tool.name,
        problem: cause instanceof Error ? cause.message : "its parameters have no JSON Schema."
      })
  })
}

const fail = (tool: Tool.Any, problem: string): Result.Result<never, ToolSchemaError> =>
  Result.fail(new ToolSchemaError({ tool: tool.name, problem }))
