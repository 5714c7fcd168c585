/**
 * Fills the fields that gateways leave out of events and messages.
 *
 * Servers that translate another API into this one omit what they do not know,
 * or send null for it. What a later event fills, or what has only one value, is
 * completed here; every field that was sent stays. A value that matches its shape
 * never comes here, and what cannot be completed stays a mismatch.
 *
 * | left out                                     | completed with       |
 * | -------------------------------------------- | -------------------- |
 * | `type`, `role` of a message                  | their only value     |
 * | `id`, `model` of a message                   | the empty string     |
 * | `content` of `message_start`                 | no blocks            |
 * | `usage`, or a count of it                    | 0                    |
 * | `text`, `thinking`, `signature` of a block   | the empty string     |
 * | `input` of a call                            | the empty object     |
 * | the text of a delta                          | the empty string     |
 * | `delta` of `message_delta`                   | the empty object     |
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

type Fields = { readonly [field: string]: unknown }

/** Completes an event. Returns anything else as it is. */
export const inEvent = (value: unknown): unknown => {
  if (!Predicate.isReadonlyObject(value)) return value
  switch (value["type"]) {
    case "message_start":
      return within(value, "message", (message) => filledMessage({ ...message, content: message["content"] ?? [] }))
    case "content_block_start":
      return within(value, "content_block", block)
    case "content_block_delta":
      return within(value, "delta", delta)
    case "message_delta":
      return filled(value, { delta: {} })
    default:
      return value
  }
}

/** Completes a message that has content. Returns anything else as it is. */
export const inMessage = (value: unknown): unknown =>
  Predicate.isReadonlyObject(value) && Array.isArray(value["content"]) ? filledMessage(value) : value

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const filledMessage = (message: Fields): Fields => {
  const { content, usage } = message
  return {
    ...filled(message, { type: "message", role: "assistant", id: "", model: "" }),
    content: Array.isArray(content)
      ? content.map((item: unknown) => Predicate.isReadonlyObject(item) ? block(item) : item)
      : content,
    usage: usage === undefined || usage === null
      ? noTokens
      : Predicate.isReadonlyObject(usage)
      ? filled(usage, noTokens)
      : usage
  }
}

const noTokens = { input_tokens: 0, output_tokens: 0 }

const block = (value: Fields): Fields => {
  switch (value["type"]) {
    case "text":
      return filled(value, { text: "" })
    case "thinking":
      return filled(value, { thinking: "", signature: "" })
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return filled(value, { input: {} })
    default:
      return value
  }
}

const delta = (value: Fields): Fields => {
  switch (value["type"]) {
    case "text_delta":
      return filled(value, { text: "" })
    case "thinking_delta":
      return filled(value, { thinking: "" })
    case "input_json_delta":
      return filled(value, { partial_json: "" })
    default:
      return value
  }
}

/** Sets the fields that are missing or null. */
const filled = (value: Fields, fields: Fields): Fields => {
  const out: { [field: string]: unknown } = { ...value }
  for (const [field, empty] of Object.entries(fields)) out[field] ??= empty
  return out
}

/** Changes the object in a field, if there is one. */
const within = (value: Fields, field: string, f: (inner: Fields) => Fields): Fields => {
  const inner = value[field]
  return Predicate.isReadonlyObject(inner) ? { ...value, [field]: f(inner) } : value
}
