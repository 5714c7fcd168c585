// How do I let Claude call my functions?
import * as Message from "@effect-claude/core/Message"
import * as Agent from "@effect-claude/session/Agent"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema } from "effect"
import { Tool, Toolkit } from "effect/ai"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// All that the model knows of a tool: its name, a description to decide by, and what it takes. It calls nothing
// itself: its answer is the wish to have a tool called, and the next request carries the result.
const Temperature = Tool.make("temperature", {
  description: "Returns the temperature of a city now, in degrees Celsius.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Struct({ celsius: Schema.Finite }),
  failure: Schema.Struct({ reason: Schema.String })
})

const Tools = Toolkit.make(Temperature)

// What tools do is a Layer. A failure goes to the model, too: it reads the reason, and copes.
const ToolsLive = Tools.toLayer({
  temperature: ({ city }) =>
    Console.log(`temperature of ${city}?`).pipe(
      Effect.andThen(
        city === "Atlantis" ? Effect.fail({ reason: "no such city" }) : Effect.succeed({ celsius: city.length })
      )
    )
})

const program = Effect.gen(function*() {
  const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024 })

  // Runs what the model wants, several at once, sends the results back, and goes on until it wants nothing more.
  const { calls, message, turns } = yield* Agent.run(session, "Is it warmer in Paris, in Oslo, or in Atlantis?", {
    toolkit: Tools,
    timeout: "10 seconds" // for each call
  })
  yield* Console.log(`\n${Message.text(message)}\n(${calls} calls in ${turns} turns)`)
})

// Offline, the model's part.
const script = Script.sequence(
  Script.toolCalls(["Paris", "Oslo", "Atlantis"].map((city) => ({ name: "temperature", input: { city } }))),
  Script.reply("It is 5 °C in Paris and 4 °C in Oslo. Of Atlantis, nothing is known.")
)

program.pipe(Effect.provide([ToolsLive, ClaudeLive.layer(script)]), NodeRuntime.runMain)
