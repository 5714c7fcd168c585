/**
 * Waits for running calls when their layer closes.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import * as Deadline from "../time/deadline.ts"

/** Counts attempts until their connections are released, and waits for the last one when the scope closes. */
export const attempts = (
  attempt: Exchange.Attempt,
  within: Duration.Input
): Effect.Effect<Exchange.Attempt, never, Scope.Scope> =>
  Effect.gen(function*() {
    const limit = Duration.toMillis(Duration.fromInputUnsafe(within))
    if (limit === 0) return attempt
    let running = 0
    let closing = false
    let onIdle: (() => void) | undefined
    const idle = Effect.callback<void>((resume) => {
      if (running === 0) return resume(Effect.void)
      onIdle = () => resume(Effect.void)
    })
    yield* Effect.addFinalizer(() => {
      closing = true
      return Effect.exit(Deadline.within(Effect.interruptible(idle), limit, () => undefined))
    })
    const ended = Effect.sync(() => {
      if (--running === 0) onIdle?.()
    })
    const begun = Effect.uninterruptible(Effect.suspend(() => {
      running++
      return Effect.addFinalizer(() => ended)
    }))
    const counted: Exchange.Attempt = (request, settings) =>
      Effect.suspend(() => {
        if (closing) return Effect.fail(closed)
        return Effect.andThen(begun, attempt(request, settings))
      })
    return counted
  })

const closed = new ClaudeError.ConnectionError({
  phase: "connect",
  outcome: "notSent",
  shouldRetry: false,
  message: "The request was not sent: its layer is closing. Begin no calls when the program ends."
})
