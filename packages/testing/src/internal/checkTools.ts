/**
 * The rules for tools and the choice among them.
 *
 * @since 0.1.0
 */
import { isRecord, type Json, record, records, string } from "./json.ts"

/** Checks each tool's fields. */
export const shape = (body: Json): string | undefined => {
  const { tool_choice, tools } = body
  if (tools !== undefined && tools !== null) {
    if (!Array.isArray(tools)) return "tools: Input should be a valid list"
    for (let i = 0; i < tools.length; i++) {
      const problem = checkTool(tools[i], `tools.${i}`)
      if (problem !== undefined) return problem
    }
  }
  if (tool_choice === undefined || tool_choice === null) return undefined
  if (!isRecord(tool_choice)) return "tool_choice: Input should be a valid dictionary"
  if (!choices.some((choice) => choice === tool_choice["type"])) {
    return `tool_choice: Input tag '${String(tool_choice["type"])}' found using 'type' does not match any of the ` +
      `expected tags: ${choices.map((choice) => `'${choice}'`).join(", ")}`
  }
  return tool_choice["type"] === "tool" && tool_choice["name"] === undefined
    ? "tool_choice.tool.name: Field required"
    : undefined
}

const choices = ["any", "auto", "none", "tool"] as const

const checkTool = (tool: unknown, path: string): string | undefined => {
  if (!isRecord(tool)) return `${path}: Input should be a valid dictionary`
  const { input_schema, name, type } = tool
  if (type !== undefined && type !== null && type !== "custom") return undefined
  if (name === undefined) return `${path}.custom.name: Field required`
  if (typeof name !== "string" || !/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
    return `${path}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`
  }
  if (input_schema === undefined) return `${path}.custom.input_schema: Field required`
  if (!isRecord(input_schema)) return `${path}.custom.input_schema: Input should be a valid dictionary`
  if (input_schema["type"] === undefined) return `${path}.custom.input_schema.type: Field required`
  return input_schema["type"] === "object" ? undefined : `${path}.custom.input_schema.type: Input should be 'object'`
}

/** Checks the tools together. */
export const sense = (body: Json): string | undefined => {
  const tools = records(body["tools"])
  const names = tools.map((tool) => string(tool["name"])).filter((name) => name !== undefined)
  if (new Set(names).size < names.length) return "tools: Tool names must be unique."
  const strict = tools.filter((tool) => tool["strict"] === true).length
  if (strict > 20) {
    return `Too many strict tools (${strict}). The maximum number of strict tools supported is 20. ` +
      "Try reducing the number of tools marked as strict."
  }
  const choice = record(body["tool_choice"])
  return choice["type"] === "tool" && !names.some((name) => name === choice["name"])
    ? `tool_choice: Tool '${String(choice["name"])}' not found in provided tools`
    : undefined
}
