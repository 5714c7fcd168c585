/**
 * The inputs of the tools that Anthropic defines: what a handler of `ClaudeTool`
 * receives, and what a tool that the server runs was called with.
 *
 * Inputs of tools the server runs are open: a field the API adds or leaves out
 * does not fail a response. Inputs of tools a handler runs are checked, so that a
 * handler sees what it declares.
 *
 * @since 0.1.0
 */
import * as Wire from "@effect-claude/core/Wire"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// tools a handler runs
// -----------------------------------------------------------------------------

/**
 * Input of `ClaudeTool.bash`: a command to run, or a request to start over.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Bash = Schema.Struct({
  command: Schema.optionalKey(Schema.String),
  restart: Schema.optionalKey(Schema.Boolean)
})

const range = Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Int)))

const view = Schema.Struct({ command: Schema.tag("view"), path: Schema.String, view_range: range })

const create = Schema.Struct({ command: Schema.tag("create"), path: Schema.String, file_text: Schema.String })

const replace = Schema.Struct({
  command: Schema.tag("str_replace"),
  path: Schema.String,
  old_str: Schema.String,
  new_str: Schema.optionalKey(Schema.String)
})

/**
 * Input of `ClaudeTool.textEditor`. Older versions insert `new_str` where newer
 * ones insert `insert_text`, and know `undo_edit`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TextEditor = Schema.Union([
  view,
  create,
  replace,
  Schema.Struct({
    command: Schema.tag("insert"),
    path: Schema.String,
    insert_line: Schema.Int,
    insert_text: Schema.optionalKey(Schema.String),
    new_str: Schema.optionalKey(Schema.String)
  }),
  Schema.Struct({ command: Schema.tag("undo_edit"), path: Schema.String })
])

/**
 * Input of `ClaudeTool.memory`: an operation on the files below `/memories`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Memory = Schema.Union([
  view,
  create,
  replace,
  Schema.Struct({
    command: Schema.tag("insert"),
    path: Schema.String,
    insert_line: Schema.Int,
    insert_text: Schema.String
  }),
  Schema.Struct({ command: Schema.tag("delete"), path: Schema.String }),
  Schema.Struct({ command: Schema.tag("rename"), old_path: Schema.String, new_path: Schema.String })
])

const point = Schema.Array(Schema.Int)

/**
 * Input of `ClaudeTool.computer`: an action, with what that action takes.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Computer = Schema.Struct({
  action: Schema.String,
  coordinate: Schema.optionalKey(Schema.NullOr(point)),
  start_coordinate: Schema.optionalKey(point),
  text: Schema.optionalKey(Schema.String),
  scroll_direction: Schema.optionalKey(Schema.Literals(["up", "down", "left", "right"])),
  scroll_amount: Schema.optionalKey(Schema.Int),
  duration: Schema.optionalKey(Schema.Finite),
  repeat: Schema.optionalKey(Schema.Int),
  region: Schema.optionalKey(point)
})

/**
 * Input of a toolset: the member that is called, and what it is called with.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Member = Schema.Struct({
  member: Schema.String,
  input: Schema.Record(Schema.String, Schema.Json)
})

// -----------------------------------------------------------------------------
// tools the server runs
// -----------------------------------------------------------------------------

/**
 * Input of `ClaudeTool.webSearch`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const WebSearch = Wire.struct("WebSearchInput", { query: Wire.nullish(Schema.String) })

/**
 * Input of `ClaudeTool.webFetch`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const WebFetch = Wire.struct("WebFetchInput", { url: Wire.nullish(Schema.String) })

/**
 * Input of `ClaudeTool.codeExecution`: Python, a shell command, or an operation
 * on a file, by the version of the tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CodeExecution = Wire.struct("CodeExecutionInput", {
  code: Wire.nullish(Schema.String),
  command: Wire.nullish(Schema.String),
  path: Wire.nullish(Schema.String),
  file_text: Wire.nullish(Schema.String),
  old_str: Wire.nullish(Schema.String),
  new_str: Wire.nullish(Schema.String)
})

/**
 * Input of `ClaudeTool.toolSearch`: words, or a pattern, by the kind of search.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ToolSearch = Wire.struct("ToolSearchInput", {
  query: Wire.nullish(Schema.String),
  pattern: Wire.nullish(Schema.String)
})

/**
 * Input of `ClaudeTool.advisor`: nothing, since the advisor reads the
 * conversation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Advisor = Wire.struct("AdvisorInput", {})

/**
 * Input of a tool on an MCP server: its name there, and what it is called with.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Mcp = Wire.struct("McpInput", { name: Schema.String, input: Wire.Json })
