/**
 * Followers: what an interceptor does at each point of a call.
 *
 * The models of `Interceptor` are declared here, below `Claude`, which holds an
 * interceptor, and below the calls, which run its followers.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import type * as RetryBudget from "../../RetryBudget.ts"
import type { RetryEvent } from "../../RetryPolicy.ts"

/** A call that begins: its request and its settings. */
export interface Call {
  /** The request as each attempt sends it. */
  readonly exchange: Exchange.Request
  /** The message request, where the call is for a message. It holds the prompt. */
  readonly request?: MessageRequest | undefined
  /** The layer's options with scoped overrides applied. */
  readonly settings: Settings
  /** Returns the bucket that the calls of the layer share for a policy's budget. */
  readonly budget: (options: RetryBudget.Options) => Effect.Effect<RetryBudget.RetryBudget>
}

/** How a call ended. */
export type Ending =
  | { readonly _tag: "Completed"; readonly meta?: Exchange.Meta | undefined; readonly message?: Message | undefined }
  | { readonly _tag: "Failed"; readonly error: ClaudeError }
  | { readonly _tag: "Abandoned"; readonly meta?: Exchange.Meta | undefined; readonly message?: Message | undefined }

/** What is done at the points of one call. All of it is optional. */
export interface Follower {
  /** Returns the message without an attempt, or undefined to make one. The outermost result wins. */
  readonly answer?: Effect.Effect<Message | undefined> | undefined
  /**
   * Wraps each attempt, up to the point from which its response is relied on: a
   * JSON response to its end, a stream to its first content. The retry policy
   * judges what it fails with.
   */
  readonly attempt?:
    | (<A, R>(attempt: Effect.Effect<A, ClaudeError, R>, number: number) => Effect.Effect<A, ClaudeError, R>)
    | undefined
  /** Wraps each exchange: from sending the request to the head of a 2xx response. */
  readonly exchange?:
    | ((
      exchange: Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>
    ) => Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>)
    | undefined
  /** Runs before each wait for another attempt. */
  readonly onRetry?: ((event: RetryEvent) => Effect.Effect<void>) | undefined
  /** Runs when the first content of a stream has arrived. */
  readonly onContent?: Effect.Effect<void> | undefined
  /** Runs once, when the call has ended. */
  readonly onEnd?: ((ending: Ending) => Effect.Effect<void>) | undefined
}

/** Returns the follower of a call. Runs when a call begins, after its request was checked. */
export interface Interceptor {
  (call: Call): Effect.Effect<Follower>
}

/** The response of a call, complete or as far as it arrived. */
export interface Progress {
  readonly meta?: Exchange.Meta | undefined
  readonly message?: Message | undefined
}

/** The follower of a call without an interceptor. */
export const none: Follower = {}

/** Combines two interceptors. The inner follower runs inside the outer one, and is notified first. */
export const nested = (outer: Interceptor, inner: Interceptor): Interceptor => (call) =>
  Effect.flatMap(outer(call), (around) => Effect.map(inner(call), (within) => nestedFollower(around, within)))

/** Wraps one attempt. */
export const attempt = <A, R>(
  follower: Follower,
  self: Effect.Effect<A, ClaudeError, R>,
  number: number
): Effect.Effect<A, ClaudeError, R> => follower.attempt === undefined ? self : follower.attempt(self, number)

/** Wraps one exchange. */
export const exchange = (
  follower: Follower,
  self: Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>
): Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope> =>
  follower.exchange === undefined ? self : follower.exchange(self)

/** Runs an effect with the follower of a call, and notifies that of its end. */
export const runEffect = <C extends Call, A, R>(
  interceptor: Interceptor,
  call: C,
  self: (follower: Follower) => Effect.Effect<A, ClaudeError, R>,
  options: { readonly completed: (value: A) => Progress; readonly soFar: () => Progress }
): Effect.Effect<A, ClaudeError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(interceptor(call), (follower) =>
      Effect.onExit(restore(self(follower)), (exit) => {
        if (follower.onEnd === undefined) return Effect.void
        return follower.onEnd(
          Exit.isSuccess(exit)
            ? { _tag: "Completed", ...options.completed(exit.value) }
            : broken(exit.cause, options.soFar)
        )
      }))
  )

/** A follower of a stream, and the function that notifies it of the end. */
export interface OfStream {
  readonly follower: Follower
  readonly ended: (cause: EndCause) => Effect.Effect<void>
}

/** Starts the follower of a stream. It is notified of the end once, when the scope closes at the latest. */
export const startStream = (
  interceptor: Interceptor,
  call: Call,
  scope: Scope.Scope,
  soFar: () => Progress
): Effect.Effect<OfStream> =>
  Effect.uninterruptible(
    Effect.flatMap(interceptor(call), (follower) => {
      const { onEnd } = follower
      if (onEnd === undefined) return Effect.succeed({ follower, ended: noneOfStream.ended })
      let isNotified = false
      const notify = (ending: () => Ending) =>
        Effect.suspend(() => {
          if (isNotified) return Effect.void
          isNotified = true
          return onEnd(ending())
        })
      const ended = (cause: EndCause) =>
        notify(() => isDone(cause) ? { _tag: "Completed", ...soFar() } : broken(cause, soFar))
      return Effect.as(
        Scope.addFinalizer(scope, notify(() => ({ _tag: "Abandoned", ...soFar() }))),
        { follower, ended }
      )
    })
  )

/** The follower of a stream without an interceptor. */
export const noneOfStream: OfStream = { follower: none, ended: () => Effect.void }

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type EndCause = Cause.Cause<ClaudeError | Cause.Done>

const isDone = (cause: EndCause): boolean =>
  cause.reasons.some((reason) => Cause.isFailReason(reason) && Cause.isDone(reason.error))

const broken = (cause: EndCause, soFar: () => Progress): Ending => {
  const error = Result.getOrUndefined(Cause.findError(cause))
  return error === undefined || Cause.isDone(error) ? { _tag: "Abandoned", ...soFar() } : { _tag: "Failed", error }
}

const nestedFollower = (outer: Follower, inner: Follower): Follower => ({
  answer: outer.answer === undefined || inner.answer === undefined
    ? outer.answer ?? inner.answer
    : Effect.flatMap(
      outer.answer,
      (message) => message === undefined ? inner.answer ?? Effect.undefined : Effect.succeed(message)
    ),
  attempt: (self, number) => attempt(outer, attempt(inner, self, number), number),
  exchange: (self) => exchange(outer, exchange(inner, self)),
  onRetry: (event) => both(inner.onRetry?.(event), outer.onRetry?.(event)),
  onContent: both(inner.onContent, outer.onContent),
  onEnd: (ending) => both(inner.onEnd?.(ending), outer.onEnd?.(ending))
})

const both = (first: Effect.Effect<void> = Effect.void, second: Effect.Effect<void> = Effect.void) =>
  Effect.andThen(first, second)
