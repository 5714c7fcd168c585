// How do I hold a conversation that remembers, and is not harmed by a turn that fails?
import * as Cost from "@effect-claude/core/Cost"
import * as Message from "@effect-claude/core/Message"
import * as Usage from "@effect-claude/core/Usage"
import * as Session from "@effect-claude/session/Session"
import * as Script from "@effect-claude/testing/Script"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Option } from "effect"
import * as ClaudeLive from "./support/ClaudeLive.ts"

const program = Effect.gen(function*() {
  // The API forgets: every request carries the whole conversation, and some that look right are refused. A session
  // keeps the conversation in a Ref, sends it along, and keeps it such that the API takes it.
  const session = yield* Session.make({ model: "claude-sonnet-5-5", max_tokens: 1024, system: "You are brief." })

  const ask = (question: string) =>
    Effect.gen(function*() {
      yield* Console.log(`> ${question}`)
      const answer = yield* session.send(question)
      yield* Console.log(Message.text(answer))
    })

  yield* ask("Hello! My name is Ada.")

  // A turn is a transaction. This one fails (offline, on cue), and leaves no trace: it can simply be sent again.
  yield* ask("Please forget my name.").pipe(
    Effect.catchTag("InvalidRequestError", (error) => Console.log(`(failed, and was not said: ${error._tag})`))
  )

  yield* ask("What is my name?")

  // What was said is paid for again with every turn that follows.
  const usage = yield* session.usage
  const cost = Option.match(yield* session.cost, {
    onNone: () => "unknown",
    onSome: (cost) => `$${Cost.total(cost).toFixed(6)}`
  })
  yield* Console.log(`\n${Usage.totalInput(usage)} tokens in, ${usage.output} out, ${cost}`)
})

const answer = Script.times(Script.model(), 1)
const script = Script.sequence(answer, Script.status(400), answer)

program.pipe(Effect.provide(ClaudeLive.layer(script)), NodeRuntime.runMain)
