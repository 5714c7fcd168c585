/**
 * Threads: conversations that the server stores, so that a request contains
 * only new turns.
 *
 * `create` starts a thread. `continueFrom` continues from the id of an earlier
 * response.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Starts a thread.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Create extends Wire.Class<Create>()("ThreadCreate", {
  type: Schema.Literal("create")
}) {}

/**
 * Continues from an earlier response.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Continue extends Wire.Class<Continue>()("ThreadContinue", {
  type: Schema.Literal("continue"),
  previous_message_id: Schema.String
}) {}

/**
 * The thread of a request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Thread: Wire.OpenUnion<Create | Continue> = Wire.openUnion("Thread", [Create, Continue])

/**
 * The thread of a request.
 *
 * @category models
 * @since 0.1.0
 */
export type Thread = typeof Thread.Type

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Starts a thread.
 *
 * @category constructors
 * @since 0.1.0
 */
export const create: Create = { type: "create" }

/**
 * Continues from the response with the given id.
 *
 * @category constructors
 * @since 0.1.0
 */
export const continueFrom = (previous_message_id: string): Continue => ({ type: "continue", previous_message_id })
