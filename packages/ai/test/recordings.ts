/** Recorded traffic, read in place. */
import * as ClaudeTool from "@effect-claude/ai/ClaudeTool"
import type * as Mcp from "@effect-claude/core/Mcp"
import type * as ServerTool from "@effect-claude/core/ServerTool"
import type * as Toolset from "@effect-claude/core/Toolset"
import { Tool, Toolkit } from "effect/ai"
import * as Fs from "node:fs"
import * as Path from "node:path"

/** What a test reads of one recorded exchange. */
export interface Recording {
  readonly file: string
  readonly kind: string
  readonly endpoint: string
  readonly request?: { readonly body?: unknown } | null
  readonly response: { readonly status?: number | null; readonly body?: unknown; readonly text?: string }
}

const folder = process.env["RECORDINGS"] ?? Path.join(import.meta.dirname, "../../../../shared/recordings")

/** Whether the recordings are here. Where they are not, says so: what reads them is left out. */
export const present = Fs.existsSync(folder)
if (!present) process.stderr.write(`There are no recordings in ${folder}: what reads them is left out.\n`)

/** Every recorded exchange with the Messages endpoint. */
export const messages: ReadonlyArray<Recording> = (present ? Fs.globSync("**/*.json", { cwd: folder }) : [])
  .toSorted()
  .map((file) => ({ ...JSON.parse(Fs.readFileSync(Path.join(folder, file), "utf8")), file }) as Recording)
  .filter(({ endpoint }) => endpoint === "POST /v1/messages")

type Json = { readonly [field: string]: unknown }

const isObject = (u: unknown): u is Json => typeof u === "object" && u !== null && !Array.isArray(u)

/** The messages of the API in a recording: its answer, and the turns of the assistant it was given. */
export const answers = ({ request, response }: Recording): ReadonlyArray<ReadonlyArray<Json>> => {
  const out: Array<ReadonlyArray<Json>> = []
  if (isObject(response.body) && response.body["type"] === "message") out.push(blocksOf(response.body["content"]))
  for (const message of isObject(request?.body) ? blocksOf(request.body["messages"]) : []) {
    if (message["role"] === "assistant" && Array.isArray(message["content"])) out.push(blocksOf(message["content"]))
  }
  return out
}

const blocksOf = (content: unknown): ReadonlyArray<Json> => Array.isArray(content) ? content.filter(isObject) : []

/**
 * The toolkit of a recorded request: its own tools as JSON Schema, those of Anthropic's as `ClaudeTool` has them. Where
 * the recorder left the request out, the tools that were called.
 */
export const toolkitOf = ({ request, response }: Recording) => {
  const tools = isObject(request?.body) ? blocksOf(request.body["tools"]) : []
  const called = [...(response.text ?? "").matchAll(/"type":\s?"tool_use","id":"[^"]*","name":"([^"]*)"/g)]
  const undeclared = called.flatMap(([, name]) => tools.some((tool) => tool["name"] === name) ? [] : [{ name }])
  return Toolkit.make(...[...tools, ...undeclared].map(toolOf))
}

const provided: ReadonlyArray<readonly [prefix: string, make: (definition: Json) => Tool.Any]> = [
  ["web_search", (definition) => ClaudeTool.webSearch(as<ServerTool.WebSearch>(definition))],
  ["web_fetch", (definition) => ClaudeTool.webFetch(as<ServerTool.WebFetch>(definition))],
  ["code_execution", (definition) => ClaudeTool.codeExecution(as<ServerTool.CodeExecution>(definition))],
  ["tool_search", (definition) => ClaudeTool.toolSearch(as<ServerTool.ToolSearch>(definition))],
  ["advisor", (definition) => ClaudeTool.advisor(as<ServerTool.Advisor>(definition))],
  ["mcp_toolset", (definition) => ClaudeTool.mcpToolset(as<Mcp.Toolset>(definition))],
  ["bash", (definition) => ClaudeTool.bash(as<ServerTool.Bash>(definition))],
  ["text_editor", (definition) => ClaudeTool.textEditor(as<ServerTool.TextEditor>(definition))],
  ["memory", (definition) => ClaudeTool.memory(as<ServerTool.Memory>(definition))],
  ["computer_toolset", (definition) => ClaudeTool.computerToolset(as<Toolset.ComputerToolset>(definition))],
  ["browser_toolset", (definition) => ClaudeTool.browserToolset(as<Toolset.BrowserToolset>(definition))],
  ["computer_2", (definition) => ClaudeTool.computer(as<ServerTool.Computer>(definition))]
]

const as = <A>(value: unknown): A => value as A

const toolOf = (definition: Json): Tool.Any => {
  const type = definition["type"]
  const known = typeof type === "string" ? provided.find(([prefix]) => type.startsWith(prefix)) : undefined
  return known === undefined
    ? Tool.dynamic(String(definition["name"]), { parameters: (definition["input_schema"] ?? {}) as Json })
    : known[1](definition)
}
