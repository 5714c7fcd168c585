/**
 * What the wire says, checked without Effect's Schema.
 *
 * A shape is the type side of a wire schema as data. It gives the verdict and
 * the words of the schema it was made from, for every value: properties hold
 * the two to each other. Calls are checked with shapes, so a program that only
 * asks and reads answers does not carry Schema, and starts the sooner. Whoever
 * needs more of a schema, such as an arbitrary or a codec, takes the schema.
 *
 * @since 0.1.0
 */
import type * as ErrorResponse from "./ErrorResponse.ts"
import * as Guard from "./internal/guard.ts"
import * as Shapes from "./internal/shapes.ts"
import type * as Message from "./Message.ts"
import type * as MessageRequest from "./MessageRequest.ts"
import type * as StreamEvent from "./StreamEvent.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A check of values, which says what is wrong with those it refuses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape<A> {
  /** Whether a value has the shape. Allocates nothing. */
  readonly is: (u: unknown) => u is A
  /** Says where a value has not the shape: the first place, or with `"all"` every one. */
  readonly issues: (u: unknown, errors: "first" | "all") => ReadonlyArray<Issue>
}

/**
 * One place where a value has not the shape.
 *
 * @category models
 * @since 0.1.0
 */
export interface Issue {
  /** The keys and indices that lead there. */
  readonly path: ReadonlyArray<PropertyKey>
  /** What was expected there. It quotes nothing of the value. */
  readonly message: string
}

// -----------------------------------------------------------------------------
// shapes
// -----------------------------------------------------------------------------

const of = <A>(entry: number): Shape<A> => {
  const guard = Guard.lazy(() => entry)
  return {
    is: (u): u is A => guard(u),
    issues: (u, errors) => Guard.explain(entry, u, errors === "all")
  }
}

/**
 * An event of a streamed answer.
 *
 * @category shapes
 * @since 0.1.0
 */
export const streamEvent: Shape<StreamEvent.StreamEvent> = of(Shapes.streamEvent)

/**
 * An answer.
 *
 * @category shapes
 * @since 0.1.0
 */
export const message: Shape<Message.Message> = of(Shapes.message)

/**
 * The body of `POST /v1/messages`.
 *
 * @category shapes
 * @since 0.1.0
 */
export const messageRequest: Shape<MessageRequest.MessageRequest> = of(Shapes.messageRequest)

/**
 * The body of a response that reports a failure.
 *
 * @category shapes
 * @since 0.1.0
 */
export const errorResponse: Shape<ErrorResponse.ErrorResponse> = of(Shapes.errorResponse)

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Writes issues in one line, as Effect's schemas do in several.
 *
 * **Example** (Saying what is wrong with an event)
 *
 * ```ts
 * import * as Shape from "@effect-claude/core/Shape"
 *
 * const event = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: 1 } }
 *
 * Shape.format(Shape.streamEvent.issues(event, "first")) // => "Expected string at [\"delta\"][\"text\"]"
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const format = (issues: ReadonlyArray<Issue>): string =>
  issues.map(({ message, path }) => path.length === 0 ? message : `${message} at ${path.map(formatKey).join("")}`)
    .join(" ")

const formatKey = (key: PropertyKey): string => `[${typeof key === "string" ? JSON.stringify(key) : String(key)}]`
