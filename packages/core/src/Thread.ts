/**
 * A conversation that the server keeps: only what is new is sent.
 *
 * `create` begins one; `continueFrom` goes on from the id of an earlier answer.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Begins a thread.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Create extends Wire.Class<Create>()("ThreadCreate", {
  type: Schema.Literal("create")
}) {}

/**
 * Goes on from an earlier answer.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Continue extends Wire.Class<Continue>()("ThreadContinue", {
  type: Schema.Literal("continue"),
  previous_message_id: Schema.String
}) {}

/**
 * How a request belongs to a thread.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Thread: Wire.OpenUnion<Create | Continue> = Wire.openUnion("Thread", [Create, Continue])

/**
 * How a request belongs to a thread.
 *
 * @category models
 * @since 0.1.0
 */
export type Thread = typeof Thread.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Begins a thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const create: Create = { type: "create" }

/**
 * Goes on from the answer with the given id.
 *
 * @category constructors
 * @since 0.1.0
 */
export const continueFrom = (previous_message_id: string): Continue => ({ type: "continue", previous_message_id })
