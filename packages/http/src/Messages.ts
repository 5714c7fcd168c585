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
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Message from "@effect-claude/core/Message"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import type { StreamEvent } from "@effect-claude/core/StreamEvent"
import * as TokenCount from "@effect-claude/core/TokenCount"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Claude } from "./Claude.ts"
import type { Settings } from "./ClaudeConfig.ts"
import type * as Exchange from "./Exchange.ts"
import type * as Interceptor from "./Interceptor.ts"
import * as Answer from "./internal/answer.ts"
import { Asked } from "./internal/asked.ts"
import * as Attempts from "./internal/attempts.ts"
import * as Follow from "./internal/follow.ts"
import * as Open from "./internal/open.ts"
import * as Prepare from "./internal/prepare.ts"
import * as Replay from "./internal/replay.ts"
import * as Watchdog from "./internal/watchdog.ts"
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
  Effect.map(createWithMeta(request, options), ([message]) => message)

/**
 * Sends a request and returns the answer with what is known beside it: request
 * id, organization, rate limits, attempts.
 *
 * @category calls
 * @since 0.1.0
 */
export const createWithMeta = Effect.fnUntraced(function*(
  request: MessageRequest,
  options?: CreateOptions
): Effect.fn.Return<readonly [message: Message.Message, meta: Meta], ClaudeError.ClaudeError, Claude> {
  const wire = options?.wire ?? "auto"
  const streamed = wire === "stream" || (wire === "auto" && Prepare.mayTakeLong(request))
  const call = yield* prepare(request, streamed, options?.onProgress)
  const answered = Effect.fnUntraced(function*(follower: Interceptor.Follower): Answered {
    const known = yield* Follow.answer(follower)
    if (known !== undefined) return [known, { ...Replay.meta, wire: streamed ? "stream" : "json" }]
    return yield* streamed ? folded({ ...call, follower }) : plain({ ...call, follower })
  })
  return yield* Follow.effect(call, answered, {
    answer: ([message, meta]) => ({ message, meta }),
    soFar: () => soFar(call.read.latest)
  })
})

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
  Stream.unwrap(Effect.gen(function*() {
    const prepared = yield* prepare(request, true, options?.onProgress)
    const { ended, follower } = yield* Follow.stream(prepared, () => soFar(prepared.read.latest))
    const known = yield* Follow.answer(follower)
    if (known !== undefined) {
      const { read, stream } = Replay.stream(known, follower, ended)
      prepared.read.latest = read
      return stream
    }
    const call = { ...prepared, follower }
    const { total } = call.settings.timeouts
    const endBy = yield* Effect.clockWith((clock) => Effect.succeed(Watchdog.now(clock) + Duration.toMillis(total)))
    const attempt = (number: number) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.scope, (around) => {
          const scope = Scope.forkUnsafe(around)
          return restore(openAttempt(call, number, endBy)).pipe(
            Scope.provide(scope),
            Effect.map((opened) => ({
              opened,
              pull: Effect.onError(
                opened.pull,
                (cause) => Effect.andThen(Scope.close(scope, Pull.doneExitFromCause(cause)), ended(cause))
              )
            })),
            Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(scope, exit))
          )
        })
      )
    const { opened, pull } = yield* within(retried(call, attempt), total, () => undefined).pipe(
      Effect.onError((cause) => ended(cause))
    )
    call.read.latest = opened
    if (call.follower.onContent !== undefined) yield* call.follower.onContent
    return Stream.fromPull(Effect.succeed(pull))
  }))

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

type Answered = Effect.fn.Return<readonly [message: Message.Message, meta: Meta], ClaudeError.ClaudeError>

/** A request that passed its checks, with what holds for it. */
interface Call extends Interceptor.Call {
  readonly onProgress: ((progress: Progress) => Effect.Effect<void>) | undefined
  readonly follower: Interceptor.Follower
  /** The answer that is being read, once there is one. */
  readonly read: { latest: Open.Read | undefined }
}

const prepare = Effect.fnUntraced(function*(
  named: MessageRequest,
  streamed: boolean,
  onProgress: Call["onProgress"]
): Effect.fn.Return<Call, ClaudeError.ClaudeError, Claude> {
  const claude = yield* Claude
  const settings = yield* claude.settings
  const request = (yield* Asked)(named)
  yield* Prepare.check(request, settings)
  const exchange = yield* Prepare.encode(request, streamed)
  return { claude, settings, request, exchange, onProgress, follower: Follow.nobody, read: { latest: undefined } }
})

/** Makes attempts as the policy of the call says. */
const retried = <A, R>(
  call: Call,
  attempt: (number: number) => Effect.Effect<A, ClaudeError.ClaudeError, R>
): Effect.Effect<A, ClaudeError.ClaudeError, R> => {
  const { onProgress } = call
  return Attempts.retried(
    call,
    attempt,
    onProgress === undefined ? undefined : (event) => onProgress({ _tag: "Waiting", ...event })
  )
}

const started = (
  call: Call,
  number: number
): Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> => {
  const attempt = Attempts.send(call)
  return call.onProgress === undefined
    ? attempt
    : Effect.andThen(call.onProgress({ _tag: "Attempt", number }), attempt)
}

const readOptions = ({ onProgress, settings: { limits, timeouts } }: Call, endBy: number): Open.Options => ({
  timeouts,
  limits,
  endBy,
  onPing: onProgress === undefined ? Effect.void : onProgress({ _tag: "Ping" })
})

const openAttempt = (
  call: Call,
  number: number,
  endBy: number
): Effect.Effect<Open.Opened, ClaudeError.ClaudeError, Scope.Scope> =>
  Effect.flatMap(
    started(call, number),
    (response) => Effect.andThen(expectEvents(response, call.settings), Open.open(response, readOptions(call, endBy)))
  )

const answer = Answer.json(Message.Message)

/** One attempt after the other at a plain answer. */
const plain = Effect.fnUntraced(function*(
  call: Call
): Answered {
  const attempt = (number: number) =>
    Effect.scoped(
      Effect.flatMap(started(call, number), (response) =>
        Effect.map(answer(response, call.settings), (message) => {
          const meta: Meta = { ...response.meta, attempts: number, wire: "json" }
          return [message, meta] as const
        }))
    )
  return yield* within(retried(call, attempt), call.settings.timeouts.total, () => undefined)
})

/** One attempt after the other at a folded answer. Nothing is handed out before it is whole, so all of it can be retried. */
const folded = Effect.fnUntraced(function*(
  call: Call
): Answered {
  const { foldedTotal, total } = call.settings.timeouts
  let latest: Open.Reading | undefined = undefined
  const attempt = (number: number) =>
    Effect.scoped(Effect.gen(function*() {
      const response = yield* started(call, number)
      yield* expectEvents(response, call.settings)
      const reading = yield* Open.read(response, readOptions(call, Infinity))
      latest = reading
      call.read.latest = reading
      const onContent = call.follower.onContent ?? Effect.void
      const onEvents = Effect.flatMap(reading.pull, (events) => {
        if (reading.hasContent || !events.some(Open.commits)) return Effect.void
        reading.contentArrived()
        return onContent
      })
      yield* Effect.catchIf(Effect.forever(onEvents, { disableYield: true }), Cause.isDone, () => Effect.void)
      const message = MessageAccumulator.snapshot(reading.decoder.accumulator)
      if (Option.isNone(message)) return yield* reading.withoutMessage()
      const meta: Meta = { ...response.meta, attempts: number, wire: "stream" }
      return [message.value, meta] as const
    }))
  const limit = Duration.min(total, foldedTotal)
  return yield* within(retried(call, attempt), limit, () => latest)
})

/** What is known of an answer that is being read. */
const soFar = (read: Open.Read | undefined): Follow.Answer =>
  read === undefined
    ? {}
    : { meta: read.meta, message: Option.getOrUndefined(MessageAccumulator.snapshot(read.accumulator())) }

/** Ends a call that takes too long, with what is known of the attempt under way. */
const within = <A, R>(
  self: Effect.Effect<A, ClaudeError.ClaudeError, R>,
  limit: Duration.Duration,
  latest: () => Open.Reading | undefined
): Effect.Effect<A, ClaudeError.ClaudeError, R> =>
  Duration.isFinite(limit)
    ? Effect.timeoutOrElse(self, { duration: limit, orElse: () => Effect.fail(overdue(limit, latest())) })
    : self

const overdue = (limit: Duration.Duration, latest: Open.Reading | undefined): ClaudeError.ClaudeError =>
  new ClaudeError.ClaudeTimeoutError({
    ...(latest === undefined ? { outcome: "unknown" as const } : latest.details()),
    phase: "total",
    limit,
    message: `The call did not end within ${Duration.format(limit)}. Raise \`total\` for longer answers.`
  })

/** Fails unless a response claims to be a stream of events. An answer in JSON says what is wrong. */
const expectEvents = (
  response: Exchange.Response,
  settings: Settings
): Effect.Effect<void, ClaudeError.ClaudeError, Scope.Scope> => {
  const type = response.headers["content-type"]
  if (type === undefined || /^\s*(?:text\/event-stream|application\/octet-stream)/i.test(type)) return Effect.void
  return Effect.flatMap(
    answer(response, settings),
    () =>
      Effect.fail(
        Answer.undecodable(`is a plain message where a stream was asked for (content-type ${type})`, "", response)
      )
  )
}
