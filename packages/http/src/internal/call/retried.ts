/**
 * Making the attempts of a call, as its policy and its follower say.
 *
 * @since 0.1.0
 */
import type { ClaudeError } from "@effect-claude/core/ClaudeError"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import type * as Interceptor from "../../Interceptor.ts"
import * as Retry from "../../Retry.ts"
import * as RetryPolicy from "../../RetryPolicy.ts"
import * as Known from "../immediate.ts"
import * as Follow from "./follow.ts"

/** A call with what goes around it. */
export interface Followed extends Interceptor.Call {
  readonly follower: Interceptor.Follower
}

/** Sends the request of a call once, through its follower. */
export const send = (call: Followed): Effect.Effect<Exchange.Response, ClaudeError, Scope.Scope> =>
  Follow.exchange(call.follower, call.claude.attempt(call.exchange, call.settings))

/** Makes attempts until one succeeds or the policy gives up. `onRetry` is told of each wait beside the policy's own. */
export const retried = <A, R>(
  call: Followed,
  attempt: (number: number) => Effect.Effect<A, ClaudeError, R>,
  onRetry?: (event: RetryPolicy.RetryEvent) => Effect.Effect<void>
): Effect.Effect<A, ClaudeError, R> => {
  const { claude, exchange: { repeatable }, follower, settings: { retry } } = call
  let policy = follower.onRetry === undefined ? retry : RetryPolicy.onRetry(retry, follower.onRetry)
  if (onRetry !== undefined) policy = RetryPolicy.onRetry(policy, onRetry)
  const followed = (number: number) => Follow.attempt(follower, attempt(number), number)
  return retry.budget === undefined
    ? Retry.retry(followed, { policy, repeatable })
    : Known.flatMap(claude.budget(retry.budget), (budget) => Retry.retry(followed, { policy, budget, repeatable }))
}
