/**
 * Values that a JSON body can carry: well-formed Unicode, and not nested deeper
 * than parsers read.
 *
 * A program that cuts text by UTF-16 units can cut an emoji in half. JSON has no
 * encoding for half a surrogate pair, and the API refuses the whole request.
 *
 * @since 0.1.0
 */

/** The deepest nesting that is sent. JSON parsers commonly stop at 128 or 200 levels. */
export const maxDepth = 100

const lone = /\p{Surrogate}/u

const allLone = /\p{Surrogate}/gu

/**
 * Returns the value with each lone surrogate replaced by U+FFFD, in strings and
 * in keys. Returns `value` itself when nothing changes. The nesting is bounded
 * by `isTooDeep`.
 */
export function wellFormed<A>(value: A): A
export function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return lone.test(value) ? value.replaceAll(allLone, "\ufffd") : value
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) {
    const items: ReadonlyArray<unknown> = value
    let out: Array<unknown> | undefined
    for (let i = 0; i < items.length; i++) {
      const item = wellFormed(items[i])
      if (item === items[i]) continue
      out ??= [...items]
      out[i] = item
    }
    return out ?? value
  }
  let out: Map<string, unknown> | undefined
  const entries = Object.entries(value)
  for (const [key, field] of entries) {
    const name = wellFormed(key)
    const next = wellFormed(field)
    if (name === key && next === field) continue
    out ??= new Map(entries)
    if (name !== key) out.delete(key)
    out.set(name, next)
  }
  return out === undefined ? value : Object.fromEntries(out)
}

/** Whether `wellFormed` returns the value as it is. */
export const isWellFormed = (value: unknown): boolean => wellFormed(value) === value

/** Whether arrays and objects are nested deeper than `maxDepth`. Recurses no deeper than that. */
export const isTooDeep = (value: unknown, depth: number = maxDepth): boolean => {
  if (typeof value !== "object" || value === null) return false
  if (depth === 0) return true
  for (const child of Object.values(value)) {
    if (typeof child === "object" && isTooDeep(child, depth - 1)) return true
  }
  return false
}
