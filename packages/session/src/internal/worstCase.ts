/**
 * What a request may use at worst, from everything that it shows: its input with
 * the margin of the estimate, all written to the dearest cache; all of its
 * `max_tokens`; the speed and place it is served with; each model it may fall back
 * to; and the rounds, searches and pages of its server tools, each of which reads
 * the prompt again.
 *
 * What the request does not show (media by address or file, results of tools) is
 * listed as unmeasured, with the amount there would be if its size were bounded.
 *
 * @since 0.1.0
 */
import * as Cost from "@effect-claude/core/Cost"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as ModelCatalog from "@effect-claude/core/ModelCatalog"
import * as TokenEstimate from "@effect-claude/core/TokenEstimate"
import * as Usage from "@effect-claude/core/Usage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Amount } from "./budgetTypes.ts"

/** Returns what a request may use at worst. */
export const ofRequest = (request: MessageRequest.MessageRequest): Effect.Effect<Amount> =>
  Effect.map(ModelCatalog.Current, (catalog) => {
    const estimate = TokenEstimate.ofRequest(withDeferredTools(request))
    const tools = serverTools(request)
    const others = estimate.unmeasured.filter((path) => !tools.some((tool) => tool.path === path) && !known.has(path))
    const parts = [
      ...others,
      ...tools.filter((tool) => !tool.isMeasured).map(({ path }) => path),
      ...(typeof request.fallbacks === "string" ? ["fallbacks"] : [])
    ]
    const shown: Shown = { request, tools, input: estimate.tokens + estimate.margin, others: others.length, catalog }
    const amount = amountOf(shown, 0)
    return parts.length === 0
      ? amount
      : { ...amount, unmeasured: { parts, boundedBy: (tokens) => amountOf(shown, tokens) } }
  })

/** Parts that the estimate cannot measure, and that are counted here by their rounds. */
const known: ReadonlySet<string> = new Set(["container", "mcp_servers", "context_management"])

/** The request with all tools in its prompt: a search may find each of them. */
const withDeferredTools = (request: MessageRequest.MessageRequest): Partial<MessageRequest.MessageRequest> =>
  request.tools === undefined
    ? request
    : { ...request, tools: request.tools.map((tool) => ({ ...tool, defer_loading: false })) }

interface Shown {
  readonly request: MessageRequest.MessageRequest
  readonly tools: ReadonlyArray<ServerTool>
  /** The tokens of the prompt, as far as they can be measured. */
  readonly input: number
  /** How many parts of the prompt cannot be measured. */
  readonly others: number
  readonly catalog: ModelCatalog.ModelCatalog
}

/** What a request may use when each unmeasured part has at most `perPart` tokens. */
const amountOf = ({ catalog, input, others, request, tools }: Shown, perPart: number): Amount => {
  const results = tools.reduce((sum, { content, uses }) => sum + uses * (content ?? perPart), 0)
  // A compaction reads the prompt once more, and writes a summary.
  const compactions = isSet(request.context_management) || isSet(request.compaction) ? 1 : 0
  const rounds = tools.reduce((sum, { uses }) => sum + uses, 1 + compactions)
  const prompt = rounds * (input + others * perPart + results)
  const webSearches = tools.reduce((sum, { searches, uses }) => sum + (searches ? uses : 0), 0)
  const calls: ReadonlyArray<Call> = [
    {
      model: request.model,
      speed: request.speed,
      input: prompt,
      output: (1 + compactions) * request.max_tokens,
      webSearches
    },
    ...(typeof request.fallbacks === "object" && request.fallbacks !== null ? request.fallbacks : []).map(
      ({ max_tokens, model, speed }) => ({
        model,
        speed: speed ?? request.speed,
        input: prompt,
        output: (1 + compactions) * (max_tokens ?? request.max_tokens),
        webSearches
      })
    ),
    ...tools.flatMap(({ advisor, uses }) =>
      advisor === undefined
        ? []
        : [{ model: advisor, speed: undefined, input: uses * prompt, output: uses * perPart, webSearches: 0 }]
    )
  ]
  const us = request.inference_geo === "us"
  return {
    tokens: calls.reduce((sum, { input, output }) => sum + input + output, 0),
    requests: 1,
    turns: 0,
    usd: calls.reduce(
      (sum: Option.Option<number>, call) => Option.zipWith(sum, price(call, { catalog, us }), (a, b) => a + b),
      Option.some(0)
    )
  }
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null

/** One model that may be called. */
interface Call {
  readonly model: string
  readonly speed: string | null | undefined
  readonly input: number
  readonly output: number
  readonly webSearches: number
}

/** The dearer of writing the prompt to the cache and of reading it as it is. */
const price = (
  { input, model, output, speed, webSearches }: Call,
  options: Pick<Cost.Options, "catalog" | "us">
): Option.Option<number> => {
  const totals = { ...Usage.empty, output, webSearches }
  const prices = [{ ...totals, cacheWrite1h: input }, { ...totals, input }].flatMap((totals) =>
    Option.toArray(
      Option.map(Cost.ofTotals(model, totals, { ...options, fast: speed === "fast" }), Cost.total)
    )
  )
  return prices.length === 0 ? Option.none() : Option.some(Math.max(...prices))
}

/** A tool that the API runs. */
interface ServerTool {
  readonly path: string
  readonly uses: number
  /** How many tokens one result has at most, where the request shows it. */
  readonly content: number | undefined
  readonly searches: boolean
  /** The model that an advisor asks. */
  readonly advisor: string | undefined
  readonly isMeasured: boolean
}

/** How many uses are counted where the request does not limit them: the rounds the API makes in one response. */
const usesOfUnlimited = 10

const serverTools = (request: MessageRequest.MessageRequest): ReadonlyArray<ServerTool> => {
  const unlimited = { content: undefined, searches: false, advisor: undefined, isMeasured: false }
  const servers = request.mcp_servers ?? []
  return [
    ...(request.tools ?? []).flatMap((tool, index): ReadonlyArray<ServerTool> => {
      const type = "type" in tool && typeof tool.type === "string" ? tool.type : "custom"
      const family = families.find((family) => type.startsWith(family))
      if (family === undefined) return []
      const limit = numberIn(tool, "max_uses")
      const content = numberIn(tool, "max_content_tokens")
      const model: unknown = Reflect.get(tool, "model")
      return [{
        path: `tools[${index}]`,
        uses: limit ?? usesOfUnlimited,
        content: family === "tool_search" ? 0 : content,
        searches: family === "web_search",
        advisor: family === "advisor" && typeof model === "string" ? model : undefined,
        isMeasured: family === "tool_search" || (limit !== undefined && content !== undefined)
      }]
    }),
    ...servers.map((_, index) => ({ ...unlimited, path: `mcp_servers[${index}]`, uses: usesOfUnlimited }))
  ]
}

const families = ["web_search", "web_fetch", "code_execution", "tool_search", "advisor"] as const

const numberIn = (tool: object, field: string): number | undefined => {
  const value: unknown = Reflect.get(tool, field)
  return typeof value === "number" ? value : undefined
}
