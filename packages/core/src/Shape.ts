/**
 * Checks of wire values that do not need Effect's Schema.
 *
 * A shape is the type side of a wire schema as data. It accepts the same values
 * as its schema and finds mismatches at the same paths; properties prove both.
 * Calls are checked with shapes, so a program that only sends requests and reads
 * responses does not contain Schema. Use the schema itself for arbitraries,
 * codecs and derived types.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import type * as ErrorResponse from "./ErrorResponse.ts"
import * as Describe from "./internal/describe.ts"
import * as Guard from "./internal/guard.ts"
import type * as Data from "./internal/shape.ts"
import * as Shapes from "./internal/shapes.ts"
import type * as Message from "./Message.ts"
import type * as MessageRequest from "./MessageRequest.ts"
import type * as StreamEvent from "./StreamEvent.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A check of values that lists the mismatches of a value it refuses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape<A> {
  /** Returns whether a value matches. Allocates nothing. */
  readonly is: (u: unknown) => u is A
  /** Lists where a value does not match: the first mismatch, or every one with `"all"`. */
  readonly issues: (u: unknown, errors: "first" | "all") => ReadonlyArray<Issue>
}

/**
 * One place where a value does not match. It never quotes the value.
 *
 * @category models
 * @since 0.1.0
 */
export interface Issue {
  /** The keys and indices that lead to the place. */
  readonly path: ReadonlyArray<string | number>
  /** The kind expected there, such as `string`, `finite number` or `"text" | "image"`. */
  readonly expected: string
  /** The kind found there, such as `null` or `object`; `nothing` for a missing key. */
  readonly found: string
}

// -----------------------------------------------------------------------------
// shapes
// -----------------------------------------------------------------------------

const make = <A>(shape: () => Data.Shape): Shape<A> => {
  const guard = Guard.lazy(shape)
  return {
    is: (u): u is A => guard(u),
    issues: (u, errors) => Guard.explain(shape(), u, errors === "all")
  }
}

/**
 * Creates the shape of a schema that does not transform.
 *
 * **Example** (Checking a value without decoding it)
 *
 * ```ts
 * import * as Shape from "@effect-claude/core/Shape"
 * import * as Schema from "effect/Schema"
 *
 * const Page = Shape.fromSchema(Schema.Struct({ data: Schema.Array(Schema.String) }))
 *
 * Page.is({ data: ["a"] }) // => true
 * Page.issues({ data: [1] }, "first") // => [{ path: ["data", 0], expected: "string", found: "number" }]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromSchema = <A>(schema: Schema.Codec<A, A>): Shape<A> => make(() => Describe.shapeOf(schema.ast))

/**
 * An event of a streamed response.
 *
 * @category shapes
 * @since 0.1.0
 */
export const streamEvent: Shape<StreamEvent.StreamEvent> = make(() => Shapes.streamEvent)

/**
 * A response of `POST /v1/messages`.
 *
 * @category shapes
 * @since 0.1.0
 */
export const message: Shape<Message.Message> = make(() => Shapes.message)

/**
 * The body of `POST /v1/messages`.
 *
 * @category shapes
 * @since 0.1.0
 */
export const messageRequest: Shape<MessageRequest.MessageRequest> = make(() => Shapes.messageRequest)

/**
 * The body of an error response.
 *
 * @category shapes
 * @since 0.1.0
 */
export const errorResponse: Shape<ErrorResponse.ErrorResponse> = make(() => Shapes.errorResponse)

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Formats issues as one line of text.
 *
 * **Example** (Describing a malformed event)
 *
 * ```ts
 * import * as Shape from "@effect-claude/core/Shape"
 *
 * const event = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: 1 } }
 *
 * Shape.format(Shape.streamEvent.issues(event, "first")) // => "Expected string, found number at delta.text"
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (issues: ReadonlyArray<Issue>): string =>
  issues.map(({ expected, found, path }) =>
    `Expected ${expected}, found ${found}${path.length === 0 ? "" : ` at ${formatPath(path)}`}`
  ).join("; ")

/**
 * Formats a path the way a program would write it: `messages[0].content`.
 *
 * @category conversions
 * @since 0.1.0
 */
export const formatPath = (path: Issue["path"]): string =>
  path.reduce<string>(
    (out, key) => typeof key === "number" ? `${out}[${key}]` : out === "" ? key : `${out}.${key}`,
    ""
  )
