/**
 * What a turn of a long conversation costs beside the call itself.
 *
 * @since 0.1.0
 */
import * as Claude from "@effect-claude/http/Claude"
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
 * Holds a conversation of so many turns, and returns a table of what the first
 * and the last hundred took each.
 *
 * @category measuring
 * @since 0.1.0
 */
export const measure = (turns: number): Promise<string> =>
  Effect.gen(function*() {
    const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 100 })
    const took: Array<number> = []
    for (let turn = 0; turn < turns; turn++) {
      const start = performance.now()
      yield* session.send("Is that so?")
      took.push((performance.now() - start) * 1000)
    }
    const mean = (samples: ReadonlyArray<number>) => samples.reduce((a, b) => a + b, 0) / samples.length
    const early = mean(took.slice(100, 200))
    const late = mean(took.slice(-100))
    return [
      `### a conversation of ${turns} turns, the API taking no time`,
      "",
      "| turns | us a turn |",
      "| --- | --- |",
      `| 100 to 200 | ${early.toFixed(0)} |`,
      `| the last 100 | ${late.toFixed(0)} |`,
      "",
      "A turn sends the whole conversation, so its request grows with it; what the session adds does not.",
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
