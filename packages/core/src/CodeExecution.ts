/**
 * The results of code that the model runs on the server: code, shell commands
 * and the editor.
 *
 * These blocks have no deltas in a stream, and are sent back unchanged. The
 * result of a failed call has an error as `content`, with an open `error_code`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import { toolFailure } from "./internal/toolFailure.ts"
import * as Wire from "./Wire.ts"

const head = { tool_use_id: Schema.String, ...CacheControl.field }

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * A file that executed code created.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CodeExecutionOutput extends Wire.Class<CodeExecutionOutput>()("CodeExecutionOutput", {
  type: Schema.Literal("code_execution_output"),
  file_id: Schema.String
}) {}

/**
 * A file that a shell command created.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BashCodeExecutionOutput extends Wire.Class<BashCodeExecutionOutput>()("BashCodeExecutionOutput", {
  type: Schema.Literal("bash_code_execution_output"),
  file_id: Schema.String
}) {}

/**
 * The output and return code of executed code.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CodeExecutionResult extends Wire.Class<CodeExecutionResult>()("CodeExecutionResult", {
  type: Schema.Literal("code_execution_result"),
  stdout: Schema.String,
  stderr: Schema.String,
  return_code: Schema.Finite,
  content: Schema.Array(CodeExecutionOutput),
  abort_reason: Wire.nullish(Schema.String)
}) {}

/**
 * The return code of executed code, and its encrypted output. Send it back
 * unmodified.
 *
 * @category schemas
 * @since 0.1.0
 */
export class EncryptedCodeExecutionResult
  extends Wire.Class<EncryptedCodeExecutionResult>()("EncryptedCodeExecutionResult", {
    type: Schema.Literal("encrypted_code_execution_result"),
    encrypted_stdout: Schema.String,
    stderr: Schema.String,
    return_code: Schema.Finite,
    content: Schema.Array(CodeExecutionOutput)
  })
{}

/**
 * Why code could not be executed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CodeExecutionError = toolFailure("CodeExecutionError", "code_execution_tool_result_error", [
  "invalid_tool_input",
  "unavailable",
  "too_many_requests",
  "execution_time_exceeded"
])

/**
 * Why code could not be executed.
 *
 * @category models
 * @since 0.1.0
 */
export interface CodeExecutionError extends Schema.Schema.Type<typeof CodeExecutionError> {}

/**
 * The result of executed code.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CodeExecutionToolResult extends Wire.Class<CodeExecutionToolResult>()("CodeExecutionToolResult", {
  type: Schema.Literal("code_execution_tool_result"),
  ...head,
  content: Wire.openUnion("CodeExecutionContent", [
    CodeExecutionResult,
    EncryptedCodeExecutionResult,
    CodeExecutionError
  ])
}) {}

/**
 * The output and return code of a shell command.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BashCodeExecutionResult extends Wire.Class<BashCodeExecutionResult>()("BashCodeExecutionResult", {
  type: Schema.Literal("bash_code_execution_result"),
  stdout: Schema.String,
  stderr: Schema.String,
  return_code: Schema.Finite,
  content: Schema.Array(BashCodeExecutionOutput)
}) {}

/**
 * Why a shell command could not be executed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const BashCodeExecutionError = toolFailure("BashCodeExecutionError", "bash_code_execution_tool_result_error", [
  "invalid_tool_input",
  "unavailable",
  "too_many_requests",
  "execution_time_exceeded",
  "output_file_too_large"
])

/**
 * Why a shell command could not be executed.
 *
 * @category models
 * @since 0.1.0
 */
export interface BashCodeExecutionError extends Schema.Schema.Type<typeof BashCodeExecutionError> {}

/**
 * The result of a shell command.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BashCodeExecutionToolResult
  extends Wire.Class<BashCodeExecutionToolResult>()("BashCodeExecutionToolResult", {
    type: Schema.Literal("bash_code_execution_tool_result"),
    ...head,
    content: Wire.openUnion("BashCodeExecutionContent", [BashCodeExecutionResult, BashCodeExecutionError])
  })
{}

/**
 * A file that the editor displayed.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TextEditorViewResult extends Wire.Class<TextEditorViewResult>()("TextEditorViewResult", {
  type: Schema.Literal("text_editor_code_execution_view_result"),
  content: Schema.String,
  file_type: Wire.openEnum("ViewedFileType", ["text", "image", "pdf"]),
  num_lines: Wire.nullish(Schema.Finite),
  start_line: Wire.nullish(Schema.Finite),
  total_lines: Wire.nullish(Schema.Finite)
}) {}

/**
 * A file that the editor wrote.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TextEditorCreateResult extends Wire.Class<TextEditorCreateResult>()("TextEditorCreateResult", {
  type: Schema.Literal("text_editor_code_execution_create_result"),
  is_file_update: Schema.Boolean
}) {}

/**
 * A change that the editor made.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TextEditorStrReplaceResult extends Wire.Class<TextEditorStrReplaceResult>()("TextEditorStrReplaceResult", {
  type: Schema.Literal("text_editor_code_execution_str_replace_result"),
  lines: Wire.nullish(Schema.Array(Schema.String)),
  new_lines: Wire.nullish(Schema.Finite),
  new_start: Wire.nullish(Schema.Finite),
  old_lines: Wire.nullish(Schema.Finite),
  old_start: Wire.nullish(Schema.Finite)
}) {}

/**
 * Why the editor failed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TextEditorError = toolFailure("TextEditorError", "text_editor_code_execution_tool_result_error", [
  "invalid_tool_input",
  "unavailable",
  "too_many_requests",
  "execution_time_exceeded",
  "file_not_found"
])

/**
 * Why the editor failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface TextEditorError extends Schema.Schema.Type<typeof TextEditorError> {}

/**
 * The result of the editor.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TextEditorCodeExecutionToolResult = Wire.struct("TextEditorCodeExecutionToolResult", {
  type: Schema.Literal("text_editor_code_execution_tool_result"),
  ...head,
  content: Wire.openUnion("TextEditorContent", [
    TextEditorViewResult,
    TextEditorCreateResult,
    TextEditorStrReplaceResult,
    TextEditorError
  ])
})

/**
 * The result of the editor.
 *
 * @category models
 * @since 0.1.0
 */
export interface TextEditorCodeExecutionToolResult
  extends Schema.Schema.Type<typeof TextEditorCodeExecutionToolResult>
{}
