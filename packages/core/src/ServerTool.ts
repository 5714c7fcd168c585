/**
 * Tools that the API defines: server tools, which the API runs, and client
 * tools, which the client runs. `Toolset` has sets of tools.
 *
 * Every dated version is listed, and the union is open.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CacheControl from "./CacheControl.ts"
import * as Wire from "./Wire.ts"

const ToolByName = Wire.struct("ToolByName", { type: Schema.Literal("tool_reference"), name: Schema.String })

// -----------------------------------------------------------------------------
// fields
// -----------------------------------------------------------------------------

/**
 * The optional fields of every named tool.
 *
 * @category fields
 * @since 0.1.0
 */
export const common = {
  allowed_callers: Schema.optional(Schema.Array(Wire.openEnum("AllowedCaller", [
    "direct",
    "code_execution_20250825",
    "code_execution_20260120",
    "code_execution_20260521"
  ]))),
  defer_loading: Wire.nullish(Schema.Boolean),
  strict: Wire.nullish(Schema.Boolean),
  ...CacheControl.field
}

/**
 * The optional field of tools that the client runs: examples of their input.
 *
 * @category fields
 * @since 0.1.0
 */
export const examples = { input_examples: Wire.nullish(Schema.Array(Wire.Json)) }

// -----------------------------------------------------------------------------
// tools that the client runs
// -----------------------------------------------------------------------------

/**
 * A shell.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Bash extends Wire.Class<Bash>()("Bash", {
  type: Schema.Literals(["bash_20250124", "bash_20241022"]),
  name: Schema.Literal("bash"),
  ...examples,
  ...common
}) {}

/**
 * A text editor.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TextEditor extends Wire.Class<TextEditor>()("TextEditor", {
  type: Schema.Literals([
    "text_editor_20250728",
    "text_editor_20250429",
    "text_editor_20250124",
    "text_editor_20241022"
  ]),
  name: Wire.openEnum("TextEditorName", ["str_replace_based_edit_tool", "str_replace_editor"]),
  max_characters: Wire.nullish(Schema.Finite),
  ...examples,
  ...common
}) {}

/**
 * A folder in which the model stores memories.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Memory extends Wire.Class<Memory>()("Memory", {
  type: Schema.Literal("memory_20250818"),
  name: Schema.Literal("memory"),
  ...examples,
  ...common
}) {}

/**
 * A screen, a keyboard and a mouse, as one tool.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Computer extends Wire.Class<Computer>()("Computer", {
  type: Schema.Literals(["computer_20251124", "computer_20250124", "computer_20241022"]),
  name: Schema.Literal("computer"),
  display_width_px: Schema.Finite,
  display_height_px: Schema.Finite,
  display_number: Wire.nullish(Schema.Finite),
  enable_zoom: Wire.nullish(Schema.Boolean),
  ...examples,
  ...common
}) {}

// -----------------------------------------------------------------------------
// tools that the server runs
// -----------------------------------------------------------------------------

/**
 * The approximate location of the user.
 *
 * @category schemas
 * @since 0.1.0
 */
export class UserLocation extends Wire.Class<UserLocation>()("UserLocation", {
  type: Schema.Literal("approximate"),
  city: Wire.nullish(Schema.String),
  region: Wire.nullish(Schema.String),
  country: Wire.nullish(Schema.String),
  timezone: Wire.nullish(Schema.String)
}) {}

/**
 * Searches the web. At most one of the two lists of domains may be set.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WebSearch extends Wire.Class<WebSearch>()("WebSearch", {
  type: Schema.Literals(["web_search_20260318", "web_search_20260209", "web_search_20250305"]),
  name: Schema.Literal("web_search"),
  allowed_domains: Wire.nullish(Schema.Array(Schema.String)),
  blocked_domains: Wire.nullish(Schema.Array(Schema.String)),
  max_uses: Wire.nullish(Schema.Finite),
  user_location: Wire.nullish(UserLocation),
  response_inclusion: Wire.nullish(Wire.openEnum("ResponseInclusion", ["full", "excluded"])),
  ...common
}) {}

/**
 * The URLs that may be fetched: all, none, or those from certain tools.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UrlSource = Wire.openUnion("UrlSourceRule", [
  Wire.struct("UrlSourceAll", { type: Schema.Literal("all") }),
  Wire.struct("UrlSourceNone", { type: Schema.Literal("none") }),
  Wire.struct("UrlSourceOnly", { type: Schema.Literal("only"), tools: Schema.Array(ToolByName) }),
  Wire.struct("UrlSourceExcept", { type: Schema.Literal("except"), tools: Schema.Array(ToolByName) })
])

/**
 * The URLs that may be fetched.
 *
 * @category models
 * @since 0.1.0
 */
export type UrlSource = typeof UrlSource.Type

/**
 * The URLs that may be fetched, by their source: the user, client tools or
 * server tools.
 *
 * @category schemas
 * @since 0.1.0
 */
export class UrlSources extends Wire.Class<UrlSources>()("UrlSources", {
  user_input: Wire.nullish(UrlSource),
  client_tool_results: Wire.nullish(UrlSource),
  server_tool_results: Wire.nullish(UrlSource)
}) {}

/**
 * Fetches pages.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WebFetch extends Wire.Class<WebFetch>()("WebFetch", {
  type: Schema.Literals([
    "web_fetch_20260318",
    "web_fetch_20260309",
    "web_fetch_20260209",
    "web_fetch_20250910"
  ]),
  name: Schema.Literal("web_fetch"),
  allowed_domains: Wire.nullish(Schema.Array(Schema.String)),
  blocked_domains: Wire.nullish(Schema.Array(Schema.String)),
  max_uses: Wire.nullish(Schema.Finite),
  max_content_tokens: Wire.nullish(Schema.Finite),
  citations: Wire.nullish(Wire.struct("WebFetchCitations", { enabled: Wire.nullish(Schema.Boolean) })),
  url_sources: Wire.nullish(UrlSources),
  use_cache: Wire.nullish(Schema.Boolean),
  response_inclusion: Wire.nullish(Wire.openEnum("FetchInclusion", ["full", "excluded"])),
  ...common
}) {}

/**
 * Runs code in a container.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CodeExecution extends Wire.Class<CodeExecution>()("CodeExecution", {
  type: Schema.Literals([
    "code_execution_20260521",
    "code_execution_20260120",
    "code_execution_20250825",
    "code_execution_20250522"
  ]),
  name: Schema.Literal("code_execution"),
  ...common
}) {}

/**
 * Finds deferred tools.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ToolSearch extends Wire.Class<ToolSearch>()("ToolSearch", {
  type: Schema.Literals([
    "tool_search_tool_bm25_20251119",
    "tool_search_tool_bm25",
    "tool_search_tool_regex_20251119",
    "tool_search_tool_regex"
  ]),
  name: Wire.openEnum("ToolSearchName", ["tool_search_tool_bm25", "tool_search_tool_regex"]),
  ...common
}) {}

/**
 * Asks another model for advice.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Advisor extends Wire.Class<Advisor>()("Advisor", {
  type: Schema.Literal("advisor_20260301"),
  name: Schema.Literal("advisor"),
  model: Schema.String,
  max_uses: Wire.nullish(Schema.Finite),
  max_tokens: Wire.nullish(Schema.Finite),
  caching: Wire.nullish(CacheControl.CacheControl),
  ...common
}) {}
