/**
 * The loop of an agent: request a response, run the tools it calls, repeat.
 *
 * Each step is committed on its own: a response, then the results of its calls,
 * then the next response. What a tool did is never lost, whatever happens next,
 * and a history is valid after every step.
 *
 * @since 0.1.0
 */
import type * as Content from "@effect-claude/core/Content"
import type * as Message from "@effect-claude/core/Message"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import type * as CoreTool from "@effect-claude/core/Tool"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { AgentEvent, Outcome } from "../AgentEvent.ts"
import * as History from "../History.ts"
import type { TurnError } from "../SessionError.ts"
import type * as Turn from "../Turn.ts"
import * as Core from "./core.ts"
import * as Internal from "./history.ts"
import * as PulledTurn from "./pulledTurn.ts"
import type * as Runs from "./runs.ts"
import * as Tools from "./tools.ts"
import * as Run from "./turn.ts"
import type * as TurnState from "./turnState.ts"

/** What a run of an agent is told. */
export interface Options<R> {
  readonly turn: Turn.Options
  readonly definitions: ReadonlyArray<CoreTool.Tool>
  readonly maxTurns: number
  readonly concurrency: number | "unbounded"
  readonly whenInterrupted: "close" | "rollback"
  /** Whether text is to be told of as it comes. */
  readonly streams: boolean
  readonly call: Tools.Options<R>
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** What an open call is answered with when the run was interrupted. */
const interrupted = "The call was interrupted before it had a result."

/** Runs the loop in a session that is held. To be run where nothing interrupts. */
export const run = <R>(
  core: Core.Core,
  input: History.Input | undefined,
  options: Options<R>,
  restore: Restore
): Effect.Effect<Outcome, TurnError, R> =>
  Effect.flatMap(Core.runOf(core, options.turn.id, restore), (known) => {
    const before = core.now.history
    return Effect.onExit(loop(core, input, known, options, restore), (exit) =>
      Exit.isFailure(exit) && options.whenInterrupted === "rollback" && core.now.history !== before
        // What cannot be written back stays as it is, which is valid, too.
        ? Effect.ignore(Core.rollBack(core, before, options.turn.id, known))
        : Effect.void)
  })

const loop = Effect.fnUntraced(function*<R>(
  core: Core.Core,
  input: History.Input | undefined,
  known: Runs.Run | undefined,
  options: Options<R>,
  restore: Restore
): Effect.fn.Return<Outcome, TurnError, R> {
  const { onEvent } = options.call
  const { contextWindow, onEdit } = { ...core.settings.policy, ...options.turn }
  const turnOptions: Turn.Options = {
    ...options.turn,
    contextWindow: {
      ...contextWindow,
      onWarning: (warning) =>
        Effect.andThen(
          onEvent({ _tag: "WindowWarning", warning }),
          Effect.suspend(() => contextWindow?.onWarning?.(warning) ?? Effect.void)
        )
    },
    onEdit: (edit) =>
      Effect.andThen(
        onEvent({ _tag: "ContextEdited", edit }),
        Effect.suspend(() => onEdit?.(edit) ?? Effect.void)
      ),
    tools: [...options.turn.tools ?? core.now.parameters.tools ?? [], ...options.definitions]
  }
  let words = input
  let calls = 0
  if (known !== undefined && known.state !== "open") {
    return { message: known.response, turns: 0, calls: 0, end: known.state }
  }
  // A run that was left open goes on where it is, or begins anew where something else was said since.
  const goesOn = known !== undefined && known.history === core.now.history
  if (goesOn) {
    yield* closeAll(core, options)
    words = undefined
  }
  // Without an input, calls that are still open are run: those of a run that reached its limit.
  if (input === undefined && !goesOn) {
    const open = History.pendingTools(core.now.history).length
    if (open > 0) yield* runAll(core, options, restore)
    calls += open
  }
  for (let turn = 1;; turn++) {
    yield* restore(onEvent({ _tag: "TurnStarted", turn }))
    const own: TurnState.Options = {
      ...(turn === 1 && !goesOn ? turnOptions : following(turnOptions)),
      run: turn >= options.maxTurns ? "last" : "open"
    }
    const message = options.streams
      ? yield* streamed(core, words, own, onEvent, restore)
      : yield* Run.sendWith(core, words, own, restore)
    yield* restore(onEvent({ _tag: "TurnCommitted", turn, message }))
    const pending = History.pendingTools(core.now.history)
    if (pending.length === 0) return { message, turns: turn, calls, end: "finished" }
    if (turn >= options.maxTurns) return { message, turns: turn, calls, end: "turnLimit" }
    yield* runAll(core, options, restore)
    calls += pending.length
    words = undefined
  }
})

/** Commits that open calls have no result. Whether their tools ran is not known, so none is run again. */
const closeAll = <R>(core: Core.Core, options: Options<R>): Effect.Effect<void, TurnError> => {
  const { history } = core.now
  return history.status === "awaitingToolResults"
    ? commitResults(core, options, History.closeTools(history, interrupted))
    : Effect.void
}

/** Commits the results of tools, as an entry of the run where that has a name. */
const commitResults = <R>(
  core: Core.Core,
  { turn: { id } }: Options<R>,
  history: History.History
): Effect.Effect<void, Core.WriteError> =>
  Core.commit(core, { history, turn: id === undefined ? undefined : { name: id, replies: 0, state: "open" } })

/** What of a turn's options holds for the turns that follow in the same run. */
const following = ({ instructions: _, rewind: __, ...options }: Turn.Options): Turn.Options => options

/** Runs all open calls and commits their results: those there are when it is interrupted, too. */
const runAll = <R>(core: Core.Core, options: Options<R>, restore: Restore): Effect.Effect<void, TurnError, R> =>
  Effect.suspend(() => {
    const base = core.now.history
    const cut = Internal.cutCall(Internal.nodeOf(base))
    const results: Array<Content.ToolResult> = []
    const commit = Effect.suspend(() => commitResults(core, options, History.closeTools(base, interrupted, results)))
    return restore(Effect.forEach(
      History.pendingTools(base),
      (call) => Effect.map(Tools.run(call, call === cut, options.call), (result) => results.push(result)),
      { concurrency: options.concurrency, discard: true }
    )).pipe(
      Effect.onError(() => Effect.ignore(commit)),
      Effect.andThen(commit)
    )
  })

/** Runs a turn and tells of its text as it comes. */
const streamed = Effect.fnUntraced(function*(
  core: Core.Core,
  input: History.Input | undefined,
  options: TurnState.Options,
  onEvent: (event: AgentEvent) => Effect.Effect<void>,
  restore: Restore
): Effect.fn.Return<Message.Message, TurnError> {
  const scope = yield* Scope.make()
  let revoke: Effect.Effect<void> = Effect.void
  const pull = yield* PulledTurn.open(core, input, options, {
    scope,
    restore,
    drive: () => {},
    rest: Effect.void,
    finish: Effect.void,
    revokedBy: (end) => {
      revoke = end
    }
  })
  yield* restore(Effect.forever(Effect.flatMap(pull, (events) => tell(events, onEvent)))).pipe(
    Effect.catchIf(Cause.isDone, () => Effect.void),
    Effect.onExit((exit) => Effect.andThen(revoke, Scope.close(scope, exit)))
  )
  return Option.getOrThrow(core.now.lastResponse)
})

const tell = (
  events: ReadonlyArray<StreamEvent.StreamEvent>,
  onEvent: (event: AgentEvent) => Effect.Effect<void>
): Effect.Effect<void> => {
  let text = ""
  let thinking = ""
  for (const event of events) {
    if (event.type !== "content_block_delta") continue
    if (event.delta.type === "text_delta") text += event.delta.text
    if (event.delta.type === "thinking_delta") thinking += event.delta.thinking
  }
  const thought = thinking === "" ? Effect.void : onEvent({ _tag: "Thinking", text: thinking })
  return text === "" ? thought : Effect.andThen(thought, onEvent({ _tag: "Text", text }))
}
