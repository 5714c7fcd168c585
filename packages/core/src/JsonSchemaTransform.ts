/**
 * From an Effect schema to the JSON Schema the API is given, for the input of a
 * tool or for structured output.
 *
 * What it describes is what the schema decodes: an optional property stays
 * optional and does not become nullable, an object takes no other properties,
 * a number is a number, and references are kept, so recursive schemas work.
 * Nothing is thrown for a schema the API cannot follow: `strict` narrows a JSON
 * Schema to the subset that constrained sampling accepts, moves what does not
 * fit into the description, where the model reads it, and lists what cannot be
 * said at all. The decoder goes on checking everything.
 *
 * @since 0.1.0
 */
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { isRecord } from "./internal/record.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Something a strict schema cannot say.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  /** Where, as a path of keys from the root of the JSON Schema. */
  readonly path: ReadonlyArray<string>
  /** The keyword that says it. */
  readonly keyword: string
  /** What that means, and what to do instead. */
  readonly message: string
}

/**
 * A JSON Schema narrowed to the strict subset.
 *
 * @category models
 * @since 0.1.0
 */
export interface Strict {
  readonly schema: JsonSchema.JsonSchema
  /** Empty if the strict schema still describes every value the given one does. */
  readonly problems: ReadonlyArray<Problem>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the JSON Schema (draft 2020-12) of what a schema decodes.
 *
 * **Details**
 *
 * Definitions are under `$defs`; a reference at the top is resolved, since the
 * input of a tool has to be an object there.
 *
 * **Example** (Keeping an optional property optional)
 *
 * ```ts
 * import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
 * import * as Schema from "effect/Schema"
 *
 * const input = Schema.Struct({ city: Schema.String, days: Schema.optional(Schema.Int) })
 *
 * JsonSchemaTransform.fromSchema(input).required // => ["city"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSchema = (schema: Schema.Constraint): JsonSchema.JsonSchema => {
  const encoded = Schema.make<Schema.Constraint>(withoutUndefined(SchemaAST.toEncoded(schema.ast)))
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(encoded, { onExcessProperty: "error" })
  const top = dereference(root, definitions)
  const $defs = reachable(top, definitions)
  return simplify(Object.keys($defs).length === 0 ? top : { ...top, $defs })
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Narrows a JSON Schema to the subset that constrained sampling accepts.
 *
 * **Details**
 *
 * Every object is closed. Keywords outside the subset (bounds, lengths, formats
 * and patterns the sampler does not know) become words in the description,
 * `oneOf` becomes `anyOf`, and a tuple becomes an array of its members.
 *
 * **Example** (Telling the model about a bound)
 *
 * ```ts
 * import * as JsonSchemaTransform from "@effect-claude/core/JsonSchemaTransform"
 *
 * const { schema } = JsonSchemaTransform.strict({ type: "integer", description: "Age in years.", minimum: 0 })
 *
 * schema // => { type: "integer", description: "Age in years. (minimum: 0)" }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const strict = (schema: JsonSchema.JsonSchema): Strict => {
  const problems: Array<Problem> = []
  return { schema: narrow(schema, [], problems), problems }
}

// -----------------------------------------------------------------------------
// from schemas
// -----------------------------------------------------------------------------

/**
 * Removes `undefined` from unions: JSON has none, and the property that may hold
 * it is optional already. Left in, it would be written as `null`, which the
 * decoder of a tool's input refuses.
 */
const withoutUndefined = (root: SchemaAST.AST): SchemaAST.AST => {
  // One node for one node, so that a recursive schema still refers to itself.
  const visited = new Map<SchemaAST.AST, SchemaAST.AST>()
  const visit = (ast: SchemaAST.AST): SchemaAST.AST => {
    const known = visited.get(ast)
    if (known !== undefined) return known
    const out = rebuild(ast)
    visited.set(ast, out)
    return out
  }
  const rebuild = (ast: SchemaAST.AST): SchemaAST.AST => {
    switch (ast._tag) {
      case "Objects":
        return new SchemaAST.Objects(
          ast.propertySignatures.map(({ name, type }) => new SchemaAST.PropertySignature(name, visit(type))),
          ast.indexSignatures.map(({ parameter, type }) => new SchemaAST.IndexSignature(parameter, visit(type))),
          ast.annotations,
          ast.checks,
          undefined,
          ast.context
        )
      case "Arrays":
        return new SchemaAST.Arrays(
          ast.isMutable,
          ast.elements.map(visit),
          ast.rest.map(visit),
          ast.annotations,
          ast.checks,
          undefined,
          ast.context
        )
      case "Union": {
        const defined = ast.types.filter((type) => !SchemaAST.isUndefined(type) && !SchemaAST.isVoid(type))
        const types = defined.length === 0 ? ast.types : defined.map(visit)
        return new SchemaAST.Union(types, ast.options, ast.annotations, ast.checks, undefined, ast.context)
      }
      case "Suspend":
        return new SchemaAST.Suspend(() => visit(ast.thunk()), ast.annotations, undefined, undefined, ast.context)
      default:
        return ast
    }
  }
  return visit(root)
}

const dereference = (schema: JsonSchema.JsonSchema, definitions: JsonSchema.Definitions): JsonSchema.JsonSchema => {
  const key = definitionKey(schema["$ref"])
  const target = key === undefined ? undefined : definitions[key]
  if (target === undefined) return schema
  const { $ref: _, ...beside } = schema
  return { ...target, ...beside }
}

const definitionKey = (reference: unknown): string | undefined =>
  typeof reference === "string" && reference.startsWith("#/$defs/")
    ? decodeURIComponent(reference.slice("#/$defs/".length)).replaceAll("~1", "/").replaceAll("~0", "~")
    : undefined

/** The definitions a schema refers to, directly or through others. */
const reachable = (schema: JsonSchema.JsonSchema, definitions: JsonSchema.Definitions): JsonSchema.Definitions => {
  const found: Record<string, JsonSchema.JsonSchema> = {}
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (!isRecord(value)) return
    const key = definitionKey(value["$ref"])
    const target = key === undefined ? undefined : definitions[key]
    if (key !== undefined && target !== undefined && !Object.hasOwn(found, key)) {
      found[key] = target
      visit(target)
    }
    Object.values(value).forEach(visit)
  }
  visit(schema)
  return found
}

/**
 * Writes things as the API's users would: a union of one as that one, an empty
 * struct as an empty object, an integer without the bounds every integer has, and
 * a number without the names of those JSON lacks (`NaN`, the infinities).
 */
const simplify = (schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  const out = mapChildren(schema, simplify)
  if (JSON.stringify(out["not"]) === `{"type":"null"}`) {
    const { not: _, ...beside } = out
    return { type: "object", additionalProperties: false, ...beside }
  }
  if (out["minimum"] === Number.MIN_SAFE_INTEGER) delete out["minimum"]
  if (out["maximum"] === Number.MAX_SAFE_INTEGER) delete out["maximum"]
  if (!Array.isArray(out["anyOf"])) return out
  const members = out["anyOf"].filter((member) => !isNonFinite(member))
  const { anyOf: _, ...beside } = out
  return members.length === 1 && isRecord(members[0]) ? { ...members[0], ...beside } : { ...out, anyOf: members }
}

const nonFinite = JSON.stringify(["Infinity", "-Infinity", "NaN"])

const isNonFinite = (schema: unknown): boolean =>
  isRecord(schema) && schema["type"] === "string" &&
  JSON.stringify(schema["enum"]) === nonFinite

// -----------------------------------------------------------------------------
// the strict subset
// -----------------------------------------------------------------------------

const supported: ReadonlySet<string> = new Set([
  "$ref",
  "$defs",
  "type",
  "title",
  "description",
  "enum",
  "const",
  "default",
  "anyOf",
  "allOf",
  "properties",
  "required",
  "items"
])

const formats: ReadonlySet<unknown> = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid"
])

/** Keywords that narrow a value: what they say can be said in words. */
const words: ReadonlySet<string> = new Set([
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "pattern",
  "format",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "examples",
  "contentEncoding",
  "contentMediaType"
])

/** Keywords that mean nothing to a sampler. */
const ignored: ReadonlySet<string> = new Set(["$schema", "$id", "$comment", "readOnly", "writeOnly", "deprecated"])

const narrow = (
  schema: JsonSchema.JsonSchema,
  path: ReadonlyArray<string>,
  problems: Array<Problem>
): JsonSchema.JsonSchema => {
  const out: Record<string, unknown> = {}
  const said: Array<string> = []
  const refuse = (keyword: string, message: string) => problems.push({ path, keyword, message })
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === "oneOf") out["anyOf"] = value
    else if (keyword === "prefixItems") Object.assign(out, tupleItems(value, said))
    else if (keyword === "items" && "prefixItems" in schema) continue
    else if (supported.has(keyword) || keeps(keyword, value)) out[keyword] = value
    else if (keyword === "additionalProperties") {
      if (value !== false && !isClosedByNature(schema)) {
        refuse(keyword, "Properties of any name cannot be described strictly. Use an array of entries.")
      }
    } else if (words.has(keyword) && !("prefixItems" in schema)) {
      said.push(`${keyword}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    } else if (!ignored.has(keyword) && !words.has(keyword)) {
      refuse(keyword, `\`${keyword}\` cannot be described strictly.`)
    }
  }
  if (isObject(schema)) out["additionalProperties"] = false
  const description = schema["description"]
  if (said.length > 0) {
    out["description"] = `${typeof description === "string" ? `${description} ` : ""}(${said.join(", ")})`
  }
  return mapChildren(out, (child, at) => narrow(child, [...path, ...at], problems))
}

/** Whether a narrowing keyword is one the sampler can follow. */
const keeps = (keyword: string, value: unknown): boolean =>
  keyword === "format"
    ? formats.has(value)
    : keyword === "minItems"
    ? value === 0 || value === 1
    : keyword === "pattern" && typeof value === "string" && !/\(\?|\\[bBkpP1-9]/.test(value)

const tupleItems = (members: unknown, said: Array<string>): JsonSchema.JsonSchema => {
  if (!Array.isArray(members) || members.length === 0) return {}
  const distinct = [...new Map(members.map((member) => [JSON.stringify(member), member])).values()]
  said.push(`${members.length} items, in this order: ${members.map((member) => JSON.stringify(member)).join(", ")}`)
  return { items: distinct.length === 1 ? distinct[0] : { anyOf: distinct } }
}

const isObject = (schema: JsonSchema.JsonSchema): boolean => schema["type"] === "object" || "properties" in schema

/** An object that says nothing of other properties names its own. */
const isClosedByNature = (schema: JsonSchema.JsonSchema): boolean =>
  schema["additionalProperties"] === true && "properties" in schema

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const schemaKeywords: ReadonlySet<string> = new Set(["items", "additionalProperties", "propertyNames", "not"])
const listKeywords: ReadonlySet<string> = new Set(["anyOf", "allOf", "oneOf", "prefixItems"])
const mapKeywords: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs"])

/** Applies a function to the schemas a schema holds. */
const mapChildren = (
  schema: JsonSchema.JsonSchema,
  f: (child: JsonSchema.JsonSchema, at: ReadonlyArray<string>) => JsonSchema.JsonSchema
): JsonSchema.JsonSchema => {
  const apply = (child: unknown, ...at: ReadonlyArray<string>) => isRecord(child) ? f(child, at) : child
  const out: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    out[keyword] = schemaKeywords.has(keyword)
      ? apply(value, keyword)
      : listKeywords.has(keyword) && Array.isArray(value)
      ? value.map((child, index) => apply(child, keyword, String(index)))
      : mapKeywords.has(keyword) && isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([name, child]) => [name, apply(child, keyword, name)]))
      : value
  }
  return out
}
