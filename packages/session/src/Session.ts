/**
 * A conversation that cannot be corrupted.
 *
 * A session holds what was said and sends it along with each turn. A turn is a
 * transaction: it is committed whole, or the history stays as it was, whatever
 * fails or is interrupted, and whenever. One turn runs at a time; others queue,
 * or fail with `SessionBusyError` where so chosen. A call from inside the
 * running turn always fails, since waiting for itself would never end, and a
 * stream that was left lying does not keep others out.
 *
 * **Example** (Holding a conversation)
 *
 * ```ts no-run
 * import * as Message from "@effect-claude/core/Message"
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as Session from "@effect-claude/session/Session"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024 })
 *   yield* session.send("My name is Ada.")
 *   const reply = yield* session.send("What is my name?")
 *   yield* Console.log(Message.text(reply))
 * })
 *
 * program.pipe(Effect.provide(Claude.layerFetch()), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import type * as StreamEvent from "@effect-claude/core/StreamEvent"
import type * as Usage from "@effect-claude/core/Usage"
import { Claude } from "@effect-claude/http/Claude"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type * as SubscriptionRef from "effect/SubscriptionRef"
import * as History from "./History.ts"
import * as Core from "./internal/core.ts"
import * as Run from "./internal/turn.ts"
import type { SessionBusyError, ToolResultsPendingError, TurnAbandonedError } from "./SessionError.ts"
import type * as Turn from "./Turn.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a turn can fail with. The history is as it was before, unless the turn
 * was to keep what it could.
 *
 * @category models
 * @since 0.1.0
 */
export type TurnError = ClaudeError | SessionBusyError | ToolResultsPendingError | TurnAbandonedError

/**
 * All that is known of a session.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  /** Whether a turn is running. */
  readonly phase: "idle" | "running"
  /** What was said. */
  readonly history: History.History
  /** What each request says besides. */
  readonly parameters: Turn.Parameters
  /** What the committed answers used. */
  readonly usage: Usage.Totals
  /** What all answers used, those of failed and interrupted turns included. */
  readonly spent: Usage.Totals
  /** What all answers cost; none as soon as the price of one is not known. */
  readonly cost: Option.Option<Cost.Cost>
  /** The last answer that was committed. */
  readonly lastResponse: Option.Option<Message.Message>
}

/**
 * The handle of a session.
 *
 * @category models
 * @since 0.1.0
 */
export interface Session {
  /** Says something and returns the answer. */
  readonly send: (input: History.Input, options?: Turn.Options) => Effect.Effect<Message.Message, TurnError>
  /**
   * Says something and streams the events of the answer. The turn begins when
   * the stream is run and is committed before `message_stop` is handed down;
   * leaving the stream before that leaves the history as it was.
   */
  readonly stream: (input: History.Input, options?: Turn.Options) => Stream.Stream<StreamEvent.StreamEvent, TurnError>
  /** What was said. */
  readonly history: Effect.Effect<History.History>
  /** What the committed answers used. */
  readonly usage: Effect.Effect<Usage.Totals>
  /** What all answers used, those of failed and interrupted turns included. */
  readonly spent: Effect.Effect<Usage.Totals>
  /** What all answers cost; none as soon as the price of one is not known. */
  readonly cost: Effect.Effect<Option.Option<Cost.Cost>>
  /** The last answer that was committed. */
  readonly lastResponse: Effect.Effect<Option.Option<Message.Message>>
  /** All of that, to be followed. It shows the session's state, which only turns change. */
  readonly state: SubscriptionRef.SubscriptionRef<State>
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `make`: what each request says, as the API spells it, and how
 * turns deal with what can come in between.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Turn.Parameters, Turn.Policy {
  /**
   * What was said before.
   *
   * @default History.empty
   */
  readonly history?: History.History | undefined
  /**
   * What becomes of a turn while another is running.
   *
   * - `queue`: it waits, first come, first served
   * - `fail`: it fails with `SessionBusyError`
   *
   * @default "queue"
   */
  readonly whenBusy?: "queue" | "fail" | undefined
  /**
   * How long the consumer of a stream may do nothing before a turn that waits
   * takes over.
   *
   * @default "30 seconds"
   */
  readonly abandonAfter?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The session of a program that has one.
 *
 * @category services
 * @since 0.1.0
 */
export class CurrentSession extends Context.Service<CurrentSession, Session>()(
  "@effect-claude/session/Session/CurrentSession"
) {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Begins a session.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Session, never, Claude> {
  const {
    abandonAfter,
    history,
    keepRefusals,
    maxContinuations,
    onInterrupt,
    onMaxTokens,
    whenBusy,
    whenToolsPending,
    ...parameters
  } = options
  const core = yield* Core.make({
    claude: yield* Claude,
    history: history ?? History.empty,
    parameters,
    policy: { keepRefusals, maxContinuations, onInterrupt, onMaxTokens, whenToolsPending },
    lockOptions: {
      queue: whenBusy !== "fail",
      abandonAfter: Duration.toMillis(abandonAfter ?? "30 seconds")
    }
  })
  return of(core)
})

const of = (core: Core.Core): Session => {
  const read = <K extends keyof State>(key: K): Effect.Effect<State[K]> => Effect.sync(() => core.now[key])
  return {
    send: (input, options = {}) => Effect.withSpan(Run.send(core, input, options), "Session.send"),
    stream: (input, options = {}) => Run.stream(core, input, options),
    history: read("history"),
    usage: read("usage"),
    spent: read("spent"),
    cost: read("cost"),
    lastResponse: read("lastResponse"),
    state: core.state
  }
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that provides one session to the whole program.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<CurrentSession, never, Claude> =>
  Layer.effect(CurrentSession, make(options))
