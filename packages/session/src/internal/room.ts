/**
 * Makes room in the model's window: leaves out the older exchanges of a
 * conversation, or has them summarised.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as ContextWindow from "../ContextWindow.ts"
import * as History from "../History.ts"
import * as Attempt from "./attempt.ts"
import * as Core from "./core.ts"
import * as Exchanges from "./exchanges.ts"
import * as Metered from "./metered.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** What the model is asked for when the conversation so far is to be summarised. */
const ask = "Summarise our conversation so far, for yourself: you will go on from your summary alone. " +
  "Keep what was asked, decided and found out, names, numbers and what is still open. Write nothing else."

/** What stands in for what was left out. */
const told = "This is what was said so far, as you summarised it:\n\n"

/** Warns of a prompt that fills much of the window, and makes room for one after an answer that found it full. */
export const watch = (
  core: Core.Core,
  attempt: Attempt.Attempt,
  restore: Restore
): Effect.Effect<void, ClaudeError.ClaudeError> =>
  Effect.gen(function*() {
    const { contextWindow } = attempt.policy
    const { last } = Exchanges.sinceLastReply(attempt.history)
    if (last !== undefined && ContextWindow.isFull(last) && (contextWindow?.onOverflow ?? "fail") !== "fail") {
      yield* shrink(core, attempt, restore)
    }
    const warning = yield* ContextWindow.warning(attempt.history, attempt.parameters.model, contextWindow)
    if (Option.isNone(warning) && Option.isNone(core.now.window)) return
    yield* Core.update(core, { window: warning })
    if (Option.isSome(warning)) yield* restore(contextWindow?.onWarning?.(warning.value) ?? Effect.void)
  })

/** Makes room for a turn that did not fit, once. */
export const make = (
  core: Core.Core,
  attempt: Attempt.Attempt,
  error: ClaudeError.ContextWindowExceededError,
  restore: Restore
): Effect.Effect<void, ClaudeError.ClaudeError> =>
  Effect.suspend(() => {
    const { onOverflow = "fail" } = attempt.policy.contextWindow ?? {}
    if (onOverflow === "fail" || attempt.shrunk) return Effect.fail(error)
    return Effect.flatMap(shrink(core, attempt, restore), (shrunk) => shrunk ? Effect.void : Effect.fail(error))
  })

/** Leaves out older exchanges, or puts a summary in their place. Returns whether there were any. */
const shrink = Effect.fnUntraced(function*(
  core: Core.Core,
  attempt: Attempt.Attempt,
  restore: Restore
): Effect.fn.Return<boolean, ClaudeError.ClaudeError> {
  const { keep, onOverflow } = attempt.policy.contextWindow ?? {}
  const others = attempt.history.exchanges - 1
  const kept = Math.max(0, Math.min(keep ?? Math.floor(others / 2), others - 1))
  const { older, rest } = Exchanges.split(attempt.history, kept + 1)
  if (older.size === 0) return false
  const summary = onOverflow === "compact" ? yield* summarise(core, attempt, older, restore) : Option.none()
  const seed = Option.match(summary, {
    onNone: () => History.empty,
    onSome: (text) => Result.getOrElse(History.user(History.empty, told + text), () => History.empty)
  })
  attempt.history = rest(seed)
  attempt.shrunk = true
  return true
})

/** Has a conversation summarised. None where the model does not say anything, or the conversation does not fit either. */
const summarise = Effect.fnUntraced(function*(
  core: Core.Core,
  { parameters, policy }: Attempt.Attempt,
  older: History.History,
  restore: Restore
): Effect.fn.Return<Option.Option<string>, ClaudeError.ClaudeError> {
  const asked = History.user(History.closeTools(older), ask)
  if (Result.isFailure(asked)) return Option.none()
  const { output_config: _, tool_choice: __, ...rest } = parameters
  const request = Attempt.requestOf({
    id: undefined,
    run: undefined,
    freed: [],
    history: asked.success,
    parameters: { ...rest, ...(parameters.tools === undefined ? undefined : { tool_choice: { type: "none" } }) },
    policy,
    messages: [],
    shrunk: true
  })
  const answer = yield* restore(Messages.create(request)).pipe(
    Effect.provideService(Claude, Metered.make(core).claude),
    Effect.asSome,
    Effect.catchTag("ContextWindowExceededError", () => Effect.succeedNone)
  )
  return Option.filter(Option.map(answer, Message.text), (text) => text.trim() !== "")
})
