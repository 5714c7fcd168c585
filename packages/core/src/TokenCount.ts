/**
 * Counting the tokens of a prompt without answering it: the body of
 * `POST /v1/messages/count_tokens`, and what comes back.
 *
 * The body is that of a message without `max_tokens`, `stream` and what else
 * only matters to an answer.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as MessageRequest from "./MessageRequest.ts"
import * as Wire from "./Wire.ts"

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const { max_tokens: _maxTokens, stream: _stream, ...fields } = MessageRequest.fields

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
 * How many tokens a prompt has. With context management, the count after its
 * edits and the one before.
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
 * Returns what is to be counted of a request: all of it, without what only
 * matters to the answer.
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromRequest = (
  request: TokenCountRequest & Partial<MessageRequest.MessageRequest>
): TokenCountRequest => {
  const {
    fallbacks: _fallbacks,
    inference_geo: _inferenceGeo,
    max_tokens: _maxTokens,
    metadata: _metadata,
    service_tier: _serviceTier,
    stop_sequences: _stopSequences,
    stream: _stream,
    temperature: _temperature,
    top_k: _topK,
    top_p: _topP,
    ...counted
  } = request
  return counted
}
