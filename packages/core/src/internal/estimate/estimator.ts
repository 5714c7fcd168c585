/**
 * Adds up the estimated tokens of the parts of a request.
 *
 * Accepts any value in place of a request. The constants are tokens, fitted to
 * recorded requests.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as JsonText from "../../JsonText.ts"
import * as Turns from "../turns.ts"
import * as Media from "./media.ts"
import * as Tokenizer from "./tokenizer.ts"

/** The margin of the estimate of a text, as a fraction of it. */
export const textMargin = 0.2

const imageMargin = 0.1
const pdfMargin = 0.5

/** The tokens of an empty request. */
const perRequest = 5
const perTurn = 2.3
const perSystem = 2

const perCall = 30
const perResult = 19
const perTool = 40

const perThinking = 30
const perCitations = 580
const perFormat = 85
const perTaskBudget = 37

const pixelsPerToken = 750
const perPage = 2000
const smallestMargin = 20

/** The tokens of an image whose size cannot be read. */
const unreadImage = 1200

/**
 * The tokens of a tool that the API defines, by its type with or without the
 * date. Results of server tools are not included.
 */
const toolTokens: { readonly [family: string]: number } = {
  bash: 245,
  text_editor: 300,
  memory: 1050,
  computer: 1300,
  computer_toolset: 1300,
  browser_toolset: 2500,
  web_search: 2000,
  web_fetch: 1000,
  code_execution_20250522: 900,
  code_execution_20250825: 1600,
  code_execution: 2250,
  tool_search_tool: 250,
  advisor: 1000
}

/** Tools that the client runs: only their definition adds tokens. */
const runByCaller: ReadonlySet<string> = new Set([
  "bash",
  "text_editor",
  "memory",
  "computer",
  "computer_toolset",
  "browser_toolset"
])

/** Blocks without text, or without text that stays in the prompt. */
const weightless: ReadonlySet<string> = new Set(["redacted_thinking", "tool_reference", "fallback", "tool_removal"])

/** The sum while a request is traversed. */
class Sum {
  readonly profile: Tokenizer.Profile
  tokens = 0
  margin = 0
  cited = false
  readonly inside = new Set<object>()
  readonly unmeasured: Array<string> = []
  constructor(profile: Tokenizer.Profile) {
    this.profile = profile
  }
  fixed(tokens: number): void {
    this.tokens += tokens
    this.margin += tokens * textMargin
  }
  text(text: unknown): void {
    if (typeof text === "string") this.fixed(Tokenizer.textTokens(text) * this.profile.density)
  }
  rough(tokens: number, margin: number): void {
    this.tokens += tokens
    this.margin += tokens * margin
  }
}

/** Estimates the input tokens of a request. */
export const estimate = (request: object): {
  readonly tokens: number
  readonly margin: number
  readonly unmeasured: ReadonlyArray<string>
} => {
  const sum = new Sum(Tokenizer.profileOf(Reflect.get(request, "model")))
  sum.fixed(perRequest)
  addSystem(sum, request)
  addTurns(sum, request)
  addTools(sum, request)
  addOptions(sum, request)
  if (sum.cited) sum.fixed(perCitations)
  return { tokens: sum.tokens, margin: Math.max(smallestMargin, sum.margin), unmeasured: sum.unmeasured }
}

const addSystem = (sum: Sum, request: object): void => {
  const system: unknown = Reflect.get(request, "system")
  if (system === undefined || system === null) return
  sum.fixed(perSystem)
  sum.text(system)
  for (const { item } of Turns.items(request, "system")) sum.text(item["text"])
}

const addTurns = (sum: Sum, request: object): void => {
  const turns = Turns.items(request, "messages")
  const lastAsked = turns.findLastIndex((turn) => turn.item["role"] === "user" && !isResultsOnly(turn))
  turns.forEach((turn, index) => {
    sum.fixed(perTurn)
    sum.text(turn.item["content"])
    for (const at of Turns.inside(turn, "content")) addBlock(sum, at, sum.profile.keepsThinking || index > lastAsked)
  })
}

const isResultsOnly = (turn: Turns.Item): boolean => {
  const blocks = Turns.inside(turn, "content")
  return blocks.length > 0 && blocks.every(({ item }) => item["type"] === "tool_result")
}

const addBlock = (sum: Sum, at: Turns.Item, keepsThinking: boolean): void => {
  const block = at.item
  if (isEnabled(block["citations"])) sum.cited = true
  switch (block["type"]) {
    case "text":
      return sum.text(block["text"])
    case "thinking":
      return keepsThinking ? sum.text(block["thinking"]) : undefined
    case "image":
      return addImage(sum, block["source"], at)
    case "document":
      sum.text(block["title"])
      sum.text(block["context"])
      return addDocument(sum, at, keepsThinking)
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      sum.fixed(perCall)
      sum.text(block["name"])
      return addJson(sum, block["input"])
    case "tool_result":
      sum.fixed(perResult)
      sum.text(block["content"])
      return Turns.inside(at, "content").forEach((inner) => addBlock(sum, inner, keepsThinking))
    case "search_result":
      sum.text(block["source"])
      sum.text(block["title"])
      return Turns.inside(at, "content").forEach(({ item }) => sum.text(item["text"]))
    case "tool_addition":
      return addDefinition(sum, block["tool"], at)
    case "container_upload":
      sum.unmeasured.push(at.path)
      return
    default:
      if (typeof block["type"] === "string" && weightless.has(block["type"])) return
      // A result of a server tool, or an unknown block. Its text is counted, and it may contain encrypted content.
      sum.unmeasured.push(at.path)
      return addJson(sum, block)
  }
}

const isEnabled = (citations: unknown): boolean => Predicate.isObject(citations) && citations["enabled"] === true

const addImage = (sum: Sum, source: unknown, at: Turns.Item): void => {
  const data = Predicate.isObject(source) && source["type"] === "base64" ? source["data"] : undefined
  if (typeof data !== "string") {
    sum.unmeasured.push(at.path)
    return
  }
  const size = Media.imageSize(data)
  if (size === undefined) return sum.rough(unreadImage, pdfMargin)
  const { imageEdge, imageTokens } = sum.profile
  const scale = Math.min(1, imageEdge / Math.max(size.width, size.height))
  sum.rough(Math.min(imageTokens, size.width * size.height * scale * scale / pixelsPerToken), imageMargin)
}

const addDocument = (sum: Sum, at: Turns.Item, keepsThinking: boolean): void => {
  const source = at.item["source"]
  if (!Predicate.isObject(source)) return
  const { content, data, type } = source
  if (type === "text") return sum.text(data)
  if (type === "content") {
    sum.text(content)
    return Turns.inside(new Turns.Item(source, at, "source"), "content").forEach((inner) =>
      addBlock(sum, inner, keepsThinking)
    )
  }
  const pages = type === "base64" && typeof data === "string" ? Media.pdfPages(data) : undefined
  if (pages === undefined) sum.unmeasured.push(at.path)
  else sum.rough(pages * perPage, pdfMargin)
}

const addTools = (sum: Sum, request: object): void => {
  const tools = Turns.items(request, "tools")
  if (tools.some(({ item }) => item["defer_loading"] !== true && isIntroduced(item))) {
    const choice: unknown = Reflect.get(request, "tool_choice")
    const forced = Predicate.isObject(choice) && (choice["type"] === "any" || choice["type"] === "tool")
    sum.fixed(forced ? sum.profile.forcedTools : sum.profile.tools)
  }
  for (const at of tools) addTool(sum, at)
}

/** Returns whether a request with this tool has the instructions for calling tools. */
const isIntroduced = (tool: Turns.Json): boolean => isOwnTool(tool) || introduced.has(familyOf(tool["type"]))

const introduced: ReadonlySet<string> = new Set(["bash", "memory", "computer", "computer_toolset", "browser_toolset"])

const isOwnTool = (tool: Turns.Json): boolean => "input_schema" in tool

const addTool = (sum: Sum, at: Turns.Item): void => {
  const tool = at.item
  // A deferred tool is not in the prompt until a search finds it.
  if (tool["defer_loading"] === true) return
  if (isOwnTool(tool)) {
    sum.fixed(perTool)
    sum.text(tool["name"])
    sum.text(tool["description"])
    return addJson(sum, tool["input_schema"])
  }
  const family = familyOf(tool["type"])
  sum.fixed(toolTokens[String(tool["type"])] ?? toolTokens[family] ?? 0)
  if (!runByCaller.has(family)) sum.unmeasured.push(at.path)
}

const familyOf = (type: unknown): string =>
  typeof type === "string" ? type.replace(/(?:_(?:bm25|regex))?(?:_\d{8})?$/, "") : ""

const addDefinition = (sum: Sum, tool: unknown, at: Turns.Item): void => {
  const definition = Predicate.isObject(tool) ? tool["definition"] : undefined
  if (Predicate.isObject(definition)) addTool(sum, new Turns.Item(definition, at, "tool.definition"))
}

const addOptions = (sum: Sum, request: object): void => {
  const field = (name: string): unknown => Reflect.get(request, name)
  const thinking = field("thinking")
  if (Predicate.isObject(thinking) && thinking["type"] === "enabled") sum.fixed(perThinking)
  const config = field("output_config")
  const format = field("output_format") ?? (Predicate.isObject(config) ? config["format"] : undefined)
  if (Predicate.isObject(format)) {
    sum.fixed(perFormat)
    addJson(sum, format["schema"], writtenSign)
  }
  if (Predicate.isObject(config) && Predicate.isObject(config["task_budget"])) sum.fixed(perTaskBudget)
  for (const name of ["mcp_servers", "container", "thread", "context_management"]) {
    const value = field(name)
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)) {
      sum.unmeasured.push(name)
    }
  }
}

/** Adds the text of a JSON value, and part of its punctuation, because the model does not always see it as JSON. */
const addJson = (sum: Sum, value: unknown, perSign = shownSign): void => {
  const sign = perSign * sum.profile.density
  if (typeof value === "string") {
    sum.text(value)
    sum.fixed(2 * sign)
  } else if (typeof value === "object" && value !== null) {
    // A value that contains itself, or is nested too deeply, cannot be sent; the request fails later.
    if (sum.inside.has(value) || sum.inside.size > JsonText.maxDepth) return
    sum.inside.add(value)
    const keys = Object.keys(value)
    const isArray = Array.isArray(value)
    sum.fixed((1 + (isArray ? 1 : 4) * keys.length) * sign)
    for (const key of keys) {
      if (!isArray) sum.text(key)
      addJson(sum, Reflect.get(value, key), perSign)
    }
    sum.inside.delete(value)
  } else sum.text(String(value))
}

/** The tokens of a bracket, quote, colon or comma of JSON that the model sees in another form, and as JSON. */
const shownSign = 0.56
const writtenSign = 0.83
