/**
 * Walking a JSON Schema.
 *
 * Total: what is not a schema is passed over, and a schema that refers to itself
 * is visited once.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/** Keywords that hold a schema, a list of schemas, or schemas by name. */
const one = ["items", "additionalProperties", "not"] as const
const many = ["anyOf", "oneOf", "allOf", "prefixItems"] as const
const named = ["properties", "$defs", "definitions"] as const

/** Lists the paths of the objects that do not forbid additional properties. */
export const openObjects = (schema: unknown, path: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  const seen = new Set<unknown>()
  const left: Array<readonly [schema: unknown, path: string]> = [[schema, path]]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [node, at] = next
    if (!Predicate.isObject(node) || seen.has(node)) continue
    seen.add(node)
    if (node["type"] === "object" && node["additionalProperties"] !== false) found.push(at)
    for (const keyword of one) left.push([node[keyword], `${at}.${keyword}`])
    for (const keyword of many) {
      const schemas = node[keyword]
      if (Array.isArray(schemas)) schemas.forEach((each, i) => left.push([each, `${at}.${keyword}[${i}]`]))
    }
    for (const keyword of named) {
      const schemas = node[keyword]
      if (!Predicate.isObject(schemas)) continue
      for (const [name, each] of Object.entries(schemas)) left.push([each, `${at}.${keyword}.${name}`])
    }
  }
  return found
}
