/**
 * Message Batches: many requests at half the price, processed within 24 hours.
 *
 * A batch is created from requests, each with a `custom_id`. Once it has ended,
 * its results are read as lines of JSON, in any order. The result of a request
 * is a message, an error, or that it was canceled or expired.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as ErrorResponse from "./ErrorResponse.ts"
import * as Message from "./Message.ts"
import * as MessageRequest from "./MessageRequest.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// requests
// -----------------------------------------------------------------------------

/**
 * The maximum number of requests in a batch.
 *
 * @category limits
 * @since 0.1.0
 */
export const maxRequests = 100_000

/**
 * Returns whether a string is valid as `custom_id`: 1 to 64 letters, digits,
 * `_` and `-`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isCustomId = (id: string): boolean => /^[a-zA-Z0-9_-]{1,64}$/.test(id)

/**
 * The maximum size of the body of a batch, in bytes.
 *
 * @category limits
 * @since 0.1.0
 */
export const maxBytes = 256 * 1024 * 1024

/**
 * A request of a batch. `custom_id` is unique within the batch, and the result
 * has it.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BatchRequest extends Wire.Class<BatchRequest>()("BatchRequest", {
  custom_id: Schema.String,
  params: MessageRequest.MessageRequest
}) {}

/**
 * The body of `POST /v1/messages/batches`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BatchCreateRequest extends Wire.Class<BatchCreateRequest>()("BatchCreateRequest", {
  requests: Schema.Array(BatchRequest)
}) {}

// -----------------------------------------------------------------------------
// batches
// -----------------------------------------------------------------------------

/**
 * The number of requests of a batch in each state. The sum is the number of all
 * requests.
 *
 * @category schemas
 * @since 0.1.0
 */
export class RequestCounts extends Wire.Class<RequestCounts>()("RequestCounts", {
  processing: Schema.Finite,
  succeeded: Schema.Finite,
  errored: Schema.Finite,
  canceled: Schema.Finite,
  expired: Schema.Finite
}) {}

/**
 * A batch. Its results can be read once `processing_status` is `ended`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageBatch extends Wire.Class<MessageBatch>()("MessageBatch", {
  id: Schema.String,
  type: Schema.Literal("message_batch"),
  processing_status: Wire.openEnum("ProcessingStatus", ["in_progress", "canceling", "ended"]),
  request_counts: RequestCounts,
  created_at: Schema.String,
  expires_at: Schema.String,
  ended_at: Wire.nullish(Schema.String),
  cancel_initiated_at: Wire.nullish(Schema.String),
  archived_at: Wire.nullish(Schema.String),
  results_url: Wire.nullish(Schema.String)
}) {}

/**
 * A batch that was deleted.
 *
 * @category schemas
 * @since 0.1.0
 */
export class DeletedBatch extends Wire.Class<DeletedBatch>()("DeletedBatch", {
  id: Schema.String,
  type: Schema.Literal("message_batch_deleted")
}) {}

// -----------------------------------------------------------------------------
// results
// -----------------------------------------------------------------------------

/**
 * The request succeeded.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Succeeded extends Wire.Class<Succeeded>()("Succeeded", {
  type: Schema.Literal("succeeded"),
  message: Message.Message
}) {}

/**
 * The request failed. It was not billed.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Errored extends Wire.Class<Errored>()("Errored", {
  type: Schema.Literal("errored"),
  error: ErrorResponse.ErrorResponse
}) {}

/**
 * The batch was canceled before the request was sent.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Canceled extends Wire.Class<Canceled>()("Canceled", {
  type: Schema.Literal("canceled")
}) {}

/**
 * The batch expired before the request was sent.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Expired extends Wire.Class<Expired>()("Expired", {
  type: Schema.Literal("expired")
}) {}

/**
 * The result of a request.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Result: Wire.OpenUnion<Succeeded | Errored | Canceled | Expired> = Wire.openUnion("Result", [
  Succeeded,
  Errored,
  Canceled,
  Expired
])

/**
 * The result of a request.
 *
 * @category models
 * @since 0.1.0
 */
export type Result = typeof Result.Type

/**
 * A line of the results of a batch.
 *
 * @category schemas
 * @since 0.1.0
 */
export class BatchResult extends Wire.Class<BatchResult>()("BatchResult", {
  custom_id: Schema.String,
  result: Result
}) {}

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns whether a batch has ended, so that its results can be read.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isEnded = (self: MessageBatch): boolean => self.processing_status === "ended"

/**
 * Returns the fraction of requests that are done, from 0 to 1. It is 1 for an
 * empty batch.
 *
 * @category accessors
 * @since 0.1.0
 */
export const progress = ({ request_counts: counts }: MessageBatch): number => {
  const done = counts.succeeded + counts.errored + counts.canceled + counts.expired
  const all = done + counts.processing
  return all === 0 ? 1 : done / all
}
