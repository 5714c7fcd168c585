/**
 * Makes the turns of a conversation ones the API accepts, whatever an interrupted
 * program left of it.
 *
 * Every call the caller has to answer is answered in the turn after it: by its
 * result, wherever in the conversation that stands, or by a word that there is
 * none. Calls the server never answered, and thinking that nothing followed, are
 * left out of turns that are over. Turns of one role in a row become one.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import * as Json from "./json.ts"

/** A turn under construction. */
export interface Turn {
  readonly role: "user" | "assistant" | "system"
  readonly blocks: Array<Content.Content>
}

/** What a call is answered with when no result exists. */
export const unanswered = "There is no result: the call was interrupted before it could be answered."

/** Repairs the turns of a conversation. */
export const repair = (turns: ReadonlyArray<Turn>): Array<Turn> => {
  const last = turns[turns.length - 1]
  const answers = answersOf(turns)
  const answeredByServer = serverAnswersOf(turns)
  const out: Array<Turn> = []
  const add = (turn: Turn) => {
    if (turn.blocks.length === 0) return
    const previous = out[out.length - 1]
    if (previous !== undefined && previous.role === turn.role && turn.role !== "system") {
      previous.blocks.push(...turn.blocks)
    } else out.push({ role: turn.role, blocks: [...turn.blocks] })
  }
  for (const turn of turns) {
    if (turn.role === "assistant") {
      const blocks = turn.blocks.filter((block) => !isBlank(block))
      add({ role: "assistant", blocks: turn === last ? blocks : closed(blocks, answeredByServer) })
      add({ role: "user", blocks: blocks.flatMap((block) => block.type === "tool_use" ? [answers.answer(block)] : []) })
    } else if (turn.role === "user") {
      const blocks = turn.blocks.filter((block) => block.type !== "tool_result" || !answers.isMoved(block))
      const full = blocks.filter((block) => !isBlank(block))
      add({ role: "user", blocks: full.length === 0 ? blocks : full })
    } else add(turn)
  }
  return trimEnd(withoutOrphanedThinking(out))
}

/** The results in a conversation, by the calls that come before them. */
const answersOf = (turns: ReadonlyArray<Turn>) => {
  const called = new Set<string>()
  const results = new Map<string, Content.ToolResult>()
  for (const turn of turns) {
    for (const block of turn.blocks) {
      if (block.type === "tool_use") called.add(block.id)
      if (block.type === "tool_result" && called.has(block.tool_use_id)) results.set(block.tool_use_id, block)
    }
  }
  return {
    isMoved: (block: Content.ToolResult) => results.has(block.tool_use_id),
    answer: (call: { readonly id: string; readonly toolset_name?: string | null | undefined }): Content.ToolResult => {
      const toolset = typeof call.toolset_name === "string" ? { toolset_name: call.toolset_name } : undefined
      const result = results.get(call.id)
      return result === undefined
        ? { type: "tool_result", tool_use_id: call.id, content: unanswered, is_error: true, ...toolset }
        : { ...result, ...toolset }
    }
  }
}

/** The calls of the server's that have a result, or that calls of the caller's were made from. */
const serverAnswersOf = (turns: ReadonlyArray<Turn>): ReadonlySet<string> => {
  const ids = new Set<string>()
  for (const turn of turns) {
    for (const block of turn.blocks) {
      const fields: { readonly [field: string]: unknown } = block
      if (typeof fields["tool_use_id"] === "string" && block.type !== "tool_result") ids.add(fields["tool_use_id"])
      const caller = fields["caller"]
      if (Json.isObject(caller) && typeof caller["tool_id"] === "string") ids.add(caller["tool_id"])
    }
  }
  return ids
}

/** An assistant turn that is over, without what only makes sense while it goes on. */
const closed = (blocks: ReadonlyArray<Content.Content>, answered: ReadonlySet<string>): Array<Content.Content> =>
  blocks.filter((block) =>
    (block.type !== "server_tool_use" && block.type !== "mcp_tool_use") || answered.has(block.id)
  )

/** The API refuses an assistant turn that ends in thinking, unless it is the one to go on with. */
const withoutOrphanedThinking = (turns: Array<Turn>): Array<Turn> => {
  const out: Array<Turn> = []
  turns.forEach((turn, index) => {
    if (turn.role === "assistant" && index < turns.length - 1) {
      while (isThinking(turn.blocks[turn.blocks.length - 1])) turn.blocks.pop()
    }
    if (turn.blocks.length === 0) return
    const previous = out[out.length - 1]
    if (previous !== undefined && previous.role === turn.role && turn.role === "user") {
      previous.blocks.push(...turn.blocks)
    } else out.push(turn)
  })
  return out
}

/** The API refuses white space at the end of the text an answer goes on from. */
const trimEnd = (turns: Array<Turn>): Array<Turn> => {
  const last = turns[turns.length - 1]
  const block = last?.blocks[last.blocks.length - 1]
  if (last?.role === "assistant" && block?.type === "text") {
    last.blocks[last.blocks.length - 1] = { ...block, text: block.text.trimEnd() }
  }
  return turns
}

const isBlank = (block: Content.Content): boolean => block.type === "text" && block.text.trim() === ""

const isThinking = (block: Content.Content | undefined): boolean =>
  block?.type === "thinking" || block?.type === "redacted_thinking"
