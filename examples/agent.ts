// How do I watch what the model does with tools, and have a say in it?
import * as Message from "@effect-claude/core/Message"
import * as Agent from "@effect-claude/session/Agent"
import type * as AgentEvent from "@effect-claude/session/AgentEvent"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const Departures = Tool.make("departures", {
  description: "Returns the next trains from one city to another.",
  parameters: Schema.Struct({ from: Schema.String, to: Schema.String }),
  success: Schema.Array(Schema.Struct({ train: Schema.String, at: Schema.String }))
}).annotate(Tool.Readonly, true)

// This one acts: whoever runs the agent is asked before.
const Book = Tool.make("book", {
  description: "Books a seat on a train.",
  parameters: Schema.Struct({ train: Schema.String, seats: Schema.Int.check(Schema.isGreaterThan(0)) }),
  success: Schema.Struct({ reference: Schema.String })
})

const Trains = Toolkit.make(Departures, Book)

const TrainsLive = Trains.toLayer({
  departures: () => Effect.succeed([{ train: "ICE 71", at: "10:03" }, { train: "ICE 73", at: "11:03" }]),
  book: () => Effect.succeed({ reference: "X4Y2" })
})

// Yes, or why not: the model is told, and does something else.
const approve = ({ call }: Agent.ApprovalRequest) =>
  Effect.succeed(JSON.stringify(call.input).includes("ICE 71") ? "We do not leave before eleven." : true)

const show = (event: AgentEvent.AgentEvent) =>
  event._tag === "ToolFinished"
    ? Console.log(`${event.call.name} ${JSON.stringify(event.call.input)}\n  ${event.result.content}`)
    : event._tag === "Finished"
    ? Console.log(`\n${Message.text(event.outcome.message)}\n(${event.outcome.turns} turns)`)
    : Effect.void // text and thinking as they come, turns and tools that start

const program = Effect.gen(function*() {
  const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024 })
  const run = Agent.stream(session, "Book me a train from Basel to Cologne.", { toolkit: Trains, approve, maxTurns: 8 })
  yield* Stream.runForEach(run, show)
})

// Offline, the model's part: it looks, may not book what it wants, gets a number wrong, and then right.
const script = Script.sequence(
  Script.toolCall("departures", { from: "Basel", to: "Cologne" }, { toolUseId: "toolu_1" }),
  Script.toolCall("book", { train: "ICE 71", seats: 1 }, { toolUseId: "toolu_2" }),
  Script.toolCall("book", { train: "ICE 73", seats: 0 }, { toolUseId: "toolu_3" }),
  Script.toolCall("book", { train: "ICE 73", seats: 1 }, { toolUseId: "toolu_4" }),
  Script.reply("You are booked on the train at 11:03. Your reference is X4Y2.")
)
program.pipe(Effect.provide([TrainsLive, ClaudeLive.layer(script)]), NodeRuntime.runMain)
