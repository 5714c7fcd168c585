/**
 * Letting calls end before their layer does.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Claude } from "../../Claude.ts"
import * as Alarm from "../time/deadline.ts"

type Attempt = Claude["Service"]["attempt"]

/** Counts attempts until their connections are given back, and waits for the last of them when the scope closes. */
export const attempts = (attempt: Attempt, within: Duration.Input): Effect.Effect<Attempt, never, Scope.Scope> =>
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
      return Effect.exit(Alarm.within(Effect.interruptible(idle), limit, () => undefined))
    })
    const ended = Effect.sync(() => {
      if (--running === 0) onIdle?.()
    })
    const begun = Effect.uninterruptible(Effect.suspend(() => {
      running++
      return Effect.addFinalizer(() => ended)
    }))
    const counted: Attempt = (request, settings) =>
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
