/**
 * Messages: ask, and get an answer whole or as it is written.
 *
 * `create` and `stream` share one path: the same checks, headers, retries and
 * error mapping. How `create` travels is a detail: a long answer is streamed on
 * the wire and folded, so no `max_tokens` is ever too large to ask for.
 *
 * A stream ends normally if and only if `message_stop` was seen. Whatever fails
 * before its first content is retried as the policy says; after that nothing is,
 * and the error carries the partial message. What is seen is the events of
 * exactly one attempt.
 *
 * @since 0.1.0
 */
import * as Betas from "@effect-claude/core/Betas"
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as TokenCount from "@effect-claude/core/TokenCount"
import type * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Claude } from "./Claude.ts"
import type * as Exchange from "./Exchange.ts"
import * as Replay from "./internal/call/cached.ts"
import * as Call from "./internal/call/call.ts"
import * as Follow from "./internal/call/follow.ts"
import * as Known from "./internal/immediate.ts"
import * as Prepare from "./internal/request/encode.ts"
import * as Open from "./internal/response/eventReader.ts"
import * as Answer from "./internal/response/json.ts"
import * as Whole from "./internal/response/plain.ts"
import * as Alarm from "./internal/time/deadline.ts"
import * as Span from "./internal/time/duration.ts"
import * as Raw from "./Raw.ts"
import type * as RetryPolicy from "./RetryPolicy.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * How `create` travels.
 *
 * - `json`: as one JSON answer
 * - `stream`: as a stream that is folded
 * - `auto`: as a stream when the answer may be long (`max_tokens` above 8,192,
 *   thinking, tools on the server, MCP, a container), else as JSON
 *
 * @category models
 * @since 0.1.0
 */
export type Wire = "auto" | "json" | "stream"

/**
 * What is known of an answer beside the message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Meta extends Exchange.Meta {
  /** How many attempts were made, the one that succeeded included. */
  readonly attempts: number
  /** How the answer travelled. */
  readonly wire: "json" | "stream"
}

/**
 * A sign of life from a stream that has no content yet.
 *
 * - `Attempt`: an attempt starts
 * - `Ping`: the server says that it is still at work
 * - `Waiting`: the latest attempt failed, and another follows after a wait
 *
 * @category models
 * @since 0.1.0
 */
export type Progress =
  | { readonly _tag: "Attempt"; readonly number: number }
  | { readonly _tag: "Ping" }
  | ({ readonly _tag: "Waiting" } & RetryPolicy.RetryEvent)

/**
 * Options of `create`.
 *
 * @category options
 * @since 0.1.0
 */
export interface CreateOptions {
  /**
   * How the answer travels.
   *
   * @default "auto"
   */
  readonly wire?: Wire | undefined
  /** Runs at each sign of life before the answer. */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

/**
 * Options of `stream`.
 *
 * @category options
 * @since 0.1.0
 */
export interface StreamOptions {
  /** Runs at each sign of life before the first content. */
  readonly onProgress?: ((progress: Progress) => Effect.Effect<void>) | undefined
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/**
 * Sends a request and returns the answer.
 *
 * **Example** (Asking, and reading the text)
 *
 * ```ts
 * import * as Message from "@effect-claude/core/Message"
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as Messages from "@effect-claude/http/Messages"
 * import * as Effect from "effect/Effect"
 *
 * const hello = Messages.create({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [MessageRequest.user("Hello")]
 * }).pipe(Effect.map(Message.text))
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const create = (
  request: MessageRequest,
  options?: CreateOptions
): Effect.Effect<Message.Message, ClaudeError.ClaudeError, Claude> =>
  Effect.map(ask(request, options), ({ message }) => message)

/**
 * Sends a request and returns the answer with what is known beside it: request
 * id, organization, rate limits, attempts.
 *
 * @category calls
 * @since 0.1.0
 */
export const createWithMeta = (
  request: MessageRequest,
  options?: CreateOptions
): Effect.Effect<readonly [message: Message.Message, meta: Meta], ClaudeError.ClaudeError, Claude> =>
  Effect.map(ask(request, options), (answered) => [answered.message, metaOf(answered)])

/**
 * Sends a request and streams the events of the answer.
 *
 * **Details**
 *
 * The request is sent when the stream is run, and again for each run. The
 * connection is closed as soon as the stream is left.
 *
 * **Example** (Writing text as it comes)
 *
 * ```ts
 * import * as MessageRequest from "@effect-claude/core/MessageRequest"
 * import * as Messages from "@effect-claude/http/Messages"
 * import * as MessageStream from "@effect-claude/http/MessageStream"
 * import * as Console from "effect/Console"
 * import * as Stream from "effect/Stream"
 *
 * const write = Messages.stream({
 *   model: "claude-sonnet-5-5",
 *   max_tokens: 1024,
 *   messages: [MessageRequest.user("Hello")]
 * }).pipe(MessageStream.text, Stream.runForEach((text) => Console.log(text)))
 * ```
 *
 * @category calls
 * @since 0.1.0
 */
export const stream = (
  request: MessageRequest,
  options?: StreamOptions
): Stream.Stream<StreamEvent, ClaudeError.ClaudeError, Claude> =>
  Stream.fromChannel(Channel.fromTransform((_, scope) =>
    Effect.sync(() => {
      let pull: Events = Effect.flatMap(opening(request, options, scope), (opened) => {
        pull = opened
        return opened
      })
      return Effect.suspend(() => pull)
    })
  ))

/**
 * Counts the tokens of a prompt, without answering it. Takes the request of a
 * message as well, and counts what of it is prompt.
 *
 * @category calls
 * @since 0.1.0
 */
export const countTokens = (
  request: TokenCount.TokenCountRequest
): Effect.Effect<TokenCount.TokenCount, ClaudeError.ClaudeError, Claude> =>
  Raw.json({
    operation: "messages.countTokens",
    method: "POST",
    path: "/v1/messages/count_tokens",
    body: TokenCount.fromRequest(request),
    betas: Betas.ofRequest(request),
    repeatable: true
  }, TokenCount.TokenCount)

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** An answer, and how it came. */
interface Answered {
  readonly message: Message.Message
  readonly meta: Exchange.Meta
  readonly attempts: number
  readonly wire: Meta["wire"]
}

type Answering = Effect.Effect<Answered, ClaudeError.ClaudeError>

const metaOf = ({ attempts, meta, wire }: Answered): Meta => ({ ...meta, attempts, wire })

const ask = (
  request: MessageRequest,
  options: CreateOptions | undefined
): Effect.Effect<Answered, ClaudeError.ClaudeError, Claude> =>
  Effect.suspend(() => {
    const asked = options?.wire ?? "auto"
    const streamed = asked === "stream" || (asked === "auto" && Prepare.mayTakeLong(request))
    const wire = streamed ? "stream" : "json"
    return Call.prepare(request, streamed, options?.onProgress, (call) =>
      Follow.effect(call, (follower): Answering => {
        const followed = follower === Follow.nobody ? call : { ...call, follower }
        const answered = streamed ? folded(followed) : plain(followed)
        return follower.answer === undefined
          ? answered
          : Effect.flatMap(
            follower.answer,
            (message) =>
              message === undefined ? answered : Effect.succeed({ message, meta: Replay.meta, attempts: 0, wire })
          )
      }, {
        answer: (answered) => ({ message: answered.message, meta: metaOf(answered) }),
        soFar: () => Call.soFar(call.read.latest)
      }))
  })

/** The events of a stream, and its end. */
type Events<R = Claude> = Pull.Pull<Arr.NonEmptyReadonlyArray<StreamEvent>, ClaudeError.ClaudeError, void, R>

/** Tells whoever follows a stream how it ended. */
type Ended = (cause: Cause.Cause<ClaudeError.ClaudeError | Cause.Done>) => Effect.Effect<void>

/** Opens a stream, and returns the pull of its events. All of it belongs to the scope. */
const opening = (
  request: MessageRequest,
  options: StreamOptions | undefined,
  scope: Scope.Scope
): Effect.Effect<Events<never>, ClaudeError.ClaudeError, Claude> =>
  Call.prepare(request, true, options?.onProgress, (prepared) =>
    Known.flatMap(
      Follow.stream(prepared, scope, () => Call.soFar(prepared.read.latest)),
      ({ ended, follower }) => {
        const call = follower === Follow.nobody ? prepared : { ...prepared, follower }
        const opened = opens(call, scope, ended)
        return follower.answer === undefined ? opened : Effect.flatMap(follower.answer, (known) => {
          if (known === undefined) return opened
          const { read, stream } = Replay.stream(known, follower, ended)
          prepared.read.latest = read
          return Channel.toPullScoped(Stream.toChannel(stream), scope)
        })
      }
    ))

/** One attempt after the other at opening a stream, each in a scope of its own. */
const opens = (
  call: Call.Call,
  scope: Scope.Scope,
  ended: Ended
): Effect.Effect<Events<never>, ClaudeError.ClaudeError> =>
  Effect.clockWith((clock) => {
    const { total } = call.settings.timeouts
    const endBy = Duration.isFinite(total) ? Alarm.now(clock) + Duration.toMillis(total) : Infinity
    const attempt = (number: number) =>
      Effect.suspend(() => {
        const own = Scope.forkUnsafe(scope)
        const opened = Effect.onExitPrimitive(
          Scope.provide(openAttempt(call, number, endBy), own),
          (exit) => Exit.isSuccess(exit) ? undefined : Scope.close(own, exit)
        )
        return Effect.map(opened, (opened) => ({ opened, own }))
      })
    const committed = Effect.onExitPrimitive(
      Call.within(Call.retried(call, attempt), total, () => undefined),
      (exit) => Exit.isSuccess(exit) ? undefined : ended(exit.cause)
    )
    return Effect.flatMap(committed, ({ opened, own }) => {
      call.read.latest = opened
      const pull = closing(opened.pull, own, ended)
      return call.follower.onContent === undefined ? Effect.succeed(pull) : Effect.as(call.follower.onContent, pull)
    })
  })

/** Closes the scope of an attempt as soon as its events end. Made apart from the call, of which it keeps nothing alive. */
const closing = (
  pull: Open.Opened["pull"],
  own: Scope.Closeable,
  ended: Ended
): Events<never> =>
  Effect.onExitPrimitive(pull, (exit) =>
    Exit.isSuccess(exit)
      ? undefined
      : Effect.andThen(Scope.close(own, Pull.doneExitFromCause(exit.cause)), ended(exit.cause)))

const openAttempt = (
  call: Call.Call,
  number: number,
  endBy: number
): Effect.Effect<Open.Opened, ClaudeError.ClaudeError, Scope.Scope> =>
  Effect.flatMap(Call.started(call, number), (response) => {
    const opened = Open.open(response, Call.readOptions(call, endBy))
    const wrong = Call.unexpected(response, call.settings)
    return wrong === undefined ? opened : Effect.andThen(wrong, opened)
  })

/** One attempt after the other at a plain answer. */
const plain = (call: Call.Call): Answering =>
  Call.within(
    Call.retried(call, (attempts) => {
      const answered = (text: string, response: Exchange.Response): Answering =>
        Known.flatMap(
          Call.parse(text, response),
          (message) => Effect.succeed({ message, meta: response.meta, attempts, wire: "json" })
        )
      const whole = isBare(call) ? Whole.attempt(call, answered) : undefined
      return whole ?? Answer.whole(Call.started(call, attempts), call.settings, answered)
    }),
    call.settings.timeouts.total,
    () => undefined
  )

/** Whether nobody is told of an attempt, or goes around its exchange. */
const isBare = ({ follower, onProgress }: Call.Call): boolean =>
  onProgress === undefined && follower.exchange === undefined

/** One attempt after the other at a folded answer. Nothing is handed out before it is whole, so all of it can be retried. */
const folded = (call: Call.Call): Answering => {
  const { foldedTotal, total } = call.settings.timeouts
  let latest: Open.Reading | undefined = undefined
  const attempt = (attempts: number) =>
    Effect.scoped(Effect.gen(function*() {
      const response = yield* Call.started(call, attempts)
      yield* Call.unexpected(response, call.settings) ?? Effect.void
      const reading = yield* Open.read(response, Call.readOptions(call, Infinity))
      latest = reading
      call.read.latest = reading
      const onContent = call.follower.onContent ?? Effect.void
      const onEvents = Effect.flatMap(reading.pull, (events) => {
        if (reading.hasContent || !events.some(Open.commits)) return Effect.void
        reading.contentArrived()
        return onContent
      })
      yield* Effect.catchIf(
        Effect.forever(onEvents, { disableYield: true }),
        Cause.isDone,
        () => Effect.void,
        (error) =>
          Effect.suspend(() => {
            // What is known of it is on the error; the attempt that follows has brought nothing yet.
            if (latest === reading) latest = call.read.latest = undefined
            return Effect.fail(error)
          })
      )
      const message = MessageAccumulator.snapshot(reading.decoder.accumulator)
      if (Option.isNone(message)) return yield* reading.withoutMessage()
      const answered: Answered = { message: message.value, meta: response.meta, attempts, wire: "stream" }
      return answered
    }))
  return Call.within(Call.retried(call, attempt), Span.least(total, foldedTotal), () => latest)
}
