/**
 * Adapts a turn whose request the API refused, so that it can be sent again.
 *
 * What the API has answered before is accepted. Only what was added since can be
 * the reason, and of that, first the results of tools: they are replaced by errors
 * that say why, so the model knows what happened. The history keeps the results
 * themselves. When a response cannot be sent back, it is withdrawn for the sake of
 * the user's next message.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Content from "@effect-claude/core/Content"
import * as Effect from "effect/Effect"
import type { ContextEdit } from "../ContextEdit.ts"
import type * as Core from "./core.ts"
import * as Edits from "./edits.ts"
import * as Internal from "./history.ts"
import * as Prompt from "./prompt.ts"
import * as Space from "./space.ts"
import type { TurnState } from "./turnState.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** Errors about what a request holds. */
export type Refusal =
  | ClaudeError.InvalidRequestError
  | ClaudeError.RequestTooLargeError
  | ClaudeError.ContextWindowExceededError

/** Whether the API refused a request for what it holds. */
export const isRefusal = (error: { readonly _tag: string }): error is Refusal =>
  error._tag === "InvalidRequestError" || error._tag === "RequestTooLargeError" ||
  error._tag === "ContextWindowExceededError"

/**
 * Adapts the turn, or fails. Of refusals of one kind in a row, it fails with the first: the later ones are about what
 * was put in place. A refusal of another kind means that the ones before it were overcome.
 */
export const adapt = (
  core: Core.Core,
  turn: TurnState,
  error: Refusal,
  restore: Restore
): Effect.Effect<void, ClaudeError.ClaudeError> =>
  Effect.gen(function*() {
    if (turn.refusal?._tag !== error._tag) turn.refusal = error
    const tooLarge = error._tag !== "InvalidRequestError"
    if (tooLarge && (yield* Space.make(core, turn, error, restore))) return
    const edit = next(turn, error)
    if (edit === undefined) return yield* turn.refusal
    yield* Space.apply(core, turn, edit, restore)
  })

/** Decides what is replaced next. Undefined when nothing is left to replace. */
const next = (turn: TurnState, error: Refusal): ContextEdit | undefined => {
  const { accepted, sent } = Internal.nodeOf(turn.history)
  const reason = error.message.slice(0, 400)
  const results = Edits.provisionalOf(sent, accepted).filter((result) => !turn.replaced.has(result.tool_use_id))
  const suspects = suspectsOf(results, sent, error)
  if (suspects.length > 0) {
    const calls = suspects.map((result) => result.tool_use_id)
    calls.forEach((id) => turn.replaced.add(id))
    return { type: "replace_results", calls, reason }
  }
  return turn.hasInput && error._tag === "InvalidRequestError" && isSuspect(sent, accepted, error)
    ? { type: "withdraw_response", reason }
    : undefined
}

/** Returns the results that are the likely reason: the one that the error names, the largest, or those with media; otherwise all. */
const suspectsOf = (
  results: ReadonlyArray<Content.ToolResult>,
  sent: Prompt.Prompt | undefined,
  error: Refusal
): ReadonlyArray<Content.ToolResult> => {
  if (error._tag !== "InvalidRequestError") {
    return results.toSorted((a, b) => weightOf(b) - weightOf(a)).slice(0, 1)
  }
  const named = blockNamed(sent, error.message)
  const likely = [
    results.filter((result) => result === named),
    results.filter(({ content }) => Array.isArray(content) && content.some(({ type }) => type !== "text"))
  ]
  return likely.find((some) => some.length > 0) ?? results
}

const weightOf = ({ content }: Content.ToolResult): number =>
  typeof content === "string" ? content.length : JSON.stringify(content ?? []).length

/** Returns the block of a path such as `messages.2.content.0`. */
const blockNamed = (sent: Prompt.Prompt | undefined, message: string): Content.Content | undefined => {
  const [, index, block] = /messages\.(\d+)\.content\.(\d+)/.exec(message) ?? []
  return Prompt.toArray(sent)[Number(index)]?.content[Number(block)]
}

/**
 * Whether the last response can be the reason: the error names it, or names
 * nothing and the response holds more than text and calls.
 */
const isSuspect = (
  sent: Prompt.Prompt | undefined,
  accepted: Prompt.Prompt | undefined,
  { message }: Refusal
): boolean => {
  const added = Prompt.toArray(sent).slice(Prompt.sizeOf(accepted)).filter(({ role }) => role === "assistant")
  const index = /messages\.(\d+)/.exec(message)?.[1]
  return accepted !== undefined && (index === undefined
    ? added.some(({ own }) => own.some(({ type }) => type !== "text" && type !== "tool_use"))
    : added.some((response) => response.size - 1 === Number(index)))
}
