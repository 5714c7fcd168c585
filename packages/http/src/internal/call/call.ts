/**
 * A message request under way: checked, encoded, and attempted as its settings
 * say.
 *
 * @since 0.1.0
 */
import * as ClaudeError from "@effect-claude/core/ClaudeError"
import * as MessageAccumulator from "@effect-claude/core/MessageAccumulator"
import type { MessageRequest } from "@effect-claude/core/MessageRequest"
import * as Shape from "@effect-claude/core/Shape"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Claude } from "../../Claude.ts"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import type * as Interceptor from "../../Interceptor.ts"
import type { Progress } from "../../Messages.ts"
import * as Known from "../immediate.ts"
import * as Prepare from "../request/encode.ts"
import { Asked } from "../request/rewrite.ts"
import type * as Open from "../response/eventReader.ts"
import * as Answer from "../response/json.ts"
import * as MissingFields from "../response/missingFields.ts"
import * as Alarm from "../time/deadline.ts"
import * as Span from "../time/duration.ts"
import * as Follow from "./follow.ts"
import * as Attempts from "./retried.ts"

/** A request that passed its checks, with what holds for it. */
export interface Call extends Interceptor.Call {
  readonly onProgress: ((progress: Progress) => Effect.Effect<void>) | undefined
  readonly follower: Interceptor.Follower
  /** The answer that is being read, once there is one. */
  readonly read: { latest: Open.Read | undefined }
}

/** Checks and encodes a request, and goes on with it. */
export const prepare = <A>(
  named: MessageRequest,
  streamed: boolean,
  onProgress: Call["onProgress"],
  use: (call: Call) => Effect.Effect<A, ClaudeError.ClaudeError>
): Effect.Effect<A, ClaudeError.ClaudeError, Claude> =>
  Effect.contextWith((context: Context.Context<Claude>) => {
    const claude = Context.get(context, Claude)
    const request = Context.get(context, Asked)(named)
    return Effect.flatMap(claude.settings, (settings) =>
      Known.flatMap(Prepare.exchange(request, settings, streamed), (exchange) =>
        use({
          claude,
          settings,
          request,
          exchange,
          onProgress,
          follower: Follow.nobody,
          read: { latest: undefined }
        })))
  })

/** Makes attempts as the policy of the call says. */
export const retried = <A, R>(
  call: Call,
  attempt: (number: number) => Effect.Effect<A, ClaudeError.ClaudeError, R>
): Effect.Effect<A, ClaudeError.ClaudeError, R> => {
  const { onProgress } = call
  return Attempts.retried(
    call,
    attempt,
    onProgress === undefined ? undefined : (event) => onProgress({ _tag: "Waiting", ...event })
  )
}

/** Starts an attempt, and says so. */
export const started = (
  call: Call,
  number: number
): Effect.Effect<Exchange.Response, ClaudeError.ClaudeError, Scope.Scope> => {
  const attempt = Attempts.send(call)
  return call.onProgress === undefined
    ? attempt
    : Effect.andThen(call.onProgress({ _tag: "Attempt", number }), attempt)
}

/** What the reading of a stream is kept to. */
export const readOptions = ({ onProgress, settings: { limits, timeouts } }: Call, endBy: number): Open.Options => ({
  timeouts,
  limits,
  endBy,
  onPing: onProgress?.({ _tag: "Ping" })
})

/** Reads a plain answer. */
export const answer = Answer.json(Shape.message, MissingFields.inMessage)

/** Takes the text of a plain answer for a message. */
export const parse = Answer.parser(Shape.message, MissingFields.inMessage)

/** What is known of an answer that is being read. */
export const soFar = (read: Open.Read | undefined): Follow.Answer =>
  read === undefined
    ? {}
    : { meta: read.meta, message: Option.getOrUndefined(MessageAccumulator.snapshot(read.accumulator())) }

/** Ends a call that takes too long, with what is known of the attempt under way. */
export const within = <A, R>(
  self: Effect.Effect<A, ClaudeError.ClaudeError, R>,
  limit: Duration.Duration,
  latest: () => Open.Reading | undefined
): Effect.Effect<A, ClaudeError.ClaudeError, R> =>
  Alarm.within(self, Duration.toMillis(limit), () => overdue(limit, latest()))

const overdue = (limit: Duration.Duration, latest: Open.Reading | undefined): ClaudeError.ClaudeError =>
  new ClaudeError.ClaudeTimeoutError({
    ...(latest === undefined ? { outcome: "unknown" as const } : latest.details()),
    phase: "total",
    limit,
    message: `The call did not end within ${Span.format(limit)}. Raise \`total\` for longer answers.`
  })

/** What a response fails with that does not claim to be a stream of events. An answer in JSON says what is wrong. */
export const unexpected = (
  response: Exchange.Response,
  settings: Settings
): Effect.Effect<never, ClaudeError.ClaudeError, Scope.Scope> | undefined => {
  const type = response.headers["content-type"]
  if (type === undefined || /^\s*(?:text\/event-stream|application\/octet-stream)/i.test(type)) return undefined
  return Effect.flatMap(
    answer(response, settings),
    () =>
      Effect.fail(
        Answer.undecodable(`is a plain message where a stream was asked for (content-type ${type})`, "", response)
      )
  )
}
