/**
 * Sessions as entities of Effect's cluster: for conversations that outgrow one
 * machine.
 *
 * Each session lives on one runner at a time. Its history is in the store, so a
 * runner holds nothing that another could not take over. When a runner is killed in
 * the middle of a turn, the next owner of the session runs the turn: nothing that
 * was committed is lost, and no turn is committed twice, since its id is committed
 * with it. When two runners take themselves for the owner, the store lets one of
 * them write, and the other catches up.
 *
 * `effect/cluster` is tagged unstable: it may change in a minor release of Effect.
 * This is the only module that touches it.
 *
 * **Example** (Serving sessions from several machines)
 *
 * ```ts no-run
 * import * as Message from "@effect-claude/core/Message"
 * import * as ClaudeNode from "@effect-claude/http/node/ClaudeNode"
 * import * as SessionEntity from "@effect-claude/session/SessionEntity"
 * import * as SessionMap from "@effect-claude/session/SessionMap"
 * import * as SessionStoreSql from "@effect-claude/session/SessionStoreSql"
 * import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
 * import * as PgClient from "@effect/sql-pg/PgClient"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const Chat = SessionEntity.make("Chat")
 *
 * const SessionsLive = SessionMap.layer({ session: () => ({ model: "claude-sonnet-5-5", max_tokens: 1024 }) })
 *
 * // One such program on each machine. They find each other in the database.
 * const RunnerLive = SessionEntity.layer(Chat).pipe(
 *   Layer.provide(SessionsLive),
 *   Layer.provide([SessionStoreSql.layer(), ClaudeNode.layer()]),
 *   Layer.provideMerge(NodeClusterSocket.layer()),
 *   Layer.provide(PgClient.layer({ url: Redacted.make("postgres://localhost/app") }))
 * )
 *
 * // Asks the session wherever it is. The id makes it safe to ask again.
 * const answer = Effect.fnUntraced(function*(user: string, id: string, words: string) {
 *   const sessions = yield* Chat.client
 *   return Message.text(yield* sessions(user).Send({ id, input: words }))
 * })
 *
 * const program = Layer.launch(RunnerLive)
 * ```
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Content from "@effect-claude/core/Content"
import * as ErrorTable from "@effect-claude/core/ErrorTable"
import * as Message from "@effect-claude/core/Message"
import * as MessageStream from "@effect-claude/http/MessageStream"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as History from "./History.ts"
import type * as Session from "./Session.ts"
import * as SessionJson from "./SessionJson.ts"
import { SessionMap } from "./SessionMap.ts"
import type { SessionConflictError, SessionStoreError } from "./SessionStore.ts"

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A failure of a session, as it is sent between machines: without content, body and
 * cause.
 *
 * @category errors
 * @since 0.1.0
 */
export class SessionEntityError extends Schema.TaggedError<SessionEntityError>()("SessionEntityError", {
  /** The tag of what failed, such as `OverloadedError` or `SessionStoreError`. */
  reason: Schema.String,
  /** Its message. */
  message: Schema.String,
  /** Whether the request may succeed later. Retries were made already. */
  retryable: Schema.Boolean,
  /** The HTTP status. */
  status: Schema.optional(Schema.Int),
  /** The `request-id` to quote to support. */
  requestId: Schema.optional(Schema.String)
}) {}

// -----------------------------------------------------------------------------
// protocol
// -----------------------------------------------------------------------------

const said = {
  /**
   * Names the turn. A message that is sent again under the same id returns the
   * response of the committed turn, or runs the turn if there is none.
   */
  id: Schema.String,
  input: Schema.Union([Schema.String, Content.Content, Schema.Array(Content.Content)])
}

/**
 * Sends a message and returns the response. The request is kept in the cluster's
 * storage until it has a reply, so it survives the runner and the caller.
 *
 * @category protocol
 * @since 0.1.0
 */
export const Send = Rpc.make("Send", { payload: said, success: Message.Message, error: SessionEntityError }).annotate(
  ClusterSchema.Persisted,
  true
)

/**
 * Sends a message and streams the text of the response. The request is not kept:
 * when it is cut off, `Send` with the same id returns the response, or requests it.
 *
 * @category protocol
 * @since 0.1.0
 */
export const Text = Rpc.make("Text", { payload: said, success: Schema.String, error: SessionEntityError, stream: true })

/**
 * Returns the session as JSON, as `Session.restore` takes it. It does not wait for
 * a turn that is running.
 *
 * @category protocol
 * @since 0.1.0
 */
export const Export = Rpc.make("Export", { success: SessionJson.SessionJson, error: SessionEntityError })

/**
 * Everything a session can be asked.
 *
 * @category models
 * @since 0.1.0
 */
export type Protocol = typeof Send | typeof Text | typeof Export

/**
 * Sessions of one kind, by id. `client` asks them, from any machine.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionEntity<in out Name extends string> extends Entity.Entity<Name, Protocol> {}

// -----------------------------------------------------------------------------
// options
// -----------------------------------------------------------------------------

/**
 * Options for `layer`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options<E extends Failure = never, R = never> {
  /**
   * What words do in a session, such as `Agent.run`. The id goes into the options
   * of the turn.
   *
   * @default session.send(input, { id })
   */
  readonly send?:
    | ((session: Session.Session, input: History.Input, id: string) => Effect.Effect<Message.Message, E, R>)
    | undefined
  /**
   * What words do in a session when the answer's text is to be streamed.
   *
   * @default the text of session.stream(input, { id }), or of what `send` returns where that is given
   */
  readonly text?:
    | ((session: Session.Session, input: History.Input, id: string) => Stream.Stream<string, E, R>)
    | undefined
  /**
   * How long an unused session stays on its runner.
   *
   * @default "1 minute", or as the cluster's configuration says
   */
  readonly maxIdleTime?: Duration.Input | undefined
}

/**
 * A failure that can be told to another machine.
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure {
  readonly _tag: string
  readonly message: string
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * Names a kind of session. The same name on all machines means the same sessions.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Name extends string>(name: Name): SessionEntity<Name> =>
  Entity.make(name, [Send, Text, Export])

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Layer that lets this process run sessions. What they are like, the `SessionMap`
 * says; the id of an entity is that of its session.
 *
 * **Gotchas**
 *
 * The store has to be one that all machines share: `SessionStoreSql` or
 * `SessionStoreRedis`. Effect's in-memory runner storage gives every shard to
 * everybody, so it is for one process only.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Name extends string, E extends Failure = never, R = never>(
  entity: SessionEntity<Name>,
  options?: Options<E, R>
): Layer.Layer<never, never, Sharding | SessionMap | R> =>
  entity.toLayer(
    Effect.gen(function*() {
      const context = yield* Effect.context<R>()
      const sessions = yield* SessionMap
      const { entityId } = yield* Entity.CurrentAddress
      const { send, text } = choose(options)

      // What this process knew of the session from earlier may be old: others may have had it since.
      yield* Effect.acquireRelease(sessions.evict(entityId), () => sessions.evict(entityId))

      return entity.of({
        Send: ({ payload: { id, input } }) =>
          sessions.use(entityId, (session) => caughtUp(session, send(session, input, id))).pipe(
            Effect.provideContext(context),
            Effect.mapError(tell)
          ),
        Text: ({ payload: { id, input } }) =>
          Stream.unwrap(Effect.map(sessions.get(entityId), (session) => catchingUp(session, text(session, input, id))))
            .pipe(
              Stream.provideContext(context),
              Stream.mapError(tell)
            ),
        Export: () => Rpc.fork(sessions.use(entityId, (session) => session.export).pipe(Effect.mapError(tell)))
      })
    }),
    { maxIdleTime: options?.maxIdleTime }
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Use<A> = (session: Session.Session, input: History.Input, id: string) => A

const choose = <E extends Failure, R>(options: Options<E, R> | undefined): {
  readonly send: Use<Effect.Effect<Message.Message, E | Session.TurnError, R>>
  readonly text: Use<Stream.Stream<string, E | Session.TurnError, R>>
} => {
  const { send, text } = options ?? {}
  return {
    send: send ?? ((session, input, id) => session.send(input, { id })),
    text: text ?? (send === undefined
      ? (session, input, id) => MessageStream.text(session.stream(input, { id }))
      : (session, input, id) => Stream.map(Stream.fromEffect(send(session, input, id)), Message.text))
  }
}

/** Tries a turn once more that somebody else wrote in between of: the last owner, or a program beside the cluster. */
const caughtUp = <A, E extends Failure, R>(
  session: Session.Session,
  turn: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Session.ChangeError, R> =>
  Effect.catchIf(turn, isConflict, () => Effect.andThen(session.refresh, turn))

/** Catches up where somebody else wrote in between. What was streamed cannot be unsaid, so the stream fails. */
const catchingUp = <A, E extends Failure, R>(
  session: Session.Session,
  text: Stream.Stream<A, E, R>
): Stream.Stream<A, E | Session.ChangeError, R> =>
  Stream.tapError(text, (error) => isConflict(error) ? session.refresh : Effect.void)

const isConflict = (error: Failure): boolean => error._tag === "SessionConflictError"

const tell = (error: Failure | SessionConflictError | SessionStoreError): SessionEntityError => {
  const { _tag: reason, message } = error
  if (!ClaudeError.is(error)) return new SessionEntityError({ reason, message, retryable: false })
  const { requestId, status } = error
  return new SessionEntityError({ reason, message, retryable: ErrorTable.isRetryable(error), status, requestId })
}
