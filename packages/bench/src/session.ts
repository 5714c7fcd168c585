/**
 * What a turn of a long conversation costs beside the call itself.
 *
 * @since 0.1.0
 */
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Claude from "@effect-claude/http/Claude"
import * as Messages from "@effect-claude/http/Messages"
import * as History from "@effect-claude/session/History"
import * as Session from "@effect-claude/session/Session"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const body = JSON.stringify({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [{ type: "text", text: "Yes." }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 2 }
})

/** A client that answers at once, so that what is left is the session's own work and the encoding of the request. */
const client = HttpClient.make((request) =>
  Effect.sync(() =>
    HttpClientResponse.fromWeb(
      request,
      new Response(body, { status: 200, headers: { "content-type": "application/json" } })
    )
  )
)

/**
 * Holds a conversation of so many turns, and returns a table of what its turns
 * took early and late, beside calls without a session that send the same.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measure = (turns: number): Promise<string> =>
  Effect.gen(function*() {
    const options = { model: "claude-sonnet-5-5", max_tokens: 100 }
    const session = yield* Session.make(options)
    const ask = session.send("Is that so?")
    const call = Effect.flatMap(session.history, (history) => {
      const messages = [...History.toMessages(history), MessageRequest.user("Is that so?")]
      return Messages.create({ ...options, messages })
    })
    const mean = (samples: ReadonlyArray<number>) => samples.reduce((a, b) => a + b, 0) / samples.length
    const row = Effect.fnUntraced(function*(upTo: number) {
      const turn = yield* Effect.replicateEffect(took(ask), 100)
      const alone = yield* Effect.replicateEffect(took(call), 100)
      return `| ${upTo - 100} to ${upTo} | ${mean(turn).toFixed(0)} | ${mean(alone).toFixed(0)} |`
    })
    // The first hundred warm up.
    yield* Effect.replicateEffect(Effect.andThen(ask, call), 100, { discard: true })
    const early = yield* row(200)
    yield* Effect.replicateEffect(ask, turns - 300, { discard: true })
    const late = yield* row(turns)
    return [
      `### a conversation of ${turns} turns, the API taking no time`,
      "",
      "| turns | us a turn | us a call without a session |",
      "| --- | --- | --- |",
      early,
      late,
      "",
      "A turn sends the whole conversation, so its request grows with it, with a session or without.",
      ""
    ].join("\n")
  }).pipe(
    Effect.provide(
      Claude.layer({ apiKey: Redacted.make("sk-ant-bench") }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
      )
    ),
    Effect.runPromise
  )

/** Runs an effect, and returns the microseconds it took. */
const took = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(self, () => (performance.now() - start) * 1000)
  })
