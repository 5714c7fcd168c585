/**
 * A call under way: its request, its settings, and the attempts that the retry
 * policy allows.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Claude } from "../../Claude.ts"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import * as Retry from "../../Retry.ts"
import * as RetryPolicy from "../../RetryPolicy.ts"
import * as Encode from "../request/encode.ts"
import { RequestRewrite } from "../request/rewrite.ts"
import * as Deadline from "../time/deadline.ts"
import * as Span from "../time/duration.ts"
import * as Failures from "../transport/failures.ts"
import * as Follower from "./follower.ts"

/** A call that passed its checks. */
export interface Call extends Follower.Call {
  readonly attempt: Exchange.Attempt
  readonly interceptor: Follower.Interceptor | undefined
  readonly follower: Follower.Follower
  readonly onProgress: ((progress: Exchange.Progress) => Effect.Effect<void>) | undefined
  /** How long the whole call may take. */
  readonly total: Duration.Duration
  /** The response that is being read, once there is one. */
  readonly reading: { latest: Reading | undefined }
}

/** A response, and what was read of it. */
export interface Reading {
  readonly meta: Exchange.Meta
  /** The message as far as it arrived, where a message is read. */
  readonly partial?: (() => Message | undefined) | undefined
  /** Whether the server began to respond with content. */
  readonly outcome?: (() => ClaudeError.Outcome) | undefined
}

/** What a call is made of. */
export interface Options {
  /** The message request, for the interceptors. */
  readonly request?: MessageRequest | undefined
  readonly onProgress?: Call["onProgress"]
  /** Whether a message is folded from a stream, which has a limit of its own. */
  readonly folded?: boolean | undefined
}

/** Begins a call with the settings of its layer. */
export const begin = <A, R = never>(
  encode: (settings: Settings) => Effect.Effect<Exchange.Request, ClaudeError.ClaudeError>,
  options: Options,
  use: (call: Call) => Effect.Effect<A, ClaudeError.ClaudeError, R>
): Effect.Effect<A, ClaudeError.ClaudeError, Claude | R> =>
  Effect.contextWith((context: Context.Context<Claude | R>) => beginIn(context, encode, options, use))

/** Begins the call of a message request, rewritten by `RequestRewrite` and checked. */
export const beginMessage = <A>(
  request: MessageRequest,
  wire: Encode.Wire,
  options: Omit<Options, "request">,
  use: (call: Call) => Effect.Effect<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError, Claude> =>
  Effect.contextWith((context: Context.Context<Claude>) => {
    const rewritten = Context.get(context, RequestRewrite)(request)
    const encode = (settings: Settings) => Encode.exchange(rewritten, settings, wire)
    return beginIn(context, encode, { ...options, request: rewritten }, use)
  })

/** Runs a call with the follower that an interceptor returns for it. */
export const followed = <A>(
  call: Call,
  interceptor: Follower.Interceptor,
  self: (call: Call) => Effect.Effect<A, ClaudeError.ClaudeError>,
  completed: (value: A) => Follower.Progress
): Effect.Effect<A, ClaudeError.ClaudeError> =>
  Follower.runEffect(interceptor, call, (follower) => self({ ...call, follower }), {
    completed,
    soFar: () => soFar(call)
  })

/** Makes attempts until one succeeds or the policy gives up, each inside the follower of the call. */
export const retried = <A, R>(
  call: Call,
  attempt: (number: number) => Effect.Effect<A, ClaudeError.ClaudeError, R>
): Effect.Effect<A, ClaudeError.ClaudeError, R> => {
  const { budget, exchange: { repeatable }, follower, onProgress, settings: { retry } } = call
  let policy = follower.onRetry === undefined ? retry : RetryPolicy.onRetry(retry, follower.onRetry)
  if (onProgress !== undefined) {
    policy = RetryPolicy.onRetry(policy, (event) => onProgress({ _tag: "Waiting", ...event }))
  }
  const wrapped = follower.attempt === undefined
    ? attempt
    : (number: number) => Follower.attempt(follower, attempt(number), number)
  const attempts = retry.budget === undefined
    ? Retry.retry(wrapped, { policy, repeatable })
    : flatMap(budget(retry.budget), (budget) => Retry.retry(wrapped, { policy, budget, repeatable }))
  return Duration.isFinite(call.total) ? within(call, attempts) : attempts
}

/** Sends the request once, and notifies `onProgress`. */
export const send = (
  { attempt, exchange, follower, onProgress, settings }: Call,
  number: number
): Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> => {
  const sent = Follower.exchange(follower, attempt(exchange, settings))
  return onProgress === undefined ? sent : Effect.andThen(onProgress({ _tag: "Attempt", number }), sent)
}

/** Makes an attempt in a scope of its own under `scope`, which stays open while the response is read. */
export const openIn = <A>(
  call: Call,
  number: number,
  scope: Scope.Scope,
  use: (response: Exchange.Response, scope: Scope.Closeable) => Effect.Effect<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError> =>
  Effect.suspend(() => {
    const own = Scope.forkUnsafe(scope)
    return Effect.onExitPrimitive(
      Effect.flatMap(Scope.provide(send(call, number), own), (response) => use(response, own)),
      (exit) => Exit.isSuccess(exit) ? undefined : Scope.close(own, exit)
    )
  })

/** Returns the response of a call as far as it arrived. */
export const soFar = ({ reading: { latest } }: Call): Follower.Progress =>
  latest === undefined ? {} : { meta: latest.meta, message: latest.partial?.() }

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

/** Like `Effect.flatMap`, and no effect where the value is there already. */
const flatMap = <A, E, B, E2, R2>(
  self: Effect.Effect<A, E>,
  f: (value: A) => Effect.Effect<B, E2, R2>
): Effect.Effect<B, E | E2, R2> => isSuccess(self) ? f(self.value) : Effect.flatMap(self, f)

const isSuccess = <A, E>(self: Effect.Effect<A, E>): self is Effect.Effect<A, E> & Exit.Success<A> =>
  Exit.isExit(self) && Exit.isSuccess(self)

const beginIn = <A, R>(
  context: Context.Context<Claude>,
  encode: (settings: Settings) => Effect.Effect<Exchange.Request, ClaudeError.ClaudeError>,
  { folded, onProgress, request }: Options,
  use: (call: Call) => Effect.Effect<A, ClaudeError.ClaudeError, R>
): Effect.Effect<A, ClaudeError.ClaudeError, R> => {
  const { attempt, budget, interceptor, settings } = Context.get(context, Claude)
  return Effect.flatMap(settings, (settings) =>
    flatMap(encode(settings), (exchange) => {
      const { timeouts } = settings
      const total = folded === true && exchange.streamed
        ? Span.least(timeouts.total, timeouts.foldedTotal)
        : timeouts.total
      const limit = Duration.toMillis(total)
      return use({
        exchange: limit === Infinity
          ? exchange
          : { ...exchange, endBy: Deadline.now(Context.get(context, Clock.Clock)) + limit },
        request,
        settings,
        attempt,
        budget,
        interceptor,
        follower: Follower.none,
        onProgress,
        total,
        reading: { latest: undefined }
      })
    }))
}

/** Interrupts a call at its limit, and fails with what is known of the attempt under way. */
const within = <A, R>(
  { reading, settings, total }: Call,
  self: Effect.Effect<A, ClaudeError.ClaudeError, R>
): Effect.Effect<A, ClaudeError.ClaudeError, R> =>
  Deadline.within(self, Duration.toMillis(total), () => {
    const { latest } = reading
    return Failures.limitReached("total", {
      ...latest?.meta,
      outcome: latest?.outcome?.() ?? "unknown",
      partial: latest?.partial?.()
    }, { ...settings.timeouts, total })
  })
