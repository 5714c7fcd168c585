import * as Content from "@effect-claude/core/Content"
import type * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as History from "@effect-claude/session/History"
import { Arbitrary, Result, Schema } from "effect"

const { text } = Content

// -----------------------------------------------------------------------------
// builders
// -----------------------------------------------------------------------------

export const codeResult = {
  type: "code_execution_result",
  stdout: "",
  stderr: "",
  return_code: 0,
  content: []
} as const

export function toolUse(id: string) {
  return { type: "tool_use", id, name: "tool", input: {} } as const
}

export function thinking(thinking: string) {
  return { type: "thinking", thinking, signature: "sig" } as const
}

export function userOf(content: string) {
  return MessageRequest.user(content)
}

export function assistantOf(content: string) {
  return MessageRequest.assistant(content)
}

export function results(...ids: ReadonlyArray<string>) {
  return ids.map((id) => Content.toolResult(id, "ok"))
}

export const message = (
  content: Message.Message["content"],
  stop_reason: Message.StopReason = "end_turn"
): Message.Message => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content,
  stop_reason,
  usage: { input_tokens: 3, output_tokens: 1 }
})

export const say = (history: History.History, input: History.Input) => Result.getOrThrow(History.user(history, input))

export const answer = (
  history: History.History,
  content: Message.Message["content"],
  stop_reason?: Message.StopReason
) => Result.getOrThrow(History.reply(history, message(content, stop_reason)))

export const instruct = (history: History.History, turn: string | MessageRequest.SystemParam) =>
  Result.getOrThrow(History.system(history, turn))

export const calling = (...ids: ReadonlyArray<string>) => answer(say(History.empty, "Go"), ids.map(toolUse), "tool_use")

export const lastTurn = (history: History.History, fromEnd = 0) =>
  MessageRequest.blocks(History.toMessages(history).at(-1 - fromEnd)?.content)

export const rules = (result: History.Validated) =>
  Result.isFailure(result) ? result.failure.violations.map(({ path, rule }) => `${rule} ${path}`) : "accepted"

export const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

// -----------------------------------------------------------------------------
// generated conversations
// -----------------------------------------------------------------------------

export const Words = Schema.Literals(["", " ", "a", "b"])
export const Marked = Schema.Boolean
export const Step = Schema.Union([
  Schema.Struct({ _tag: Schema.Literal("Say"), words: Schema.Literals(["a", "b", " "]), marked: Marked }),
  Schema.Struct({
    _tag: Schema.Literal("Answer"),
    content: Schema.Array(Schema.Literals(["text", "blank", "thinking", "call", "server", "served", "broken"])),
    stop: Schema.Literals(["end_turn", "pause_turn", "max_tokens", "refusal", "tool_use"])
  }),
  Schema.Struct({ _tag: Schema.Literal("Results"), reversed: Schema.Boolean, words: Words }),
  Schema.Struct({ _tag: Schema.Literal("Close") }),
  Schema.Struct({ _tag: Schema.Literal("Instruct") }),
  Schema.Struct({ _tag: Schema.Literal("Rewind"), count: Schema.Literals([0, 1, 2]) })
])

export const Steps = Arbitrary.array(Arbitrary.schema(Step), { maxLength: 30 })

/** What a program may do to a history; a step that is refused changes nothing. */
export function apply(history: History.History, step: typeof Step.Type): History.History {
  const or = (result: ReturnType<typeof History.user>) => Result.getOrElse(result, () => history)
  switch (step._tag) {
    case "Say":
      return or(History.user(history, step.marked ? Content.cached(text(step.words)) : step.words))
    case "Answer":
      return or(
        History.reply(
          history,
          message(step.content.map((kind, index) => blockOf(kind, history.size, index)), step.stop)
        )
      )
    case "Results": {
      const all = History.pendingTools(history).map((call) => Content.toolResult(call.id, step.words))
      return all.length === 0 ? history : or(History.user(history, [
        text(step.words),
        ...(step.reversed ? all.toReversed() : all)
      ]))
    }
    case "Close":
      return History.closeTools(history)
    case "Instruct":
      return or(History.system(history, "Be brief"))
    case "Rewind":
      return History.rewind(history, step.count)
  }
}

export const blockOf = (kind: string, size: number, index: number): Message.Message["content"][number] => {
  const id = `${size}_${index}`
  switch (kind) {
    case "blank":
      return text("\n")
    case "thinking":
      return thinking("Hm")
    case "call":
      return toolUse(`toolu_${id}`)
    case "broken":
      return { ...toolUse(`toolu_${id}`), input: "{" }
    case "server":
      return { type: "server_tool_use", id: `srvtoolu_${size}`, name: "web_search", input: {} }
    case "served":
      return { type: "web_search_tool_result", tool_use_id: `srvtoolu_${size}`, content: [] }
    default:
      return text("Hi")
  }
}
