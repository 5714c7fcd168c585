/**
 * Where two JSON values differ.
 *
 * @since 0.1.0
 */
import { isArray, isRecord } from "./json.ts"

/** One difference, at a path such as `body.messages[0].content`. */
export interface Difference {
  readonly path: string
  readonly expected: unknown
  readonly actual: unknown
}

/** Finds the differences. With `subset`, fields that are not expected may be there, in objects and not in lists. */
export const differences = (
  expected: unknown,
  actual: unknown,
  path: string,
  subset: boolean
): ReadonlyArray<Difference> => {
  if (isRecord(expected) && isRecord(actual)) {
    const fields = new Set([...Object.keys(expected), ...(subset ? [] : Object.keys(actual))])
    return [...fields].flatMap((field) =>
      expected[field] === undefined && actual[field] === undefined
        ? []
        : differences(expected[field], actual[field], `${path}.${field}`, subset)
    )
  }
  if (isArray(expected) && isArray(actual)) {
    const size = Math.max(expected.length, actual.length)
    return Array.from({ length: size }).flatMap((_, i) => differences(expected[i], actual[i], `${path}[${i}]`, subset))
  }
  return Object.is(expected, actual) ? [] : [{ path, expected, actual }]
}

/** Writes a value short enough to read in a message. */
export const show = (value: unknown): string => {
  if (value === undefined) return "nothing"
  const text = JSON.stringify(value)
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}
