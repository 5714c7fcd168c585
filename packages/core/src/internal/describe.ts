/**
 * Writes a schema's type side as a shape, which is data that guards are compiled
 * from.
 *
 * What a shape cannot say becomes a function that runs the schema's own parser:
 * correct for every schema, at a price no wire schema pays.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaParser from "effect/SchemaParser"
import * as Guard from "./guard.ts"

/** The annotation under which a wire schema keeps its own shape. */
export const annotation = "~@effect-claude/core/Wire/shape"

const cache = new WeakMap<SchemaAST.AST, Guard.Shape>()

/** Returns the shape of a schema: the same one each time. */
export const shapeOf = (ast: SchemaAST.AST): Guard.Shape => {
  const cached = cache.get(ast)
  if (cached !== undefined) return cached
  const shape = withChecks(ast, shapeOfNode(ast))
  cache.set(ast, shape)
  return shape
}

const withChecks = (ast: SchemaAST.AST, shape: Guard.Shape): Guard.Shape => {
  const checks = ast.checks
  if (checks === undefined) return shape
  const filters = checks.flatMap(flattenCheck)
  if (shape === "N" && filters.length === 1 && isFinite(filters[0]!)) return "n"
  const guard = Guard.lazy(() => shape)
  return (u: unknown) => guard(u) && filters.every((filter) => filter.run(u, ast, parseOptions) === undefined)
}

const parseOptions: SchemaAST.ParseOptions = {}

const flattenCheck = (check: SchemaAST.Check<unknown>): Array<SchemaAST.Filter<unknown>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(flattenCheck)

const isFinite = ({ annotations }: SchemaAST.Filter<unknown>): boolean =>
  Predicate.hasProperty(annotations?.["representation"], "id") &&
  annotations["representation"].id === "effect/schema/isFinite"

const shapeOfNode = (ast: SchemaAST.AST): Guard.Shape => {
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
      return Guard.lazy(() => shapeOf(ast.thunk()))
    case "Declaration": {
      const own = ast.annotations?.[annotation]
      return isOwn(own) ? own() : foreign(ast)
    }
    default:
      return foreign(ast)
  }
}

const isOwn = (u: unknown): u is () => Guard.Shape => typeof u === "function"

const foreign = (ast: SchemaAST.AST): Guard.Guard => SchemaParser.is(Schema.make<Schema.Unknown>(unsafeAst(ast)))

const unsafeAst = (ast: SchemaAST.AST): SchemaAST.Unknown => ast as SchemaAST.Unknown

const shapeOfObject = (ast: SchemaAST.Objects): Guard.Shape => {
  const fields: { [name: string]: Guard.Shape } = {}
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

/** What is left of a union of two when the second is taken away. */
const withoutMember = (ast: SchemaAST.AST, tag: SchemaAST.AST["_tag"]): SchemaAST.AST | undefined =>
  ast._tag === "Union" && ast.checks === undefined && ast.encoding === undefined && ast.types.length === 2 &&
    ast.types[1]?._tag === tag
    ? ast.types[0]
    : undefined

/** The shape of an open struct. */
export const struct = (ast: SchemaAST.AST): Guard.Shape => {
  const shape = shapeOf(ast)
  return Array.isArray(shape) && shape[0] === "o" && shape.length === 2 ? shape[1] : ["w", shape]
}
