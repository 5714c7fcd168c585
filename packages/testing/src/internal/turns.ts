/**
 * The rules for turns together: who speaks when, and that every tool call is
 * answered.
 *
 * @since 0.1.0
 */
import { array, blocksOf, type Json, record, records, string } from "./json.ts"
import * as Models from "./models.ts"

/** Checks the order of turns and the pairs of tool calls and results. */
export const check = (body: Json, model: Models.Model): string | undefined => {
  const turns = records(body["messages"])
  // A thread's earlier turns are kept by the server, and a context edit may remove what a turn refers to.
  const isWhole = body["thread"] === undefined && body["context_management"] === undefined
  return roles(turns, model) ?? empty(turns) ?? (isWhole ? pairs(turns) : undefined) ?? prefill(turns, model)
}

const roles = (turns: ReadonlyArray<Json>, model: Models.Model): string | undefined =>
  turns[0]?.["role"] === "system" ||
    (!Models.takesSystemTurns(model) && turns.some((turn) => turn["role"] === "system"))
    ? `messages: Unexpected role "system". The Messages API accepts a top-level \`system\` parameter, ` +
      `not "system" as an input message role.`
    : undefined

const empty = (turns: ReadonlyArray<Json>): string | undefined => {
  const at = turns.findIndex(({ content, role }, i) =>
    (content === "" || array(content).length === 0 && Array.isArray(content)) &&
    !(role === "assistant" && i === turns.length - 1)
  )
  return at === -1
    ? undefined
    : `messages.${at}: all messages must have non-empty content except for the optional final assistant message`
}

interface Merged {
  readonly role: string
  /** The index of the first turn merged into this one. */
  readonly index: number
  readonly blocks: Array<{ readonly block: Json; readonly path: string }>
}

/** The turns as the model sees them: system turns set aside, neighbours of one role joined. */
const merge = (turns: ReadonlyArray<Json>): ReadonlyArray<Merged> => {
  const out: Array<Merged> = []
  turns.forEach((turn, index) => {
    const role = string(turn["role"]) ?? ""
    if (role === "system") return
    const blocks = blocksOf(turn["content"]).map((block, i) => ({ block, path: `messages.${index}.content.${i}` }))
    const last = out[out.length - 1]
    if (last?.role === role) last.blocks.push(...blocks)
    else out.push({ role, index, blocks })
  })
  return out
}

const pairs = (turns: ReadonlyArray<Json>): string | undefined => {
  const merged = merge(turns)
  for (let i = 0; i < merged.length; i++) {
    const turn = merged[i]!
    const next = merged[i + 1]
    const previous = merged[i - 1]
    if (turn.role === "assistant") {
      const answered = new Set(
        (next?.blocks ?? []).filter(({ block }) => block["type"] === "tool_result").map(({ block }) =>
          block["tool_use_id"]
        )
      )
      const open = turn.blocks.filter(({ block }) =>
        block["type"] === "tool_use" && isDirect(block) && !answered.has(block["id"])
      )
      if (open.length > 0) {
        return `messages.${turn.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
          `${open.map(({ block }) => String(block["id"])).join(", ")}. Each \`tool_use\` block must have a ` +
          "corresponding `tool_result` block in the next message."
      }
      continue
    }
    const calls = new Set((previous?.blocks ?? []).map(({ block }) => string(block["id"])))
    const orphan = turn.blocks.find(({ block }) =>
      block["type"] === "tool_result" && !calls.has(string(block["tool_use_id"]) ?? "")
    )
    if (orphan !== undefined) {
      return `${orphan.path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ` +
        `${String(orphan.block["tool_use_id"])}. Each \`tool_result\` block must have a corresponding \`tool_use\` ` +
        "block in the previous message."
    }
  }
  return undefined
}

/** Calls made from code execution are answered inside it. */
const isDirect = (block: Json): boolean => {
  const caller = record(block["caller"])["type"]
  return caller === undefined || caller === "direct"
}

const prefill = (turns: ReadonlyArray<Json>, model: Models.Model): string | undefined => {
  const last = turns[turns.length - 1]
  if (last?.["role"] !== "assistant") return undefined
  const blocks = blocksOf(last["content"])
  const ending = blocks[blocks.length - 1]
  // A paused turn is sent back as it is, for the server to go on with its own tools.
  if (ending !== undefined && string(ending["type"])?.endsWith("_tool_result") === true) return undefined
  if (ending?.["type"] === "server_tool_use") return undefined
  // So is an answer that paused after it was compacted.
  if (ending?.["type"] === "compaction") return undefined
  if (Models.refuses(model, "prefill")) {
    return "This model does not support assistant message prefill. The conversation must end with a user message."
  }
  const text = ending === undefined ? undefined : string(ending["text"])
  return text !== undefined && text !== text.trimEnd()
    ? "messages: final assistant content cannot end with trailing whitespace"
    : undefined
}
