/**
 * Compiles a shape, which is a schema's type side as plain data, into a
 * predicate made of closures.
 *
 * Wire schemas transform nothing, so checking is all there is to decoding: a
 * predicate that allocates nothing and copies nothing is enough, and what is
 * wrong with a value is only worked out once it was refused, in the words of
 * Effect's schemas. No code is generated, so this works where `new Function` is
 * forbidden, and nothing of Effect's Schema is needed, so a bundle that only
 * checks does not carry it.
 *
 * @since 0.1.0
 */
import { isRecord } from "./record.ts"
import * as Shapes from "./shapes.ts"

/** Tells whether a value has a shape. */
export type Guard = (u: unknown) => boolean

/**
 * What a value must be.
 *
 * A text is an atom: `s` a string, `n` a finite number, `N` any number, `b` a
 * boolean, `0` null, `u` undefined, `*` anything, `e` a string that may be one
 * of an open enum, `j` any JSON, `=x` the string `x`. A number is an entry of
 * the table. An array begins with its kind. An object is an open struct: a name
 * that ends in `?` may be absent or null, and one that ends in `~` absent. A
 * function decides for itself.
 */
export type Shape = string | number | Compound | Struct | Guard

/** A shape made of others. */
export type Compound =
  | readonly [kind: "[", item: Shape]
  /** Any of them: a union of Effect's. */
  | Union
  /** A schema of its own around another, which a union always tries. */
  | readonly [kind: "w", inner: Shape]
  /** An object with some fields, and, where `rest` is given, values of one shape. */
  | readonly [kind: "o", fields: Struct, rest?: Shape]
  /** An open union told apart by `type`, and what has none. */
  | Tagged

type Union = readonly [kind: "|", members: ReadonlyArray<Shape>]

type Tagged = readonly [kind: "t", members: ReadonlyArray<Shape>, untagged?: Shape]

/** The fields of an open struct. */
export interface Struct {
  readonly [name: string]: Shape
}

/** One place where a value has not the shape, and what was expected there. */
export interface Issue {
  readonly path: ReadonlyArray<string | number>
  readonly message: string
}

/** Whether the object has the key, itself or through its prototype, as schemas see it. */
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
    case "function":
      return shape
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

/** An entry of the table, which is not read before the first one is asked for. */
const entry = (index: number): Compound | Struct => (table ??= parse(Shapes.table))[index]!

const parse = (text: string): ReadonlyArray<Compound | Struct> => JSON.parse(text)

/** Like `compile`, but does nothing until the guard is first called: recursion and start-up cost nothing. */
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
    case "w":
      return compile(shape[1])
    case "o":
      return compileObject(shape[1], shape[2])
    case "t":
      return compileTagged(shape)
  }
}

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
    if (!isRecord(u)) return false
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

/** The members of an open union by tag. Each is compiled when the first value with its tag is seen. */
const compileTagged = (union: Tagged): Guard => {
  const [, , untagged] = union
  const members = byTag(union)
  const known = new Map<string, Guard | undefined>()
  return (u) => {
    if (!isRecord(u)) return false
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

/** The tags of a struct: the literals its `type` may be. */
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

/** Says where a value has not the shape: the first place, or all of them. */
export const explain = (shape: Shape, u: unknown, all: boolean): ReadonlyArray<Issue> => {
  const out: Array<Issue> = []
  addIssues(out, shape, u, [], all)
  return out
}

/** What a schema calls what it expects. Members that a union always tries are never named. */
const names: { readonly [atom: string]: string } = {
  s: "string",
  e: "string",
  n: "number",
  N: "number",
  b: "boolean",
  0: "null",
  u: "undefined",
  j: "JSON value"
}

const addIssues = (
  out: Array<Issue>,
  shape: Shape,
  u: unknown,
  path: Issue["path"],
  all: boolean
): void => {
  if (typeof shape === "number") return addIssues(out, entry(shape), u, path, all)
  if (compile(shape)(u)) return
  const expected = (what: string): void => {
    out.push({ path, message: `Expected ${what}` })
  }
  if (typeof shape === "function") return expected("a valid value")
  if (typeof shape === "string") {
    return expected(shape === "n" && typeof u === "number" ? "a finite number" : expectedOf(shape))
  }
  if (!isCompound(shape)) return addObjectIssues(out, shape, undefined, u, path, all)
  switch (shape[0]) {
    case "[": {
      if (!Array.isArray(u)) return expected("array")
      const before = out.length
      for (let i = 0; i < u.length; i++) {
        addIssues(out, shape[1], u[i], [...path, i], all)
        if (!all && out.length > before) return
      }
      return
    }
    case "|": {
      const tried = shape[1].filter((member) => isLiteral(member) ? u === member.slice(1) : mayBe(member, u))
      if (tried.length === 0) return expected(expectedOf(shape))
      return tried.forEach((member) => addIssues(out, member, u, path, all))
    }
    case "w":
      return addIssues(out, shape[1], u, path, all)
    case "o":
      return addObjectIssues(out, shape[1], shape[2], u, path, all)
    case "t": {
      const tag = isRecord(u) ? u["type"] : undefined
      const member = typeof tag === "string" ? byTag(shape).get(tag) : shape[2]
      return addIssues(out, member ?? untyped, u, path, all)
    }
  }
}

const untyped: Shape = { type: "s" }

const addObjectIssues = (
  out: Array<Issue>,
  fields: Struct,
  rest: Shape | undefined,
  u: unknown,
  path: Issue["path"],
  all: boolean
): void => {
  if (!isRecord(u)) {
    out.push({ path, message: "Expected object" })
    return
  }
  const before = out.length
  for (const field of Object.keys(fields)) {
    const mark = markOf(field)
    const name = mark === undefined ? field : field.slice(0, -1)
    const shape = fields[field]!
    const place = [...path, name]
    if (has(u, name)) {
      const whole: Shape = mark === undefined
        ? shape
        : mark === "~"
        ? ["|", [shape, "u"]]
        : ["|", [["|", [shape, "0"]], "u"]]
      addIssues(out, whole, u[name], place, all)
    } else if (mark === undefined) out.push({ path: place, message: "Missing key" })
    if (!all && out.length > before) return
  }
  if (rest === undefined) return
  for (const key of Object.keys(u)) {
    addIssues(out, rest, u[key], [...path, key], all)
    if (!all && out.length > before) return
  }
}

/** Whether a union tries a member on a value: by the value's type, and always where the member is a schema of its own. */
const mayBe = (shape: Shape, u: unknown): boolean => {
  if (typeof shape === "number") return mayBe(entry(shape), u)
  if (typeof shape === "string") {
    switch (shape[0]) {
      case "=":
        return typeof u === "string"
      case "e":
      case "j":
        return true
      case "n":
        return typeof u === "number"
      default:
        return atoms[shape]!(u)
    }
  }
  if (typeof shape === "object" && isCompound(shape)) {
    if (shape[0] === "[") return Array.isArray(u)
    if (shape[0] === "o") return isRecord(u)
    if (shape[0] === "|") return shape[1].some((member) => mayBe(member, u))
  }
  return true
}

const expectedOf = (shape: Shape): string => {
  if (typeof shape === "number") return expectedOf(entry(shape))
  if (typeof shape === "string") return isLiteral(shape) ? JSON.stringify(shape.slice(1)) : names[shape] ?? "never"
  if (typeof shape === "object" && isCompound(shape)) {
    if (shape[0] === "[") return "array"
    if (shape[0] === "|") return [...new Set(shape[1].map(expectedOf))].join(" | ")
  }
  return "object"
}
