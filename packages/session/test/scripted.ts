import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import * as Script from "@effect-claude/testing/Script"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"

export const options = { model: "claude-sonnet-5-5", max_tokens: 100, cache: "manual" } as const

export const tool = { name: "weather", input_schema: { type: "object" } } as const

export const user = (text: string) => MessageRequest.user([{ type: "text", text }])

export const assistant = (text: string) => MessageRequest.assistant([{ type: "text", text }])

export const busy = (error: object) => "reentrant" in error && error.reentrant

export interface Body {
  readonly messages: ReadonlyArray<MessageRequest.MessageParam>
  readonly [field: string]: unknown
}

export const sent: Effect.Effect<ReadonlyArray<Body>, never, ClaudeTest.ClaudeTest> = Effect.flatMap(
  ClaudeTest.ClaudeTest,
  ({ requests }) => Effect.map(requests, (requests) => requests.map(({ body }) => body as Body))
)

/** The scripted API, with no retries: each test says what happens. */
export const provide = (...scripts: ReadonlyArray<Script.Script>) =>
  Effect.provide(
    Claude.layer({ apiKey: Redacted.make("sk-ant-test"), retry: RetryPolicy.never }).pipe(
      Layer.provideMerge(ClaudeTest.layer(Script.sequence(...scripts)))
    )
  )

/** Lets time pass, second by second, until a fiber is done. */
export const finish = <A, E>(fiber: Fiber.Fiber<A, E>): Effect.Effect<A, E> =>
  Effect.gen(function*() {
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
    return yield* Fiber.join(fiber)
  })
