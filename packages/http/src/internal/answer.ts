/**
 * Plain answers: the body of a response, read whole and checked.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as ErrorResponse from "@effect-claude/core/ErrorResponse"
import * as Wire from "@effect-claude/core/Wire"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Settings } from "../ClaudeConfig.ts"
import type * as Exchange from "../Exchange.ts"
import * as Failures from "./failures.ts"
import * as Watchdog from "./watchdog.ts"

/** Reads a response as JSON that matches a wire schema. */
export const json = <A>(
  schema: Schema.Codec<A, A>
): (
  response: Exchange.Response,
  settings: Settings
) => Effect.Effect<A, ClaudeError.ClaudeError, Scope.Scope> => {
  const is: (u: unknown) => u is A = Wire.is(schema)
  const decode = Schema.decodeUnknownResult(schema)
  return (response, settings) =>
    Effect.flatMap(text(response, settings), (text) => {
      const parsed = Result.try((): unknown => JSON.parse(text))
      const value = Result.getOrUndefined(parsed)
      if (is(value)) return Effect.succeed(value)
      if (isErrorResponse(value)) return Effect.fail(ErrorResponse.fromEvent(value, response.meta))
      const mismatch = decode(value)
      const problem = text === ""
        ? "is empty"
        : Result.isFailure(parsed)
        ? `is not JSON (content-type ${response.headers["content-type"] ?? "absent"})`
        : `does not match: ${Result.isFailure(mismatch) ? brief(mismatch.failure.message) : "no reason found"}`
      return Effect.fail(undecodable(problem, text, response))
    })
}

/** Reads the body of a response as text. */
export const text = (
  response: Exchange.Response,
  settings: Settings
): Effect.Effect<string, ClaudeError.ClaudeError, Scope.Scope> =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const pull = yield* Stream.toPull(response.body)
    const { idle } = settings.timeouts
    const read = yield* Watchdog.watch<Pull.Success<typeof pull>, HttpClientError.HttpClientError | Cause.Done | Late>(
      pull,
      {
        idle: Duration.toMillis(idle),
        onIdle: () => ({ _tag: "Late" }),
        contentBy: Infinity,
        onContentLate: () => ({ _tag: "Late" }),
        endBy: Infinity,
        onEndLate: () => ({ _tag: "Late" })
      },
      scope
    )
    const decoder = new TextDecoder()
    let out = ""
    const failure = yield* Effect.flip(Effect.forever(
      Effect.flatMap(read, (chunks) => {
        for (const chunk of chunks) out += decoder.decode(chunk, { stream: true })
        return out.length > settings.limits.body ? Effect.fail(tooLarge) : Effect.void
      }),
      { disableYield: true }
    ))
    if (Cause.isDone(failure)) return out + decoder.decode()
    if (failure === tooLarge) {
      return yield* undecodable(`is larger than ${settings.limits.body} characters`, "", response)
    }
    return yield* HttpClientError.isHttpClientError(failure)
      ? Failures.fromTransport(failure, {
        ...response.meta,
        status: response.status,
        phase: "body",
        host: new URL(settings.baseUrl).host
      })
      : new ClaudeError.ClaudeTimeoutError({
        ...response.meta,
        phase: "body",
        limit: idle,
        outcome: "unknown",
        message: `The answer stopped arriving for ${Duration.format(idle)}. Sending the request again may repeat ` +
          "what the server already did."
      })
  })

/** Creates the error of an answer that cannot be read. */
export const undecodable = (
  problem: string,
  body: string,
  response: Exchange.Response
): ClaudeError.ClaudeError =>
  new ClaudeError.ResponseDecodeError({
    ...response.meta,
    status: response.status,
    outcome: "unknown",
    body,
    message: `The answer ${problem}. ${Failures.notClaude}`
  })

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

type Late = { readonly _tag: "Late" }

const tooLarge: Late = { _tag: "Late" }

const isErrorResponse = Wire.is(ErrorResponse.ErrorResponse)

const brief = (message: unknown): string => String(message).replace(/\s+/g, " ").slice(0, 200)
