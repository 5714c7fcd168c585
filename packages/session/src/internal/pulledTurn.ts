/**
 * A turn whose events are pulled: it runs as far as its consumer reads, and is
 * committed before its last event is handed down.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import { Claude } from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as History from "../History.ts"
import type { TurnError } from "../SessionError.ts"
import { TurnAbandonedError } from "../SessionError.ts"
import * as Adapt from "./adapt.ts"
import * as Blocks from "./blocks.ts"
import * as Core from "./core.ts"
import * as Metered from "./metered.ts"
import * as Space from "./space.ts"
import * as Splice from "./splice.ts"
import * as TurnState from "./turnState.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** The result of an open call whose turn was interrupted. */
const interrupted = "The turn was interrupted before the call was run."

/** How a pulled turn holds the session. */
export interface Hold {
  /** Makes an effect interruptible. */
  readonly restore: Restore
  /** The scope of the turn's requests. */
  readonly scope: Scope.Closeable
  /** Notes which fiber drives the turn. */
  readonly drive: (fiber: Fiber.Fiber<unknown, unknown>) => void
  /** Notes that no fiber does until it is driven again. */
  readonly rest: Effect.Effect<void>
  /** Releases the session. */
  readonly finish: Effect.Effect<void>
  /** Sets the effect that ends the turn from outside. */
  readonly revokedBy: (revoke: Effect.Effect<void>) => void
}

/** Begins a turn of a session that is held. Must run uninterruptibly. */
export const open = (
  core: Core.Core,
  input: History.Input | undefined,
  options: TurnState.Options,
  hold: Hold
): Effect.Effect<Pull.Pull<Events, TurnError>, TurnError> =>
  Effect.suspend(() => {
    const running = new Running(core, hold)
    const revoke = running.end(Exit.interrupt())
    hold.revokedBy(revoke)
    return Core.settle(core, hold.restore).pipe(
      Effect.andThen(TurnState.prepare(core, input, options)),
      Effect.tap(() => running.draw),
      Effect.flatMap((turn) => running.begin(turn)),
      Effect.onError(() => revoke)
    )
  })

/** Events of one pull. */
export type Events = Arr.NonEmptyReadonlyArray<StreamEvent.StreamEvent>
type Upstream = Pull.Pull<Events, ClaudeError.ClaudeError>

/** A turn whose events are pulled. */
class Running {
  private turn: TurnState.TurnState | undefined = undefined
  private upstream: Upstream = Cause.done()
  private metered: Metered.Metered | undefined = undefined
  private drawn: (committed: boolean) => Effect.Effect<void> = () => Effect.void
  private accumulator = MessageAccumulator.initial
  private splicer = new Splice.Splicer()
  /** Events that are handed down once it is known whether the turn continues. */
  private held: Array<StreamEvent.StreamEvent> = []
  private state: "running" | "committed" | "over" = "running"

  private readonly core: Core.Core
  private readonly hold: Hold

  private base: History.History

  constructor(core: Core.Core, hold: Hold) {
    this.core = core
    this.hold = hold
    this.base = core.now.history
  }

  /** Draws the turn from the budget. */
  readonly draw: Effect.Effect<void, ClaudeError.BudgetExceededError> = Effect.suspend(() =>
    Effect.map(Metered.drawTurn(this.core), (drawn) => {
      this.drawn = drawn
    })
  )

  begin(turn: TurnState.TurnState): Effect.Effect<Pull.Pull<Events, TurnError>, ClaudeError.ClaudeError> {
    this.turn = turn
    this.base = this.core.now.history
    return Core.update(this.core, { phase: "running", edits: [] }).pipe(
      Effect.andThen(Space.prepare(this.core, turn, this.hold.restore)),
      Effect.andThen(this.open(turn)),
      Effect.andThen(Effect.withFiber((fiber) => {
        this.hold.drive(fiber)
        return Effect.as(this.hold.rest, this.pull)
      }))
    )
  }

  /** Sends the next request of the turn. */
  private open(turn: TurnState.TurnState): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.accumulator = MessageAccumulator.initial
      const metered = Metered.make(this.core)
      this.metered = metered
      return Stream.toPull(
        Stream.provideService(
          Messages.stream(TurnState.requestOf(turn), { onProgress: turn.policy.onProgress }),
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
  private advance(restore: Restore): Pull.Pull<Events, TurnError> {
    return Effect.catchIf(restore(this.upstream), Cause.isDone, () => Effect.fail(truncated())).pipe(
      Effect.flatMap((events) => this.feed(events, restore)),
      Effect.catchIf(Adapt.isRefusal, (error) => this.adapt(error, restore)),
      Effect.flatMap((events): Pull.Pull<Events, TurnError> => {
        if (!Arr.isReadonlyArrayNonEmpty(events)) return this.advance(restore)
        return this.state === "running" ? Effect.as(this.hold.rest, events) : Effect.succeed(events)
      })
    )
  }

  /** Sends an adapted request after one that was refused. Nothing of its response was handed down. */
  private adapt(
    error: Adapt.Refusal,
    restore: Restore
  ): Effect.Effect<ReadonlyArray<StreamEvent.StreamEvent>, ClaudeError.ClaudeError> {
    const { turn } = this
    return turn === undefined || this.accumulator.message !== undefined ? Effect.fail(error) : Effect.as(
      Effect.andThen(Adapt.adapt(this.core, turn, error, restore), this.open(turn)),
      []
    )
  }

  private feed(
    events: Events,
    restore: Restore
  ): Effect.Effect<ReadonlyArray<StreamEvent.StreamEvent>, Core.WriteError> {
    this.accumulator = MessageAccumulator.stepAll(this.accumulator, events)
    const { turn } = this
    const message = MessageAccumulator.snapshot(this.accumulator)
    if (!this.accumulator.done || Option.isNone(message) || turn === undefined) {
      return Effect.succeed(this.splicer.next(this.holdBack(events), false))
    }
    return Effect.flatMap(this.settle(message.value), (): ReturnType<Running["feed"]> => {
      const all = [...this.held, ...events]
      this.held = []
      if (TurnState.take(turn, message.value)) {
        const out = this.splicer.next(all, true)
        this.splicer.begin()
        return Effect.as(this.open(turn), out)
      }
      const out = this.splicer.next(all, false)
      const response = TurnState.responseOf(turn)
      return Effect.flatMap(TurnState.review(turn, response, restore), (again) => {
        if (!again) return Effect.as(this.commit(turn), out)
        this.splicer = new Splice.Splicer()
        return Effect.as(this.open(turn), out)
      })
    })
  }

  private commit(turn: TurnState.TurnState): Effect.Effect<void, Core.WriteError> {
    return Core.commit(this.core, {
      ...turn,
      response: TurnState.responseOf(turn),
      turn: TurnState.nameOf(turn)
    }).pipe(
      Effect.onExit((exit) => this.drawn(Exit.isSuccess(exit))),
      Effect.ensuring(Effect.suspend(() => {
        // The response is counted. When it cannot be kept whole, no part of it is.
        this.state = "committed"
        return this.hold.finish
      }))
    )
  }

  /** Holds back the end of a response: the turn may continue after it. */
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

  /** Ends a turn that was not committed: usage is counted, and the policy decides what is kept. */
  end(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.uninterruptible(Effect.suspend(() => {
      if (this.state !== "running") return Effect.void
      this.state = "over"
      const partial = Option.getOrUndefined(MessageAccumulator.snapshot(this.accumulator))
      // A request that failed was counted when it did.
      return this.settle(partial).pipe(
        Effect.andThen(this.keep(partial)),
        Effect.flatMap(this.drawn),
        Effect.andThen(
          Effect.suspend(() => this.turn === undefined ? Effect.void : Space.keep(this.core, this.base, this.turn))
        ),
        Effect.ensuring(this.hold.finish),
        Effect.ensuring(Scope.close(this.hold.scope, exit))
      )
    }))
  }

  /** Counts the request before the change is written, and not only once its stream is over. */
  private settle(message: Message.Message | undefined): Effect.Effect<void> {
    return this.metered?.end(message, "unknown") ?? Effect.void
  }

  /** Keeps what can be sent back, when the policy says so. Returns whether anything was kept. */
  private keep(partial: Message.Message | undefined): Effect.Effect<boolean> {
    if (this.turn === undefined || this.turn.policy.onInterrupt !== "keep") return Effect.succeed(false)
    const turn: TurnState.TurnState = { ...this.turn, policy: { ...this.turn.policy, maxContinuations: 0 } }
    const kept = partial === undefined ? undefined : sendableOf(partial, this.accumulator)
    if (kept !== undefined) TurnState.take(turn, kept)
    if (turn.messages.length === 0) return Effect.succeed(false)
    const history = History.closeTools(turn.history, interrupted)
    // The turn fails anyway; what cannot be written is rolled back.
    return Effect.isSuccess(Core.commit(this.core, { ...turn, history, response: TurnState.responseOf(turn) }))
  }
}

/** Returns what can be sent back of an unfinished response: complete blocks, and text as far as it came. */
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

/** The error for a stream that ended early. */
export const truncated = (): ClaudeError.ClaudeError =>
  new ClaudeError.StreamTruncatedError({
    reason: "eof",
    outcome: "partial",
    message: "The stream ended before the response did. Send the turn again."
  })
