/**
 * Checks that hold for text wherever it is in a request.
 *
 * @since 0.1.0
 */
import type { MessageRequest } from "../../MessageRequest.ts"
import * as Turns from "../turns.ts"
import type { Finding } from "./model.ts"

/** With the flag `u` a pair of surrogates is one character, so this finds lone ones. */
const loneSurrogate = /\p{Surrogate}/u

/** Text is well-formed Unicode: half of a surrogate pair cannot be sent as UTF-8. */
export const wellFormedText = (request: Partial<MessageRequest>): ReadonlyArray<Finding> => {
  if (isWellFormed(request)) return Turns.none
  return malformed(request).map((path) => ({
    path,
    problem: "the text has a lone surrogate, half of a character such as an emoji",
    fix: "Cut text between characters, or call `toWellFormed()` on it."
  }))
}

/** Whether all text in a value is well-formed. Each object is visited once, so that a cycle ends. */
const isWellFormed = (value: unknown): boolean => {
  const seen = new Set<object>()
  const left: Array<unknown> = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === "string" && loneSurrogate.test(next)) return false
    if (typeof next !== "object" || next === null || seen.has(next)) continue
    seen.add(next)
    if (Array.isArray(next)) {
      for (const item of next) left.push(item)
      continue
    }
    for (const [name, item] of Object.entries(next)) {
      if (loneSurrogate.test(name)) return false
      left.push(item)
    }
  }
  return true
}

/** Fields of free form: what is inside them is content, which a path does not quote. */
const freeForm: ReadonlySet<string> = new Set(["input", "input_schema", "schema"])

/** Lists the paths of text that is not well-formed, each object at its first place. */
const malformed = (request: object): ReadonlyArray<string> => {
  const found = new Set<string>()
  const seen = new Set<object>()
  const left: Array<readonly [value: unknown, path: string, isFree: boolean]> = [[request, "", false]]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, path, isFree] = next
    if (typeof value === "string" && loneSurrogate.test(value)) found.add(path)
    if (typeof value !== "object" || value === null || seen.has(value)) continue
    seen.add(value)
    const inner: Array<readonly [unknown, string, boolean]> = []
    for (const [name, item] of Object.entries(value)) {
      if (loneSurrogate.test(name)) found.add(path)
      inner.push([item, isFree ? path : within(path, name, Array.isArray(value)), isFree || freeForm.has(name)])
    }
    left.push(...inner.toReversed())
  }
  return [...found]
}

const within = (path: string, name: string, isItem: boolean): string => {
  if (isItem) return `${path}[${name}]`
  if (loneSurrogate.test(name)) return path
  return path === "" ? name : `${path}.${name}`
}
