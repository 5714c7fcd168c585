// How do I get a value of my own type instead of text?
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as StructuredOutput from "@effect-claude/session/StructuredOutput"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema, Stream } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const Teapot = Schema.Struct({
  maker: Schema.String,
  year: Schema.Int.check(Schema.isBetween({ minimum: 1700, maximum: 2000 })),
  colors: Schema.Array(Schema.String)
})

const request = { model: "claude-sonnet-5-5", max_tokens: 500, messages: [MessageRequest.user("Invent a teapot.")] }

const program = Effect.gen(function*() {
  // The API cannot be told of the bounds of the year. An answer beyond them is sent back, once.
  const { repairs, value } = yield* StructuredOutput.create(request, Teapot)
  yield* Console.log(`${value.maker}, ${value.year} (asked again: ${repairs})`)

  // The value as it is written, for a screen that fills up; in a session, it is `stream`.
  yield* StructuredOutput.createStream(request, Teapot).pipe(
    Stream.runForEach((event) => {
      switch (event._tag) {
        case "Partial":
          return Console.log(event.value)
        case "Repairing":
          return Console.log(`asked again: ${event.error.problem}`)
        case "Done":
          return Console.log(`done: ${event.answer.value.colors.join(" and ")}`)
      }
    })
  )

  // Where there is no value, the error says why, and prints nothing of the answer.
  yield* StructuredOutput.create(request, Teapot)
}).pipe(
  Effect.catchTag(
    "StructuredOutputError",
    ({ problem, reason, text }) => Console.log(`${reason}: ${problem} (${text.length} characters came)`)
  )
)

const answer = (year: number) => Script.reply(JSON.stringify({ maker: "Utah & Sons", year, colors: ["white", "grey"] }))

const script = Script.sequence(
  answer(2975),
  answer(1975),
  answer(1975),
  Script.reply({ text: `{"maker":"Uta`, stop_reason: "max_tokens" })
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
