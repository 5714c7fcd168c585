// How do I let Claude call my functions, with nothing in between?
import * as Content from "@effect-claude/core/Content"
import * as Message from "@effect-claude/core/Message"
import * as MessageRequest from "@effect-claude/core/MessageRequest"
import * as Tool from "@effect-claude/core/Tool"
import * as Messages from "@effect-claude/http/Messages"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// The description is what the model decides by. The input is a JSON Schema, and arrives as unknown JSON: decode it.
const weather = Tool.custom({
  name: "get_weather",
  description: "Returns the current temperature of a city, in degrees Celsius.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] }
})
const Input = Schema.Struct({ city: Schema.String })

const program = Effect.gen(function*() {
  const request = { model: "claude-sonnet-5-5", max_tokens: 1024, tools: [weather] }
  const question = MessageRequest.user("What is the weather in Paris, and in Oslo?")

  const first = yield* Messages.create({ ...request, messages: [question] })
  yield* Console.log(`stopped for: ${first.stop_reason}`)

  // Every call must be answered in the next turn of the user, a failed one as well: the model is told, and copes.
  const results = yield* Effect.forEach(
    Message.toolUses(first),
    (call) =>
      Schema.decodeUnknownEffect(Input)(call.input).pipe(
        Effect.tap(({ city }) => Console.log(`get_weather(${city})`)),
        Effect.map(({ city }) => Content.toolResult(call.id, city === "Paris" ? "21" : "4")),
        Effect.catch((error) => Effect.succeed(Content.toolResult(call.id, error.message, { isError: true })))
      )
  )

  // The answer goes back as it came: thinking blocks and signatures must not be touched.
  const messages = [question, MessageRequest.assistant(first.content), MessageRequest.user(results)]
  const last = yield* Messages.create({ ...request, messages })
  yield* Console.log(Message.text(last))
})

// Offline, the two answers are canned.
const script = Script.sequence(
  Script.toolCalls([{ name: "get_weather", input: { city: "Paris" } }, {
    name: "get_weather",
    input: { city: "Oslo" }
  }]),
  Script.reply("It is 21 °C in Paris and 4 °C in Oslo.")
)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
