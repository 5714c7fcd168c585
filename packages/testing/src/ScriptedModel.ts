/**
 * A small deterministic model, so that a program says something sensible with
 * no key and no network.
 *
 * It greets, remembers what the conversation told it, adds up numbers, calls a
 * tool when it is given one the prompt is about, answers in the JSON a schema
 * asks for, and writes a few sentences otherwise. It honours `max_tokens` and
 * `stop_sequences` the way the API does. It is honest: asked what it is, it says
 * that it is a stand-in. The same request gets the same answer.
 *
 * @since 0.1.0
 */
import * as Arithmetic from "./internal/arithmetic.ts"
import * as Example from "./internal/example.ts"
import { array, blocksOf, type Json, number, record, records, string, textOf } from "./internal/json.ts"
import * as Tokens from "./internal/tokens.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What the model says: blocks, and why it stopped.
 *
 * @category models
 * @since 0.1.0
 */
export interface Completion {
  /** Blocks of the wire's `content`. A `tool_use` has no `id` yet. */
  readonly content: ReadonlyArray<{ readonly type: string; readonly [field: string]: unknown }>
  /** Why the model stopped, in the API's words. */
  readonly stop_reason: string
  /** The stop sequence that was reached, if one was. */
  readonly stop_sequence: string | null
}

/**
 * Options for `respond`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * What the model calls itself when asked.
   *
   * @default "the scripted stand-in model of effect-claude"
   */
  readonly name?: string | undefined
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Answers a request body of `POST /v1/messages`.
 *
 * **Example** (Remembering what was told)
 *
 * ```ts
 * import * as ScriptedModel from "@effect-claude/testing/ScriptedModel"
 *
 * const completion = ScriptedModel.respond({
 *   max_tokens: 100,
 *   messages: [
 *     { role: "user", content: "My name is Ada." },
 *     { role: "assistant", content: "Nice to meet you, Ada!" },
 *     { role: "user", content: "What is my name?" }
 *   ]
 * })
 *
 * completion.content[0]?.["text"] // => "Your name is Ada."
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const respond = (request: unknown, options?: Options): Completion => {
  const body = record(request)
  const turn = readTurn(body)
  if (turn.prompt.includes(refusalTrigger)) return { content: [], stop_reason: "refusal", stop_sequence: null }
  const call = toolCall(body, turn)
  const thinking = thoughtsOf(body, turn)
  if (call !== undefined) {
    return { content: [...thinking, call], stop_reason: "tool_use", stop_sequence: null }
  }
  const text = structured(body, turn) ?? speak(turn, options?.name ?? defaultName)
  return finish(body, thinking, text)
}

/**
 * Estimates the tokens of a request the way the scripted model counts them:
 * about four characters a token.
 *
 * @category conversions
 * @since 0.1.0
 */
export const countTokens = (request: unknown): number => Tokens.ofRequest(record(request))

// -----------------------------------------------------------------------------
// reading the conversation
// -----------------------------------------------------------------------------

const defaultName = "the scripted stand-in model of effect-claude"

/** The phrase Anthropic documents for testing refusals. */
const refusalTrigger = "ANTHROPIC_MAGIC_STRING_TRIGGER_REFUSAL"

interface Turn {
  readonly prompt: string
  readonly facts: ReadonlyMap<string, string>
  readonly results: ReadonlyArray<Json>
  readonly attachments: ReadonlyArray<string>
  readonly isFirst: boolean
}

const readTurn = (body: Json): Turn => {
  const turns = records(body["messages"])
  const users = turns.filter((turn) => turn["role"] === "user")
  const lastAssistant = turns.findLastIndex((turn) => turn["role"] === "assistant")
  const latest = turns.slice(lastAssistant + 1).filter((turn) => turn["role"] === "user")
  const blocks = (latest.length > 0 ? latest : users.slice(-1)).flatMap((turn) => blocksOf(turn["content"]))
  return {
    prompt: textOf(blocks).trim(),
    facts: factsOf(users.map((turn) => textOf(turn["content"])).join("\n")),
    results: blocks.filter((block) => block["type"] === "tool_result"),
    attachments: blocks.map((block) => string(block["type"]) ?? "").filter((type) =>
      type === "image" || type === "document"
    ),
    isFirst: lastAssistant === -1
  }
}

/** Where one clause ends and the next begins. */
const boundary = /[.?!,\n]|\sand\s(?=(?:my|i)\b)/i

const verb = / (?:is|are) /i

const factsOf = (text: string): ReadonlyMap<string, string> => {
  const facts = new Map<string, string>()
  for (const clause of text.split(boundary)) {
    const owner = clause.search(/\bmy /i)
    if (owner < 0) continue
    const statement = clause.slice(owner + "my ".length)
    const found = verb.exec(statement)
    if (found === null) continue
    const subject = statement.slice(0, found.index)
    const told = statement.slice(found.index + found[0].length).trim()
    if (told.length > 80 || /^(?:what\b|$)/i.test(told) || !/^[\p{L} ]{1,40}$/u.test(subject)) continue
    facts.set(subject.toLowerCase(), told)
  }
  const called = /\b(?:call me|i am called|i'm called|my name's) ([\p{L}'-]{1,40})/iu.exec(text)?.[1]
  if (called !== undefined) facts.set("name", called)
  return facts
}

type Block = Completion["content"][number]

// -----------------------------------------------------------------------------
// tools and structure
// -----------------------------------------------------------------------------

const toolCall = (body: Json, turn: Turn): Block | undefined => {
  const choice = record(body["tool_choice"])
  if (choice["type"] === "none" || turn.results.length > 0) return undefined
  const tools = records(body["tools"]).filter((tool) => string(tool["name"]) !== undefined && isCustom(tool))
  const forced = choice["type"] === "tool" ? tools.find((tool) => tool["name"] === choice["name"]) : undefined
  const asked = tools.find((tool) => isAbout(turn.prompt, tool))
  const tool = forced ?? asked ?? (choice["type"] === "any" ? tools[0] : undefined)
  if (tool === undefined) return undefined
  return {
    type: "tool_use",
    name: string(tool["name"])!,
    input: Example.make(tool["input_schema"], turn),
    caller: { type: "direct" }
  }
}

const isCustom = (tool: Json): boolean =>
  tool["type"] === undefined || tool["type"] === null || tool["type"] === "custom"

/** Whether the prompt has a word of the tool's name in it: `weather` for `get_weather`. */
const isAbout = (prompt: string, tool: Json): boolean => {
  const said = prompt.toLowerCase()
  const words = (string(tool["name"]) ?? "").replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase().split(/[^a-z0-9]+/)
  return words.some((word) => word.length > 2 && !fillers.has(word) && new RegExp(`\\b${word}`).test(said))
}

/** Words that tool names are full of, and prompts too. */
const fillers: ReadonlySet<string> = new Set([
  "and",
  "call",
  "find",
  "for",
  "from",
  "get",
  "list",
  "look",
  "make",
  "read",
  "run",
  "set",
  "the",
  "tool",
  "with",
  "you"
])

const structured = (body: Json, turn: Turn): string | undefined => {
  const format = record(record(body["output_config"])["format"] ?? body["output_format"])
  return format["type"] === "json_schema" ? JSON.stringify(Example.make(format["schema"], turn)) : undefined
}

const thoughtsOf = (body: Json, turn: Turn): ReadonlyArray<Block> => {
  const thinking = record(body["thinking"])
  if (thinking["type"] !== "enabled" && thinking["type"] !== "adaptive") return []
  const shown = thinking["display"] !== "omitted"
  return [{
    type: "thinking",
    thinking: shown ? `The user wrote ${turn.prompt.length} characters. A short, plain answer will do.` : "",
    signature: `EqQBCkYIScripted${turn.prompt.length}`
  }]
}

// -----------------------------------------------------------------------------
// talking
// -----------------------------------------------------------------------------

const speak = (turn: Turn, name: string): string => {
  const { attachments, facts, isFirst, prompt, results } = turn
  if (results.length > 0) return aboutResults(results)
  if (attachments.length > 0) {
    return `I was sent ${attachments.map((type) => type === "image" ? "an image" : "a document").join(" and ")}, ` +
      `but I am ${name} and cannot look inside.`
  }
  const order = /\b(?:(?:reply|respond|answer) with exactly|say exactly|repeat after me)\b:?/i.exec(prompt)
  const exactly = order === null ? "" : quoted(prompt.slice(order.index + order[0].length))
  if (exactly !== "") return exactly
  const recalled = recall(prompt, facts)
  if (recalled !== undefined) return recalled
  if (/\b(?:who|what) are you\b|\byour name\b|\bare you (?:claude|real|an? )/i.test(prompt)) {
    return `I am ${name}: I run inside this process, with no key and no network.`
  }
  const count = /\bcount (?:up )?to (\d{1,3})\b/i.exec(prompt)?.[1]
  if (count !== undefined) return `${Array.from({ length: Number(count) }, (_, i) => i + 1).join(", ")}.`
  const sum = Arithmetic.find(prompt)
  if (sum !== undefined && (asksForSum.test(prompt) || sum.expression.length * 2 > prompt.length)) {
    return Number.isFinite(sum.value)
      ? `${sum.expression} = ${Arithmetic.format(sum.value)}`
      : `${sum.expression} has no value: that would be a division by zero.`
  }
  const told = [...factsOf(prompt)]
  if (told.length > 0) return acknowledge(told)
  if (/^\W*(?:hi|hello|hey|good (?:morning|evening|day)|greetings)\b/i.test(prompt)) {
    const known = facts.get("name")
    return `Hello${known === undefined ? "" : `, ${known}`}! How can I help you today?`
  }
  if (/\bthank(?:s| you)\b/i.test(prompt)) return "You are welcome!"
  if (/\b(?:story|poem|essay|explain|describe|tell me|write)\b/i.test(prompt)) return tale(prompt)
  const words = prompt.length > 60 ? `${prompt.slice(0, 60)}…` : prompt
  return prompt === ""
    ? "Your message has no text."
    : `You said: “${words}”.${isFirst ? ` I am ${name}, so this is all I can make of it.` : ""}`
}

/** A date or "24/7" is no sum unless it is asked for. */
const asksForSum = /\b(?:what(?:'s| is)|calculate|compute|how much|solve|evaluate|equals?)\b|=/i

/** The text after an order, up to a closing quotation mark, without the opening one. */
const quoted = (text: string): string => text.trimStart().replace(/^["“]/, "").split(/["”]/, 1)[0]!.trim()

const recalledSubject = (prompt: string): string | undefined => {
  const found = /\b(?:what(?:'s| is| are| was)|tell me|remember|recall|do you know) my ([\p{L} ]{1,40})/iu.exec(prompt)
  if (found === null) return undefined
  const next = prompt[found.index + found[0].length]
  return next === undefined || "?.!,\n".includes(next) ? found[1]!.trim().toLowerCase() : undefined
}

const recall = (prompt: string, facts: ReadonlyMap<string, string>): string | undefined => {
  const subject = recalledSubject(prompt) ?? (/\bwho am i\b/i.test(prompt) ? "name" : undefined)
  if (subject === undefined) return undefined
  const told = facts.get(subject)
  return told === undefined ? `You have not told me your ${subject} yet.` : `Your ${subject} is ${told}.`
}

const acknowledge = (told: ReadonlyArray<readonly [string, string]>): string => {
  const name = told.find(([subject]) => subject === "name")?.[1]
  const others = told.filter(([subject]) => subject !== "name")
    .map(([subject, value]) => `your ${subject} is ${value}`).join(", ")
  return [
    ...(name === undefined ? [] : [`Nice to meet you, ${name}!`]),
    ...(others === "" ? [] : [`Noted: ${others}.`])
  ].join(" ")
}

const aboutResults = (results: ReadonlyArray<Json>): string =>
  results.map((result) => {
    const said = textOf(result["content"]).slice(0, 200)
    return result["is_error"] === true
      ? `The tool failed: ${said}`
      : said === ""
      ? "The tool ran and returned nothing."
      : `The tool says: ${said}`
  }).join("\n")

const tale = (prompt: string): string =>
  [
    `You asked: “${prompt.slice(0, 80)}” Here is what a stand-in can offer.`,
    "A request left its program one morning, carrying everything that had been said so far, for the server remembers nothing.",
    "On its way it met a rate limit, waited as long as it was told, and tried again with a little jitter, so as not to arrive with everybody else.",
    "The answer came back word by word. Each piece was kept, so that nothing would be lost if the line went dead.",
    "When the last event had been seen, and not before, the program called the turn complete."
  ].join(" ")

// -----------------------------------------------------------------------------
// limits
// -----------------------------------------------------------------------------

/** Applies the stop sequences, then `max_tokens`, as generation would have met them. */
const finish = (body: Json, thinking: ReadonlyArray<Block>, text: string): Completion => {
  const limit = number(body["max_tokens"]) ?? Infinity
  const room = Math.max(0, limit - thinking.reduce((sum, block) => sum + Tokens.ofBlock(block), 0)) * 4
  const stop = array(body["stop_sequences"]).filter((each): each is string => typeof each === "string" && each !== "")
    .map((sequence) => ({ sequence, at: text.indexOf(sequence) }))
    .filter(({ at }) => at >= 0)
    .toSorted((a, b) => a.at - b.at)[0]
  const said = stop === undefined ? text : text.slice(0, stop.at)
  const cut = said.length > room
  const kept = cut ? said.slice(0, room).replace(/[\uD800-\uDBFF]$/, "") : said
  return {
    content: limit === 0 ? [] : [...thinking, ...(kept === "" ? [] : [{ type: "text", text: kept }])],
    stop_reason: cut ? "max_tokens" : stop === undefined ? "end_turn" : "stop_sequence",
    stop_sequence: cut ? null : stop?.sequence ?? null
  }
}
