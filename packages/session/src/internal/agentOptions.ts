/**
 * The options of a run of an agent, and the options of its turns.
 *
 * @since 0.1.0
 */
import type * as CoreTool from "@effect-claude/core/Tool"
import * as Effect from "effect/Effect"
import type { Progress } from "../AgentEvent.ts"
import type { StopWhen } from "../StopWhen.ts"
import type * as Turn from "../Turn.ts"
import type * as Core from "./core.ts"
import type * as Tools from "./tools.ts"
import * as TurnState from "./turnState.ts"

/** The options of a run, with their defaults. */
export interface Options<R> {
  readonly turn: Turn.Options
  readonly definitions: ReadonlyArray<CoreTool.Tool>
  readonly maxTurns: number
  readonly concurrency: number | "unbounded"
  readonly whenInterrupted: "close" | "rollback"
  readonly stopWhen: StopWhen<R> | undefined
  readonly prepareTurn: PrepareTurn<R> | undefined
  readonly call: Tools.Options<R>
}

/** Returns the parameters of a turn that differ from those that would be sent. */
export type PrepareTurn<R> = (
  next: Progress & { readonly parameters: Turn.Parameters }
) => Effect.Effect<Partial<Turn.Parameters>, never, R>

/** The place of a turn in its run. */
export interface Place {
  /** Whether turns came before it: instructions and `rewind` held for those. */
  readonly follows: boolean
  /** Whether calls have run already: a forced tool choice held for those. */
  readonly hasCalled: boolean
}

/** Returns the options of a turn. */
export const turnOptions = <R>(
  core: Core.Core,
  { call: { onEvent }, definitions, turn }: Options<R>,
  { follows, hasCalled }: Place
): Turn.Options => {
  const { contextWindow, onEdit } = { ...core.settings.policy, ...turn }
  const { instructions, rewind, ...rest } = turn
  return {
    ...rest,
    ...(follows ? undefined : { instructions, rewind }),
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
    tools: [...turn.tools ?? core.now.parameters.tools ?? [], ...definitions],
    ...(follows || hasCalled ? relaxed({ ...core.now.parameters, ...turn }.tool_choice) : undefined)
  }
}

/** Replaces a tool choice that forces a call: forced again and again, a run would not end. */
const relaxed = (choice: Turn.Parameters["tool_choice"]): Partial<Turn.Parameters> | undefined => {
  if (choice?.type !== "any" && choice?.type !== "tool") return undefined
  const { disable_parallel_tool_use } = choice
  return {
    tool_choice: disable_parallel_tool_use === undefined
      ? { type: "auto" }
      : { type: "auto", disable_parallel_tool_use }
  }
}

/** Returns the parameters of a turn's request. */
export const parametersOf = (core: Core.Core, options: Turn.Options): Turn.Parameters => {
  const { id: _, instructions: __, rewind: ___, ...parameters } = TurnState.splitPolicy({}, options).rest
  return { ...core.now.parameters, ...parameters }
}
