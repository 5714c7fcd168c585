/** The scripted API under a stack of layers, and what their tests ask of it. */
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import type * as ClaudeConfig from "@effect-claude/http/ClaudeConfig"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import type { Script } from "@effect-claude/testing/Script"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"

/** The key of every test: it must turn up nowhere. */
export const key = "sk-ant-test-0123456789"

/** A policy whose waits are known. */
export const unjittered = RetryPolicy.standard.pipe(RetryPolicy.jitter("none"))

/** `Claude` over the scripted API in process. */
export const scripted = (
  script: Script,
  options?: ClaudeConfig.Options,
  test?: ClaudeTest.Options
): Layer.Layer<Claude.Claude | ClaudeTest.ClaudeTest, ClaudeConfig.ClaudeConfigError> =>
  Layer.provideMerge(
    Claude.layer({ apiKey: Redacted.make(key), retry: unjittered, ...options }),
    ClaudeTest.layer(script, test)
  )

/** A short question. */
export const question = {
  model: "claude-sonnet-5-5",
  max_tokens: 1024,
  messages: [{ role: "user", content: "Hello" }]
} as const satisfies MessageRequest

/** Runs an effect while an hour passes. */
export const patiently = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(self)
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })
