/**
 * A call as it is told afterwards: when it began, when its first content came,
 * how often it was tried, how it ended.
 *
 * @since 0.1.0
 */
import type { Message } from "@effect-claude/core/Message"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Interceptor from "../../Interceptor.ts"

/** What is known of a call that has ended. Times are in milliseconds since the epoch. */
export interface Interaction {
  readonly call: Interceptor.Call
  readonly startedAt: number
  readonly firstContentAt: number | undefined
  readonly endedAt: number
  readonly attempts: number
  /** How many requests were sent: more than there were attempts, where some were hedged. */
  readonly sent: number
  /** How long was waited between attempts, in milliseconds. */
  readonly waited: number
  readonly ending: Interceptor.Ending
}

/** A follower of which others can be made. */
export interface Recorder {
  readonly attempt: NonNullable<Interceptor.Follower["attempt"]>
  readonly exchange: NonNullable<Interceptor.Follower["exchange"]>
  readonly onRetry: NonNullable<Interceptor.Follower["onRetry"]>
  readonly onContent: Effect.Effect<void>
  readonly onEnd: NonNullable<Interceptor.Follower["onEnd"]>
}

/** Follows a call, and tells of it when it has ended. */
export const follow = (
  call: Interceptor.Call,
  told: (interaction: Interaction) => Effect.Effect<void>
): Effect.Effect<Recorder> =>
  Effect.map(Clock.currentTimeMillis, (startedAt) => {
    let firstContentAt: number | undefined = undefined
    let attempts = 0
    let sent = 0
    let waited = 0
    return {
      attempt: (attempt, number) =>
        Effect.suspend(() => {
          attempts = number
          return attempt
        }),
      exchange: (exchange) =>
        Effect.suspend(() => {
          sent++
          return exchange
        }),
      onRetry: ({ delay }) =>
        Effect.sync(() => {
          waited += Duration.toMillis(delay)
        }),
      onContent: Effect.map(Clock.currentTimeMillis, (now) => {
        firstContentAt = now
      }),
      onEnd: (ending) =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (endedAt) => told({ call, startedAt, firstContentAt, endedAt, attempts, sent, waited, ending })
        )
    }
  })

/** The message of an interaction, whole or as far as it arrived. */
export const messageOf = ({ ending }: Interaction): Message | undefined =>
  ending._tag === "Failed" ? ending.error.partial : ending.message

/** The request id of an interaction. */
export const requestIdOf = ({ ending }: Interaction): string | undefined =>
  ending._tag === "Failed" ? ending.error.requestId : ending.meta?.requestId

/** Whether the answer of an interaction was known already. */
export const isCached = ({ ending }: Interaction): boolean => ending._tag !== "Failed" && ending.meta?.cached === true
