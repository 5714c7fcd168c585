// How do I let the model work with tools until it has an answer, and watch it?
import * as Message from "@effect-claude/core/Message"
import * as Agent from "@effect-claude/session/Agent"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import * as ClaudeLive from "./support/ClaudeLive.ts"

// Tools are those of effect/ai: what they take and return are schemas, and their handlers are a Layer.
const Departures = Tool.make("departures", {
  description: "Returns the next trains from one city to another.",
  parameters: Schema.Struct({ from: Schema.String, to: Schema.String }),
  success: Schema.Array(Schema.Struct({ train: Schema.String, at: Schema.String }))
}).annotate(Tool.Readonly, true)

const Book = Tool.make("book", {
  description: "Books a seat on a train.",
  parameters: Schema.Struct({
    train: Schema.String,
    seats: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 8 }))
  }),
  success: Schema.Struct({ reference: Schema.String }),
  failure: Schema.Struct({ reason: Schema.String })
})

const Trains = Toolkit.make(Departures, Book)

const TrainsLive = Trains.toLayer({
  departures: () => Effect.succeed([{ train: "ICE 71", at: "10:03" }, { train: "ICE 73", at: "11:03" }]),
  book: ({ train }) => train === "ICE 71" ? Effect.fail({ reason: "sold out" }) : Effect.succeed({ reference: "X4Y2" })
})

const program = Effect.gen(function*() {
  const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024 })

  const run = Agent.stream(session, "Book me the next train from Basel to Cologne.", {
    toolkit: Trains,
    maxTurns: 8,
    // Asked before tools that act. A reason to refuse goes back to the model.
    approve: ({ call }) => Effect.as(Console.log(`approve  ${call.name} ${JSON.stringify(call.input)}`), true)
  })

  yield* Stream.runForEach(run, (event) => {
    switch (event._tag) {
      case "ToolFinished":
        return Console.log(
          `${event.result.is_error === true ? "failed  " : "done    "} ${event.call.name}: ${event.result.content}`
        )
      case "Finished":
        return Console.log(
          `\n${Message.text(event.outcome.message)}\n(${event.outcome.turns} turns, ${event.outcome.calls} calls)`
        )
      default:
        return Effect.void
    }
  })
})

// Offline, the model's part: it looks, books what turns out to be sold out, gets a number wrong, and then right.
const script = Script.sequence(
  Script.toolCall("departures", { from: "Basel", to: "Cologne" }, { toolUseId: "toolu_1" }),
  Script.toolCall("book", { train: "ICE 71", seats: 1 }, { toolUseId: "toolu_2" }),
  Script.toolCall("book", { train: "ICE 73", seats: 0 }, { toolUseId: "toolu_3" }),
  Script.toolCall("book", { train: "ICE 73", seats: 1 }, { toolUseId: "toolu_4" }),
  Script.reply("The 10:03 was sold out, so I booked you on the 11:03. Your reference is X4Y2.")
)

program.pipe(Effect.provide([TrainsLive, ClaudeLive.layer(script)]), NodeRuntime.runMain)
