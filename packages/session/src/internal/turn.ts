/**
 * Runs a turn: prepares it from the session's state, sends it, goes on with an
 * answer that is not complete, and commits it or rolls it back.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import * as StreamEvent from "@effect-claude/core/StreamEvent"
import { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as History from "../History.ts"
import type { TurnError } from "../Session.ts"
import { TurnAbandonedError } from "../SessionError.ts"
import type * as Turn from "../Turn.ts"
import * as Attempt from "./attempt.ts"
import * as Blocks from "./blocks.ts"
import * as Core from "./core.ts"
import * as Lock from "./lock.ts"
import * as Metered from "./metered.ts"
import * as Room from "./room.ts"
import * as Splice from "./splice.ts"

/** What an open call is answered with when its turn was cut short. */
const interrupted = "The turn was interrupted before the call was run."

/** Runs a turn and returns the answer. */
export const send = (
  core: Core.Core,
  input: History.Input | undefined,
  options: Turn.Options
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
  options: Attempt.Options,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.fn.Return<Message.Message, TurnError> {
  yield* Core.settle(core, restore)
  const attempt = yield* Attempt.prepare(core, input, options)
  const drawn = yield* Metered.drawTurn(core)
  return yield* Effect.onExit(complete(core, attempt, restore), (exit) => drawn(Exit.isSuccess(exit)))
})

/** Asks until the answer is complete, and commits it. */
const complete = Effect.fnUntraced(function*(
  core: Core.Core,
  attempt: Attempt.Attempt,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.fn.Return<Message.Message, TurnError> {
  yield* Core.update(core, { phase: "running" })
  yield* Room.watch(core, attempt, restore)
  while (true) {
    const request = Attempt.requestOf(attempt)
    const answered: Message.Message | undefined = yield* restore(
      Messages.create(request, { onProgress: attempt.policy.onProgress })
    ).pipe(
      Effect.provideService(Claude, Metered.make(core).claude),
      Effect.catchTag(
        "ContextWindowExceededError",
        (error) => Effect.as(Room.make(core, attempt, error, restore), undefined)
      )
    )
    if (answered === undefined || Attempt.take(attempt, answered)) continue
    const answer = Attempt.answerOf(attempt) ?? answered
    yield* Core.commit(core, { ...attempt, response: answer, turn: Attempt.nameOf(attempt) })
    return answer
  }
})

/** Runs a turn as a stream, for the sake of what can be kept of it, and returns the answer. */
const fold = (
  core: Core.Core,
  input: History.Input | undefined,
  options: Turn.Options
): Effect.Effect<Message.Message, TurnError> =>
  Effect.suspend(() => {
    let state = MessageAccumulator.initial
    return Stream.runForEachArray(stream(core, input, options), (events) =>
      Effect.sync(() => {
        state = MessageAccumulator.stepAll(state, events)
      })).pipe(
        Effect.flatMap(() => Effect.fromOption(MessageAccumulator.snapshot(state))),
        Effect.catchTag("NoSuchElementError", () => Effect.fail(truncated()))
      )
  })

/** Runs a turn and streams the events of its answer. */
export const stream = (
  core: Core.Core,
  input: History.Input | undefined,
  options: Turn.Options
): Stream.Stream<StreamEvent.StreamEvent, TurnError> =>
  Stream.fromChannel(
    Channel.fromTransform((_, outer) =>
      Core.held(core, outer, (lease, restore) => {
        const finish = Core.finish(core, lease)
        return Effect.onError(Core.runOf(core, options.id, restore), () => finish).pipe(
          Effect.flatMap((known) => {
            if (known !== undefined) return Effect.as(finish, once(StreamEvent.ofMessage(known.response)))
            return open(core, input, options, {
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

const once = (events: Events): Pull.Pull<Events> => {
  let left: Events | undefined = events
  return Effect.suspend(() => {
    const next = left
    left = undefined
    return next === undefined ? Cause.done() : Effect.succeed(next)
  })
}

/** How a turn that is pulled holds the session. */
export interface Hold {
  /** Makes interruptible what may be interrupted. */
  readonly restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The scope of the turn's requests. */
  readonly scope: Scope.Closeable
  /** Says which fiber drives the turn. */
  readonly drive: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /** Says that nobody does until it is driven again. */
  readonly rest: Effect.Effect<void>
  /** Gives the session up. */
  readonly finish: Effect.Effect<void>
  /** Says how to end the turn from outside. */
  readonly revokedBy: (revoke: Effect.Effect<void>) => void
}

/** Begins a turn of a session that is held, to be pulled. To be run where nothing interrupts. */
export const open = (
  core: Core.Core,
  input: History.Input | undefined,
  options: Attempt.Options,
  hold: Hold
): Effect.Effect<Pull.Pull<Events, TurnError>, TurnError> =>
  Effect.suspend(() => {
    const running = new Running(core, hold)
    const revoke = running.end(Exit.interrupt())
    hold.revokedBy(revoke)
    return Core.settle(core, hold.restore).pipe(
      Effect.andThen(Attempt.prepare(core, input, options)),
      Effect.tap(() => running.draw),
      Effect.tap((attempt) => Room.watch(core, attempt, hold.restore)),
      Effect.flatMap((attempt) => running.begin(attempt)),
      Effect.onError(() => revoke)
    )
  })

/** Events that were handed down together. */
export type Events = Arr.NonEmptyReadonlyArray<StreamEvent.StreamEvent>
type Upstream = Pull.Pull<Events, ClaudeError.ClaudeError>

/** A turn whose events are pulled. */
class Running {
  private attempt: Attempt.Attempt | undefined = undefined
  private upstream: Upstream = Cause.done()
  private metered: Metered.Metered | undefined = undefined
  private drawn: (committed: boolean) => Effect.Effect<void> = () => Effect.void
  private accumulator = MessageAccumulator.initial
  private readonly splicer = new Splice.Splicer()
  /** What cannot be handed down before it is known whether the turn goes on. */
  private held: Array<StreamEvent.StreamEvent> = []
  private state: "running" | "committed" | "over" = "running"

  private readonly core: Core.Core
  private readonly hold: Hold

  constructor(core: Core.Core, hold: Hold) {
    this.core = core
    this.hold = hold
  }

  /** Draws the turn from the budget. */
  readonly draw: Effect.Effect<void, ClaudeError.BudgetExceededError> = Effect.suspend(() =>
    Effect.map(Metered.drawTurn(this.core), (drawn) => {
      this.drawn = drawn
    })
  )

  begin(attempt: Attempt.Attempt): Effect.Effect<Pull.Pull<Events, TurnError>> {
    this.attempt = attempt
    return Core.update(this.core, { phase: "running" }).pipe(
      Effect.andThen(this.open(attempt)),
      Effect.andThen(Effect.withFiber((fiber) => {
        this.hold.drive(fiber)
        return Effect.as(this.hold.rest, this.pull)
      }))
    )
  }

  /** Sends the next request of the turn. */
  private open(attempt: Attempt.Attempt): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.accumulator = MessageAccumulator.initial
      const metered = Metered.make(this.core)
      this.metered = metered
      return Stream.toPull(
        Stream.provideService(
          Messages.stream(Attempt.requestOf(attempt), { onProgress: attempt.policy.onProgress }),
          Claude,
          metered.claude
        )
      )
    }).pipe(
      Scope.provide(this.hold.scope),
      Effect.map((pull) => {
        this.upstream = pull
      })
    )
  }

  readonly pull: Pull.Pull<Events, TurnError> = Effect.uninterruptibleMask((restore) =>
    Effect.withFiber((fiber): Pull.Pull<Events, TurnError> => {
      if (this.state === "committed") return restore(this.upstream)
      if (this.state === "over") return Effect.fail(new TurnAbandonedError())
      this.hold.drive(fiber)
      return Effect.onError(this.advance(restore), (cause) => this.end(Exit.failCause(cause)))
    })
  )

  /** Pulls until there is something to hand down. */
  private advance(
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ): Pull.Pull<Events, TurnError> {
    return Effect.catchIf(restore(this.upstream), Cause.isDone, () => Effect.fail(truncated())).pipe(
      Effect.flatMap((events) => this.feed(events)),
      Effect.catchTag("ContextWindowExceededError", (error) => this.makeRoom(error, restore)),
      Effect.flatMap((events): Pull.Pull<Events, TurnError> => {
        if (!Arr.isReadonlyArrayNonEmpty(events)) return this.advance(restore)
        return this.state === "running" ? Effect.as(this.hold.rest, events) : Effect.succeed(events)
      })
    )
  }

  /** Sends the request again with more room. Nothing of its answer was handed down: it was refused. */
  private makeRoom(
    error: ClaudeError.ContextWindowExceededError,
    restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  ): Effect.Effect<ReadonlyArray<StreamEvent.StreamEvent>, ClaudeError.ClaudeError> {
    const { attempt } = this
    if (attempt === undefined) return Effect.fail(error)
    return Room.make(this.core, attempt, error, restore).pipe(
      Effect.andThen(this.open(attempt)),
      Effect.as([])
    )
  }

  private feed(
    events: Events
  ): Effect.Effect<ReadonlyArray<StreamEvent.StreamEvent>, Core.WriteError> {
    this.accumulator = MessageAccumulator.stepAll(this.accumulator, events)
    const attempt = this.attempt
    const message = MessageAccumulator.snapshot(this.accumulator)
    if (!this.accumulator.done || Option.isNone(message) || attempt === undefined) {
      return Effect.succeed(this.splicer.next(this.holdBack(events), false))
    }
    return Effect.flatMap(this.settle(message.value), (): ReturnType<Running["feed"]> => {
      const all = [...this.held, ...events]
      this.held = []
      if (Attempt.take(attempt, message.value)) {
        const out = this.splicer.next(all, true)
        this.splicer.begin()
        return Effect.as(this.open(attempt), out)
      }
      const out = this.splicer.next(all, false)
      const answer = Attempt.answerOf(attempt)
      return Core.commit(this.core, { ...attempt, response: answer, turn: Attempt.nameOf(attempt) }).pipe(
        Effect.onExit((exit) => this.drawn(Exit.isSuccess(exit))),
        Effect.ensuring(Effect.suspend(() => {
          // The answer is counted, and not kept in part where it could not be kept whole.
          this.state = "committed"
          return this.hold.finish
        })),
        Effect.as(out)
      )
    })
  }

  /** Holds back the end of an answer: it may not be the end of the turn. */
  private holdBack(events: Events): ReadonlyArray<StreamEvent.StreamEvent> {
    if (this.held.length === 0) {
      const end = events.findIndex((event) => event.type === "message_delta")
      if (end === -1) return events
      this.held.push(...events.slice(end))
      return events.slice(0, end)
    }
    this.held.push(...events)
    return []
  }

  /** Ends a turn that was not committed: what was used counts, and what can be kept is, where asked. */
  end(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.uninterruptible(Effect.suspend(() => {
      if (this.state !== "running") return Effect.void
      this.state = "over"
      const partial = Option.getOrUndefined(MessageAccumulator.snapshot(this.accumulator))
      // A request that failed was counted when it did.
      return this.settle(partial).pipe(
        Effect.andThen(this.keep(partial)),
        Effect.flatMap(this.drawn),
        Effect.ensuring(this.hold.finish),
        Effect.ensuring(Scope.close(this.hold.scope, exit))
      )
    }))
  }

  /** Counts the request before the change is written, and not only once its stream is over. */
  private settle(message: Message.Message | undefined): Effect.Effect<void> {
    return this.metered?.end(message, "unknown") ?? Effect.void
  }

  /** Keeps what can be kept, where asked. Returns whether anything was. */
  private keep(partial: Message.Message | undefined): Effect.Effect<boolean> {
    if (this.attempt === undefined || this.attempt.policy.onInterrupt !== "keep") return Effect.succeed(false)
    const attempt: Attempt.Attempt = { ...this.attempt, policy: { ...this.attempt.policy, maxContinuations: 0 } }
    const kept = partial === undefined ? undefined : sendableOf(partial, this.accumulator)
    if (kept !== undefined) Attempt.take(attempt, kept)
    if (attempt.messages.length === 0) return Effect.succeed(false)
    const history = History.closeTools(attempt.history, interrupted)
    // The turn fails anyway; what cannot be written is rolled back.
    return Effect.isSuccess(Core.commit(this.core, { ...attempt, history, response: Attempt.answerOf(attempt) }))
  }
}

/** What of an unfinished answer can be sent back: blocks that are complete, and text as far as it came. */
const sendableOf = (
  partial: Message.Message,
  accumulator: MessageAccumulator.MessageAccumulator
): Message.Message | undefined => {
  const content = MessageAccumulator.blocks(accumulator).flatMap(({ block, open }) =>
    !open || block.type === "text" ? [block] : []
  )
  return content.every((block) => Blocks.isBlankText(block) || Blocks.isThinking(block))
    ? undefined
    : { ...partial, content }
}

const truncated = (): ClaudeError.ClaudeError =>
  new ClaudeError.StreamTruncatedError({
    reason: "eof",
    outcome: "partial",
    message: "The stream ended before the answer did. Send the turn again."
  })
