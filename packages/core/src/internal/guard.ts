/**
 * Compiles a shape into a predicate made of closures, and lists where a value
 * does not match.
 *
 * Wire schemas transform nothing, so decoding is checking: a predicate that
 * allocates nothing and copies nothing is enough. Where a value fails is worked
 * out afterwards, only for values that were refused. No code is generated, so
 * this works where `new Function` is forbidden. Effect's Schema is not imported,
 * so a bundle that only checks does not contain it.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import type { Compound, Guard, Issue, Shape, Struct, Tagged, Union } from "./shape.ts"
import * as Shapes from "./shapes.ts"

/** Returns whether an object has a key, itself or through its prototype: the same test as Effect's schemas. */
const has = (u: { readonly [key: string]: unknown }, key: string): boolean =>
  key === "__proto__" ? Object.hasOwn(u, key) : key in u

// -----------------------------------------------------------------------------
// compiling
// -----------------------------------------------------------------------------

const entries: Array<Guard | undefined> = []
const others = new WeakMap<Compound | Struct, Guard>()

/** Returns the guard of a shape, compiled on first use and kept for later ones. */
export const compile = (shape: Shape): Guard => {
  switch (typeof shape) {
    case "string": {
      const literal = shape.slice(1)
      return isLiteral(shape) ? (u) => u === literal : atoms[shape]!
    }
    case "number":
      return entries[shape] ??= compileShape(entry(shape))
    default: {
      let guard = others.get(shape)
      if (guard === undefined) others.set(shape, guard = compileShape(shape))
      return guard
    }
  }
}

let table: ReadonlyArray<Compound | Struct> | undefined

/** Returns an entry of the table, which is created on first use. */
const entry = (index: number): Compound | Struct => (table ??= Shapes.table())[index]!

/** Compiles on the first call, so that loading a module costs nothing. */
export const lazy = (shape: () => Shape): Guard => {
  let guard: Guard = (u) => {
    guard = compile(shape())
    return guard(u)
  }
  return (u) => guard(u)
}

const atoms: { readonly [atom: string]: Guard } = {
  s: (u) => typeof u === "string",
  e: (u) => typeof u === "string",
  n: (u) => typeof u === "number" && Number.isFinite(u),
  N: (u) => typeof u === "number",
  b: (u) => typeof u === "boolean",
  0: (u) => u === null,
  u: (u) => u === undefined,
  j: (u) => u !== undefined,
  "*": () => true
}

const compileShape = (shape: Compound | Struct): Guard => {
  if (!isCompound(shape)) return compileObject(shape)
  switch (shape[0]) {
    case "[":
      return compileArray(shape[1])
    case "|":
      return compileUnion(shape)
    case "o":
      return compileObject(shape[1], shape[2])
    case "t":
      return compileTagged(shape)
    case "c":
      return compileCheck(compile(shape[1]), shape[2])
    case "l":
      return lazy(shape[1])
  }
}

const compileCheck = (inner: Guard, check: Guard): Guard => (u) => inner(u) && check(u)

const isCompound = (shape: Compound | Struct): shape is Compound => Array.isArray(shape)

const compileArray = (shape: Shape): Guard => {
  const item = compile(shape)
  return (u) => {
    if (!Array.isArray(u)) return false
    for (let i = 0; i < u.length; i++) {
      if (!item(u[i])) return false
    }
    return true
  }
}

const compileUnion = (union: Union): Guard => {
  const literals = new Set<unknown>()
  const rest: Array<Guard> = []
  for (const member of union[1]) {
    if (member === "0") literals.add(null)
    else if (member === "u") literals.add(undefined)
    else if (isLiteral(member)) literals.add(member.slice(1))
    else rest.push(compile(member))
  }
  const [first] = rest
  if (first === undefined) return (u) => literals.has(u)
  if (rest.length === 1) return (u) => first(u) || literals.has(u)
  return (u) => literals.has(u) || rest.some((guard) => guard(u))
}

const isLiteral = (shape: Shape | undefined): shape is `=${string}` =>
  typeof shape === "string" && shape.startsWith("=")

const compileObject = (fields: Struct, rest?: Shape): Guard => {
  const names: Array<string> = []
  const checks: Array<Guard> = []
  const marks: Array<string | undefined> = []
  for (const field of Object.keys(fields)) {
    const mark = markOf(field)
    names.push(mark === undefined ? field : field.slice(0, -1))
    checks.push(compile(fields[field]!))
    marks.push(mark)
  }
  const values = rest === undefined ? undefined : compile(rest)
  return (u) => {
    if (!Predicate.isObject(u)) return false
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const value = u[name]
      const mark = marks[i]
      if (value === undefined ? mark !== undefined : value === null && mark === "?") continue
      if (!checks[i]!(value) || (value === undefined && !has(u, name))) return false
    }
    if (values !== undefined) {
      for (const key of Object.keys(u)) {
        if (!values(u[key])) return false
      }
    }
    return true
  }
}

const markOf = (field: string): "?" | "~" | undefined => {
  const last = field[field.length - 1]
  return last === "?" || last === "~" ? last : undefined
}

/** Compiles a member of an open union when the first value with its tag is seen. */
const compileTagged = (union: Tagged): Guard => {
  const [, , untagged] = union
  const members = byTag(union)
  const known = new Map<string, Guard | undefined>()
  return (u) => {
    if (!Predicate.isObject(u)) return false
    const tag = u["type"]
    if (typeof tag === "string") {
      let guard = known.get(tag)
      if (guard === undefined) {
        const member = members.get(tag)
        if (member === undefined) return true
        known.set(tag, guard = compile(member))
      }
      return guard(u)
    }
    return untagged !== undefined && (tag === undefined || tag === null) && compile(untagged)(u)
  }
}

const byTag = ([, members]: Tagged): ReadonlyMap<string, Shape> =>
  new Map(members.flatMap((member) => tagsOf(member).map((tag) => [tag, member] as const)))

/** Returns the literals that the `type` of a struct may be. */
const tagsOf = (member: Shape): ReadonlyArray<string> => {
  const struct = typeof member === "number" ? entry(member) : member
  if (typeof struct !== "object" || isCompound(struct)) return []
  const type = struct["type"] ?? struct["type?"] ?? struct["type~"]
  const literals = typeof type === "object" && isCompound(type) && type[0] === "|" ? type[1] : [type]
  return literals.flatMap((literal) => isLiteral(literal) ? [literal.slice(1)] : [])
}

// -----------------------------------------------------------------------------
// explaining
// -----------------------------------------------------------------------------

/** Lists where a value does not match: the first mismatch, or every one with `all`. */
export const explain = (shape: Shape, u: unknown, all: boolean): ReadonlyArray<Issue> => {
  const issues: Array<Issue> = []
  addIssues({ issues, all }, shape, u, [])
  return issues
}

interface Explanation {
  readonly issues: Array<Issue>
  readonly all: boolean
}

/** Returns whether nothing more has to be looked for. */
const isDone = ({ all, issues }: Explanation): boolean => !all && issues.length > 0

const addIssues = (out: Explanation, shape: Shape, u: unknown, path: Issue["path"]): void => {
  if (isDone(out) || compile(shape)(u)) return
  const compound = resolve(shape)
  if (typeof compound !== "string" && isCompound(compound)) {
    switch (compound[0]) {
      case "[":
        if (!Array.isArray(u)) break
        return u.forEach((item, index) => addIssues(out, compound[1], item, [...path, index]))
      case "|": {
        const candidates = compound[1].filter((member) => isNested(member) && accepts(member, kindOf(u)))
        if (candidates.length === 0) break
        return candidates.forEach((member) => addIssues(out, member, u, path))
      }
      case "o":
        if (Predicate.isObject(u)) return addObjectIssues(out, compound[1], compound[2], u, path)
        break
      case "t": {
        if (!Predicate.isObject(u)) break
        const tag = u["type"]
        return addIssues(out, (typeof tag === "string" ? byTag(compound).get(tag) : compound[2]) ?? untyped, u, path)
      }
      case "c":
        if (!compile(compound[1])(u)) return addIssues(out, compound[1], u, path)
    }
  } else if (typeof compound !== "string" && Predicate.isObject(u)) {
    return addObjectIssues(out, compound, undefined, u, path)
  }
  out.issues.push({ path, expected: expectedOf(compound), found: foundOf(u) })
}

const untyped: Shape = { type: "s" }

const addObjectIssues = (
  out: Explanation,
  fields: Struct,
  rest: Shape | undefined,
  u: { readonly [key: string]: unknown },
  path: Issue["path"]
): void => {
  for (const field of Object.keys(fields)) {
    const mark = markOf(field)
    const name = mark === undefined ? field : field.slice(0, -1)
    const shape = fields[field]!
    const value = u[name]
    if (has(u, name)) {
      if (mark === undefined || (value !== undefined && (value !== null || mark === "~"))) {
        addIssues(out, shape, value, [...path, name])
      }
    } else if (mark === undefined && !isDone(out)) {
      out.issues.push({ path: [...path, name], expected: expectedOf(shape), found: "nothing" })
    }
  }
  if (rest !== undefined) Object.keys(u).forEach((key) => addIssues(out, rest, u[key], [...path, key]))
}

/** Follows indices of the table and references to itself. */
const resolve = (shape: Shape): string | Compound | Struct => {
  if (typeof shape === "number") return entry(shape)
  return typeof shape === "object" && isCompound(shape) && shape[0] === "l" ? resolve(shape[1]()) : shape
}

/** Returns whether a mismatch may lie deeper than the value itself. */
const isNested = (shape: Shape): boolean => typeof resolve(shape) !== "string"

/** Returns whether a shape accepts some value of a kind. */
const accepts = (shape: Shape, kind: string): boolean => {
  const resolved = resolve(shape)
  if (typeof resolved === "string") {
    return isLiteral(resolved)
      ? kind === "string"
      : names[resolved]?.endsWith(kind) !== false
  }
  if (isCompound(resolved)) {
    if (resolved[0] === "[") return kind === "array"
    if (resolved[0] === "|") return resolved[1].some((member) => accepts(member, kind))
    if (resolved[0] === "c") return accepts(resolved[1], kind)
  }
  return kind === "object"
}

const kindOf = (u: unknown): string => u === null ? "null" : Array.isArray(u) ? "array" : typeof u

const foundOf = (u: unknown): string => typeof u === "number" && !Number.isFinite(u) ? String(u) : kindOf(u)

const expectedOf = (shape: Shape): string => {
  const resolved = resolve(shape)
  if (typeof resolved === "string") {
    return isLiteral(resolved) ? JSON.stringify(resolved.slice(1)) : names[resolved] ?? "any value"
  }
  if (!isCompound(resolved)) return "object"
  if (resolved[0] === "[") return "array"
  if (resolved[0] === "|") return [...new Set(resolved[1].map(expectedOf))].join(" | ")
  return resolved[0] === "c" ? resolved[3] : "object"
}

const names: { readonly [atom: string]: string } = {
  s: "string",
  e: "string",
  n: "finite number",
  N: "number",
  b: "boolean",
  0: "null",
  u: "undefined"
}
