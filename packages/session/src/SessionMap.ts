/**
 * The sessions of many users in one process.
 *
 * The first use of an id opens its session in the store, and further uses while it
 * is open return the same one, so that turns of one conversation are serialised.
 * A session that was not used for a while is closed: it is in the store, and the
 * next use opens it again.
 *
 * **Example** (Serving users)
 *
 * ```ts no-run
 * import * as Claude from "@effect-claude/http/Claude"
 * import * as SessionMap from "@effect-claude/session/SessionMap"
 * import * as SessionStore from "@effect-claude/session/SessionStore"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const SessionsLive = SessionMap.layer({
 *   session: (user) => ({ model: "claude-sonnet-5-5", max_tokens: 1024, metadata: { user_id: user } })
 * }).pipe(Layer.provide([SessionStore.layerMemory, Claude.layerFetch()]))
 *
 * const answer = (user: string, words: string) =>
 *   Effect.flatMap(SessionMap.SessionMap, (sessions) => sessions.use(user, (session) => session.send(words)))
 *
 * answer("ada", "Hello").pipe(Effect.provide(SessionsLive), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 */
import * as OptionCheck from "@effect-claude/core/OptionCheck"
import type { Claude } from "@effect-claude/http/Claude"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RcMap from "effect/RcMap"
import type * as Scope from "effect/Scope"
import * as Door from "./internal/options.ts"
import * as Session from "./Session.ts"
import type { SessionStore, SessionStoreError } from "./SessionStore.ts"

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Returns the options of the session of an id. */
  readonly session: (id: string) => Session.Options
  /**
   * How long an unused session stays open.
   *
   * @default "10 minutes"
   */
  readonly idleTimeToLive?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The sessions of many users.
 *
 * @category services
 * @since 0.1.0
 */
export class SessionMap extends Context.Service<SessionMap, {
  /** Returns the session of an id, which stays open at least as long as the scope. */
  readonly get: (id: string) => Effect.Effect<Session.Session, SessionStoreError, Scope.Scope>
  /** Uses the session of an id, which stays open meanwhile. */
  readonly use: <A, E, R>(
    id: string,
    f: (session: Session.Session) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | SessionStoreError, R>
  /** Closes a session, so that the next use opens it anew. Uses that are under way keep it. */
  readonly evict: (id: string) => Effect.Effect<void>
  /** Returns the ids of the sessions that are open. */
  readonly open: Effect.Effect<ReadonlyArray<string>>
}>()("@effect-claude/session/SessionMap") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Creates the sessions of many users, for as long as the scope lasts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<SessionMap["Service"], never, Claude | SessionStore | Scope.Scope> {
  yield* OptionCheck.orDie(options, Door.map)
  const services = yield* Effect.context<Claude | SessionStore>()
  const scope = yield* Effect.scope
  const sessions: RcMap.RcMap<string, Session.Session, SessionStoreError> = yield* RcMap.make({
    lookup: (id: string) =>
      Session.open({ ...options.session(id), id }).pipe(
        Effect.provideContext(services),
        // A session that could not be opened is not kept: it is tried anew. Whoever waits for it may be gone, and then
        // its scope is closed, which waits for this fiber to end.
        Effect.tapCause(() => Effect.forkIn(RcMap.invalidate(sessions, id), scope, { startImmediately: true }))
      ),
    idleTimeToLive: options.idleTimeToLive ?? "10 minutes"
  })
  const get = (id: string) => RcMap.get(sessions, id)
  return {
    get,
    use: (id, f) => Effect.scoped(Effect.flatMap(get(id), f)),
    evict: (id) => RcMap.invalidate(sessions, id),
    open: Effect.map(RcMap.keys(sessions), (ids) => [...ids])
  }
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that provides the sessions of many users over the store.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<SessionMap, never, Claude | SessionStore> =>
  Layer.effect(SessionMap, make(options))
