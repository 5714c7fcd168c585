/**
 * The schemas the API's JSON is checked with: open, lossless and fast.
 *
 * A wire schema transforms nothing. Decoding checks a value and returns that
 * same value, so a field this version has never heard of survives a round trip,
 * `encode(decode(json))` is `json`, and validation copies nothing. Unions are
 * open: a tag this version does not know is an `Unknown` with all its fields,
 * while a known tag with a malformed payload is an error that speaks of that
 * variant alone.
 *
 * Wire schemas are ordinary Effect schemas: they compose with `Schema.Struct`,
 * derive arbitraries, and fail with `SchemaError`s that name the path.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import * as Describe from "./internal/describe.ts"
import * as Guard from "./internal/guard.ts"
import { isRecord } from "./internal/record.ts"
import type { Issue, Shape } from "./Shape.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Schema of an object on the wire, known by its `fields` and open to others.
 *
 * @category models
 * @since 0.1.0
 */
export interface Struct<Fields extends Schema.Struct.Fields> extends Schema.declare<Schema.Struct.Type<Fields>> {
  /** The fields this version knows. Spread them to define a struct that has more. */
  readonly fields: Fields
}

/**
 * A schema that can be a member of an open union: an object with a literal `type`.
 *
 * @category models
 * @since 0.1.0
 */
export type Tagged = Struct<{ readonly type: Schema.Literal<string> }>

/**
 * The `type` of a variant this version does not know.
 *
 * It is any string at run time. To the compiler it is a literal of its own that
 * no program can spell (a branded `string` would be comparable to every
 * literal), so `value.type === "text"` still narrows an open union.
 *
 * @category models
 * @since 0.1.0
 */
export type UnknownTag = Opaque.UnknownTag

declare enum Opaque {
  UnknownTag = "~@effect-claude/core/Wire/UnknownTag"
}

/**
 * A variant this version does not know, with every field it came with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Unknown {
  readonly type: UnknownTag
  readonly [field: string]: unknown
}

/**
 * The handlers of an exhaustive match: one for each known tag, and `Unknown`.
 *
 * @category models
 * @since 0.1.0
 */
export type Cases<Variant extends Variants, Result> =
  & { readonly [Known in Exclude<Variant, Unknown> as NonNullable<Known["type"]>]: (variant: Known) => Result }
  & { readonly Unknown: (variant: Unknown) => Result }

/**
 * What the variants of a union have in common: a `type`, which one of them may
 * leave out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Variants {
  readonly type?: string | null | undefined
}

/**
 * Schema of a tagged union on the wire that admits tags of tomorrow.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenUnion<Variant extends Variants> extends Schema.declare<Variant | Unknown> {
  /** The tags this version knows. */
  readonly tags: ReadonlySet<string>
  /** Whether a variant is one this version does not know. */
  readonly isUnknown: (variant: Variant | Unknown) => variant is Unknown
  /** Handles every known variant and `Unknown`; the compiler insists on all of them. */
  readonly match: {
    <Result>(cases: Cases<Variant, Result>): (variant: Variant | Unknown) => Result
    <Result>(variant: Variant | Unknown, cases: Cases<Variant, Result>): Result
  }
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a schema that checks `inner` and returns its input untouched.
 *
 * **Gotchas**
 *
 * `inner` must not transform: its decoded type is taken for its encoded type.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <T>(inner: Schema.Codec<T, T>, identifier?: string): Schema.declare<T> =>
  declare<T>(() => ["w", Describe.shapeOf(inner.ast)], () => inner, identifier)

/**
 * Creates the schema of an object on the wire.
 *
 * **Example** (Keeping a field nobody declared)
 *
 * ```ts
 * import * as Wire from "@effect-claude/core/Wire"
 * import * as Schema from "effect/Schema"
 *
 * const Ping = Wire.struct("Ping", { type: Schema.Literal("ping") })
 * const ping = Schema.decodeUnknownSync(Ping)({ type: "ping", since: "tomorrow" })
 *
 * ping // => { type: "ping", since: "tomorrow" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const struct = <const Fields extends Schema.Struct.Fields>(
  identifier: string,
  fields: Fields
): Struct<Fields> => {
  const inner = Schema.Struct(fields)
  const declared = declare<Schema.Struct.Type<Fields>>(
    () => Describe.struct(inner.ast),
    () => identity(inner),
    identifier
  )
  return Schema.make<Struct<Fields>>(declared.ast, { fields })
}

/**
 * Creates an open union of objects told apart by their `type`.
 *
 * **Details**
 *
 * An object whose `type` is one of the members' is checked by that member
 * alone. An object with any other string `type` is an `Unknown`. With
 * `untagged`, an object whose `type` is absent or null is checked by it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const openUnion = <const Members extends ReadonlyArray<Schema.Constraint & { readonly fields: TypeField }>>(
  identifier: string,
  members: Members,
  options?: { readonly untagged?: Members[number] | undefined }
): OpenUnion<Extract<Members[number]["Type"], Variants>> => {
  type Variant = Extract<Members[number]["Type"], Variants>
  const byTag = new Map<string, Schema.Constraint>()
  for (const schema of members) {
    for (const tag of tagsOf(schema)) byTag.set(tag, schema)
  }
  const untagged = options?.untagged
  const tags: ReadonlySet<string> = new Set(byTag.keys())
  const unknown = Schema.StructWithRest(
    Schema.Struct({ type: Schema.String.check(Schema.makeFilter((tag) => !tags.has(tag))) }),
    [Schema.Record(Schema.String, Schema.Json)]
  )
  const explain = (u: unknown): Schema.Constraint => {
    const tag = isRecord(u) ? u["type"] : undefined
    return (typeof tag === "string" ? byTag.get(tag) : untagged) ?? untyped
  }
  const shape = (): Guard.Shape => {
    const shapes = members.map(({ ast }) => Describe.shapeOf(ast))
    return untagged === undefined ? ["t", shapes] : ["t", shapes, Describe.shapeOf(untagged.ast)]
  }
  const arbitrary = Schema.Union([...members, unknown])
  const declared = declare<Variant | Unknown>(shape, explain, identifier, arbitrary)
  const isUnknown = (variant: Variant | Unknown): variant is Unknown =>
    typeof variant.type === "string" && !tags.has(variant.type)
  const match = dual(2, <Result>(variant: Variant | Unknown, cases: Cases<Variant, Result>): Result => {
    const handlers: { readonly [tag: string]: ((variant: unknown) => Result) | undefined } = identity(cases)
    const tag = variant.type
    const handler = typeof tag === "string" && tags.has(tag)
      ? handlers[tag]
      : tag === undefined || tag === null
      ? handlers[[...tagsOf(untagged)][0] ?? "Unknown"]
      : handlers["Unknown"]
    return (handler ?? handlers["Unknown"]!)(variant)
  })
  return Schema.make<OpenUnion<Variant>>(declared.ast, { tags, isUnknown, match })
}

/** What explains an object that has no type: that it has none. */
const untyped = Schema.Struct({ type: Schema.String })

/** The shape of a member's fields: a `type` that is a literal, or an optional or nullable one. */
type TypeField = Schema.Struct.Fields & { readonly type: Schema.Constraint }

/**
 * Creates the schema of an enum that may grow: the known values complete in an
 * editor, and any other string is accepted.
 *
 * @category constructors
 * @since 0.1.0
 */
export const openEnum = <const Known extends ReadonlyArray<string>>(
  identifier: string,
  known: Known
): OpenEnum<Known[number]> => {
  const declared = declare<Known[number] | (string & {})>(
    () => "e",
    () => Schema.String,
    identifier,
    Schema.Union([Schema.Literals(known), Schema.String])
  )
  return Schema.make<OpenEnum<Known[number]>>(declared.ast, { known })
}

/**
 * Schema of an enum that may grow.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenEnum<Known extends string> extends Schema.declare<Known | (string & {})> {
  /** The values this version knows. */
  readonly known: ReadonlyArray<Known>
}

/**
 * Schema of any JSON value: what a tool is given, what a schema document holds.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Json: Schema.declare<unknown> = declare<unknown>(
  () => "j",
  () => Schema.Json,
  "Json",
  Schema.Json
)

/**
 * Makes a response field tolerant: it may be absent, and it may be null.
 *
 * Recorded traffic has both for nearly every field that is documented as
 * nullable.
 *
 * @category combinators
 * @since 0.1.0
 */
export const nullish = <S extends Schema.Constraint>(schema: S): Schema.optional<Schema.NullOr<S>> =>
  Schema.optional(Schema.NullOr(schema))

/**
 * Creates a variant this version does not know, to send what the API learned
 * after this version was released.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unknown = (fields: { readonly type: string; readonly [field: string]: unknown }): Unknown =>
  identity(fields)

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Returns the predicate of a schema: it allocates nothing and agrees with the
 * schema's decoder on every value.
 *
 * @category guards
 * @since 0.1.0
 */
export const is = <S extends Schema.Constraint>(schema: S): (u: unknown) => u is S["Type"] => {
  const guard = Guard.lazy(() => Describe.shapeOf(schema.ast))
  return (u): u is S["Type"] => guard(u)
}

/**
 * Returns the shape of a schema: its predicate, and its words for what it
 * refuses.
 *
 * @category guards
 * @since 0.1.0
 */
export const shape = <A>(schema: Schema.Codec<A, A>): Shape<A> => {
  const decode = SchemaParser.decodeUnknownResult(schema)
  return {
    is: is(schema),
    issues: (u, errors) => {
      const decoded = decode(u, { errors })
      return Result.isFailure(decoded) ? format(decoded.failure).issues.map(plain) : []
    }
  }
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** An issue of the standard schema, whose keys may be wrapped. */
const plain = ({ message, path = [] }: StandardSchemaV1.Issue): Issue => ({
  message,
  path: path.map((key) => typeof key === "object" ? key.key : key)
})

/**
 * The one place where a checked value changes its static type. Every use is
 * preceded by a guard or is between two spellings of the same type that the
 * compiler cannot see through (mapped types over a type parameter).
 */
function identity<A, B>(a: A): B
function identity(a: unknown): unknown {
  return a
}

function declare<T>(
  shape: () => Guard.Shape,
  explain: (u: unknown) => Schema.Constraint,
  identifier: string | undefined,
  arbitrary?: Schema.Constraint
): Schema.declare<T> {
  let described: Guard.Shape | undefined
  const own = (): Guard.Shape => described ??= shape()
  const guard = Guard.lazy(own)
  return Schema.declareConstructor<T>()(
    [],
    () => (input, ast, options) => {
      if (guard(input)) return Effect.succeed(identity<unknown, T>(input))
      const invalid = Effect.fail(new SchemaIssue.InvalidType(ast, input, options))
      return Effect.andThen(
        SchemaParser.decodeUnknownEffect(identity<Schema.Constraint, Schema.Unknown>(explain(input)))(input, options),
        invalid
      )
    },
    {
      ...(identifier === undefined ? undefined : { identifier }),
      [Describe.annotation]: own,
      toCodecJson: () => undefined,
      toCodecArbitrary: () =>
        Schema.link<T>()(
          identity<Schema.Constraint, Schema.Codec<T, T>>(arbitrary ?? explain(undefined)),
          SchemaTransformation.passthrough<T>()
        )
    }
  )
}

const tagsOf = (schema: Schema.Constraint | undefined): ReadonlySet<string> => {
  const tags = new Set<string>()
  if (schema !== undefined && "fields" in schema) {
    const fields = identity<unknown, Schema.Struct.Fields>(schema.fields)
    if (fields["type"] !== undefined) collectLiterals(fields["type"].ast, tags)
  }
  return tags
}

const collectLiterals = (ast: SchemaAST.AST, tags: Set<string>): void => {
  if (ast._tag === "Literal" && typeof ast.literal === "string") tags.add(ast.literal)
  else if (ast._tag === "Union") ast.types.forEach((type) => collectLiterals(type, tags))
}
