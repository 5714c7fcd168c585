/**
 * The refusals of core's rules, as the API words them. What a rule of core
 * refuses, the scripted API refuses as well.
 *
 * @since 0.1.0
 */
import type { Violation } from "@effect-claude/core/ClaudeError"
import * as Rules from "@effect-claude/core/Rules"
import { isArray, isRecord, type Json, record, records, string } from "./json.ts"
import * as Tokens from "./tokens.ts"

/** Returns the refusal of the first rule that a body breaks. */
export const check = (
  body: Json,
  context: { readonly version: string; readonly betas: string; readonly counting: boolean }
): string | undefined => {
  const [first] = Rules.check(body, {
    version: context.version,
    endpoint: context.counting ? "countTokens" : "messages",
    betas: context.betas.split(",").map((beta) => beta.trim())
  }).refused
  if (first === undefined) return undefined
  const path = pathOf(first.path, body)
  return messages[first.rule]?.(path, body, first) ?? `${path}: ${first.problem}`
}

/** The path as the API writes it: `messages.0.content.1.image.source.base64.data`. */
const pathOf = (path: string, body: Json): string => {
  let value: unknown = body
  const out: Array<string> = []
  for (const key of path.replaceAll(/\[(\d+)\]/g, ".$1").split(".")) {
    const owner = out.at(-1)
    value = isArray(value) ? value[Number(key)] : record(value)[key]
    out.push(key)
    if (owner === "tools") out.push(string(record(value)["type"]) ?? "custom")
    else if ((owner === "content" || key === "source") && isRecord(value)) out.push(string(value["type"]) ?? "")
  }
  return out.join(".")
}

const docs = "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking"

type Message = (path: string, body: Json, violation: Violation) => string

const messages: { readonly [rule: string]: Message | undefined } = {
  wellFormedText: (_, body) => {
    const column = JSON.stringify(body).search(loneEscape) + 1
    return `The request body is not valid JSON: no low surrogate in string: line 1 column ${column} (char ${
      column - 1
    })`
  },
  cacheBreakpoints: (_, body) => {
    const found = Tokens.inCacheOrder(body).filter(Tokens.isBreakpoint).length +
      (isRecord(body["cache_control"]) ? 1 : 0)
    return `A maximum of 4 blocks with cache_control may be provided. Found ${found}.`
  },
  strictTools: (_, body) => {
    const strict = records(body["tools"]).filter((tool) => tool["strict"] === true).length
    return `Too many strict tools (${strict}). The maximum number of strict tools supported is 20. ` +
      "Try reducing the number of tools marked as strict."
  },
  thinkingBudget: () =>
    `\`max_tokens\` must be greater than \`thinking.budget_tokens\`. ${docs}#max-tokens-and-context-window-size`,
  thinkingSampling: (path) => {
    if (path === "top_k") return "`top_k` must be unset when thinking is enabled."
    return path === "top_p"
      ? "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."
      : "`temperature` may only be set to 1 when thinking is enabled. " +
        `${docs}#important-considerations-when-using-extended-thinking`
  },
  toolNames: (path) =>
    `${path}: String should match pattern '^[a-zA-Z0-9_-]{1,${path.startsWith("tools.") ? 128 : 200}}$'`,
  uniqueTools: () => "tools: Tool names must be unique.",
  toolChoice: (_, body) =>
    `tool_choice: Tool '${String(record(body["tool_choice"])["name"])}' not found in provided tools`,
  inputSchemaType: (path) => `${path}: Input should be 'object'`,
  inputSchemaRoot: (path) => `${path}: input_schema does not support oneOf, allOf, or anyOf at the top level`,
  closedObjects: (path) =>
    `${path.replace(/(\.schema|\.input_schema)[^]*$/, (_, field: string) => field === ".schema" ? field : "")}: ` +
    "For 'object' type, 'additionalProperties' must be explicitly set to false",
  toolUseIds: (path, _, { problem }) =>
    problem.startsWith("another")
      ? `${path.replace(/\.tool_use\.id$/, "")}: \`tool_use\` ids must be unique`
      : `${path}: String should match pattern '^[a-zA-Z0-9_-]+$'`,
  mediaData: (path, _, { problem }) =>
    problem === "there is no data" ? `${path}: image cannot be empty` : `${path}: Invalid base64 data`,
  mediaType: (path, _, { problem }) => {
    if (problem.startsWith("the data is")) {
      const declared = /, and (\S+) is declared/.exec(problem)?.[1]
      return `${path.replace(/media_type$/, "data")}: Image does not match the provided media type ${declared}`
    }
    return path.includes(".image.")
      ? `${path}: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`
      : `${path}: Input should be 'application/pdf'`
  },
  samplingRange: (path) => path === "temperature" ? "temperature: range: 0..1" : `${path}: Input should be in range`
}

/** Half of a pair of escaped surrogates, in JSON. */
const loneEscape = /\\ud[89ab][\da-f]{2}(?!\\ud[c-f][\da-f]{2})|(?<!\\ud[89ab][\da-f]{2})\\ud[c-f][\da-f]{2}/i
