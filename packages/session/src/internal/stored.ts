/**
 * Schemas of what is stored of a session beside its history.
 *
 * @since 0.1.0
 */
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Wire from "@effect-claude/core/Wire"
import * as Schema from "effect/Schema"
import type * as Turn from "../Turn.ts"
import * as WellFormed from "./wellFormed.ts"

/** The deepest nesting that is stored. JSON cannot be written at any depth. */
export const maxDepth = 1000

/** Whether an entry is nested deeper than what is stored. */
export const isTooDeep = (entry: unknown): boolean => WellFormed.isTooDeep(entry, maxDepth)

/** Token counts. */
export const Totals = Schema.Struct({
  input: Schema.Finite,
  output: Schema.Finite,
  cacheRead: Schema.Finite,
  cacheWrite5m: Schema.Finite,
  cacheWrite1h: Schema.Finite,
  thinking: Schema.Finite,
  webSearches: Schema.Finite,
  webFetches: Schema.Finite
})

/** US dollars. */
export const Dollars = Schema.Struct({
  input: Schema.Finite,
  output: Schema.Finite,
  cacheRead: Schema.Finite,
  cacheWrite5m: Schema.Finite,
  cacheWrite1h: Schema.Finite,
  webSearch: Schema.Finite
})

const { max_tokens, messages: _, model, stream: __, ...optional } = MessageRequest.fields

/** What each request says besides the conversation. */
export const Parameters = Wire.struct("Parameters", { ...optional, model, max_tokens })

/** Some of that. */
export const SomeParameters = Wire.struct("SomeParameters", {
  ...optional,
  model: Schema.optionalKey(model),
  max_tokens: Schema.optionalKey(max_tokens)
})

/** The parameters that may be written down: credentials may not. */
export const withoutCredentials = <P extends Partial<Turn.Parameters>>(
  parameters: P
): Omit<P, "fallback_credit_token" | "mcp_servers"> => {
  const { fallback_credit_token: _, mcp_servers: __, ...rest } = parameters
  return rest
}
