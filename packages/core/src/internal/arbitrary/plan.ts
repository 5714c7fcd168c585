/**
 * Plans of responses, conversations and requests, and their conversion. Plans
 * are generated and shrunk; a value made from a plan is always consistent.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type { Citation } from "../../Citation.ts"
import type { ContentBlock, ToolUse } from "../../ContentBlock.ts"
import type { Message } from "../../Message.ts"
import type { MessageParam, MessageRequest } from "../../MessageRequest.ts"
import type { CustomTool } from "../../Tool.ts"

// -----------------------------------------------------------------------------
// plans
// -----------------------------------------------------------------------------

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 }))

const Word = Schema.Literals([
  "the",
  "answer",
  "is",
  "not",
  "42",
  "naïve",
  "東京",
  "🍵",
  "`code`",
  "**bold**",
  "\n\n",
  "a \"quote\"",
  "back\\slash",
  "</tag>",
  "data: x",
  "½"
])

const Words = Schema.NonEmptyArray(Word).check(Schema.isMaxLength(12))

const Call = Schema.Struct({
  tool: Schema.Literals(["get_weather", "search", "run"]),
  input: Schema.Struct({
    query: Words,
    limit: Schema.optionalKey(Count),
    tags: Schema.optionalKey(Schema.Array(Word).check(Schema.isMaxLength(3)))
  })
})

const Said = Schema.Struct({ words: Words, cited: Schema.Boolean })

/** The plan of a response. */
export const Answer = Schema.Struct({
  thinking: Schema.optionalKey(Words),
  said: Schema.Array(Said).check(Schema.isMaxLength(3)),
  calls: Schema.Array(Call).check(Schema.isMaxLength(3)),
  end: Schema.Literals(["end_turn", "max_tokens", "stop_sequence", "refusal"]),
  model: Schema.Literals(["claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5"]),
  input: Count,
  output: Count,
  cached: Schema.optionalKey(Count)
})

/** The plan of a response. */
export type Answer = typeof Answer.Type

const Exchange = Schema.Struct({
  question: Words,
  answer: Schema.Struct({
    thinking: Schema.optionalKey(Words),
    said: Schema.NonEmptyArray(Said).check(Schema.isMaxLength(2)),
    calls: Schema.Array(Call).check(Schema.isMaxLength(2))
  }),
  failed: Schema.Boolean
})

/** The plan of a conversation. */
export const Conversation = Schema.Struct({
  exchanges: Schema.Array(Exchange).check(Schema.isMaxLength(4)),
  question: Words
})

/** The plan of a conversation. */
export type Conversation = typeof Conversation.Type

/** The plan of a request. */
export const Request = Schema.Struct({
  model: Answer.fields.model,
  max_tokens: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 64_000 })),
  conversation: Conversation,
  system: Schema.optionalKey(Words),
  effort: Schema.optionalKey(Schema.Literals(["low", "medium", "high"])),
  cached: Schema.Boolean
})

/** The plan of a request. */
export type Request = typeof Request.Type

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/** Text begins with a fixed word, so that it is never blank. */
const text = (words: typeof Words.Type): string => `So ${words.join(" ")}`

const citation = (words: typeof Words.Type): Citation => ({
  type: "char_location",
  cited_text: words.join(" "),
  document_index: 0,
  document_title: null,
  start_char_index: 0,
  end_char_index: words.join(" ").length
})

/** Creates the blocks of a response. Ids contain the position, so they are unique. */
const blocks = (
  plan: Pick<Answer, "thinking" | "said" | "calls">,
  place: string
): ReadonlyArray<ContentBlock> => [
  ...(plan.thinking === undefined
    ? []
    : [{ type: "thinking" as const, thinking: plan.thinking.join(" "), signature: `signature_${place}` }]),
  ...plan.said.map(({ cited, words }) => ({
    type: "text" as const,
    text: text(words),
    ...(cited ? { citations: [citation(words)] } : undefined)
  })),
  ...plan.calls.map(({ input, tool }, index): ToolUse => ({
    type: "tool_use",
    id: `toolu_${place}_${index}`,
    name: tool,
    input: { ...input, query: input.query.join(" ") }
  }))
]

/** Creates a response. Its stop reason is `tool_use` when it has calls. */
export const toMessage = (plan: Answer): Message => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: plan.model,
  content: blocks(plan, "1"),
  stop_reason: plan.calls.length > 0 ? "tool_use" : plan.end,
  stop_sequence: plan.calls.length === 0 && plan.end === "stop_sequence" ? "END" : null,
  usage: {
    input_tokens: plan.input,
    output_tokens: plan.output,
    ...(plan.cached === undefined ? undefined : { cache_read_input_tokens: plan.cached })
  }
})

const isCall = (block: ContentBlock): block is ToolUse => block.type === "tool_use"

/** Creates a conversation. Only the model cites text, and tool results come first in their turn. */
export const toTurns = (plan: Conversation): ReadonlyArray<MessageParam> => {
  const turns: Array<MessageParam> = []
  let unanswered: ReadonlyArray<ToolUse> = []
  let failed = false
  const ask = (question: typeof Words.Type): void => {
    turns.push({
      role: "user",
      content: unanswered.length === 0 ? text(question) : [
        ...unanswered.map(({ id }) => ({
          type: "tool_result" as const,
          tool_use_id: id,
          content: text(question),
          ...(failed ? { is_error: true } : undefined)
        })),
        { type: "text", text: text(question) }
      ]
    })
  }
  plan.exchanges.forEach((exchange, index) => {
    ask(exchange.question)
    const content = blocks(exchange.answer, String(index))
    turns.push({ role: "assistant", content })
    unanswered = content.filter(isCall)
    failed = exchange.failed
  })
  ask(plan.question)
  return turns
}

const tools: ReadonlyArray<CustomTool> = (["get_weather", "search", "run"] as const).map((name) => ({
  name,
  description: `Does ${name}.`,
  input_schema: { type: "object", properties: { query: { type: "string" } }, required: ["query"] }
}))

/** Creates a request. */
export const toRequest = (plan: Request): MessageRequest => ({
  model: plan.model,
  max_tokens: plan.max_tokens,
  messages: toTurns(plan.conversation),
  tools,
  ...(plan.system === undefined ? undefined : { system: text(plan.system) }),
  ...(plan.effort === undefined ? undefined : { output_config: { effort: plan.effort } }),
  ...(plan.cached ? { cache_control: { type: "ephemeral" } } : undefined)
})
