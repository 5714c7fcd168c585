/**
 * A conversation that stays usable.
 *
 * A session holds a conversation and sends it with each turn. A turn is a
 * transaction: it is committed whole, or the history stays as it was, whatever
 * fails or is interrupted. What is committed can be sent back, whatever a model or
 * a tool wrote: see `History`. When the API refuses a result of a tool, the result
 * is replaced by an error that says why, and the request is sent again.
 *
 * One turn runs at a time. Others queue, or fail with `SessionBusyError`. A call
 * from inside the running turn always fails, since it would wait for itself. A
 * stream that is no longer read does not block others.
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
import type { RequestValidationError } from "@effect-claude/core/ClaudeError"
import type * as Cost from "@effect-claude/core/Cost"
import type * as Message from "@effect-claude/core/Message"
import * as OptionCheck from "@effect-claude/core/OptionCheck"
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
import type { Budget } from "./Budget.ts"
import * as History from "./History.ts"
import * as Core from "./internal/core.ts"
import * as Journal from "./internal/journal.ts"
import * as Door from "./internal/options.ts"
import type * as SessionState from "./internal/sessionState.ts"
import * as Run from "./internal/turn.ts"
import * as TurnState from "./internal/turnState.ts"
import type * as SessionError from "./SessionError.ts"
import * as SessionJson from "./SessionJson.ts"
import { type SessionConflictError, SessionStore, type SessionStoreError } from "./SessionStore.ts"
import type * as Turn from "./Turn.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The brand of sessions.
 *
 * @category type IDs
 * @since 0.1.0
 */
export const TypeId: TypeId = Core.HandleId

/**
 * The type of the brand.
 *
 * @category type IDs
 * @since 0.1.0
 */
export type TypeId = "~@effect-claude/session/Session"

/**
 * The errors of a turn. The history is as it was before, except for the space that
 * the turn made in the window, unless the turn keeps what it can.
 *
 * @category models
 * @since 0.1.0
 */
export type TurnError = SessionError.TurnError

/**
 * The errors of a change of the session, besides those of the API. Sessions without
 * a store have only the first.
 *
 * @category models
 * @since 0.1.0
 */
export type ChangeError = SessionError.ChangeError

/**
 * The state of a session.
 *
 * @category models
 * @since 0.1.0
 */
export interface State extends SessionState.State {}

/**
 * The handle of a session.
 *
 * @category models
 * @since 0.1.0
 */
export interface Session {
  /** The internals of the handle, private to this package. */
  readonly [TypeId]: Core.Core
  /** The id in the store, for a session that is stored. */
  readonly id: string | undefined
  /** Sends a message and returns the response. */
  readonly send: (input: History.Input, options?: Turn.Options) => Effect.Effect<Message.Message, TurnError>
  /**
   * Sends a message and streams the events of the response. The turn begins when
   * the stream is run, and is committed before `message_stop` is emitted. A stream
   * that ends before that leaves the history as it was.
   */
  readonly stream: (input: History.Input, options?: Turn.Options) => Stream.Stream<StreamEvent.StreamEvent, TurnError>
  /**
   * Requests a response without a new message: after a response that was empty, or
   * when a turn failed after its tools were run.
   */
  readonly resume: (options?: Turn.Options) => Effect.Effect<Message.Message, TurnError>
  /** Replaces the last `count` exchanges by a new one. When that fails, they stay. */
  readonly edit: (
    count: number,
    input: History.Input,
    options?: Turn.Options
  ) => Effect.Effect<Message.Message, TurnError>
  /** Removes the last `count` exchanges, one by default. */
  readonly rewind: (count?: number) => Effect.Effect<void, ChangeError>
  /**
   * Undoes the last change: a turn with all its corrections, an edit, a rewind, or
   * space that a failed turn made. Returns whether there was one.
   */
  readonly undo: Effect.Effect<boolean, ChangeError>
  /** Changes parameters for the turns that follow. A parameter that is `undefined` is removed. */
  readonly configure: (parameters: Partial<Turn.Parameters>) => Effect.Effect<void, ChangeError>
  /**
   * Begins another session with the history of this one. They share nothing that
   * changes, and the fork counts what it uses itself. With an `id` the fork is
   * written to the store of this session, if it has one.
   */
  readonly fork: (options?: { readonly id?: string | undefined }) => Effect.Effect<Session, ChangeError>
  /** Takes up what others wrote to the session's journal. */
  readonly refresh: Effect.Effect<void, SessionError.SessionBusyError | SessionStoreError>
  /** The conversation. */
  readonly history: Effect.Effect<History.History>
  /** What each request holds besides the conversation. */
  readonly parameters: Effect.Effect<Turn.Parameters>
  /** The usage of the committed responses. */
  readonly usage: Effect.Effect<Usage.Totals>
  /** The usage of all attempts, as far as it is known. */
  readonly spent: Effect.Effect<Usage.Totals>
  /** The cost of all attempts. None when the price of one is not known. */
  readonly cost: Effect.Effect<Option.Option<Cost.Cost>>
  /** The last response that was committed. */
  readonly lastResponse: Effect.Effect<Option.Option<Message.Message>>
  /** The state and its changes. It is a copy: writing to it changes nothing. */
  readonly state: SubscriptionRef.SubscriptionRef<State>
  /** The conversation as JSON, for `restore`. Credentials among the parameters are left out. */
  readonly export: Effect.Effect<SessionJson.SessionJson>
}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `make`: the parameters of each request, as the API spells them, and
 * the policies of turns.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Turn.Parameters, Turn.Policy {
  /**
   * The conversation before.
   *
   * @default History.empty
   */
  readonly history?: History.History | undefined
  /**
   * What a turn does while another is running.
   *
   * - `queue`: it waits, first come, first served
   * - `fail`: it fails with `SessionBusyError`
   *
   * @default "queue"
   */
  readonly whenBusy?: "queue" | "fail" | undefined
  /**
   * How long the consumer of a stream may pause before a turn that waits takes
   * over.
   *
   * @default "30 seconds"
   */
  readonly abandonAfter?: Duration.Input | undefined
  /**
   * The limit of what is spent. Each attempt draws on it, and so do forks.
   *
   * @default none
   */
  readonly budget?: Budget<unknown> | undefined
  /**
   * How long one call of the store may take. After that it fails with
   * `SessionStoreError`, and what it may still write is settled before the next turn.
   *
   * @default "30 seconds"
   */
  readonly storeTimeout?: Duration.Input | undefined
}

/**
 * Options for `open`.
 *
 * @category options
 * @since 0.1.0
 */
export interface OpenOptions extends Options {
  /** The id of the session in the store. */
  readonly id: string
  /**
   * Whether a session with a damaged entry is opened where it was before that. The
   * damaged entry and all that follow are removed from the store.
   *
   * @default false, so that it fails and says how many entries can be read
   */
  readonly recover?: boolean | undefined
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
 * Begins a session that lives as long as its handle.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Session, never, Claude> {
  const { history, parameters, settings } = yield* read(options, yield* Claude)
  return of(yield* Core.make(settings, parameters, Journal.begin(history)))
})

/**
 * Opens the session of an id in the store: goes on where it was left, or begins
 * it. What was configured while it ran holds over the options.
 *
 * **Details**
 *
 * Each change is in the store before it is in the session. When the store
 * refuses it, the turn fails with the answer on the error, and what it used is
 * counted. When another process wrote to the session meanwhile, the turn fails
 * with `SessionConflictError`, and `refresh` catches up. What failed turns spent is
 * written with the next change.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function*(
  options: OpenOptions
): Effect.fn.Return<Session, SessionStoreError, Claude | SessionStore> {
  const { id, recover, ...rest } = options
  const store = yield* SessionStore
  yield* OptionCheck.orDie({ id, recover }, openTable)
  const { history, parameters, settings } = yield* read(rest, yield* Claude)
  const journal = Journal.make({ store, id, timeout: settings.storeTimeout, initial: history })
  const snapshot = yield* Journal.open(journal, recover === true)
  return of(yield* Core.make(settings, parameters, snapshot, journal))
})

/**
 * Begins a session with what another exported. Options hold over what was
 * exported, but for the history.
 *
 * @category constructors
 * @since 0.1.0
 */
export const restore = Effect.fnUntraced(function*(
  exported: unknown,
  options?: Partial<Omit<Options, "history">>
): Effect.fn.Return<Session, RequestValidationError, Claude> {
  const snapshot = yield* Effect.fromResult(SessionJson.decode(exported))
  const { parameters, settings } = yield* read({ ...snapshot.parameters, ...options }, yield* Claude)
  return of(yield* Core.make(settings, parameters, { ...Journal.begin(snapshot.history), ...snapshot, parameters: {} }))
})

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

/**
 * Layer that opens the session of an id in the store, for the whole program.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerOpen = (
  options: OpenOptions
): Layer.Layer<CurrentSession, SessionStoreError, Claude | SessionStore> => Layer.effect(CurrentSession, open(options))

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Reads options. The parameters of requests are checked with each request. */
const read = Effect.fnUntraced(function*(options: Options, claude: Claude["Service"]) {
  yield* OptionCheck.knownOrDie(options, table)
  const { policy, rest } = TurnState.splitPolicy({}, options)
  const { abandonAfter, budget, history = History.empty, storeTimeout, whenBusy, ...parameters } = rest
  const settings: Core.Settings = {
    claude,
    budget,
    policy,
    storeTimeout: Duration.fromInputUnsafe(storeTimeout ?? "30 seconds"),
    lock: { queue: whenBusy !== "fail", abandonAfter: Duration.toMillis(abandonAfter ?? "30 seconds") }
  }
  return { history, parameters, settings }
})

const table: OptionCheck.TableOf<Pick<Options, keyof typeof Door.session>> & OptionCheck.TableOf<Turn.Policy> =
  Door.session

const openTable: OptionCheck.TableOf<Omit<OpenOptions, keyof Options>> = Door.open

const of = (core: Core.Core): Session => {
  const get = <K extends keyof State>(key: K): Effect.Effect<State[K]> => Effect.sync(() => core.now[key])
  const send: Session["send"] = (input, options = {}) => Effect.withSpan(Run.send(core, input, options), "Session.send")
  return {
    [TypeId]: core,
    id: core.journal?.id,
    send,
    stream: (input, options = {}) => Run.stream(core, input, options),
    resume: (options = {}) => Effect.withSpan(Run.send(core, undefined, options), "Session.resume"),
    edit: (count, input, options) => send(input, { ...options, rewind: count }),
    rewind: (count = 1) => Core.rewind(core, count),
    undo: Core.undo(core),
    configure: (parameters) => Core.configure(core, parameters),
    fork: (options) => fork(core, options?.id),
    refresh: Core.refresh(core),
    history: get("history"),
    parameters: get("parameters"),
    usage: get("usage"),
    spent: get("spent"),
    cost: get("cost"),
    lastResponse: get("lastResponse"),
    state: core.state,
    export: Effect.sync(() => SessionJson.encode(core.now))
  }
}

const fork = (
  core: Core.Core,
  id: string | undefined
): Effect.Effect<Session, SessionConflictError | SessionStoreError> => {
  const journal = core.journal === undefined || id === undefined
    ? undefined
    : Journal.make({ ...core.journal, id, initial: core.now.history })
  return Effect.map(Core.fork(core, journal), of)
}
