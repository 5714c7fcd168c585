/**
 * An attempt at a plain answer, from the request to the whole body, as one
 * effect: where a transport is spoken to directly and nothing was put around it.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exchange from "../../Exchange.ts"
import type * as Interceptor from "../../Interceptor.ts"
import * as Send from "../attempt/attempt.ts"
import { Received } from "../attempt/response.ts"
import * as Known from "../immediate.ts"
import * as Answer from "./json.ts"

/** Makes an attempt, and takes the text of the answer. Undefined where that takes more than one effect. */
export const attempt = <A>(
  { claude, exchange, settings }: Interceptor.Call,
  read: (text: string, response: Exchange.Response) => Effect.Effect<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError> | undefined => {
  const begin = Send.begin(claude.attempt)?.(exchange, settings)
  return begin && Effect.contextWith((context: Context.Context<never>) => {
    let connection: { readonly end: () => void } | undefined
    const answered = Effect.callback<A, ClaudeError.ClaudeError>((resume) => {
      connection = begin(context, (received) => {
        const response = Known.is(received) ? received.value : undefined
        const reading = response && Received.readingOf(response)
        if (response !== undefined && reading !== undefined) {
          // Read by the fiber: what is thrown here would be nobody's.
          Answer.collect(
            response,
            reading,
            settings,
            (text) => resume(Effect.flatMap(text, (text) => read(text, response)))
          )
        } else resume(Answer.whole(received, settings, read))
      })
    })
    return Effect.onExitPrimitive(answered, () => {
      connection?.end()
      return undefined
    })
  })
}
