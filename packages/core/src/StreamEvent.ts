/**
 * The events of a streamed response.
 *
 * The order on the wire is `message_start`; for each block
 * `content_block_start`, any number of `content_block_delta` and
 * `content_block_stop`; `message_delta` with the stop reason and usage;
 * `message_stop`. `ping` and `error` may occur anywhere. The unions of events
 * and of deltas are open.
 *
 * Source: the streaming documentation, and recorded streams where they differ.
 *
 * @since 0.1.0
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Schema from "effect/Schema"
import * as Citation from "./Citation.ts"
import * as ContentBlock from "./ContentBlock.ts"
import * as ErrorResponse from "./ErrorResponse.ts"
import * as Guard from "./internal/guard.ts"
import * as Shapes from "./internal/shapes.ts"
import * as Message from "./Message.ts"
import * as ToolInput from "./ToolInput.ts"
import * as Usage from "./Usage.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// deltas
// -----------------------------------------------------------------------------

/**
 * Appends text to a text block.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TextDelta extends Wire.Class<TextDelta>()("TextDelta", {
  type: Schema.Literal("text_delta"),
  text: Schema.String
}) {}

/**
 * Appends a piece of JSON text to the input of a tool call.
 *
 * @category schemas
 * @since 0.1.0
 */
export class InputJsonDelta extends Wire.Class<InputJsonDelta>()("InputJsonDelta", {
  type: Schema.Literal("input_json_delta"),
  partial_json: Schema.String
}) {}

/**
 * Appends text to a thinking block.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ThinkingDelta extends Wire.Class<ThinkingDelta>()("ThinkingDelta", {
  type: Schema.Literal("thinking_delta"),
  thinking: Schema.String,
  estimated_tokens: Wire.nullish(Schema.Finite)
}) {}

/**
 * Sets the signature of a thinking block.
 *
 * @category schemas
 * @since 0.1.0
 */
export class SignatureDelta extends Wire.Class<SignatureDelta>()("SignatureDelta", {
  type: Schema.Literal("signature_delta"),
  signature: Schema.String
}) {}

/**
 * Appends a citation to a text block.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CitationsDelta extends Wire.Class<CitationsDelta>()("CitationsDelta", {
  type: Schema.Literal("citations_delta"),
  citation: Citation.Citation
}) {}

/**
 * Sets the content of a compaction block.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CompactionDelta extends Wire.Class<CompactionDelta>()("CompactionDelta", {
  type: Schema.Literal("compaction_delta"),
  content: Wire.nullish(Schema.String),
  encrypted_content: Wire.nullish(Schema.String)
}) {}

/**
 * A change of a block.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Delta: Wire.OpenUnion<
  TextDelta | InputJsonDelta | ThinkingDelta | SignatureDelta | CitationsDelta | CompactionDelta
> = Wire.openUnion("Delta", [
  TextDelta,
  InputJsonDelta,
  ThinkingDelta,
  SignatureDelta,
  CitationsDelta,
  CompactionDelta
])

/**
 * A change of a block.
 *
 * @category models
 * @since 0.1.0
 */
export type Delta = typeof Delta.Type

// -----------------------------------------------------------------------------
// events
// -----------------------------------------------------------------------------

/**
 * The response starts. Its content is empty, unless the turn continues a call
 * from code execution: then the event contains the whole response.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageStart extends Wire.Class<MessageStart>()("MessageStart", {
  type: Schema.Literal("message_start"),
  message: Message.Message
}) {}

/**
 * A block starts. A block without deltas is already complete.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContentBlockStart extends Wire.Class<ContentBlockStart>()("ContentBlockStart", {
  type: Schema.Literal("content_block_start"),
  index: Schema.Finite,
  content_block: ContentBlock.ContentBlock
}) {}

/**
 * A block changes.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContentBlockDelta extends Wire.Class<ContentBlockDelta>()("ContentBlockDelta", {
  type: Schema.Literal("content_block_delta"),
  index: Schema.Finite,
  delta: Delta
}) {}

/**
 * A block is complete.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContentBlockStop extends Wire.Class<ContentBlockStop>()("ContentBlockStop", {
  type: Schema.Literal("content_block_stop"),
  index: Schema.Finite
}) {}

/**
 * The stop reason and the usage. The event may occur more than once; its usage
 * is cumulative.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageDelta extends Wire.Class<MessageDelta>()("MessageDelta", {
  type: Schema.Literal("message_delta"),
  delta: Wire.struct("MessageDeltaFields", {
    stop_reason: Wire.nullish(Message.StopReason),
    stop_sequence: Wire.nullish(Schema.String),
    stop_details: Wire.nullish(Message.StopDetails),
    container: Wire.nullish(Message.Container)
  }),
  usage: Wire.nullish(Usage.MessageDeltaUsage),
  context_management: Wire.nullish(Message.ContextManagementReport),
  input_transformations: Wire.nullish(Schema.Array(Message.InputTransformation))
}) {}

/**
 * The response is complete.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageStop extends Wire.Class<MessageStop>()("MessageStop", {
  type: Schema.Literal("message_stop")
}) {}

/**
 * Keeps the connection alive.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Ping extends Wire.Class<Ping>()("Ping", {
  type: Schema.Literal("ping")
}) {}

/**
 * The response failed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Error = ErrorResponse.ErrorResponse

/**
 * The response failed.
 *
 * @category models
 * @since 0.1.0
 */
export type Error = ErrorResponse.ErrorResponse

/**
 * An event of a streamed response.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StreamEvent: Wire.OpenUnion<
  MessageStart | ContentBlockStart | ContentBlockDelta | ContentBlockStop | MessageDelta | MessageStop | Ping | Error
> = Wire.openUnion("StreamEvent", [
  MessageStart,
  ContentBlockStart,
  ContentBlockDelta,
  ContentBlockStop,
  MessageDelta,
  MessageStop,
  Ping,
  Error
])

/**
 * An event of a streamed response.
 *
 * @category models
 * @since 0.1.0
 */
export type StreamEvent = typeof StreamEvent.Type

/**
 * Returns whether a value is an event. Allocates nothing, and agrees with the
 * schema.
 *
 * @category guards
 * @since 0.1.0
 */
export const is = (u: unknown): u is StreamEvent => guard(u)

const guard = Guard.lazy(() => Shapes.streamEvent)

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns a stream of events that folds to a message. The model of the folded
 * message is the one that its last `fallback` block names.
 *
 * @category conversions
 * @since 0.1.0
 */
export const ofMessage = (message: Message.Message): NonEmptyReadonlyArray<StreamEvent> => [
  { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
  ...message.content.flatMap(blockEvents),
  {
    type: "message_delta",
    delta: { stop_reason: message.stop_reason ?? null, stop_sequence: message.stop_sequence ?? null },
    usage: { output_tokens: message.usage.output_tokens }
  },
  { type: "message_stop" }
]

const blockEvents = (block: ContentBlock.ContentBlock, index: number): ReadonlyArray<StreamEvent> => {
  const { deltas, shell } = parts(block)
  return [
    { type: "content_block_start", index, content_block: shell },
    ...deltas.map((delta): StreamEvent => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index }
  ]
}

/** Splits a block into its initial state and its deltas. A block without deltas is its own initial state. */
const parts = (
  block: ContentBlock.ContentBlock
): { readonly shell: ContentBlock.ContentBlock; readonly deltas: ReadonlyArray<Delta> } => {
  switch (block.type) {
    case "text":
      return { shell: { ...block, text: "" }, deltas: [{ type: "text_delta", text: block.text }] }
    case "thinking":
      return {
        shell: { ...block, thinking: "", signature: "" },
        deltas: [
          { type: "thinking_delta", thinking: block.thinking },
          { type: "signature_delta", signature: block.signature }
        ]
      }
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      // An input that is incomplete, or not an object, would not be restored from its deltas.
      return ToolInput.isComplete(block)
        ? {
          shell: { ...block, input: {} },
          deltas: [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }]
        }
        : { shell: block, deltas: [] }
    default:
      return { shell: block, deltas: [] }
  }
}
