/**
 * The rules for tools and the choice among them.
 *
 * @since 0.1.0
 */
import { isRecord, type Json } from "./json.ts"

/** Checks each tool's fields. */
export const shape = (body: Json): string | undefined => {
  const { tool_choice, tools } = body
  if (tools !== undefined) {
    if (!Array.isArray(tools)) return "tools: Input should be a valid list"
    for (let i = 0; i < tools.length; i++) {
      const problem = checkTool(tools[i], `tools.${i}`)
      if (problem !== undefined) return problem
    }
  }
  if (tool_choice === undefined) return undefined
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
  if (typeof name !== "string") return `${path}.custom.name: Input should be a valid string`
  if (input_schema === undefined) return `${path}.custom.input_schema: Field required`
  if (!isRecord(input_schema)) return `${path}.custom.input_schema: Input should be a valid dictionary`
  if (input_schema["type"] === undefined) return `${path}.custom.input_schema.type: Field required`
  return input_schema["type"] === "object" ? undefined : `${path}.custom.input_schema.type: Input should be 'object'`
}
