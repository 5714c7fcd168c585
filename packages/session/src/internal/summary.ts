/**
 * Has the model summarise the older part of a conversation.
 *
 * A summary is a response that the model finished. One that was refused, cut,
 * empty or a call of a tool is not a summary, and neither is an error that says
 * that the request cannot be answered as it is.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import type * as MessageRequest from "@effect-claude/core/MessageRequest"
import { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Effect from "effect/Effect"
import * as CachePolicy from "../CachePolicy.ts"
import type * as ContextWindow from "../ContextWindow.ts"
import type * as Core from "./core.ts"
import * as Metered from "./metered.ts"
import * as Prompt from "./prompt.ts"
import type { TurnState } from "./turnState.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Requests a summary of messages. Undefined when there is no usable one. */
export const write = (
  core: Core.Core,
  turn: TurnState,
  strategy: Extract<ContextWindow.Strategy, { readonly _tag: "Compact" }>,
  messages: ReadonlyArray<Prompt.Prompt>,
  restore: Restore
): Effect.Effect<string | undefined, ClaudeError.ClaudeError> =>
  restore(Messages.create(requestOf(turn, strategy, messages))).pipe(
    Effect.provideService(Claude, Metered.make(core).claude),
    Effect.map(textOf),
    Effect.catchTags({
      ContextWindowExceededError: () => Effect.succeed(undefined),
      InvalidRequestError: () => Effect.succeed(undefined),
      RequestTooLargeError: () => Effect.succeed(undefined)
    })
  )

const textOf = (message: Message.Message): string | undefined => {
  const text = Message.text(message).trim()
  const finished = message.stop_reason === "end_turn" || message.stop_reason === "stop_sequence"
  return finished && text !== "" ? text : undefined
}

const requestOf = (
  { parameters, policy }: TurnState,
  { instructions, maxTokens }: { readonly instructions: string; readonly maxTokens: number },
  messages: ReadonlyArray<Prompt.Prompt>
): MessageRequest.MessageRequest => {
  const { output_config: _, tool_choice: __, ...rest } = parameters
  const last = messages.at(-1)
  const prompt = messages.slice(0, -1).reduce<Prompt.Prompt | undefined>(
    (before, message) => Prompt.after(message, before),
    undefined
  )
  const request = [Content.text(instructions)]
  const end = last === undefined ? prompt : Prompt.settle(Prompt.after(last, prompt))
  return CachePolicy.apply({
    ...rest,
    max_tokens: Math.max(parameters.max_tokens, maxTokens + thinkingOf(parameters)),
    ...(parameters.tools === undefined ? undefined : { tool_choice: { type: "none" } }),
    messages: Prompt.render(Prompt.addUser(end, request, true), 0)
  }, policy.cache ?? "auto")
}

const thinkingOf = ({ thinking }: TurnState["parameters"]): number =>
  thinking?.type === "enabled" && "budget_tokens" in thinking && typeof thinking.budget_tokens === "number"
    ? thinking.budget_tokens
    : 0
