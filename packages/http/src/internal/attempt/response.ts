/**
 * A response as it was received, and how its body is read fastest.
 *
 * An interceptor may put another response in its place; that one is read through
 * its stream, as is one that had to be decompressed.
 *
 * @since 0.1.0
 */
import * as Channel from "effect/Channel"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Settings } from "../../ClaudeConfig.ts"
import type * as Exchange from "../../Exchange.ts"
import { Alarm } from "../time/deadline.ts"
import * as Source from "../transport/body.ts"

/** What a body is read with. */
export interface Reading {
  readonly body: Source.Body
  readonly alarm: Alarm
  /** Runs an effect before the connection is closed, once. */
  readonly beforeClose: (effect: Effect.Effect<void>) => Effect.Effect<void>
}

/** A response whose body a transport delivers directly. */
export class Received implements Exchange.Response {
  readonly status: number
  readonly headers: Exchange.Response["headers"]
  readonly meta: Exchange.Meta
  readonly body: Exchange.Response["body"]
  readonly #reading: Reading

  constructor(
    head: Pick<Exchange.Response, "status" | "headers">,
    meta: Exchange.Meta,
    reading: Reading
  ) {
    this.status = head.status
    this.headers = head.headers
    this.meta = meta
    this.body = Stream.fromPull(Effect.succeed(Source.read(reading.body)))
    this.#reading = reading
  }

  /** What the body of a response is read with, if it is one of these. */
  static readingOf(response: Exchange.Response): Reading | undefined {
    return #reading in response ? response.#reading : undefined
  }
}

/** Returns what the body of a response is read with, until the scope closes. */
export const reading = (
  response: Exchange.Response,
  { timeouts }: Pick<Settings, "timeouts">
): Effect.Effect<Reading, never, Scope.Scope> => {
  const direct = Received.readingOf(response)
  return direct === undefined
    ? Effect.flatMap(Effect.scope, (scope) => throughStream(response, timeouts, scope))
    : Effect.succeed(direct)
}

// -----------------------------------------------------------------------------
// internal
// -----------------------------------------------------------------------------

const throughStream = (
  response: Exchange.Response,
  timeouts: Settings["timeouts"],
  scope: Scope.Scope
): Effect.Effect<Reading, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<never>) => {
    const alarm = new Alarm(context, Duration.toMillis(timeouts.idle))
    return Scope.addFinalizer(scope, Effect.sync(() => alarm.close())).pipe(
      Effect.andThen(Channel.toPullScoped(Stream.toChannel(response.body), scope)),
      Effect.flatMap(Source.ofRead),
      Effect.map((body) => ({ body, alarm, beforeClose: (effect) => Scope.addFinalizer(scope, effect) }))
    )
  })
