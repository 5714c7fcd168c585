/**
 * A value that a JSON Schema accepts, taken from the words of a prompt where
 * they offer one.
 *
 * @since 0.1.0
 */
import { array, isRecord, type Json, number, record, records, string } from "./json.ts"

/** What a prompt offers to fill a schema with. */
export interface Source {
  readonly prompt: string
  /** What the conversation told: `name` is `Ada`. */
  readonly facts: ReadonlyMap<string, string>
}

/** Creates a value for `schema`. Total: what it cannot honour, it leaves out. */
export const make = (schema: unknown, source: Source): unknown => value(record(schema), source, "", record(schema), 0)

const value = (schema: Json, source: Source, name: string, root: Json, depth: number): unknown => {
  if (depth > 8) return null
  const ref = string(schema["$ref"])
  if (ref !== undefined) return value(resolve(root, ref), source, name, root, depth + 1)
  if ("const" in schema) return schema["const"]
  const choices = array(schema["enum"])
  if (choices.length > 0) return choices.find((choice) => mentions(source.prompt, choice)) ?? choices[0]
  const variants = records(schema["anyOf"] ?? schema["oneOf"])
  if (variants.length > 0) {
    const variant = variants.find((each) => each["type"] !== "null") ?? variants[0]!
    return value(variant, source, name, root, depth + 1)
  }
  const all = records(schema["allOf"])
  if (all.length > 0) return value(Object.assign({}, ...all), source, name, root, depth + 1)
  switch (typeOf(schema)) {
    case "object":
      return object(schema, source, root, depth)
    case "array": {
      const size = Math.max(1, number(schema["minItems"]) ?? 1)
      return Array.from({ length: size }, () => value(record(schema["items"]), source, name, root, depth + 1))
    }
    case "integer":
      return clamp(schema, Math.trunc(aNumber(source) ?? 1))
    case "number":
      return clamp(schema, aNumber(source) ?? 1)
    case "boolean":
      return !/\b(?:no|not|never|false)\b/i.test(source.prompt)
    case "null":
      return null
    default:
      return aString(schema, source, name)
  }
}

const object = (schema: Json, source: Source, root: Json, depth: number): Json => {
  const out: { [field: string]: unknown } = {}
  const numbers = numbersIn(source.prompt)
  let used = 0
  for (const [name, property] of Object.entries(record(schema["properties"]))) {
    const of = record(property)
    const isNumber = typeOf(of) === "number" || typeOf(of) === "integer"
    // Each numeric field takes the next number of the prompt.
    const prompt = isNumber && numbers.length > used ? String(numbers[used++]) : source.prompt
    out[name] = value(of, { ...source, prompt }, name, root, depth + 1)
  }
  return out
}

const typeOf = (schema: Json): string => {
  const type = schema["type"]
  if (typeof type === "string") return type
  const types = array(type).filter((each) => typeof each === "string")
  return types.find((each) => each !== "null") ?? types[0] ?? (isRecord(schema["properties"]) ? "object" : "string")
}

const resolve = (root: Json, ref: string): Json =>
  ref.replace(/^#\/?/, "").split("/").filter((key) => key !== "").reduce((at, key) => record(at[key]), root)

const aNumber = (source: Source): number | undefined => numbersIn(source.prompt)[0]

const numbersIn = (text: string): ReadonlyArray<number> =>
  (text.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number).filter(Number.isFinite)

const clamp = (schema: Json, n: number): number =>
  Math.min(number(schema["maximum"]) ?? Infinity, Math.max(number(schema["minimum"]) ?? -Infinity, n))

const mentions = (prompt: string, choice: unknown): boolean =>
  typeof choice === "string" && prompt.toLowerCase().includes(choice.toLowerCase())

const emailIn = (prompt: string): string | undefined =>
  prompt.match(/[\w.+@-]+/g)?.map((word) => word.replace(/[.+-]$/, "")).find((word) =>
    /^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$/.test(word)
  )

const aString = (schema: Json, { facts, prompt }: Source, name: string): string => {
  switch (schema["format"]) {
    case "email":
      return emailIn(prompt) ?? "ada@example.com"
    case "date":
      return /\d{4}-\d{2}-\d{2}/.exec(prompt)?.[0] ?? "2026-01-01"
    case "date-time":
      return /\d{4}-\d{2}-\d{2}T[\d:.]+Z/.exec(prompt)?.[0] ?? "2026-01-01T00:00:00Z"
    case "time":
      return "12:00:00Z"
    case "uri":
      return /https?:\/\/[^\s"']+/.exec(prompt)?.[0] ?? "https://example.com"
    case "uuid":
      return "00000000-0000-4000-8000-000000000000"
    default:
  }
  if (/e-?mail/i.test(name)) return emailIn(prompt) ?? "ada@example.com"
  const told = facts.get(name.toLowerCase())
  if (told !== undefined) return told
  if (/^(?:question|query|text|prompt|input|message|content|expression)$/i.test(name)) return prompt
  if (/^(?:answer|summary|title|reason|explanation|description)$/i.test(name)) return prompt.slice(0, 80)
  return properNoun(prompt) ?? "example"
}

/** The last capitalised word that does not open a sentence, as in "the weather in Paris?". */
const properNoun = (text: string): string | undefined =>
  [...text.matchAll(/(?<=[^.?!:\s]\s)(?!I\b)\p{Lu}[\p{L}\p{N}'-]+(?:\s\p{Lu}[\p{L}\p{N}'-]+)*/gu)].at(-1)?.[0]
