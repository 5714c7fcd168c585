/**
 * The response of `POST /v1/messages`: content blocks, a stop reason and usage.
 *
 * A finished message always has a `stop_reason`, which shows whether it is
 * complete. A refusal is not an error: it is a message whose `stop_reason` is
 * `refusal`.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Citation from "./Citation.ts"
import * as ContentBlock from "./ContentBlock.ts"
import type { AssistantParam } from "./MessageRequest.ts"
import * as Usage from "./Usage.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Why a response ended.
 *
 * - `end_turn`: the response is complete
 * - `max_tokens`: the response was cut; raise the limit or continue it
 * - `stop_sequence`: the model wrote one of the stop sequences of the request
 * - `tool_use`: run the tools and send their results
 * - `pause_turn`: send the response back unchanged to let the model continue
 * - `refusal`: the model refused; `stop_details` may say why
 * - `model_context_window_exceeded`: the context window is full
 * - `compaction`: the response is a compaction block
 *
 * @category schemas
 * @since 0.1.0
 */
export const StopReason = Wire.openEnum("StopReason", [
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
  "compaction"
])

/**
 * Why a response ended.
 *
 * @category models
 * @since 0.1.0
 */
export type StopReason = typeof StopReason.Type

/**
 * Why the model refused, as far as the API reports it.
 *
 * @category schemas
 * @since 0.1.0
 */
export class RefusalStopDetails extends Wire.Class<RefusalStopDetails>()("RefusalStopDetails", {
  type: Schema.Literal("refusal"),
  category: Wire.nullish(
    Wire.openEnum("RefusalCategory", ["cyber", "bio", "frontier_llm", "reasoning_extraction", "general_harms"])
  ),
  explanation: Wire.nullish(Schema.String),
  fallback_credit_token: Wire.nullish(Schema.String),
  fallback_has_prefill_claim: Wire.nullish(Schema.Boolean),
  recommended_model: Wire.nullish(Schema.String)
}) {}

/**
 * Details of why a response ended.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StopDetails: Wire.OpenUnion<RefusalStopDetails> = Wire.openUnion("StopDetails", [
  RefusalStopDetails
])

/**
 * Details of why a response ended.
 *
 * @category models
 * @since 0.1.0
 */
export type StopDetails = typeof StopDetails.Type

/**
 * The container that code ran in. Later requests can use it again by its id.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Container extends Wire.Class<Container>()("Container", {
  id: Schema.String,
  expires_at: Schema.String,
  skills: Wire.nullish(Schema.Array(Wire.struct("ContainerSkill", {
    type: Wire.openEnum("ContainerSkillType", ["anthropic", "custom"]),
    skill_id: Schema.String,
    version: Wire.nullish(Schema.String)
  })))
}) {}

/**
 * Why the prompt cache was missed. Null while the API determines the reason.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Diagnostics extends Wire.Class<Diagnostics>()("Diagnostics", {
  cache_miss_reason: Wire.nullish(Wire.struct("CacheMissReason", {
    type: Wire.openEnum("CacheMissReasonType", [
      "model_changed",
      "system_changed",
      "tools_changed",
      "messages_changed",
      "previous_message_not_found",
      "unavailable"
    ]),
    cache_missed_input_tokens: Wire.nullish(Schema.Finite)
  }))
}) {}

/**
 * The edits that the API made to the context.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ContextManagementReport extends Wire.Class<ContextManagementReport>()("ContextManagementReport", {
  applied_edits: Schema.Array(Wire.struct("AppliedEdit", {
    type: Schema.String,
    cleared_tool_uses: Wire.nullish(Schema.Finite),
    cleared_thinking_turns: Wire.nullish(Schema.Finite),
    cleared_input_tokens: Wire.nullish(Schema.Finite)
  }))
}) {}

/**
 * Content that the API removed from the request, or accepted, although it
 * belongs to another conversation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InputTransformation = Wire.openUnion("InputTransformation", [
  Wire.struct("ThinkingTransformation", {
    type: Schema.Literals(["thinking_dropped", "thinking_mismatch_allowed"]),
    path: Schema.String,
    reason: Wire.openEnum("MismatchReason", [
      "model_binding_mismatch",
      "prefix_binding_mismatch",
      "organization_binding_mismatch",
      "end_user_binding_mismatch"
    ])
  })
])

/**
 * Content that the API removed from the request, or accepted, although it
 * belongs to another conversation.
 *
 * @category models
 * @since 0.1.0
 */
export type InputTransformation = typeof InputTransformation.Type

/**
 * A response of `POST /v1/messages`. `stop_reason` is null only in the
 * `message_start` event of a stream.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Message extends Wire.Class<Message>()("Message", {
  id: Schema.String,
  type: Schema.Literal("message"),
  role: Schema.Literal("assistant"),
  model: Schema.String,
  content: Schema.Array(ContentBlock.ContentBlock),
  stop_reason: Wire.nullish(StopReason),
  stop_sequence: Wire.nullish(Schema.String),
  stop_details: Wire.nullish(StopDetails),
  container: Wire.nullish(Container),
  diagnostics: Wire.nullish(Diagnostics),
  context_management: Wire.nullish(ContextManagementReport),
  input_transformations: Wire.nullish(Schema.Array(InputTransformation)),
  usage: Usage.Usage
}) {}

// -----------------------------------------------------------------------------
// accessors
// -----------------------------------------------------------------------------

/**
 * Returns the text of a response: its text blocks, concatenated.
 *
 * **Example** (Reading an answer)
 *
 * ```ts
 * import * as Message from "@effect-claude/core/Message"
 *
 * const message: Message.Message = {
 *   id: "msg_1",
 *   type: "message",
 *   role: "assistant",
 *   model: "claude-sonnet-5-5",
 *   content: [{ type: "text", text: "Hello." }],
 *   stop_reason: "end_turn",
 *   usage: { input_tokens: 8, output_tokens: 3 }
 * }
 *
 * Message.text(message) // => "Hello."
 * ```
 *
 * @category accessors
 * @since 0.1.0
 */
export const text = (self: Message): string =>
  self.content.reduce((out, block) => block.type === "text" ? out + block.text : out, "")

/**
 * Returns the thinking of the model, as far as the API shows it.
 *
 * @category accessors
 * @since 0.1.0
 */
export const thinking = (self: Message): string =>
  self.content.reduce((out, block) => block.type === "thinking" ? out + block.thinking : out, "")

/**
 * Returns the calls of client tools, in order. Calls of server tools are left
 * out, because the server runs those itself.
 *
 * @category accessors
 * @since 0.1.0
 */
export const toolUses = (self: Message): ReadonlyArray<ContentBlock.ToolUse> =>
  self.content.filter((block): block is ContentBlock.ToolUse => block.type === "tool_use")

/**
 * Returns each text that has citations, with its citations, in order.
 *
 * @category accessors
 * @since 0.1.0
 */
export const citations = (
  self: Message
): ReadonlyArray<{ readonly text: string; readonly citations: ReadonlyArray<Citation.Citation> }> =>
  Arr.flatMap(
    self.content,
    (block) =>
      block.type === "text" && block.citations !== undefined && block.citations !== null && block.citations.length > 0
        ? [{ text: block.text, citations: block.citations }]
        : []
  )

/**
 * Returns whether the response is complete: its stop reason is `end_turn` or
 * `stop_sequence`.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isComplete = (self: Message): boolean =>
  self.stop_reason === "end_turn" || self.stop_reason === "stop_sequence"

/**
 * Returns whether the response was cut, by `max_tokens` or by the end of the
 * context window.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isTruncated = (self: Message): boolean =>
  self.stop_reason === "max_tokens" || self.stop_reason === "model_context_window_exceeded"

/**
 * Returns whether the model refused.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isRefusal = (self: Message): boolean => self.stop_reason === "refusal"

/**
 * Returns why the model refused. None when the response is not a refusal. The
 * details of a refusal may be empty.
 *
 * @category accessors
 * @since 0.1.0
 */
export const refusal = (
  self: Message
): Option.Option<{ readonly category: string | undefined; readonly explanation: string | undefined }> => {
  if (!isRefusal(self)) return Option.none()
  const details = self.stop_details?.type === "refusal" ? self.stop_details : undefined
  return Option.some({ category: details?.category ?? undefined, explanation: details?.explanation ?? undefined })
}

/**
 * Returns whether the model paused its turn. To let it continue, send the
 * response back unchanged as the last turn, which `continuation` returns.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isPaused = (self: Message): boolean => self.stop_reason === "pause_turn"

/**
 * Returns whether the response is blank: it has no blocks, or only blank text.
 * A blank response cannot be sent back as a turn.
 *
 * @category accessors
 * @since 0.1.0
 */
export const isBlank = (self: Message): boolean => self.content.every(isBlankText)

/**
 * Returns the ids of the files that executed code created. They can be
 * downloaded.
 *
 * @category accessors
 * @since 0.1.0
 */
export const files = (self: Message): ReadonlyArray<string> =>
  Arr.flatMap(self.content, (block) => {
    if (block.type === "code_execution_tool_result") {
      const { content } = block
      return content.type === "code_execution_result" || content.type === "encrypted_code_execution_result"
        ? content.content.map(({ file_id }) => file_id)
        : []
    }
    if (block.type !== "bash_code_execution_tool_result" || block.content.type !== "bash_code_execution_result") {
      return []
    }
    return block.content.content.map(({ file_id }) => file_id)
  })

/**
 * Returns the fallback that a refusal offers: the recommended model, and a
 * token that lowers the price of a request to it for five minutes. None when
 * the refusal offers neither.
 *
 * @category accessors
 * @since 0.1.0
 */
export const fallbackOffer = (
  self: Message
): Option.Option<{ readonly model: string | undefined; readonly creditToken: string | undefined }> => {
  if (!isRefusal(self) || self.stop_details?.type !== "refusal") return Option.none()
  const model = self.stop_details.recommended_model ?? undefined
  const creditToken = self.stop_details.fallback_credit_token ?? undefined
  return model === undefined && creditToken === undefined ? Option.none() : Option.some({ model, creditToken })
}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns the response as a turn of the next request: its blocks unchanged,
 * without blank text, which the API refuses in requests. None when no block is
 * left.
 *
 * **Example** (Going on with a conversation)
 *
 * ```ts
 * import * as Message from "@effect-claude/core/Message"
 * import * as Option from "effect/Option"
 *
 * const answer: Message.Message = {
 *   id: "msg_1",
 *   type: "message",
 *   role: "assistant",
 *   model: "claude-sonnet-5-5",
 *   content: [{ type: "text", text: "Hello." }],
 *   stop_reason: "end_turn",
 *   usage: { input_tokens: 8, output_tokens: 3 }
 * }
 *
 * Option.getOrThrow(Message.toParam(answer)).content // => [{ type: "text", text: "Hello." }]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toParam = (self: Message): Option.Option<AssistantParam> => {
  const content = self.content.filter((block) => !isBlankText(block))
  return content.length === 0 ? Option.none() : Option.some({ role: "assistant", content })
}

/**
 * Returns the turn that continues a paused response: the response itself, as
 * the last turn of the same request. None when the response is not paused.
 *
 * @category conversions
 * @since 0.1.0
 */
export const continuation = (self: Message): Option.Option<AssistantParam> =>
  isPaused(self) ? toParam(self) : Option.none()

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const isBlankText = (block: ContentBlock.ContentBlock): boolean => block.type === "text" && block.text.trim() === ""
