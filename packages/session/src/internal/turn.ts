/**
 * Runs a turn: prepares it from the session's state, sends it, continues a
 * response that is not complete, and commits it or rolls it back.
 *
 * @since 0.1.0
 */
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as History from "../History.ts"
import type { TurnError } from "../SessionError.ts"
import * as Adapt from "./adapt.ts"
import * as Core from "./core.ts"
import * as Lock from "./lock.ts"
import * as Metered from "./metered.ts"
import * as PulledTurn from "./pulledTurn.ts"
import * as Space from "./space.ts"
import * as TurnState from "./turnState.ts"

/** Runs a turn and returns the response. */
export const send = (
  core: Core.Core,
  input: History.Input | undefined,
  options: TurnState.Options
): Effect.Effect<Message.Message, TurnError> =>
  (options.onInterrupt ?? core.settings.policy.onInterrupt) === "keep"
    ? fold(core, input, options)
    : Core.exclusively(core, (restore) =>
      Effect.flatMap(Core.runOf(core, options.id, restore), (known) =>
        known === undefined ? sendWith(core, input, options, restore) : Effect.succeed(known.response)))

/** Runs a turn of a session that is held already. */
export const sendWith = Effect.fnUntraced(function*(
  core: Core.Core,
  input: History.Input | undefined,
  options: TurnState.Options,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.fn.Return<Message.Message, TurnError> {
  yield* Core.settle(core, restore)
  const base = core.now.history
  const turn = yield* TurnState.prepare(core, input, options)
  const drawn = yield* Metered.drawTurn(core)
  return yield* Effect.onExit(complete(core, turn, restore), (exit) =>
    Effect.andThen(
      Exit.isSuccess(exit) ? Effect.void : Space.keep(core, base, turn),
      drawn(Exit.isSuccess(exit))
    ))
})

/** Sends requests until the response is complete, and commits it. */
const complete = Effect.fnUntraced(function*(
  core: Core.Core,
  turn: TurnState.TurnState,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.fn.Return<Message.Message, TurnError> {
  yield* Core.update(core, { phase: "running", edits: [] })
  yield* Space.prepare(core, turn, restore)
  while (true) {
    const request = TurnState.requestOf(turn)
    const received: Message.Message | undefined = yield* restore(
      Messages.create(request, { onProgress: turn.policy.onProgress })
    ).pipe(
      Effect.provideService(Claude, Metered.make(core).claude),
      Effect.catchIf(Adapt.isRefusal, (error) => Effect.as(Adapt.adapt(core, turn, error, restore), undefined))
    )
    if (received === undefined || TurnState.take(turn, received)) continue
    const response = TurnState.responseOf(turn) ?? received
    if (yield* TurnState.review(turn, response, restore)) continue
    yield* Core.commit(core, { ...turn, response, turn: TurnState.nameOf(turn) })
    return response
  }
})

/** Runs a turn as a stream, so that a part of it can be kept, and returns the response. */
const fold = (
  core: Core.Core,
  input: History.Input | undefined,
  options: TurnState.Options
): Effect.Effect<Message.Message, TurnError> =>
  Effect.suspend(() => {
    let state = MessageAccumulator.initial
    return Stream.runForEachArray(stream(core, input, options), (events) =>
      Effect.sync(() => {
        state = MessageAccumulator.stepAll(state, events)
      })).pipe(
        Effect.flatMap(() => Effect.fromOption(MessageAccumulator.snapshot(state))),
        Effect.catchTag("NoSuchElementError", () => Effect.fail(PulledTurn.truncated()))
      )
  })

/** Runs a turn and streams the events of its response. */
export const stream = (
  core: Core.Core,
  input: History.Input | undefined,
  options: TurnState.Options
): Stream.Stream<StreamEvent.StreamEvent, TurnError> =>
  Stream.fromChannel(
    Channel.fromTransform((_, outer) =>
      Core.held(core, outer, (lease, restore) => {
        const finish = Core.finish(core, lease)
        return Effect.onError(Core.runOf(core, options.id, restore), () => finish).pipe(
          Effect.flatMap((known) => {
            if (known !== undefined) return Effect.as(finish, once(StreamEvent.ofMessage(known.response)))
            return PulledTurn.open(core, input, options, {
              restore,
              scope: Scope.forkUnsafe(outer),
              drive: (fiber) => Lock.drive(lease, fiber),
              rest: Lock.rest(lease),
              finish,
              revokedBy: (revoke) => {
                lease.revoke = revoke
              }
            })
          })
        )
      })
    )
  )

const once = (events: PulledTurn.Events): Pull.Pull<PulledTurn.Events> => {
  let left: PulledTurn.Events | undefined = events
  return Effect.suspend(() => {
    const next = left
    left = undefined
    return next === undefined ? Cause.done() : Effect.succeed(next)
  })
}
