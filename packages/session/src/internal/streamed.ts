/**
 * A turn of an agent whose content is emitted as it is written.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { AgentEvent } from "../AgentEvent.ts"
import type * as History from "../History.ts"
import type { TurnError } from "../SessionError.ts"
import type * as Core from "./core.ts"
import * as PulledTurn from "./pulledTurn.ts"
import type * as TurnState from "./turnState.ts"

type OnEvent = (event: AgentEvent) => Effect.Effect<void>

/** Runs a turn of a session that is held, and emits its content. */
export const send = Effect.fnUntraced(function*(
  core: Core.Core,
  input: History.Input | undefined,
  options: TurnState.Options,
  onEvent: OnEvent,
  restore: Core.Restore
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
  const emit = emitter(onEvent)
  yield* restore(Effect.forever(Effect.flatMap(pull, emit))).pipe(
    Effect.catchIf(Cause.isDone, () => Effect.void),
    Effect.onExit((exit) => Effect.andThen(revoke, Scope.close(scope, exit)))
  )
  return Option.getOrThrow(core.now.lastResponse)
})

/** A piece of content. */
type Piece = Extract<AgentEvent, { readonly _tag: "Text" | "Thinking" | "ToolInput" }>

/** Creates the function that emits the content of events. Pieces of the same block that come together are one. */
const emitter = (onEvent: OnEvent) => {
  const calls = new Map<number, { readonly id: string; readonly name: string }>()
  const pieceOf = (event: StreamEvent.StreamEvent): Piece | undefined => {
    if (event.type === "content_block_start" && event.content_block.type === "tool_use") {
      const { id, name } = event.content_block
      calls.set(event.index, { id, name })
      return { _tag: "ToolInput", id, name, json: "" }
    }
    if (event.type !== "content_block_delta") return undefined
    const { delta } = event
    if (delta.type === "text_delta") return { _tag: "Text", text: delta.text }
    if (delta.type === "thinking_delta") return { _tag: "Thinking", text: delta.thinking }
    const call = delta.type === "input_json_delta" ? calls.get(event.index) : undefined
    return call === undefined || delta.type !== "input_json_delta"
      ? undefined
      : { _tag: "ToolInput", ...call, json: delta.partial_json }
  }
  return (events: ReadonlyArray<StreamEvent.StreamEvent>): Effect.Effect<void> => {
    const pieces: Array<Piece> = []
    for (const event of events) {
      const piece = pieceOf(event)
      if (piece === undefined) continue
      const joined = join(pieces.at(-1), piece)
      if (joined === undefined) pieces.push(piece)
      else pieces[pieces.length - 1] = joined
    }
    return Effect.forEach(pieces.filter((piece) => piece._tag === "ToolInput" || piece.text !== ""), onEvent, {
      discard: true
    })
  }
}

const join = (self: Piece | undefined, that: Piece): Piece | undefined => {
  if (self?._tag === "Text" && that._tag === "Text") return { ...self, text: self.text + that.text }
  if (self?._tag === "Thinking" && that._tag === "Thinking") return { ...self, text: self.text + that.text }
  if (self?._tag === "ToolInput" && that._tag === "ToolInput" && self.id === that.id) {
    return { ...self, json: self.json + that.json }
  }
  return undefined
}
