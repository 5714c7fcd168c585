/**
 * The tools that the model may call: client tools, and tools that the API
 * defines.
 *
 * A client tool has a name, a description and a JSON Schema of its input.
 * `ToolChoice` determines whether the model must call a tool, and which one.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Mcp from "./Mcp.ts"
import * as ServerTool from "./ServerTool.ts"
import * as Toolset from "./Toolset.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The JSON Schema (2020-12) of the input of a tool, with any keyword. The API
 * requires its `type`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InputSchema = Wire.make(
  Schema.StructWithRest(
    Schema.Struct({
      type: Schema.Literal("object"),
      properties: Wire.nullish(Wire.Json),
      required: Wire.nullish(Schema.Array(Schema.String))
    }),
    [Schema.Record(Schema.String, Wire.Json)]
  ),
  "InputSchema"
)

/**
 * The JSON Schema (2020-12) of the input of a tool.
 *
 * @category models
 * @since 0.1.0
 */
export interface InputSchema extends Schema.Schema.Type<typeof InputSchema> {}

/**
 * A client tool. The model decides by the description: write what the tool
 * does, when to use it and what it returns.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CustomTool extends Wire.Class<CustomTool>()("CustomTool", {
  type: Wire.nullish(Schema.Literal("custom")),
  name: Schema.String,
  description: Wire.nullish(Schema.String),
  input_schema: InputSchema,
  eager_input_streaming: Wire.nullish(Schema.Boolean),
  ...ServerTool.examples,
  ...ServerTool.common
}) {}

/**
 * A tool the model may call.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tool: Wire.OpenUnion<
  | CustomTool
  | ServerTool.Bash
  | ServerTool.TextEditor
  | ServerTool.Memory
  | ServerTool.Computer
  | Toolset.ComputerToolset
  | Toolset.BrowserToolset
  | ServerTool.WebSearch
  | ServerTool.WebFetch
  | ServerTool.CodeExecution
  | ServerTool.ToolSearch
  | ServerTool.Advisor
  | Mcp.Toolset
> = Wire.openUnion("Tool", [
  CustomTool,
  ServerTool.Bash,
  ServerTool.TextEditor,
  ServerTool.Memory,
  ServerTool.Computer,
  Toolset.ComputerToolset,
  Toolset.BrowserToolset,
  ServerTool.WebSearch,
  ServerTool.WebFetch,
  ServerTool.CodeExecution,
  ServerTool.ToolSearch,
  ServerTool.Advisor,
  Mcp.Toolset
], { untagged: CustomTool })

/**
 * A tool the model may call.
 *
 * @category models
 * @since 0.1.0
 */
export type Tool = typeof Tool.Type

/**
 * The model decides whether to call a tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolChoiceAuto extends Wire.Class<ToolChoiceAuto>()("ToolChoiceAuto", {
  type: Schema.Literal("auto"),
  disable_parallel_tool_use: Wire.nullish(Schema.Boolean)
}) {}

/**
 * The model must call a tool, whichever it chooses.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolChoiceAny extends Wire.Class<ToolChoiceAny>()("ToolChoiceAny", {
  type: Schema.Literal("any"),
  disable_parallel_tool_use: Wire.nullish(Schema.Boolean)
}) {}

/**
 * The model must call this tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolChoiceTool extends Wire.Class<ToolChoiceTool>()("ToolChoiceTool", {
  type: Schema.Literal("tool"),
  name: Schema.String,
  disable_parallel_tool_use: Wire.nullish(Schema.Boolean)
}) {}

/**
 * The model may not call a tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolChoiceNone extends Wire.Class<ToolChoiceNone>()("ToolChoiceNone", {
  type: Schema.Literal("none")
}) {}

/**
 * Whether the model must call a tool, and which one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolChoice: Wire.OpenUnion<ToolChoiceAuto | ToolChoiceAny | ToolChoiceTool | ToolChoiceNone> = Wire
  .openUnion("ToolChoice", [
    ToolChoiceAuto,
    ToolChoiceAny,
    ToolChoiceTool,
    ToolChoiceNone
  ])

/**
 * Whether the model must call a tool, and which one.
 *
 * @category models
 * @since 0.1.0
 */
export type ToolChoice = typeof ToolChoice.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a client tool.
 *
 * **Example** (Describing a tool by hand)
 *
 * ```ts
 * import * as Tool from "@effect-claude/core/Tool"
 *
 * const weather = Tool.custom({
 *   name: "get_weather",
 *   description: "Returns the current weather of a city, in degrees Celsius.",
 *   input_schema: {
 *     type: "object",
 *     properties: { city: { type: "string" } },
 *     required: ["city"]
 *   }
 * })
 *
 * weather.name // => "get_weather"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const custom = (tool: CustomTool): CustomTool => tool

/**
 * Lets the model decide whether to call a tool.
 *
 * @category constructors
 * @since 0.1.0
 */
export const auto: ToolChoiceAuto = { type: "auto" }

/**
 * Makes the model call a tool, whichever it chooses.
 *
 * @category constructors
 * @since 0.1.0
 */
export const any: ToolChoiceAny = { type: "any" }

/**
 * Prevents the model from calling tools.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: ToolChoiceNone = { type: "none" }

/**
 * Makes the model call the named tool.
 *
 * @category constructors
 * @since 0.1.0
 */
export const choose = (name: string): ToolChoiceTool => ({ type: "tool", name })

/**
 * Returns whether a tool runs on the server. A request with such a tool may
 * have had effects even if no response arrived.
 *
 * @category guards
 * @since 0.1.0
 */
export const runsOnServer = (tool: Tool): boolean => typeof tool.type === "string" && serverSide.has(tool.type)

/** By tag and not by schema, so that a bundle that only calls this function does not contain the schemas. */
const serverSide: ReadonlySet<string> = new Set<string>([
  "web_search_20260318",
  "web_search_20260209",
  "web_search_20250305",
  "web_fetch_20260318",
  "web_fetch_20260309",
  "web_fetch_20260209",
  "web_fetch_20250910",
  "code_execution_20260521",
  "code_execution_20260120",
  "code_execution_20250825",
  "code_execution_20250522",
  "advisor_20260301",
  "mcp_toolset"
])
