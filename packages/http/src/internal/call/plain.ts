/**
 * Calls whose response is read to its end before anything is returned.
 *
 * @since 0.1.0
 */
import type * as ClaudeError from "@effect-claude/core/ClaudeError"
import type { Message } from "@effect-claude/core/Message"
import * as Shape from "@effect-claude/core/Shape"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Exchange from "../../Exchange.ts"
import * as Immediate from "../immediate.ts"
import * as Json from "../response/json.ts"
import * as MissingFields from "../response/missingFields.ts"
import * as Body from "../transport/body.ts"
import * as Call from "./call.ts"

/** Makes attempts at a response, and parses the text of its body. */
export const attempts = <A>(
  call: Call.Call,
  parse: (text: string, response: Exchange.Response, attempts: number) => Effect.Effect<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError> => {
  const { attempt, exchange, follower, onProgress, settings } = call
  const { read } = attempt
  // Without anything around the exchange, an attempt is one effect.
  const isBare = read !== undefined && follower.exchange === undefined && onProgress === undefined
  return Call.retried(call, (number) => {
    const parsed: Json.Parse<A> = (text, response) => parse(text, response, number)
    return isBare
      ? read<A>(exchange, settings, (response, resume) => {
        call.reading.latest = response
        Json.readText(
          response.body.reader,
          response,
          settings,
          (text) => resume(Effect.flatMap(text, (text) => parsed(text, response)))
        )
      })
      : Effect.scoped(Effect.flatMap(Effect.scope, (scope) =>
        Effect.flatMap(Call.send(call, number), (response) => {
          call.reading.latest = response
          return Effect.flatMap(text(call, response, scope), (text) => parsed(text, response))
        })))
  })
}

/** Parses a message. */
export const parseMessage: Json.Parse<Message> = Json.parser(Shape.message, MissingFields.inMessage)

/** Reads the text of a response. */
export const text = (
  { exchange: { endBy }, settings }: Call.Call,
  response: Exchange.Response,
  scope: Scope.Scope
): Effect.Effect<string, ClaudeError.ClaudeError> =>
  Immediate.flatMap(
    Body.readerOf(response.body, scope, settings.timeouts, endBy),
    (reader) => Effect.callback((resume) => Effect.sync(Json.readText(reader, response, settings, resume)))
  )
