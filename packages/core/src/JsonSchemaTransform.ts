/**
 * Converts an Effect schema to the JSON Schema of a tool input or of structured
 * output.
 *
 * The JSON Schema describes the values that the schema decodes. An optional
 * property stays optional and does not become nullable, objects have no
 * additional properties, and references are kept, so recursive schemas work.
 * `strict` narrows a JSON Schema to the subset of constrained sampling.
 * Keywords outside the subset become part of the description, which the model
 * reads. `strict` lists what it cannot express, and never throws. The decoder
 * still checks everything.
 *
 * @since 0.1.0
 */
import type * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A constraint that a strict schema cannot express.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  /** The path of keys from the root of the JSON Schema. */
  readonly path: ReadonlyArray<string>
  /** The keyword of the constraint. */
  readonly keyword: string
  /** The consequence, and what to do instead. */
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
  /** Constraints that are lost. Empty when the strict schema describes every value of the given one. */
  readonly problems: ReadonlyArray<Problem>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the JSON Schema (draft 2020-12) of the values that a schema decodes.
 *
 * **Details**
 *
 * Definitions are in `$defs`. A reference at the root is resolved, because the
 * root of a tool input must be an object.
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
 * Every object is closed. Keywords outside the subset (bounds, lengths, and
 * formats and patterns that the sampler does not know) become part of the
 * description. `oneOf` becomes `anyOf`, and a tuple becomes an array of its
 * members.
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
 * Removes `undefined` from unions. JSON does not have it, and the property is
 * already optional. Otherwise it would become `null`, which the decoder
 * refuses.
 */
const withoutUndefined = (root: SchemaAST.AST): SchemaAST.AST => {
  // Each node is replaced by one node, so that a recursive schema still refers to itself.
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

/** Returns the definitions that a schema refers to, directly or indirectly. */
const reachable = (schema: JsonSchema.JsonSchema, definitions: JsonSchema.Definitions): JsonSchema.Definitions => {
  const found: Record<string, JsonSchema.JsonSchema> = {}
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (!Predicate.isObject(value)) return
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
 * Simplifies a JSON Schema: a union of one member becomes that member, an empty
 * struct an empty object, an integer loses the bounds of every integer, and a
 * number the names of values that JSON lacks (`NaN` and the infinities).
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
  return members.length === 1 && Predicate.isObject(members[0])
    ? { ...members[0], ...beside }
    : { ...out, anyOf: members }
}

const nonFinite = JSON.stringify(["Infinity", "-Infinity", "NaN"])

const isNonFinite = (schema: unknown): boolean =>
  Predicate.isObject(schema) && schema["type"] === "string" &&
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

/** Keywords that narrow a value. A description can express them. */
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

/** Keywords that do not affect a sampler. */
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

/** Returns whether the sampler supports a keyword with this value. */
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

/** An object without `additionalProperties` that lists its properties. */
const isClosedByNature = (schema: JsonSchema.JsonSchema): boolean =>
  schema["additionalProperties"] === true && "properties" in schema

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const schemaKeywords: ReadonlySet<string> = new Set(["items", "additionalProperties", "propertyNames", "not"])
const listKeywords: ReadonlySet<string> = new Set(["anyOf", "allOf", "oneOf", "prefixItems"])
const mapKeywords: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs"])

/** Applies a function to the direct subschemas of a schema. */
const mapChildren = (
  schema: JsonSchema.JsonSchema,
  f: (child: JsonSchema.JsonSchema, at: ReadonlyArray<string>) => JsonSchema.JsonSchema
): JsonSchema.JsonSchema => {
  const apply = (child: unknown, ...at: ReadonlyArray<string>) => Predicate.isObject(child) ? f(child, at) : child
  const out: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    out[keyword] = schemaKeywords.has(keyword)
      ? apply(value, keyword)
      : listKeywords.has(keyword) && Array.isArray(value)
      ? value.map((child, index) => apply(child, keyword, String(index)))
      : mapKeywords.has(keyword) && Predicate.isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([name, child]) => [name, apply(child, keyword, name)]))
      : value
  }
  return out
}
