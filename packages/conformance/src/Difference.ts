/**
 * The first place where two JSON values differ.
 *
 * @since 0.1.0
 */

/**
 * Where two values differ, and how.
 *
 * @category models
 * @since 0.1.0
 */
export interface Difference {
  readonly path: string
  readonly expected: string
  readonly actual: string
}

/**
 * Returns the first difference between two JSON values, or undefined when they
 * are equal. The order of keys does not matter.
 *
 * @category constructors
 * @since 0.1.0
 */
export const first = (expected: unknown, actual: unknown, path = "$"): Difference | undefined => {
  if (Object.is(expected, actual)) return undefined
  if (Array.isArray(expected) && Array.isArray(actual)) {
    for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
      const found = first(expected[i], actual[i], `${path}[${i}]`)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const found = first(expected[key], actual[key], `${path}.${key}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  return { path, expected: show(expected), actual: show(actual) }
}

const isObject = (u: unknown): u is { readonly [key: string]: unknown } =>
  typeof u === "object" && u !== null && !Array.isArray(u)

const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value)
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

/**
 * Returns a value with the part at a path taken from another, to look past a
 * difference that is explained.
 *
 * @category combinators
 * @since 0.1.0
 */
export const patch = (value: unknown, other: unknown, path: string): unknown =>
  patchAt(value, other, [...path.matchAll(/\.([^.[]+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index)))

const patchAt = (self: unknown, other: unknown, path: ReadonlyArray<string | number>): unknown => {
  const [step, ...rest] = path
  if (step === undefined) return other
  if (typeof step === "number" && Array.isArray(self) && Array.isArray(other)) {
    return Array.from(
      { length: Math.max(self.length, step + 1) },
      (_, i) => i === step ? patchAt(self[i], other[i], rest) : self[i]
    )
  }
  if (typeof step === "string" && isObject(self) && isObject(other)) {
    const out = { ...self, [step]: patchAt(self[step], other[step], rest) }
    if (out[step] === undefined) delete out[step]
    return out
  }
  return other
}
