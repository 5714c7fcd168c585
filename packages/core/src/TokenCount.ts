/**
 * The request and the response of `POST /v1/messages/count_tokens`.
 *
 * The request is a message request without `max_tokens`, `stream` and other
 * fields that only concern the response.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as MessageRequest from "./MessageRequest.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const {
  container: _container,
  diagnostics: _diagnostics,
  fallback_credit_token: _fallbackCreditToken,
  fallbacks: _fallbacks,
  inference_geo: _inferenceGeo,
  max_tokens: _maxTokens,
  metadata: _metadata,
  service_tier: _serviceTier,
  stop_sequences: _stopSequences,
  stream: _stream,
  temperature: _temperature,
  thread: _thread,
  top_k: _topK,
  top_p: _topP,
  ...counted
} = MessageRequest.fields

/**
 * The fields of a request: those of a message request that belong to the
 * prompt. The API refuses other fields.
 *
 * @category fields
 * @since 0.1.0
 */
export const fields = counted

/**
 * The body of `POST /v1/messages/count_tokens`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TokenCountRequest extends Wire.Class<TokenCountRequest>()("TokenCountRequest", {
  ...fields
}) {}

/**
 * The number of tokens of a prompt. With context management, the count after
 * its edits, and the count before them.
 *
 * @category schemas
 * @since 0.1.0
 */
export class TokenCount extends Wire.Class<TokenCount>()("TokenCount", {
  input_tokens: Schema.Finite,
  context_management: Wire.nullish(Wire.struct("TokenCountContext", { original_input_tokens: Schema.Finite }))
}) {}

// -----------------------------------------------------------------------------
// conversions
// -----------------------------------------------------------------------------

/**
 * Returns a message request without the fields that this endpoint refuses.
 * Fields that this version does not know are kept.
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromRequest = (
  request: TokenCountRequest & Partial<MessageRequest.MessageRequest>
): TokenCountRequest => {
  const {
    container: _container,
    diagnostics: _diagnostics,
    fallback_credit_token: _fallbackCreditToken,
    fallbacks: _fallbacks,
    inference_geo: _inferenceGeo,
    max_tokens: _maxTokens,
    metadata: _metadata,
    service_tier: _serviceTier,
    stop_sequences: _stopSequences,
    stream: _stream,
    temperature: _temperature,
    thread: _thread,
    top_k: _topK,
    top_p: _topP,
    ...counted
  } = request
  return counted
}
