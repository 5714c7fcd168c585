/**
 * From the tools of effect/ai to definitions on the wire.
 *
 * @since 0.1.0
 */
import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
import type * as CoreTool from "@effect-claude/core/Tool"
import * as Wire from "@effect-claude/core/Wire"
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as ClaudeTool from "../ClaudeTool.ts"
import * as Json from "./json.ts"

/** What the provider may be told of tools beside the tools themselves. */
export interface Options {
  readonly strictTools: boolean
}

/** Defines a tool on the wire. */
export const define = (
  tool: Tool.Any,
  options: Options
): Effect.Effect<CoreTool.Tool, AiError.AiErrorReason> =>
  Effect.fromResult(Tool.isProviderDefined(tool) ? defineProvided(tool) : defineOwn(tool, options))

const defineProvided = (tool: Tool.AnyProviderDefined): Result.Result<CoreTool.Tool, AiError.AiErrorReason> => {
  if (!isClaude(tool)) {
    return Result.fail(
      new AiError.ToolConfigurationError({
        toolName: tool.name,
        description: `It belongs to another provider (${tool.id}). Use a tool of ClaudeTool, or one with a handler.`
      })
    )
  }
  const { failureMode: _, type, ...definition } = definitionOf(tool)
  return typeof type === "string"
    ? Result.succeed(Wire.unknown({ type, ...definition, ...settingsOf(tool) }))
    : Result.fail(
      new AiError.ToolConfigurationError({ toolName: tool.name, description: "Its definition has no type." })
    )
}

const defineOwn = (tool: Tool.Any, options: Options): Result.Result<CoreTool.Tool, AiError.AiErrorReason> =>
  Result.map(inputSchema(tool, options), ({ isStrict, schema }): CoreTool.Tool => {
    const description = Tool.getDescription(tool)
    return {
      name: tool.name,
      ...(description === undefined ? undefined : { description }),
      input_schema: { ...schema, type: "object" },
      ...(isStrict ? { strict: true } : undefined),
      ...settingsOf(tool)
    }
  })

const inputSchema = (
  tool: Tool.Any,
  options: Options
): Result.Result<
  { readonly schema: JsonSchema.JsonSchema; readonly isStrict: boolean },
  AiError.AiErrorReason
> => {
  const isStrict = Tool.getStrictMode(tool) ?? options.strictTools
  const given = Tool.isDynamic(tool) && tool.jsonSchema !== undefined
    ? Result.succeed<JsonSchema.JsonSchema>(tool.jsonSchema)
    : jsonSchemaOf(tool.parametersSchema)
  if (Result.isFailure(given)) return Result.fail(given.failure)
  const schema = given.success["type"] === undefined ? { type: "object", ...given.success } : given.success
  if (!isStrict) return Result.succeed({ schema, isStrict })
  const { problems, schema: narrowed } = JsonSchemaTransform.strict(schema)
  return problems.length === 0 ? Result.succeed({ schema: narrowed, isStrict }) : Result.fail(
    new AiError.ToolConfigurationError({
      toolName: tool.name,
      description: `Its parameters cannot be strict. ${
        problems.map(({ message, path }) => `${path.join(".") || "the top"}: ${message}`).join(" ")
      }`
    })
  )
}

const cache = new WeakMap<Schema.Constraint, JsonSchema.JsonSchema>()

/** The JSON Schema of a schema, made once. */
export const jsonSchemaOf = (
  schema: Schema.Constraint
): Result.Result<JsonSchema.JsonSchema, AiError.UnsupportedSchemaError> => {
  const known = cache.get(schema)
  if (known !== undefined) return Result.succeed(known)
  const made = Result.try({
    try: () => JsonSchemaTransform.fromSchema(schema),
    catch: (error) =>
      new AiError.UnsupportedSchemaError({ description: error instanceof Error ? error.message : String(error) })
  })
  if (Result.isSuccess(made)) cache.set(schema, made.success)
  return made
}

/** Chooses among the tools as effect/ai was told to. */
export const choice = (
  toolChoice: LanguageModel.ToolChoice<string>,
  tools: ReadonlyArray<Tool.Any>,
  disableParallel: boolean | undefined
): CoreTool.ToolChoice => {
  const parallel = disableParallel === undefined ? undefined : { disable_parallel_tool_use: disableParallel }
  if (toolChoice === "none") return { type: "none" }
  if (toolChoice === "auto") return { type: "auto", ...parallel }
  if (toolChoice === "required") return { type: "any", ...parallel }
  if ("tool" in toolChoice) {
    const tool = tools.find(({ name }) => name === toolChoice.tool)
    return { type: "tool", name: tool === undefined ? toolChoice.tool : wireNameOf(tool), ...parallel }
  }
  return { type: toolChoice.mode === "required" ? "any" : "auto", ...parallel }
}

/** The name by which the model calls a tool. */
export const wireNameOf = (tool: Tool.Any): string => {
  if (!Tool.isProviderDefined(tool)) return tool.name
  const name = definitionOf(tool)["name"]
  return typeof name === "string" ? name : tool.name
}

/** Whether a provider-defined tool is one of ours. */
export const isClaude = (tool: Tool.AnyProviderDefined): boolean => String(tool.id).startsWith("claude.")

const definitionOf = (tool: { readonly args: unknown }): { readonly [field: string]: unknown } =>
  Json.isObject(tool.args) ? tool.args : {}

const settingsOf = (tool: Tool.Any): ClaudeTool.Settings => Context.get(tool.annotations, ClaudeTool.Settings)
