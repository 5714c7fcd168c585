/**
 * The caller of a tool: the model itself, or code that it runs on the server.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * The model called the tool itself.
 *
 * @category schemas
 * @since 0.1.0
 */
export class DirectCaller extends Wire.Class<DirectCaller>()("DirectCaller", {
  type: Schema.Literal("direct")
}) {}

/**
 * Code that the model runs on the server called the tool. `tool_id` is the id
 * of the code execution call.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CodeExecutionCaller extends Wire.Class<CodeExecutionCaller>()("CodeExecutionCaller", {
  type: Schema.Literals(["code_execution_20250825", "code_execution_20260120", "code_execution_20260521"]),
  tool_id: Schema.String
}) {}

/**
 * The caller of a tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Caller: Wire.OpenUnion<DirectCaller | CodeExecutionCaller> = Wire.openUnion("Caller", [
  DirectCaller,
  CodeExecutionCaller
])

/**
 * The caller of a tool.
 *
 * @category models
 * @since 0.1.0
 */
export type Caller = typeof Caller.Type

/**
 * The field of a block that has a caller.
 *
 * @category fields
 * @since 0.1.0
 */
export const field = { caller: Wire.nullish(Caller) }
