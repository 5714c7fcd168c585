/**
 * Following a call, as the interceptor of its layer says.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import type * as Interceptor from "../../Interceptor.ts"

/** What is known of an answer, whole or in part. */
export interface Answer {
  readonly meta?: Exchange.Meta | undefined
  readonly message?: Extract<Interceptor.Ending, { readonly _tag: "Completed" }>["message"]
}

/** The answer, where a follower knows it already. */
export const answer = (follower: Interceptor.Follower): Effect.Effect<Answer["message"]> =>
  follower.answer ?? unanswered

/** Goes around one attempt. */
export const attempt = <A, R>(
  follower: Interceptor.Follower,
  self: Effect.Effect<A, ClaudeError, R>,
  number: number
): Effect.Effect<A, ClaudeError, R> => follower.attempt === undefined ? self : follower.attempt(self, number)

/** Goes around one exchange. */
export const exchange = (
  follower: Interceptor.Follower,
  self: Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope>
): Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope> =>
  follower.exchange === undefined ? self : follower.exchange(self)

/** A follower that does nothing. */
export const nobody: Interceptor.Follower = {}

/** Follows a call that is an effect. `soFar` is asked when it is interrupted. */
export const effect = <A, R>(
  call: Interceptor.Call,
  self: (follower: Interceptor.Follower) => Effect.Effect<A, ClaudeError, R>,
  options: { readonly answer: (value: A) => Answer; readonly soFar: () => Answer }
): Effect.Effect<A, ClaudeError, R> => {
  const { interceptor } = call.claude
  if (interceptor === undefined) return self(nobody)
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(interceptor(call), (follower) =>
      Effect.onExit(restore(self(follower)), (exit) => {
        if (follower.onEnd === undefined) return Effect.void
        return follower.onEnd(
          Exit.isSuccess(exit)
            ? { _tag: "Completed", ...options.answer(exit.value) }
            : broken(exit.cause, options.soFar)
        )
      }))
  )
}

/**
 * Follows a call that is a stream, until its scope closes at the latest. Returns
 * the follower, and what to tell of the cause that the stream's pull ended with.
 */
export const stream = (
  call: Interceptor.Call,
  scope: Scope.Scope,
  soFar: () => Answer
): Effect.Effect<{
  readonly follower: Interceptor.Follower
  readonly ended: (cause: EndCause) => Effect.Effect<void>
}> =>
  call.claude.interceptor === undefined ? unfollowed : Effect.uninterruptible(
    Effect.flatMap(call.claude.interceptor(call), (follower) => {
      const { onEnd } = follower
      if (onEnd === undefined) return Effect.succeed({ follower, ended: () => Effect.void })
      let told = false
      const tell = (ending: () => Interceptor.Ending) =>
        Effect.suspend(() => {
          if (told) return Effect.void
          told = true
          return onEnd(ending())
        })
      const ended = (cause: EndCause) =>
        tell(() => isDone(cause) ? { _tag: "Completed", ...soFar() } : broken(cause, soFar))
      return Effect.as(
        Scope.addFinalizer(scope, tell(() => ({ _tag: "Abandoned", ...soFar() }))),
        { follower, ended }
      )
    })
  )

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type EndCause = Cause.Cause<ClaudeError | Cause.Done>

const unanswered: Effect.Effect<undefined> = Effect.undefined

const unfollowed = Effect.succeed({ follower: nobody, ended: () => Effect.void })

const isDone = (cause: EndCause): boolean =>
  cause.reasons.some((reason) => Cause.isFailReason(reason) && Cause.isDone(reason.error))

const broken = (cause: EndCause, soFar: () => Answer): Interceptor.Ending => {
  const error = Result.getOrUndefined(Cause.findError(cause))
  return error === undefined || Cause.isDone(error) ? { _tag: "Abandoned", ...soFar() } : { _tag: "Failed", error }
}
