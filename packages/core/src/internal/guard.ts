/**
 * Compiles a schema's type side into a predicate made of plain closures.
 *
 * Wire schemas transform nothing, so checking is all there is to decoding: a
 * predicate that allocates nothing and copies nothing is enough, and a schema
 * parser runs only to explain a failure. No code is generated, so this works
 * where `new Function` is forbidden.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaParser from "effect/SchemaParser"

/** Tells whether a value has the type of the schema it was compiled from. */
export type Guard = (u: unknown) => boolean

/** The annotation under which a wire schema keeps its own guard. */
export const annotation = "~@effect-claude/core/Wire/guard"

/** Whether a value is a JSON object: neither null nor an array. */
export const isRecord = (u: unknown): u is { readonly [key: string]: unknown } =>
  typeof u === "object" && u !== null && !Array.isArray(u)

/** Whether the object has the key, itself or through its prototype, as schemas see it. */
const has = (u: { readonly [key: string]: unknown }, key: string): boolean =>
  key === "__proto__" ? Object.hasOwn(u, key) : key in u

const cache = new WeakMap<SchemaAST.AST, Guard>()

/** Returns the guard of a schema, compiled on first use and kept for later ones. */
export const compile = (ast: SchemaAST.AST): Guard => {
  const cached = cache.get(ast)
  if (cached !== undefined) return cached
  const guard = withChecks(ast, compileNode(ast))
  cache.set(ast, guard)
  return guard
}

/** Like `compile`, but does nothing until the guard is first called: recursion and start-up cost nothing. */
export const lazy = (ast: () => SchemaAST.AST): Guard => {
  let guard: Guard = (u) => {
    guard = compile(ast())
    return guard(u)
  }
  return (u) => guard(u)
}

const withChecks = (ast: SchemaAST.AST, guard: Guard): Guard => {
  const checks = ast.checks
  if (checks === undefined) return guard
  const filters = checks.flatMap(flattenCheck)
  return (u) => {
    if (!guard(u)) return false
    for (const filter of filters) {
      if (filter.run(u, ast, parseOptions) !== undefined) return false
    }
    return true
  }
}

const parseOptions: SchemaAST.ParseOptions = {}

const flattenCheck = (check: SchemaAST.Check<unknown>): Array<SchemaAST.Filter<unknown>> =>
  check._tag === "Filter" ? [check] : check.checks.flatMap(flattenCheck)

const compileNode = (ast: SchemaAST.AST): Guard => {
  if (ast.encoding !== undefined) return foreign(ast)
  switch (ast._tag) {
    case "String":
      return (u) => typeof u === "string"
    case "Number":
      return (u) => typeof u === "number"
    case "Boolean":
      return (u) => typeof u === "boolean"
    case "Null":
      return (u) => u === null
    case "Undefined":
      return (u) => u === undefined
    case "Any":
    case "Unknown":
      return () => true
    case "Never":
      return () => false
    case "Literal": {
      const literal = ast.literal
      return (u) => u === literal
    }
    case "Union":
      return compileUnion(ast)
    case "Arrays":
      return ast.elements.length === 0 && ast.rest.length === 1 ? compileArray(ast.rest[0]!) : foreign(ast)
    case "Objects":
      return compileObject(ast)
    case "Suspend":
      return lazy(ast.thunk)
    case "Declaration": {
      const own = ast.annotations?.[annotation]
      return isGuard(own) ? own : foreign(ast)
    }
    default:
      return foreign(ast)
  }
}

const isGuard = (u: unknown): u is Guard => typeof u === "function"

/** The guard of a schema of another kind: correct for every schema, at the price of running its parser. */
const foreign = (ast: SchemaAST.AST): Guard => SchemaParser.is(Schema.make<Schema.Unknown>(unsafeAst(ast)))

const unsafeAst = (ast: SchemaAST.AST): SchemaAST.Unknown => ast as SchemaAST.Unknown

const compileUnion = (ast: SchemaAST.Union): Guard => {
  const literals = new Set<unknown>()
  const guards: Array<Guard> = []
  for (const type of ast.types) {
    if (type._tag === "Literal" && type.checks === undefined && type.encoding === undefined) literals.add(type.literal)
    else if (type._tag === "Null" && type.checks === undefined) literals.add(null)
    else if (type._tag === "Undefined" && type.checks === undefined) literals.add(undefined)
    else guards.push(compile(type))
  }
  if (guards.length === 0) return (u) => literals.has(u)
  if (guards.length === 1) {
    const guard = guards[0]!
    return (u) => guard(u) || literals.has(u)
  }
  return (u) => literals.has(u) || guards.some((guard) => guard(u))
}

const compileArray = (item: SchemaAST.AST): Guard => {
  const guard = compile(item)
  return (u) => {
    if (!Array.isArray(u)) return false
    for (let i = 0; i < u.length; i++) {
      if (!guard(u[i])) return false
    }
    return true
  }
}

const compileObject = (ast: SchemaAST.Objects): Guard => {
  const names: Array<string> = []
  const guards: Array<Guard> = []
  const optional: Array<boolean> = []
  for (const property of ast.propertySignatures) {
    if (typeof property.name !== "string") return foreign(ast)
    names.push(property.name)
    guards.push(compile(property.type))
    optional.push(property.type.context?.isOptional === true)
  }
  if (ast.indexSignatures.length > 1) return foreign(ast)
  const index = ast.indexSignatures[0]
  if (index !== undefined && (index.parameter._tag !== "String" || index.parameter.checks !== undefined)) {
    return foreign(ast)
  }
  const rest = index === undefined ? undefined : compile(index.type)
  return (u) => {
    if (!isRecord(u)) return false
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const value = u[name]
      if (value === undefined && !has(u, name)) {
        if (!optional[i]!) return false
      } else if (!guards[i]!(value)) return false
    }
    if (rest !== undefined) {
      for (const key of Object.keys(u)) {
        if (!rest(u[key])) return false
      }
    }
    return true
  }
}
