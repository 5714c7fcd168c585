/**
 * The events a streamed answer consists of.
 *
 * Order on the wire: `message_start`; for each block `content_block_start`, any
 * number of `content_block_delta`, `content_block_stop`; `message_delta` with
 * the stop reason and usage; `message_stop`. `ping` and `error` may come
 * anywhere. Both unions, of events and of deltas, are open.
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
 * More text.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TextDelta extends Wire.Class<TextDelta>()("TextDelta", {
  type: Schema.Literal("text_delta"),
  text: Schema.String
}) {}

/**
 * More of a tool's input, as a piece of JSON text.
 *
 * @category schemas
 * @since 0.1.0
 */
export class InputJsonDelta extends Wire.Class<InputJsonDelta>()("InputJsonDelta", {
  type: Schema.Literal("input_json_delta"),
  partial_json: Schema.String
}) {}

/**
 * More thinking.
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
 * The signature of a thinking block. It replaces the one before.
 *
 * @category schemas
 * @since 0.1.0
 */
export class SignatureDelta extends Wire.Class<SignatureDelta>()("SignatureDelta", {
  type: Schema.Literal("signature_delta"),
  signature: Schema.String
}) {}

/**
 * One more citation of a text block.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CitationsDelta extends Wire.Class<CitationsDelta>()("CitationsDelta", {
  type: Schema.Literal("citations_delta"),
  citation: Citation.Citation
}) {}

/**
 * What a compaction block holds. It replaces what it held before.
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
 * What is added to a block.
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
 * What is added to a block.
 *
 * @category models
 * @since 0.1.0
 */
export type Delta = typeof Delta.Type

// -----------------------------------------------------------------------------
// events
// -----------------------------------------------------------------------------

/**
 * The answer begins. Its content is empty, unless the turn continues a call
 * from code execution: then the whole answer is here.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageStart extends Wire.Class<MessageStart>()("MessageStart", {
  type: Schema.Literal("message_start"),
  message: Message.Message
}) {}

/**
 * A block begins. Blocks that have no deltas are whole already.
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
 * A block grows.
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
 * Why the answer ends, and what it used. It may come more than once; usage is
 * cumulative.
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
 * The answer is complete.
 *
 * @category schemas
 * @since 0.1.0
 */
export class MessageStop extends Wire.Class<MessageStop>()("MessageStop", {
  type: Schema.Literal("message_stop")
}) {}

/**
 * The connection is alive.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Ping extends Wire.Class<Ping>()("Ping", {
  type: Schema.Literal("ping")
}) {}

/**
 * The answer failed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Error = ErrorResponse.ErrorResponse

/**
 * The answer failed.
 *
 * @category models
 * @since 0.1.0
 */
export type Error = ErrorResponse.ErrorResponse

/**
 * An event of a streamed answer.
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
 * An event of a streamed answer.
 *
 * @category models
 * @since 0.1.0
 */
export type StreamEvent = typeof StreamEvent.Type

/**
 * Whether a value is an event. Allocates nothing; agrees with the schema.
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
 * Returns the events of the stream that would have brought a message. Folded, they
 * are the message again; its model is the one that its last `fallback` block names.
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

/** A block as the shell it starts as, and what then fills it. Blocks that do not grow come whole. */
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
      // An input that is not whole, or no object, would not be read back as it is.
      return ToolInput.of(block).complete
        ? {
          shell: { ...block, input: {} },
          deltas: [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }]
        }
        : { shell: block, deltas: [] }
    default:
      return { shell: block, deltas: [] }
  }
}
