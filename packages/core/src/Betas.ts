/**
 * The values of the `anthropic-beta` header that a request needs.
 *
 * Tables list the fields, tools, blocks and context edits that need a beta.
 * `ofRequest` reads them, so a request with a beta feature is sent with the
 * right header. A beta that changes nothing in the request, such as
 * `context-1m-2025-08-07`, has to be added by the caller.
 *
 * Source: the beta types of the official SDK, and recorded requests that were
 * accepted with these headers.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { MessageRequest } from "./MessageRequest.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * A value of the `anthropic-beta` header. Editors complete the known values,
 * and any string is accepted.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Beta = Wire.openEnum("Beta", [
  "computer-use-2024-10-22",
  "computer-use-2025-01-24",
  "computer-use-2025-11-24",
  "thinking-binding-controls-2026-08-01",
  "thinking-display-updates-2026-08-18",
  "fast-mode-2026-02-01",
  "structured-outputs-2025-11-13",
  "task-budgets-2026-03-13",
  "mcp-client-2025-04-04",
  "mcp-client-2025-11-20",
  "mcp-client-2026-09-15",
  "context-management-2025-06-27",
  "compact-2026-01-12",
  "compact-2026-09-04",
  "message-threads-2026-08-12",
  "server-side-fallback-2026-07-01",
  "fallback-credit-2026-06-01",
  "fallback-credit-2026-07-01",
  "mid-conversation-system-clear-at-2026-08-21",
  "mid-conversation-output-config-2026-07-01",
  "mid-conversation-tool-changes-2026-07-01",
  "inline-tools-2026-09-15",
  "advisor-tool-2026-03-01",
  "user-profiles-billing-2026-10-01",
  "message-batches-2024-09-24",
  "prompt-caching-2024-07-31",
  "pdfs-2024-09-25",
  "token-counting-2024-11-01",
  "token-efficient-tools-2025-02-19",
  "extended-cache-ttl-2025-04-11",
  "cache-diagnosis-2026-04-07",
  "files-api-2025-04-14",
  "skills-2025-10-02",
  "code-execution-2025-05-22",
  "interleaved-thinking-2025-05-14",
  "dev-full-thinking-2025-05-14",
  "thinking-token-count-2026-05-13",
  "output-128k-2025-02-19",
  "output-300k-2026-03-24",
  "context-1m-2025-08-07",
  "model-context-window-exceeded-2025-08-26",
  "server-side-fallback-2026-06-01",
  "user-profiles-2026-03-24",
  "user-profiles-2026-08-18",
  "user-profiles-2026-09-04",
  "managed-agents-2026-04-01",
  "agent-memory-2026-07-22",
  "dreaming-2026-04-21",
  "mcp-tunnels-2026-06-22",
  "ce-plugins-2026-09-01",
  "ce-user-management-2026-07-13",
  "ce-claude-code-managed-settings-2026-10-06",
  "spend-limit-reads-2026-09-26",
  "telemetry-destinations-2026-08-11",
  "webhooks-2026-10-07",
  "admin-user-sign-out-2026-10-08",
  "analytics-usage-cost-2026-08-24",
  "experimental-claude-tag-2026-10-21",
  "efs-2026-10-01",
  "google-managed-data-controls-2026-09-01"
])

/**
 * A value of the `anthropic-beta` header.
 *
 * @category models
 * @since 0.1.0
 */
export type Beta = typeof Beta.Type

// -----------------------------------------------------------------------------
// tables
// -----------------------------------------------------------------------------

/**
 * A field that needs a beta when it is neither absent nor null. With `is`, only
 * that value needs the beta; with `shape`, only a value of that type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Field {
  /** The path to the field, joined by dots. `*` stands for each item of an array. */
  readonly path: string
  /** The one value that needs the beta. */
  readonly is?: string | undefined
  /** The one type of value that needs the beta. */
  readonly shape?: "string" | "object" | undefined
  /** The beta that the field needs. */
  readonly beta: Beta
}

/**
 * The fields of a request, and of each of its fallbacks, that need a beta.
 *
 * @category tables
 * @since 0.1.0
 */
export const fields: ReadonlyArray<Field> = [
  { path: "speed", beta: "fast-mode-2026-02-01" },
  { path: "output_format", beta: "structured-outputs-2025-11-13" },
  { path: "output_config.task_budget", beta: "task-budgets-2026-03-13" },
  { path: "thinking.block_binding", beta: "thinking-binding-controls-2026-08-01" },
  { path: "thinking.display", is: "updates", beta: "thinking-display-updates-2026-08-18" },
  { path: "compaction", beta: "compact-2026-09-04" },
  { path: "thread", beta: "message-threads-2026-08-12" },
  { path: "fallbacks", beta: "server-side-fallback-2026-07-01" },
  { path: "fallback_credit_token", shape: "string", beta: "fallback-credit-2026-06-01" },
  { path: "fallback_credit_token", shape: "object", beta: "fallback-credit-2026-07-01" },
  { path: "billing_policy", beta: "user-profiles-billing-2026-10-01" },
  { path: "messages.*.clear_at", beta: "mid-conversation-system-clear-at-2026-08-21" },
  { path: "messages.*.output_config", beta: "mid-conversation-output-config-2026-07-01" }
]

/**
 * The tools that need a beta, by `type`.
 *
 * @category tables
 * @since 0.1.0
 */
export const tools: { readonly [type: string]: Beta } = {
  advisor_20260301: "advisor-tool-2026-03-01",
  bash_20241022: "computer-use-2024-10-22",
  text_editor_20241022: "computer-use-2024-10-22",
  computer_20241022: "computer-use-2024-10-22",
  computer_20250124: "computer-use-2025-01-24",
  computer_20251124: "computer-use-2025-11-24",
  mcp_toolset: "mcp-client-2025-11-20"
}

/**
 * The blocks of a conversation that need a beta, by `type`.
 *
 * @category tables
 * @since 0.1.0
 */
export const blocks: { readonly [type: string]: Beta } = {
  mcp_tool_use: "mcp-client-2025-11-20",
  mcp_tool_result: "mcp-client-2025-11-20",
  mcp_tool_listing: "mcp-client-2026-09-15",
  advisor_tool_result: "advisor-tool-2026-03-01",
  compaction: "compact-2026-01-12",
  fallback: "server-side-fallback-2026-07-01",
  tool_addition: "mid-conversation-tool-changes-2026-07-01",
  tool_removal: "mid-conversation-tool-changes-2026-07-01"
}

/**
 * The context edits that need a beta other than
 * `context-management-2025-06-27`, by `type`.
 *
 * @category tables
 * @since 0.1.0
 */
export const edits: { readonly [type: string]: Beta } = {
  compact_20260112: "compact-2026-01-12"
}

// -----------------------------------------------------------------------------
// lookups
// -----------------------------------------------------------------------------

/**
 * Returns the betas that a request needs, sorted and without duplicates.
 *
 * **Details**
 *
 * Two features have two versions. MCP servers with an `mcp_toolset` need
 * `mcp-client-2025-11-20`, and those without need `mcp-client-2025-04-04`. A
 * compaction block with a signature needs `compact-2026-09-04`, and one without
 * needs `compact-2026-01-12`.
 *
 * **Example** (Using a beta tool)
 *
 * ```ts
 * import * as Betas from "@effect-claude/core/Betas"
 *
 * const betas = Betas.ofRequest({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [{ role: "user", content: "Which of the two proofs is sound?" }],
 *   tools: [{ type: "advisor_20260301", name: "advisor", model: "claude-opus-5-5" }]
 * })
 *
 * betas // => ["advisor-tool-2026-03-01"]
 * ```
 *
 * @category lookups
 * @since 0.1.0
 */
export const ofRequest = (request: Partial<MessageRequest>): ReadonlyArray<Beta> => {
  const found = new Set<Beta>()
  addFields(found, request)
  for (const fallback of Array.isArray(request.fallbacks) ? request.fallbacks : []) addFields(found, fallback)
  for (const tool of request.tools ?? []) addTool(found, tool)
  addContextManagement(found, request.context_management)
  for (const turn of request.messages ?? []) {
    if (typeof turn.content === "string" || turn.content === undefined) continue
    for (const block of turn.content) addBlock(found, block)
  }
  if ((request.mcp_servers ?? []).length > 0) {
    found.delete("mcp-client-2025-11-20")
    found.add(usesToolset(request, found) ? "mcp-client-2025-11-20" : "mcp-client-2025-04-04")
  }
  return [...found].toSorted()
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns the value of the `anthropic-beta` header: the betas in the given
 * order, without duplicates, joined by commas. Undefined for no betas.
 *
 * A beta may itself be a list that is separated by commas.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toHeader = (betas: Iterable<Beta>): string | undefined => {
  const values = [...new Set(Array.from(betas).flatMap(split))]
  return values.length === 0 ? undefined : values.join(",")
}

/**
 * Reads an `anthropic-beta` header.
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromHeader = (header: string | undefined): ReadonlyArray<Beta> =>
  header === undefined ? [] : [...new Set(split(header))]

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const split = (text: string): Array<string> =>
  text.split(",").map((value) => value.trim()).filter((value) => value !== "")

const rows = fields.map((field) => ({ ...field, keys: field.path.split(".") }))

type Row = (typeof rows)[number]

const addFields = (found: Set<Beta>, self: unknown): void => {
  for (const row of rows) if (reaches(self, row, 0)) found.add(row.beta)
}

/** Returns whether a value has the field, with the value or type that needs the beta. */
const reaches = (value: unknown, row: Row, depth: number): boolean => {
  if (value === undefined || value === null) return false
  const key = row.keys[depth]
  if (key === undefined) {
    return row.is === undefined ? row.shape === undefined || typeof value === row.shape : value === row.is
  }
  if (key === "*") return Array.isArray(value) && value.some((item) => reaches(item, row, depth + 1))
  return Predicate.isObject(value) && reaches(value[key], row, depth + 1)
}

const lookup = (table: { readonly [type: string]: Beta }, type: unknown): Beta | undefined =>
  typeof type === "string" && Object.hasOwn(table, type) ? table[type] : undefined

const add = (found: Set<Beta>, beta: Beta | undefined): void => {
  if (beta !== undefined) found.add(beta)
}

const addTool = (found: Set<Beta>, tool: unknown): void => {
  if (!Predicate.isObject(tool)) return
  add(found, lookup(tools, tool["type"]))
  if (tool["type"] === "mcp_toolset" && isPresent(tool["tools"])) found.add("mcp-client-2026-09-15")
}

const addBlock = (found: Set<Beta>, block: unknown): void => {
  if (!Predicate.isObject(block)) return
  const type = block["type"]
  if (type === "compaction" && isPresent(block["signature"])) found.add("compact-2026-09-04")
  else add(found, lookup(blocks, type))
  if (type === "server_tool_use" && block["name"] === "advisor") found.add("advisor-tool-2026-03-01")
  if (type === "tool_addition") addDefinition(found, block["tool"])
  if (Array.isArray(block["tool_changes"])) block["tool_changes"].forEach((change) => addBlock(found, change))
}

/** Adds the betas of a tool that is defined in the conversation and not in `tools`. */
const addDefinition = (found: Set<Beta>, tool: unknown): void => {
  if (!Predicate.isObject(tool) || tool["type"] !== "tool_definition") return
  found.add("inline-tools-2026-09-15")
  const definition = tool["definition"]
  addTool(found, definition)
  if (Predicate.isObject(definition) && definition["type"] === "mcp_toolset") found.add("mcp-client-2026-09-15")
}

const addContextManagement = (found: Set<Beta>, config: MessageRequest["context_management"]): void => {
  if (config === undefined || config === null) return
  const list = config.edits ?? []
  for (const edit of list) found.add(lookup(edits, edit.type) ?? "context-management-2025-06-27")
  if (list.length === 0) found.add("context-management-2025-06-27")
}

/** Returns whether the request has an `mcp_toolset`. One in the conversation has already added its beta. */
const usesToolset = (request: Partial<MessageRequest>, found: ReadonlySet<Beta>): boolean =>
  found.has("mcp-client-2026-09-15") || (request.tools ?? []).some((tool) => tool.type === "mcp_toolset")

const isPresent = (value: unknown): boolean => value !== undefined && value !== null
