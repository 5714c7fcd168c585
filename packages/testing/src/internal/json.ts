/**
 * Reading JSON nobody has validated yet: what a client sent.
 *
 * @since 0.1.0
 */
import * as JsonText from "@effect-claude/core/JsonText"
import type * as Option from "effect/Option"
import * as Result from "effect/Result"

/** An object of unknown fields. */
export interface Json {
  readonly [field: string]: unknown
}

export const isRecord = (u: unknown): u is Json => typeof u === "object" && u !== null && !Array.isArray(u)

export const isArray = (u: unknown): u is ReadonlyArray<unknown> => Array.isArray(u)

export const record = (u: unknown): Json => isRecord(u) ? u : {}

export const array = (u: unknown): ReadonlyArray<unknown> => isArray(u) ? u : []

export const records = (u: unknown): ReadonlyArray<Json> => array(u).filter(isRecord)

export const string = (u: unknown): string | undefined => typeof u === "string" ? u : undefined

export const number = (u: unknown): number | undefined => typeof u === "number" ? u : undefined

export const parse = (text: string): Option.Option<unknown> => Result.getSuccess(JsonText.parse(text))

/** The text of a content value: the string itself, or its text blocks joined by a line break. */
export const textOf = (content: unknown): string =>
  typeof content === "string"
    ? content
    : records(content).map((block) => string(block["text"])).filter((text) => text !== undefined).join("\n")

/** The content blocks of a content value, a string being one text block. */
export const blocksOf = (content: unknown): ReadonlyArray<Json> =>
  typeof content === "string" ? [{ type: "text", text: content }] : records(content)
