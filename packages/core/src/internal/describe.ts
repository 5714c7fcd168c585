/**
 * Converts the type side of a schema to a shape, which is data that guards are
 * compiled from.
 *
 * A schema that a shape cannot express becomes a check that runs the schema's own
 * parser. This is correct for every schema, and slower; no wire schema needs it.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaParser from "effect/SchemaParser"
import type { Compound, Guard, Shape } from "./shape.ts"

/** The annotation under which a wire schema keeps its own shape. */
export const annotation = "~@effect-claude/core/Wire/shape"

const cache = new WeakMap<SchemaAST.AST, Shape>()

/** Returns the shape of a schema, the same object for the same AST. */
export const shapeOf = (ast: SchemaAST.AST): Shape => {
  const cached = cache.get(ast)
  if (cached !== undefined) return cached
  const shape = withChecks(ast, shapeOfNode(ast))
  cache.set(ast, shape)
  return shape
}

const withChecks = (ast: SchemaAST.AST, shape: Shape): Shape => {
  const checks = ast.checks
  if (checks === undefined) return shape
  const filters = checks.flatMap(flattenCheck)
  if (shape === "N" && filters.length === 1 && isFinite(filters[0]!)) return "n"
  const check: Guard = (u) => filters.every((filter) => filter.run(u, ast, parseOptions) === undefined)
  return ["c", shape, check, filters.map((filter) => expectedOf(filter.annotations)).join(" and ")]
}

/** Describes what passes a check, in the words of its annotations. */
const expectedOf = (annotations: { readonly [key: string]: unknown } | undefined): string => {
  const words = annotations?.["expected"] ?? annotations?.["identifier"]
  return typeof words === "string" ? words : "a valid value"
}

const parseOptions: SchemaAST.ParseOptions = {}

const flattenCheck = (check: SchemaAST.Check<unknown>): Array<SchemaAST.Filter<unknown>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(flattenCheck)

const isFinite = ({ annotations }: SchemaAST.Filter<unknown>): boolean =>
  Predicate.hasProperty(annotations?.["representation"], "id") &&
  annotations["representation"].id === "effect/schema/isFinite"

const shapeOfNode = (ast: SchemaAST.AST): Shape => {
  if (ast.encoding !== undefined) return foreign(ast)
  switch (ast._tag) {
    case "String":
      return "s"
    case "Number":
      return "N"
    case "Boolean":
      return "b"
    case "Null":
      return "0"
    case "Undefined":
      return "u"
    case "Any":
    case "Unknown":
      return "*"
    case "Literal":
      return typeof ast.literal === "string" ? `=${ast.literal}` : foreign(ast)
    case "Union":
      return ["|", ast.types.map(shapeOf)]
    case "Arrays":
      return ast.elements.length === 0 && ast.rest.length === 1 ? ["[", shapeOf(ast.rest[0]!)] : foreign(ast)
    case "Objects":
      return shapeOfObject(ast)
    case "Suspend":
      return ["l", () => shapeOf(ast.thunk())]
    case "Declaration": {
      const own = ast.annotations?.[annotation]
      return isOwn(own) ? own() : foreign(ast)
    }
    default:
      return foreign(ast)
  }
}

const isOwn = (u: unknown): u is () => Shape => typeof u === "function"

const foreign = (ast: SchemaAST.AST): Shape => [
  "c",
  "*",
  SchemaParser.is(Schema.make<Schema.Codec<unknown>>(ast)),
  expectedOf(ast.annotations)
]

const shapeOfObject = (ast: SchemaAST.Objects): Shape => {
  const fields: { [name: string]: Shape } = {}
  for (const { name, type } of ast.propertySignatures) {
    if (typeof name !== "string" || /^__proto__$|[?~]$/.test(name)) return foreign(ast)
    const optional = type.context?.isOptional === true
    const present = optional ? withoutMember(type, "Undefined") : type
    if (present === undefined) return foreign(ast)
    const value = optional ? withoutMember(present, "Null") : undefined
    if (value !== undefined) fields[`${name}?`] = shapeOf(value)
    else fields[optional ? `${name}~` : name] = shapeOf(present)
  }
  const [index, ...more] = ast.indexSignatures
  if (index === undefined) return ["o", fields]
  return more.length > 0 || index.parameter._tag !== "String" || index.parameter.checks !== undefined
    ? foreign(ast)
    : ["o", fields, shapeOf(index.type)]
}

/** Returns the first member of a union of two whose second has the given tag. */
const withoutMember = (ast: SchemaAST.AST, tag: SchemaAST.AST["_tag"]): SchemaAST.AST | undefined =>
  ast._tag === "Union" && ast.checks === undefined && ast.encoding === undefined && ast.types.length === 2 &&
    ast.types[1]?._tag === tag
    ? ast.types[0]
    : undefined

/** Returns the shape of an open struct. */
export const struct = (ast: SchemaAST.AST): Shape => {
  const shape = shapeOf(ast)
  return isCompound(shape) && shape[0] === "o" && shape.length === 2 ? shape[1] : shape
}

const isCompound = (shape: Shape): shape is Compound => Array.isArray(shape)
