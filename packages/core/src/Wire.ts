/**
 * Schemas of the JSON of the API: open, lossless and fast.
 *
 * A wire schema does not transform. Decoding checks a value and returns that
 * same value. So unknown fields survive a round trip, `encode(decode(json))` is
 * `json`, and validation copies nothing. Unions are open: a value with an
 * unknown tag is an `Unknown` with all its fields. A known tag with a malformed
 * payload is an error about that variant alone.
 *
 * Wire schemas are Effect schemas: they compose with `Schema.Struct`, derive
 * arbitraries, and fail with a `SchemaError` that names the path.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Describe from "./internal/describe.ts"
import * as Guard from "./internal/guard.ts"
import type { Shape } from "./internal/shape.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Schema of an object with known `fields`, which accepts and keeps other
 * fields.
 *
 * @category models
 * @since 0.1.0
 */
export interface Struct<Fields extends Schema.Struct.Fields> extends Schema.declare<Schema.Struct.Type<Fields>> {
  /** The fields this version knows. Spread them to define a struct that has more. */
  readonly fields: Fields
}

/**
 * Schema of an object whose type is the class that declares it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Class<Self, Fields extends Schema.Struct.Fields> extends
  Schema.BottomWithoutNew<
    Self,
    Self,
    never,
    never,
    SchemaAST.Declaration,
    Schema.declare<Self>
  >
{
  /** The fields this version knows. Spread them to define a struct that has more. */
  readonly fields: Fields
  new(_: never): Schema.Struct.Type<Fields>
}

/**
 * A schema that can be a member of an open union: an object with a literal `type`.
 *
 * @category models
 * @since 0.1.0
 */
export type Tagged = Struct<{ readonly type: Schema.Literal<string> }>

/**
 * The `type` of a variant that this version does not know.
 *
 * At run time it is any string. For the compiler it is a literal that no
 * program can write, so `value.type === "text"` narrows an open union. A
 * branded `string` would be comparable to every literal, and would not narrow.
 *
 * @category models
 * @since 0.1.0
 */
export type UnknownTag = Opaque.UnknownTag

declare enum Opaque {
  UnknownTag = "~@effect-claude/core/Wire/UnknownTag"
}

/**
 * A variant that this version does not know, with all its fields.
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
 * The common part of the variants of a union: a `type`, which one of them may
 * leave out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Variants {
  readonly type?: string | null | undefined
}

/**
 * Schema of a tagged union that accepts unknown tags.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenUnion<Variant extends Variants> extends Schema.declare<Variant | Unknown> {
  /** The tags this version knows. */
  readonly tags: ReadonlySet<string>
  /** Returns whether this version does not know the variant. */
  readonly isUnknown: (variant: Variant | Unknown) => variant is Unknown
  /** Handles every known variant and `Unknown`. The compiler requires all of them. */
  readonly match: {
    <Result>(cases: Cases<Variant, Result>): (variant: Variant | Unknown) => Result
    <Result>(variant: Variant | Unknown, cases: Cases<Variant, Result>): Result
  }
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates a schema that checks a value with `inner` and returns the value
 * itself.
 *
 * **Gotchas**
 *
 * `inner` must not transform, because its decoded type is also used as its
 * encoded type.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <T>(inner: Schema.Codec<T, T>, identifier?: string): Schema.declare<T> =>
  declare<T>(() => Describe.shapeOf(inner.ast), () => inner, identifier)

/**
 * Creates the schema of an object that keeps unknown fields.
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
    () => inner,
    identifier
  )
  return Schema.make<Struct<Fields>>(declared.ast, { fields })
}

/**
 * Declares a wire type: its schema and its type under one name.
 *
 * The class is never constructed. Values are plain objects. Editors and
 * compiler errors show the name.
 *
 * **Example** (Declaring a type once)
 *
 * ```ts
 * import * as Wire from "@effect-claude/core/Wire"
 * import * as Schema from "effect/Schema"
 *
 * class Ping extends Wire.Class<Ping>()("Ping", { type: Schema.Literal("ping") }) {}
 *
 * const ping: Ping = { type: "ping" }
 *
 * Wire.is(Ping)(ping) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const Class =
  <Self>() => <const Fields extends Schema.Struct.Fields>(identifier: string, fields: Fields): Class<Self, Fields> =>
    Schema.make<Class<Self, Fields>>(struct(identifier, fields).ast, { fields })

/**
 * Creates an open union of objects that are distinguished by `type`.
 *
 * **Details**
 *
 * An object whose `type` belongs to a member is checked by that member alone.
 * An object with another string as `type` is an `Unknown`. With `untagged`,
 * that member checks objects whose `type` is absent or null.
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
    const tag = Predicate.isObject(u) ? u["type"] : undefined
    return (typeof tag === "string" ? byTag.get(tag) : untagged) ?? untyped
  }
  const shape = (): Shape => {
    const shapes = members.map(({ ast }) => Describe.shapeOf(ast))
    return untagged === undefined ? ["t", shapes] : ["t", shapes, Describe.shapeOf(untagged.ast)]
  }
  const arbitrary = Schema.Union([...members, unknown])
  const declared = declare<Variant | Unknown>(shape, explain, identifier, arbitrary)
  const isUnknown = (variant: Variant | Unknown): variant is Unknown =>
    typeof variant.type === "string" && !tags.has(variant.type)
  const match = dual(2, <Result>(variant: Variant | Unknown, handlers: Handlers<Variant, Result>): Result => {
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

/** The handlers of a match, by tag. */
interface Handlers<Variant, Result> {
  readonly [tag: string]: ((variant: Variant | Unknown) => Result) | undefined
}

/** Explains an object without a `type`. */
const untyped = Schema.Struct({ type: Schema.String })

/** The shape of a member's fields: a `type` that is a literal, or an optional or nullable one. */
type TypeField = Schema.Struct.Fields & { readonly type: Schema.Constraint }

/**
 * Creates the schema of an open enum: editors complete the known values, and
 * any other string is accepted.
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
 * Schema of an open enum.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenEnum<Known extends string> extends Schema.declare<Known | (string & {})> {
  /** The values this version knows. */
  readonly known: ReadonlyArray<Known>
}

/**
 * Schema of any JSON value, such as the input of a tool or a JSON Schema.
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
 * Creates an optional and nullable field.
 *
 * In recorded traffic, nearly every field that is documented as nullable is
 * also absent sometimes.
 *
 * @category combinators
 * @since 0.1.0
 */
export const nullish = <S extends Schema.Constraint>(schema: S): Schema.optional<Schema.NullOr<S>> =>
  Schema.optional(Schema.NullOr(schema))

/**
 * Creates a variant that this version does not know, to use a feature that the
 * API gained after this version was released.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unknown = (fields: { readonly type: string; readonly [field: string]: unknown }): Unknown =>
  // No value has the compiler's type for unknown tags; every string is one at run time.
  fields as Unknown

// -----------------------------------------------------------------------------
// guards
// -----------------------------------------------------------------------------

/**
 * Returns the predicate of a schema. It allocates nothing, and agrees with the
 * decoder of the schema on every value.
 *
 * @category guards
 * @since 0.1.0
 */
export const is = <S extends Schema.Constraint>(schema: S): (u: unknown) => u is S["Type"] => {
  const guard = Guard.lazy(() => Describe.shapeOf(schema.ast))
  return (u): u is S["Type"] => guard(u)
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

function declare<T>(
  shape: () => Shape,
  explain: (u: unknown) => Schema.Constraint,
  identifier: string | undefined,
  arbitrary?: Schema.Constraint
): Schema.declare<T> {
  let described: Shape | undefined
  const own = (): Shape => described ??= shape()
  const guard = Guard.lazy(own)
  const is = (u: unknown): u is T => guard(u)
  return Schema.declareConstructor<T>()(
    [],
    () => (input, ast, options) => {
      if (is(input)) return Effect.succeed(input)
      const invalid = Effect.fail(new SchemaIssue.InvalidType(ast, input, options))
      return Effect.andThen(
        SchemaParser.decodeUnknownEffect(Schema.make<Schema.Codec<unknown>>(explain(input).ast))(input, options),
        invalid
      )
    },
    {
      ...(identifier === undefined ? undefined : { identifier }),
      [Describe.annotation]: own,
      toCodecJson: () => undefined,
      toCodecArbitrary: () =>
        Schema.link<T>()(
          Schema.make<Schema.Codec<T>>((arbitrary ?? explain(undefined)).ast),
          SchemaTransformation.passthrough<T>()
        )
    }
  )
}

const tagsOf = (schema: { readonly fields: TypeField } | undefined): ReadonlySet<string> => {
  const tags = new Set<string>()
  if (schema !== undefined) collectLiterals(schema.fields.type.ast, tags)
  return tags
}

const collectLiterals = (ast: SchemaAST.AST, tags: Set<string>): void => {
  if (ast._tag === "Literal" && typeof ast.literal === "string") tags.add(ast.literal)
  else if (ast._tag === "Union") ast.types.forEach((type) => collectLiterals(type, tags))
}
