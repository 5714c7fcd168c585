/**
 * Wire values as the JSON that effect/ai's metadata holds.
 *
 * The API sends JSON, and the wire schemas give it closer types than `Json`. Only
 * values that hold an absent field are copied, because metadata may not hold one.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

/** A content block as JSON. */
export type Block = { readonly type: string; readonly [field: string]: Schema.Json }

/** Converts a wire block to JSON, leaving out fields that are absent. */
export const block = (value: { readonly type?: string | null | undefined }): Block => ({
  ...object(value),
  type: value.type ?? "custom"
})

/** Converts the fields of an object to JSON, leaving out those that are absent. */
export const object = (value: object): { readonly [field: string]: Schema.Json } =>
  Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => item === undefined ? [] : [[key, json(item)]])
  )

/** Converts a wire value to JSON, leaving out fields that are absent. Returns the value itself if it is JSON. */
export const json = (value: unknown): Schema.Json => {
  if (isJson(value)) return value
  if (Array.isArray(value)) return value.map(json)
  return isObject(value) ? object(value) : null
}

const isJson = (u: unknown): u is Schema.Json => {
  switch (typeof u) {
    case "string":
    case "number":
    case "boolean":
      return true
    case "object":
      return u === null || (Array.isArray(u) ? u : Object.values(u)).every(isJson)
    default:
      return false
  }
}

/** Whether a value is a JSON object: neither null nor an array. */
export const isObject = (u: unknown): u is { readonly [field: string]: unknown } =>
  typeof u === "object" && u !== null && !Array.isArray(u)
