/**
 * Wire values as the JSON that effect/ai's metadata holds.
 *
 * What the API sends is JSON, and the wire schemas type it more closely than
 * `Json` can. Nothing is copied but what holds an absent field, which metadata
 * may not.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

/** A content block as JSON. */
export type Block = { readonly type: string; readonly [field: string]: Schema.Json }

/** Views a wire block as JSON, leaving out fields that are absent. */
export function block(value: { readonly type?: string | null | undefined }): Block
export function block(value: unknown): unknown {
  return defined(value)
}

/** Views a wire value as JSON, leaving out fields that are absent. */
export function json(value: unknown): Schema.Json
export function json(value: unknown): unknown {
  return defined(value) ?? null
}

/** Views JSON as the wire value it was. The transport checks the request it becomes part of. */
export function wire<A>(value: unknown): A
export function wire(value: unknown): unknown {
  return value
}

/** Whether a value is a JSON object: neither null nor an array. */
export const isObject = (u: unknown): u is { readonly [field: string]: unknown } =>
  typeof u === "object" && u !== null && !Array.isArray(u)

/** Returns the value itself unless it holds `undefined` somewhere. */
const defined = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    const items = value.map(defined)
    return items.every((item, index) => item === value[index]) ? value : items
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value)
  const kept = entries.flatMap(([key, item]) => item === undefined ? [] : [[key, defined(item)] as const])
  return kept.length === entries.length && kept.every(([key, item]) => item === value[key])
    ? value
    : Object.fromEntries(kept)
}
