/**
 * Calls whose response is a stream of events: handed out as it arrives, or folded
 * into a message.
 *
 * Each attempt has a scope of its own. Attempts follow one another until one
 * commits, and what is handed out are the events of that attempt alone.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import * as EventReader from "../response/eventReader.ts"
import * as Call from "./call.ts"
import * as Follower from "./follower.ts"
import * as Plain from "./plain.ts"

/** The pull of a stream's events. */
export type Events<R = never> = Pull.Pull<EventReader.Events, ClaudeError.ClaudeError, void, R>

/** Opens the stream of a call, and returns the pull of its events. All of it belongs to the scope. */
export const open = (call: Call.Call, scope: Scope.Scope): Effect.Effect<Events, ClaudeError.ClaudeError> =>
  call.interceptor === undefined
    ? openWith(call, scope, Follower.noneOfStream.ended)
    : Effect.flatMap(
      Follower.startStream(call.interceptor, call, scope, () => Call.soFar(call)),
      ({ ended, follower }) => {
        const followed = { ...call, follower }
        return follower.answer === undefined
          ? openWith(followed, scope, ended)
          : Effect.flatMap(follower.answer, (message) =>
            message === undefined
              ? openWith(followed, scope, ended)
              : handOut(followed, ofMessage(message, Plain.cached), ended))
      }
    )

/** Folds the events of a call into a message. Nothing is handed out before the end, so every failure can be retried. */
export const folded = (call: Call.Call): Effect.Effect<Plain.Received, ClaudeError.ClaudeError> =>
  Call.retried(
    call,
    (attempts) =>
      Effect.scoped(Effect.flatMap(Effect.scope, (scope) =>
        Effect.flatMap(Call.send(call, attempts), (response) => {
          const wire = isStream(response) ? "stream" : "json"
          const message = wire === "stream"
            ? EventReader.read(response, scope, readOptions(call), (reader) => fold(call, reader))
            : Effect.tap(wholeMessage(call, response, scope), () => call.follower.onContent ?? Effect.void)
          return Effect.map(message, (message): Plain.Received => ({ message, meta: response.meta, attempts, wire }))
        })))
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Reports to the follower of a stream how it ended. */
type Ended = Follower.OfStream["ended"]

/** A stream that has committed. */
interface Opened {
  readonly pull: Events
  readonly reading: Call.Reading
  /** The scope of its attempt. A message from a cache has none. */
  readonly scope?: Scope.Closeable | undefined
}

const openWith = (
  call: Call.Call,
  scope: Scope.Scope,
  ended: Ended
): Effect.Effect<Events, ClaudeError.ClaudeError> =>
  Effect.flatMap(
    Effect.onExitPrimitive(
      Call.retried(call, (number) =>
        Call.openIn(call, number, scope, (response, own) => openResponse(call, response, own))),
      (exit) =>
        Exit.isSuccess(exit) ? undefined : ended(exit.cause)
    ),
    (opened) => handOut(call, opened, ended)
  )

const openResponse = (
  call: Call.Call,
  response: Exchange.Response,
  scope: Scope.Closeable
): Effect.Effect<Opened, ClaudeError.ClaudeError> =>
  isStream(response)
    ? EventReader.read(
      response,
      scope,
      readOptions(call),
      (reader) => Effect.map(reader.open(), (pull) => ({ pull, reading: reader, scope }))
    )
    : Effect.map(wholeMessage(call, response, scope), (message) => ofMessage(message, response.meta, scope))

/** Notifies the follower of the first content, and returns the pull. */
const handOut = (
  call: Call.Call,
  { pull: open, reading, scope }: Opened,
  ended: Ended
): Effect.Effect<Events> => {
  call.reading.latest = reading
  const pull = closing(open, scope, ended)
  return call.follower.onContent === undefined ? Effect.succeed(pull) : Effect.as(call.follower.onContent, pull)
}

/** Closes the scope of an attempt when its events end. It keeps nothing of the call alive. */
const closing = (pull: Events, scope: Scope.Closeable | undefined, ended: Ended): Events =>
  Effect.onExitPrimitive(pull, (exit) =>
    Exit.isSuccess(exit)
      ? undefined
      : scope === undefined
      ? ended(exit.cause)
      : Effect.andThen(Scope.close(scope, Pull.doneExitFromCause(exit.cause)), ended(exit.cause)))

const fold = (
  call: Call.Call,
  reader: EventReader.EventReader
): Effect.Effect<Message.Message, ClaudeError.ClaudeError> => {
  call.reading.latest = reader
  const onContent = call.follower.onContent ?? Effect.void
  const events = Effect.flatMap(reader.pull, (events) => {
    if (reader.hasContent || !events.some(EventReader.commits)) return Effect.void
    reader.contentArrived()
    return onContent
  })
  return Effect.matchEffect(Effect.forever(events, { disableYield: true }), {
    onSuccess: () => Effect.fail(reader.withoutMessage()),
    onFailure: (failure) => {
      if (Cause.isDone(failure)) {
        const message = MessageAccumulator.snapshot(reader.decoder.accumulator)
        return Option.isSome(message) ? Effect.succeed(message.value) : Effect.fail(reader.withoutMessage())
      }
      // The error holds what arrived. The next attempt has brought nothing yet.
      if (call.reading.latest === reader) call.reading.latest = undefined
      return Effect.fail(failure)
    }
  })
}

const readOptions = (
  { exchange: { endBy, repeatable }, onProgress, settings: { limits, timeouts } }: Call.Call
): EventReader.Options => ({
  timeouts,
  limits,
  endBy,
  repeatable,
  onPing: onProgress?.({ _tag: "Ping" })
})

/** Whether a response may be a stream of events. Some gateways send events as plain text. */
const isStream = ({ headers }: Exchange.Response): boolean => {
  const type = headers["content-type"]
  return type === undefined || /^\s*(?:text\/event-stream|text\/plain|application\/octet-stream)/i.test(type)
}

/** Reads the message that a server sent as JSON although a stream was requested. */
const wholeMessage = (
  call: Call.Call,
  response: Exchange.Response,
  scope: Scope.Scope
): Effect.Effect<Message.Message, ClaudeError.ClaudeError> =>
  Effect.flatMap(Plain.text(call, response, scope), (text) => Effect.fromResult(Plain.parseMessage(text, response)))

/** Returns a message as the stream that would have brought it. */
const ofMessage = (message: Message.Message, meta: Exchange.Meta, scope?: Scope.Closeable): Opened => {
  let isRead = false
  const events = StreamEvent.ofMessage(message)
  return {
    pull: Effect.suspend(() => {
      if (isRead || !Arr.isReadonlyArrayNonEmpty(events)) return Cause.done()
      isRead = true
      return Effect.succeed(events)
    }),
    reading: { meta, partial: () => message, outcome: () => "partial" },
    scope
  }
}
