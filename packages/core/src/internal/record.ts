/**
 * Recognizes JSON objects.
 *
 * @since 0.1.0
 */

/** Returns whether a value is a JSON object: neither null nor an array. */
export const isRecord = (u: unknown): u is { readonly [key: string]: unknown } =>
  typeof u === "object" && u !== null && !Array.isArray(u)
