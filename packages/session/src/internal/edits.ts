/**
 * Applies edits to a prompt, and measures what they can free.
 *
 * Every edit keeps the rules of the API: a call leaves with its result, the
 * newest message of the user stays, and so do calls without a result.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type { ContextEdit } from "../ContextEdit.ts"
import * as Blocks from "./blocks.ts"
import * as Prompt from "./prompt.ts"
import * as WellFormed from "./wellFormed.ts"

/** What becomes of each message: another content, or undefined when it is left out. */
interface Plan {
  readonly changes: ReadonlyMap<Prompt.Prompt, Prompt.Prompt | undefined>
  /** The summary that precedes the first message that is left. */
  readonly summary: string | undefined
}

/** A round: calls of the model, and the message with their results and nothing else. */
export interface Round {
  readonly calls: Prompt.Prompt
  readonly results: Prompt.Prompt
}

/** The content of a cleared result. */
export const cleared = "[Result cleared to fit the context window.]"

/** Prompts of one history: what is sent, and two that it goes back to. They share most messages. */
export interface Prompts {
  /** What is sent. */
  readonly sent: Prompt.Prompt | undefined
  /** What was sent before the exchange under way: a refused exchange goes back to it. */
  readonly base: Prompt.Prompt | undefined
  /** What the API answered last. It is accepted. */
  readonly accepted: Prompt.Prompt | undefined
}

/**
 * Applies an edit to the prompts of a history. They share after it what they shared
 * before. The texts of an edit (a summary, the reason of a refusal) come from the
 * server, and are made well-formed here, where every edit passes.
 */
export const apply = (edit: ContextEdit, { accepted, base, sent }: Prompts): Prompts => {
  if (edit.type === "withdraw_response") return withdraw({ accepted, base, sent })
  const plan = planOf(WellFormed.wellFormed(edit), Prompt.toArray(sent))
  const moved = new Map<Prompt.Prompt, Prompt.Prompt | undefined>()
  const edited = (self: Prompt.Prompt | undefined) => {
    let before: Prompt.Prompt | undefined
    for (const message of Prompt.toArray(self)) {
      if (!moved.has(message)) moved.set(message, move(message, before, plan))
      before = moved.get(message)
    }
    return before
  }
  return { sent: edited(sent), base: edited(base), accepted: edited(accepted) }
}

/** Goes back to what the API accepted, and adds what the user said since. */
const withdraw = ({ accepted, base, sent }: Prompts): Prompts => {
  const settled = Prompt.settle(accepted)
  const said = Prompt.toArray(sent).slice(Prompt.sizeOf(accepted))
  return {
    sent: said.reduce((self: Prompt.Prompt | undefined, message) => {
      if (message.role === "system") return Prompt.after(message, self)
      const own = message.role === "user" ? message.own.filter((block) => !Blocks.isToolResult(block)) : []
      return own.length === 0 ? self : Prompt.addUser(self, own, true)
    }, settled),
    base: Prompt.sizeOf(base) > Prompt.sizeOf(settled) ? settled : base,
    accepted: settled
  }
}

const move = (
  message: Prompt.Prompt,
  before: Prompt.Prompt | undefined,
  { changes, summary }: Plan
): Prompt.Prompt | undefined => {
  const changed = changes.has(message) ? changes.get(message) : message
  if (changed === undefined) return before
  const first = before === undefined && summary !== undefined && changed.role === "user"
  return first
    ? Prompt.add(undefined, "user", changed.own, { ...changed, summary })
    : Prompt.after(changed, before)
}

const planOf = (
  edit: Exclude<ContextEdit, { readonly type: "withdraw_response" }>,
  messages: ReadonlyArray<Prompt.Prompt>
): Plan => {
  switch (edit.type) {
    case "clear_tool_results":
      return { changes: clearResults(messages, edit.count), summary: undefined }
    case "drop_rounds":
      return { changes: dropRounds(messages, edit.count, true), summary: undefined }
    case "drop_exchanges":
      return { changes: dropExchanges(messages, edit.count), summary: messages[0]?.summary }
    case "summarize": {
      const exchanges = dropExchanges(messages, edit.exchanges)
      const left = messages.filter((message) => !exchanges.has(message))
      return { changes: new Map([...exchanges, ...dropRounds(left, edit.rounds, false)]), summary: edit.summary }
    }
    case "replace_results":
      return { changes: replaceResults(messages, new Set(edit.calls), edit.reason), summary: undefined }
  }
}

// -----------------------------------------------------------------------------
// parts of a prompt
// -----------------------------------------------------------------------------

/** Returns the exchanges, oldest first. The last one is under way. */
export const exchangesOf = (messages: ReadonlyArray<Prompt.Prompt>): ReadonlyArray<ReadonlyArray<Prompt.Prompt>> => {
  const out: Array<Array<Prompt.Prompt>> = []
  for (const message of messages) {
    if (message.starts || out.length === 0) out.push([])
    out.at(-1)?.push(message)
  }
  return out
}

/** Returns the rounds that can be dropped, oldest first: all but the newest. */
export const roundsOf = (messages: ReadonlyArray<Prompt.Prompt>): ReadonlyArray<Round> => {
  const out: Array<Round> = []
  messages.forEach((results, index) => {
    const calls = messages[index - 1]
    if (index === messages.length - 1 || calls?.role !== "assistant" || index < 2) return
    if (results.role === "user" && results.own.length > 0 && results.own.every(Blocks.isToolResult)) {
      out.push({ calls, results })
    }
  })
  return out
}

/** Returns the results that are larger than the note that replaces them, oldest first. */
export const resultsOf = (messages: ReadonlyArray<Prompt.Prompt>): ReadonlyArray<Content.ToolResult> =>
  messages.flatMap(({ own }) => own.filter(Blocks.isToolResult).filter(isClearable))

const isClearable = ({ content }: Content.ToolResult): boolean =>
  typeof content === "string" ? content.length > 2 * cleared.length : (content ?? []).length > 0

/** Returns a result as it is sent once it is cleared. */
export const clear = (result: Content.ToolResult): Content.ToolResult => ({ ...result, content: cleared })

/** Returns the results of tools that the API has not accepted yet. */
export const provisionalOf = (
  prompt: Prompt.Prompt | undefined,
  accepted: Prompt.Prompt | undefined
): ReadonlyArray<Content.ToolResult> =>
  Prompt.toArray(prompt).slice(Prompt.sizeOf(accepted)).flatMap(({ own }) => own.filter(Blocks.isToolResult))

// -----------------------------------------------------------------------------
// plans
// -----------------------------------------------------------------------------

type Changes = ReadonlyMap<Prompt.Prompt, Prompt.Prompt | undefined>

const clearResults = (messages: ReadonlyArray<Prompt.Prompt>, count: number): Changes => {
  const oldest = new Set<Content.Content>(resultsOf(messages).slice(0, count))
  return mapResults(messages, (result) => oldest.has(result) ? clear(result) : result)
}

const replaceResults = (
  messages: ReadonlyArray<Prompt.Prompt>,
  calls: ReadonlySet<string>,
  reason: string
): Changes =>
  mapResults(
    messages,
    (result) => calls.has(result.tool_use_id) ? { ...result, content: refusedResult(reason), is_error: true } : result
  )

/** Tells the model why it does not see a result. */
const refusedResult = (reason: string): string => `The API refused the result of this call. ${reason}`

const mapResults = (
  messages: ReadonlyArray<Prompt.Prompt>,
  f: (result: Content.ToolResult) => Content.ToolResult
): Changes => {
  const out = new Map<Prompt.Prompt, Prompt.Prompt>()
  for (const message of messages) {
    const own = message.own.map((block) => Blocks.isToolResult(block) ? f(block) : block)
    if (own.some((block, index) => block !== message.own[index])) out.set(message, Prompt.withOwn(message, own))
  }
  return out
}

const dropExchanges = (messages: ReadonlyArray<Prompt.Prompt>, count: number): Changes => {
  const exchanges = exchangesOf(messages)
  const dropped = exchanges.slice(0, Math.min(count, exchanges.length - 1)).flat()
  return new Map(dropped.map((message) => [message, undefined]))
}

/** Drops rounds. With `notes`, the message before them says how many. */
const dropRounds = (messages: ReadonlyArray<Prompt.Prompt>, count: number, notes: boolean): Changes => {
  const out = new Map<Prompt.Prompt, Prompt.Prompt | undefined>()
  const rounds = new Map(roundsOf(messages).slice(0, count).map(({ calls, results }) => [results, calls]))
  let start: Prompt.Prompt | undefined
  for (const message of messages) {
    if (message.starts) start = message
    const calls = rounds.get(message)
    if (calls === undefined) continue
    out.set(calls, undefined)
    out.set(message, undefined)
    if (!notes || start === undefined) continue
    const noted = out.get(start) ?? start
    out.set(start, Prompt.add(noted.before, "user", noted.own, { ...noted, dropped: noted.dropped + 1 }))
  }
  return out
}
