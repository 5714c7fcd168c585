/** Claude behind effect/ai, over the scripted API, and what tests ask of it. */
import * as ClaudeLanguageModel from "@effect-claude/ai/ClaudeLanguageModel"
import * as Claude from "@effect-claude/http/Claude"
import * as RetryPolicy from "@effect-claude/http/RetryPolicy"
import * as ClaudeTest from "@effect-claude/testing/ClaudeTest"
import type { Script } from "@effect-claude/testing/Script"
import { Effect, Layer, Redacted, Stream } from "effect"
import type { Response } from "effect/ai"

/** The key of every test: it must turn up nowhere. */
export const key = "sk-ant-test-0123456789"

/** The language model over the scripted API in process. Nothing is sent twice, so that a script says all. */
export const layer = (
  script: Script,
  options?: Partial<ClaudeLanguageModel.Options>,
  test?: ClaudeTest.Options
) =>
  ClaudeLanguageModel.layer({ model: "claude-sonnet-5-5", ...options }).pipe(
    Layer.provideMerge(Claude.layer({ apiKey: Redacted.make(key), retry: RetryPolicy.never })),
    Layer.provideMerge(ClaudeTest.layer(script, test))
  )

/** What tests look at in a request. */
export interface Body {
  readonly [field: string]: unknown
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: unknown }>
  readonly tools?: ReadonlyArray<{ readonly [field: string]: unknown }>
}

/** The body of the request sent last. */
export const lastBody = Effect.gen(function*() {
  const { requests } = yield* ClaudeTest.ClaudeTest
  const request = (yield* requests).at(-1)
  if (request === undefined) return yield* Effect.die("no request was sent")
  return request.body as Body
})

/** Every part of a stream, and how it ended. */
export const collect = <A extends Response.AnyPart, E, R>(self: Stream.Stream<A, E, R>) =>
  Effect.gen(function*() {
    const parts: Array<A> = []
    const exit = yield* Effect.exit(Stream.runForEach(self, (part) => Effect.sync(() => parts.push(part))))
    return { parts, exit }
  })

/** A part without what only effect/ai needs of it. */
export const plain = (part: { readonly type: string }): { readonly [field: string]: unknown } =>
  Object.fromEntries(Object.entries(part).filter(([field, value]) => !field.startsWith("~") && value !== undefined))
