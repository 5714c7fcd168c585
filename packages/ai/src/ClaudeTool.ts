/**
 * The tools that Anthropic defines, as provider-defined tools of effect/ai.
 *
 * Add one to a `Toolkit` like any other tool. Tools the server runs (`webSearch`,
 * `codeExecution`, …) need no handler: their calls and results come back in the
 * response, as provider-executed parts, and are sent back unchanged in the next
 * turn. Tools the caller runs (`bash`, `memory`, `computer`, …) need one, under the
 * name of the tool: `ClaudeBash`, `ClaudeMemory`.
 *
 * Options are the wire's own fields under their own names. The newest version of a
 * tool is the default; name another with `type`.
 *
 * **Example** (Searching the web beside a tool of one's own)
 *
 * ```ts
 * import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
 * import * as Tool from "effect/ai/Tool"
 * import * as Toolkit from "effect/ai/Toolkit"
 * import * as Schema from "effect/Schema"
 *
 * const toolkit = Toolkit.make(
 *   ClaudeTool.webSearch({ max_uses: 3 }),
 *   Tool.make("book", { parameters: Schema.Struct({ flight: Schema.String }) })
 * )
 *
 * Object.keys(toolkit.tools) // => ["ClaudeWebSearch", "book"]
 * ```
 *
 * @since 0.1.0
 */
import type * as CacheControl from "@effect-claude/core/CacheControl"
import * as Mcp from "@effect-claude/core/Mcp"
import type * as ServerTool from "@effect-claude/core/ServerTool"
import type * as Toolset from "@effect-claude/core/Toolset"
import * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import type * as Schema from "effect/Schema"
import * as ClaudeToolInput from "./ClaudeToolInput.ts"
import * as Definitions from "./internal/definitions.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A tool the server runs: its calls come back answered.
 *
 * @category models
 * @since 0.1.0
 */
export interface OnServer<
  Name extends string,
  Args extends Schema.Constraint,
  Parameters extends Schema.Constraint,
  Result extends Schema.Constraint
> extends
  Tool.ProviderDefined<`claude.${string}`, Name, {
    readonly args: Args
    readonly parameters: Parameters
    readonly success: Result
    readonly failure: Result
    readonly failureMode: "error"
  }>
{}

/**
 * A tool the caller runs, with a handler under its name.
 *
 * @category models
 * @since 0.1.0
 */
export interface OnClient<
  Name extends string,
  Args extends Schema.Constraint,
  Parameters extends Schema.Constraint,
  Result extends Schema.Constraint,
  Mode extends Tool.FailureMode | undefined
> extends
  Tool.ProviderDefined<`claude.${string}`, Name, {
    readonly args: Args
    readonly parameters: Parameters
    readonly success: Result
    readonly failure: typeof Schema.String
    readonly failureMode: Mode extends undefined ? "error" : Mode
  }, true>
{}

/**
 * Options of a tool: the fields of its definition on the wire, without its name.
 *
 * @category options
 * @since 0.1.0
 */
export type Options<Definition extends { readonly type: string }> =
  & Omit<Definition, "type" | "name">
  & {
    /**
     * The version of the tool.
     *
     * @default the newest
     */
    readonly type?: Definition["type"] | undefined
  }

/**
 * What becomes of a failure of the handler: it fails the call (`"error"`), or the
 * model is told (`"return"`).
 *
 * @category options
 * @since 0.1.0
 */
export interface HandlerOptions<Mode extends Tool.FailureMode | undefined> {
  /**
   * @default "error"
   */
  readonly failureMode?: Mode | undefined
}

/**
 * What the API can be told of any tool, beside what effect/ai knows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  /** Ends a cached prefix with this tool. */
  readonly cache_control?: CacheControl.CacheControl | undefined
  /** Leaves the definition out until a tool search finds it. */
  readonly defer_loading?: boolean | undefined
  /** Who may call the tool: the model itself, code it runs, or both. */
  readonly allowed_callers?: ReadonlyArray<string> | undefined
  /** Inputs that show how the tool is used. */
  readonly input_examples?: ReadonlyArray<unknown> | undefined
  /** Streams the input without waiting for it to be valid JSON. */
  readonly eager_input_streaming?: boolean | undefined
}

/**
 * Settings of a tool for the Claude API: `tool.annotate(ClaudeTool.Settings, …)`.
 * Whether a tool is strict is effect/ai's own annotation, `Tool.Strict`.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Settings: Context.Reference<Settings> = Context.Reference<Settings>(
  "@effect-claude/ai/ClaudeTool/Settings",
  { defaultValue: () => ({}) }
)

// -----------------------------------------------------------------------------
// tools the server runs
// -----------------------------------------------------------------------------

/**
 * Searches the web. Results come back as the call's result and as `source` parts.
 *
 * @category server tools
 * @since 0.1.0
 */
export const webSearch = (options?: Options<ServerTool.WebSearch>): OnServer<
  "ClaudeWebSearch",
  typeof ServerTool.WebSearch,
  typeof ClaudeToolInput.WebSearch,
  typeof Definitions.webSearchResult
> => Definitions.webSearch({ name: "web_search", ...options, type: options?.type ?? "web_search_20260318" })

/**
 * Fetches pages and documents whose addresses the conversation holds.
 *
 * @category server tools
 * @since 0.1.0
 */
export const webFetch = (options?: Options<ServerTool.WebFetch>): OnServer<
  "ClaudeWebFetch",
  typeof ServerTool.WebFetch,
  typeof ClaudeToolInput.WebFetch,
  typeof Definitions.webFetchResult
> => Definitions.webFetch({ name: "web_fetch", ...options, type: options?.type ?? "web_fetch_20260318" })

/**
 * Runs code in a container. Files it makes come back as `source` parts that name
 * their file ids.
 *
 * @category server tools
 * @since 0.1.0
 */
export const codeExecution = (options?: Options<ServerTool.CodeExecution>): OnServer<
  "ClaudeCodeExecution",
  typeof ServerTool.CodeExecution,
  typeof ClaudeToolInput.CodeExecution,
  typeof Definitions.codeExecutionResult
> => Definitions.codeExecution({ name: "code_execution", ...options, type: options?.type ?? "code_execution_20260521" })

/**
 * Finds tools among those whose definitions are deferred, by words or by pattern.
 *
 * @category server tools
 * @since 0.1.0
 */
export const toolSearch = (options?: Options<ServerTool.ToolSearch>): OnServer<
  "ClaudeToolSearch",
  typeof ServerTool.ToolSearch,
  typeof ClaudeToolInput.ToolSearch,
  typeof Definitions.toolSearchResult
> => {
  const type = options?.type ?? "tool_search_tool_bm25_20251119"
  const name = type.startsWith("tool_search_tool_regex") ? "tool_search_tool_regex" : "tool_search_tool_bm25"
  return Definitions.toolSearch({ name, ...options, type })
}

/**
 * Lets the model ask another one for advice.
 *
 * @category server tools
 * @since 0.1.0
 */
export const advisor = (options: Options<ServerTool.Advisor>): OnServer<
  "ClaudeAdvisor",
  typeof ServerTool.Advisor,
  typeof ClaudeToolInput.Advisor,
  typeof Definitions.advisorResult
> => Definitions.advisor({ name: "advisor", ...options, type: options.type ?? "advisor_20260301" })

/**
 * The tools of an MCP server, which the request names under `mcp_servers`. The
 * tool is called `ClaudeMcp_` and the server's name.
 *
 * @category server tools
 * @since 0.1.0
 */
export const mcpToolset = <const Server extends string>(
  options: Options<Mcp.Toolset> & { readonly mcp_server_name: Server }
): OnServer<
  `ClaudeMcp_${Server}`,
  typeof Mcp.Toolset,
  typeof ClaudeToolInput.Mcp,
  typeof Definitions.mcpResult
> =>
  Tool.providerDefined({
    id: `claude.mcp_toolset.${options.mcp_server_name}`,
    customName: `ClaudeMcp_${options.mcp_server_name}`,
    providerName: options.mcp_server_name,
    args: Mcp.Toolset,
    parameters: ClaudeToolInput.Mcp,
    success: Definitions.mcpResult,
    failure: Definitions.mcpResult
  })({ ...options, type: options.type ?? "mcp_toolset" })

// -----------------------------------------------------------------------------
// tools the caller runs
// -----------------------------------------------------------------------------

/**
 * A shell, run by the handler `ClaudeBash`.
 *
 * @category client tools
 * @since 0.1.0
 */
export const bash = <Mode extends Tool.FailureMode | undefined = undefined>(
  options?: Options<ServerTool.Bash> & HandlerOptions<Mode>
): OnClient<"ClaudeBash", typeof ServerTool.Bash, typeof ClaudeToolInput.Bash, typeof Schema.String, Mode> =>
  Definitions.bash<Mode>({ name: "bash", ...options, type: options?.type ?? "bash_20250124" })

/**
 * An editor of text files, run by the handler `ClaudeTextEditor`.
 *
 * @category client tools
 * @since 0.1.0
 */
export const textEditor = <Mode extends Tool.FailureMode | undefined = undefined>(
  options?: Options<ServerTool.TextEditor> & HandlerOptions<Mode>
): OnClient<
  "ClaudeTextEditor",
  typeof ServerTool.TextEditor,
  typeof ClaudeToolInput.TextEditor,
  typeof Schema.String,
  Mode
> => {
  const type = options?.type ?? "text_editor_20250728"
  const isOld = type === "text_editor_20250124" || type === "text_editor_20241022"
  return Definitions.textEditor<Mode>({
    name: isOld ? "str_replace_editor" : "str_replace_based_edit_tool",
    ...options,
    type
  })
}

/**
 * Files the model keeps between conversations, run by the handler `ClaudeMemory`.
 *
 * @category client tools
 * @since 0.1.0
 */
export const memory = <Mode extends Tool.FailureMode | undefined = undefined>(
  options?: Options<ServerTool.Memory> & HandlerOptions<Mode>
): OnClient<"ClaudeMemory", typeof ServerTool.Memory, typeof ClaudeToolInput.Memory, typeof Schema.String, Mode> =>
  Definitions.memory<Mode>({ name: "memory", ...options, type: options?.type ?? "memory_20250818" })

/**
 * What a handler may answer where text is not enough: text, or blocks as a
 * `tool_result` holds them (a screenshot is an image block).
 *
 * @category schemas
 * @since 0.1.0
 */
export const Blocks: typeof Definitions.blocks = Definitions.blocks

/**
 * A screen, a keyboard and a mouse, run by the handler `ClaudeComputer`.
 *
 * @category client tools
 * @since 0.1.0
 */
export const computer = <Mode extends Tool.FailureMode | undefined = undefined>(
  options: Options<ServerTool.Computer> & HandlerOptions<Mode>
): OnClient<"ClaudeComputer", typeof ServerTool.Computer, typeof ClaudeToolInput.Computer, typeof Blocks, Mode> =>
  Definitions.computer<Mode>({ name: "computer", ...options, type: options.type ?? "computer_20251124" })

/**
 * A computer as a set of tools, run by the one handler `ClaudeComputerToolset`,
 * which is told the member.
 *
 * @category client tools
 * @since 0.1.0
 */
export const computerToolset = <Mode extends Tool.FailureMode | undefined = undefined>(
  options?: Options<Toolset.ComputerToolset> & HandlerOptions<Mode>
): OnClient<
  "ClaudeComputerToolset",
  typeof Toolset.ComputerToolset,
  typeof ClaudeToolInput.Member,
  typeof Blocks,
  Mode
> => Definitions.computerToolset<Mode>({ ...options, type: options?.type ?? "computer_toolset_20260801" })

/**
 * A browser as a set of tools, run by the one handler `ClaudeBrowserToolset`,
 * which is told the member.
 *
 * @category client tools
 * @since 0.1.0
 */
export const browserToolset = <Mode extends Tool.FailureMode | undefined = undefined>(
  options?: Options<Toolset.BrowserToolset> & HandlerOptions<Mode>
): OnClient<
  "ClaudeBrowserToolset",
  typeof Toolset.BrowserToolset,
  typeof ClaudeToolInput.Member,
  typeof Blocks,
  Mode
> => Definitions.browserToolset<Mode>({ ...options, type: options?.type ?? "browser_toolset_20260801" })
