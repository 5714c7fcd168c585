/**
 * Following a call: asks the interceptors, and makes one follower of theirs.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../Exchange.ts"
import type * as Interceptor from "../Interceptor.ts"

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
): Effect.Effect<A, ClaudeError, R> =>
  call.claude.interceptors.length === 0 ?
    self(nobody) :
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(begin(call), (follower) =>
        Effect.onExit(restore(self(follower)), (exit) => {
          if (follower.onEnd === undefined) return Effect.void
          return follower.onEnd(
            Exit.isSuccess(exit)
              ? { _tag: "Completed", ...options.answer(exit.value) }
              : broken(exit.cause, options.soFar)
          )
        }))
    )

/**
 * Follows a call that is a stream, until its scope closes at the latest. Returns
 * the follower, and what to tell of the cause that the stream's pull ended with.
 */
export const stream = (
  call: Interceptor.Call,
  soFar: () => Answer
): Effect.Effect<
  { readonly follower: Interceptor.Follower; readonly ended: (cause: EndCause) => Effect.Effect<void> },
  never,
  Scope.Scope
> =>
  call.claude.interceptors.length === 0 ? unfollowed : Effect.uninterruptible(
    Effect.flatMap(begin(call), (follower) => {
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
        Effect.addFinalizer(() => tell(() => ({ _tag: "Abandoned", ...soFar() }))),
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

/** Asks the interceptors of a call's layer to follow it. */
const begin = (call: Interceptor.Call): Effect.Effect<Interceptor.Follower> => {
  const [first, ...others] = call.claude.interceptors
  if (first === undefined) return Effect.succeed(nobody)
  if (others.length === 0) return first(call)
  return Effect.map(Effect.forEach([first, ...others], (interceptor) => interceptor(call)), together)
}

const isDone = (cause: EndCause): boolean =>
  cause.reasons.some((reason) => Cause.isFailReason(reason) && Cause.isDone(reason.error))

const broken = (cause: EndCause, soFar: () => Answer): Interceptor.Ending => {
  const error = Result.getOrUndefined(Cause.findError(cause))
  return error === undefined || Cause.isDone(error) ? { _tag: "Abandoned", ...soFar() } : { _tag: "Failed", error }
}

/** One follower of several, the first outermost. */
const together = (followers: ReadonlyArray<Interceptor.Follower>): Interceptor.Follower => {
  const inwards = followers.toReversed()
  return {
    answer: first(followers),
    attempt: (self, number) => inwards.reduce((inner, follower) => attempt(follower, inner, number), self),
    exchange: (self) => inwards.reduce((inner, follower) => exchange(follower, inner), self),
    onRetry: (event) => all(inwards, (follower) => follower.onRetry?.(event)),
    onContent: all(inwards, (follower) => follower.onContent),
    onEnd: (ending) => all(inwards, (follower) => follower.onEnd?.(ending))
  }
}

/** The first answer that is known, asking no further. */
const first = (followers: ReadonlyArray<Interceptor.Follower>): Interceptor.Follower["answer"] => {
  const asked = followers.flatMap(({ answer }) => answer ?? [])
  if (asked.length === 0) return undefined
  return Effect.gen(function*() {
    for (const answer of asked) {
      const message = yield* answer
      if (message !== undefined) return message
    }
    return undefined
  })
}

const all = (
  followers: ReadonlyArray<Interceptor.Follower>,
  effect: (follower: Interceptor.Follower) => Effect.Effect<void> | undefined
): Effect.Effect<void> => Effect.forEach(followers, (follower) => effect(follower) ?? Effect.void, { discard: true })
