/**
 * A shape is the type side of a wire schema as plain data: what a predicate is
 * compiled from.
 *
 * @since 0.1.0
 */

/** Returns whether a value matches a shape. */
export type Guard = (u: unknown) => boolean

/**
 * The type of a value, as data.
 *
 * A string is an atom: `s` a string, `n` a finite number, `N` any number, `b` a
 * boolean, `0` null, `u` undefined, `*` anything, `e` a string of an open enum,
 * `j` any JSON, `=x` the string `x`. A number is an index into the table of
 * `shapes.ts`. An array begins with its kind. An object is an open struct: a
 * name that ends in `?` may be absent or null, and one that ends in `~` absent.
 */
export type Shape = string | number | Compound | Struct

/** A shape made of others. */
export type Compound =
  | readonly [kind: "[", item: Shape]
  | Union
  /** An object with some fields and, where `rest` is given, values of one shape. */
  | readonly [kind: "o", fields: Struct, rest?: Shape]
  | Tagged
  /** A shape and a check of its own. `expected` describes what passes the check. */
  | readonly [kind: "c", inner: Shape, check: Guard, expected: string]
  /** A shape that refers to itself. */
  | readonly [kind: "l", shape: () => Shape]

/** Any of the members. */
export type Union = readonly [kind: "|", members: ReadonlyArray<Shape>]

/** An open union told apart by `type`. `untagged` is the member for objects without a `type`. */
export type Tagged = readonly [kind: "t", members: ReadonlyArray<Shape>, untagged?: Shape]

/** The fields of an open struct. */
export interface Struct {
  readonly [name: string]: Shape
}

/** One place where a value does not match, and the kinds expected and found there. */
export interface Issue {
  readonly path: ReadonlyArray<string | number>
  readonly expected: string
  readonly found: string
}
