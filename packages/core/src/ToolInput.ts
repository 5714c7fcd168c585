/**
 * How the input of a tool call arrived: whole, or not.
 *
 * An input that is not a whole JSON object is kept as the text that arrived,
 * in the form that the API documents for it: `{ "INVALID_JSON": "…" }`. So
 * whether an input is complete is part of the message. It survives a copy, JSON
 * and a store, the block can be sent back as it is, and the model sees what it
 * wrote. Nothing is repaired.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as ContentBlock from "./ContentBlock.ts"
import type * as Mcp from "./Mcp.ts"
import * as PartialJson from "./PartialJson.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The input of a tool call.
 *
 * @category models
 * @since 0.1.0
 */
export type ToolInput = Complete | Incomplete

/**
 * An input that is a JSON object.
 *
 * @category models
 * @since 0.1.0
 */
export interface Complete {
  readonly complete: true
  readonly value: { readonly [key: string]: unknown }
}

/**
 * An input that was cut, or that is not a JSON object.
 *
 * @category models
 * @since 0.1.0
 */
export interface Incomplete {
  readonly complete: false
  /** The text as it arrived. Empty where the input is another JSON value than an object. */
  readonly json: string
  /** What the text shows so far: see `PartialJson`. Read on access. */
  readonly value: unknown
}

/**
 * A block that calls a tool.
 *
 * @category models
 * @since 0.1.0
 */
export type Call = ContentBlock.ToolUse | ContentBlock.ServerToolUse | Mcp.ToolUse

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Returns the input of a call whose text is not a whole JSON object.
 *
 * @category constructors
 * @since 0.1.0
 */
export const incomplete = (json: string): { readonly INVALID_JSON: string } => ({ INVALID_JSON: json })

/**
 * Returns the input of a call from its text: the object, or `incomplete` for any
 * other text. A blank text is the empty object.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (json: string): { readonly [key: string]: unknown } => {
  if (json.trim() === "") return {}
  const value = Result.getOrUndefined(Result.try((): unknown => JSON.parse(json)))
  return Predicate.isObject(value) ? value : incomplete(json)
}

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns how the input of a call arrived.
 *
 * **Gotchas**
 *
 * A call that was cut by `max_tokens` can end in a whole JSON object by chance,
 * and in a plain JSON response the API repairs it. Do not run the last call of a
 * message that is truncated: see `Message.isTruncated`.
 *
 * **Example** (Recognising a call that was cut)
 *
 * ```ts
 * import * as ToolInput from "@effect-claude/core/ToolInput"
 *
 * const call = { type: "tool_use", id: "toolu_1", name: "weather", input: { INVALID_JSON: "{\"city\": \"Par" } } as const
 * const input = ToolInput.of(JSON.parse(JSON.stringify(call)))
 *
 * input.complete // => false
 * input.value // => { city: "Par" }
 * ```
 *
 * @category accessors
 * @since 0.1.0
 */
export const of = (call: Pick<Call, "input">): ToolInput => {
  const { input } = call
  if (!Predicate.isObject(input)) {
    return typeof input === "string"
      ? unread(input)
      : { complete: false, json: "", value: input }
  }
  const json = textOf(input)
  return json === undefined ? { complete: true, value: input } : unread(json)
}

/**
 * Returns whether the input of a call is a whole JSON object.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isComplete = ({ input }: Pick<Call, "input">): boolean =>
  Predicate.isObject(input) && textOf(input) === undefined

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const textOf = (input: { readonly [key: string]: unknown }): string | undefined => {
  const json = input["INVALID_JSON"]
  return typeof json === "string" && Object.keys(input).length === 1 ? json : undefined
}

const unread = (json: string): Incomplete => ({
  complete: false,
  json,
  get value() {
    return PartialJson.parse(json).value ?? {}
  }
})
